"""Prints what the files of packages offer: a package a line, its name and then its modules, each with a `+` if it is evaluated
before the snapshot and a `-` if not. A package without one that is begins with a `-`."""

import sys
import tomllib

for path in sys.argv[1:]:
    with open(path, "rb") as file:
        for source in tomllib.load(file)["source"]:
            modules = source.get("modules", [])
            if modules:
                package = source["package"] if source["preimported"] else f"-{source['package']}"
                print(package, *(("+" if name in source["preimported"] else "-") + name for name in modules))
