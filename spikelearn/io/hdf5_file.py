"""Files that hold a tree of groups and datasets: how they are written and read.

The first bytes are HDF5's superblock, which says where the root is, and a seal, which HDF5 does not read: the place
and a checksum of all headers, and one of these first bytes. The checksum of data is an attribute of their dataset.
All errors are RunFileError and name the file.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from spikelearn import atomic_files
from spikelearn.errors import RunFileError, SpikelearnError
from spikelearn.io.hdf5_format import decode, encode, little_endian
from spikelearn.io.hdf5_tree import Damaged, Node, ReadableFile, Stored, checksum_of
from spikelearn.regular_files import open_regular

T = TypeVar("T")

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_NOWHERE = (1 << 64) - 1
# Version 0: versions of parts, sizes of offsets and lengths, leaves of groups, branches, marks; addresses of the base,
# of free space, of the end and of a driver; the entry of the root: its name, address, and what is known of it.
_SUPERBLOCK = struct.Struct("<8s8B2HI4Q2Q24x")
# Magic; where the headers begin and how many bytes they have; checksums of them, and of all before it.
_SEAL = struct.Struct("<8s2Q2I")
_MAGIC = b"run\r\n\x1a\n3"
START = _SUPERBLOCK.size + _SEAL.size

_SMALL = 1024
"""Bytes: data of at most so many are put into the header."""


class TreeWriter:
    """Puts a tree into a file: first data, then headers, then the first bytes, which make it the tree of the file.

    raw: a file to write. end: bytes that are in use.
    """

    def __init__(self, raw: io.FileIO, end: int = START) -> None:
        self.raw, self.end = raw, end

    def reserve(self, n_bytes: int) -> int:
        """The position of bytes that are in use from now on."""
        position = -(-self.end // 8) * 8
        self.end = position + n_bytes
        return position

    def write(self, position: int, data: Any) -> None:
        """Put bytes, or an array, where they have been reserved."""
        rest = memoryview(data).cast("B")
        self.raw.seek(position)
        while rest:
            rest = rest[self.raw.write(rest) :]

    def put(self, group: Node, name: str, values: Any, attributes: Mapping[str, Any] | None = None) -> None:
        """Add a dataset to a group, with its checksum."""
        array = little_endian(values)
        if 0 < array.nbytes <= _SMALL:
            group.add(name, attributes, array.copy())
            return
        at = self.reserve(array.nbytes)
        self.write(at, array.reshape(-1).view(np.uint8))
        about = {**(attributes or {}), "checksum": np.uint32(checksum_of(array))}
        group.add(name, about, Stored(array.dtype, array.shape, (at,) if array.nbytes else (), 1))

    def finish(self, root: Node) -> None:
        """Make a tree that of the file."""
        begin = self.reserve(0)
        headers, position = encode(root, begin)
        self.reserve(len(headers))
        self.write(begin, headers)
        start = _superblock(position, self.end) + _SEAL.pack(_MAGIC, begin, len(headers), zlib.crc32(headers), 0)
        self.write(0, start[:-4] + struct.pack("<I", zlib.crc32(start[:-4])))


@contextmanager
def replacing(path: Path) -> Iterator[TreeWriter]:
    """A new file that replaces `path` once it is complete; until then `path` is unchanged."""
    if not path.parent.is_dir():
        raise RunFileError(f"{path}: cannot be written: there is no directory {path.parent}")
    with explained(path, "cannot be written"), atomic_files.replacing(path) as temporary:
        with io.FileIO(temporary, "r+") as raw:
            yield TreeWriter(raw)


def read(path: Path, reader: Callable[[Node, ReadableFile], T]) -> T:
    """Return `reader(root, file)`.

    Raises RunFileError if the file is missing, not an HDF5 file, truncated or damaged.
    """
    for may_fail in (True, False):
        try:
            with explained(path, "broken or truncated, expected a whole run file"), _regular(path) as file:
                return reader(_tree(file), file)
        except RunFileError:
            # What another process is writing at this instant is whole when it is read again.
            if not may_fail:
                raise
    raise AssertionError("unreachable")


@contextmanager
def explained(path: Path, what: str) -> Iterator[None]:
    """Turn any error into a RunFileError that names the file."""
    try:
        yield
    except SpikelearnError:
        raise
    except Damaged as damage:
        raise RunFileError(f"{path}: {damage}") from None
    except Exception as error:
        raise RunFileError(f"{path}: {what}: {atomic_files.reason(error, path.parent)}") from error


def _regular(path: Path) -> io.BufferedReader:
    try:
        return open_regular(path)
    except FileNotFoundError:
        raise RunFileError(f"{path}: there is no such file; expected a run file") from None
    except OSError as error:
        raise RunFileError(f"{path}: cannot be read: {error.strerror}; expected a run file") from error


def _tree(file: io.BufferedReader) -> Node:
    start, size = file.read(START), os.fstat(file.fileno()).st_size
    if start[:8] != _SIGNATURE:
        raise Damaged("not an HDF5 file; expected a run file, as `save` writes it")
    if len(start) < START:
        raise Damaged(f"broken or truncated, expected a whole run file: it has {size} bytes")
    magic, begin, n_bytes, checksum, checksum_of_start = _SEAL.unpack(start[_SUPERBLOCK.size :])
    if magic != _MAGIC:
        raise Damaged(
            "an HDF5 file, but not a run file of this format; spikelearn.io.convert reads those of earlier versions"
        )
    if zlib.crc32(start[:-4]) != checksum_of_start:
        raise Damaged(f"damaged: the checksum of the first {START} bytes is wrong")
    *_, end, _, _, root = _SUPERBLOCK.unpack(start[: _SUPERBLOCK.size])
    if start[: _SUPERBLOCK.size] != _superblock(root, end) or begin + n_bytes > end:
        raise Damaged("broken: its first bytes are not those of a run file")
    if size < end:
        raise Damaged(f"broken or truncated, expected a whole run file: it has {size} bytes of {end}")
    file.seek(begin)
    headers = file.read(n_bytes)
    if zlib.crc32(headers) != checksum:
        raise Damaged("damaged: the checksum of its names, attributes and sizes does not match them")
    return decode(headers, begin, root, size)


def _superblock(root: int, end: int) -> bytes:
    return _SUPERBLOCK.pack(_SIGNATURE, 0, 0, 0, 0, 0, 8, 8, 0, 4, 16, 0, 0, _NOWHERE, end, _NOWHERE, 0, root)
