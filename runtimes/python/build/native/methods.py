"""Compares method tables with the functions they name, and fails where a call as the table says would trap.

    methods.py SOURCES

casts.py sees functions that are cast to what they are not. A function that is what its cast says, but not what the table's flags
say, is called through a pointer of another type all the same: this reads tables and definitions in the C sources.
"""

import re
import sys
from pathlib import Path

# `name(parameters) {` at the beginning of a line, as in most C sources of extension modules.
DEFINITION = re.compile(r"\n(?:[\w ]+[ *])?(\w+)\(([^;{}()]*(?:\([^()]*\)[^;{}()]*)*)\)\s*\{")
ENTRY = re.compile(r'\{\s*"[^"]+",\s*(?:\([\w ]+(?:\(\*\))?(?:\([^()]*\))?\)\s*)*(\w+),\s*((?:METH_\w+[ |\n]*)+)')
CLASS_FLAGS = {"METH_CLASS", "METH_STATIC", "METH_COEXIST"}
PARAMETERS = {
    frozenset({"METH_VARARGS"}): 2,
    frozenset({"METH_VARARGS", "METH_KEYWORDS"}): 3,
    frozenset({"METH_FASTCALL"}): 3,
    frozenset({"METH_FASTCALL", "METH_KEYWORDS"}): 4,
    frozenset({"METH_METHOD", "METH_FASTCALL", "METH_KEYWORDS"}): 5,
    frozenset({"METH_NOARGS"}): 2,
    frozenset({"METH_O"}): 2,
}


def main(folder):
    sources = [path for path in Path(folder).rglob("*") if path.suffix in (".c", ".cpp", ".src", ".h", ".hpp") and path.is_file()]
    texts = {path: path.read_text(errors="replace") for path in sources}
    defined = {}
    for path, text in texts.items():
        for name, parameters in DEFINITION.findall(text):
            outermost = re.sub(r"\([^()]*\)", "", parameters).strip()
            defined.setdefault(name, {})[path] = 0 if outermost in ("", "void") else outermost.count(",") + 1
    bad = []
    for path, text in texts.items():
        for name, flags in ENTRY.findall(text):
            wanted = PARAMETERS.get(frozenset(re.findall(r"METH_\w+", flags)) - CLASS_FLAGS)
            places = defined.get(name, {})
            # Static functions of different files may share a name: one of the same file is the one meant.
            counts = {places[path]} if path in places else set(places.values())
            if wanted and counts and wanted not in counts:
                bad.append(f"{path}: {name} has {counts.pop()} parameters and is called with {wanted}: {' '.join(flags.split())}")
    if bad:
        sys.exit("method tables call functions as what they are not, which traps:\n" + "\n".join(sorted(bad)))


if __name__ == "__main__":
    main(*sys.argv[1:])
