"""Programs that are run before the snapshot, for the sake of what running them leaves in memory."""

import json

from . import program, warm_data

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
# What seeds do most: JSON out of a model's answer, tables of records, dates, text in and out of encodings.
EXTRACT = '''
import json, re
def main(answer):
    text = answer.strip()
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        first = str(error)
    found = re.search(r"```(?:json)?\\s*\\n?([\\s\\S]*?)\\n?\\s*```", text)
    parts = [(m.group(0), m.start()) for m in re.finditer(r"\\b[A-Z]\\w+", text)]
    for index, char in enumerate(text[2:5], 2):
        first += char if char == "{" else ""
    return {"data": json.loads(found.group(1)), "first": first, "parts": parts, "at": text.find("{")}
'''
ANSWER = '''Here is the list you asked for:
```json
[{"id": 1, "name": "Ann", "score": 0.5, "tags": ["a", "b"], "active": true, "none": null},
 {"id": 2, "name": "Bob \\u00e9", "score": -1.25e3, "tags": [], "active": false, "none": {}}]
```
'''
RECORDS = '''
import csv, io, statistics, hashlib, base64, dataclasses, itertools, operator, html, urllib.parse, uuid
from collections import defaultdict, OrderedDict, deque
from datetime import datetime, timedelta, timezone
from typing import Any
@dataclasses.dataclass
class Line:
    name: str
    amount: float = 0.0
    def worth(self): return round(self.amount * 1.19, 2)
def main(rows: list[dict[str, Any]]) -> dict:
    lines = [Line(row["name"], float(row.get("amount", 0))) for row in rows if isinstance(row, dict)]
    groups = defaultdict(list)
    for line in lines:
        groups[line.name].append(line.worth())
    when = datetime.fromisoformat("2024-05-01T10:00:00+00:00") + timedelta(days=3)
    out = io.StringIO()
    table = csv.DictWriter(out, ["name", "total"])
    table.writeheader()
    for name, amounts in sorted(groups.items()):
        table.writerow({"name": name, "total": f"{sum(amounts):,.2f}"})
    back = list(csv.reader(io.StringIO(out.getvalue())))
    return {
        "when": when.strftime("%Y-%m-%d %H:%M"), "parsed": datetime.strptime("2024-01-02", "%Y-%m-%d").isoformat(),
        "mean": statistics.mean(line.amount for line in lines), "csv": out.getvalue(), "back": back,
        "digest": hashlib.sha256("x".encode()).hexdigest(), "b64": base64.b64encode(b"abc").decode(),
        "best": max(lines, key=operator.attrgetter("amount")).name, "html": html.escape("<a>"),
        "query": urllib.parse.urlencode({"q": "a b"}),
        "chain": list(itertools.chain([1], (2,))), "upper": " ".join(word.capitalize() for word in "a b c".split()),
    }
'''
BODY = "total = 0\nfor x in items:\n    total += x\nreturn {'total': total}"
ASYNC = "import asyncio\nasync def main(a=1):\n    await asyncio.sleep(0)\n    return await asyncio.gather(asyncio.sleep(0, a))"
FAILING = "def main():\n    return 1 / 0\n"
SCRIPT = "value = [n * n for n in range(5)]\n"
BROKEN = "def main(:\n"
RICH = "import datetime, decimal\ndef main():\n    return {'d': datetime.date(2024, 1, 2), 'x': decimal.Decimal('1.5'), 's': {1, 2}}"
# Prompts that come with the input are compiled in each execution.
PROMPT = "import jinja2\ndef main(text, rows):\n    return jinja2.Environment().from_string(text).render(rows=rows)"
TEMPLATE = """{# a prompt #}Hello {{ name | default("you") | upper }},{% if rows and not done %}
{%- for row in rows | sort(attribute="n", reverse=true) if row.n != 2 %}
{{ loop.index }}. {{ row["name"] | trim | replace("a", "b") }}: {{ "%.1f" | format(row.n * 1.5) }} {{ row.tags | join(", ") }}
{%- else %}none{% endfor %}{% elif done %}{{ 1 + 2 }}{% endif %}{% set total = rows | length %} {{ total }} {{ rows[0].name ~ "!" }}"""

RUNS = (
    (program.MAIN, MAIN, '{"a": "x  y", "items": [1, "z", {"k": null}]}'),
    (program.MAIN, EXTRACT, json.dumps({"answer": ANSWER})),
    (program.MAIN, RECORDS, '{"rows": [{"name": "a", "amount": 3}, {"name": "b", "amount": "4.5"}, {"name": "a"}]}'),
    (program.MAIN, PROMPT, json.dumps({"text": TEMPLATE, "rows": [{"name": " ann", "n": n, "tags": ["x", "y"]} for n in range(4)]})),
    (program.BODY, BODY, '{"items": [1, 2, 3]}'),
    (program.MAIN, ASYNC, '{"a": 5}'),
    (program.MAIN, FAILING, "{}"),
    (program.MAIN, RICH, "{}"),
    (program.SCRIPT, SCRIPT, "{}"),
    (program.MAIN, BROKEN, "{}"),
)
DATA_RUNS = tuple((program.MAIN, source, values) for source, values in warm_data.RUNS)
# An instruction specialises after a few executions.
ROUNDS = 24
DATA_ROUNDS = 24


def run_all():
    import hashlib
    import sys

    for name in sorted(hashlib.algorithms_available):  # OpenSSL looks each up once
        hashlib.new(name)

    for index in range(ROUNDS):
        for entry, source, values in RUNS + (DATA_RUNS if index < DATA_ROUNDS else ()):
            sys.modules[program.USUAL_NAME] = None
            compiled = program.compile_program(entry, program.USUAL_FILE, source, values, None, None, None)
            outcome = program.run(entry, program.USUAL_FILE, source, values, None, None, None)
            if outcome[1] != program.COMPLETED and source not in (FAILING, BROKEN):
                raise RuntimeError(f"a program of the warm-up failed: {outcome}\n{source}")
            if compiled[2] == program.CODE:
                program.run(entry, program.USUAL_FILE, source, values, compiled[3], None, None)
                if entry == program.MAIN:
                    program.prepare(entry, program.USUAL_FILE, source, None, compiled[3], None, None)
                    program.call(None, None, None, values, None, None, None)
    sys.modules["__main__"] = type(sys)("__main__")
