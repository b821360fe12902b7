"""Executors and pools where there are neither threads nor processes: what is handed to them is done at once, in order."""

import concurrent.futures
import multiprocessing.pool
import os
from concurrent.futures import _base, process, thread


def _submit(broken, failed):
    """`submit` of an executor: a future that is done when it is returned. `broken` is raised once an initializer has failed."""

    def submit(self, fn, /, *args, **kwargs):
        if self._broken:
            raise broken(self._broken)
        if self._shutdown:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future = _base.Future()
        initializer, self._initializer = self._initializer, None
        if initializer is not None:
            try:
                initializer(*self._initargs)
            except BaseException:
                _base.LOGGER.critical("Exception in initializer:", exc_info=True)
                self._broken = failed
                future.set_exception(broken(failed))
                return future
        thread._WorkItem(future, fn, args, kwargs).run()
        return future

    submit.__doc__, submit.__qualname__ = _base.Executor.submit.__doc__, "Executor.submit"
    return submit


class ProcessPoolExecutor(_base.Executor):
    """As CPython's, but that nothing is pickled, and that functions see what they change."""

    def __init__(self, max_workers=None, mp_context=None, initializer=None, initargs=(), *, max_tasks_per_child=None):
        if max_workers is not None and max_workers <= 0:
            raise ValueError("max_workers must be greater than 0")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        self._max_workers = max_workers or os.process_cpu_count() or 1
        self._initializer, self._initargs = initializer, initargs
        self._broken = self._shutdown = False

    submit = _submit(process.BrokenProcessPool, "A process in the process pool was terminated abruptly while the future was running or pending.")

    def map(self, fn, *iterables, timeout=None, chunksize=1):
        if chunksize < 1:
            raise ValueError("chunksize must be >= 1.")
        return super().map(fn, *iterables, timeout=timeout)

    def shutdown(self, wait=True, *, cancel_futures=False):
        self._shutdown = True


_as_completed = _base.as_completed


def as_completed(fs, timeout=None):
    fs = list(dict.fromkeys(fs))
    if all(isinstance(future, _base.Future) and future.done() for future in fs):
        return iter(fs)
    return _as_completed(fs, timeout)


as_completed.__doc__ = _as_completed.__doc__


class AsyncResult:
    """What a call of a pool came to."""

    def __init__(self, call, callback=None, error_callback=None):
        self._error = None
        try:
            self._value = call()
        except Exception as error:
            self._error = error
            if error_callback:
                error_callback(error)
        else:
            if callback:
                callback(self._value)

    def get(self, timeout=None):
        if self._error is not None:
            raise self._error
        return self._value

    def wait(self, timeout=None):
        pass

    def ready(self):
        return True

    def successful(self):
        return self._error is None


class IMapIterator:
    """Results, each computed when it is asked for; the rest when the pool is joined."""

    def __init__(self, func, iterable):
        self._func, self._items, self._done = func, iter(iterable), []

    def __iter__(self):
        return self

    def __next__(self):
        result = self._done.pop(0) if self._done else AsyncResult(lambda item=next(self._items): self._func(item))
        return result.get()

    def next(self, timeout=None):
        return self.__next__()

    def _finish(self):
        self._done += [AsyncResult(lambda: self._func(item)) for item in self._items]


class Pool:
    """multiprocessing.Pool, as ProcessPoolExecutor is."""

    def __init__(self, processes=None, initializer=None, initargs=(), maxtasksperchild=None, context=None):
        if processes is not None and processes < 1:
            raise ValueError("Number of processes must be at least 1")
        if initializer is not None and not callable(initializer):
            raise TypeError("initializer must be a callable")
        self._processes = processes or os.process_cpu_count() or 1
        self._state, self._iterators = multiprocessing.pool.RUN, []
        if initializer is not None:
            initializer(*initargs)

    def _check_running(self):
        if self._state != multiprocessing.pool.RUN:
            raise ValueError("Pool not running")

    def apply(self, func, args=(), kwds={}):
        return self.apply_async(func, args, kwds).get()

    def apply_async(self, func, args=(), kwds={}, callback=None, error_callback=None):
        self._check_running()
        return AsyncResult(lambda: func(*args, **kwds), callback, error_callback)

    def map(self, func, iterable, chunksize=None):
        return self.map_async(func, iterable).get()

    def map_async(self, func, iterable, chunksize=None, callback=None, error_callback=None):
        self._check_running()
        return AsyncResult(lambda: [func(item) for item in iterable], callback, error_callback)

    def starmap(self, func, iterable, chunksize=None):
        return self.starmap_async(func, iterable).get()

    def starmap_async(self, func, iterable, chunksize=None, callback=None, error_callback=None):
        self._check_running()
        return AsyncResult(lambda: [func(*items) for items in iterable], callback, error_callback)

    def imap(self, func, iterable, chunksize=1):
        self._check_running()
        self._iterators.append(IMapIterator(func, iterable))
        return self._iterators[-1]

    imap_unordered = imap

    def close(self):
        if self._state == multiprocessing.pool.RUN:
            self._state = multiprocessing.pool.CLOSE

    def terminate(self):
        self._state = multiprocessing.pool.TERMINATE

    def join(self):
        if self._state == multiprocessing.pool.RUN:
            raise ValueError("Pool is still running")
        while self._state == multiprocessing.pool.CLOSE and self._iterators:
            self._iterators.pop()._finish()

    def __enter__(self):
        self._check_running()
        return self

    def __exit__(self, *error):
        self.terminate()


class ThreadPool(Pool):
    def __init__(self, processes=None, initializer=None, initargs=()):
        super().__init__(processes, initializer, initargs)


def at_boot():
    thread.ThreadPoolExecutor.submit = _submit(thread.BrokenThreadPool, "A thread initializer failed, the thread pool is not usable anymore")
    ProcessPoolExecutor.__module__ = process.__name__
    concurrent.futures.ThreadPoolExecutor = thread.ThreadPoolExecutor
    concurrent.futures.ProcessPoolExecutor = process.ProcessPoolExecutor = ProcessPoolExecutor
    concurrent.futures.as_completed = _base.as_completed = as_completed
    for kind in (Pool, ThreadPool, AsyncResult, IMapIterator):
        kind.__module__ = multiprocessing.pool.__name__
        setattr(multiprocessing.pool, kind.__name__, kind)
    multiprocessing.pool.ApplyResult = multiprocessing.pool.MapResult = AsyncResult
    multiprocessing.pool.IMapUnorderedIterator = IMapIterator
