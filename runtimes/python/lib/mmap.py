"""Stands in for CPython's mmap: a guest's files are in its memory already. Mappings are copies: what only reads one, or changes
what it alone sees, works as elsewhere; a mapping that should write through to its file is refused.
"""

import os

ACCESS_DEFAULT, ACCESS_READ, ACCESS_WRITE, ACCESS_COPY = range(4)
PROT_READ, PROT_WRITE, PROT_EXEC = 1, 2, 4
MAP_SHARED, MAP_PRIVATE, MAP_ANON, MAP_ANONYMOUS = 1, 2, 32, 32
ALLOCATIONGRANULARITY = PAGESIZE = 65536

error = OSError


class mmap:
    """A copy of `length` bytes of the file `fileno` (0: all from `offset`), or, with -1, as many zero bytes."""

    def __init__(self, fileno, length, flags=MAP_SHARED, prot=PROT_READ | PROT_WRITE, access=ACCESS_DEFAULT, offset=0):
        if length < 0 or offset < 0:
            raise OverflowError("memory mapped length and offset must not be negative")
        if offset % ALLOCATIONGRANULARITY:
            raise ValueError(f"mmap offset must be a multiple of ALLOCATIONGRANULARITY ({ALLOCATIONGRANULARITY})")
        if access == ACCESS_DEFAULT and not prot & PROT_WRITE:
            access = ACCESS_READ
        self._readonly = access == ACCESS_READ
        self._position = 0
        if fileno == -1:
            if not length:
                raise ValueError("cannot mmap an empty file")
            self._data = bytearray(length)
            return
        if access not in (ACCESS_READ, ACCESS_COPY) and not flags & MAP_PRIVATE:
            raise OSError(
                "the sandbox cannot map a file for writing; write to the file itself, "
                "or map it with access=mmap.ACCESS_READ or ACCESS_COPY"
            )
        size = os.fstat(fileno).st_size
        if not length:
            if offset >= size:
                raise ValueError("cannot mmap an empty file" if not offset else "mmap offset is greater than file size")
            length = size - offset
        elif offset + length > size:
            raise ValueError("mmap length is greater than file size")
        self._data = bytearray(os.pread(fileno, length, offset))

    def _bytes(self):
        if self._data is None:
            raise ValueError("mmap closed or invalid")
        return self._data

    def _writable(self):
        if self._readonly:
            raise TypeError("mmap can't modify a readonly memory map.")
        return self._bytes()

    def __buffer__(self, flags):
        view = memoryview(self._bytes())
        return view.toreadonly() if self._readonly else view

    def __len__(self):
        return len(self._bytes())

    def __getitem__(self, key):
        found = self._bytes()[key]
        return bytes(found) if isinstance(key, slice) else found

    def __setitem__(self, key, value):
        data = self._writable()
        if isinstance(key, slice) and len(data[key]) != len(value):
            raise IndexError("mmap slice assignment is wrong size")
        data[key] = value

    def __enter__(self):
        self._bytes()
        return self

    def __exit__(self, *_):
        self.close()

    def __iter__(self):
        return iter(self[at : at + 1] for at in range(len(self)))

    def __repr__(self):
        state = "closed=True" if self._data is None else f"closed=False, length={len(self._data)}, pos={self._position}"
        return f"<mmap.mmap {state}>"

    @property
    def closed(self):
        return self._data is None

    def close(self):
        self._data = None

    def find(self, sub, start=None, end=None):
        return self._bytes().find(sub, self._position if start is None else start, len(self) if end is None else end)

    def rfind(self, sub, start=None, end=None):
        return self._bytes().rfind(sub, self._position if start is None else start, len(self) if end is None else end)

    def flush(self, offset=0, size=0):
        self._bytes()

    def madvise(self, option, start=0, length=0):
        self._bytes()

    def move(self, dest, src, count):
        data = self._writable()
        if min(dest, src, count) < 0 or max(dest, src) + count > len(data):
            raise ValueError("source, destination, or count out of range")
        data[dest : dest + count] = data[src : src + count]

    def read(self, n=None):
        end = len(self) if n is None or n < 0 else min(self._position + n, len(self))
        found = self[self._position : end]
        self._position = max(self._position, end)
        return found

    def read_byte(self):
        if self._position >= len(self):
            raise ValueError("read byte out of range")
        self._position += 1
        return self._data[self._position - 1]

    def readline(self):
        at = self._bytes().find(b"\n", self._position)
        return self.read(-1 if at < 0 else at + 1 - self._position)

    def resize(self, newsize):
        raise SystemError("mmap: resizing not available--no mremap()")

    def seek(self, pos, whence=os.SEEK_SET):
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: len(self)}
        if whence not in base:
            raise ValueError("unknown seek type")
        target = base[whence] + pos
        if not 0 <= target <= len(self):
            raise ValueError("seek out of range")
        self._position = target
        return target

    def seekable(self):
        return True

    def size(self):
        return len(self)

    def tell(self):
        self._bytes()
        return self._position

    def write(self, data):
        target = self._writable()
        if self._position + len(data) > len(target):
            raise ValueError("data out of range")
        target[self._position : self._position + len(data)] = data
        self._position += len(data)
        return len(data)

    def write_byte(self, byte):
        if self._position >= len(self):
            raise ValueError("write byte out of range")
        self.write(bytes([byte]))
