"""Sources of spikes and of currents."""

from spikelearn.sources.drives import NoiseCurrent, PoissonInput, StepCurrent
from spikelearn.sources.spikes import Images, Poisson, SpikeList, Timed

__all__ = ["Images", "NoiseCurrent", "Poisson", "PoissonInput", "SpikeList", "StepCurrent", "Timed"]
