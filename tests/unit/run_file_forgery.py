"""Run files that are changed and get the right checksums again, as who means harm would make them."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from spikelearn.io import run_layout as layout
from spikelearn.io.hdf5_tree import Node, checksum_of, read_tree, structure_checksum


def forge(path: Path, change: Callable[[h5py.File], object]) -> None:
    """Make `change` in a run file, and all its checksums right."""
    with h5py.File(path, "r+") as file:
        change(file)
    with h5py.File(path, "r+") as file:
        seal(file)


def seal(file: h5py.File) -> None:
    """Make all checksums right."""
    for node in _all(read_tree(file)):
        if "checksum" in node.attributes and node.dataset is not None:
            file[node.path].attrs["checksum"] = np.uint32(checksum_of(np.asarray(node.dataset[()])))
    if "progress" not in file or file["progress"].dtype.names is None:
        return
    row = file["progress"][0]
    root, names = read_tree(file), {"spikes": "ids", "traces": "values"}
    for part in names.keys() & file.keys():
        for node in _all(root.members[part]):
            index = node.attributes.get("index", -1)
            if 0 <= index < len(row["counts"]):
                for column, name in enumerate(("times", names[part])):
                    if name in node.members:
                        values = file[node.members[name].path][: row["counts"][index]]
                        row["checksums"][index, column] = checksum_of(values)
    row["checksum"] = layout._row_checksum(row, structure_checksum(root))
    file["progress"][0] = row


def _all(node: Node) -> list[Node]:
    return [node, *(each for member in node.members.values() for each in _all(member))]
