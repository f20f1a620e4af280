"""Another source for one module of the backend, in a process that has imported it already."""

import importlib
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

PACKAGE = "reference.backend"


def replace_module(name: str, source: str) -> None:
    """Import the whole backend again, with this source in the module's place; what serves is the new one."""
    serving = importlib.import_module(f"{PACKAGE}.__main__")
    place = Path(str(importlib.import_module(name).__file__))
    for known in [known for known in sys.modules if known == PACKAGE or known.startswith(f"{PACKAGE}.")]:
        del sys.modules[known]
    sys.meta_path.insert(0, _Finder(name, _Loader(name, str(place), source)))
    serving.main = importlib.import_module(f"{PACKAGE}.__main__").main  # type: ignore[attr-defined]


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        # Not from the file, and not from what is cached of it.
        return compile(self._source, self.get_filename(fullname), "exec", dont_inherit=True)


class _Finder:
    def __init__(self, name: str, loader: _Loader) -> None:
        self._name = name
        self._loader = loader

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        return spec_from_file_location(fullname, self._loader.path, loader=self._loader)
