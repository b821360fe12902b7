// Sorting numbers and objects with comparators.
function main({ n = 12 }) {
  let total = 0;
  for (let turn = 0; turn < n; turn++) {
    const values = Array.from({ length: 6000 }, (_, i) => (i * 1103515245 + 12345 + turn) % 65536);
    const pairs = values.map((value) => ({ rank: value % 100, name: String(value) }));
    pairs.sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    total += [...values].sort((a, b) => a - b)[10] + pairs[0].name.length;
  }
  return total;
}
