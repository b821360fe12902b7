// Regular expressions over text, as code nodes use them.
const TEXT = ('Contact ada@example.com or grace.hopper@navy.example.org before 2024-01-15, call +1 (555) 123-4567, ' +
  'see https://example.com/a?b=c and http://test.example.org/x/y; totals: 12.50, 7, 1,234.56 (USD). ').repeat(20);
function main({ n = 12 }) {
  let total = 0;
  for (let turn = 0; turn < n; turn++) {
    total += TEXT.match(/\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\b/g).length;
    total += TEXT.match(/\d{4}-\d{2}-\d{2}/g).length;
    total += TEXT.match(/https?:\/\/[^\s<>"{}|\\^`\[\]]+/g).length;
    total += TEXT.replace(/\s+/g, ' ').length;
    total += TEXT.split(/[;,:]\s*/).length;
  }
  return total;
}
