"""Compiles and runs the program of a request. `run`, `compile_program`, `prepare` and `call` get the request's fields,
absent ones as None, and answer with a flat tuple of response tags and values (abi.h)."""

import atexit
import builtins
import gc
import io
import json
import logging
import marshal
import os
import sys
import time
from types import CoroutineType, ModuleType

from _ampoule_guest import awaits, have_wheel, open_for_writing, read_json

from . import entry as entries
from . import failures, modules, patterns, results, seeds, signatures, templates, wheels
from .compiling import BODY_NAME, compiled

MAIN, BODY, SCRIPT = 1, 2, 3
KIND, RESULT, CODE, SIGNATURE = 16, 17, 4, 23
COMPLETED = 0

# What most programs are called. A place for it is kept ready, so that they write to fewer pages of the snapshot.
USUAL_FILE, USUAL_NAME = "main.py", "main"

_exit_callbacks = 0

# What `prepare` leaves for `call`: the program's module, and its source by its file name.
_kept = None


def compile_program(entry, file_name, source, input_json, code, extra_modules, environment):
    try:
        code = compiled(file_name, source, entry == BODY, _parsed(input_json))
        regexes = patterns.found(source)
        texts = templates.found(source)
        codes = wheels.compiled() if have_wheel() else None
        if extra_modules is not None or regexes or texts or codes:
            code = (code, modules.compiled(extra_modules), regexes, texts, codes)
        return (KIND, COMPLETED, CODE, marshal.dumps(code))
    except BaseException as error:
        return failures.answer(error, {file_name: source})


def run(entry, file_name, source, input_json, code, extra_modules, environment):
    try:
        values = _parsed(input_json)
        code, namespace = _begun(entry, file_name, source, values, code, extra_modules, environment)
        try:
            if entry == MAIN:
                _top_level(code, namespace)
                result = _called(namespace, values)
            else:
                result = _executed(entry, code, namespace, values)
        except SystemExit as error:
            if error.code is not None and error.code != 0:
                raise
            result = None
        finally:
            _run_exit_functions()
        return (KIND, COMPLETED, RESULT, results.encode(result))
    except BaseException as error:
        return failures.answer(error, _sources() | {file_name: source})
    finally:
        if open_for_writing():
            _flush_open_files()


def prepare(entry, file_name, source, input_json, code, extra_modules, environment):
    """The first half of a run: what the top level leaves is kept for `call`."""
    global _kept
    try:
        if entry != MAIN:
            raise failures.Refused("ValueError", "only a program whose entry is main has a top level apart from its call")
        code, namespace = _begun(entry, file_name, source, {}, code, extra_modules, environment)
        seeds.watch()
        try:
            _top_level(code, namespace)
            main = entries.of(namespace)
        except BaseException as error:
            _run_exit_functions()
            if isinstance(error, SystemExit) and (error.code is None or error.code == 0):
                raise failures.Refused("SystemExit", "the program ended itself at its top level: there is nothing left to call") from None
            raise
        signature = signatures.told(main)
        seeds.settle()
        _flush_output()
        _kept = (namespace, {file_name: source})
        return (KIND, COMPLETED) if signature is None else (KIND, COMPLETED, SIGNATURE, signature)
    except BaseException as error:
        if open_for_writing():
            _flush_open_files()
        return failures.answer(error, _sources() | {file_name: source})


def call(entry, file_name, source, input_json, code, extra_modules, environment):
    """The second half of a run, in a guest that starts where `prepare` has ended."""
    namespace, sources = _kept
    try:
        values = _parsed(input_json)
        if environment is not None:
            _set(environment)
        if have_wheel():
            wheels.add(None)
        try:
            result = _called(namespace, values)
        except SystemExit as error:
            if error.code is not None and error.code != 0:
                raise
            result = None
        finally:
            _run_exit_functions()
        return (KIND, COMPLETED, RESULT, results.encode(result))
    except BaseException as error:
        return failures.answer(error, _sources() | sources)
    finally:
        if open_for_writing():
            _flush_open_files()


def _set(environment):
    """The request's variables; the zone among them holds from the beginning, as in a process."""
    os.environ.update(environment)
    if "TZ" in environment:
        time.tzset()


def _begun(entry, file_name, source, values, code, extra_modules, environment):
    """Sets up everything that a program finds when it starts; its code and its empty module."""
    codes, wheel_codes = {}, None
    if code is None:
        code = compiled(file_name, source, entry == BODY, values)
    else:
        code = marshal.loads(code)
        if type(code) is tuple:
            code, codes, regexes, texts, wheel_codes = code
            if regexes:
                patterns.keep(regexes)
            if texts:
                templates.keep(texts)
    if extra_modules is not None:
        modules.install(extra_modules, codes)
    if environment is not None:
        _set(environment)
    if have_wheel():
        wheels.add(wheel_codes)
    if file_name != USUAL_FILE:
        sys.argv[0] = file_name
        del sys.modules[USUAL_NAME]
    return code, _module("__main__" if entry == SCRIPT else _module_name(file_name), file_name, source)


def _sources():
    """The texts of the request's modules by their file names."""
    return {loader.path: loader.text for loader in modules.finder.sources.values()}


def _run_exit_functions():
    if atexit._ncallbacks() != _exit_callbacks or logging._handlerList:
        atexit._run_exitfuncs()


# A program's frames lie as deep in `prepare` and `call` as they do in `run`: the limit of recursion counts from the bottom.


def _top_level(code, namespace):
    exec(code, namespace)


def _called(namespace, values):
    main = entries.of(namespace)
    # A decorated function's wrapper takes anything.
    arguments = ((values,), {}) if getattr(main, "__wrapped__", None) and entries.takes_whole(main, values) else None
    if arguments is None:
        try:
            result = main(**values)
        except TypeError as error:
            # Only what the call itself raises has no frames below this one.
            if error.__traceback__.tb_next is not None:
                raise
            arguments = entries.arguments(main, values)
            if arguments is None:
                raise entries.refused(error, main, values) from None
    if arguments is not None:
        result = main(*arguments[0], **arguments[1])
    if type(result) is CoroutineType or hasattr(type(result), "__await__"):
        result = _awaited(result)
    return result


def _executed(entry, code, namespace, values):
    exec(code, namespace)
    if entry == SCRIPT:
        return None
    body = namespace.pop(BODY_NAME)
    names = body.__code__.co_varnames[: body.__code__.co_argcount]
    for name in values:
        if name not in names:
            namespace[name] = values[name]
    result = body(**{name: values[name] for name in names})
    if type(result) is CoroutineType or hasattr(type(result), "__await__"):
        result = _awaited(result)
    return result


def _awaited(awaitable):
    import asyncio

    async def wait():
        return await awaitable

    coroutine = awaitable if type(awaitable) is CoroutineType else wait()
    awaits(coroutine)
    try:
        return asyncio.run(coroutine)
    finally:
        awaits(None)


def _parsed(input_json):
    if input_json is None:
        return {}
    value = read_json(input_json)
    if value is not NotImplemented:
        return value
    try:
        return json.loads(input_json)
    except ValueError:
        # Only an integer of more digits than `int` converts by default can fail here: the host has parsed the text.
        limit = sys.get_int_max_str_digits()
        sys.set_int_max_str_digits(0)
        try:
            return json.loads(input_json)
        finally:
            sys.set_int_max_str_digits(limit)


def _module_name(file_name):
    """The file's stem, unless a module of that name is loaded already: `json.py` must not replace `json`."""
    stem = file_name.rpartition("/")[2].partition(".")[0]
    return stem + "_" if stem in sys.modules and stem != USUAL_NAME else stem


def _module(name, file_name, source):
    module = ModuleType(name)
    namespace = module.__dict__
    namespace["__file__"] = file_name
    namespace["__builtins__"] = builtins
    namespace["__loader__"] = modules.Source(name, file_name, source)
    sys.modules[name] = module
    return namespace


# ---- the end ----


def _flush_open_files():
    """Writes out what files that the program left open still hold back. Collected objects of the image are not
    looked at: they hold no open files."""
    for thing in gc.get_objects():
        if isinstance(thing, (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)) and not thing.closed:
            try:
                thing.flush()
            except Exception:
                pass


def _flush_output():
    """What the top level has printed belongs to it, also where the program has put a buffer of its own before the output."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, (io.TextIOWrapper, io.BufferedWriter)) and not stream.closed:
            try:
                stream.flush()
            except Exception:
                pass


def at_snapshot():
    """Remembers what the image itself has registered for the end."""
    global _exit_callbacks, _kept
    _kept = None
    sys.modules[USUAL_NAME] = None
    sys.argv = [USUAL_FILE]
    logging._handlerList.clear()
    _exit_callbacks = atexit._ncallbacks()
