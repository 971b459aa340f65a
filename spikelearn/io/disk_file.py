"""A file for HDF5 in which no write fails, and which changes from one complete state to the next.

HDF5 (2.0) does not survive a write that fails: the file can then be neither flushed nor closed, and the process ends
with a segmentation fault, at the latest when it exits. Here an error is kept, what could not be written is held in
memory, and `commit` raises the error.

Between two commits only the end of the file grows, which a reader ignores. Changes to what was committed before are
held back until `commit`. It appends them as a record with a checksum, then makes them, then removes the record. If the
process is killed before the record is complete, the file is as it was; if later, `pending` returns the changes that may
be missing. So neither a kill nor a full disk leaves a file between two states.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

_PAGE = 4096
_LARGE = 1 << 16
"""Bytes: larger writes hold data of the user; HDF5's own structures are smaller."""

_MAGIC = b"spikelearn pages"
_END = struct.Struct("<Q16s16s")
"""At the end of a record: its length without this, a checksum, the magic."""
_PLACE = struct.Struct("<QQ")
"""Before each change in a record: where its bytes go, and their number."""


class PositionedFile(io.RawIOBase):
    """Base of readable files with a size and a position of their own."""

    _size: int
    _position: int

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._position = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence] + offset
        return self._position


class DiskFile(PositionedFile):
    """A file that exists, for `h5py.File(DiskFile(path))`. What it already holds counts as committed.

    error: the first error in writing.
    """

    def __init__(self, path: Path) -> None:
        self._raw = io.FileIO(path, "r+")
        self._committed = self._size = os.fstat(self._raw.fileno()).st_size
        self._position = 0
        self._pages: dict[int, bytes] = {}
        self._scratch = np.empty((2, 0), np.uint8)
        self._recorded = False
        self.error: BaseException | None = None

    @property
    def size(self) -> int:
        """Bytes, with what was written since the last commit."""
        return self._size

    def writable(self) -> bool:
        return True

    def truncate(self, size: int | None = None) -> int:
        self._size = self._position if size is None else size
        return self._size

    def readinto(self, buffer: Any) -> int:
        wanted = memoryview(buffer).cast("B")
        self._read_all(wanted, self._position)
        self._position += len(wanted)
        return len(wanted)

    def write(self, data: Any) -> int:
        given, at = memoryview(data).cast("B"), self._position
        # Pages that have committed bytes are changed in memory, all later ones on disk.
        n_held = 0
        try:
            n_held = min(max(-(-self._committed // _PAGE) * _PAGE - at, 0), len(given))
            if self.error is None:
                _write(self._raw, given[n_held:], at + n_held)
        except BaseException as error:  # Ctrl-C too: HDF5 must not see it
            self.error = error
        if self.error is not None:
            n_held = len(given) if len(given) <= _LARGE else 0
        if n_held:
            self._hold(given[:n_held], at)
        self._position = at + len(given)
        self._size = max(self._size, self._position)
        return len(given)

    def commit(self) -> None:
        """Make the file on disk what was written since the last commit. Raises what went wrong in writing."""
        if self.error is None:
            try:
                self._commit()
            except BaseException as error:
                self.error = error
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        """Close the file, without what was written since the last commit."""
        if not self.closed:
            if not self._recorded:
                with suppress(OSError):
                    self._raw.truncate(self._committed)
            self._raw.close()
        super().close()

    def _commit(self) -> None:
        end = max(self._size, self._committed)
        self._raw.truncate(end)
        if self._pages:
            changes = [(page * _PAGE, self._pages[page][: end - page * _PAGE]) for page in sorted(self._pages)]
            _write(self._raw, memoryview(_record(changes, end)), end)
            self._recorded = True
            for at, data in changes:
                _write(self._raw, memoryview(data), at)
            self._pages.clear()
        if self._recorded or self._size < end:
            self._raw.truncate(self._size)
        self._committed, self._recorded = self._size, False

    def _hold(self, data: memoryview, at: int) -> None:
        """Change pages in memory: those that the data change."""
        first, last = at // _PAGE, -(-(at + len(data)) // _PAGE)
        n = (last - first) * _PAGE
        if self._scratch.shape[1] < n:
            self._scratch = np.empty((2, n), np.uint8)
        old, new = self._scratch[:, :n]
        self._read_all(memoryview(old), first * _PAGE)
        begin, end = at - first * _PAGE, at - first * _PAGE + len(data)
        new[:begin], new[begin:end], new[end:] = old[:begin], data, old[end:]
        changed = (old.view(np.int64) != new.view(np.int64)).reshape(-1, _PAGE // 8).any(axis=1)
        for k in np.flatnonzero(changed).tolist():
            self._pages[first + k] = bytes(new[k * _PAGE : (k + 1) * _PAGE])

    def _read_all(self, wanted: memoryview, at: int) -> None:
        """Read the file with the pages that are held."""
        self._read(wanted, at)
        for page in range(at // _PAGE, -(-(at + len(wanted)) // _PAGE)) if self._pages else ():
            if page in self._pages:
                begin, end = max(page * _PAGE, at), min((page + 1) * _PAGE, at + len(wanted))
                wanted[begin - at : end - at] = self._pages[page][begin - page * _PAGE : end - page * _PAGE]

    def _read(self, wanted: memoryview, at: int) -> None:
        """Read from disk; zeros where the file has ended."""
        n = 0
        self._raw.seek(at)
        while n < len(wanted) and (found := self._raw.readinto(wanted[n:])):
            n += found
        wanted[n:] = bytes(len(wanted) - n)


def pending(read: Callable[[int, int], bytes], size: int) -> tuple[int, list[tuple[int, bytes]]]:
    """The size without the record at the end of a file, and the changes, (position, bytes), that the record holds.

    read: function (position, number of bytes) -> bytes. size: of the file. Without a complete record: (size, []).
    """
    if size < _END.size:
        return size, []
    length, checksum, magic = _END.unpack(read(size - _END.size, _END.size))
    begin = size - _END.size - length
    if magic != _MAGIC or begin < 0:
        return size, []
    content = read(begin, length)
    if _checksum(content, begin) != checksum:
        return size, []
    changes, at = [], 0
    while at < length:
        place, n = _PLACE.unpack_from(content, at)
        at += _PLACE.size + n
        changes.append((place, content[at - n : at]))
    return begin, changes


def _record(changes: list[tuple[int, bytes]], at: int) -> bytes:
    content = b"".join(part for place, data in changes for part in (_PLACE.pack(place, len(data)), data))
    return content + _END.pack(len(content), _checksum(content, at), _MAGIC)


def _checksum(content: bytes, at: int) -> bytes:
    return hashlib.blake2b(content, digest_size=16, salt=at.to_bytes(16, "little")).digest()


def _write(raw: io.FileIO, data: memoryview, at: int) -> None:
    n = 0
    raw.seek(at)
    while n < len(data):
        n += raw.write(data[n:])
