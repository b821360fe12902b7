export const isKeyObject = () => false;
export const isCryptoKey = () => false;
