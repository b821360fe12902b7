"""Turns the objects of one extension module into one object that shows nothing but the module's init function.

    module_object.py WASM-LD MODULE OUT OBJECT...

An extension module is meant to be a shared library, which sees its own symbols first. Linked statically into one program,
modules that define the same name clash, or quietly share what they should not. So the objects are joined (`wasm-ld -r`), then every
symbol the joined object defines becomes local in its symbol table, and PyInit_<last part> gets the module's full name, since
modules of different packages have the same last part.

The format: https://github.com/WebAssembly/tool-conventions/blob/main/Linking.md
"""

import subprocess
import sys
from pathlib import Path

BINDING_MASK, LOCAL = 0x3, 0x2
UNDEFINED, EXPORTED, EXPLICIT_NAME = 0x10, 0x20, 0x40
DATA, SECTION = 1, 3
COMDATS, SYMBOLS = 7, 8


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self):
        result = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            result |= (byte & 0x7F) << shift
            if byte < 0x80:
                return result
            shift += 7

    def bytes(self, length):
        self.at += length
        return self.data[self.at - length : self.at]

    def more(self):
        return self.at < len(self.data)


def number(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def text(value):
    return number(len(value)) + value


def init_name(module):
    """The init function's name in the whole program; guest.sh declares it so."""
    return "PyInit_" + module.replace(".", "__")


def localise(symbols, module):
    """The symbol table with everything local but the init function, which is renamed."""
    short = f"PyInit_{module.rpartition('.')[2]}".encode()
    found = False
    table = Reader(symbols)
    count = table.number()
    out = bytearray(number(count))
    for _ in range(count):
        kind = table.bytes(1)
        flags = table.number()
        name, rest = b"", b""
        if kind[0] == DATA:
            name = table.bytes(table.number())
            if not flags & UNDEFINED:
                rest = b"".join(number(table.number()) for _ in range(3))
        else:
            index = number(table.number())
            if kind[0] != SECTION and (not flags & UNDEFINED or flags & EXPLICIT_NAME):
                name = table.bytes(table.number())
        if not flags & UNDEFINED and name == short:
            name, found = init_name(module).encode(), True
        elif not flags & UNDEFINED:
            flags = flags & ~(BINDING_MASK | EXPORTED) | LOCAL
        out += kind + number(flags)
        if kind[0] == DATA:
            out += text(name) + rest
        else:
            out += index
            if kind[0] != SECTION and (not flags & UNDEFINED or flags & EXPLICIT_NAME):
                out += text(name)
    if not found:
        sys.exit(f"{module}: no {short.decode()} in its objects")
    return bytes(out)


def linking(payload, module):
    """The linking section without its groups of duplicates: the linker drops all but one of a group, local or not."""
    section = Reader(payload)
    out = bytearray(number(section.number()))
    while section.more():
        kind = section.bytes(1)
        content = section.bytes(section.number())
        if kind[0] == COMDATS:
            continue
        if kind[0] == SYMBOLS:
            content = localise(content, module)
        out += kind + text(content)
    return bytes(out)


def main(linker, module, out, *objects):
    subprocess.run([linker, "wasm-ld", "-r", "-o", out, *objects], check=True)
    data = Path(out).read_bytes()
    file = Reader(data)
    result = bytearray(file.bytes(8))
    while file.more():
        kind = file.bytes(1)
        content = file.bytes(file.number())
        if kind[0] == 0:
            section = Reader(content)
            name = section.bytes(section.number())
            if name == b"linking":
                content = text(name) + linking(content[section.at :], module)
        result += kind + text(content)
    Path(out).write_bytes(result)


if __name__ == "__main__":
    main(*sys.argv[1:])
