"""The exact surrogate gradient of a loss of trials, by the weights of any network: `sl.gradient`.

Backpropagation through time, with a surrogate for the derivative of spikes (Neftci, Mostafa & Zenke 2019, IEEE Signal
Process. Mag. 36(6):51). Resets are held, as they follow from spikes: their derivative is not passed on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.backends.compiled import CompiledBackend
from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Trials
from spikelearn.errors import DescriptionError
from spikelearn.learning.adjoint import Adjoint, Key
from spikelearn.learning.batch_cells import Neurons
from spikelearn.learning.step_adjoint import SPIKES
from spikelearn.learning.surrogates import Surrogate, surrogate_of
from spikelearn.network import Network
from spikelearn.neurons import Neuron
from spikelearn.parameters import suggest
from spikelearn.values import flag

Loss = Callable[["Trajectory"], tuple[Any, Mapping[Key, np.ndarray]]]
"""Trajectory -> (its value: a number, or (trials,) of which the sum counts; (population, variable) -> derivatives of it
by that variable after each step, (trials, steps, size))."""
Given = Surrogate | str | Callable[[float], float] | None


class Trajectory:
    """What all trials did: trajectory[population, variable] is (trials, steps, size), after each step, read-only.

    variable: a state variable, or "spike" for 1 where a neuron spiked. dt: ms. trials, steps: their numbers.
    """

    def __init__(self, adjoint: Adjoint, dt: float) -> None:
        self._adjoint, self.dt = adjoint, dt
        self.trials, self.steps = adjoint.what.trials, adjoint.what.steps

    def __getitem__(self, key: Key) -> np.ndarray:
        values = self._values(key)[1:].swapaxes(0, 1)
        values.flags.writeable = False
        return values

    def _values(self, key: Any) -> np.ndarray:
        if not (isinstance(key, tuple) and len(key) == 2 and isinstance(key[0], Population)):
            raise DescriptionError(f"trajectory: expected (population, variable), got {key!r}")
        population, variable = key
        if population not in self._adjoint.cells:
            raise DescriptionError(f"trajectory: population {population.name!r} is not of this network")
        cells = self._adjoint.cells[population]
        if variable == "spike" and SPIKES in cells.sent:
            return cells.sent[SPIKES]
        known = cells.state if isinstance(cells, Neurons) else {}
        if variable not in known:
            there = [*known, *(["spike"] if SPIKES in cells.sent else [])]
            raise DescriptionError(
                f"trajectory: population {population.name!r} has no variable {variable!r}{suggest(variable, there)}; "
                f"it has: {', '.join(there)}"
            )
        return known[variable]


@dataclass(frozen=True, eq=False)
class Gradient:
    """The derivatives of a loss.

    loss: its value, of all trials together. losses: (trials,), if the loss gives one for each trial, else None.
    weights: projection -> an array like its synapses: (sources, targets) for AllToAll with one delay, otherwise one for
    each, in the order of `run.synapses`. With per_trial it has a first axis, of trials, and `nonzero` is the share of
    trials in which the gradient of a projection is not zero; else `nonzero` is None.
    initial: (population, variable) -> (trials, size), by the state at the start and after resets. currents:
    (population, port) -> (trials, phases, size), by a current in a phase, or (trials, steps + 1, size) where noise
    drives the population. Populations without a margin that send spikes and get nothing are in neither.
    """

    loss: float
    losses: np.ndarray | None
    weights: Mapping[Projection, np.ndarray]
    initial: Mapping[Key, np.ndarray]
    currents: Mapping[Key, np.ndarray]
    nonzero: Mapping[Projection, float] | None


class Differentiable:
    """A network and a schedule of trials, prepared for many gradients, with other weights and currents for each.

    weights: projection -> its weights, as in Gradient.weights without trials; currents: (population, port) -> (phases,
    trials, size) in pA, for what phases name. Change their contents in place before a call. What the network itself
    has stays as it is.

    by: the projections by whose weights gradients are taken; all by default. inputs: whether they are also taken by
    initial states and currents: of all populations, or of those listed. Other arguments and errors are those of
    `gradient`.
    """

    def __init__(
        self, net: Network, trials: Trials, surrogate: Given = "fast_sigmoid", by: Sequence[Projection] | None = None,
        inputs: bool | Sequence[Population] = False,
    ) -> None:  # fmt: skip
        if not isinstance(net, Network) or not isinstance(trials, Trials):
            raise DescriptionError(f"gradient: expected a Network and Trials, got {net!r:.100} and {trials!r:.100}")
        psi = surrogate_of(surrogate)
        neurons = [p for p in net.populations.values() if isinstance(p.model, Neuron)]
        if not isinstance(inputs, list | tuple):
            inputs = neurons if flag(inputs, "inputs of gradient") else ()
        for p in inputs:
            if not any(p is each for each in neurons):
                raise DescriptionError(f"gradient: inputs: expected neurons of this network, got {p!r:.100}")
        known = [p for p in net.projections.values() if p.receiver is not None]
        for p in by if by is not None else ():
            if not any(p is each for each in known):
                raise DescriptionError(f"gradient: by: expected projections of this network to neurons, got {p!r:.100}")
        net.check_all_on("gradient")
        backend = net.build()
        if not isinstance(backend, CompiledBackend):
            raise DescriptionError('gradient: expected a network that runs on engine="compiled"')
        self._adjoint = Adjoint(backend, trials, psi, known if by is None else by, inputs)
        self._trajectory = Trajectory(self._adjoint, net.dt)
        self.weights, self.currents = self._adjoint.weights, self._adjoint.currents

    def run(self) -> Trajectory:
        """What all trials do with the present weights and currents; valid until the next call."""
        self._adjoint.forward()
        return self._trajectory

    def gradient(self, loss: Loss, per_trial: bool = False) -> Gradient:
        """The loss and its derivatives with the present weights and currents."""
        trajectory, adjoint = self.run(), self._adjoint
        value, derivatives = loss(trajectory)
        losses = np.asarray(value, np.float64)
        if losses.shape not in ((), (trajectory.trials,)):
            raise DescriptionError(f"loss: expected a number or ({trajectory.trials},), got shape {losses.shape}")
        for (population, variable), values in derivatives.items():
            shape = trajectory[population, variable].shape
            if np.shape(values) != shape:
                raise DescriptionError(
                    f"loss: expected derivatives by {variable} of {population.name!r} of shape {shape}, got "
                    f"{np.shape(values)}"
                )
        adjoint.backward({key: np.asarray(values, np.float64) for key, values in derivatives.items()})
        links = [link for link in adjoint.links if link.projection in adjoint.by]
        weights = {link.projection: link.by_weights(per_trial) for link in links}
        initial: dict[Key, np.ndarray] = {}
        currents: dict[Key, np.ndarray] = {}
        for cells in adjoint.with_inputs:
            initial |= {(cells.population, name): found for name, found in cells.by_initial().items()}
            currents |= {(cells.population, c): found.swapaxes(0, 1).copy() for c, found in cells.by_currents.items()}
        shares = {p: _nonzero(found) for p, found in weights.items()} if per_trial else None
        of_each = losses.copy() if losses.ndim else None
        return Gradient(float(losses.sum()), of_each, weights, initial, currents, shares)


def _nonzero(of_trials: np.ndarray) -> float:
    """The share of trials in which any element is not 0."""
    return float(np.mean(of_trials.reshape(len(of_trials), -1).any(axis=1)))


def gradient(
    net: Network, loss: Loss, trials: Trials, surrogate: Given = "fast_sigmoid", per_trial: bool = False,
    by: Sequence[Projection] | None = None,
) -> Gradient:  # fmt: skip
    """The exact gradient of a loss of trials, by all weights, initial states and currents, with a surrogate for spikes.

    net: of neuron models and sources, at its current weights; plasticity is held. It is built, but not run.
    loss: called with the Trajectory of all trials; returns its value and its derivatives, see `Loss`. Ready-made ones
    are in spikelearn.learning.losses. trials: those that would run now. They must not depend on each other: phase 0
    resets all populations and discards events, unless it is of the first and only trial.
    surrogate: a function psi(margin), where the margin is that of the neuron model; one of
    spikelearn.learning.surrogates, or its name (fast_sigmoid, boxcar, triangle, arctan); or None, which holds all
    spikes. per_trial: whether to return the gradient of each trial. by: projections by whose weights it is taken, all
    by default.

    Derivatives pass through states, payloads, weights, delays and, by the surrogate, spikes; resets of neurons and
    events of other kinds are held. Events of sources and random numbers are those of the engine. Callbacks are not
    called. Raises DescriptionError, naming it, for what is not supported: short-term and graded synapses, rules that
    transmit something else than weights, homeostasis, callbacks that change currents or rates, and steps of neurons
    that cannot be differentiated.

    >>> from spikelearn.description import Phase
    >>> from spikelearn.learning.losses import CrossEntropy
    >>> from spikelearn.neurons import LIF, ThreeCompartment
    >>> net = Network(dt=1.0)
    >>> cells = net.population(20, LIF(V_reset=-60.0, t_ref=0.0), name="cells")
    >>> readout = net.population(2, ThreeCompartment(), name="readout")
    >>> weights = np.random.default_rng(1).normal(0.0, 1.0, (20, 2))
    >>> out = net.connect(cells, readout, weight=weights)
    >>> patterns = np.random.default_rng(2).uniform(0.0, 1000.0, (50, 20))
    >>> phase = Phase(20.0, currents={(cells, "exc"): patterns}, reset=[cells, readout], discard_events=True)
    >>> loss = CrossEntropy(readout, "u", labels=np.arange(50) % 2)
    >>> gradient(net, loss, Trials([phase], n=50)).weights[out].shape
    (20, 2)
    """
    prepared = Differentiable(net, trials, surrogate, by, inputs=True)
    return prepared.gradient(loss, flag(per_trial, "per_trial of gradient"))
