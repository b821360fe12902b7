// In place of the package side-channel and the sixteen it stands on: values kept beside keys. For qs.
module.exports = function getSideChannel() {
  const map = new Map();
  return {
    assert(key) { if (!map.has(key)) throw new TypeError('Side channel does not contain the given key'); },
    has: (key) => map.has(key),
    get: (key) => map.get(key),
    set(key, value) { map.set(key, value); },
    delete: (key) => map.delete(key),
  };
};
