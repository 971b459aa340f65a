"""Sources of spikes and of currents: one line each here, by which the whole package has it."""

from typing import TYPE_CHECKING

from spikelearn.sources.drives import NoiseCurrent as NoiseCurrent
from spikelearn.sources.drives import PoissonInput as PoissonInput
from spikelearn.sources.drives import StepCurrent as StepCurrent
from spikelearn.sources.spikes import Images as Images
from spikelearn.sources.spikes import Poisson as Poisson
from spikelearn.sources.spikes import SpikeList as SpikeList
from spikelearn.sources.spikes import Timed as Timed

if not TYPE_CHECKING:  # these go by the lines above, whose names are exported by `as`
    __all__ = [name for name, value in globals().items() if isinstance(value, type)]
