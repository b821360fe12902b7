// Building, grouping and filtering objects and arrays.
function main({ n = 40 }) {
  let total = 0;
  for (let turn = 0; turn < n; turn++) {
    const rows = Array.from({ length: 1500 }, (_, i) => ({ key: (i * 7919 + turn) % 97, value: i, even: i % 2 === 0 }));
    const groups = new Map();
    for (const row of rows) {
      if (!groups.has(row.key)) groups.set(row.key, []);
      groups.get(row.key).push(row.value);
    }
    const sums = Object.fromEntries([...groups].map(([key, values]) => [key, values.reduce((a, b) => a + b, 0)]));
    total += Object.values(sums).reduce((a, b) => a + b, 0) + rows.filter((row) => row.even && row.key > 40).length;
    total += Object.keys({ ...sums, extra: 1 }).length;
  }
  return total;
}
