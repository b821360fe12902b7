def main(depth: int) -> dict:
    value = 1
    for _ in range(depth):
        value = {"depth": value, "list": [[1, [2.5, None]], "é\u2028'''`${x}"]}
    return {"result": value, "objects": [{"a": 1}, {"a": [True]}]}
