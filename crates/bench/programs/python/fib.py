def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def main(n: int = 25) -> int:
    return fib(n)
