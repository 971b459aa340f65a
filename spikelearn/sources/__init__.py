"""Sources of spikes and of currents, exported to the whole package by one line each."""

from typing import TYPE_CHECKING

from spikelearn.on_demand import imported_on_demand

if TYPE_CHECKING:
    from spikelearn.sources.correlated import CorrelatedPoisson as CorrelatedPoisson
    from spikelearn.sources.drives import NoiseCurrent as NoiseCurrent
    from spikelearn.sources.drives import PoissonInput as PoissonInput
    from spikelearn.sources.drives import StepCurrent as StepCurrent
    from spikelearn.sources.renewal import GammaProcess as GammaProcess
    from spikelearn.sources.renewal import PoissonWithDeadTime as PoissonWithDeadTime
    from spikelearn.sources.spikes import Images as Images
    from spikelearn.sources.spikes import Poisson as Poisson
    from spikelearn.sources.spikes import SpikeList as SpikeList
    from spikelearn.timed import Timed as Timed
else:
    __getattr__, __dir__, __all__ = imported_on_demand(__name__)
