// Of the modules `http` and `net`, what undici's classes name without calling it.
export class IncomingMessage {}
export const isIP = () => 0, isIPv4 = () => false, isIPv6 = () => false;
