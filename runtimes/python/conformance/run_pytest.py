"""Runs tests of a package with pytest inside the guest; the result is what became of each test.

tests/conformance/packages.rs sends this program with pytest, the package's tests and all they need below `site`, laid out
as in site-packages."""

import collections
import importlib
import os
import re
import sys
import types
import unittest

INSTALLED = "/usr/lib/python3.13/site-packages"


def main(targets, options=(), exclude=(), only=None, part=(0, 1)):
    """`targets`: files and folders below site-packages. `exclude` and `only`: patterns of test ids, in which `*` stands
    for any text. `part`: which of how many equal parts of the tests to run."""
    site = os.path.abspath("site")
    install(site)
    stand_in()
    import pytest

    results = Results(exclude, only, part)
    os.mkdir("/tmp/run")
    os.chdir("/tmp/run")
    arguments = [
        "--rootdir=" + site,
        "--import-mode=append",
        "--assert=plain",
        "--capture=sys",
        "--tb=native",
        "-qq",
        "--no-header",
        "--no-summary",
        "-pno:faulthandler",
        "-pno:cacheprovider",
        "-p_hypothesis_pytestplugin",
    ]
    # What tests ask for that need more, they say so and skip.
    os.environ["NPY_AVAILABLE_MEM"] = "400MB"
    # Plugins that other packages of the image offer are no part of this.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    status = pytest.main(arguments + list(options) + [f"{site}/{target}" for target in targets], plugins=[results])
    return results.told(int(status))


def install(site):
    """Makes the tests part of the packages, whose own folders cannot be written to: each package also looks in its
    folder below `site`. To pytest, that is a package by its `__init__.py`."""
    sys.path.append(site)
    for where, folders, names in os.walk(site):
        folder = os.path.relpath(where, site)
        if "__init__.py" not in names and os.path.exists(f"{INSTALLED}/{folder}/__init__.py"):
            importlib.import_module(folder.replace("/", ".")).__path__.append(where)
            open(f"{where}/__init__.py", "x").close()
    # It then is not where pytest thinks it is.
    os.environ["PY_IGNORE_IMPORTMISMATCH"] = "1"


def stand_in():
    # pytest names its temporary folder by the user, and checks whose it is.
    os.getuid = lambda: 0
    # Whole modules of tests import it for a few of them; NumPy itself shall have noticed that it is not there.
    importlib.import_module("numpy.ctypeslib")
    sys.modules["ctypes"] = Absent("ctypes")


class Absent(types.ModuleType):
    """Stands in for a module that the sandbox does not have. Modules of tests can be imported with it; a test that uses
    something of it skips."""

    def __getattr__(self, name):
        if name.startswith("__") or name == "pythonapi":
            raise AttributeError(name)
        return self.use(name)

    def use(self, *args, **options):
        # Set by pytest while a test runs.
        if "PYTEST_CURRENT_TEST" in os.environ:
            raise unittest.SkipTest(f"needs {self.__name__.partition('.')[0]}, which the sandbox does not have")
        return Absent(f"{self.__name__}.part")

    __call__ = __mul__ = use

    def __mro_entries__(self, bases):
        return ()


class Results:
    """A plugin of pytest: picks the tests and counts them."""

    def __init__(self, exclude, only, part):
        self.exclude = [(pattern, expression(pattern)) for pattern in exclude]
        self.only = only and [expression(pattern) for pattern in only]
        self.part = part
        self.stale = set(exclude)
        self.counts = collections.Counter()
        self.reasons = collections.Counter()
        self.failures = []
        self.times = collections.Counter()

    def pytest_collection_modifyitems(self, items, config):
        which, of = self.part
        length = -(-len(items) // of)
        kept = []
        for number, item in enumerate(items):
            covering = [pattern for pattern, expression in self.exclude if expression.fullmatch(item.nodeid)]
            self.stale.difference_update(covering)
            if number // max(length, 1) != which:
                continue
            if self.only is not None and not any(expression.fullmatch(item.nodeid) for expression in self.only):
                continue
            if covering:
                self.counts["excluded"] += 1
            else:
                kept.append(item)
        items[:] = kept

    def pytest_collectreport(self, report):
        if report.failed:
            self.fail(report)
        elif report.skipped:
            self.counts["skipped"] += 1
            self.reasons[report.longrepr[2]] += 1

    def pytest_runtest_logstart(self, nodeid):
        # The last one is the one in which a guest ended.
        print(nodeid, file=sys.__stderr__)

    def pytest_runtest_logreport(self, report):
        self.times[report.nodeid] += report.duration
        if report.failed:
            self.fail(report)
        elif report.skipped:
            expected = hasattr(report, "wasxfail")
            self.counts["expected_failures" if expected else "skipped"] += 1
            self.reasons[f"expected failure: {report.wasxfail}" if expected else report.longrepr[2]] += 1
        elif report.when == "call":
            self.counts["passed"] += 1

    def fail(self, report):
        kind = getattr(report, "when", None) or "collect"
        text = report.longreprtext
        self.failures.append({"test": report.nodeid, "kind": kind, "traceback": text[-3000:]})

    def told(self, status):
        return {
            "status": status,
            **self.counts,
            "skip_reasons": self.reasons,
            "stale_exclusions": sorted(self.stale),
            "failures": self.failures,
            "slowest": {name: round(seconds, 2) for name, seconds in self.times.most_common(3)},
        }


def expression(pattern):
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
