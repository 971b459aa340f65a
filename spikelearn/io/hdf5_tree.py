"""An HDF5 file as a tree of plain objects, checked before any data are read. Run files are read in no other way.

HDF5 does what a file says: it follows links to other files, runs filters, and allocates what a file only claims to
hold. Here nothing is accepted but what `run_layout` writes: groups and datasets with one hard link each, and plain
numbers and text that are stored in the file as they are. Together they cannot take more bytes than the file has.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np

from spikelearn.io.hdf5_file import Damaged

_MOST_LEVELS = 8
_MOST_FIELDS = 16


@dataclass(frozen=True)
class Node:
    """A group or a dataset. attributes: name -> text, number or array. members: of a group, in order of creation."""

    path: str
    attributes: Mapping[str, Any]
    members: Mapping[str, Node] = field(default_factory=dict)
    dataset: h5py.Dataset | None = None

    def member(self, name: str) -> Node:
        """A group or dataset that must be there."""
        if name not in self.members:
            raise Damaged(f"broken: {self.path.rstrip('/')}/{name} is missing")
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
    def shape(self) -> tuple[int, ...]:
        """That of a dataset."""
        return self._data.shape

    def read(self, checksum: int, n: int | None = None) -> np.ndarray:
        """A dataset, or its first n rows. Raises Damaged if they are not there, or have another checksum."""
        dataset = self._data
        if n is None:
            found = np.asarray(dataset[()])
        elif dataset.ndim and 0 <= n <= len(dataset):
            found = dataset[:n]
        else:
            raise Damaged(f"broken: {self.path} has the shape {dataset.shape}, expected {n} values")
        found = np.ascontiguousarray(found, found.dtype.newbyteorder("=")).reshape(found.shape)
        if checksum_of(found) != checksum:
            raise Damaged(f"damaged: the checksum of {self.path} does not match its data")
        return found

    @property
    def _data(self) -> h5py.Dataset:
        if self.dataset is None:
            raise Damaged(f"broken: {self.path} is a group, expected a dataset")
        return self.dataset


def checksum_of(array: np.ndarray, before: int = 0) -> int:
    """The CRC-32 of an array's bytes. before: that of what comes before them."""
    return zlib.crc32(np.ascontiguousarray(array).data, before)


def structure_checksum(root: Node) -> int:
    """The CRC-32 of all names, attributes, types and shapes, but for the lengths of datasets that grow."""
    return zlib.crc32("\n".join(_described(root)).encode("utf-8", "surrogatepass"))


def root_attributes(file: h5py.File) -> dict[str, Any]:
    """The attributes of the file itself, checked."""
    return _attributes(h5py.h5o.open(file.id, b"/"), "/", file.id.get_filesize())


def read_tree(file: h5py.File) -> Node:
    """All groups and datasets of a file. Raises Damaged if there is anything that no run file has."""
    return _Walk(file.id.get_filesize()).node(h5py.h5o.open(file.id, b"/"), "/", 0)


class _Walk:
    """n_bytes: of the file."""

    def __init__(self, n_bytes: int) -> None:
        self._n_bytes = n_bytes
        self._claimed = 0
        self._seen: set[Any] = set()

    def node(self, at: Any, path: str, level: int) -> Node:
        if level > _MOST_LEVELS:
            raise Damaged(f"broken: groups are nested {level} deep in {path}")
        attributes = _attributes(at, path, self._n_bytes)
        if isinstance(at, h5py.h5g.GroupID):
            return Node(path, attributes, self._members(at, path, level))
        if isinstance(at, h5py.h5d.DatasetID):
            self._check_dataset(at, path)
            return Node(path, attributes, dataset=h5py.Dataset(at))
        raise Damaged(f"broken: {path} is neither a group nor a dataset")

    def _members(self, group: h5py.h5g.GroupID, path: str, level: int) -> dict[str, Node]:
        links: list[tuple[bytes, Any]] = []

        def note(name: bytes, info: Any) -> None:
            links.append((name, (info.type, info.u)))

        tracked = group.get_create_plist().get_link_creation_order() & h5py.h5p.CRT_ORDER_TRACKED
        order = h5py.h5.INDEX_CRT_ORDER if tracked else h5py.h5.INDEX_NAME
        group.links.iterate(note, info=True, idx_type=order)
        members = {}
        for name, (kind, address) in links:
            where = f"{path.rstrip('/')}/{name.decode()}"
            if kind != h5py.h5l.TYPE_HARD:
                raise Damaged(f"broken: {where} is a link to another place or file; expected everything in this file")
            if address in self._seen:
                raise Damaged(f"broken: {where} is in the file twice, under two names")
            self._seen.add(address)
            members[name.decode()] = self.node(h5py.h5o.open(group, name), where, level + 1)
        return members

    def _check_dataset(self, dataset: h5py.h5d.DatasetID, path: str) -> None:
        made = dataset.get_create_plist()
        layout = made.get_layout()
        if made.get_external_count() or layout not in (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS, h5py.h5d.CHUNKED):
            raise Damaged(f"broken: the data of {path} are not in this file, or not stored as they are")
        if made.get_nfilters():
            raise Damaged(f"broken: the data of {path} are compressed or filtered; expected them as they are")
        kind = dataset.get_type()
        n_bytes = _n_bytes(kind, _shape(dataset.get_space(), path), path, self._n_bytes - self._claimed)
        self._claimed += n_bytes
        if layout == h5py.h5d.CHUNKED:
            chunk = math.prod(made.get_chunk()) * kind.get_size()
            if n_bytes and chunk > self._n_bytes:
                raise Damaged(f"broken: {path} is stored in blocks of {chunk:,} bytes, more than the file has")
        elif dataset.get_storage_size() < n_bytes:
            raise Damaged(f"broken: {path} is said to have {n_bytes:,} bytes, but has {dataset.get_storage_size():,}")


def _attributes(at: Any, path: str, most_bytes: int) -> dict[str, Any]:
    found = {}
    for k in range(h5py.h5a.get_num_attrs(at)):
        attribute = h5py.h5a.open(at, index=k, index_type=h5py.h5.INDEX_NAME, order=h5py.h5.ITER_INC)
        name = attribute.name.decode()
        what, kind = f"attribute {name!r} of {path}", attribute.get_type()
        shape = _shape(attribute.get_space(), what)
        _n_bytes(kind, shape, what, most_bytes)
        # With the type of the file HDF5 converts nothing.
        value = np.empty(shape, kind.dtype)
        attribute.read(value, mtype=kind)
        value = value.astype(value.dtype.newbyteorder("="), copy=False)
        found[name] = bytes(value[()]).decode() if value.dtype.kind == "S" and not shape else value[()]
    return found


def _shape(space: Any, what: str) -> tuple[int, ...]:
    kind = space.get_simple_extent_type()
    if kind == h5py.h5s.NULL:
        raise Damaged(f"broken: {what} has no value")
    return () if kind == h5py.h5s.SCALAR else space.get_simple_extent_dims()


def _n_bytes(kind: Any, shape: tuple[int, ...], what: str, most_bytes: int) -> int:
    """The bytes of a dataset or attribute. Raises Damaged if these are no plain numbers or text, or too many."""
    if not _is_plain(kind):
        raise Damaged(f"broken: {what} holds references, text of any length, or objects; expected numbers or text")
    n_bytes = math.prod(shape) * kind.get_size()
    if n_bytes > most_bytes:
        raise Damaged(f"broken: {what} is said to have {n_bytes:,} bytes, more than the file has")
    return n_bytes


def _is_plain(kind: Any, within: bool = False) -> bool:
    h5t = h5py.h5t
    if isinstance(kind, h5t.TypeCompoundID):
        n = kind.get_nmembers()
        return not within and n <= _MOST_FIELDS and all(_is_plain(kind.get_member_type(k), True) for k in range(n))
    if isinstance(kind, h5t.TypeArrayID):
        return within and isinstance(kind.get_super(), h5t.TypeIntegerID)
    if isinstance(kind, h5t.TypeStringID):
        return not kind.is_variable_str()
    if isinstance(kind, h5t.TypeEnumID):
        return kind.get_nmembers() == 2 and bool(kind.dtype == np.dtype(bool))
    return isinstance(kind, h5t.TypeIntegerID | h5t.TypeFloatID)


def _described(node: Node) -> list[str]:
    lines = [repr(node.path)]
    for name, value in node.attributes.items():
        shown = value if isinstance(value, str) else (value.dtype.str, value.shape, value.tobytes())
        lines.append(repr((name, shown)))
    if node.dataset is not None:
        shape, grows = node.dataset.shape, node.dataset.maxshape[:1] == (None,)
        lines.append(repr((node.dataset.dtype.descr, shape[1:] if grows else shape, grows)))
    for member in node.members.values():
        lines += _described(member)
    return lines
