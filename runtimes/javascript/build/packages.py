"""Prints what the files of packages offer: a package a line, its name and then its modules, each with a `+` if it is evaluated
before the snapshot and a `-` if not."""

import sys
import tomllib

for path in sys.argv[1:]:
    with open(path, "rb") as file:
        for source in tomllib.load(file)["source"]:
            modules = source.get("modules", [])
            if modules:
                print(source["package"], *(("+" if name in source["preimported"] else "-") + name for name in modules))
