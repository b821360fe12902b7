"""Fails unless a module imports exactly functions of abi.h and exports what the host calls.

usage: check_imports.py MODULE
"""

import sys

ALLOWED = {("ampoule", name) for name in ("clock_now", "random_fill", "output_write", "sleep", "exit")}
EXPECTED = {"memory", "__stack_pointer", "_initialize", "ampoule_init", "ampoule_alloc", "ampoule_compile", "ampoule_run"}
IMPORT_SECTION, EXPORT_SECTION = 2, 7


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def number(self):
        """An unsigned LEB128."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def bytes(self, length):
        self.at += length
        return self.data[self.at - length : self.at]

    def name(self):
        return self.bytes(self.number()).decode()


def sections(data):
    reader = Reader(data)
    if reader.bytes(8) != b"\0asm\1\0\0\0":
        sys.exit("not a core module")
    while reader.at < len(data):
        kind = reader.byte()
        yield kind, Reader(reader.bytes(reader.number()))


def check(path):
    with open(path, "rb") as file:
        data = file.read()
    imports, exports = set(), set()
    for kind, reader in sections(data):
        if kind == IMPORT_SECTION:
            for _ in range(reader.number()):
                imports.add((reader.name(), reader.name()))
                if reader.byte() != 0:
                    sys.exit(f"an import that is no function: {imports}")
                reader.number()
        elif kind == EXPORT_SECTION:
            for _ in range(reader.number()):
                exports.add(reader.name())
                reader.byte()
                reader.number()
    if imports - ALLOWED:
        sys.exit(f"imports outside the ABI: {sorted(imports - ALLOWED)}")
    if EXPECTED - exports:
        sys.exit(f"missing exports: {sorted(EXPECTED - exports)}")


if __name__ == "__main__":
    check(sys.argv[1])
