"""The smallest useful program: `main` gets the input's keys as arguments and returns JSON."""


def main(name: str = "world") -> dict:
    print(f"greeting {name}")
    return {"greeting": f"Hello, {name}!"}
