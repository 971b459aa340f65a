"""Components: cells that learn directions of their input without a teacher, with the interface of scikit-learn's
decompositions.

An example is given to linear cells (`LinearRate`) that send it on in every step, and weights change in the last step of
its presentation:

- `FirstComponent`, Oja's rule (Oja 1982): each cell finds the first principal component.
- `SimilarityMatching` (Pehlevan 2019): cells that inhibit each other find the space of the first ones.
- `NonlinearHebb` (Brito & Gerstner 2016): a cell finds a sparse source in whitened input.

The rules are those of the papers; how the input is scaled, the learning rates and the numbers of steps are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Callback, Phase, Trials
from spikelearn.errors import ParameterError
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.divergence import LARGEST_WEIGHT, warn_of_divergence
from spikelearn.learning.epochs import fit_anew
from spikelearn.learning.layers import copy_scores, last_step_plastic
from spikelearn.learning.parameter_kinds import check_kinds
from spikelearn.network import Network
from spikelearn.neurons import LinearRate
from spikelearn.plasticity import NonlinearHebb as NonlinearHebbRule
from spikelearn.plasticity import Oja
from spikelearn.plasticity import SimilarityMatching as SimilarityMatchingRule
from spikelearn.values import one_number, whole_number

GRADED: Mapping[str, Any] = {"on": "rate", "payload": "y", "delay": 1.0}


@dataclass(eq=False, repr=False)
class Components(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Base of them.

    n_components: number of cells. epochs: passes over the examples in `fit`. learning_rate: of the forward synapses;
    it falls by `decay` from one epoch to the next. threads: of the network. seed: of everything that is drawn.

    After fitting: components_, (n_components, n_features), the direction of each cell, whose activity is its product
    with what an example differs from mean_; circuit_, the network; epoch_, the number of epochs.
    """

    steps: ClassVar[int] = 2
    """Of a presentation, of 1 ms each: one until the input arrives, and those until the cells have settled."""
    whitens: ClassVar[bool] = False
    """Whether the input is whitened; else it is scaled, so that its variances add up to the number of cells."""

    n_components: int = 1
    epochs: int = 10
    learning_rate: float = 0.01
    decay: float = 0.8
    threads: int = 1
    seed: int = 1

    def connect(self, net: Network, inputs: Population, weights: np.ndarray) -> tuple[Population, list[Projection]]:
        """The cells, and the projections that learn, the forward ones first. weights: (features, n_components), drawn
        at random, with length 1 for each cell."""
        raise NotImplementedError

    def fit(self, X: Any, y: Any = None) -> Self:
        """Forget everything, then learn from examples X, (n, n_features), in `epochs` passes."""
        return fit_anew(self, X)

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """One more pass over examples; the first examples say how input is scaled from then on."""
        first = not hasattr(self, "circuit_")
        X = validate_data(self, X, dtype=np.float64, reset=first, ensure_min_samples=2 if first else 1)
        if first:
            self._begin(X)
        order = np.random.default_rng([self.seed, self.epoch_]).permutation(len(X))
        self._present(X[order], self.decay**self.epoch_)
        self.epoch_ += 1
        warn_of_divergence(self.circuit_, type(self).__name__, self.epoch_)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """The activity of the cells at the end of each presentation, (n, n_components). Nothing is learned."""
        check_is_fitted(self)
        return self._present(validate_data(self, X, dtype=np.float64, reset=False), None)

    @property
    def components_(self) -> np.ndarray:
        check_is_fitted(self)
        return self.filters() @ self._scaling_.T

    def filters(self) -> np.ndarray:
        """What the activities are of the scaled input once they have settled, (n_components, features)."""
        return self.circuit_.weights(self.circuit_.forward[0]).T

    def _begin(self, X: np.ndarray) -> None:
        check_kinds(self)
        n = whole_number(self.n_components, "n_components", least=1)
        if n > X.shape[1]:
            raise ParameterError(f"n_components: expected at most the {X.shape[1]} features, got {n}")
        for name in ("learning_rate", "decay"):
            one_number(getattr(self, name), "1", name, above=0.0)
        self.mean_, self.epoch_ = X.mean(axis=0), 0
        self._scaling_ = whitening(X) if self.whitens else np.eye(X.shape[1]) * np.sqrt(n / total_variance(X))
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        inputs = net.population(self._scaling_.shape[1], LinearRate(), name="input")
        cells, learning = self.connect(net, inputs, directions(inputs.size, n, self.seed))
        self.circuit_ = Circuit(net, [inputs, cells], learning[:1], (), learning)

    def _present(self, X: np.ndarray, factor: float | None) -> np.ndarray:
        """The activities, (n, n_components). factor: of the learning rates; None if nothing is to be learned."""
        circuit, found = self.circuit_, np.zeros((len(X), self.n_components))
        given = {(circuit.input, "exc"): (X - self.mean_) @ self._scaling_}
        learns: Mapping[Projection, float] = {} if factor is None else dict.fromkeys(circuit.learning, factor)
        read = Callback(copy_scores, (circuit.output.state("y"), found))
        shown = Phase(
            float(self.steps), currents=given, reset=[*circuit.layers], discard_events=True, callback=read
        )  # fmt: skip
        phases = last_step_plastic(shown, learns)
        if circuit.network.run(trials=Trials(phases, len(X)), progress=False).interrupted:
            raise KeyboardInterrupt
        return found

    @property
    def _n_features_out(self) -> int:
        return self.n_components


@dataclass(eq=False, repr=False)
class FirstComponent(Components):
    """Oja's rule. Of several cells, each finds the same direction, but for its sign."""

    def connect(self, net: Network, inputs: Population, weights: np.ndarray) -> tuple[Population, list[Projection]]:
        cells = net.population(weights.shape[1], LinearRate(), name="cells")
        rule = Oja(eta=self.learning_rate, W_min=-LARGEST_WEIGHT, W_max=LARGEST_WEIGHT)
        return cells, [net.connect(inputs, cells, "exc", weight=weights, plasticity=rule, **GRADED)]


@dataclass(eq=False, repr=False)
class SimilarityMatching(Components):
    """Similarity matching. lateral: how much faster lateral synapses learn than forward ones."""

    steps: ClassVar[int] = 40

    learning_rate: float = 0.02
    lateral: float = 5.0

    def connect(self, net: Network, inputs: Population, weights: np.ndarray) -> tuple[Population, list[Projection]]:
        one_number(self.lateral, "1", "lateral", above=0.0)
        cells = net.population(weights.shape[1], LinearRate(tau=2.0, leak=0.0), name="cells")
        forward, lateral = (SimilarityMatchingRule(eta=each * self.learning_rate) for each in (1.0, self.lateral))
        return cells, [
            net.connect(inputs, cells, "exc", weight=weights, plasticity=forward, **GRADED),
            net.connect(cells, cells, "inh", weight=np.eye(cells.size), plasticity=lateral, **GRADED),
        ]

    def filters(self) -> np.ndarray:
        forward, lateral = (self.circuit_.weights(each) for each in self.circuit_.learning)
        return np.linalg.solve(lateral.T, forward.T)


@dataclass(eq=False, repr=False)
class NonlinearHebb(Components):
    """Nonlinear Hebbian learning, of whitened input. theta: activity above which synapses learn."""

    whitens: ClassVar[bool] = True

    epochs: int = 20
    learning_rate: float = 0.02
    decay: float = 0.85
    theta: float = 1.0

    def connect(self, net: Network, inputs: Population, weights: np.ndarray) -> tuple[Population, list[Projection]]:
        cells = net.population(weights.shape[1], LinearRate(), name="cells")
        rule = NonlinearHebbRule(eta=self.learning_rate, theta=self.theta, W_min=-LARGEST_WEIGHT, W_max=LARGEST_WEIGHT)
        return cells, [net.connect(inputs, cells, "exc", weight=weights, plasticity=rule, **GRADED)]


COMPONENTS: Mapping[str, Components] = {
    "oja": FirstComponent(),
    "similarity_matching": SimilarityMatching(n_components=3),
    "hebb_nonlinear": NonlinearHebb(),
}
"""Name -> what is not fitted yet: to be cloned."""


def directions(features: int, n: int, seed: int) -> np.ndarray:
    """Weights at first, (features, n): a random direction for each of n cells."""
    weights = np.random.default_rng([78, seed]).normal(size=(features, n))
    return np.asarray(weights / np.linalg.norm(weights, axis=0))


def total_variance(X: np.ndarray) -> float:
    """The sum of the variances of all features; 1 if they are 0."""
    total = float(X.var(axis=0).sum())
    return total if total > 0.0 else 1.0


def whitening(X: np.ndarray, least: float = 1e-9) -> np.ndarray:
    """(features, directions): what makes features uncorrelated, with variance 1. Directions that have less than this
    share of the largest variance are left out."""
    values, directions = np.linalg.eigh(np.atleast_2d(np.cov(X.T, bias=True)))
    kept = values > least * max(float(values[-1]), np.finfo(float).tiny)
    if not np.any(kept):
        return np.eye(X.shape[1])
    return np.asarray(directions[:, kept] / np.sqrt(values[kept]))
