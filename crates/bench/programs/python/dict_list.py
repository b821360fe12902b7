"""Building, grouping and filtering dicts and lists."""


def main(n: int = 40) -> int:
    total = 0
    for turn in range(n):
        rows = [{"key": (i * 7919 + turn) % 97, "value": i, "even": i % 2 == 0} for i in range(1500)]
        groups = {}
        for row in rows:
            groups.setdefault(row["key"], []).append(row["value"])
        sums = {key: sum(values) for key, values in groups.items()}
        total += sum(sums.values()) + len([row for row in rows if row["even"] and row["key"] > 40])
        merged = {**sums, **{key + 100: value for key, value in sums.items()}}
        total += len(merged)
    return total
