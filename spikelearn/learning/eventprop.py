"""EventProp: gradient descent on spike times, exactly.

Wunderlich & Pehle 2021, Sci. Rep. 11:12829. Features are the times of single spikes, the larger the earlier; hidden
cells and readout are leaky integrators with exponential synapses in continuous time, and the class whose readout cell
has the highest mean potential is the answer. The loss is the cross entropy of these means (Nowotny, Turner & Knight
2022, arXiv:2212.01232). Its exact gradient is that of `spikelearn.learning.event_gradient`; there is no surrogate. Adam
makes a step for each batch, whose examples are run at once, as copies of the network in one run of the exact engine. A
synapse would have to know the times of all spikes, backwards in time, and the weights of all synapses after its own.
What arrives counts as a synaptic event once forward, once where its synapse learns, and, if a hidden cell sent it, once
backward: errors go back at the times of spikes only.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted, validate_data

from spikelearn.connectivity import Pairs
from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.errors import ParameterError
from spikelearn.learning.adam import Adam
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.controls import FROZEN
from spikelearn.learning.encoding import Encoding
from spikelearn.learning.event_gradient import SpikeTrains, event_gradient, spike_trains
from spikelearn.learning.event_losses import PotentialCrossEntropy
from spikelearn.learning.learner import Learner
from spikelearn.learning.locality import Locality
from spikelearn.network import Network
from spikelearn.neurons import LIF, Neuron
from spikelearn.results.run import Run
from spikelearn.sources import SpikeList
from spikelearn.values import one_number, whole_number

LATENCY = "latency"
TAU_M, TAU_SYN, DELAY, FIRST_SPIKE, DT = 10.0, 5.0, 1.0, 1.0, 0.5
"""ms. DT is the length of panels for integrals; times are exact."""
NEVER = 1e9
"""The threshold of a readout cell."""
SYNAPSES_AT_ONCE = 250_000
"""Of all copies of the network, one for each of the examples that are answered at once; more take longer for each."""


@dataclass(eq=False, repr=False)
class EventProp(Learner):
    """EventProp. steps: the whole presentation, in ms; input spikes are in its first 60 %. With or without bias there
    is an input cell that fires first: times are known from each other.

    batch: examples for one step of Adam. gain: steepness of the answer as a function of mean potentials. encoding:
    "latency". zeros_fire: whether an input of 0 fires, as the last, or not at all, as where most pixels are dark.
    """

    locality: ClassVar[Locality] = Locality(other_weights=True, whole_time=True, phases=True)

    learning_rate: float | tuple[float, float] = (0.01, 0.02)
    decay: float = 0.86
    encoding: str = LATENCY
    steps: int = 40
    batch: int = 25
    gain: float = 4.0
    zeros_fire: bool = True

    def build(self, sizes: Sequence[int]) -> Circuit:
        whole_number(self.batch, "batch", least=1)
        one_number(self.gain, "1", "gain")
        generator = np.random.default_rng([77, self.seed])
        sizes = [sizes[0] + (not self.bias), *sizes[1:]]
        weights = [
            generator.uniform(low, high, (below, above)) / np.sqrt(below / 5.0)
            for below, above, (low, high) in zip(sizes, sizes[1:], _limits(len(sizes) - 1), strict=False)
        ]
        return self._circuit(weights, self.starting_delays(weights), Adam())

    def starting_delays(self, weights: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Of each projection at first, ms, (sources, targets), of those that learn; none if all are `DELAY`."""
        return []

    def delay_rates(self) -> list[float]:
        """Learning rate of the delays of each projection, ms."""
        return []

    def _circuit(self, weights: Sequence[np.ndarray], delays: Sequence[np.ndarray], adam: Adam) -> Circuit:
        net, layers, forward = self._copies(weights, delays, np.zeros((1, len(weights[0]))))
        circuit = Circuit(net, layers, forward, parts={"adam": adam, "delays": delays})
        net.build("events")
        return circuit

    def _copies(
        self, weights: Sequence[np.ndarray], delays: Sequence[np.ndarray], X: np.ndarray
    ) -> tuple[Network, list[Population], list[Projection]]:
        """A network with a copy of all cells for each example; the cells of the first come first in each layer."""
        net, n = Network(dt=DT, seed=self.seed, threads=self.threads), len(X)
        times = (FIRST_SPIKE + 0.6 * self.steps * (1.0 - np.clip(X, 0.0, 1.0))).ravel()
        ids = np.arange(X.size) if self.zeros_fire else np.flatnonzero(X > 0.0)
        layers = [net.population(X.size, SpikeList(times[ids], ids), name="input")]
        forward = []
        for k, w in enumerate(weights):
            last = k == len(weights) - 1
            name = "output" if last else f"hidden {k + 1}"
            layers.append(net.population(n * w.shape[1], _cells(NEVER if last else 1.0), name=name))
            pre, post = np.indices((n, *w.shape)).reshape(3, -1)[1:]
            copy = np.repeat(np.arange(n), w.size)
            rule = Pairs(copy * w.shape[0] + pre, copy * w.shape[1] + post)
            forward.append(
                net.connect(
                    layers[-2], layers[-1], "exc", rule=rule, weight=np.tile(w.ravel(), n),
                    delay=np.tile(delays[k].ravel(), n) if delays else DELAY, name=f"forward {k + 1}",
                )
            )  # fmt: skip
        return net, layers, forward

    def _features(self, X: np.ndarray) -> np.ndarray:
        features = super()._features(X)
        return features if self.bias else np.hstack([features, np.ones((len(X), 1))])

    @property
    def encoded(self) -> Encoding:
        if self.encoding != LATENCY:
            raise ParameterError(f"encoding: expected {LATENCY}, got {self.encoding!r}")
        return Encoding(None, {}, lambda population, features: {})

    def _gradients(
        self, weights: Sequence[np.ndarray], delays: Sequence[np.ndarray], X: np.ndarray, y: np.ndarray
    ) -> tuple[list[np.ndarray], np.ndarray, list[int]]:
        """Of the loss of each example, by the weights of each layer, (n, sources, targets), and by the delays, if there
        are any; the scores; and the number of arrivals at each layer's synapses."""
        net, layers, forward = self._copies(weights, delays, X)
        loss = PotentialCrossEntropy(layers[-1], "V_m", y, "integral", gain=self.gain / self.steps)
        found = event_gradient(net, loss, float(self.steps))
        by = [found.weights[p].reshape(len(X), *w.shape) for p, w in zip(forward, weights, strict=True)]
        by += [found.delays[p].reshape(len(X), *d.shape) for p, d in zip(forward, delays, strict=False)]
        arrivals = []
        for k, (layer, w) in enumerate(zip(layers, weights, strict=False)):
            sent = found.trains.spikes(layer)
            after = delays[k][sent.ids % len(w)] if delays else np.full((len(sent.ids), w.shape[1]), DELAY)
            arrivals.append(int(np.sum(sent.times[:, None] + after <= self.steps)))
        return by, _scores(found.trains, layers[-1], len(X)), arrivals

    def gradient(self, X: Any, y: Any) -> list[np.ndarray]:
        """Of the loss of each example, by the weights of each projection, (n, sources, targets): the exact one."""
        weights = self.coefs_
        return self._gradients(weights, self._delays, *self.examples(X, y))[0][: len(weights)]

    def updates(self, X: Any, y: Any) -> list[np.ndarray]:
        """Minus the gradient, of which Adam makes steps."""
        return [-each for each in self.gradient(X, y)]

    def learn(self, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Batch by batch; the network is made again, with what was learned, at the end."""
        begun = time.process_time()
        scores, weights = np.zeros((len(X), len(self.classes_))), self.coefs_
        delays = [each.copy() for each in self._delays]
        n_arrivals = np.zeros(len(weights), int)
        adam: Adam = self.circuit_.parts["adam"]
        n_hidden = len(self.circuit_.hidden)
        first = n_hidden if self.control == FROZEN else 0
        falling = self.decay**self.epoch_
        rates = [falling * each for each in (*[self.rates[0]] * n_hidden, self.rates[1])]
        delay_rates = [falling * each for each in self.delay_rates()]
        for start in range(0, len(X), self.batch):
            part = slice(start, start + self.batch)
            by, scores[part], arrivals = self._gradients(weights, delays, X[part], y[part])
            n_arrivals += arrivals
            down = [each.mean(axis=0) for each in by]
            by_weights, by_delays = down[: len(weights)], down[len(weights) :]
            adam.move(
                [*weights[first:], *delays[first:]], [*by_weights[first:], *by_delays[first:]],
                [*rates[first:], *delay_rates[first:]],
            )  # fmt: skip
            for each in delays:
                np.clip(each, DELAY, None, out=each)
        self.circuit_ = self._circuit(weights, delays, adam)
        self.cost_.presentations += len(X)
        self.cost_.simulated_ms += float(self.steps) * len(X)
        self.cost_.cpu_s += time.process_time() - begun
        self.cost_.count(len(X), *(int(sum(each)) for each in (n_arrivals, n_arrivals[1:], n_arrivals[first:])))
        return scores

    def scores(self, X: Any) -> np.ndarray:
        features = self._shown(X)
        at_once = max(1, SYNAPSES_AT_ONCE // sum(w.size for w in self.coefs_))
        parts = [features[start : start + at_once] for start in range(0, len(features), at_once)]
        return np.concatenate([self._scored(part)[0] for part in parts])

    def answer(self, X: Any) -> tuple[np.ndarray, Run]:
        """The scores of examples, (n, classes), and the run of all copies of the network."""
        scores, net, layers = self._scored(self._shown(X))
        for layer in layers:
            net.record(layer)
        return scores, net.run(float(self.steps), engine="events", progress=False)

    def _shown(self, X: Any) -> np.ndarray:
        """What input cells are given, (n, inputs)."""
        check_is_fitted(self)
        return self._features(validate_data(self, X, dtype=np.float64, reset=False))

    def _scored(self, X: np.ndarray) -> tuple[np.ndarray, Network, list[Population]]:
        """The scores of examples, and the network that has them, and its layers. X: what input cells are given."""
        net, layers, _ = self._copies(self.coefs_, self._delays, X)
        return _scores(spike_trains(net, float(self.steps)), layers[-1], len(X)), net, layers

    @property
    def _delays(self) -> list[np.ndarray]:
        return self.circuit_.parts["delays"]


def _cells(threshold: float) -> Neuron:
    """A weight of 1 is a current that raises the potential by up to 1/4."""
    return LIF(
        E_L=0.0, V_reset=0.0, V_th=threshold, C_m=TAU_M, tau_m=TAU_M, tau_syn_exc=TAU_SYN, tau_syn_inh=TAU_SYN,
        t_ref=0.0,
    )  # fmt: skip


def _limits(n: int) -> list[tuple[float, float]]:
    """The smallest and largest weights at first, of each of n layers with five inputs to each cell.

    Those of hidden cells excite, so that these fire: a cell that does not has no gradient, and stays as it is.
    """
    return [(1.0, 2.5)] * (n - 1) + [(-3.7, 3.7)]


def _scores(trains: SpikeTrains, output: Population, n: int) -> np.ndarray:
    return np.array(trains[output, "integral", "V_m"]).reshape(n, -1)
