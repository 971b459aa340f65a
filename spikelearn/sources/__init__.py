"""Sources of spikes and of currents, exported to the whole package by one line each."""

from typing import TYPE_CHECKING

from spikelearn.sources.drives import NoiseCurrent as NoiseCurrent
from spikelearn.sources.drives import PoissonInput as PoissonInput
from spikelearn.sources.drives import StepCurrent as StepCurrent
from spikelearn.sources.spikes import Images as Images
from spikelearn.sources.spikes import Poisson as Poisson
from spikelearn.sources.spikes import SpikeList as SpikeList
from spikelearn.sources.spikes import Timed as Timed

if not TYPE_CHECKING:  # type checkers use the imports above, which export names by `as`
    __all__ = [name for name, value in globals().items() if isinstance(value, type)]
