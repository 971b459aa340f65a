"""Projections, drives and releases: frozen descriptions of parts of a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from spikelearn.connectivity import ConnectionRule, Rows
from spikelearn.description.distributions import Drawn
from spikelearn.description.population import Modulator, Population, Reference
from spikelearn.errors import DescriptionError
from spikelearn.kernels import connect
from spikelearn.neurons import Neuron
from spikelearn.plasticity import Plasticity
from spikelearn.synapses import GradedSynapse, Synapse


@dataclass(frozen=True, eq=False)
class Projection:
    """The synapses from one population to one port of another. Made by `Network.connect`.

    space: the positions of source and target (kernels/space.py), if weights or delays depend on distance.
    axonal, dendritic: delays; axonal may be drawn (ms), dendritic is a whole number of steps. procedural: synapses are
    regenerated at each event rather than stored. double: weights and sums of input are float64 however many there are.
    payload: the state variable of the source whose value each event carries, "" for none. counted_by:
    function(projection) -> number of its synapses, if the rule does not tell it. listed_by: function(projection) -> its
    synapses.
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
    double: bool = False
    payload: str = ""
    space: np.ndarray | None = None
    counted_by: Callable[[Projection], int] | None = field(default=None, repr=False)
    listed_by: Callable[[Projection], Any] | None = field(default=None, repr=False)

    ids = None

    def __repr__(self) -> str:
        where = f"{self.source.name} to {self.port} of {self.target.name}" if self.port else f"to {self.target.name}"
        return f"<Projection {self.name!r}: {where}, {self.describe()}>"

    def weights(self) -> Reference:
        """For callbacks: float64, the weights of its synapses at the time of the call.

        (sources, targets) for a projection that connects every pair, else (n,) in the order of Run.synapses. A callback
        may write to it, unless its synapses share one weight: connect it with an array or a distribution for that. A
        weight that is not finite, or beyond the limits of the rule, stops the run, and none of that call is taken over.
        Each call reads all weights of the projection. Not for procedural synapses.

            def forget(trial, phase, weights):
                weights *= 0.99

            Phase(100.0, callback=Callback(forget, (made.weights(),)))
        """
        if self.procedural:
            raise DescriptionError(f"weights of projection {self.name!r}: procedural synapses are not stored")
        return Reference("weights", self)

    def synapses(self) -> Any:
        """Its synapses as they are made, before anything has changed them: pre, post, weight and delay of each.

        A `Synapses`, in the order of `Run.synapses`; those that there are now: `net.synapses(projection)`. Delays are
        as drawn; engines that run in steps take the nearest step. Also for procedural synapses.

        >>> net = Network()
        >>> cells = net.population(3, LIF())
        >>> net.connect(cells, cells, rule=OneToOne(), weight=2.0).synapses().post.tolist()
        [0, 1, 2]
        """
        assert self.listed_by is not None
        return self.listed_by(self)

    __iter__ = None

    def __getitem__(self, which: Any) -> NoReturn:
        raise DescriptionError(
            f"projection {self.name!r} has no parts: record some of its synapses with net.record(projection, "
            "'weight', synapses=...), and read them from the arrays of net.synapses(projection)"
        )

    def __len__(self) -> int:
        """The number of synapses."""
        degrees = self.rows.degrees
        if degrees is not None:
            return int(degrees.sum()) if len(degrees) > 1 else int(degrees[0]) * self.n_rows
        assert self.counted_by is not None
        return self.counted_by(self)

    def __bool__(self) -> bool:
        """True, also without synapses."""
        return True

    @property
    def autapse_shift(self) -> int:
        """The autapse of source i is target i + this, both counted within the projection; NO_AUTAPSE if it is kept."""
        if self.source is self.target and not self.autapses:
            return self.source_first - self.target_first
        return connect.NO_AUTAPSE

    @property
    def n_rows(self) -> int:
        """Number of rows generated by its rule: one per source or target, or per owner named by the rule."""
        if self.rows.owners is not None:
            return len(self.rows.owners)
        return self.source_size if self.rule.by_source else self.target_size

    @property
    def n_partners(self) -> int:
        """Number of neurons from which each row selects."""
        return self.target_size if self.rule.by_source else self.source_size

    @property
    def row_width(self) -> int:
        """The maximum number of synapses per row."""
        if self.rows.width is not None:
            return self.rows.width
        largest = 0 if self.rows.degrees is None else int(self.rows.degrees.max(initial=0))
        return max(self.n_partners, largest)

    @property
    def pairs(self) -> int:
        """The number of targets, if weights and delays can be given per pair; else 0."""
        return self.target_size if self.rule.arrays == "pairs" else 0

    @property
    def receiver(self) -> Population | None:
        """The target population; None if events release a modulator."""
        return None if isinstance(self.target, Modulator) else self.target

    @property
    def statements(self) -> Any:
        """Its StatementSynapse, if what its synapses do is given by statements; else None."""
        return self.synapse.model if self.synapse is not None and self.synapse.has_statements else None

    @property
    def late(self) -> bool:
        """Whether it acts after neurons have fired, and so may without delay, as its target or its statements say."""
        model = getattr(self.target, "model", None)
        return self.statements is not None or (isinstance(model, Neuron) and model.model.late_input)

    def is_immediate(self, dt: float) -> bool:
        """Whether it has a delay of less than a step of dt."""
        shortest = self.axonal.a if self.axonal.constant else self.axonal.low
        shortest = float(np.min(self.axonal.array, initial=shortest)) if self.axonal.code == connect.ARRAY else shortest
        return self.late and shortest < 0.5 * dt

    @property
    def lag(self) -> int:
        """What tables of synapses add to its delays in steps, so that all are at least one."""
        return int(self.late)

    @property
    def learns(self) -> bool:
        """Whether its weights change, i.e. it has a rule and is plastic."""
        return self.plasticity is not None and self.plastic

    @property
    def transmits(self) -> bool:
        """Whether its rule transforms the weight on arrival, plastic or not."""
        return self.plasticity is not None and self.plasticity.rule.transmits is not None

    @property
    def limits(self) -> tuple[float, float]:
        """The minimum and maximum weight allowed."""
        if self.plasticity is None:
            return -np.inf, np.inf
        return self.plasticity.parameters.W_min, self.plasticity.parameters.W_max

    @property
    def graded(self) -> bool:
        """Whether its synapses send a value in every step instead of a jump at arrivals."""
        return self.synapse is not None and isinstance(self.synapse.model, GradedSynapse)

    @property
    def reads_ends(self) -> bool:
        """Whether its graded synapses send what depends on variables of source and target, in the same step."""
        return self.synapse is not None and getattr(self.synapse.model, "send", None) is not None

    @property
    def recordable(self) -> tuple[str, ...]:
        """Synaptic variables that can be recorded."""
        return (*self._of_rule, *self.of_release, *(self.statements.state if self.statements is not None else ()))

    @property
    def _of_rule(self) -> tuple[str, ...]:
        return self.plasticity.rule.variables if self.plasticity is not None and self.plastic else ("weight",)

    @property
    def of_release(self) -> tuple[str, ...]:
        """Those among them that are the state of short-term plasticity."""
        if self.synapse is None or getattr(self.synapse.model, "between", None) is None:
            return ()
        return tuple(name for name in self.synapse.model.state if name not in self._of_rule)

    def describe(self) -> str:
        """One line for run files."""
        parts = [self.rule.name]
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
    """External input to a population. Made by `Network.drive`.

    ids: the neurons that it drives, if they do not follow one another.
    """

    source: Any
    target: Population
    first: int
    size: int
    port: str
    weight: float
    uid: int
    ids: np.ndarray | None = None

    def __repr__(self) -> str:
        part = "" if self.size == self.target.size else f"[{self.first}:{self.first + self.size}]"
        return f"<Drive of {self.port} of {self.target.name!r}{part}: {self.source!r}>"


@dataclass(frozen=True, eq=False)
class Release:
    """Amounts of a modulator released at listed steps."""

    modulator: Modulator
    steps: np.ndarray
    amounts: np.ndarray
