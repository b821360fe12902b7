"""Runs once, at image build: imports what programs use most, so that an execution finds it done, and warms the paths
every execution takes (caches fill, bytecode specialises)."""

import sys

from . import missing

sys.path.append(missing.PACKAGES)

# Some of these import packages.
from . import denied, failures, inline, locales, loop, modules, program, results, seeds, signatures
from .program import call, compile_program, prepare, run

PREIMPORTED = """
    __future__ abc argparse array ast asyncio base64 binascii bisect builtins bz2 calendar cmath codecs collections.abc
    concurrent.futures configparser contextlib contextvars copy copyreg csv ctypes dataclasses datetime decimal difflib
    email.message email.mime.multipart email.mime.text email.parser email.policy email.utils encodings.ascii encodings.cp1252
    encodings.hex_codec encodings.idna encodings.latin_1 encodings.punycode encodings.raw_unicode_escape
    encodings.unicode_escape encodings.utf_16 encodings.utf_32 encodings.utf_8_sig enum errno fnmatch fractions functools gc
    getpass glob graphlib gzip hashlib heapq hmac html html.entities html.parser http http.client http.cookies importlib.metadata
    importlib.resources importlib.util inspect io ipaddress itertools json keyword linecache locale logging logging.handlers
    lzma math mimetypes numbers opcode operator optparse os os.path pathlib pickle pkgutil platform plistlib pprint
    queue quopri random re reprlib secrets select selectors shelve shlex shutil signal socket sqlite3 ssl stat statistics string
    stringprep struct subprocess symtable sysconfig tarfile tempfile textwrap threading time timeit token tokenize tomllib
    traceback types typing unicodedata unittest unittest.mock urllib.error urllib.parse urllib.request uuid warnings weakref
    xml.dom.minidom xml.etree.ElementTree xml.sax xml.sax.saxutils zipfile zlib zoneinfo
    _pydatetime _pydecimal _pyio _pylong _strptime _colorize
""".split()


def _import_all():
    import importlib
    import re

    for name in PREIMPORTED:
        try:
            importlib.import_module(name)
        except ImportError:
            pass  # what WASI cannot have
    with open("/usr/lib/python3.13/_ampoule/preimported") as names:
        for name in names.read().split():
            importlib.import_module(name)
    # What the packages compiled they keep; a full cache would drop its oldest for each pattern of a program.
    re.purge()


def _warm():
    from . import warm, warm_packages

    warm_packages.run_all()
    warm.run_all()


def _site_builtins():
    """What the module `site` adds for people: exit, quit and help."""
    import _sitebuiltins
    import builtins

    builtins.exit = _sitebuiltins.Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.quit = _sitebuiltins.Quitter("quit", "Ctrl-D (i.e. EOF)")
    builtins.help = _sitebuiltins._Helper()


def _gaps():
    """What CPython leaves out on WASI although the guest has it."""
    import os
    import time

    import _ampoule_guest

    os.dup2 = _ampoule_guest.dup2
    time.tzset = _ampoule_guest.tzset


def _environment():
    import os

    os.environ.update({"HOME": "/work", "TMPDIR": "/tmp", "LANG": "C.UTF-8", "PATH": ""})


class _ExecutionStart:
    """What `logging` subtracts from the time of a record: when this execution began."""

    def __rsub__(self, now):
        import time

        return time.monotonic_ns()


def _forget():
    """Drops what the warm-up left behind and what must be new in every execution."""
    import gc
    import linecache
    import logging
    import random
    import tempfile

    import _ampoule_guest

    for name in ("warm", "warm_data", "main"):
        sys.modules.pop(name, None)
    linecache.clearcache()
    logging._startTime = _ExecutionStart()
    _ampoule_guest.forget(random._inst)
    random._inst.gauss_next = None
    tempfile._name_sequence = None  # it has a generator of its own
    _ampoule_guest.forget_sqlite()
    sys.modules["numpy.random"].mtrand._rand._bit_generator._forget()
    program.at_snapshot()
    loop.at_snapshot()
    gc.collect()


_import_all()
denied.at_boot()
inline.at_boot()
locales.at_boot()
missing.at_boot()
modules.at_boot()
loop.at_boot()
seeds.at_boot()
_site_builtins()
_gaps()
_environment()
sys.path.append("/work")
_warm()
_forget()
