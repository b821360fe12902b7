export const kKeyObject = Symbol('kKeyObject');
