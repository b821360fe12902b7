"""What the sandbox lacks, said in words. Network calls are refused in lib/_socket.py."""

import errno
import multiprocessing
import multiprocessing.context
import multiprocessing.process
import os
import subprocess
import threading


def no_network(*args, **options):
    raise OSError(errno.ENETUNREACH, "this sandbox has no network")


def no_processes(*args, **options):
    raise OSError(errno.ENOTSUP, "the sandbox cannot start processes")


def _no_threads(*args, **options):
    raise RuntimeError("the sandbox has no threads: can't start new thread")


def _without_processes(package):
    """But for pools, which work without (inline.py)."""
    package.process.BaseProcess.start = no_processes
    for name in ("Manager", "Pipe", "Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore", "Event", "Barrier",
                 "Queue", "JoinableQueue", "SimpleQueue", "Value", "Array", "RawValue", "RawArray"):
        setattr(package.context.BaseContext, name, no_processes)
        setattr(package, name, no_processes)


def at_boot():
    for name in ("system", "popen", "fork", "forkpty", "execv", "execve", "execvp", "execvpe", "execl", "execle", "execlp",
                 "execlpe", "spawnv", "spawnve", "spawnl", "spawnle", "spawnlp", "spawnvp", "posix_spawn", "kill"):
        setattr(os, name, no_processes)
    _without_processes(multiprocessing)
    subprocess.Popen.__init__ = no_processes
    subprocess.Popen.__del__ = lambda self: None
    threading._start_joinable_thread = _no_threads
    import _thread

    _thread.start_new_thread = _thread.start_new = _thread.start_joinable_thread = _no_threads
