"""Splitting, joining, formatting and counting words."""

TEXT = "The quick brown fox jumps over the lazy dog, again and again; nobody knows why. "


def main(n: int = 800) -> int:
    total = 0
    for number in range(n):
        words = (TEXT * 4).lower().replace(",", "").replace(";", "").split()
        counts = {}
        for word in words:
            counts[word] = counts.get(word, 0) + 1
        line = " ".join(f"{word}={count:03d}" for word, count in sorted(counts.items()))
        total += len(line) + line.count("a") + len(line.title().strip().partition("=")[2]) + number % 7
    return total
