"""What the sandbox lacks, said in words. Network calls are refused in lib/_socket.py."""

import errno
import multiprocessing
import multiprocessing.context
import multiprocessing.process
import os
import subprocess
import sys
import threading

LIBRARY = "/usr/lib/python3.13"
PACKAGES = f"{LIBRARY}/site-packages"

NETWORK_LIBRARIES = frozenset(
    "aiohttp httplib2 websocket websockets socketio paramiko ftputil boto3 botocore openai anthropic azure jira llama_index langchain "
    "redis pymongo psycopg psycopg2 pymysql mysql sqlalchemy kafka pika grpc zmq smtplib2 telegram slack_sdk tweepy".split()
)
# Where a name is not there, what does the same.
INSTEAD = {
    "ruamel": "yaml", "simplejson": "json", "orjson": "json", "ujson": "json", "lxml": "bs4 or xml.etree.ElementTree", "chardet": "charset_normalizer",
    "cchardet": "charset_normalizer", "regex": "re", "pydantic": "dataclasses or jsonschema", "PyPDF2": "pypdf", "fitz": "pypdf",
    "docx": "zipfile and xml.etree.ElementTree", "xlrd": "openpyxl", "xlsxwriter": "openpyxl", "pendulum": "dateutil", "arrow": "dateutil",
    "jose": "jwt", "cryptography": "hashlib, hmac, rsa or jwt", "Crypto": "hashlib, hmac or rsa", "toml": "tomllib", "tomli": "tomllib",
}
# Modules of MicroPython, which some lists of libraries name: with the module of Python that has it, or nothing.
MICROPYTHON = dict.fromkeys("machine neopixel micropython music speech radio power microbit query7".split()) | {
    "uarray": "array", "ucollections": "collections", "uerrno": "errno", "urandom": "random", "ustruct": "struct", "ustructu": "struct",
    "usys": "sys", "utime": "time", "ure": "re", "uos": "os", "uio": "io", "uhashlib": "hashlib", "ubinascii": "binascii",
}


def no_network(*args, **options):
    raise OSError(errno.ENETUNREACH, "this sandbox has no network")


def no_processes(*args, **options):
    raise OSError(errno.ENOTSUP, "the sandbox cannot start processes")


def _no_threads(*args, **options):
    raise RuntimeError("the sandbox has no threads: can't start new thread")


def _without_processes(package):
    package.process.BaseProcess.start = no_processes
    for name in ("Pool", "Manager", "Pipe", "Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore", "Event", "Barrier",
                 "Queue", "JoinableQueue", "SimpleQueue", "Value", "Array", "RawValue", "RawArray"):
        setattr(package.context.BaseContext, name, no_processes)
        setattr(package, name, no_processes)


def packages():
    """The names of the image's packages that programs import."""
    names = {entry.removesuffix(".py") for entry in os.listdir(PACKAGES) if "dist-info" not in entry}
    return ", ".join(sorted((name for name in names if not name.startswith("_")), key=str.lower))


def why_missing(name):
    if name in MICROPYTHON:
        module = MICROPYTHON[name]
        return "it is a module of MicroPython's, which runs on boards" + (f"; here it is {module}" if module else "")
    if name in NETWORK_LIBRARIES:
        return "the sandbox has no network, so libraries that need it are not part of this image"
    if name.lstrip("_") in sys.stdlib_module_names or name in sys.stdlib_module_names:
        return "this part of the standard library needs what the sandbox does not have"
    instead = f"; {INSTEAD[name]} may do instead" if name in INSTEAD else ""
    return f"it is not part of this image{instead}. Besides the standard library there are: {packages()}"


class Explainer:
    """The last finder: says why a module is not there. Only where an import would fail anyway: a mere question
    (importlib.util.find_spec) is answered with None as usual."""

    def find_spec(self, name, path=None, target=None):
        if path is not None or sys._getframe(2).f_code.co_name != "_find_and_load_unlocked":
            return None
        raise ModuleNotFoundError(f"No module named {name!r} ({why_missing(name)})", name=name)


def at_boot():
    sys.meta_path.append(Explainer())
    for name in ("system", "popen", "fork", "forkpty", "execv", "execve", "execvp", "execvpe", "execl", "execle", "execlp",
                 "execlpe", "spawnv", "spawnve", "spawnl", "spawnle", "spawnlp", "spawnvp", "posix_spawn", "kill"):
        setattr(os, name, no_processes)
    _without_processes(multiprocessing)
    subprocess.Popen.__init__ = no_processes
    subprocess.Popen.__del__ = lambda self: None
    threading._start_joinable_thread = _no_threads
    import _thread

    _thread.start_new_thread = _thread.start_new = _thread.start_joinable_thread = _no_threads
