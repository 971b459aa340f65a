"""Run files of formats 1 and 2, which the HDF5 library wrote, become files of the present format."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from spikelearn.errors import RunFileError
from spikelearn.io import run_layout as layout
from spikelearn.io.hdf5_file import TreeWriter, explained, replacing
from spikelearn.io.hdf5_tree import Damaged, Node, checksum_of
from spikelearn.io.run_file import run_of
from spikelearn.values import path as checked_path


def convert(old: str | os.PathLike[str], new: str | os.PathLike[str]) -> None:
    """Write a run file of format 1 or 2 as one of the present format, to `new`.

    HDF5 reads the old file, so it must be one that you trust. What a killed process left must first be mended by HDF5's
    own `h5clear --status --increment`. Needs h5py. Raises RunFileError if the old file cannot be read or holds no
    possible run, or if the new one cannot be written.

    >>> convert("written_by_0.0.9.h5", "run.h5")  # doctest: +SKIP
    """
    source, path = checked_path(old, "path of convert"), checked_path(new, "path of convert")
    try:
        import h5py
    except ModuleNotFoundError as error:
        raise RunFileError(f"{source}: files of old formats are read by h5py: pip install h5py") from error
    with replacing(path) as writer, explained(source, f"cannot be converted to {path}"):
        with h5py.File(source, "r") as file:
            root = _converted(file, writer)
        run_of(root, writer.raw)
        writer.finish(root)


def _converted(file: Any, writer: TreeWriter) -> Node:
    version = file.attrs.get("format_version")
    if version not in (1, 2):
        raise Damaged(f"format version {version}, expected version 1 or 2")
    rows = list(file["progress"][:])
    if version == 1:
        # Of two rows those are whole whose first and last numbers are equal; the later one counts.
        rows = sorted((row for row in rows if row["number"] == row["check"] > 0), key=lambda row: int(row["number"]))
    row = rows[-1]
    root = _copied(file, Node(), writer, row)
    root.attributes.update(
        format_version=layout.FORMAT_VERSION,
        **layout.end_of(
            t_stop=row["t_stop"],
            wall_s=row["wall_s"],
            synaptic_events=row["synaptic_events"],
            interrupted=row["interrupted"] or not row["complete"],
        ),
    )
    for projection in root.member("projections").members.values():
        projection.attributes.setdefault("unit", "")  # which the first files did not have
    return root


def _copied(group: Any, node: Node, writer: TreeWriter, row: np.void) -> Node:
    """Add a group's attributes and members to a node."""
    node.attributes.update(_attributes(group))
    index = node.attributes.pop("index", None)
    for name, member in group.items():
        if not hasattr(member, "shape"):
            _copied(member, node.add(name), writer, row)
        elif member.dtype.names is None:  # not /progress
            attributes = _attributes(member)
            checksum = attributes.pop("checksum", None)
            grows = index is not None and member.maxshape[:1] == (None,)
            values = np.asarray(member[: row["counts"][index]] if grows else member[()])
            if checksum is not None and checksum_of(values) != checksum:
                raise Damaged(f"damaged: the checksum of {member.name} does not match its data")
            writer.put(node, name, values, attributes)
    return node


def _attributes(of: Any) -> dict[str, Any]:
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in of.attrs.items()}
