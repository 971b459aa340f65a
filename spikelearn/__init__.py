"""spikelearn: spiking networks that learn the way brains might, simulated event by event."""

from importlib import import_module as _import_module
from types import ModuleType as _Module
from typing import TYPE_CHECKING as _TYPE_CHECKING

from spikelearn.backends import NEST as NEST
from spikelearn.backends import Brian2 as Brian2
from spikelearn.connectivity import *
from spikelearn.description import Callback as Callback
from spikelearn.description import Exponential as Exponential
from spikelearn.description import Grid as Grid
from spikelearn.description import LogNormal as LogNormal
from spikelearn.description import Modulator as Modulator
from spikelearn.description import Normal as Normal
from spikelearn.description import Phase as Phase
from spikelearn.description import Population as Population
from spikelearn.description import Positions as Positions
from spikelearn.description import Projection as Projection
from spikelearn.description import Trials as Trials
from spikelearn.description import Uniform as Uniform
from spikelearn.description import UniformPositions as UniformPositions
from spikelearn.description import View as View
from spikelearn.kernels.random import random_uniform as random_uniform
from spikelearn.network import VERSION as __version__
from spikelearn.network import Network as Network
from spikelearn.neurons import *
from spikelearn.plasticity import *
from spikelearn.results.run import Run as Run
from spikelearn.sources import *
from spikelearn.synapses import *

if _TYPE_CHECKING:
    from spikelearn import analysis as analysis
    from spikelearn import io as io
    from spikelearn import learning as learning
    from spikelearn import plots as plots
    from spikelearn import tasks as tasks
    from spikelearn.learning.event_gradient import event_gradient as event_gradient
    from spikelearn.learning.gradient import gradient as gradient
else:  # type checkers go by the lines above, whose names are exported by `as` and by `*`
    _ON_DEMAND = ("plots", "analysis", "io", "learning", "tasks")
    __all__ = [n for n, value in globals().items() if not n.startswith("_") and not isinstance(value, _Module)]
    __all__ += ["__version__"]

    def __getattr__(name: str) -> object:
        if name in _ON_DEMAND:
            return _import_module(f"spikelearn.{name}")
        if name in ("gradient", "event_gradient"):
            return getattr(_import_module(f"spikelearn.learning.{name}"), name)
        raise AttributeError(f"module 'spikelearn' has no attribute {name!r}")
