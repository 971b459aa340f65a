"""Data sets and tasks that models learn."""

from spikelearn.tasks.mnist_files import read_mnist

__all__ = ["read_mnist"]
