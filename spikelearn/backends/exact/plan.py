"""EventPlan: a network lowered for the exact engine, as arrays and a rendered function for each population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.recording import Recording
from spikelearn.kernels.event_loop import Cells, Groups, Owners, Synapses, Watched
from spikelearn.kernels.event_queue import Clocks, Flights
from spikelearn.results.run import SynapticEvents


@dataclass
class Neurons:
    """The neurons of one population. state: as of `last` (ms). until: ms, the end of the refractory period.

    exact: whether the clock is the next spike time or a lower bound of it. currents: pA, through each current port.
    """

    state: dict[str, np.ndarray]
    currents: dict[str, np.ndarray]
    last: np.ndarray
    until: np.ndarray
    exact: np.ndarray


@dataclass
class SampleBuffer:
    """A recording of a variable and its samples so far. used: (1,)."""

    recording: Recording
    steps: np.ndarray
    values: np.ndarray
    used: np.ndarray


@dataclass
class EventPlan:
    """A network ready to run from event to event. `step` is the end of the last run.

    calls: one per population, None for sources; releases: one per group, None for static synapses; samples: one per
    buffer. memory: the state of synapses that have one, (n_runs,) arrays, by projection.
    now: (1,) ms. control, event_count: as in `run_events`. sizes: how many synapses each projection has. group_of: the
    group of each counted projection, and others.
    """

    dt: float
    seed: int
    populations: list[Population]
    projections: list[Projection]
    neurons: dict[Population, Neurons]
    clocks: Clocks
    flights: Flights
    synapses: Synapses
    groups: Groups
    cells: Cells
    owners: Owners
    watched: Watched
    calls: list[Any]
    releases: list[Any]
    samples: list[Any]
    buffers: list[SampleBuffer]
    spike_recordings: list[Recording]
    sizes: dict[Projection, int]
    memory: dict[Projection, dict[str, np.ndarray]]
    now: np.ndarray
    control: np.ndarray
    event_count: np.ndarray
    group_of: Mapping[Any, int]
    step: int = 0

    @property
    def tables(self) -> tuple[Any, ...]:
        """The arguments of the event loop, in order."""
        return self.clocks, self.flights, self.synapses, self.groups, self.cells, self.owners, self.watched

    @property
    def synaptic_events(self) -> int:
        return int(self.event_count[0])

    def events_of(self, projection: Projection) -> SynapticEvents:
        """Of a counted projection, since time 0. Synapses do not learn in this engine."""
        return SynapticEvents(int(self.groups.delivered[self.group_of[projection]]), 0)

    @property
    def queue_events(self) -> int:
        """The number of entries taken from the two queues so far."""
        return int(self.event_count[1])

    def arrays(self) -> dict[str, np.ndarray]:
        """All state that changes during a run, by name: the contents of a checkpoint besides `step`.

        Arrays of `flights` grow as needed, all others keep their shape.
        """
        found = {
            "now": self.now,
            "event_count": self.event_count,
            "delivered": self.groups.delivered,
            "next_step": self.watched.next_step,
            "count": self.owners.count,
        }
        for what, queue in (("clocks", self.clocks), ("flights", self.flights)):
            found |= {f"{what}.{name}": array for name, array in queue._asdict().items()}
        for name in ("touched", "n_touched", "marked", "inputs"):
            found[f"cells.{name}"] = getattr(self.cells, name)
        for population, neurons in self.neurons.items():
            parts = {"last": neurons.last, "until": neurons.until, "exact": neurons.exact}
            parts |= {f"state.{name}": array for name, array in neurons.state.items()}
            parts |= {f"current.{name}": array for name, array in neurons.currents.items()}
            found |= {f"{population.name}.{name}": array for name, array in parts.items()}
        for projection, state in self.memory.items():
            found |= {f"{projection.name}.{name}": array for name, array in state.items()}
        return found

    def make_room_for(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Give the queue of spikes in transit the capacity that it had when `arrays` were saved."""
        missing = len(arrays["flights.due"]) - len(self.flights.due)
        if missing > 0:
            self.flights = self.flights.longer(missing)
