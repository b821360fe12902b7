"""Templates of Jinja that stand in a program's source, compiled along with it.

Compiling a prompt of a page costs a fresh guest 15 ms, every time; a warm process pays once. So literals that look like
templates are compiled when the source is, for the environments that the source makes, and travel with its code.
`Environment.compile` finds them under their text and everything of the environment that compiling looks at, or compiles
as ever: nothing changes but the time.
"""

import ast

import jinja2
import jinja2.sandbox
from jinja2 import nodes
from jinja2.utils import internalcode

from .patterns import literals, values_by_name

# More than a program of this kind writes, and a bound for one that is all templates.
MOST_TEMPLATES = 16
LONGEST_TEMPLATE = 50_000

CLASSES = {kind.__name__: kind for kind in (jinja2.Environment, jinja2.sandbox.SandboxedEnvironment, jinja2.sandbox.ImmutableSandboxedEnvironment)}
UNDEFINED = {kind.__name__: kind for kind in (jinja2.Undefined, jinja2.StrictUndefined, jinja2.ChainableUndefined, jinja2.DebugUndefined)}
OPTIONS = ("block_start_string", "block_end_string", "variable_start_string", "variable_end_string", "comment_start_string", "comment_end_string",
           "line_statement_prefix", "line_comment_prefix", "trim_blocks", "lstrip_blocks", "newline_sequence", "keep_trailing_newline")
# What constants in templates are computed with, as it is before a program runs.
FILTERS, TESTS = dict(jinja2.defaults.DEFAULT_FILTERS), dict(jinja2.defaults.DEFAULT_TESTS)
POLICIES = dict(jinja2.defaults.DEFAULT_POLICIES)

_compile = jinja2.Environment.compile


def found(source):
    """What `keep` takes, for every template of the source; None when there is none."""
    if "jinja2" not in source:
        return None
    kept = {}
    for text, environment in _pairs(ast.parse(source.removeprefix("\ufeff"))):
        key = _key(environment)
        if len(kept) < MOST_TEMPLATES and len(text) <= LONGEST_TEMPLATE and key and (text, key) not in kept:
            kept[text, key] = _code(environment, text)
    return [(*key, code) for key, code in kept.items() if code] or None


def keep(templates):
    """Has `Environment.compile` look here first."""
    kept = {(text, key): code for text, key, code in templates}

    @internalcode
    def compile(self, source, name=None, filename=None, raw=False, defer_init=False):
        if type(source) is str and name is None and filename is None and not raw and not defer_init:
            code = kept.get((source, _key(self)))
            if code is not None:
                return code
        return _compile(self, source, name, filename, raw, defer_init)

    compile.__doc__, compile.__qualname__ = _compile.__doc__, _compile.__qualname__
    jinja2.Environment.compile = compile


def _code(environment, text):
    """The code; None for a template that fails, which must happen where it is used, and for one that may compute long."""
    try:
        if next(environment.parse(text).find_all(nodes.Pow), None) is not None:
            return None
        return _compile(environment, text)
    except Exception:
        return None


def _key(environment):
    """Everything of an environment that compiling looks at; None when it is out of the ordinary."""
    kind = type(environment)
    ordinary = (
        CLASSES.get(kind.__name__) is kind
        and UNDEFINED.get(environment.undefined.__name__) is environment.undefined
        and not environment.extensions
        and environment.finalize is None
        and environment.optimized
        and not environment.is_async
        and environment.code_generator_class is jinja2.compiler.CodeGenerator
        and not getattr(environment, "intercepted_binops", ())
        and not getattr(environment, "intercepted_unops", ())
        and environment.policies == POLICIES
        and _has(environment.filters, FILTERS)
        and _has(environment.tests, TESTS)
    )
    if not ordinary:
        return None
    autoescape = environment.autoescape
    escaped = bool(autoescape(None) if callable(autoescape) else autoescape)
    return kind.__name__, environment.undefined.__name__, escaped, *[getattr(environment, option) for option in OPTIONS]


def _has(table, usual):
    """Programs add filters; those that they exchange would have to be asked again for constants."""
    return all(table.get(name) is function for name, function in usual.items())


def _pairs(tree):
    """(template, environment) of the calls that make templates: literals, and literals assigned to the name that is used."""
    nodes = list(ast.walk(tree))
    values = values_by_name(nodes)
    makers = [node for node in nodes if isinstance(node, ast.Call) and _name(node.func) in CLASSES]
    for call in nodes:
        if not isinstance(call, ast.Call) or not call.args:
            continue
        if _name(call.func) == "Template":
            made_by = [call]
        elif _name(call.func) == "from_string" and isinstance(call.func, ast.Attribute):
            base = call.func.value
            known = values.get(base.id, ()) if isinstance(base, ast.Name) else [base]
            made_by = [maker for maker in known if maker in makers] or makers
        else:
            continue
        for text in literals(call.args[0], values, 3):
            for maker in made_by:
                for environment in _environments(maker):
                    yield text, environment


def _environments(maker):
    """What a call of `Environment` or `Template` makes; both ways where it does not stand there whether it escapes."""
    options = {}
    autoescape = [False]
    for keyword in maker.keywords:
        if keyword.arg in OPTIONS and isinstance(keyword.value, ast.Constant):
            options[keyword.arg] = keyword.value.value
        elif keyword.arg == "undefined" and _name(keyword.value) in UNDEFINED:
            options["undefined"] = UNDEFINED[_name(keyword.value)]
        elif keyword.arg == "autoescape":
            autoescape = [bool(keyword.value.value)] if isinstance(keyword.value, ast.Constant) else [True, False]
    for escaped in autoescape:
        try:
            yield CLASSES.get(_name(maker.func), jinja2.Environment)(autoescape=escaped, **options)
        except Exception:
            pass


def _name(expression):
    return expression.attr if isinstance(expression, ast.Attribute) else getattr(expression, "id", None)
