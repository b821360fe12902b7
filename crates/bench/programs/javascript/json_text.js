// JSON there and back.
function main({ n = 60 }) {
  const records = Array.from({ length: 120 }, (_, i) => ({ id: i, name: `user ${i}`, tags: ['a', 'b', String(i)], score: i * 1.5, nested: { ok: i % 2 === 0, none: null } }));
  let total = 0;
  for (let turn = 0; turn < n; turn++) {
    const text = JSON.stringify(records);
    total += text.length + JSON.parse(text).length;
  }
  return total;
}
