"""Reads a compiler's warnings of casts between function types, and fails on those that would trap when called.

    casts.py ALLOWED <LOG        ALLOWED: lines `text  # reason`; a cast whose description contains the text is let through

A call through a pointer checks the callee's WebAssembly type. Most casts in extension modules are C Python's own way to put a function
with keywords into a method table, where a flag tells how to call it; those have more parameters than the type they are cast to.
A function with fewer parameters, or another kind of result, is called as what it is not.
"""

import re
import sys
from pathlib import Path

WARNING = re.compile(r"^(?P<place>\S+?:\d+:\d+): warning: cast from '(?P<source>.*?)'(?: \(aka '(?P<source_aka>.*?)'\))? to '(?P<target>.*?)'(?: \(aka '(?P<target_aka>.*?)'\))? converts to incompatible function type")


def split(parameters):
    """The parameters at the outermost level of parentheses."""
    parts, depth, last = [], 0, 0
    for at, character in enumerate(parameters):
        if character in "(<[":
            depth += 1
        elif character in ")>]":
            depth -= 1
        elif character == "," and not depth:
            parts.append(parameters[last:at])
            last = at + 1
    parts.append(parameters[last:])
    return [part.strip() for part in parts if part.strip() not in ("", "void")]


def wasm_type(name):
    name = name.removeprefix("const ").strip()
    if "*" in name or "&" in name:
        return "i32"
    if name in ("void", ""):
        return "void"
    if name in ("double", "npy_double"):
        return "f64"
    if name in ("float", "npy_float"):
        return "f32"
    if "long long" in name or "int64" in name or "longlong" in name:
        return "i64"
    return "i32"


def signature(text):
    result, _, parameters = text.partition("(*)")
    return wasm_type(result), [wasm_type(part) for part in split(parameters.strip()[1:].rpartition(")")[0])]


def main(allowed_file):
    lines = Path(allowed_file).read_text().splitlines() if Path(allowed_file).exists() else []
    allowed = [line.partition("#")[0].strip() for line in lines if line.strip()]
    bad = set()
    for line in sys.stdin:
        match = WARNING.match(re.sub(r"\x1b\[[0-9;]*[mK]", "", line))
        if not match:
            continue
        source = signature(match["source_aka"] or match["source"])
        target = signature(match["target_aka"] or match["target"])
        if source[1] == [] and target == ("void", []):
            continue
        fewer = len(source[1]) < len(target[1]) and target[1] != []
        if target == ("void", []) or (source[0] == target[0] and not fewer and source[1][: len(target[1])] == target[1]):
            continue
        cast = f"{match['place']}: {match['source']} is called as {match['target']}"
        if not any(text in cast for text in allowed):
            bad.add(cast)
    if bad:
        sys.exit("functions cast to a type they would trap as:\n" + "\n".join(sorted(bad)))


if __name__ == "__main__":
    main(*sys.argv[1:])
