"""A tree of groups and datasets, as it is in an HDF5 file: plain objects."""

from __future__ import annotations

import io
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

ReadableFile = io.BufferedReader | io.FileIO

_LONG = 500
"""Characters of a path."""


class Damaged(Exception):
    """A defect found while reading a file. It becomes a RunFileError that names the file."""


class Stored(NamedTuple):
    """Where the data of a dataset are. blocks: positions in the file, of `rows` rows each; one has all of the data."""

    dtype: np.dtype
    shape: tuple[int, ...]
    blocks: tuple[int, ...]
    rows: int

    @property
    def n_bytes(self) -> int:
        """Of the data."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def block_bytes(self) -> int:
        """Of a block."""
        return self.n_bytes if len(self.blocks) < 2 else self.rows * math.prod(self.shape[1:]) * self.dtype.itemsize


@dataclass(frozen=True)
class Node:
    """A group or a dataset. attributes: name -> text, number or array. members: of a group, in order.

    data: of a dataset; small ones are there as they are.
    """

    path: str = "/"
    attributes: dict[str, Any] = field(default_factory=dict)
    members: dict[str, Node] = field(default_factory=dict)
    data: Stored | np.ndarray | None = None

    def path_of(self, name: str) -> str:
        """That of a member, for messages: in files of strangers, names can be so long that paths took all memory."""
        path = f"{self.path.rstrip('/')}/{name}"
        return path if len(path) <= _LONG else f"{path[:_LONG]}..."

    def add(
        self, name: str, attributes: Mapping[str, Any] | None = None, data: Stored | np.ndarray | None = None
    ) -> Node:
        """A new member: a group, or with `data` a dataset."""
        node = Node(self.path_of(name), dict(attributes or {}), data=data)
        self.members[name] = node
        return node

    def member(self, name: str) -> Node:
        """A group or dataset that must be there."""
        if name not in self.members:
            raise Damaged(f"broken: {self.path_of(name)} is missing")
        return self.members[name]

    def attribute(self, name: str) -> Any:
        """An attribute that must be there."""
        if name not in self.attributes:
            raise Damaged(f"broken: attribute {name!r} of {self.path} is missing")
        return self.attributes[name]

    def text(self, name: str) -> str:
        """An attribute that must be text."""
        value = self.attribute(name)
        if not isinstance(value, str):
            raise Damaged(f"broken: attribute {name!r} of {self.path} is {value!r}, expected text")
        return value

    def number(self, name: str) -> Any:
        """An attribute that must be one number."""
        value = self.attribute(name)
        if isinstance(value, str) or np.ndim(value):
            raise Damaged(f"broken: attribute {name!r} of {self.path} is {value!r}, expected a number")
        return value

    @property
    def dtype(self) -> np.dtype:
        """That of a dataset."""
        return self._data.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """That of a dataset."""
        return self._data.shape

    def read(self, file: ReadableFile) -> np.ndarray:
        """The data of a dataset. Raises Damaged if they are not there, or have another checksum."""
        data = self._data
        if isinstance(data, np.ndarray):
            return data
        found, n = np.empty(data.shape, data.dtype), data.block_bytes
        all_bytes = found.reshape(-1).view(np.uint8).data
        for k, position in enumerate(data.blocks):
            read_bytes(file, position, all_bytes[k * n : (k + 1) * n])
        if checksum_of(found) != self.number("checksum"):
            raise Damaged(f"damaged: the checksum of {self.path} does not match its data")
        return found

    @property
    def _data(self) -> Stored | np.ndarray:
        if self.data is None:
            raise Damaged(f"broken: {self.path} is a group, expected a dataset")
        return self.data


def checksum_of(array: np.ndarray, before: int = 0) -> int:
    """The CRC-32 of an array's bytes. before: that of what comes before them."""
    return zlib.crc32(np.ascontiguousarray(array).data, before)


def read_bytes(file: ReadableFile, position: int, to: memoryview) -> None:
    """Fill memory from a file. Raises Damaged if the file ends before."""
    file.seek(position)
    while to and (n := file.readinto(to)):
        to = to[n:]
    if to:
        raise Damaged("truncated: the file ends before its data")
