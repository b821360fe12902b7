# A function for `ampoule function put`: what stands at the top level is done once, not in every call.
import decimal

RATES = {"EUR": decimal.Decimal("1"), "USD": decimal.Decimal("1.0842"), "JPY": decimal.Decimal("162.37")}


def main(code: str, amount: float) -> dict:
    """Converts an amount in euros to another currency."""
    converted = decimal.Decimal(str(amount)) * RATES[code]
    return {"code": code, "amount": str(converted.quantize(decimal.Decimal("0.01")))}
