// NODE_DEBUG is never set.
const silent = () => {};
export const debuglog = () => Object.assign(() => {}, { enabled: false });
export { silent as initializeDebugEnv };
