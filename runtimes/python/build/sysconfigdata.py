"""Writes the module that `sysconfig` reads its build-time variables from. The one that CPython's own build generates
is full of paths of the building machine, so this one is made from pyconfig.h and the guest's own places.

usage: sysconfigdata.py PYCONFIG_H > MODULE
"""

import pprint
import sys
import sysconfig

PLACES = {
    "ABIFLAGS": "",
    "EXT_SUFFIX": ".cpython-313-wasm32-wasi.so",
    "HOST_GNU_TYPE": "wasm32-unknown-wasip1",
    "INCLUDEPY": "/usr/include/python3.13",
    "LIBDEST": "/usr/lib/python3.13",
    "LIBDIR": "/usr/lib",
    "MACHDEP": "wasi",
    "MULTIARCH": "wasm32-wasi",
    "PYTHONPATH": "",
    "Py_DEBUG": 0,
    "Py_ENABLE_SHARED": 0,
    "Py_GIL_DISABLED": 0,
    "SHLIB_SUFFIX": ".so",
    "SOABI": "cpython-313-wasm32-wasi",
    "TZPATH": "/usr/share/zoneinfo",
    "VERSION": "3.13",
    "exec_prefix": "/usr",
    "prefix": "/usr",
}

with open(sys.argv[1]) as header:
    variables = sysconfig.parse_config_h(header)
variables.update(PLACES)
print("# The build-time variables of this interpreter, for `sysconfig`.")
print("build_time_vars =", pprint.pformat(variables, compact=True, width=120))
