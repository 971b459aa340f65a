"""Projections, drives and releases: frozen descriptions of what the network is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.connectivity import ConnectionRule, Rows
from spikelearn.description.distributions import Drawn
from spikelearn.description.population import Modulator, Population
from spikelearn.kernels import connect
from spikelearn.plasticity import Plasticity
from spikelearn.synapses import GradedSynapse, Synapse


@dataclass(frozen=True, eq=False)
class Projection:
    """The synapses from one population to one port of another. Made by `Network.connect`.

    space: the positions of source and target (kernels/space.py), if weights or delays go by distance.
    axonal, dendritic: delays; axonal may be drawn (ms), dendritic is a whole number of steps. procedural: its synapses
    are made again at each event rather than kept. payload: the state variable of the source whose value each event
    brings with it, "" for none.
    """

    name: str
    source: Population
    source_first: int
    source_size: int
    target: Population | Modulator
    target_first: int
    target_size: int
    port: str
    unit: str
    on: str
    rule: ConnectionRule
    rows: Rows
    weight: Drawn
    axonal: Drawn
    dendritic_steps: int
    plasticity: Plasticity | None
    synapse: Synapse | None
    plastic: bool
    learns_from: str
    autapses: bool
    uid: int
    procedural: bool = False
    payload: str = ""
    space: np.ndarray | None = None

    ids = None

    @property
    def autapse_shift(self) -> int:
        """The autapse of source i is target i + this, both counted within the projection; none, if it is kept."""
        if self.source is self.target and not self.autapses:
            return self.source_first - self.target_first
        return connect.NO_AUTAPSE

    @property
    def n_rows(self) -> int:
        """Rows that its rule makes: one for each source or target, or for each of the owners that the rule names."""
        if self.rows.owners is not None:
            return len(self.rows.owners)
        return self.source_size if self.rule.by_source else self.target_size

    @property
    def n_partners(self) -> int:
        """Neurons of which each row names some."""
        return self.target_size if self.rule.by_source else self.source_size

    @property
    def row_width(self) -> int:
        """No row has more synapses than this."""
        if self.rows.width is not None:
            return self.rows.width
        largest = 0 if self.rows.degrees is None else int(self.rows.degrees.max(initial=0))
        return max(self.n_partners, largest)

    @property
    def pairs(self) -> int:
        """The number of targets, if weights and delays may be given for each pair; else 0."""
        return self.target_size if self.rule.arrays == "pairs" else 0

    @property
    def receiver(self) -> Population | None:
        """The population that it is connected to; None if its events release a modulator."""
        return None if isinstance(self.target, Modulator) else self.target

    @property
    def learns(self) -> bool:
        """Whether its weights change: it has a rule and is plastic."""
        return self.plasticity is not None and self.plastic

    @property
    def transmits(self) -> bool:
        """Whether what arrives is not the weight but what its rule makes of it, plastic or not."""
        return self.plasticity is not None and self.plasticity.rule.transmits is not None

    @property
    def limits(self) -> tuple[float, float]:
        """The smallest and the largest weight that it may have."""
        if self.plasticity is None:
            return -np.inf, np.inf
        return self.plasticity.parameters.W_min, self.plasticity.parameters.W_max

    @property
    def graded(self) -> bool:
        """Whether what its synapses give is a value in every step, and not a jump at arrivals."""
        return self.synapse is not None and isinstance(self.synapse.model, GradedSynapse)

    @property
    def recordable(self) -> tuple[str, ...]:
        """Variables of its synapses that can be recorded."""
        if self.plasticity is None:
            return ("weight",)
        return ("weight", "c") if self.plasticity.rule.has_eligibility and self.plastic else ("weight",)

    def describe(self) -> str:
        """One line for run files."""
        parts = [type(self.rule).__name__]
        if self.synapse is not None:
            parts.append(self.synapse.model.name)
        if self.plasticity is not None:
            parts.append(self.plasticity.rule.name)
        if len(parts) == 1:
            parts.append("procedural" if self.procedural else "static")
        if self.payload:
            parts.append(f"payload {self.payload}")
        return ", ".join(parts + ["not plastic"] * (self.plasticity is not None and not self.plastic))


@dataclass(frozen=True, eq=False)
class Drive:
    """Input that acts on a population directly."""

    source: Any
    target: Population
    first: int
    size: int
    port: str
    weight: float
    uid: int


@dataclass(frozen=True, eq=False)
class Release:
    """Amounts of a modulator released at listed steps."""

    modulator: Modulator
    steps: np.ndarray
    amounts: np.ndarray
