# A function as tenants keep them: imports, patterns and tables at the top level, little in main.
import calendar
import decimal
import difflib
import fractions
import html
import re
import statistics
import string
import textwrap
import unicodedata

CODES = [a + b + c for a in string.ascii_uppercase for b in "AEIOUW" for c in "DKMNPRSTYZ"]
RATES = {code: decimal.Decimal(sum(ord(letter) ** 3 for letter in code) % 9973) / 100 for code in CODES}
NAMES = {code: textwrap.fill(f"The rate of {code.title()}", 20) for code in CODES}
PATTERNS = [re.compile(rf"\b{code}[ -]?(\d+(?:\.\d+)?)\b", re.IGNORECASE) for code in CODES[::5]]
DAYS = {
    (year, month): [day for day, weekday in calendar.Calendar().itermonthdays2(year, month) if day and weekday < 5]
    for year in range(2000, 2060)
    for month in range(1, 13)
}


def main(code, amount, month):
    rate = RATES[code]
    return {
        "amount": str((decimal.Decimal(str(amount)) * rate).quantize(decimal.Decimal("0.01"))),
        "name": NAMES[code],
        "days": len(DAYS[2026, month]),
    }
