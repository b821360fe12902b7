"""Writes a program's result as JSON text. What JSON itself has is written in C (harness/json.c), what Python's own encoder
takes by that; for the rest see the table in README.md."""

import json
import sys
from json.encoder import c_make_encoder, encode_basestring

from _ampoule_guest import write_json

from . import labels
from .failures import InvalidResult


class _Slow(Exception):
    pass


def _not_plain(value):
    raise _Slow


_chunks = c_make_encoder(None, _not_plain, encode_basestring, None, ":", ",", False, False, False)


def encode(value):
    """JSON text in UTF-8. A lone surrogate becomes its JSON escape."""
    written = write_json(value)
    if written is not NotImplemented:
        return written
    try:
        text = "".join(_chunks(value, 0))
    except MemoryError:
        raise
    except Exception:
        text = _encode_slowly(value)
    return text.encode("utf-8", "backslashreplace")


def _encode_slowly(value):
    plain = _Converter().plain(value, _Path(None, "result"))
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        return "".join(_chunks(plain, 0))
    except RecursionError:
        raise InvalidResult("result is nested too deeply for JSON") from None
    finally:
        sys.set_int_max_str_digits(limit)


class _Path:
    """Where in the result a value is; made into text only to be shown."""

    __slots__ = ("above", "step")

    def __init__(self, above, step):
        self.above, self.step = above, step

    def __str__(self):
        steps, path = [], self
        while path is not None:
            steps.append(path.step)
            path = path.above
        return "".join(reversed(steps))


class _Converter:
    """Rebuilds a value from what JSON has, or says where it cannot."""

    def __init__(self):
        self.open = set()  # ids of the containers on the way to here

    def plain(self, value, path):
        kind = type(value)
        if value is None or kind is bool or kind is int or kind is str:
            return value
        if kind is float:
            return value if value - value == 0 else None
        if kind is list or kind is tuple:
            return self.items(value, path)
        if kind is dict:
            return self.members(value, path)
        return self.other(value, path)

    def other(self, value, path):
        from collections.abc import Mapping, Set
        from dataclasses import fields, is_dataclass
        from datetime import date, datetime, time, timedelta
        from decimal import Decimal
        from enum import Enum
        from fractions import Fraction
        from pathlib import PurePath
        from uuid import UUID

        import numpy
        import pandas

        if isinstance(value, Enum):
            return self.plain(value.value, path)
        if value is pandas.NaT or value is pandas.NA:
            return None
        if isinstance(value, pandas.DataFrame):
            return self.inside(value, path, lambda: self.items(labels.of_frame(value, self.label, path), path))
        if isinstance(value, pandas.Series):
            return self.inside(value, path, lambda: self.plain(labels.of_series(value, self.label, path), path))
        if isinstance(value, (pandas.Interval, pandas.Period, numpy.dtype, pandas.api.extensions.ExtensionDtype)):
            return str(value)
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, int):
            return int(value)
        if isinstance(value, float):
            return self.plain(float(value), path)
        if isinstance(value, (datetime, date, time)):
            return value.isoformat()
        if isinstance(value, timedelta):
            return value.total_seconds()
        if isinstance(value, (Decimal, Fraction, UUID, PurePath)):
            return str(value)
        if isinstance(value, (bytes, bytearray, memoryview)):
            from base64 import b64encode

            return b64encode(bytes(value)).decode()
        if is_dataclass(value) and not isinstance(value, type):
            names = [field.name for field in fields(value)]
            return self.inside(value, path, lambda: {n: self.plain(getattr(value, n), _Path(path, "." + n)) for n in names})
        if isinstance(value, Mapping):
            return self.members(value, path)
        if isinstance(value, Set):
            return self.items(_in_order(value), path)
        if isinstance(value, (list, tuple)) or type(value).__name__ == "deque":
            return self.items(value, path)
        return self.by_method(value, path)

    def by_method(self, value, path):
        """Arrays and scalars of numeric libraries bring their own way to plain values."""
        if not isinstance(value, type):
            for name in ("tolist", "item"):
                method = getattr(value, name, None)
                if callable(method):
                    try:
                        converted = method()
                    except Exception as error:
                        raise InvalidResult(f"{path}: {_name(value)}.{name}() failed: {error}") from None
                    if type(converted) is not type(value):
                        return self.inside(value, path, lambda: self.plain(converted, path))
        raise InvalidResult(f"{path} is of type {_name(value)}, which has no JSON form")

    def items(self, value, path):
        return self.inside(value, path, lambda: [self.plain(v, _Path(path, f"[{i}]")) for i, v in enumerate(value)])

    def members(self, value, path):
        return self.inside(value, path, lambda: dict(self.pairs(value, path)))

    def pairs(self, value, path):
        for key, member in value.items():
            name = self.key(key, path)
            yield name, self.plain(member, _Path(path, "." + name if name.isidentifier() else f"[{name!r}]"))

    def key(self, key, path):
        from datetime import date, time
        from enum import Enum
        from uuid import UUID

        if isinstance(key, Enum):
            key = key.value
        if isinstance(key, str):
            return str.__str__(key)
        if key is None or isinstance(key, bool):
            return json.dumps(key)
        if isinstance(key, (int, float)):
            return int.__repr__(key) if isinstance(key, int) else float.__repr__(key)
        if isinstance(key, (date, time)):
            return key.isoformat()
        if isinstance(key, UUID):
            return str(key)
        converted = key.item() if callable(getattr(key, "item", None)) else None
        if type(converted) in (str, int, float, bool):
            return self.key(converted, path)
        raise InvalidResult(f"{path} has a key of type {_name(key)}, which has no JSON form")

    def label(self, value):
        return self.plain(value, _Path(None, "label"))

    def inside(self, value, path, convert):
        if id(value) in self.open:
            raise InvalidResult(f"{path} contains itself")
        self.open.add(id(value))
        try:
            return convert()
        except RecursionError:
            raise InvalidResult("result is nested too deeply for JSON") from None
        finally:
            self.open.discard(id(value))


def _in_order(values):
    try:
        return sorted(values)
    except TypeError:
        return list(values)


def _name(value):
    kind = type(value)
    module = kind.__module__
    return kind.__qualname__ if module in ("builtins", "__main__") else f"{module}.{kind.__qualname__}"
