// No command line option is ever given.
export const getOptionValue = () => undefined;
export const getEmbedderOptions = () => ({});
