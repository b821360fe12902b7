"""Which function of a program is called, and with what: see "Entries" in README.md."""

import inspect
from uuid import uuid4

from . import failures

# What other services call the entry: asked for where there is no `main`.
HANDLERS = ("handler", "lambda_handler")

# A parameter of one of these types does not mean the whole input.
NO_OBJECTS = {"str", "int", "float", "bool", "bytes", "list", "List", "tuple", "Tuple", "set", "Set", "Sequence", "Iterable"}

LONGEST_LIST = 1000


class Context:
    """What a handler gets beside the event. Of what other services tell there, this much is known here."""

    function_version = "$LATEST"

    def __init__(self, function_name):
        self.function_name = function_name
        self.aws_request_id = str(uuid4())

    def __getattr__(self, name):
        raise AttributeError(f"the context of a handler has function_name, function_version and aws_request_id here, and no {name}")


def of(namespace):
    """The program's entry, to be called with the input's keys."""
    main = namespace.get("main")
    if main is not None:
        return main
    for name in HANDLERS:
        handler = namespace.get(name)
        if callable(handler):
            return _of_handler(handler, namespace["__name__"])
    raise failures.Refused("NameError", "the program defines no function named main, nor a handler(event, context)")


def _of_handler(handler, program):
    def main(**event):
        return handler(event, Context(program)) if _takes_context(handler) else handler(event)

    main.__doc__ = handler.__doc__
    returns = getattr(handler, "__annotations__", {}).get("return", main)
    if returns is not main:
        main.__annotations__ = {"return": returns}
    return main


def _takes_context(handler):
    try:
        inspect.signature(handler).bind(None)
    except TypeError:
        return True
    return False


def arguments(main, values):
    """The arguments of a `main` that does not take all of the input's keys by their names: the input itself, or some by their
    positions. None: it cannot be called."""
    if takes_whole(main, values):
        return (values,), {}
    try:
        signature = inspect.signature(main)
        first = [parameter.name for parameter in signature.parameters.values() if parameter.kind is parameter.POSITIONAL_ONLY]
        given = [values[name] for name in first if name in values]
        named = {name: value for name, value in values.items() if name not in first}
        signature.bind(*given, **named)
    except Exception:
        return None
    # A gap would move the later ones.
    return (given, named) if first[: len(given)] == [name for name in first if name in values] else None


def takes_whole(main, keys=()):
    """Whether the input itself is meant: the only parameter has no default, is no key of the input, and its type, if it
    says one, may be an object's."""
    try:
        parameters = list(inspect.signature(main).parameters.values())
    except Exception:
        return False
    if len(parameters) != 1 or parameters[0].default is not inspect.Parameter.empty:
        return False
    parameter = parameters[0]
    if parameter.name in keys:
        return False
    return parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD) and _may_be_object(parameter.annotation)


def _may_be_object(annotation):
    text = annotation if isinstance(annotation, str) else getattr(getattr(annotation, "__origin__", annotation), "__name__", "")
    return text.partition("[")[0].rpartition(".")[2] not in NO_OBJECTS


def refused(error, main, values):
    """A call that could not be made, told with what `main` takes and what there is."""
    if not callable(main):
        return failures.Refused("TypeError", f"main is not callable but of type {type(main).__name__}: let it be a function")
    try:
        takes = _listed(map(_parameter, inspect.signature(main).parameters.values())) or "nothing"
    except Exception:
        return error
    has = _listed(values)
    return failures.Refused("TypeError", f"{error} (main takes {takes}; the input {'has ' + has if has else 'is empty'})")


def _parameter(parameter):
    prefix = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    return prefix + parameter.name + ("" if parameter.default is parameter.empty else "=…")


def _listed(names):
    text = ", ".join(names)
    return text if len(text) <= LONGEST_LIST else text[:LONGEST_LIST] + "…"
