"""One NumPy operation on 100,000 elements, `n` times."""

import numpy as np

OPERATIONS = {
    "add": lambda a, b: a + b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "sqrt": lambda a, b: np.sqrt(b),
    "compare": lambda a, b: a < b,
    "where": lambda a, b: np.where(a < 0, a, b),
    "sum": lambda a, b: a.sum(),
    "mean": lambda a, b: a.mean(),
    "std": lambda a, b: a.std(),
    "max": lambda a, b: a.max(),
    "cumsum": lambda a, b: np.cumsum(a),
    "fft": lambda a, b: np.fft.rfft(a),
    "sort": lambda a, b: np.sort(a),
    "argsort": lambda a, b: np.argsort(a),
    "exp": lambda a, b: np.exp(a),
    "log": lambda a, b: np.log(b),
    "matmul": lambda a, b: a[:40_000].reshape(200, 200) @ b[:40_000].reshape(200, 200),
}


def main(op: str, n: int) -> float:
    # Neither sorted nor periodic, the same everywhere.
    a = (np.arange(100_000, dtype=np.float64) * 0.7548776662466927) % 1.0 - 0.5
    b = np.abs(a) + 0.5
    run = OPERATIONS[op]
    for _ in range(n):
        result = run(a, b)
    return float(np.ravel(result)[0])
