"""The checkpoint file: the state of a network between two steps, written atomically.

    16 bytes  "spikelearn-state"
    uint32    version of this format
    uint64    size of the whole file
    uint32    size of the header
    header    JSON: versions that wrote it, time, sizes of the parts
    parts     a pickle, then raw arrays
    32 bytes  BLAKE2b of everything before

All numbers are little-endian. A new file is written next to the old one and replaces it once it is on disk.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Mapping
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import numpy as np

from spikelearn.atomic_files import reason, replacing
from spikelearn.codegen.modules import sources_fingerprint
from spikelearn.engine import pickle_buffers
from spikelearn.errors import CheckpointError
from spikelearn.regular_files import open_regular, parse_json
from spikelearn.warn import warn

FORMAT = 3
_MAGIC = b"spikelearn-state"
_START = struct.Struct("<16sIQI")
_DIGEST_SIZE = 32
_DIFFERENT = "a network built from its description has different arrays from those stored"


def write(path: Path, content: Mapping[str, Any], versions: Mapping[str, str], time: float) -> None:
    """Write `content` (names -> objects with arrays). An existing file at `path` is replaced atomically.

    Raises CheckpointError.
    """
    try:
        parts = pickle_buffers.dump(dict(content))
    except Exception as error:
        raise CheckpointError(
            f"{path}: this network cannot be written because part of it cannot be pickled: {error}"
        ) from error
    sizes = [len(part) for part in pickle_buffers.contents(parts)]
    about = {"versions": dict(versions), "kernels": sources_fingerprint(), "time": time, "sizes": sizes}
    header = json.dumps(about).encode()
    total = _START.size + len(header) + sum(sizes) + _DIGEST_SIZE
    start = _START.pack(_MAGIC, FORMAT, total, len(header)) + header
    digest = hashlib.blake2b(start, digest_size=_DIGEST_SIZE)
    try:
        with replacing(path, durable=True) as temporary, open(temporary, "wb") as file:
            file.write(start)
            for part in pickle_buffers.contents(parts):
                file.write(part)
                digest.update(part)
            file.write(digest.digest())
    except OSError as error:
        raise CheckpointError(
            f"{path}: the checkpoint could not be written ({reason(error, path.parent)}); an existing file is unchanged"
        ) from error


def read(path: Path) -> dict[str, Any]:
    """Read the `content` passed to `write`. Raises CheckpointError if the file is damaged or cannot be used here."""
    try:
        with open_regular(path) as file:
            parts, about = _read_parts(file, path)
    except OSError as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{path}: cannot be read: {error}") from error
    try:
        content = pickle_buffers.load(parts)
    except Exception as error:
        raise CheckpointError(
            f"{path}: intact, but needs something that is missing here: {type(error).__name__}: {error}"
        ) from error
    if about["kernels"] != sources_fingerprint():
        written = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
        warn(f"{path} was written by different code ({written}): results may differ from those of an uninterrupted run")
    return content


def put_back(own: Mapping[str, np.ndarray], arrays: Mapping[str, np.ndarray], where: str) -> None:
    """Copy the arrays of a checkpoint into those of a network. Raises CheckpointError if they do not match."""
    for name in [*own, *arrays]:
        found = [
            "no such array" if name not in of else f"{of[name].dtype} of shape {of[name].shape}" for of in (own, arrays)
        ]
        if found[0] != found[1]:
            raise CheckpointError(
                f"{where}: {_DIFFERENT} ({name}: {found[0]} now, {found[1]} stored); its code has changed"
            )
    for name, array in own.items():
        np.copyto(array, arrays[name])


def _read_parts(file: BufferedIOBase, path: Path) -> tuple[list[bytearray], dict[str, Any]]:
    size = os.fstat(file.fileno()).st_size
    start = file.read(_START.size)
    if start[: len(_MAGIC)] != _MAGIC[: len(start)] or not start:
        raise CheckpointError(f"{path}: not a checkpoint of spikelearn")
    damaged = CheckpointError(f"{path}: damaged, its checksum does not match its contents")
    if len(start) < _START.size:
        raise CheckpointError(f"{path}: truncated, it ends after {len(start)} bytes")
    _, version, total, header_size = _START.unpack(start)
    if version != FORMAT:
        raise CheckpointError(f"{path}: a checkpoint of format version {version}, expected version {FORMAT}")
    if size < total:
        raise CheckpointError(f"{path}: truncated, it has {size} bytes of {total}")
    if size != total or _START.size + header_size + _DIGEST_SIZE > total:
        raise damaged
    digest = hashlib.blake2b(start, digest_size=_DIGEST_SIZE)
    header = file.read(header_size)
    digest.update(header)
    try:
        about = parse_json(header)
        sizes = [int(size) for size in about["sizes"]]
        dict(about["versions"]).items(), str(about["kernels"])
    except (ValueError, KeyError, TypeError):
        raise damaged from None
    if min(sizes, default=-1) < 0 or _START.size + header_size + sum(sizes) + _DIGEST_SIZE != total:
        raise damaged
    parts = []
    for size in sizes:
        part = bytearray(size)
        file.readinto(part)
        digest.update(part)
        parts.append(part)
    if file.read() != digest.digest():
        raise damaged
    return parts, about
