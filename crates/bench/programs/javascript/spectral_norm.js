// Spectral norm of an infinite matrix: nested loops over typed arrays.
function element(i, j) {
  return ((i + j) * (i + j + 1)) / 2 + i + 1;
}
function times(v, transposed) {
  const n = v.length, out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += v[j] / (transposed ? element(j, i) : element(i, j));
    out[i] = sum;
  }
  return out;
}
function main({ n = 100 }) {
  let u = new Float64Array(n).fill(1), v = u;
  for (let i = 0; i < 5; i++) {
    v = times(times(u, false), true);
    u = times(times(v, false), true);
  }
  let vBv = 0, vv = 0;
  for (let i = 0; i < n; i++) { vBv += u[i] * v[i]; vv += v[i] * v[i]; }
  return Number(Math.sqrt(vBv / vv).toFixed(9));
}
