export const { queueMicrotask } = globalThis;
