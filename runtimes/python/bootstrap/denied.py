"""What the sandbox lacks, said in words. Network calls are refused in lib/_socket.py."""

import errno
import multiprocessing
import multiprocessing.context
import multiprocessing.process
import os
import subprocess
import sys
import threading

NETWORK_LIBRARIES = frozenset(
    "requests httpx aiohttp urllib3 httplib2 websocket websockets socketio paramiko ftputil boto3 botocore openai anthropic "
    "redis pymongo psycopg psycopg2 pymysql mysql sqlalchemy kafka pika grpc zmq smtplib2 telegram slack_sdk tweepy".split()
)


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


class Explainer:
    """The last finder: says why a module is not there. Only where an import would fail anyway: a mere question
    (importlib.util.find_spec) is answered with None as usual."""

    def find_spec(self, name, path=None, target=None):
        if path is not None or sys._getframe(2).f_code.co_name != "_find_and_load_unlocked":
            return None
        if name in NETWORK_LIBRARIES:
            why = "the sandbox has no network, so libraries that need it are not part of this image"
        elif name.lstrip("_") in sys.stdlib_module_names or name in sys.stdlib_module_names:
            why = "this part of the standard library needs what the sandbox does not have"
        else:
            why = "it is not part of this image"
        raise ModuleNotFoundError(f"No module named {name!r} ({why})", name=name)


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
