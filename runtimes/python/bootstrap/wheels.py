"""Wheels among a request's files: their modules are importable, read from the wheel as it is.

Compiling them takes longer than most programs run. So what `compile_program` leaves of a program holds their code, as far as
there is not too much of it, and an execution finds it here.
"""

import marshal
import os
import sys
import zipimport

from . import missing

NATIVE = (".so", ".pyd", ".dylib")
# Source of all wheels together, in bytes, that is compiled ahead. It takes half a second at the first execution of a program; beyond
# that (Faker has 3 MB, of which an execution imports a part) modules are compiled where they are imported.
MOST = 1 << 20


class Wheel(zipimport.zipimporter):
    """Imports from a wheel, or from a folder in one, by code that was compiled earlier where there is some."""

    codes = {}

    def _place(self, fullname):
        """Where the source of a module is, as `__file__` tells it."""
        path, members = self.prefix + fullname.rpartition(".")[2], self._get_files()
        member = next((member for member in (f"{path}/__init__.py", f"{path}.py") if member in members), None)
        return member and f"{self.archive}/{member}"

    def get_code(self, fullname):
        code = self.codes.get(self._place(fullname))
        return super().get_code(fullname) if code is None else marshal.loads(code)

    def get_filename(self, fullname):
        # zipimport compiles a module to tell where it is.
        return self._place(fullname) or super().get_filename(fullname)


def _found():
    """The wheels below the working directory: path and name."""
    for folder, folders, names in os.walk("/work"):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".whl"):
                yield f"{folder}/{name}", name


def compiled():
    """Code of the wheels' modules by their places. What cannot be compiled, or read, is left out: it fails where it is imported."""
    wheels, size = [], 0
    for path, _ in _found():
        try:
            wheel = zipimport.zipimporter(path)
            members = wheel._get_files()
        except Exception:
            continue
        if not any(name.endswith(NATIVE) for name in members):
            sources = {f"{path}/{name}": member for name, member in members.items() if name.endswith(".py")}
            wheels.append((wheel, sources))
            size += sum(member[3] for member in sources.values())  # before it was packed
    if size > MOST:
        return {}
    codes = {}
    for wheel, sources in wheels:
        for place in sources:
            try:
                codes[place] = marshal.dumps(compile(wheel.get_data(place), place, "exec", dont_inherit=True))
            except Exception:
                pass
    return codes


def add(codes):
    """Puts the wheels below the working directory on the path, behind everything that is there."""
    if codes:
        Wheel.codes = codes
    for path, name in _found():
        if path not in sys.path:
            _add(path, name)


def _add(path, name):
    try:
        importer = Wheel(path)
    except zipimport.ZipImportError:
        missing.REASONS[name.partition("-")[0]] = f"{name}, a file of the request, is no wheel: it cannot be read as a zip file"
        return
    members = list(importer._get_files())
    native = next((member for member in members if member.endswith(NATIVE)), None)
    if native is None:
        sys.path_importer_cache[path] = importer
        for folder in {member.rpartition("/")[0] for member in members if member.endswith(".py")} - {""}:
            sys.path_importer_cache[f"{path}/{folder}"] = Wheel(f"{path}/{folder}")
        sys.path.append(path)
        return
    reason = f"{name}, a file of the request, holds native code ({native}), which the sandbox cannot load: it takes wheels of pure Python, py3-none-any"
    for top in {member.partition("/")[0].partition(".")[0] for member in members}:
        if top.isidentifier():
            missing.REASONS[top] = reason
