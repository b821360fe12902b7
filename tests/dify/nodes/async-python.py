import asyncio


async def double(number):
    await asyncio.sleep(0.001)
    return number * 2


async def main(numbers: list) -> dict:
    if not numbers:
        raise ValueError("no numbers")
    return {"doubled": await asyncio.gather(*map(double, numbers))}
