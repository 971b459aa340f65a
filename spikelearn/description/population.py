"""Populations, views of them, modulators, and references to their arrays for callbacks."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikelearn.description.positions import Positions
from spikelearn.errors import DescriptionError
from spikelearn.neurons import Neuron
from spikelearn.parameters import suggest
from spikelearn.units import is_masked
from spikelearn.values import advice_on_floats, whole_numbers


@dataclass(frozen=True)
class Reference:
    """A reference to an array of a network, as an argument of a callback.

    what: "counts", "fired", "current", "rates", "state", "parameter", "release", "level", "weights" or "signal".
    """

    what: str
    owner: Any
    detail: str = ""


class Neurons:
    """What populations and views of them have in common: references to their arrays, for callbacks.

    Those of a view are parts of the arrays of its population; it must be contiguous for them, as population[10:20].
    """

    @property
    def of(self) -> Population:
        """The population that they belong to."""
        raise NotImplementedError

    def counts(self, kind: str = "spike") -> Reference:
        """For callbacks: int64 (size,), events of each neuron since the current phase began.

        For a callback of steps, since it was last called.
        """
        return self._reference("counts", self.of.check_kind(kind, "counts"))

    def fired(self, kind: str = "spike") -> Reference:
        """For callbacks: uint8 (size,), 1 for each neuron that emitted an event in the current step, else 0."""
        return self._reference("fired", self.of.check_kind(kind, "fired"))

    def current(self, port: str) -> Reference:
        """For callbacks: float64 (size,), pA, the current into a port; values that a callback writes persist."""
        self.of.check_current(port, "current")
        return self._reference("current", port)

    def state(self, variable: str) -> Reference:
        """For callbacks: float64 (size,), a state variable."""
        self.of.check_state(variable, "state")
        return self._reference("state", variable)

    def parameter(self, name: str) -> Reference:
        """For callbacks: float64 (size,), a parameter of each neuron, which they read; `Network.set` changes it."""
        self.of.check_parameter(name, "parameter")
        return self._reference("parameter", name)

    @property
    def rates(self) -> Reference:
        """For callbacks: float64 (size,), Hz, the rates of a Poisson population."""
        self.of.check_rates("rates")
        return self._reference("rates")

    def _reference(self, what: str, detail: str = "") -> Reference:
        if isinstance(self, View) and not self.contiguous:
            raise DescriptionError(
                f"{what} of a view of {self.name!r}: callbacks take contiguous views, e.g. population[10:20]"
            )
        return Reference(what, self, detail)


@dataclass(frozen=True, eq=False)
class Population(Neurons):
    """n neurons of one model. Made by `Network.population`. `population[:3]` is a view of some of its neurons.

    place: their positions, if they have any.
    """

    name: str
    size: int
    model: Any
    initial: Mapping[str, Any] = field(default_factory=dict)
    uid: int = 0
    place: Positions | None = None

    ids = None

    def __repr__(self) -> str:
        return f"<Population {self.name!r}: {self.size:,} {self.model_name}>"

    @property
    def of(self) -> Population:
        return self

    @property
    def positions(self) -> np.ndarray | None:
        """(size, dimensions) float64, read-only; None if the population has no positions."""
        return None if self.place is None else self.place.coordinates

    @property
    def period(self) -> np.ndarray | None:
        """(dimensions,) period of the population's space along each axis; None if it is not periodic."""
        return None if self.place is None else self.place.period

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, which: int | slice | Sequence[int] | np.ndarray) -> View:
        return View(self, indices(which, self.size, f"population {self.name!r}"))

    def __iter__(self) -> Iterator[View]:
        """A view of each neuron."""
        return (self[k] for k in range(self.size))

    def __contains__(self, neuron: object) -> bool:
        """Whether it has a neuron of this index, or all neurons of a view."""
        return _contains(self, range(self.size), neuron)

    @property
    def is_neuron(self) -> bool:
        return isinstance(self.model, Neuron)

    @property
    def kinds(self) -> tuple[str, ...]:
        return self.model.model.kinds if isinstance(self.model, Neuron) else self.model.kinds

    @property
    def model_name(self) -> str:
        return self.model.model.name if isinstance(self.model, Neuron) else self.model.name

    def check_kind(self, kind: str, where: str) -> str:
        """Check that this population emits events of `kind`."""
        if not isinstance(kind, str) or kind not in self.kinds:
            raise DescriptionError(
                f"{where}: population {self.name!r} ({self.model_name}) emits no {kind!r}{suggest(kind, self.kinds)}; "
                f"it emits: {', '.join(self.kinds)}"
            )
        return kind

    def check_rates(self, where: str) -> None:
        if not hasattr(self.model, "starts"):
            raise DescriptionError(
                f"{where}: population {self.name!r} ({self.model_name}) has no rates; only Poisson populations do"
            )

    def check_state(self, variable: str, where: str) -> str:
        states = self.model.model.state if isinstance(self.model, Neuron) else {}
        if not isinstance(variable, str) or variable not in states:
            raise DescriptionError(
                f"{where}: population {self.name!r} ({self.model_name}) has no state {variable!r}"
                f"{suggest(variable, states)}; it has: {', '.join(states) or 'none'}"
            )
        return states[variable]

    def check_parameter(self, name: str, where: str) -> None:
        parameters = self.model.parameters._asdict() if isinstance(self.model, Neuron) else {}
        if not isinstance(name, str) or name not in parameters:
            raise DescriptionError(
                f"{where}: population {self.name!r} ({self.model_name}) has no parameter {name!r}"
                f"{suggest(name, parameters)}; it has: {', '.join(parameters) or 'none that a callback reads'}"
            )

    def check_payload(self, variable: str, where: str) -> None:
        """Check that events of this population can carry a variable."""
        carried = getattr(self.model, "payloads", {})
        if not carried:
            self.check_state(variable, where)
        elif not isinstance(variable, str) or variable not in carried:
            raise DescriptionError(
                f"{where}: spikes of population {self.name!r} ({self.model_name}) carry no {variable!r}"
                f"{suggest(variable, carried)}; they carry: {', '.join(carried)}"
            )

    def check_current(self, port: str | None, where: str) -> str:
        currents = self.model.model.currents if isinstance(self.model, Neuron) else ()
        if port is None and currents:
            return currents[0]
        if not isinstance(port, str) or port not in currents:
            through = "" if port is None else f" through port {port!r}{suggest(port, currents)}"
            raise DescriptionError(
                f"{where}: population {self.name!r} ({self.model_name}) accepts no current{through}; "
                f"ports for currents: {', '.join(currents) or 'none'}"
            )
        return port


@dataclass(frozen=True, eq=False)
class View(Neurons):
    """Some neurons of a population. ids: (n,) indices within it."""

    population: Population
    ids: np.ndarray

    def __post_init__(self) -> None:
        self.ids.flags.writeable = False

    def __repr__(self) -> str:
        return f"<View of {self.name!r}: {len(self.ids):,} of {self.population.size:,} {self.population.model_name}>"

    @property
    def of(self) -> Population:
        return self.population

    @property
    def positions(self) -> np.ndarray | None:
        """(size, dimensions) of these neurons; None if the population has no positions."""
        return None if self.population.positions is None else self.population.positions[self.ids]

    @property
    def name(self) -> str:
        return self.population.name

    @property
    def size(self) -> int:
        return len(self.ids)

    @property
    def contiguous(self) -> bool:
        """Whether it is of neighbours, in ascending order, and of at least one."""
        return len(self.ids) > 0 and not np.any(np.diff(self.ids) != 1)

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, which: int | slice | Sequence[int] | np.ndarray) -> View:
        """Some of these neurons, counted from 0 within this view."""
        return View(self.population, self.ids[indices(which, len(self.ids), f"population {self.name!r}")])

    def __iter__(self) -> Iterator[View]:
        """A view of each neuron."""
        return (self[k] for k in range(len(self.ids)))

    def __contains__(self, neuron: object) -> bool:
        """Whether it has a neuron of this index within the population, or all neurons of another view."""
        return _contains(self.population, self.ids, neuron)


@dataclass(frozen=True, eq=False)
class Modulator:
    """A global concentration n that decays with tau_n (ms; inf: it stays) from `initial` at time 0.

    Made by `Network.modulator`.
    """

    name: str
    tau_n: float
    uid: int = 0
    initial: float = 0.0

    ids = None
    size = 1

    def __repr__(self) -> str:
        return f"<Modulator {self.name!r}: tau {self.tau_n:g} ms>"

    @property
    def release(self) -> Reference:
        """For callbacks: float64 (1,); amounts added to it are released in the next step."""
        return Reference("release", self)

    @property
    def level(self) -> Reference:
        """For callbacks: float64 (1,); the concentration, which they read and set, also below 0.

        What is set holds from the next step on, in which it begins to decay.
        """
        return Reference("level", self)

    def decay(self, dt: float) -> float:
        """What n is multiplied by in a step of dt ms."""
        return float(np.exp(-dt / self.tau_n))


def indices(which: Any, size: int, where: str) -> np.ndarray:
    """The indices below size that a slice, whole numbers or a mask name. where: begins the error message."""
    try:
        if isinstance(which, slice):
            return np.arange(size)[which]
        mask = np.asarray(which)
        if mask.dtype == bool and mask.shape == (size,) and not is_masked(which):
            return np.flatnonzero(mask)
        array = whole_numbers(which, "index")
    except Exception:  # of the object itself, too
        raise DescriptionError(
            f"{where}: expected a slice, whole numbers or a mask of {size}, got {reprlib.repr(which)}"
            f"{advice_on_floats(which)}"
        ) from None
    wrong = array[(array < -size) | (array >= size)]
    if len(wrong):
        raise DescriptionError(f"{where}: index {wrong[0]} is out of range 0..{size - 1}")
    return np.where(array < 0, array + size, array).astype(np.int64)


def _contains(population: Population, ids: range | np.ndarray, neuron: object) -> bool:
    if isinstance(neuron, View):
        return neuron.population is population and bool(np.all(np.isin(neuron.ids, ids)))
    return isinstance(neuron, int | np.integer) and not isinstance(neuron, bool) and neuron in ids


def whole(what: Population | View) -> Population:
    """The population of a view, or the population itself."""
    return what.population if isinstance(what, View) else what


def segment(what: Population | View, where: str) -> tuple[int, int]:
    """(first, size) of a contiguous view."""
    if isinstance(what, Population):
        return 0, what.size
    if not what.contiguous:
        raise DescriptionError(
            f"{where}: only contiguous views can be connected, e.g. population[10:20]; "
            "for other neurons connect the whole population with Pairs(pre, post)"
        )
    return int(what.ids[0]), what.size
