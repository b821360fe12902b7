"""What `main` takes and gives, as JSON: see "Signatures" in README.md."""

from types import FunctionType

from . import entry, results

LONGEST_DEFAULT, LONGEST_TEXT = 1000, 4000


def told(main):
    """JSON text in UTF-8, or None if it cannot be known."""
    import inspect

    try:
        signature = inspect.signature(main)
        whole = entry.takes_whole(main)
        told = {"parameters": [], "open": whole}
        for parameter in signature.parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD:
                told["open"] = True
            elif parameter.kind is parameter.KEYWORD_ONLY or parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
                told["parameters"].append(_parameter(parameter) | ({"required": False} if whole else {}))
            elif parameter.kind is parameter.POSITIONAL_ONLY and parameter.default is parameter.empty and not whole:
                return None  # what it takes has no names of its own
        if signature.return_annotation is not signature.empty:
            told["returns"] = _text(signature.return_annotation)
        if type(main) is FunctionType and type(main.__doc__) is str:
            told["doc"] = inspect.cleandoc(main.__doc__)[:LONGEST_TEXT]
        return results.encode(told)
    except Exception:
        return None


def _parameter(parameter):
    told = {"name": parameter.name, "required": parameter.default is parameter.empty}
    if not told["required"]:
        try:
            if len(results.encode(parameter.default)) <= LONGEST_DEFAULT:
                told["default"] = parameter.default
        except Exception:
            pass  # a value that JSON cannot tell
    if parameter.annotation is not parameter.empty:
        told["annotation"] = _text(parameter.annotation)
    return told


def _text(annotation):
    if type(annotation) is str:
        return annotation[:LONGEST_TEXT]
    import inspect

    return inspect.formatannotation(annotation)[:LONGEST_TEXT]
