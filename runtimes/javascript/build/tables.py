"""Rewrites the long arrays of files in JavaScript, `const c0 = [` to `];`, as texts that JSON.parse reads: a bundle of them is small and quickly
loaded, where code that makes arrays of a hundred thousand elements is neither. Arguments: the files."""

import json
import re
import sys

ESCAPES = {"0": "\\u0000", "v": "\\u000b", "'": "'", "`": "`"}


def escape(found):
    code = found[1]
    return f"\\u00{code[1:]}" if len(code) == 3 else ESCAPES.get(code, found[0])


def parsed(found):
    """The statement for an array. JSON has no holes: they are made again."""
    text = re.sub(r"^\t,$", "\tnull,", found[2], flags=re.M)
    elements = json.loads(re.sub(r"\\(x..|.)", escape, text, flags=re.S), strict=False)
    holes = [index for index, element in enumerate(elements) if element is None]
    table = json.dumps(elements, ensure_ascii=False, separators=(",", ":"))
    statement = f"const {found[1]} = JSON.parse({json.dumps(table, ensure_ascii=False)});"
    return statement + (f" for (const hole of {holes}) delete {found[1]}[hole];" if holes else "")


for path in sys.argv[1:]:
    text = open(path, encoding="utf-8", newline="").read()
    text, count = re.subn(r"^const (c\d) = (\[\n.*?\n\]);$", parsed, text, flags=re.S | re.M)
    if not count:
        sys.exit(f"{path} has no tables")
    open(path, "w", encoding="utf-8", newline="").write(text)
