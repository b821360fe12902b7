"""Regular expressions that stand in a program's source, compiled along with it.

Compiling a pattern costs a fresh guest about a millisecond, every time; a warm process pays once. So patterns that can
be read off the source are compiled when the source is, travel with its code, and are put where `re` keeps compiled
patterns. `re` finds them there under pattern and flags, or compiles as ever: nothing changes but the time.
"""

import _sre
import ast
import re
import warnings
from re import _compiler, _parser

# More than a program of this kind writes, and a bound for one that is all patterns.
MOST_PATTERNS = 64
LONGEST_PATTERN = 2000

FUNCTIONS = {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}
FLAGS = {name: flag.value for name, flag in re.RegexFlag.__members__.items() if name not in ("LOCALE", "L", "DEBUG", "TEMPLATE", "T")}


def found(source):
    """What `keep` takes, for every pattern of the source; None when there is none."""
    if "re." not in source and "from re " not in source:
        return None
    tree = ast.parse(source.removeprefix("\ufeff"))
    kept = {}
    for pattern, flags in _pairs(tree):
        if len(kept) == MOST_PATTERNS:
            break
        if (pattern, flags) not in kept and len(pattern) <= LONGEST_PATTERN:
            kept[pattern, flags] = _parts(pattern, flags)
    return [(*key, *parts) for key, parts in kept.items() if parts] or None


def keep(patterns):
    """Puts compiled patterns where `re` looks for them."""
    for pattern, flags, all_flags, code, groups, names, indexes in patterns:
        compiled = _sre.compile(pattern, all_flags, code, groups, names, indexes)
        re._cache[str, pattern, flags] = re._cache2[str, pattern, flags] = compiled


def _parts(pattern, flags):
    """The arguments of `_sre.compile` as `re` would give them; None for a pattern that fails or warns, which must
    happen where it is used."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            parsed = _parser.parse(pattern, flags)
            code = _compiler._code(parsed, flags)
    except (re.error, Warning, ValueError, OverflowError, RecursionError):
        return None
    names = parsed.state.groupdict
    indexes = [None] * parsed.state.groups
    for name, index in names.items():
        indexes[index] = name
    return int(flags | parsed.state.flags), [int(word) for word in code], parsed.state.groups - 1, names, tuple(indexes)


def _pairs(tree):
    """(pattern, flags) of the calls into `re`: literals, and literals assigned to the name that is used."""
    nodes = list(ast.walk(tree))
    values = values_by_name(nodes)
    for call in nodes:
        if not isinstance(call, ast.Call) or not call.args or not _is_re(call.func):
            continue
        flags = 0
        for argument in call.args[1:] + [keyword.value for keyword in call.keywords if keyword.arg == "flags"]:
            flags |= _flags(argument)
        for literal in literals(call.args[0], values, 3):
            yield literal, flags


def _is_re(function):
    if isinstance(function, ast.Attribute):
        return function.attr in FUNCTIONS and isinstance(function.value, ast.Name) and function.value.id == "re"
    return isinstance(function, ast.Name) and function.id in FUNCTIONS


def _flags(expression):
    if isinstance(expression, ast.Attribute):
        return FLAGS.get(expression.attr, 0)
    if isinstance(expression, ast.Name):
        return FLAGS.get(expression.id, 0)
    if isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.BitOr):
        return _flags(expression.left) | _flags(expression.right)
    return 0


def values_by_name(nodes):
    """The expressions each name is assigned from or iterates over."""
    values = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
            targets, value = [node.target], node.value
        elif isinstance(node, (ast.For, ast.comprehension)):
            targets, value = [node.target], node.iter
        else:
            continue
        for target in targets:
            for name in ast.walk(target):
                if isinstance(name, ast.Name) and value is not None:
                    values.setdefault(name.id, []).append(value)
    return values


def literals(expression, values, depth):
    """String literals an expression can be, as far as that is plain to see."""
    if isinstance(expression, ast.Constant):
        if type(expression.value) is str:
            yield expression.value
    elif isinstance(expression, (ast.List, ast.Tuple, ast.Set)):
        for element in expression.elts:
            yield from literals(element, values, depth)
    elif isinstance(expression, ast.Dict):
        for element in expression.values + [key for key in expression.keys if key]:
            yield from literals(element, values, depth)
    elif isinstance(expression, ast.Call) and isinstance(expression.func, ast.Attribute) and expression.func.attr in ("items", "values"):
        yield from literals(expression.func.value, values, depth)
    elif isinstance(expression, ast.Name) and depth:
        for value in values.get(expression.id, ()):
            yield from literals(value, values, depth - 1)
