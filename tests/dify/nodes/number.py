def main(args1: int, args2: int) -> dict:
    return {
        "result": args1 + args2,
    }
