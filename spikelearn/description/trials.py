"""Trials: a schedule of phases that runs within one compiled call, and callbacks that close the loop."""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from spikelearn.codegen.pickling import HoldsFunctions
from spikelearn.codegen.random_state import check_seeded
from spikelearn.description.population import Modulator, Population, Reference, View
from spikelearn.description.projection import Projection
from spikelearn.description.shared_array import SharedArray
from spikelearn.errors import DescriptionError
from spikelearn.foreign_quantities import is_foreign
from spikelearn.steps import whole_steps
from spikelearn.units import Quantity, is_masked, is_quantity, own, plain
from spikelearn.values import LARGEST, flag, whole_number

ARGUMENT_TYPES = ("float64", "float32", "int64", "int32", "uint32", "uint16", "uint8")
"""Types of the elements of arrays that callbacks take."""

_RETURNS_BEFORE_IT_RUNS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


@dataclass(frozen=True)
class Callback(HoldsFunctions):
    """A function that is called during a run.

    function: as the callback of a phase, function(trial, phase, *arguments), at the end of the phase's last step; as a
        callback of steps, function(step, *arguments). It is compiled with Numba unless already compiled, and returns
        nothing.
    arguments: numpy arrays, numbers, or references such as `population.counts()`, `modulator.release`,
        `signal.values` and `projection.weights()`.
    every: as a callback of steps, in which of them it is called: at the end of those that are multiples of this.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    every: int = 1

    def __post_init__(self) -> None:
        function = getattr(self.function, "py_func", self.function)
        if not inspect.isfunction(function) or function.__code__.co_flags & _RETURNS_BEFORE_IT_RUNS:
            raise DescriptionError(
                f"Callback: expected a function, defined with def or lambda, without yield, whose arguments are given "
                f"beside it; got {reprlib.repr(self.function)}"
            )
        if not isinstance(self.arguments, list | tuple):
            raise DescriptionError(f"callback {self.name}: expected a list of arguments, got {self.arguments!r}")
        check_seeded(self.function, f"callback {self.name}")
        object.__setattr__(self, "arguments", tuple(self.arguments))
        for argument in self.arguments:
            _check_argument(argument, f"callback {self.name}")

    @property
    def name(self) -> str:
        return getattr(self.function, "py_func", self.function).__name__

    def check_takes(self, *first: str) -> None:
        """Raise DescriptionError unless the function takes arguments of these names, then those given."""
        signature = inspect.signature(getattr(self.function, "py_func", self.function))
        try:
            signature.bind(*first, *self.arguments)
        except TypeError as error:
            expected = ", ".join([*first, *(f"argument {k}" for k in range(1, len(self.arguments) + 1))])
            raise DescriptionError(
                f"callback {self.name}: it is called with ({expected}), but is {self.name}{signature}: {error}"
            ) from None

    def __getstate__(self) -> dict[str, Any]:
        """Arrays that are views of one array stay views of one array in a copy."""
        return super().__getstate__() | {"arguments": [SharedArray.of(each) for each in self.arguments]}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        arguments = (each.array() if isinstance(each, SharedArray) else each for each in state["arguments"])
        super().__setstate__({**state, "arguments": tuple(arguments)})

    @property
    def owners(self) -> list[Any]:
        """The objects whose arrays are its arguments."""
        return [argument.owner for argument in self.arguments if isinstance(argument, Reference)]


@dataclass(frozen=True)
class Phase:
    """A part of a trial.

    duration: ms. rates: Poisson population -> Hz; currents: (population, port) -> pA; releases: modulator -> amount, at
    the start of the phase. Each value is a number, (n,) for the neurons, or (n_trials, n) with one row per trial;
    amounts are a number or (n_trials,). Views stand for some neurons of a population: `rates={inputs[:10]: 20.0}`.
    Rates and currents of neurons that only other phases name are 0 in this one.
    plastic: projections whose weights may change in this phase; None: as in the description. Or a mapping projection ->
        factor, at least 0, a number or (n_trials,), which multiplies what a rule changes: each change of the weight or,
        if the rule has an eligibility, each step of that; of a SignalRule, also its signal. 1 is the rule as it is, 0
        is not plastic. Each event has the factor of the time at which it is at the synapse. State of synapses, traces
        and homeostasis have none: `plastic={first: 0.1, second: 0.9 ** np.arange(n_trials)}`.
    reset: populations or views (to their initial state) and plastic projections (traces and eligibility to 0, weights
        kept).
    discard_events: whether events still in flight when the phase begins are lost, on all projections; a reset alone
        lets them arrive. Modulators keep their concentration. With a dendritic delay, plastic projections whose rule
        learns at events must be reset too.
    callback: called at the end of the phase.
    fresh: whether the phase begins with the whole network as it was at 0 ms: membranes and all other states of neurons,
        gates and resources of synapses, traces, eligibilities, modulators; and no event is in flight. Weights are kept,
        with them what regulates them, and signals; filters and values of readouts are 0. Noise and Poisson sources run
        on, so each trial has random numbers of its own: `Trials([Phase(500.0, fresh=True)], n=100)`.
    name: shown in rasters, such as "stimulus".
    """

    duration: Quantity
    rates: Mapping[Any, Quantity] = field(default_factory=dict)
    currents: Mapping[Any, Quantity] = field(default_factory=dict)
    releases: Mapping[Modulator, Quantity] = field(default_factory=dict)
    plastic: Sequence[Projection] | Mapping[Projection, Quantity] | None = None
    reset: Sequence[Population | View | Projection] = ()
    callback: Callback | None = None
    discard_events: bool = False
    fresh: bool = False
    name: str = ""

    def __post_init__(self) -> None:
        plastic = self.plastic if self.plastic is not None else ()
        for name, wanted, found, fits in (
            ("rates", "populations", self.rates, lambda x: isinstance(x, Population | View)),
            ("currents", "(population, port) pairs", self.currents, _is_population_and_port),
            ("releases", "modulators", self.releases, lambda x: isinstance(x, Modulator)),
            ("plastic", "plastic projections", plastic, lambda x: isinstance(x, Projection) and x.learns),
        ):
            if not isinstance(found, Mapping if name != "plastic" else list | tuple | Mapping):
                raise DescriptionError(f"{name} of Phase: expected {wanted}, got {found!r}")
            for each in found:
                if not fits(each):
                    raise DescriptionError(f"{name} of Phase: expected {wanted}, got {each!r}")
        for population, port in self.currents:
            population.of.check_current(port, "currents of Phase")
        for population in self.rates:
            population.of.check_rates("rates of Phase")
        if not isinstance(self.reset, list | tuple):
            raise DescriptionError(f"reset of Phase: expected a list, got {self.reset!r}")
        for each in self.reset:
            if not isinstance(each, Population | View | Projection):
                raise DescriptionError(f"reset of Phase: expected populations and plastic projections, got {each!r}")
        for name in ("discard_events", "fresh"):
            object.__setattr__(self, name, flag(getattr(self, name), f"{name} of Phase"))
        if not isinstance(self.name, str):
            raise DescriptionError(f"name of Phase: expected text, got {self.name!r}")
        if self.callback is not None and not isinstance(self.callback, Callback):
            raise DescriptionError(f"callback of Phase: expected Callback(function, arguments), got {self.callback!r}")
        if self.callback is not None:
            self.callback.check_takes("trial", "phase")
        for name in ("rates", "currents", "releases", *(["plastic"] if isinstance(plastic, Mapping) else [])):
            copies = {key: own(values) for key, values in getattr(self, name).items()}
            object.__setattr__(self, name, copies)
        object.__setattr__(self, "reset", tuple(self.reset))
        if isinstance(self.plastic, list):
            object.__setattr__(self, "plastic", tuple(self.plastic))

    def __repr__(self) -> str:
        others = [each.name for each in fields(self) if each.name not in ("duration", "name")]
        given = [name for name in others if getattr(self, name) not in ({}, (), None, False)]
        name = f" {self.name!r}" if self.name else ""
        return f"<Phase{name}: {', '.join([f'{self.duration!r} ms', *given])}>"

    @property
    def discards(self) -> bool:
        """Whether events in flight are lost at its start."""
        return self.discard_events or self.fresh

    def resets(self, population: Population) -> bool:
        """Whether all neurons of a population begin with their initial state."""
        return self.fresh or any(population is each for each in self.reset)

    def factor(self, projection: Projection) -> Quantity:
        """The factor of what a projection that learns changes in this phase: a number or (n_trials,)."""
        if isinstance(self.plastic, Mapping):
            return self.plastic.get(projection, 0.0)
        return 1.0 if self.plastic is None or projection in self.plastic else 0.0

    def references(self) -> Iterable[tuple[str, Any]]:
        """(where, population, projection, modulator or signal) for everything that the phase names."""
        currents = [population for population, _ in self.currents]
        named = {"rates": self.rates, "currents": currents, "releases": self.releases, "plastic": self.plastic or ()}
        for where, all_named in {**named, "reset": self.reset}.items():
            yield from ((where, part) for part in all_named)
        if self.callback is not None:
            yield from (("callback", part) for part in self.callback.owners)


def _check_argument(argument: Any, where: str) -> None:
    """Raise DescriptionError unless compiled code can take it as an argument of a callback."""
    if isinstance(argument, Reference | int | float | np.integer | np.floating):
        if isinstance(argument, int) and not -LARGEST <= argument <= LARGEST:
            raise DescriptionError(f"{where}: expected whole numbers below 2^63 as arguments, got {argument}")
        return
    if not isinstance(argument, np.ndarray) or is_quantity(argument) or is_foreign(argument) or is_masked(argument):
        raise DescriptionError(
            f"{where}: arguments are numpy arrays, numbers or references such as population.counts(), got "
            f"{reprlib.repr(argument)}"
        )
    if argument.dtype.name not in ARGUMENT_TYPES or not argument.dtype.isnative:
        raise DescriptionError(
            f"{where}: expected arrays of {', '.join(ARGUMENT_TYPES)} as arguments, got one of {argument.dtype}"
        )


def _is_population_and_port(key: Any) -> bool:
    return (
        isinstance(key, tuple) and len(key) == 2 and isinstance(key[0], Population | View) and isinstance(key[1], str)
    )


@dataclass(frozen=True)
class Trials:
    """n repeats of a sequence of phases.

    phases: the Phases of one trial, in order. n: number of trials. labels: (n,), shown above each trial in rasters,
    such as the digit that it shows; by default trials are numbered from 0.

    >>> net = Network(dt=1.0, seed=1)
    >>> inputs = net.population(2, Poisson(0.0), name="inputs")
    >>> spikes = net.record(inputs)
    >>> rates = np.array([[100.0, 0.0], [0.0, 100.0]])  # a row for each trial
    >>> shown = Phase(50.0, rates={inputs: rates}, name="shown")
    >>> run = net.run(trials=Trials([shown, Phase(50.0)], n=2, labels=["left", "right"]))
    >>> run.duration
    200.0
    """

    phases: Sequence[Phase]
    n: int
    labels: Sequence[Any] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.phases, list | tuple) or not all(isinstance(phase, Phase) for phase in self.phases):
            raise DescriptionError(f"Trials: expected a list of Phases, got {reprlib.repr(self.phases)}")
        if not self.phases:
            raise DescriptionError("Trials: expected at least one Phase")
        object.__setattr__(self, "phases", tuple(self.phases))
        object.__setattr__(self, "n", whole_number(self.n, "n of Trials", least=1))
        labels = tuple(map(str, np.atleast_1d(np.asarray(self.labels, object))))
        if len(labels) not in (0, self.n):
            raise DescriptionError(f"labels of Trials: expected {self.n}, one for each trial, got {len(labels)}")
        object.__setattr__(self, "labels", labels)

    def __repr__(self) -> str:
        return f"<Trials: {self.n:,} of {len(self.phases)} phase{'' if len(self.phases) == 1 else 's'}>"

    def phase_steps(self, dt: float) -> np.ndarray:
        """Number of steps of each phase."""
        steps = [whole_steps(p.duration, dt, f"duration of phase {k}", least=1) for k, p in enumerate(self.phases)]
        return np.array(steps, np.int64)

    def rows(self, values: Any, width: int, unit: str, what: str) -> np.ndarray:
        """Values as (1 or n, 1 or width) rows; raises if the shape matches neither neurons nor trials."""
        array = np.asarray(plain(values, unit, what), dtype=np.float64)
        if not np.all(np.isfinite(array)):
            raise DescriptionError(f"{what}: expected finite {'numbers' if unit == '1' else f'values in {unit}'}")
        if array.ndim == 0:
            return array.reshape(1, 1)
        if width == 1 and array.shape == (self.n,):
            return array.reshape(self.n, 1)
        if array.shape == (width,):
            return array.reshape(1, width)
        if array.shape == (self.n, width):
            return np.ascontiguousarray(array)
        shapes = f" or ({self.n},)" if width == 1 else f", ({width},) or ({self.n}, {width})"
        raise DescriptionError(f"{what}: expected a number{shapes} for {self.n} trials, got shape {array.shape}")
