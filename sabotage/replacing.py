"""Other sources for modules of the backend, in a process that has imported it already."""

import importlib
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

PACKAGE = "reference.backend"
BACKEND = Path(__file__).parents[1] / "reference" / "backend"


def replace_modules(sources: Mapping[str, str]) -> None:
    """Import the whole backend again, with these sources in the modules' places; what serves is the new one."""
    serving = importlib.import_module(f"{PACKAGE}.__main__")
    for known in [known for known in sys.modules if known == PACKAGE or known.startswith(f"{PACKAGE}.")]:
        del sys.modules[known]
    sys.meta_path.insert(0, _Finder({f"{PACKAGE}.{module}": source for module, source in sources.items()}))
    serving.main = importlib.import_module(f"{PACKAGE}.__main__").main  # type: ignore[attr-defined]


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        # Not from the file, and not from what is cached of it.
        return compile(self._source, self.get_filename(fullname), "exec", dont_inherit=True)


class _Finder:
    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self._sources:
            return None
        place = str(BACKEND / f"{fullname.rpartition('.')[2]}.py")
        return spec_from_file_location(fullname, place, loader=_Loader(fullname, place, self._sources[fullname]))
