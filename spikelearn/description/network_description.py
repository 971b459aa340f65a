"""The description of a whole network, the input of backends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
    """Everything added to a NetworkBuilder. dt: step in ms. seed: the root of all random numbers."""

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
