// What internal/url asks of Node's crypto.
export const randomUUID = () => crypto.randomUUID();
