export const BuiltinModule = { exists: () => false };
