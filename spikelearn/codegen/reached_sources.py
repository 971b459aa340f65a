"""The sources of spikelearn that generated code can reach, for the keys of caches.

What a compiled function reaches, it reaches through imports: those of its module, of the modules that these import, and
so on. Imports are read in the text of the files, wherever they stand in it; nothing is imported for that. A change of
one neuron model leaves the machine code of all others as it is.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ROOMS = ("kernels", "neurons", "synapses", "plasticity", "sources", "connectivity")
"""The folders of spikelearn with functions that are compiled."""
COMPILER = ("codegen.jit", "codegen.intrinsics", "codegen.object_cache", "codegen.optimised", "codegen.whole_entries")
"""The modules that compile them: part of every key."""
_PACKAGE = Path(__file__).parents[1]
_ROOT = str(_PACKAGE)
"""Places are handled as text: this is done in each process, and objects of pathlib take most of its time."""
_IMPORT = re.compile(r"from spikelearn([\w.]*) import (\([^)]*\)|[^\n]*)")
"""At the beginning of a line; without `^`, it is found faster."""
_WHOLE = re.compile(r"^[ \t]*(?:import spikelearn\b|from \.)", re.MULTILINE)
"""Imports that do not say which names are used: they reach everything."""
_REMARK = re.compile(r"#[^\n]*")
_NAME = re.compile(r"(?:^|,)\s*(\w+|\*)")


def is_in_keys(module: str) -> bool:
    """Whether a module is of spikelearn's ROOMS, or compiles them: its source is in the key of what can reach it."""
    top, _, rest = module.partition(".")
    return top == "spikelearn" and (rest.partition(".")[0] in ROOMS or rest in COMPILER)


def all_sources() -> list[Path]:
    """Every source that any key can have."""
    compiler = [path for name in COMPILER if (path := _file(f".{name}")) is not None]
    return compiler + [path for room in ROOMS for path in sorted((_PACKAGE / room).rglob("*.py"))]


def reached_by(text: str) -> set[Path]:
    """The sources in ROOMS that a text can reach through its imports."""
    found: set[Path] = set()
    waiting = list(_imported_by(text))
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _source(path).imports
    return {path for path in found if _place(path).partition("/")[0] in ROOMS}


def digest_by(text: str) -> str:
    """A hash of the sources that a text can reach, and of no others."""
    return "".join(_digest_from(path) for path in sorted(_imported_by(text), key=_place))


def digest_of(module: str) -> str:
    """A hash of all sources that the functions of a module can reach, its own among them; of a package, of ROOMS."""
    path = _file(module.removeprefix("spikelearn"))
    return _digest_from(path) if path is not None else digest(all_sources())


@functools.cache
def _digest_from(path: Path) -> str:
    name = _place(path).removesuffix(".py").replace("/", ".")
    return digest({path, *reached_by(f"from spikelearn.{name} import *")})


def digest(sources: Iterable[Path]) -> str:
    """A hash of the places and contents of sources."""
    each = sorted(f"{_place(path)} {_source(path).digest}" for path in sources)
    return hashlib.sha256("\n".join(each).encode()).hexdigest()


class _Source(NamedTuple):
    """digest: of the content of a file. imports: the files that it imports from."""

    digest: str
    imports: frozenset[Path]


@functools.cache
def _source(path: Path) -> _Source:
    content = path.read_bytes()
    text = content.decode()
    says_no_names = ("import spikelearn" in text or "from ." in text) and _WHOLE.search(text)
    imports = frozenset(all_sources() if says_no_names else _imported_by(text))
    return _Source(hashlib.sha256(content).hexdigest(), imports)


def _imported_by(text: str) -> set[Path]:
    """The files that a text imports from: submodules, and of packages the `__init__` if another name is asked for."""
    files: set[Path | None] = set()
    for found in _IMPORT.finditer(text):
        if not text[text.rfind("\n", 0, found.start()) + 1 : found.start()].strip():
            module, names = found.groups()
            if (file := _file(module)) is not None:
                files.add(file)
            else:
                names = _NAME.findall(_REMARK.sub("", names).strip("() \n"))
                files.update(_file(f"{module}.{name}") or _file(f"{module}.__init__") for name in names)
    return {file for file in files if file is not None}


@functools.cache
def _file(module: str) -> Path | None:
    """The file of a module, if it is no package. module: its name after "spikelearn"."""
    path = f"{_ROOT}{module.replace('.', os.sep)}.py"
    return Path(path) if os.path.isfile(path) else None


@functools.cache
def _place(path: Path) -> str:
    """Where in the package a source is: "neurons/lif.py"."""
    return str(path)[len(_ROOT) + 1 :].replace(os.sep, "/")
