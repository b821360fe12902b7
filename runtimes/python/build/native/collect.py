"""Takes what the image needs from a meson build folder (./build): Python files, and one object per extension module.

    collect.py NINJA ZIG OUT [MODULE-TO-LEAVE-OUT...]
"""

import json
import shutil
import subprocess
import sys
import tomllib
from email.parser import HeaderParser
from pathlib import Path

SITE = "{py_platlib}/"
# Read by compilers and type checkers only.
NOT_FOR_THE_GUEST = {".pyi", ".pxd", ".pyx", ".pxi", ".h", ".hpp", ".c", ".cpp", ".a", ".pc", ".typed", ".in", ".template", ".src"}


def introspect(what):
    return json.loads(Path(f"build/meson-info/intro-{what}.json").read_text())


def inputs(ninja, target):
    """The objects and archives that a target would be linked from, in order."""
    told = subprocess.run([ninja, "-C", "build", "-t", "query", target], check=True, capture_output=True, text=True).stdout
    names = []
    for line in told.partition("input:")[2].partition("outputs:")[0].splitlines()[1:]:
        name = line.strip().removeprefix("| ")
        if name.endswith((".o", ".a")) and name not in names:
            names.append(name)
    return [f"build/{name}" for name in names]


def join_modules(ninja, zig, out, left_out):
    joiner = Path(__file__).with_name("module_object.py")
    for target in introspect("targets"):
        if target["type"] != "shared module":
            continue
        file = Path(target["filename"][0]).relative_to(Path("build").resolve())
        place = target["install_filename"][0].partition("/site-packages/")[2]
        module = place.removesuffix(".so").replace("/", ".")
        if module in left_out:
            continue
        result = out / "objects" / f"{module}.o"
        subprocess.run([sys.executable, "-I", joiner, zig, module, result, *inputs(ninja, str(file))], check=True)


def copy_files(out):
    plan = introspect("install_plan")
    for kind in ("python", "configure", "install_subdirs"):
        for source, told in plan.get(kind, {}).items():
            if not told["destination"].startswith(SITE) or told["tag"] == "devel":
                continue
            folder = "tests" if told["tag"] == "tests" else "site-packages"
            target = out / folder / told["destination"].removeprefix(SITE)
            if Path(source).is_dir():
                excluded = shutil.ignore_patterns("__pycache__", *(told.get("exclude_dirs") or ()), *(told.get("exclude_files") or ()))
                shutil.copytree(source, target, dirs_exist_ok=True, ignore=excluded)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
    site = out / "site-packages"
    for file in [file for file in site.rglob("*") if file.is_file()]:
        inside = file.relative_to(site)
        if "tests" in inside.parts[:-1] or inside.name == "conftest.py":
            target = out / "tests" / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            file.rename(target)
        elif file.suffix in NOT_FOR_THE_GUEST:
            file.unlink()
    for folder in sorted((path for path in site.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def describe(out):
    """What importlib.metadata reads, as pip would leave it."""
    told = Path("source/PKG-INFO").read_text()
    headers = HeaderParser().parsestr(told)
    folder = out / "site-packages" / f"{headers['Name']}-{headers['Version']}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(told)
    for licence in headers.get_all("License-File", ()):
        target = folder / "licenses" / licence
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path("source") / licence, target)
    groups = tomllib.loads(Path("source/pyproject.toml").read_text())["project"].get("entry-points", {})
    lines = []
    for group, entries in groups.items():
        lines += [f"[{group}]", *(f"{name} = {target}" for name, target in entries.items()), ""]
    (folder / "entry_points.txt").write_text("\n".join(lines))


def main(ninja, zig, out, *left_out):
    join_modules(ninja, zig, Path(out), left_out)
    copy_files(Path(out))
    describe(Path(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
