// There is one thread.
export const isMainThread = true, ownsProcessState = true;
