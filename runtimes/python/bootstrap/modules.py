"""The request's own modules: importable by name, packages by dots, with sources for tracebacks and `inspect`."""

import sys
from importlib.machinery import ModuleSpec


class Source:
    """The loader of a program or of one of its modules: knows its source, which `linecache` and `inspect` ask for."""

    __slots__ = ("name", "path", "text", "code")

    def __init__(self, name, path, text, code=None):
        self.name, self.path, self.text, self.code = name, path, text, code

    def get_source(self, name=None):
        return self.text

    def get_filename(self, name=None):
        return self.path

    def is_package(self, name=None):
        return self.path.endswith("/__init__.py")

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        exec(self.code or self.compiled(), module.__dict__)

    def compiled(self):
        return compile(self.text, self.path, "exec", dont_inherit=True)


class Finder:
    """Answers for the names in `sources`; with none, at the cost of a look-up in an empty dict."""

    sources = {}

    def find_spec(self, name, path=None, target=None):
        loader = self.sources.get(name)
        if loader is None:
            return None
        spec = ModuleSpec(name, loader, origin=loader.path, is_package=loader.is_package())
        spec.has_location = True
        if spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(loader.path.removesuffix("/__init__.py"))
        return spec


finder = Finder()


def named(texts):
    """The loaders of a request's modules by name. A module whose name leads another's is a package, and one that ends in
    `.__init__` is its package's own; a package without a source of its own is empty."""
    if not texts:
        return {}
    own = {name.removesuffix(".__init__"): text for name, text in texts.items() if name.endswith(".__init__")}
    packages = set(own)
    texts = {name: text for name, text in texts.items() if not name.endswith(".__init__")} | own
    for name in texts:
        while "." in name:
            name = name.rpartition(".")[0]
            packages.add(name)
    loaders = {}
    for name in sorted(packages | texts.keys()):
        path = name.replace(".", "/") + ("/__init__.py" if name in packages else ".py")
        loaders[name] = Source(name, path, texts.get(name, "").removeprefix("\ufeff"))
    return loaders


def compiled(texts):
    """The code of each module by name. One that cannot be compiled is left out: it fails where it is imported."""
    codes = {}
    for name, loader in named(texts).items():
        try:
            codes[name] = loader.compiled()
        except (SyntaxError, ValueError):
            pass
    return codes


def install(texts, codes):
    """Makes the modules importable. They come before those of the image, as a script's neighbours do: one that is
    loaded already gives way, while the library's own references to it stay."""
    finder.sources = loaders = named(texts)
    for name, loader in loaders.items():
        loader.code = codes.get(name)
        sys.modules.pop(name, None)
    return loaders


def at_boot():
    sys.meta_path.insert(0, finder)
