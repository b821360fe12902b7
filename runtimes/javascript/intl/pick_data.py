"""Copies an ICU data archive without the items that no part of Intl reads.

usage: pick_data.py ARCHIVE PICKED

The archive (ICU's "common data", little-endian) is a header, the number of items, a table of offsets of each item's
name and bytes, sorted by name, the names, and the items. All locales stay: pages that nobody reads cost no memory.
"""

import fnmatch
import struct
import sys

# What the encodings of the Encoding Standard are to ICU; those of Big5 and GBK lean on others.
ENCODINGS = """
    euc-jp-2007 gb18030-2022 ibm-1089_P100-1995 ibm-1168_P100-2002 ibm-1373_P100-2002 ibm-1386_P100-2001 ibm-5012_P100-1999
    ibm-5346_P100-1998 ibm-5347_P100-1998 ibm-5348_P100-1997 ibm-5349_P100-1998 ibm-5350_P100-1998 ibm-5354_P100-1998
    ibm-866_P100-1995 ibm-878_P100-1996 ibm-9005_X110-2007 ibm-912_P100-1995 ibm-913_P100-2000 ibm-914_P100-1995
    ibm-915_P100-1995 ibm-921_P100-1995 ibm-923_P100-1998 ibm-943_P15A-2003 ibm-9447_P100-2002 ibm-9448_X100-2005
    ibm-9449_P100-2002 ibm-970_P110_P110-2006_U2 iso-8859_10-1998 iso-8859_14-1998 jisx-212 macos-0_2-10.2 macos-7_3-10.2
    windows-874-2000 windows-936-2000 windows-950-2000
""".split()

LEFT_OUT = [
    "*.cnv",                            # encodings but for those above
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
    if inside.removesuffix(".cnv") in ENCODINGS:
        return True
    return not any(fnmatch.fnmatchcase(inside, pattern) for pattern in LEFT_OUT)


def padded(data):
    return data + b"\0" * (-len(data) % ALIGNMENT)


def main(source, target):
    with open(source, "rb") as file:
        archive = file.read()
    kept = [(name, data) for name, data in items(archive) if is_kept(name)]
    for encoding in ENCODINGS:
        if not any(name.endswith(f"/{encoding}.cnv") for name, _ in kept):
            sys.exit(f"{source} has no {encoding}.cnv")
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
