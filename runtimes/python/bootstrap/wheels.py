"""Wheels among a request's files: their modules are importable, read from the wheel as it is."""

import os
import sys
import zipimport

from . import missing

NATIVE = (".so", ".pyd", ".dylib")


def add():
    """Puts the wheels below the working directory on the path, behind everything that is there."""
    for folder, folders, names in os.walk("/work"):
        folders.sort()
        for name in sorted(names):
            path = f"{folder}/{name}"
            if name.endswith(".whl") and path not in sys.path:
                _add(path, name)


def _add(path, name):
    try:
        importer = zipimport.zipimporter(path)
    except zipimport.ZipImportError:
        missing.REASONS[name.partition("-")[0]] = f"{name}, a file of the request, is no wheel: it cannot be read as a zip file"
        return
    members = list(importer._get_files())
    native = next((member for member in members if member.endswith(NATIVE)), None)
    if native is None:
        sys.path_importer_cache[path] = importer
        sys.path.append(path)
        return
    reason = f"{name}, a file of the request, holds native code ({native}), which the sandbox cannot load: it takes wheels of pure Python, py3-none-any"
    for top in {member.partition("/")[0].partition(".")[0] for member in members}:
        if top.isidentifier():
            missing.REASONS[top] = reason
