"""MNIST files: handwritten digits in the IDX format of LeCun, Cortes & Burges, compressed or not."""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path

import numpy as np

from spikelearn.errors import ExperimentError
from spikelearn.regular_files import open_regular
from spikelearn.values import path as checked_path

SOURCE = "https://ossci-datasets.s3.amazonaws.com/mnist/"
"""A public source of the four files."""
_MOST_COMPRESSED = 1032
"""No byte of a compressed file becomes more bytes: https://zlib.net/zlib_tech.html."""


def read_mnist(folder: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, pixels), from 0 to 1, and labels (n,), from all MNIST files in a folder, t10k before train.

    The files are called *images-idx3-ubyte* and *labels-idx1-ubyte*, with or without .gz; one present in both forms is
    read once. Raises ExperimentError if there are none, if the content of one does not match its name, if images differ
    in size, or if a label is no digit.

    >>> from pathlib import Path  # two images of two pixels, in place of the files of MNIST
    >>> images = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255, 51, 0])
    >>> sizes = [Path("t10k-images-idx3-ubyte").write_bytes(images)]
    >>> sizes += [Path("t10k-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 4]))]
    >>> X, y = read_mnist(".")
    >>> X, y
    (array([[0. , 1. ],
           [0.2, 0. ]]), array([7, 4]))
    """
    directory = checked_path(folder, "folder of read_mnist")
    images = [_read(path, dimensions=3) for path in _files(directory, "images-idx3-ubyte")]
    labels = [_read(path, dimensions=1) for path in _files(directory, "labels-idx1-ubyte")]
    if (counts := [len(part) for part in images]) != (labelled := [len(part) for part in labels]):
        raise ExperimentError(f"mnist: {directory} has {counts} images but {labelled} labels")
    if len(sizes := {part.shape[1:] for part in images}) > 1:
        raise ExperimentError(f"mnist: {directory} has images of the sizes {sorted(sizes)}, expected one size")
    digits = np.concatenate(labels).astype(np.int64)
    if digits.max() > 9:
        raise ExperimentError(f"mnist: {directory} has the label {digits.max()}, expected 0 to 9")
    flat = np.concatenate([part.reshape(len(part), -1) for part in images])
    return flat / 255.0, digits


def _files(directory: Path, kind: str) -> list[Path]:
    found = {path.name.removesuffix(".gz"): path for path in sorted(directory.glob(f"*{kind}*"))}
    if not found:
        raise ExperimentError(f"mnist: no file *{kind}* (or .gz) in {directory}; download it from {SOURCE}")
    return list(found.values())


def _read(path: Path, dimensions: int) -> np.ndarray:
    """The array in an IDX file of bytes: two zeros, 8 for bytes, number of dimensions, their sizes, the bytes."""
    expected = f"expected a complete IDX file of bytes in {dimensions} dimensions"
    try:
        with open_regular(path) as file:
            n_bytes = os.fstat(file.fileno()).st_size
            compressed = path.suffix == ".gz"
            stream = gzip.GzipFile(fileobj=file) if compressed else file
            header = stream.read(4 + 4 * dimensions)
            if len(header) < 4 + 4 * dimensions or header[:4] != bytes([0, 0, 8, dimensions]):
                raise ExperimentError(f"mnist: {path} begins with the bytes {header[:4].hex()!r}, {expected}")
            shape = tuple(int(n) for n in np.frombuffer(header[4:], ">u4"))
            size = math.prod(shape)
            if not size or size > n_bytes * (_MOST_COMPRESSED if compressed else 1):
                raise ExperimentError(f"mnist: {path} of {n_bytes} bytes is said to have {shape} values, {expected}")
            content = stream.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ExperimentError(f"mnist: {path} cannot be read: {error}; {expected}") from error
    if len(content) != size:
        more = "more" if len(content) > size else f"only {len(content)}"
        raise ExperimentError(f"mnist: {path} is said to have {shape} values but has {more}, {expected}")
    return np.frombuffer(content, np.uint8).reshape(shape)
