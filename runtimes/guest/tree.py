"""Packs a folder into the blob that memfs_mount reads: `u32 path length, u32 size, path, content`, padded to four
bytes, in path order, little endian.

usage: tree.py FOLDER BLOB
"""

import os
import struct
import sys


def files(folder):
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(parent, name)
            yield os.path.relpath(path, folder).replace(os.sep, "/"), path


def pack(folder, blob):
    with open(blob, "wb") as out:
        for name, path in sorted(files(folder)):
            with open(path, "rb") as file:
                content = file.read()
            head = name.encode()
            record = struct.pack("<II", len(head), len(content)) + head + content
            out.write(record + bytes(-len(record) % 4))


if __name__ == "__main__":
    pack(*sys.argv[1:])
