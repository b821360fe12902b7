def helper(rows):
    return rows[5]


def main(rows: list) -> dict:
    return {"result": helper(rows)}
