"""Sorting with keys, and a heap."""

import heapq


def main(n: int = 12) -> int:
    total = 0
    for turn in range(n):
        values = [(i * 1103515245 + 12345 + turn) % 65536 for i in range(8000)]
        pairs = [(value % 100, str(value)) for value in values]
        pairs.sort(key=lambda pair: (pair[0], pair[1]))
        total += sorted(values)[10] + len(pairs[0][1])
        heap = []
        for value in values[:2000]:
            heapq.heappush(heap, value)
        total += sum(heapq.heappop(heap) for _ in range(500))
    return total
