"""The same description on other simulators: Brian2 and NEST."""

from spikelearn.engine.elsewhere.options import NEST, Brian2
from spikelearn.engine.elsewhere.run import Elsewhere, begin_elsewhere, options_of, refuse_what_is_not_elsewhere

__all__ = ["NEST", "Brian2", "Elsewhere", "begin_elsewhere", "options_of", "refuse_what_is_not_elsewhere"]
