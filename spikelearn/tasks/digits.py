"""Handwritten digits, from scikit-learn or MNIST, split into training and test images."""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np

from spikelearn.analysis.arguments import checks_arguments
from spikelearn.errors import ExperimentError
from spikelearn.tasks.mnist_files import read_mnist

N_CLASSES = 10
SPLIT_SEED = 12345
TRAINED = 0.8
"""Fraction of the images used for training."""


class Split(NamedTuple):
    """Images (n, pixels) and their labels (n,), for training and for testing."""

    train: np.ndarray
    train_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray

    @property
    def side(self) -> int:
        """Pixels along each side of a square image."""
        return round(self.train.shape[1] ** 0.5)


def digits(mnist: str | os.PathLike[str] = "") -> tuple[np.ndarray, np.ndarray]:
    """All images, (n, pixels), brightness from 0 to 1, and their labels, (n,), in the order of their source.

    mnist: a folder with the MNIST files (see `read_mnist`); "" for the 1,797 UCI digits of 8 x 8 pixels that ship with
    scikit-learn. Raises ExperimentError if the folder has no such files, ModuleNotFoundError without scikit-learn.

    >>> images, labels = digits()
    >>> images.shape, labels[:5]
    ((1797, 64), array([0, 1, 2, 3, 4]))
    """
    if mnist:
        return read_mnist(mnist)
    from sklearn.datasets import load_digits

    found = load_digits()
    return found.data / 16.0, found.target.astype(np.int64)


@checks_arguments
def split(images: np.ndarray, labels: np.ndarray, n_train: int = 0, validation: bool = False) -> Split:
    """Split into 80 % training and 20 % test images, in a fixed order.

    images: (n, ...), labels: (n,). n_train: number of training images to keep; 0 keeps all. validation: instead split
    the 80 % again, 80 to 20, so that parameters can be tuned without seeing the test images.

    >>> parts = split(*digits())
    >>> parts.train.shape, parts.test.shape
    ((1437, 64), (360, 64))
    """
    if len(images) != len(labels):
        raise ExperimentError(f"split: expected as many labels as images, got {len(labels)} and {len(images)}")
    if n_train < 0:
        raise ExperimentError(f"split: expected an n_train of at least 0, got {n_train}")
    order = np.random.default_rng(SPLIT_SEED).permutation(len(images))
    if validation:
        order = order[: int(TRAINED * len(order))]
    n = int(TRAINED * len(order))
    train, test = order[: min(n, n_train) if n_train else n], order[n:]
    return Split(images[train], labels[train], images[test], labels[test])
