export const namespace = { isBuildingSnapshot: () => false };
export const isBuildingSnapshot = () => false;
export const addAfterUserSerializeDeserializeSnapshot = () => {};
export const addSerializeCallback = () => {};
export const addDeserializeCallback = () => {};
