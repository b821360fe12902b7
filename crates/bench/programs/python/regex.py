"""Regular expressions over text, as code nodes use them."""

import re

TEXT = (
    "Contact ada@example.com or grace.hopper@navy.example.org before 2024-01-15, call +1 (555) 123-4567, "
    "see https://example.com/a?b=c and http://test.example.org/x/y; totals: 12.50, 7, 1,234.56 (USD). "
) * 20


def main(n: int = 12) -> int:
    total = 0
    for _ in range(n):
        total += len(re.findall(r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\b", TEXT))
        total += len(re.findall(r"\d{4}-\d{2}-\d{2}", TEXT))
        total += len(re.findall(r"https?://[^\s<>\"{}|\\^`\[\]]+", TEXT))
        total += len(re.sub(r"\s+", " ", TEXT))
        total += len(re.split(r"[;,:]\s*", TEXT))
    return total
