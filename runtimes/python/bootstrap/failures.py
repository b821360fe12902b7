"""Describes what ended a program: type, message, the traceback as Python prints it, and the place."""

import linecache
import sys
import traceback

KIND, TYPE, MESSAGE, TRACEBACK, LINE, COLUMN = 16, 18, 19, 20, 21, 22
RAISED, INVALID_RESULT, MEMORY = 1, 2, 3

# Texts are for people and logs: longer ones are cut.
LONGEST_TEXT = 65536
# A recursion's frames repeat; more of them say nothing new.
MOST_FRAMES = 2000

LIBRARY = "/usr/lib/python3.13/"
OURS = LIBRARY + "_ampoule/"


class Refused(Exception):
    """A failure that is found by the harness and has no frames: shown with the type that the user knows."""

    def __init__(self, name, message):
        self.name, self.message = name, message


class InvalidResult(Exception):
    """The program's result cannot be written as JSON."""


def answer(error, sources):
    """The response to a program that ended with `error`; `sources` are its texts by file name."""
    try:
        return _described(error, sources)
    except MemoryError:
        # What the failing frames held is in the way of describing them.
        traceback.clear_frames(error.__traceback__)
        kind = MEMORY if isinstance(error, MemoryError) else RAISED
        name = type(error).__name__.encode()
        return (KIND, kind, TYPE, name, MESSAGE, b"out of memory", TRACEBACK, name + b"\n")


def _described(error, sources):
    if isinstance(error, InvalidResult):
        return (KIND, INVALID_RESULT, TYPE, b"InvalidResult", MESSAGE, _bytes(str(error)))
    if isinstance(error, Refused):
        text = f"{error.name}: {error.message}\n"
        return (KIND, RAISED, TYPE, error.name.encode(), MESSAGE, _bytes(error.message), TRACEBACK, _bytes(text))
    _show(sources)
    fields = [KIND, MEMORY if _is_memory(error) else RAISED]
    fields += [TYPE, _bytes(type(error).__name__), MESSAGE, _bytes(_message(error))]
    fields += [TRACEBACK, _bytes(_text(error))]
    line, column = _place(error)
    if line:
        fields += [LINE, line]
    if column:
        fields += [COLUMN, column]
    return tuple(fields)


def _is_memory(error):
    """Whether memory ran out. The parser raises MemoryError also for sources that are nested too deeply."""
    return isinstance(error, MemoryError) and "too complex to parse" not in str(error)


def _message(error):
    if isinstance(error, SyntaxError):
        return error.msg or ""
    try:
        message = str(error)
    except Exception:
        return "<exception str() failed>"
    return message or ("out of memory" if isinstance(error, MemoryError) else "")


def _bytes(text):
    if len(text) > LONGEST_TEXT:
        text = f"{text[:LONGEST_TEXT]}… ({len(text) - LONGEST_TEXT} more characters)"
    return text.encode("utf-8", "backslashreplace")


def _show(sources):
    """Puts the program's lines where tracebacks look for them, whatever files of that name it has written."""
    for path, text in sources.items():
        lines = [line + "\n" for line in text.split("\n")]
        linecache.cache[path] = (len(text), None, lines, path)


# ---- frames ----


def _is_ours(path):
    return path.startswith(OURS) or path.startswith("<frozen importlib")


def _is_users(path):
    return not path.startswith(LIBRARY) and not path.startswith("<frozen ")


def _text(error):
    frames, depth = error.__traceback__, 0
    while frames is not None:
        frames, depth = frames.tb_next, depth + 1
    limit = -MOST_FRAMES if depth > MOST_FRAMES else None
    described = traceback.TracebackException(type(error), error, error.__traceback__, limit=limit, compact=True)
    _keep_users(described, set())
    return "".join(described.format())


def _keep_users(described, done):
    """Drops our own frames, and everything before the first frame of the user's (what called the program)."""
    if described is None or id(described) in done:
        return
    done.add(id(described))
    stack = [frame for frame in described.stack if not _is_ours(frame.filename)]
    first = next((i for i, frame in enumerate(stack) if _is_users(frame.filename)), len(stack))
    described.stack[:] = stack[first:]
    if not described.stack:
        described.stack = None
    for other in (described.__cause__, described.__context__, *(described.exceptions or ())):
        _keep_users(other, done)


def _place(error):
    """Line and column (from 1) of the innermost frame of the user's, or of the syntax error."""
    if isinstance(error, SyntaxError) and error.lineno and _is_users(error.filename or ""):
        return error.lineno, max(error.offset or 0, 0)
    place = None
    frames = error.__traceback__
    while frames is not None:
        if _is_users(frames.tb_frame.f_code.co_filename):
            place = frames
        frames = frames.tb_next
    if place is None:
        return 0, 0
    column = 0
    positions = list(place.tb_frame.f_code.co_positions())
    index = place.tb_lasti // 2
    if 0 <= index < len(positions):
        line, _, start, _ = positions[index]
        if start is not None and line == place.tb_lineno:
            column = _characters(place, start) + 1
    return place.tb_lineno or 0, column


def _characters(place, start):
    """Columns are kept in UTF-8 bytes; people count characters."""
    line = linecache.getline(place.tb_frame.f_code.co_filename, place.tb_lineno)
    return len(line.encode("utf-8", "surrogatepass")[:start].decode("utf-8", "replace")) if line else start
