// Splitting, joining, formatting and counting words.
const TEXT = 'The quick brown fox jumps over the lazy dog, again and again; nobody knows why. ';
function main({ n = 500 }) {
  let total = 0;
  for (let turn = 0; turn < n; turn++) {
    const words = TEXT.repeat(4).toLowerCase().replaceAll(',', '').replaceAll(';', '').trim().split(' ');
    const counts = {};
    for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
    const line = Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)).map(([w, c]) => `${w}=${String(c).padStart(3, '0')}`).join(' ');
    total += line.length + line.indexOf('why') + line.toUpperCase().slice(3, 40).length;
  }
  return total;
}
