"""What a run returns, and the sinks that receive its recordings."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from spikelearn.on_demand import imported_on_demand as _imported_on_demand

if _TYPE_CHECKING:
    from spikelearn.results.recorded_data import Snapshots as Snapshots
    from spikelearn.results.recorded_data import Spikes as Spikes
    from spikelearn.results.recorded_data import Trace as Trace
    from spikelearn.results.recorded_data import TrialTimes as TrialTimes
    from spikelearn.results.run import PopulationInfo as PopulationInfo
    from spikelearn.results.run import ProjectionInfo as ProjectionInfo
    from spikelearn.results.run import Synapses as Synapses
    from spikelearn.results.run import SynapticEvents as SynapticEvents
else:
    __getattr__, __dir__, __all__ = _imported_on_demand(__name__)
