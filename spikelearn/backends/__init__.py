"""The same description on other simulators: Brian2 and NEST. Only a run there imports more than the options."""

from spikelearn.backends.options import NEST, Brian2, Options

__all__ = ["NEST", "Brian2", "Options"]
