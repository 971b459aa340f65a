"""Opening HDF5 files so that they survive a crash of their writer, whatever their contents.

All errors are RunFileError and name the file. No locks are taken: they could only block readers.

All writing goes through a DiskFile, which HDF5 never sees fail, and which can be read at any time, even if the process
is killed. It is then still marked as being written, its recorded size may be out of date, and changes may be pending:
it is read through a view in which all three are corrected.
"""

from __future__ import annotations

import io
import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import h5py

from spikelearn import atomic_files
from spikelearn.errors import RunFileError, SpikelearnError
from spikelearn.io.disk_file import DiskFile, PositionedFile, pending
from spikelearn.regular_files import open_regular

T = TypeVar("T")


class Damaged(Exception):
    """A defect found while reading a file. It becomes a RunFileError that names the file."""


# The oldest HDF5 with streamed files: every newer version can read them.
_LIBRARY_BOUNDS = ("v110", "v110")

# The superblock, version 3: signature, version, sizes of offsets and lengths, marks, addresses of base,
# extension, end of file and root group, checksum of all that. Of the versions and options only these are ours;
# an extension would change how HDF5 reads the file.
_SUPERBLOCK = struct.Struct("<8s4B4QI")
_OURS = 3, 8, 8
_NOWHERE = (1 << 64) - 1
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_ATTEMPTS = 5


@contextmanager
def replacing(path: Path) -> Iterator[h5py.File]:
    """A new file that replaces `path` once it is complete; until then `path` is unchanged."""
    if not path.parent.is_dir():
        raise RunFileError(f"{path}: cannot be written: there is no directory {path.parent}")
    with explained(path, "cannot be written"), atomic_files.replacing(path) as temporary:
        with closing(DiskFile(temporary)) as disk:
            with h5py.File(disk, "w", libver=_LIBRARY_BOUNDS) as file:
                try:
                    yield file
                except Exception:
                    if disk.error is None:
                        raise
            disk.commit()


def open_for_streaming(path: Path) -> tuple[h5py.File, DiskFile]:
    """Open a file made by `replacing`, to append to its datasets: it can be read as it was at the last commit."""
    disk = DiskFile(path)
    try:
        return h5py.File(disk, "r+", libver=_LIBRARY_BOUNDS), disk
    except BaseException:
        disk.close()
        raise


def read(path: Path, reader: Callable[[h5py.File], T]) -> T:
    """Return `reader(file)`; the file may be complete, being written, or left by a writer that crashed.

    Raises RunFileError if the file is missing, not an HDF5 file, truncated or damaged.
    """
    for attempt in range(_ATTEMPTS):
        try:
            with explained(path, "broken or truncated, expected a whole run file"), _opened(path) as file:
                return reader(file)
        except RunFileError:
            # A writer may have changed a block while it was being read; a second attempt reads it whole.
            if attempt == _ATTEMPTS - 1 or not _is_marked(path):
                raise
            time.sleep(0.02)
    raise AssertionError("unreachable")


@contextmanager
def explained(path: Path, what: str) -> Iterator[None]:
    """Turn any h5py error into a RunFileError that names the file."""
    try:
        yield
    except SpikelearnError:
        raise
    except Damaged as damage:
        raise RunFileError(f"{path}: {damage}") from None
    except Exception as error:
        raise RunFileError(f"{path}: {what}: {atomic_files.reason(error, path.parent)}") from error


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    with _regular(path) as raw:
        start = raw.read(_SUPERBLOCK.size)
        _check_superblock(start)

        def at(position: int, n: int) -> bytes:
            raw.seek(position)
            return raw.read(n)

        # HDF5 marks files that it writes, but not all: changes may be pending in a file without a mark.
        size, changes = pending(at, os.fstat(raw.fileno()).st_size)
        if not changes and not _marks(start):
            with h5py.File(path, "r", locking=False) as file:
                yield file
            return
        for position, data in changes:
            if position == 0:
                start = data[: _SUPERBLOCK.size]
        view = _PatchedFile(raw, [*changes, (0, _mended(start, size))], size)
        with h5py.File(view, "r") as file:
            yield file


def _regular(path: Path) -> io.BufferedReader:
    try:
        return open_regular(path)
    except FileNotFoundError:
        raise RunFileError(f"{path}: there is no such file; expected a run file") from None
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read: {error.strerror}; expected a run file") from error


def _check_superblock(start: bytes) -> None:
    if start[:8] != _SIGNATURE:
        raise Damaged("not an HDF5 file; expected a run file, as `save` writes it")
    if len(start) < _SUPERBLOCK.size:
        raise Damaged(f"broken or truncated, expected a whole run file: it has {len(start)} bytes")
    _, version, offsets, lengths, _, base, extension, *_, checksum = _SUPERBLOCK.unpack(start)
    if (version, offsets, lengths) != _OURS or base or extension != _NOWHERE:
        raise Damaged("an HDF5 file, but not a run file: expected one as `save` writes it")
    if checksum != _lookup3(start[:-4]):
        raise Damaged(f"broken: the checksum of the first {len(start)} bytes is wrong")


def _marks(start: bytes) -> int:
    """The superblock's marks; nonzero in a file that is being written or whose writer was killed."""
    return start[11]


def _is_marked(path: Path) -> bool:
    with suppress(RunFileError, OSError, Damaged), _regular(path) as raw:
        start = raw.read(_SUPERBLOCK.size)
        _check_superblock(start)
        return bool(_marks(start))
    return False


def _mended(start: bytes, size: int) -> bytes:
    """The superblock with marks cleared and the true size, as h5clear would write it."""
    _check_superblock(start)
    *fields, _ = _SUPERBLOCK.unpack(start)
    marks, end_of_file = 4, 7  # indices of these fields
    if size < fields[end_of_file]:
        raise Damaged(f"truncated: {size} bytes, expected at least {fields[end_of_file]}")
    fields[marks], fields[end_of_file] = 0, size
    mended = _SUPERBLOCK.pack(*fields, 0)[:-4]
    return mended + struct.pack("<I", _lookup3(mended))


class _PatchedFile(PositionedFile):
    """A readable file of `size` bytes with changes, (position, bytes), of which the last counts. It does not grow."""

    def __init__(self, raw: io.BufferedReader, changes: list[tuple[int, bytes]], size: int) -> None:
        self._raw, self._changes, self._size, self._position = raw, changes, size, 0

    def readinto(self, buffer: Any) -> int:
        wanted = memoryview(buffer).cast("B")[: max(self._size - self._position, 0)]
        self._raw.seek(self._position)
        n = 0
        # HDF5 takes the buffer for the contents of the file, so it must be filled.
        while n < len(wanted) and (step := self._raw.readinto(wanted[n:])):
            n += step
        for position, data in self._changes:
            begin, end = max(position, self._position), min(position + len(data), self._position + n)
            if begin < end:
                wanted[begin - self._position : end - self._position] = data[begin - position : end - position]
        self._position += n
        return n


def _lookup3(data: bytes) -> int:
    """HDF5's checksum: Bob Jenkins' hashlittle (burtleburtle.net/bob/c/lookup3.c). data: 4 n bytes."""
    words = list(struct.unpack(f"<{len(data) // 4}I", data))
    a = b = c = (0xDEADBEEF + len(data)) & 0xFFFFFFFF

    def rotated(value: int, bits: int) -> int:
        return (value << bits | value >> (32 - bits)) & 0xFFFFFFFF

    def minus(x: int, y: int) -> int:
        return (x - y) & 0xFFFFFFFF

    def plus(x: int, y: int) -> int:
        return (x + y) & 0xFFFFFFFF

    while len(words) > 3:
        a, b, c = plus(a, words[0]), plus(b, words[1]), plus(c, words[2])
        del words[:3]
        a, c = minus(a, c) ^ rotated(c, 4), plus(c, b)
        b, a = minus(b, a) ^ rotated(a, 6), plus(a, c)
        c, b = minus(c, b) ^ rotated(b, 8), plus(b, a)
        a, c = minus(a, c) ^ rotated(c, 16), plus(c, b)
        b, a = minus(b, a) ^ rotated(a, 19), plus(a, c)
        c, b = minus(c, b) ^ rotated(b, 4), plus(b, a)
    words += [0] * (3 - len(words))
    a, b, c = plus(a, words[0]), plus(b, words[1]), plus(c, words[2])
    c = minus(c ^ b, rotated(b, 14))
    a = minus(a ^ c, rotated(c, 11))
    b = minus(b ^ a, rotated(a, 25))
    c = minus(c ^ b, rotated(b, 16))
    a = minus(a ^ c, rotated(c, 4))
    b = minus(b ^ a, rotated(a, 14))
    return minus(c ^ b, rotated(b, 24))
