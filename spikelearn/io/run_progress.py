"""How far a run is that is being written, and datasets that grow.

A dataset that grows lies in blocks of the file, which are filled one after the other; what is there never changes. In
the 8 bytes before each block is the position of the one before. A row has the length of each such dataset, the position
of its last block and the checksum of its data. /progress has two rows, which are written in turn, and before them the
number of the last one that is complete, which is written in one piece. Thus a process can be killed at any time, the
file can be read at any time, and a row that is damaged is not taken for one that is being written.
"""

from __future__ import annotations

import math
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from spikelearn.io.hdf5_file import TreeWriter
from spikelearn.io.hdf5_tree import Damaged, Node, ReadableFile, Stored, read_bytes

_BLOCK_BYTES = 1 << 16
_POSITION = struct.Struct("<Q")
_COMPLETE = struct.Struct("<II")
"""The number of a row, and its CRC-32."""
_ROW_START = struct.Struct("<Qdd")
"""Number, t_stop (ms), wall time (s); then an Extent of each dataset, and a CRC-32 of all before it."""
_EXTENT = struct.Struct("<QQI")
_CHECKSUM = struct.Struct("<I")


class Extent(NamedTuple):
    """How far a dataset is valid. n: rows. last: position of the last block, 0 if there is none. checksum: CRC-32."""

    n: int
    last: int
    checksum: int


class Growing:
    """A dataset that grows. extent: how far it is written."""

    def __init__(self, dtype: np.dtype, width: tuple[int, ...]) -> None:
        self._dtype, self._width = dtype, width
        self._rows, self._row_bytes = _rows_and_bytes(dtype, width)
        self._blocks: list[int] = []
        self.extent = Extent(0, 0, 0)

    def append(self, values: np.ndarray, writer: TreeWriter) -> None:
        """Write rows of the dataset's type after those that are there."""
        data = np.ascontiguousarray(values).reshape(-1).view(np.uint8).data
        n, last, checksum = self.extent
        size = self._rows * self._row_bytes
        used = n * self._row_bytes - len(self._blocks) * size + size  # of the last block
        at = 0
        while at < len(data):
            if used == size:
                begin = writer.reserve(_POSITION.size + size)
                writer.write(begin, _POSITION.pack(last))
                last, used = begin + _POSITION.size, 0
                self._blocks.append(last)
            part = data[at : at + size - used]
            writer.write(last + used, part)
            at, used = at + len(part), used + len(part)
        self.extent = Extent(n + len(values), last, zlib.crc32(data, checksum))

    def put(self, group: Node, name: str, extent: Extent) -> None:
        """Put the first rows into a tree, in which the dataset is."""
        n_blocks = -(-extent.n // self._rows) if self._row_bytes else 0
        data = Stored(self._dtype, (extent.n, *self._width), tuple(self._blocks[:n_blocks]), self._rows)
        _replace(group, name, data, extent)


def recorded(root: Node) -> Iterator[tuple[Node, str]]:
    """The datasets that grow, as groups and names in them, in the order of the file."""
    for part, values in (("spikes", "ids"), ("traces", "values")):
        for of_name in root.member(part).members.values():
            for group in of_name.members.values():
                yield group, "times"
                yield group, values


def progress_bytes(n_datasets: int) -> int:
    """Of /progress, for so many datasets that grow."""
    return _COMPLETE.size + 2 * _row_bytes(n_datasets)


def write_row(
    writer: TreeWriter, position: int, number: int, t_stop: float, wall_s: float, extents: Sequence[Extent]
) -> None:
    """Write a row. position: of /progress. number: 1, 2, 3, ... from row to row."""
    content = row(number, t_stop, wall_s, extents)
    writer.write(position + _COMPLETE.size + number % 2 * len(content), content)
    writer.write(position, _COMPLETE.pack(number, _checksum_of(number)))


def row(number: int, t_stop: float, wall_s: float, extents: Sequence[Extent]) -> bytes:
    """The bytes of a row."""
    content = _ROW_START.pack(number, t_stop, wall_s) + b"".join(_EXTENT.pack(*extent) for extent in extents)
    return content + _CHECKSUM.pack(zlib.crc32(content))


def complete(root: Node, file: ReadableFile) -> None:
    """Change the tree of a run that is being written, or was not written to its end, to one of a run that has ended."""
    if "progress" not in root.members:
        return
    found, unclaimed = list(recorded(root)), os.fstat(file.fileno()).st_size
    t_stop, wall_s, extents = _last_row(root.members.pop("progress"), len(found), file)
    for (group, name), extent in zip(found, extents, strict=True):
        empty = group.member(name)
        dtype, width = empty.dtype, empty.shape[1:]
        n_rows, n_bytes = _rows_and_bytes(dtype, width)
        unclaimed -= extent.n * n_bytes
        if unclaimed < 0:
            raise Damaged(f"broken or truncated: {empty.path} is said to have {extent.n:,} rows, more than the file")
        blocks, at = [], extent.last
        for _ in range(-(-extent.n // n_rows) if n_bytes else 0):
            blocks.append(at)
            before = bytearray(_POSITION.size)
            read_bytes(file, at - _POSITION.size, memoryview(before))
            (at,) = _POSITION.unpack(before)
        _replace(group, name, Stored(dtype, (extent.n, *width), tuple(reversed(blocks)), n_rows), extent)
    root.attributes.update(t_stop=t_stop, wall_s=wall_s, synaptic_events=0, interrupted=1)


def _last_row(progress: Node, n_datasets: int, file: ReadableFile) -> tuple[float, float, list[Extent]]:
    data, n, size = progress.data, progress_bytes(n_datasets), _row_bytes(n_datasets)
    if not isinstance(data, Stored) or data.dtype != np.uint8 or data.shape != (n,):
        raise Damaged(f"broken: /progress is not that of {n_datasets} datasets")
    content = bytearray(n)
    read_bytes(file, data.blocks[0], memoryview(content))
    last, checksum = _COMPLETE.unpack_from(content)
    rows = []
    for each in (content[-2 * size : -size], content[-size:]):
        number, t_stop, wall_s = _ROW_START.unpack_from(each)
        # One with a higher number was completed while this was read, or just before its process was killed.
        if number >= last and _CHECKSUM.pack(zlib.crc32(each[: -_CHECKSUM.size])) == each[-_CHECKSUM.size :]:
            rows.append((number, t_stop, wall_s, each[_ROW_START.size : -_CHECKSUM.size]))
    if not rows or checksum != _checksum_of(last):
        raise Damaged("damaged: a checksum of /progress does not match it")
    _, t_stop, wall_s, extents = max(rows)
    return t_stop, wall_s, [Extent(*extent) for extent in _EXTENT.iter_unpack(extents)]


def _row_bytes(n_datasets: int) -> int:
    return _ROW_START.size + n_datasets * _EXTENT.size + _CHECKSUM.size


def _checksum_of(number: int) -> int:
    return zlib.crc32(number.to_bytes(8, "little"))


def _replace(group: Node, name: str, data: Stored, extent: Extent) -> None:
    old = group.members[name]
    group.members[name] = Node(old.path, {**old.attributes, "checksum": np.uint32(extent.checksum)}, data=data)


def _rows_and_bytes(dtype: np.dtype, width: tuple[int, ...]) -> tuple[int, int]:
    """The rows of a block, and the bytes of a row."""
    n_bytes = dtype.itemsize * math.prod(width)
    return max(1, _BLOCK_BYTES // max(n_bytes, 1)), n_bytes
