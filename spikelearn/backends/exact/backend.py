"""The engine "events": an EventPlan, run from event to event."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from spikelearn.backends.backend import Backend, Choice, Shares
from spikelearn.backends.exact.lowering import lower
from spikelearn.backends.exact.simulate import simulate
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.projection import Projection
from spikelearn.engine.listed_synapses import list_synapses
from spikelearn.engine.simulate import Pause
from spikelearn.results.run import Synapses, SynapticEvents
from spikelearn.results.sink import Sink


class ExactBackend(Backend):
    """A description lowered to an EventPlan. It runs on one thread, and its synapses never change."""

    supports = frozenset({"checkpoints", "reset"})
    on_grid = False

    def __init__(self, description: NetworkDescription) -> None:
        self.description, self.plan = description, lower(description.switched_on)

    @classmethod
    def begin(
        cls, description: NetworkDescription, choice: Choice, threads: int | None = None, shares: Shares | None = None
    ) -> ExactBackend:
        return cls(description)

    @property
    def step(self) -> int:
        return self.plan.step

    @property
    def synaptic_events(self) -> int:
        return self.plan.synaptic_events

    def events_of(self, projection: Projection) -> SynapticEvents:
        off = projection in self.description.off
        return SynapticEvents(0, 0) if off else self.plan.events_of(projection)

    def advance(
        self, n_steps: int, sink: Sink, progress: bool | None = None, pauses: Sequence[Pause] = (), trials: Any = None
    ) -> tuple[bool, float]:
        return simulate(self.plan, n_steps, sink, progress, pauses)

    def synapses(self, projection: Projection) -> Callable[[], Synapses]:
        return partial(list_synapses, projection, self.plan.seed, self.plan.dt)

    def count(self, projection: Projection) -> int:
        return self.plan.sizes.get(projection) or len(self.synapses(projection)().pre)

    def arrays(self) -> dict[str, np.ndarray]:
        return self.plan.arrays()

    def restore(self, arrays: Mapping[str, np.ndarray], step: int, where: str) -> None:
        from spikelearn.engine.checkpoint import put_back

        self.plan.make_room_for(arrays)
        put_back(self.plan.arrays(), arrays, where)
        self.plan.step = step
