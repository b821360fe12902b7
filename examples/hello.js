// The smallest useful program: `main` gets the input object and returns JSON.
async function main({ name = 'world' }) {
  console.log(`greeting ${name}`);
  return { greeting: `Hello, ${name}!` };
}
