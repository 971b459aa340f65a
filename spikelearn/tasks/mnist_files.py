"""MNIST files: handwritten digits in the IDX format of LeCun, Cortes & Burges, compressed or not."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np

from spikelearn.errors import ExperimentError

SOURCE = "https://ossci-datasets.s3.amazonaws.com/mnist/"
"""A public source of the four files."""


def read_mnist(folder: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, pixels), from 0 to 1, and labels (n,), from all MNIST files in a folder, t10k before train.

    The files are called *images-idx3-ubyte* and *labels-idx1-ubyte*, with or without .gz; one present in both forms is
    read once. Raises ExperimentError if there are none, or if the content of one does not match its name.
    """
    directory = Path(folder)
    images = [_read(path, dimensions=3) for path in _files(directory, "images-idx3-ubyte")]
    labels = [_read(path, dimensions=1) for path in _files(directory, "labels-idx1-ubyte")]
    if (counts := [len(part) for part in images]) != (labelled := [len(part) for part in labels]):
        raise ExperimentError(f"mnist: {directory} has {counts} images but {labelled} labels")
    flat = np.concatenate([part.reshape(len(part), -1) for part in images])
    return flat / 255.0, np.concatenate(labels).astype(np.int64)


def _files(directory: Path, kind: str) -> list[Path]:
    found = {path.name.removesuffix(".gz"): path for path in sorted(directory.glob(f"*{kind}*"))}
    if not found:
        raise ExperimentError(f"mnist: no file *{kind}* (or .gz) in {directory}; download it from {SOURCE}")
    return list(found.values())


def _read(path: Path, dimensions: int) -> np.ndarray:
    """The array in an IDX file of bytes: two zeros, 8 for bytes, number of dimensions, their sizes, the bytes."""
    try:
        content = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError) as error:
        raise ExperimentError(f"mnist: {path} cannot be read: {error}") from error
    header = 4 + 4 * dimensions
    shape = np.frombuffer(content[4:header], ">u4").astype(int)
    if content[:4] != bytes([0, 0, 8, dimensions]) or len(content) != header + int(np.prod(shape)):
        raise ExperimentError(f"mnist: {path} is not a complete IDX file of bytes in {dimensions} dimensions")
    return np.frombuffer(content[header:], np.uint8).reshape(shape)
