"""The locales that there are: those of a Linux container to which none were added. The C library here takes any name,
and does nothing of what it says."""

import locale
import os

import _locale

# In the order of precedence, as setlocale(3) has it for an empty name.
VARIABLES = {
    _locale.LC_CTYPE: "LC_CTYPE", _locale.LC_COLLATE: "LC_COLLATE", _locale.LC_TIME: "LC_TIME", _locale.LC_MONETARY: "LC_MONETARY",
    _locale.LC_NUMERIC: "LC_NUMERIC", _locale.LC_MESSAGES: "LC_MESSAGES",
}

_setlocale = _locale.setlocale


def _is_there(name):
    return name in ("C", "POSIX") or name[:2] == "C." and name[2:].lower() in ("utf-8", "utf8")


def setlocale(category, locale=None, /):
    if isinstance(locale, str):
        # A query of all categories gives names for each, which are taken back.
        names = locale.split(";") if locale else _asked_for(category)
        if not all(map(_is_there, names)):
            raise _locale.Error("unsupported locale setting")
    return _setlocale(category, locale)


def _asked_for(category):
    variables = [VARIABLES[category]] if category in VARIABLES else VARIABLES.values()
    return [os.environ.get("LC_ALL") or os.environ.get(variable) or os.environ.get("LANG") or "C" for variable in variables]


def at_boot():
    _locale.setlocale = locale._setlocale = setlocale
