"""What pandas knows rows and columns by, as keys of JSON objects: see "Results of pandas" in README.md."""

import json

import pandas

from .failures import InvalidResult

# The column that holds the values of a Series without a name, where it becomes records.
VALUES = "value"


def of_series(series, convert, path):
    """The Series as a list, a dict or a list of records; `convert` gives a label's JSON value."""
    if _is_plain(series.index):
        return series.tolist()
    if not isinstance(series.index, pandas.MultiIndex):
        labels = [_key(label, convert) for label in series.index]
        if None not in labels and len(set(labels)) == len(labels):
            return dict(zip(labels, series.tolist()))
    name = VALUES if series.name is None else _column(series.name, convert, path)
    return _records(series.to_frame(), [name], convert)


def of_frame(frame, convert, path):
    """The frame as a list of records."""
    if not frame.columns.is_unique:
        raise InvalidResult(f"{path} is a DataFrame with two columns of the same name, which has no JSON form")
    keys = [_column(label, convert, path) for label in frame.columns]
    if len(set(keys)) != len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InvalidResult(f"{path} is a DataFrame with two columns that both become {twice!r}, which has no JSON form")
    return _records(frame, keys, convert)


def _records(frame, keys, convert):
    frame = frame.set_axis(keys, axis=1)
    if not _is_plain(frame.index):
        frame = frame.reset_index(names=_levels(frame.index, keys, convert))
    return frame.to_dict("records")


def _is_plain(index):
    """Whether the labels are the positions, and nothing was said of them."""
    return isinstance(index, pandas.RangeIndex) and index.start == 0 and index.step == 1 and index.name is None


def _levels(index, columns, convert):
    """A key for each level, as `reset_index` names them, that no column has."""
    taken, keys = set(columns), []
    for number, name in enumerate(index.names):
        key = None if name is None else _key(name, convert)
        if key is None:
            key = f"level_{number}" if index.nlevels > 1 else "index"
        key = _free(key, taken)
        taken.add(key)
        keys.append(key)
    return keys


def _free(key, taken):
    if key not in taken:
        return key
    key, number = key + "_index", 2
    free = key
    while free in taken:
        free, number = f"{key}_{number}", number + 1
    return free


def _column(label, convert, path):
    """A column's key; of several levels, the parts that say anything, joined."""
    if isinstance(label, tuple):
        return "_".join(filter(None, (_column(part, convert, path) for part in label)))
    key = _key(label, convert)
    if key is None:
        raise InvalidResult(f"{path} is a DataFrame with a column named {label!r}, which has no JSON form")
    return key


def _key(label, convert):
    """The text of what the label is as a value; None if that is an array, an object or nothing."""
    if type(label) is str:
        return label
    try:
        value = convert(label)
    except InvalidResult:
        return None
    if isinstance(value, str):
        return value
    return None if isinstance(value, (list, dict)) else json.dumps(value)
