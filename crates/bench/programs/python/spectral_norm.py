"""Spectral norm of an infinite matrix: nested loops and generator expressions."""


def element(i, j):
    ij = i + j
    return ij * (ij + 1) // 2 + i + 1


def times(vector):
    size = range(len(vector))
    return [sum(vector[j] / element(i, j) for j in size) for i in size]


def times_transposed(vector):
    size = range(len(vector))
    return [sum(vector[j] / element(j, i) for j in size) for i in size]


def main(n: int = 80) -> float:
    u = [1.0] * n
    v = u
    for _ in range(5):
        v = times_transposed(times(u))
        u = times_transposed(times(v))
    vbv = sum(a * b for a, b in zip(u, v))
    vv = sum(b * b for b in v)
    return round((vbv / vv) ** 0.5, 9)
