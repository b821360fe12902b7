// Blob is not part of the environment.
export const isBlob = () => false;
