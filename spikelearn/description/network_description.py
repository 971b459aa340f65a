"""The description of a whole network, the input of backends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from spikelearn.description.environment import World
from spikelearn.description.following import Following
from spikelearn.description.homeostasis import Homeostasis
from spikelearn.description.population import Modulator, Population
from spikelearn.description.projection import Drive, Projection, Release
from spikelearn.description.readout import Feed
from spikelearn.description.recording import Recording
from spikelearn.description.signal import Signal
from spikelearn.description.trials import Callback


@dataclass(frozen=True)
class NetworkDescription:
    """Everything added to a NetworkBuilder. dt: step in ms. seed: the root of all random numbers.

    off: projections, drives and recordings that are switched off. apart: projections that are, or once were.
    since: the step in which a projection was connected, if the network had run: events of earlier steps do not arrive
    through it, and it shares no table with others.
    """

    dt: float
    seed: int
    populations: Sequence[Population]
    projections: Sequence[Projection]
    modulators: Sequence[Modulator]
    drives: Sequence[Drive]
    releases: Sequence[Release]
    recordings: Sequence[Recording]
    callbacks: Sequence[Callback]
    homeostases: Sequence[Homeostasis] = ()
    counted: Sequence[Projection] = ()
    signals: Sequence[Signal] = ()
    feeds: Sequence[Feed] = ()
    followings: Sequence[Following] = ()
    worlds: Sequence[World] = ()
    off: Sequence[Projection | Drive | Recording] = ()
    apart: Sequence[Projection] = ()
    since: Mapping[Projection, int] = field(default_factory=dict)

    @property
    def needs(self) -> list[str]:
        """What not every backend supports, see Backend.supports."""
        late = any(p.is_neuron and p.model.model.late_input for p in self.populations)
        late = late or any(projection.late for projection in self.projections)
        return ["Brian2's order of steps"] if late or any(each.when != "end" for each in self.recordings) else []

    @property
    def switched_on(self) -> NetworkDescription:
        """The same without what is switched off, for engines that cannot switch."""
        if not self.off:
            return self
        return replace(
            self,
            projections=[each for each in self.projections if each not in self.off],
            drives=[each for each in self.drives if each not in self.off],
            recordings=[each for each in self.recordings if each not in self.off],
            off=(),
        )
