"""The methods with which users describe signals, readouts and what is fed back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from spikelearn.description.adding import adds
from spikelearn.description.following import Following
from spikelearn.description.population import Modulator, Population, View
from spikelearn.description.projection import Projection
from spikelearn.description.readout import (
    Feed,
    Readout,
    filter_of,
    learning_steps,
    mask_of,
    matrix_of,
    neurons_of,
    target_of,
)
from spikelearn.description.readout_learning import ReadoutLearning
from spikelearn.description.signal import Signal, numbers_of, signal_unit
from spikelearn.description.trials import Callback
from spikelearn.errors import DescriptionError
from spikelearn.units import Quantity
from spikelearn.values import name as checked_name
from spikelearn.values import one_number, whole_number

MOST = (1 << 31) - 1
"""Neurons of a population, or numbers of a signal: their indices have 32 bits."""


class SignalBuilder:
    """The part of a NetworkBuilder that adds signals, readouts and feeds."""

    dt: float
    _last_uid: int
    _populations: dict[str, Population]
    _projections: dict[str, Projection]
    _modulators: dict[str, Modulator]
    _signals: dict[str, Signal]
    _feeds: list[Feed]
    _followings: list[Following]
    _callbacks: list[Callback]

    @property
    def signals(self) -> Mapping[str, Signal]:
        """All signals by name."""
        return MappingProxyType(self._signals)

    @adds("signal")
    def signal(self, name: str, size: int = 1, unit: str = "1", initial: Quantity = 0.0) -> Signal:
        """Add `size` numbers that callbacks write, such as a choice, a reward or an error.

        unit: such as "Hz"; "1" for none. initial: before the first step, one number or (size,); NaN for none.
        `signal.values` is the argument of callbacks, of every step and of phases; `net.record(signal)` records what is
        in it at the end of a step, and `run.trace(signal, "value")` is the course. `reset` and checkpoints include it.
        Only for the engines "compiled" and "stepper". Raises DescriptionError, ParameterError or UnitError.

        >>> net = Network()
        >>> cells = net.population(2, LIF(I_e=500.0))
        >>> highest = net.signal("highest", unit="mV", initial=-70.0)
        >>> def keep_highest(step, V_m, values):
        ...     values[0] = max(values[0], V_m.max())
        >>> net.on_step(keep_highest, cells.state("V_m"), highest.values)
        >>> highest_recorded = net.record(highest, every=1.0)
        >>> net.run(3.0).trace(highest, "value").values.shape
        (3, 1)
        """
        checked_name(name, "name of signal")
        where = f"signal {name!r}"
        size = whole_number(size, f"size of {where}", 1, MOST)
        unit = signal_unit(unit, where)
        first = numbers_of(initial, size, unit, f"initial of {where}", none=True)
        added = Signal(self._free_name(name, name), size, unit, first, self._next_uid())
        self._signals[added.name] = added
        return added

    @adds("readout")
    def readout(
        self,
        population: Population | View,
        size: int = 1,
        tau: Quantity = 20.0,
        tau_rise: Quantity | None = None,
        variable: str | None = None,
        on: str = "spike",
        weights: Quantity = 0.0,
        learning: ReadoutLearning | None = None,
        target: Signal | Quantity | None = None,
        plastic: np.ndarray | None = None,
        unit: str = "1",
        name: str | None = None,
    ) -> Readout:
        """Add a signal of `size` numbers that is linear in filtered spikes of a population or a view, z = w' r.

        tau: ms; each event of kind `on` adds exp(-t/tau)/tau to r, so that r is a rate, in Hz. tau_rise: ms; the filter
        is (exp(-t/tau) - exp(-t/tau_rise))/(tau - tau_rise) instead. variable: a state variable that is read as it is,
        in place of events. weights: (n, size), a number, or (n,) if size is 1. learning: DeltaRule,
        RecursiveLeastSquares or Ridge; None: the weights are constant, unless a callback changes `readout.weights()`.
        target: a signal of the same size, which callbacks write, or samples (T, size), one for each step from 0 ms on,
        also (T,) if size is 1; NaN, and what is after the last, is no target. plastic: (n, size) bool, which weights
        learn; by default all.

        Readouts and callbacks of every step act at the end of a step, in the order in which they were added: first r,
        z and the error z - target, then learning. `net.record(readout, ["value", "error"])` records them, also
        "target", "rates" (r) and "weight", each flattened. `net.weights(readout)` are the weights now. Only for the
        engines "compiled" and "stepper". Raises DescriptionError, ParameterError or UnitError.

        >>> net = Network(dt=1.0)
        >>> cells = net.population(50, Poisson(rate=40))
        >>> wave = np.sin(np.arange(2001) / 100.0)
        >>> z = net.readout(cells, learning=RecursiveLeastSquares(P0=1e-3), target=wave, name="z")
        >>> value, error = net.record(z, ["value", "error"])
        >>> net.run(2000.0).trace(z, "error").values.shape
        (2000, 1)
        """
        name = self._free_name(name, "readout")
        where = f"readout {name!r}"
        source, neurons = neurons_of(population, where)
        if self._owner(source) is not True:
            raise DescriptionError(f"{where}: {source.name!r} is not a population of this network")
        if isinstance(target, Signal) and self._owner(target) is not True:
            raise DescriptionError(f"target of {where}: {target.name!r} is not a signal of this network")
        size = whole_number(size, f"size of {where}", 1, MOST)
        shape = (len(neurons), size)
        steps = learning_steps(learning, self.dt, where)
        added = Readout(
            name=name,
            size=size,
            unit=signal_unit(unit, where),
            initial=np.zeros(size),
            uid=self._next_uid(),
            population=source,
            neurons=neurons,
            filter=filter_of(source, on, tau, tau_rise, variable, where),
            initial_weights=matrix_of(weights, shape, f"weights of {where}", single=1),
            learning=learning,
            steps=steps,
            target=target_of(target, size, learning, where),
            plastic=mask_of(plastic, shape, learning, where),
            position=len(self._callbacks),
        )
        self._signals[name] = added
        return added

    @adds("feed")
    def feed(
        self, signal: Signal, population: Population | View, port: str | None = None, weights: Quantity = 1.0
    ) -> None:
        """Feed a signal, such as a readout, into a population: the current into neuron i is sum_k weights[k, i] z_k.

        port: one that takes currents; by default the first. weights: pA for each unit of the signal, (signal.size, n),
        a number, or (n,) for a signal of size 1. The current in a step is that of the signal at the end of the step
        before; it adds to all other currents. Raises DescriptionError or UnitError.

        >>> net = Network()
        >>> cells = net.population(5, LIF())
        >>> z = net.readout(cells, weights=0.1, name="z")
        >>> net.feed(z, cells, weights=np.linspace(-10.0, 10.0, 5))
        """
        if not isinstance(signal, Signal) or self._owner(signal) is not True:
            raise DescriptionError(f"feed: expected a signal of this network, got {signal!r:.200}")
        where = f"feed of {signal.name!r}"
        target, neurons = neurons_of(population, where)
        if self._owner(target) is not True:
            raise DescriptionError(f"{where}: {target.name!r} is not a population of this network")
        port = target.check_current(port, where)
        given = matrix_of(weights, (signal.size, len(neurons)), f"weights of {where}", single=0)
        everywhere = np.zeros((signal.size, target.size))
        everywhere[:, neurons] = given
        self._feeds.append(Feed(signal, target, port, everywhere))

    @adds("following")
    def follow(
        self, modulator: Modulator, signal: Signal, weight: Quantity = 1.0, derivative: Quantity = 0.0,
        offset: float = 0.0,
    ) -> None:  # fmt: skip
        """Set the level of a modulator in each step to weight times a signal, plus derivative times its change.

        weight: a number, or (size,) for the numbers of the signal. derivative: the same in ms; the change is that since
        the step before, divided by dt. offset: a constant. What several calls add to a modulator is summed. The signal
        is that at the end of the step before; the modulator must have tau=math.inf, and nothing else may release it. It
        is recorded as "n", and callbacks may read its `level`. Raises DescriptionError or UnitError.

        A temporal-difference error V' - V/tau_r + r, in 1/s, of a value and a reward (tau_r = 2 s):

        >>> net = Network()
        >>> cells, value, reward = net.population(1, LIF()), net.signal("value"), net.signal("reward")
        >>> delta = net.modulator("delta", tau=math.inf)
        >>> net.follow(delta, value, weight=-1 / 2.0, derivative=1000.0)
        >>> net.follow(delta, reward)
        """
        if not isinstance(modulator, Modulator) or self._owner(modulator) is not True:
            raise DescriptionError(f"follow: not a modulator of this network: {modulator!r:.200}")
        where = f"of modulator {modulator.name!r}, which follows"
        if not isinstance(signal, Signal) or self._owner(signal) is not True:
            raise DescriptionError(f"follow: expected a signal {where}; not one of this network: {signal!r:.200}")
        if modulator.tau_n != math.inf:
            raise DescriptionError(
                f"follow: modulator {modulator.name!r} decays with {modulator.tau_n:g} ms; expected one with "
                "tau=math.inf, whose level signals set"
            )
        if not np.all(np.isfinite(signal.initial)):
            raise DescriptionError(f"follow: expected finite initial values of signal {signal.name!r}")
        weights = numbers_of(weight, signal.size, "1", f"weight {where} {signal.name!r}")
        derivatives = numbers_of(derivative, signal.size, "ms", f"derivative {where} {signal.name!r}")
        constant = one_number(offset, "1", f"offset {where} {signal.name!r}")
        self._followings.append(Following(modulator, signal, weights, derivatives, constant))

    def _free_name(self, wanted: str | None, default: str) -> str:
        """A name for a signal, which nothing that is recorded has."""
        return self._name(
            wanted, default, {**self._signals, **self._modulators, **self._populations, **self._projections}
        )

    def _name(self, wanted: str | None, default: str, taken: Iterable[str]) -> str:
        raise NotImplementedError

    def _check_owned(self, parts: Iterable[tuple[str, Any]]) -> None:
        """Raise DescriptionError, naming where, for objects that do not belong to this network."""
        raise NotImplementedError

    def _owner(self, part: Any) -> bool:
        raise NotImplementedError

    def _next_uid(self) -> int:
        raise NotImplementedError

    def _still_open(self, what: str) -> None:
        raise NotImplementedError

    def _note_additions(self, sizes: list[int]) -> None:
        raise NotImplementedError

    def _parts(self) -> list[dict[str, Any] | list[Any]]:
        raise NotImplementedError
