const later = (value) => new Promise((resolve) => setTimeout(() => resolve(value), 5));

async function main({ text, count = 10, items = [] }) {
  const upper = await later(text.toUpperCase());
  if (items.includes("throw")) throw new TypeError("no such item");
  return { text: upper.substring(0, count), count: items.length };
}
