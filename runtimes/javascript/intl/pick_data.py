"""Copies an ICU data archive without the items that no part of Intl reads.

usage: pick_data.py ARCHIVE PICKED

The archive (ICU's "common data", little-endian) is a header, the number of items, a table of offsets of each item's
name and bytes, sorted by name, the names, and the items. All locales stay: pages that nobody reads cost no memory.
"""

import fnmatch
import struct
import sys

LEFT_OUT = [
    "*.cnv", "cnvalias.icu",            # legacy encodings
    "translit/*",                       # rules between scripts
    "*.spp", "uts46.nrm",               # names of hosts
    "confusables.cfu", "unames.icu", "uemoji.icu", "ulayout.icu",
    "brkitr/line*.brk", "brkitr/title.brk", "brkitr/word_POSIX.brk",  # Intl.Segmenter breaks no lines
    "nfkc_cf.nrm", "nfkc_scf.nrm",      # caseless identifiers
]
ALIGNMENT = 16


def items(archive):
    header, = struct.unpack_from("<H", archive)
    count, = struct.unpack_from("<I", archive, header)
    offsets = list(struct.iter_unpack("<II", archive[header + 4 : header + 4 + 8 * count]))
    ends = [start for _, start in offsets[1:]] + [len(archive) - header]
    for (name, start), end in zip(offsets, ends):
        name_end = archive.index(b"\0", header + name)
        yield archive[header + name : name_end].decode(), archive[header + start : header + end]


def is_kept(name):
    inside = name.split("/", 1)[1]
    return not any(fnmatch.fnmatchcase(inside, pattern) for pattern in LEFT_OUT)


def padded(data):
    return data + b"\0" * (-len(data) % ALIGNMENT)


def main(source, target):
    with open(source, "rb") as file:
        archive = file.read()
    kept = [(name, data) for name, data in items(archive) if is_kept(name)]
    for pattern in LEFT_OUT:
        if not any(fnmatch.fnmatchcase(name.split("/", 1)[1], pattern) for name, _ in items(archive)):
            sys.exit(f"{source} has no {pattern}")
    header = archive[: struct.unpack_from("<H", archive)[0]]
    names = b"".join(name.encode() + b"\0" for name, _ in kept)
    start = 4 + 8 * len(kept)
    name_at, at = start, len(padded(b" " * (start + len(names))))
    table, bodies = struct.pack("<I", len(kept)), []
    for name, data in kept:
        table += struct.pack("<II", name_at, at)
        name_at += len(name) + 1
        bodies.append(padded(data))
        at += len(bodies[-1])
    with open(target, "wb") as file:
        file.write(header + padded(table + names) + b"".join(bodies))


if __name__ == "__main__":
    main(*sys.argv[1:])
