"""What runs a description: the compiled and the exact engine, NEST and Brian2, by one protocol (backend.py)."""

from spikelearn.backends.options import NEST, Brian2, Options

__all__ = ["NEST", "Brian2", "Options"]
