"""Entries that come with the package as they were lowered: Numba's part of their compilation is done.

That is some two thirds of what a first network waits for. Such code depends on neither the processor nor the version of
Python, so LLVM, which knows the processor, makes of it what it makes of the same entry compiled here, byte for byte.
`scripts/prepare.py` writes the file before a wheel is built; one in a checkout holds until sources change, and without
it everything is compiled. An entry has the hash of its text, of all sources that it can reach and of the compilers as
its name, like those in the cache, and is used only if its content has the hash that stands before it.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spikelearn.atomic_files import replacing
from spikelearn.codegen.optimised import optimised

FILE = Path(__file__).parents[1] / "prepared.zip"
_DIGEST = 32
_noted: list[dict[str, Lowered]] = []


class Lowered:
    """An entry as `jit.entry` returns it, of which only LLVM's part is left."""

    def __init__(self, native_name: str, bitcode: bytes, unswitched: int | None, wide: bool) -> None:
        self.native_name, self.bitcode, self.unswitched, self.wide = native_name, bitcode, unswitched, wide

    def module(self) -> Any:
        """Its code, optimised."""
        return optimised(self.bitcode, self.unswitched, self.wide)

    def __bytes__(self) -> bytes:
        head = json.dumps({"name": self.native_name, "unswitched": self.unswitched, "wide": self.wide})
        content = head.encode() + b"\n" + self.bitcode
        return hashlib.sha256(content).digest() + content


def find(key: str) -> Lowered | None:
    """The entry of a key; None if there is none, or if it is damaged."""
    archive = _archive()
    if archive is None or key not in archive.NameToInfo:
        return None
    try:
        content = archive.read(key)
    except Exception:
        return None
    if hashlib.sha256(content[_DIGEST:]).digest() != content[:_DIGEST]:
        return None
    head, _, bitcode = content[_DIGEST:].partition(b"\n")
    about = json.loads(head)
    return Lowered(about["name"], bitcode, about["unswitched"], about["wide"])


@contextmanager
def noting() -> Iterator[dict[str, Lowered]]:
    """A mapping that collects, by key, all entries that are compiled meanwhile and that other processes can use."""
    noted: dict[str, Lowered] = {}
    _noted.append(noted)
    try:
        yield noted
    finally:
        _noted.remove(noted)


def note(key: str, compiled: Any) -> None:
    """Add an entry, as `jit.entry` returns it, to what is collected."""
    if _noted and hasattr(compiled, "module") and compiled.module() is not None:
        for noted in _noted:
            noted[key] = Lowered(compiled.native_name, compiled.bitcode, compiled.unswitched, compiled.wide)


def write(entries: Mapping[str, Lowered]) -> None:
    """Replace the file by one with these entries, by their keys."""
    import zipfile

    with replacing(FILE) as path, zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for key in sorted(entries):
            archive.writestr(zipfile.ZipInfo(key), bytes(entries[key]), zipfile.ZIP_LZMA)


@functools.cache
def _archive() -> Any:
    if not FILE.exists():
        return None
    import zipfile

    try:
        return zipfile.ZipFile(FILE)
    except (OSError, zipfile.BadZipFile):
        return None
