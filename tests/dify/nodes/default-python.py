
def main(arg1: str, arg2: str):
    return {
        "result": arg1 + arg2,
    }
