"""Fails unless a module imports exactly functions of abi.h and exports what the host calls.

usage: check_imports.py MODULE
"""

import sys

ALLOWED = {("ampoule", name) for name in ("clock_now", "random_fill", "output_write", "sleep", "exit")}
EXPECTED = {"memory", "__stack_pointer", "_initialize", "ampoule_init", "ampoule_alloc", "ampoule_compile", "ampoule_run",
            "ampoule_prepare", "ampoule_call", "ampoule_where"}
IMPORT_SECTION, GLOBAL_SECTION, EXPORT_SECTION = 2, 6, 7
GLOBAL, I32, I32_CONST = 3, 0x7F, 0x41


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
    imports, exports, mutable, exported_globals = set(), set(), set(), set()
    for kind, reader in sections(data):
        if kind == IMPORT_SECTION:
            for _ in range(reader.number()):
                imports.add((reader.name(), reader.name()))
                if reader.byte() != 0:
                    sys.exit(f"an import that is no function: {imports}")
                reader.number()
        elif kind == GLOBAL_SECTION:
            # Mutable ones are of type i32, and set by one instruction: that of a linker for C.
            for number in range(reader.number()):
                if reader.byte() != I32:
                    sys.exit(f"global {number} is no i32")
                if reader.byte():
                    mutable.add(number)
                if reader.byte() != I32_CONST:
                    sys.exit(f"global {number} starts with no constant")
                reader.number()
                reader.byte()
        elif kind == EXPORT_SECTION:
            for _ in range(reader.number()):
                exports.add(reader.name())
                if reader.byte() == GLOBAL:
                    exported_globals.add(reader.number())
                else:
                    reader.number()
    if imports - ALLOWED:
        sys.exit(f"imports outside the ABI: {sorted(imports - ALLOWED)}")
    if mutable - exported_globals:
        sys.exit(f"state that a checkpoint would miss, in globals {sorted(mutable - exported_globals)}")
    if EXPECTED - exports:
        sys.exit(f"missing exports: {sorted(EXPECTED - exports)}")


if __name__ == "__main__":
    check(sys.argv[1])
