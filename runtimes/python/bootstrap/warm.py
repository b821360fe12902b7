"""Programs that are run before the snapshot, for the sake of what running them leaves in memory."""

from . import program

MAIN = '''
import json, re, datetime, collections
def main(a=1, b="x", items=()):
    text = re.sub(r"\\s+", " ", f"{a} {b}").strip()
    found = re.findall(r"(\\w+)", text)
    counted = collections.Counter(found)
    pairs = sorted(counted.items(), key=lambda pair: pair[1], reverse=True)
    copy = json.loads(json.dumps({"a": a, "pairs": pairs, "n": [1, 2.5, None, True]}))
    return {"text": text, "copy": copy, "sum": sum(x for x in range(10)), "items": list(items)}
'''
BODY = "total = 0\nfor x in items:\n    total += x\nreturn {'total': total}"
ASYNC = "import asyncio\nasync def main(a=1):\n    await asyncio.sleep(0)\n    return await asyncio.gather(asyncio.sleep(0, a))"
FAILING = "def main():\n    return 1 / 0\n"
SCRIPT = "value = [n * n for n in range(5)]\n"
BROKEN = "def main(:\n"
RICH = "import datetime, decimal\ndef main():\n    return {'d': datetime.date(2024, 1, 2), 'x': decimal.Decimal('1.5'), 's': {1, 2}}"

RUNS = (
    (program.MAIN, MAIN, '{"a": "x  y", "items": [1, "z", {"k": null}]}'),
    (program.BODY, BODY, '{"items": [1, 2, 3]}'),
    (program.MAIN, ASYNC, '{"a": 5}'),
    (program.MAIN, FAILING, "{}"),
    (program.MAIN, RICH, "{}"),
    (program.SCRIPT, SCRIPT, "{}"),
    (program.MAIN, BROKEN, "{}"),
)
# An instruction specialises after a few executions.
ROUNDS = 24


def run_all():
    import sys

    for _ in range(ROUNDS):
        for entry, source, values in RUNS:
            sys.modules[program.USUAL_NAME] = None
            compiled = program.compile_program(entry, program.USUAL_FILE, source, values, None, None, None)
            program.run(entry, program.USUAL_FILE, source, values, None, None, None)
            if compiled[2] == program.CODE:
                program.run(entry, program.USUAL_FILE, source, values, compiled[3], None, None)
    sys.modules["__main__"] = type(sys)("__main__")
