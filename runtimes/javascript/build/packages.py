"""Prints what packages.toml offers: a package a line, its name and then its modules."""

import sys
import tomllib

with open(sys.argv[1], "rb") as file:
    for source in tomllib.load(file)["source"]:
        if "preimported" in source:
            print(source["package"], *source["preimported"])
