"""Trees as bytes of an HDF5 file, and back, without the HDF5 library.

HDF5 does what a file says: it follows links to other files, runs filters, allocates what a file only claims to hold,
and of files that were made to harm, some end the process. It does not survive a write that fails either. A run file
needs little of what HDF5 can do, so that little is written and read here, and nothing else is accepted:

- groups whose members are hard links in the group's own header, in their order
- datasets of numbers or text of fixed length, in the header, in one piece, or in blocks of rows that a tree lists
- attributes that are a number, an array of numbers, or text, in the header of what they describe

Headers have the oldest form that knows such links (HDF5 1.8). Structures, and numbers that are not explained, are those
of the HDF5 File Format Specification, version 3.0, sections II to IV.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from spikelearn.io.hdf5_tree import Damaged, Node, Stored

_HEADER = struct.Struct("<BxHII4x")
"""Of an object: version, number of messages, references, bytes of messages."""
_MESSAGE = struct.Struct("<HHB3x")
"""Kind, bytes, flags."""
_SPACE, _LINK_INFO, _TYPE, _FILL_VALUE, _LINK, _LAYOUT, _GROUP_INFO, _ATTRIBUTE = 1, 2, 3, 5, 6, 8, 10, 12
_MOST = (1 << 16) - 8
"""Messages of an object, and bytes of a message."""
_MOST_LEVELS = 8
_LONGEST_NAME = 60_000
"""Bytes: it has to fit into a message."""

_SPACE_START = struct.Struct("<BBB5x")
"""Version, dimensions, flags; then the length of each dimension."""
_ATTRIBUTE_START = struct.Struct("<BBHHHB")
"""Version, flags, bytes of name, datatype and dataspace, character set."""
_LINK_START = struct.Struct("<BBqBH")
"""Version, flags, number in order of creation, character set, bytes of the name."""
_LINK_FLAGS = 0b10101
"""The number of bytes of the name takes two bytes, and there are a number and a character set."""
_ADDRESS = struct.Struct("<Q")
_NOWHERE = (1 << 64) - 1
_UTF_8 = 1

_LAYOUT_START = struct.Struct("<BB")
_COMPACT, _CONTIGUOUS, _CHUNKED = (3, 0), (3, 1), (3, 2)
"""Version and class."""
_BRANCHES = 64
"""Of a node in a tree of blocks."""
_TREE = struct.Struct("<4sBBHQQ")
"""Signature, type, level, entries, nodes to the left and right; then keys and addresses in turn."""
_BLOCKS = 1


def _number_types() -> dict[np.dtype, bytes]:
    """The datatype message of each type of number."""
    found = {}
    for size in (1, 2, 4, 8):
        for kind, sign in (("u", 0), ("i", 8)):
            found[np.dtype(f"<{kind}{size}")] = struct.pack("<BBHIHH", 0x10, sign, 0, size, 0, 8 * size)
    # The place and number of bits of exponent and mantissa, and what is added to the exponent.
    for size, *bits in ((2, 10, 5, 0, 10, 15), (4, 23, 8, 0, 23, 127), (8, 52, 11, 0, 52, 1023)):
        start = struct.pack("<BBHIHH", 0x11, 0x20, 8 * size - 1, size, 0, 8 * size)
        found[np.dtype(f"<f{size}")] = start + struct.pack("<BBBBI", *bits)
    # An enumeration, as in h5py.
    names = b"FALSE\0\0\0TRUE\0\0\0\0"
    found[np.dtype(bool)] = struct.pack("<BHxI", 0x18, 2, 1) + found[np.dtype("i1")] + names + b"\0\1"
    return found


_TYPES = _number_types()
_DTYPES = {message: dtype for dtype, message in _TYPES.items()}
_TYPE_BYTES = {message[:1]: len(message) for message in _DTYPES}
_TEXT = struct.Struct("<4sI")
_TEXT_START = bytes([0x13, _UTF_8 << 4 | 1, 0, 0])
"""Text of fixed length, with zeros at its end."""


def encode(root: Node, start: int) -> tuple[bytes, int]:
    """The headers of a tree, to be put at position `start` of a file, and the position of the root among them.

    start: a multiple of 8. Raises Damaged for what no header can hold.
    """
    writer = _Writer(start)
    position = writer.node(root)
    return b"".join(writer.parts), position


class _Writer:
    def __init__(self, start: int) -> None:
        self.parts: list[bytes] = []
        self._at = start

    def node(self, node: Node) -> int:
        """Put a group or dataset, after all that it refers to; return its position."""
        messages = [_message(_ATTRIBUTE, _attribute(name, value), node) for name, value in node.attributes.items()]
        if node.data is not None:
            messages += [_message(kind, data, node) for kind, data in self._dataset(node.data)]
        else:
            n, nowhere = len(node.members), 3 * _ADDRESS.pack(_NOWHERE)
            messages.append(_message(_LINK_INFO, struct.pack("<BBQ", 0, 3, n) + nowhere, node))
            messages.append(_message(_GROUP_INFO, b"\0\0", node))
            for k, (name, member) in enumerate(node.members.items()):
                messages.append(_message(_LINK, _link(name, k, self.node(member)), node))
        if len(messages) > _MOST:
            raise Damaged(f"{node.path} has {len(messages):,} members and attributes; a file can have {_MOST:,}")
        content = b"".join(messages)
        return self._put(_HEADER.pack(1, len(messages), 1, len(content)) + content)

    def _put(self, data: bytes) -> int:
        position = self._at
        self.parts.append(data)
        self._at += len(data)
        return position

    def _dataset(self, data: Stored | np.ndarray) -> list[tuple[int, bytes]]:
        if isinstance(data, np.ndarray):
            when, layout = 1, _LAYOUT_START.pack(*_COMPACT) + struct.pack("<H", data.nbytes) + data.tobytes()
        elif len(data.blocks) < 2:
            at = data.blocks[0] if data.n_bytes else _NOWHERE
            when, layout = 2, _LAYOUT_START.pack(*_CONTIGUOUS) + struct.pack("<QQ", at, data.n_bytes)
        else:
            of_block = data.rows, *data.shape[1:], data.dtype.itemsize
            layout = _LAYOUT_START.pack(*_CHUNKED) + struct.pack(
                f"<BQ{len(of_block)}I", len(of_block), self._tree(data), *of_block
            )
            when = 3
        # Space for data is allocated early, late or step by step; there is no value where nothing was written.
        fill = struct.pack("<BBBB", 2, when, 0, 0)
        return [(_SPACE, _space(data.shape)), (_TYPE, _type(data.dtype)), (_FILL_VALUE, fill), (_LAYOUT, layout)]

    def _tree(self, data: Stored) -> int:
        """Put a tree of the blocks of a dataset; return its position."""
        key = struct.Struct(f"<II{len(data.shape) + 1}Q")
        n_bytes = _TREE.size + _BRANCHES * (key.size + _ADDRESS.size) + key.size

        def key_of(block: int) -> bytes:
            return key.pack(data.block_bytes, 0, block * data.rows, *[0] * len(data.shape))

        # From the blocks up to one node; `of_one` is the number of blocks below each place.
        places, of_one, level = list(data.blocks), 1, 0
        while level == 0 or len(places) > 1:
            nodes = [places[k : k + _BRANCHES] for k in range(0, len(places), _BRANCHES)]
            at = [self._at + k * n_bytes for k in range(len(nodes))]
            around = [_NOWHERE, *at, _NOWHERE]
            for k, below in enumerate(nodes):
                first = k * _BRANCHES * of_one
                content = _TREE.pack(b"TREE", _BLOCKS, level, len(below), around[k], around[k + 2])
                content += b"".join(key_of(first + j * of_one) + _ADDRESS.pack(each) for j, each in enumerate(below))
                content += key_of(min(first + _BRANCHES * of_one, len(data.blocks)))
                self._put(content.ljust(n_bytes, b"\0"))
            places, of_one, level = at, of_one * _BRANCHES, level + 1
        return places[0]


def _message(kind: int, data: bytes, node: Node) -> bytes:
    n = -(-len(data) // 8) * 8
    if n > _MOST:
        raise Damaged(f"{node.path} has an attribute of more than {_MOST:,} bytes")
    return _MESSAGE.pack(kind, n, 0) + data.ljust(n, b"\0")


def _name(name: str) -> bytes:
    text = name.encode()
    if len(text) > _LONGEST_NAME:
        raise Damaged(f"a name of {len(text):,} bytes cannot be written; expected at most {_LONGEST_NAME:,}")
    return text


def _link(name: str, number: int, position: int) -> bytes:
    text = _name(name)
    return _LINK_START.pack(1, _LINK_FLAGS, number, _UTF_8, len(text)) + text + _ADDRESS.pack(position)


def _attribute(name: str, value: Any) -> bytes:
    title = _name(name) + b"\0"
    if isinstance(value, str):
        data = value.encode() or b"\0"
        if len(value) and data.endswith(b"\0"):
            raise Damaged(f"attribute {name!r} cannot be written: text that ends with a NUL")
        kind, space = _TEXT.pack(_TEXT_START, len(data)), _space(())
    else:
        array = little_endian(value)
        data, kind, space = array.tobytes(), _type(array.dtype), _space(array.shape)
    return _ATTRIBUTE_START.pack(3, 0, len(title), len(kind), len(space), _UTF_8) + title + kind + space + data


def _type(dtype: np.dtype) -> bytes:
    if dtype.kind == "S":
        return _TEXT.pack(_TEXT_START, dtype.itemsize)
    if dtype not in _TYPES:
        raise Damaged(f"values of type {dtype} cannot be written; expected numbers of at most 8 bytes")
    return _TYPES[dtype]


def _space(shape: Sequence[int]) -> bytes:
    return _SPACE_START.pack(1, len(shape), 0) + struct.pack(f"<{len(shape)}Q", *shape)


def little_endian(values: Any) -> np.ndarray:
    """An array as it is in a file."""
    array = np.asarray(values)
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).reshape(array.shape)


def decode(headers: bytes, start: int, root: int, n_bytes: int) -> Node:
    """The tree of which `encode` made these bytes.

    start, root: positions of the bytes and of the root in a file of n_bytes.
    Raises Damaged if there is anything that `encode` does not make, if headers overlap, as those of a group that is in
    itself, or if all data together have more bytes than the file; other errors if parts have impossible sizes.
    """
    return _Reader(headers, start, n_bytes).node(root, "/", 0)


class _Reader:
    def __init__(self, headers: bytes, start: int, n_bytes: int) -> None:
        self._headers, self._start = headers, start
        self._unread, self._unclaimed = len(headers), n_bytes

    def node(self, position: int, path: str, level: int) -> Node:
        if level > _MOST_LEVELS:
            raise Damaged(f"broken: groups are nested {level} deep in {path}")
        version, n_messages, references, n_bytes = _HEADER.unpack(self._part(position, _HEADER.size, path))
        messages = self._part(position + _HEADER.size, n_bytes, path)
        attributes: dict[Any, Any] = {}
        links: dict[Any, Any] = {}
        others: dict[Any, Any] = {}
        at = 0
        for _ in range(n_messages):
            kind, n, flags = _MESSAGE.unpack_from(messages, at)
            data = messages[at + _MESSAGE.size : at + _MESSAGE.size + n]
            at += _MESSAGE.size + n
            if kind == _ATTRIBUTE:
                where, (name, value) = attributes, _read_attribute(data, path)
            elif kind == _LINK:
                where, (name, value) = links, _read_link(data, path)
            else:
                where, name, value = others, kind, data
            if flags or name in where:
                raise Damaged(f"broken: the header of {path} has something twice, or shared with others")
            where[name] = value
        if (version, references, at) != (1, 1, n_bytes):
            raise Damaged(f"broken: the header of {path} is not as in run files")
        if others.keys() == {_LINK_INFO, _GROUP_INFO}:
            node = Node(path, attributes)
            for name, place in links.items():
                node.members[name] = self.node(place, node.path_of(name), level + 1)
            return node
        if others.keys() != {_SPACE, _TYPE, _FILL_VALUE, _LAYOUT} or links:
            raise Damaged(f"broken: {path} is neither a group nor a dataset as in run files")
        dtype, shape = _read_type(others[_TYPE], path), _read_space(others[_SPACE], path)
        return Node(path, attributes, data=self._data(dtype, shape, others[_LAYOUT], path))

    def _part(self, position: int, n: int, path: str) -> bytes:
        """A part of the headers, of which each is read once."""
        at = position - self._start
        self._unread -= n
        if at < 0 or at + n > len(self._headers) or self._unread < 0:
            raise Damaged(f"broken: {path} is not where it is said to be, or there twice")
        return self._headers[at : at + n]

    def _data(self, dtype: np.dtype, shape: tuple[int, ...], layout: bytes, path: str) -> Stored | np.ndarray:
        start, at = _LAYOUT_START.unpack_from(layout), _LAYOUT_START.size
        n_bytes = math.prod(shape) * dtype.itemsize
        if start == _COMPACT:
            (n,) = struct.unpack_from("<H", layout, at)
            values = np.frombuffer(layout, np.uint8, n, at + 2).copy()
            return values.view(dtype).reshape(shape)
        self._unclaimed -= n_bytes
        if self._unclaimed < 0:
            raise Damaged(f"broken: {path} is said to have {n_bytes:,} bytes, with all before it more than the file")
        if start == _CONTIGUOUS:
            position, n = struct.unpack_from("<QQ", layout, at)
            if n != n_bytes:
                raise Damaged(f"broken: {path} is said to have {n_bytes:,} bytes, but has {n:,}")
            return Stored(dtype, shape, (position,) if n else (), shape[0] if shape else 1)
        dimensions, tree, *of_block = struct.unpack_from(f"<BQ{len(shape) + 1}I", layout, at)
        if start != _CHUNKED or dimensions != len(of_block) or of_block[1:] != [*shape[1:], dtype.itemsize]:
            raise Damaged(f"broken: the data of {path} are not in this file, or not stored as in run files")
        blocks = self._blocks(tree, None, 8 * (len(shape) + 2), path)
        if len(blocks) != -(-shape[0] // of_block[0]):
            raise Damaged(f"broken: {path} is said to have {shape[0]:,} rows, but has {len(blocks)} blocks of them")
        return Stored(dtype, shape, tuple(blocks), of_block[0])

    def _blocks(self, position: int, level: int | None, key_bytes: int, path: str) -> list[int]:
        """The positions of blocks from a node of a tree. level: None for the first, which can be of any level."""
        entry = key_bytes + _ADDRESS.size
        node = self._part(position, _TREE.size + _BRANCHES * entry + key_bytes, path)
        signature, kind, found, n, *_ = _TREE.unpack_from(node)
        if (signature, kind) != (b"TREE", _BLOCKS) or n > _BRANCHES or level not in (None, found):
            raise Damaged(f"broken: the list of the blocks of {path}")
        places = [_ADDRESS.unpack_from(node, _TREE.size + key_bytes + k * entry)[0] for k in range(n)]
        return [each for at in places for each in self._blocks(at, found - 1, key_bytes, path)] if found else places


def _read_link(data: bytes, path: str) -> tuple[str, int]:
    version, flags, _, letters, n = _LINK_START.unpack_from(data)
    if (version, flags, letters) != (1, _LINK_FLAGS, _UTF_8):
        raise Damaged(f"broken: {path} has a link to another place or file; expected everything in this file")
    (position,) = _ADDRESS.unpack_from(data, _LINK_START.size + n)
    return data[_LINK_START.size : _LINK_START.size + n].decode(), position


def _read_attribute(data: bytes, path: str) -> tuple[str, Any]:
    version, flags, *lengths, letters = _ATTRIBUTE_START.unpack_from(data)
    parts, at = [], _ATTRIBUTE_START.size
    for n in lengths:
        parts.append(data[at : at + n])
        at += n
    name = parts[0][:-1].decode()
    what = f"attribute {name!r} of {path}"
    dtype, shape = _read_type(parts[1], what), _read_space(parts[2], what)
    n = math.prod(shape) * dtype.itemsize
    values = data[at : at + n]
    if (version, flags, letters, len(values)) != (3, 0, _UTF_8, n):
        raise Damaged(f"broken: {what} is not as in run files")
    if dtype.kind != "S":
        return name, np.frombuffer(values, dtype).reshape(shape)[()]
    if shape:
        raise Damaged(f"broken: {what} is a list of texts; expected one text")
    return name, values.rstrip(b"\0").decode()


def _read_type(data: bytes, what: str) -> np.dtype:
    if data[:4] == _TEXT_START and (n := _TEXT.unpack_from(data)[-1]):
        return np.dtype(f"S{n}")
    dtype = _DTYPES.get(data[: _TYPE_BYTES.get(data[:1], 0)])
    if dtype is None:
        raise Damaged(f"broken: {what} holds references, text of any length, or objects; expected numbers or text")
    return dtype


def _read_space(data: bytes, what: str) -> tuple[int, ...]:
    version, dimensions, flags = _SPACE_START.unpack_from(data)
    if version != 1 or flags:
        raise Damaged(f"broken: {what} has no value, or a size that can change")
    return struct.unpack_from(f"<{dimensions}Q", data, _SPACE_START.size)
