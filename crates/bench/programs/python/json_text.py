"""JSON there and back."""

import json


def main(n: int = 60) -> int:
    records = [
        {"id": i, "name": f"user {i}", "tags": ["a", "b", str(i)], "score": i * 1.5, "nested": {"ok": i % 2 == 0, "none": None}}
        for i in range(120)
    ]
    total = 0
    for _ in range(n):
        text = json.dumps(records)
        total += len(text) + len(json.loads(text))
    return total
