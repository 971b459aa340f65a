"""spikelearn: spiking networks that learn the way brains might, simulated event by event.

What every network needs is imported with it; models, rules and tools are when they are first asked for.
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from spikelearn.network import Network as Network
from spikelearn.on_demand import imported_on_demand as _imported_on_demand
from spikelearn.version import VERSION as _VERSION

__version__ = _VERSION

if _TYPE_CHECKING:
    from spikelearn import analysis as analysis
    from spikelearn import io as io
    from spikelearn import learning as learning
    from spikelearn import plots as plots
    from spikelearn import results as results
    from spikelearn import sweep as sweep
    from spikelearn import tasks as tasks
    from spikelearn.backends import NEST as NEST
    from spikelearn.backends import Brian2 as Brian2
    from spikelearn.connectivity import *
    from spikelearn.description import Callback as Callback
    from spikelearn.description import DeltaRule as DeltaRule
    from spikelearn.description import Environment as Environment
    from spikelearn.description import Exponential as Exponential
    from spikelearn.description import Grid as Grid
    from spikelearn.description import LogNormal as LogNormal
    from spikelearn.description import Modulator as Modulator
    from spikelearn.description import Normal as Normal
    from spikelearn.description import Phase as Phase
    from spikelearn.description import Population as Population
    from spikelearn.description import Positions as Positions
    from spikelearn.description import Projection as Projection
    from spikelearn.description import PythonEnvironment as PythonEnvironment
    from spikelearn.description import Readout as Readout
    from spikelearn.description import RecursiveLeastSquares as RecursiveLeastSquares
    from spikelearn.description import Ridge as Ridge
    from spikelearn.description import Signal as Signal
    from spikelearn.description import Trials as Trials
    from spikelearn.description import Uniform as Uniform
    from spikelearn.description import UniformPositions as UniformPositions
    from spikelearn.description import View as View
    from spikelearn.description import World as World
    from spikelearn.experiments.listing import models as models
    from spikelearn.interop.brian2.network import from_brian2 as from_brian2
    from spikelearn.interop.nir.reading import from_nir as from_nir
    from spikelearn.interop.sonata.reading import from_sonata as from_sonata
    from spikelearn.interop.sonata.reading import sonata_duration as sonata_duration
    from spikelearn.io.event_files import from_events as from_events
    from spikelearn.io.neo_blocks import from_neo as from_neo
    from spikelearn.io.nwb_reading import from_nwb as from_nwb
    from spikelearn.kernels.random import random_uniform as random_uniform
    from spikelearn.learning.event_gradient import event_gradient as event_gradient
    from spikelearn.learning.gradient import gradient as gradient
    from spikelearn.neurons import *
    from spikelearn.plasticity import *
    from spikelearn.results.run import Run as Run
    from spikelearn.sources import *
    from spikelearn.synapses import *
    from spikelearn.viewer.shown import view as view
else:
    __getattr__, __dir__, __all__ = _imported_on_demand(__name__)
    __all__ += ["__version__"]
