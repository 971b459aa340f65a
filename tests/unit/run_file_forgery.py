"""Run files that are changed and get the right checksums again, as who means harm would make them."""

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from spikelearn.io import hdf5_file
from spikelearn.io.hdf5_file import START, TreeWriter
from spikelearn.io.hdf5_tree import Node


def forge(path: Path, change: Callable[[h5py.File], object]) -> None:
    """Make `change` in a run file, and all its checksums right."""
    with h5py.File(path, "r+") as file:
        change(file)
    with h5py.File(path, "r") as file, io.FileIO(path.with_suffix(".forged"), "w") as raw:
        writer = TreeWriter(raw)
        writer.finish(copied(file, writer))
    path.with_suffix(".forged").replace(path)


def rewrite(path: Path, change: Callable[[Node], object]) -> None:
    """Make `change` in the tree of a run file, whose data stay as they are."""

    def changed(root: Node, file: io.BufferedReader) -> Node:
        change(root)
        return root

    root = hdf5_file.read(path, changed)
    with io.FileIO(path, "r+") as raw:
        TreeWriter(raw, os.path.getsize(path)).finish(root)


def sealed(content: bytes, headers: tuple[int, int] | None = None) -> bytes:
    """A run file with the right checksums of its headers and its first bytes.

    headers: where they begin and end; None: where they are said to be.
    """
    superblock, seal = content[: hdf5_file._SUPERBLOCK.size], content[hdf5_file._SUPERBLOCK.size : START]
    begin, n_bytes = struct.unpack_from("<8x2Q", seal) if headers is None else (headers[0], headers[1] - headers[0])
    if headers is not None:
        superblock = hdf5_file._superblock(hdf5_file._SUPERBLOCK.unpack(superblock)[-1], len(content))
    start = superblock + struct.pack("<8s2QI", seal[:8], begin, n_bytes, zlib.crc32(content[begin : begin + n_bytes]))
    return start + struct.pack("<I", zlib.crc32(start)) + content[START:]


def changed_by_hdf5(path: Path, change: Callable[[h5py.File], object]) -> None:
    """Make `change`, leave HDF5's structures as they are, and make the checksums right as if all of it were headers."""
    with h5py.File(path, "r+") as file:
        change(file)
    content = path.read_bytes()
    path.write_bytes(sealed(content, (START, len(content))))


def with_other_fields(content: bytes, rng: np.random.Generator, progress: tuple[int, int] | None = None) -> bytes:
    """A run file with other values in one to four fields of its headers, and the right checksums.

    progress: the position and the bytes of /progress, if that shall be changed instead.
    """
    found = bytearray(content)
    begin, n_bytes = struct.unpack_from("<2Q", content, hdf5_file._SUPERBLOCK.size + 8)
    if progress is not None:
        begin, n_bytes = progress
    for _ in range(int(rng.integers(1, 5))):
        width = 2 ** int(rng.integers(4))
        at = begin + int(rng.integers(n_bytes - width)) // width * width
        other = begin + int(rng.integers(n_bytes - width))
        old = int.from_bytes(found[at : at + width], "little")
        most, bit = 1 << 8 * width, 1 << int(rng.integers(8 * width))
        new = [
            int.from_bytes(rng.bytes(width), "little"), int.from_bytes(found[other : other + width], "little"),
            old + int(rng.integers(-16, 17)), old ^ bit, bit, int(rng.integers(32)), -1 - int(rng.integers(4)),
            int(rng.integers(len(content))),
        ][rng.integers(8)]  # fmt: skip
        found[at : at + width] = (new % most).to_bytes(width, "little")
    if progress is not None:
        size = (n_bytes - 8) // 2
        found[begin + 4 : begin + 8] = struct.pack("<I", zlib.crc32(found[begin : begin + 4] + bytes(4)))
        for end in (begin + n_bytes - size, begin + n_bytes):
            found[end - 4 : end] = struct.pack("<I", zlib.crc32(found[end - size : end - 4]))
    return sealed(bytes(found))


def node_of(root: Node, path: str) -> Node:
    for name in path.split("/"):
        root = root.members[name]
    return root


def copied(group: h5py.Group, writer: TreeWriter, node: Node | None = None) -> Node:
    """The tree of an HDF5 file, whose data are written to another one."""
    node = node or Node()
    node.attributes.update(plain_attributes(group))
    for name, member in group.items():
        if isinstance(member, h5py.Group):
            copied(member, writer, node.add(name))
        else:
            attributes = plain_attributes(member)
            attributes.pop("checksum", None)
            writer.put(node, name, member[()], attributes)
    return node


def plain_attributes(of: Any) -> dict[str, Any]:
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in of.attrs.items()}
