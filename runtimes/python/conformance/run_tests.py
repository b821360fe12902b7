"""Runs one module of CPython's own tests inside the guest; the result is what became of each test.

tests/conformance/python.rs sends this program with the module's files below the working directory. It does what
`python -m test` does and leaves out what needs processes."""

import collections
import fnmatch
import importlib
import os
import random
import sys
import time
import traceback
import types
import unittest


def main(module, exclude=(), only=None, stubs=(), sockets=False):
    """`exclude` and `only`: patterns of test names. `stubs`: modules to stand in for. `sockets`: claim that there are
    some, so that what asyncio does without them is tested."""
    prepare(stubs, sockets)
    try:
        loaded = importlib.import_module("test." + module)
    except unittest.SkipTest as reason:
        return {"skipped_whole": str(reason)}
    suite = unittest.defaultTestLoader.loadTestsFromModule(loaded)
    if only:
        take_out(suite, lambda name: not matches(name, only))
    excluded = take_out(suite, lambda name: matches(name, exclude))
    stale = [pattern for pattern in exclude if not fnmatch.filter(excluded, pattern)]
    total = suite.countTestCases()
    results = Results()
    suite.run(results)
    return {
        "passed": results.passed,
        "expected_failures": len(results.expectedFailures),
        # Also those whose class or module was skipped before any of its tests began.
        "skipped": total - results.passed - len(results.expectedFailures) - len(results.failed),
        "skip_reasons": results.reasons,
        "excluded": len(excluded),
        "stale_exclusions": [] if only else stale,
        "failures": results.told,
        "slowest": results.slowest(),
    }


def prepare(stubs, sockets):
    for name in stubs:
        sys.modules[name] = Stub(name)
    sys.path.insert(0, os.getcwd())
    os.mkdir("/tmp/run")
    os.chdir("/tmp/run")
    random.seed(20)
    from test import support

    support.verbose = False
    # The optional parts of the tests that need neither a network nor minutes.
    support.use_resources = {"decimal", "tzdata"}
    support.has_socket_support |= sockets
    support.record_original_stdout(sys.stdout)


class Stub(types.ModuleType):
    """Stands in for an extension module that only tests have. Tests that call something of it skip themselves; without
    it, their whole module could not be imported."""

    # Asked while modules are imported, to decide what to skip.
    get_config = staticmethod(lambda: {"code_debug_ranges": 1})
    get_immortalize_deferred = staticmethod(lambda: False)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)

        def skip(*args, **options):
            raise unittest.SkipTest(f"needs {self.__name__}, which only tests have")

        return skip


def matches(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def take_out(suite, unwanted):
    """Takes tests out of a suite and returns their names."""
    taken, kept = [], []
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            taken += take_out(test, unwanted)
            kept.append(test)
        elif unwanted(test.id()):
            taken.append(test.id())
        else:
            kept.append(test)
    suite._tests = kept
    return taken


class Results(unittest.TestResult):
    """Counts tests; subtests only show up when they fail."""

    def __init__(self):
        super().__init__()
        self.passed = 0
        self.failed = set()
        self.told = []
        self.reasons = collections.Counter()
        self.times = {}
        self.began = 0.0

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        self.times[test.id()] = time.monotonic() - self.began

    def addSuccess(self, test):
        self.passed += 1

    def addSkip(self, test, reason):
        self.reasons[reason] += 1

    def addFailure(self, test, failure):
        self.tell(test, test, "failure", failure)

    def addError(self, test, failure):
        self.tell(test, test, "error", failure)

    def addSubTest(self, test, subtest, failure):
        if failure is not None:
            self.tell(test, subtest, "failure" if issubclass(failure[0], test.failureException) else "error", failure)

    def addUnexpectedSuccess(self, test):
        self.tell(test, test, "unexpected success", None)

    def tell(self, test, part, kind, failure):
        text = "" if failure is None else "".join(traceback.format_exception(*failure))
        # What went wrong in setUpClass is no test, and makes one fail that would else count as skipped.
        self.failed.add(test.id())
        self.told.append({"test": part.id(), "kind": kind, "traceback": text[-4000:]})

    def slowest(self):
        longest = sorted(self.times.items(), key=lambda item: -item[1])[:3]
        return {name: round(seconds, 2) for name, seconds in longest}
