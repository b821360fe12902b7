// Stands in for QuickJS's module `std` in upstream's tests. `gc` makes a collection due by allocating.
export function gc() {
  const kept = [];
  for (let i = 0; i < 60000; i++) kept.push([{ i }]);
}
export const evalScript = (text) => (0, eval)(text);
export const exit = (code) => process.exit(code);
export const getenv = (name) => process.env[name];
