function main({ ok }) {
  return ok ? Promise.resolve({ ok }) : Promise.reject(new Error("refused"));
}
