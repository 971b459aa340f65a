"""Features that are learned without labels, and a readout that learns from labels: what are such features worth?

The hidden layer learns by a rule that knows no labels, as in `components` or `mirrored_autoencoder`. At the same time
the cells of the output, as those of other learners, learn to read its spikes by the delta rule,

    dw = -eta x (logistic(gain V) - y),

x the low-pass filtered spikes of their source. In the frozen control only they learn, from random features; the linear
control reads the examples themselves.

A cell of `components` has an activity y that may be negative. Here each is a dendrite: it drives a cell that fires, by
drive y and a constant current of its own, drawn at random, so that cells of the same direction still have thresholds of
their own. These currents are ours, and so is that there may be more cells than features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone

from spikelearn.connectivity import OneToOne
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Callback, Phase
from spikelearn.errors import ParameterError
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.components import COMPONENTS, directions, total_variance, whitening
from spikelearn.learning.feedback_alignment import OutputError
from spikelearn.learning.layers import (
    GAIN,
    LATER,
    answering,
    connect_forward,
    copy_scores,
    last_step_plastic,
    populations,
    starting_weights,
    taught,
)
from spikelearn.learning.learner import Learner
from spikelearn.learning.locality import Locality
from spikelearn.learning.mirrored_autoencoder import connect_mirrored, volleys
from spikelearn.network import Network
from spikelearn.neurons import LeakyReadout, LIFSoftReset, LinearRate
from spikelearn.values import one_number, word

TOTAL_VARIANCE = 3.0
"""Of features that are not whitened: cells that inhibit each other settle in steps of 1 ms if it is small."""
LEAST_VARIANCE = 0.02
"""Of a direction, relative to the largest, for it not to be left out when features are whitened: in others are rare
values that are sparse and say nothing."""


@dataclass(eq=False, repr=False)
class UnsupervisedFeatures(Learner):
    """Base of learners with one hidden layer that learns without labels, or none."""

    locality: ClassVar[Locality] = Locality()

    def features(self, net: Network, n: int, hidden: int) -> Circuit:
        """Circuit without an output: `layers` are the input, of n cells, and the hidden one, whose cells fire."""
        raise NotImplementedError

    def build(self, sizes: Sequence[int]) -> Circuit:
        if len(sizes) > 3:
            raise ParameterError(f"hidden: expected one hidden layer or none, got {len(sizes) - 2}")
        if self.encoding != "graded":
            raise ParameterError(f"encoding: features are found in 'graded' values, got {self.encoding!r}")
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        rule = OutputError(eta=self.rates[1])
        if len(sizes) == 2:
            layers = populations(net, sizes, self.encoded, None, LeakyReadout(gain=GAIN))
            forward = connect_forward(net, layers, self.encoded, starting_weights(sizes, self.seed), [rule])
            return Circuit(net, layers, forward, learning=forward)
        found = self.features(net, *sizes[:2])
        output = net.population(sizes[-1], LeakyReadout(gain=GAIN), name="output")
        weights = np.random.default_rng([82, self.seed]).uniform(-1.0, 1.0, sizes[1:]) * LATER / sizes[1] ** 0.5
        read = net.connect(found.layers[-1], output, "soma", weight=weights, plasticity=rule, name="read", on="spike")
        return replace(
            found, layers=[*found.layers, output], forward=[*found.forward, read], learning=[*found.learning, read]
        )  # fmt: skip

    def onto_hidden(self, circuit: Circuit) -> Sequence[Projection]:
        return circuit.learning[:-1]

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        factors = {} if y is None else self.factors(circuit)
        if not circuit.hidden:
            return [answering(self, circuit, X, y, scores, factors)]
        *finding, read = circuit.learning
        found = {each: factors.get(each, 0.0) for each in finding}
        return self.presenting(circuit, X, y, scores, found, {read: factors.get(read, 0.0)})

    def presenting(
        self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray,
        finding: dict[Projection, float], reading: dict[Projection, float],
    ) -> list[Phase]:  # fmt: skip
        """Phases of a presentation. finding, reading: projections of the hidden layer and of the output, with factors
        of their learning rates, which may be 0."""
        raise NotImplementedError


@dataclass(eq=False, repr=False)
class ComponentFeatures(UnsupervisedFeatures):
    """Features of cells that learn directions of their input.

    find: a key of `COMPONENTS`, the rule by which they do. drive: standard deviation of what drives cells that fire, at
    first and if features are not correlated. offset: largest size of the constant currents.
    """

    learning_rate: float | tuple[float, float] = (0.01, 0.03)
    find: str = "oja"
    drive: float = 1.5
    offset: float = 1.5

    def features(self, net: Network, n: int, hidden: int) -> Circuit:
        rule = clone(COMPONENTS[word(self.find, COMPONENTS, "find")]).set_params(learning_rate=self.rates[0])
        one_number(self.drive, "1", "drive", above=0.0)
        one_number(self.offset, "1", "offset", least=0.0)
        inputs = net.population(n, LinearRate(), name="input")
        cells, learning = rule.connect(net, inputs, directions(n, hidden, self.seed))
        firing = net.population(hidden, LIFSoftReset(), name="hidden 1")
        drive = self.drive * (1.0 if rule.whitens else np.sqrt(n / TOTAL_VARIANCE))
        net.connect(cells, firing, "soma", OneToOne(), weight=drive, on="rate", payload="y", name="dendrites")
        offsets = np.random.default_rng([83, self.seed]).uniform(-self.offset, self.offset, hidden)
        parts = {"cells": cells, "offsets": offsets, "settling": rule.steps}
        return Circuit(net, [inputs, firing], learning[:1], (), learning, parts)

    def presenting(
        self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray,
        finding: dict[Projection, float], reading: dict[Projection, float],
    ) -> list[Phase]:  # fmt: skip
        answer = answering(self, circuit, X, y, scores, reading)
        firing = circuit.layers[1]
        currents = {**answer.currents, (firing, "soma"): circuit.parts["offsets"]}
        # What fires as the cells settle arrives at the output when it answers.
        fresh: list[Any] = [circuit.input, circuit.parts["cells"], firing, *finding]
        settling = Phase(
            float(circuit.parts["settling"]), currents=answer.currents, reset=fresh, discard_events=True
        )  # fmt: skip
        reset: list[Any] = [firing, circuit.output, *reading]
        return [
            *last_step_plastic(settling, finding),
            replace(answer, currents=currents, reset=reset, discard_events=False),
        ]

    def _begin(self, X: np.ndarray, classes: np.ndarray) -> None:
        super()._begin(X, classes)
        features = super()._features(X)
        self._mean_ = features.mean(axis=0)
        if COMPONENTS[self.find].whitens:
            turned = whitening(features, LEAST_VARIANCE)
            self._scaling_ = turned @ (turned / np.linalg.norm(turned, axis=0)).T
        else:
            self._scaling_ = np.eye(features.shape[1]) * np.sqrt(TOTAL_VARIANCE / total_variance(features))

    def _features(self, X: np.ndarray) -> np.ndarray:
        """Centred, and whitened or scaled, for cells that learn directions."""
        features = super()._features(X)
        return (features - self._mean_) @ self._scaling_ if self.hidden else features


@dataclass(eq=False, repr=False)
class AutoencoderFeatures(UnsupervisedFeatures):
    """Features of a mirrored autoencoder, whose code is read while it is sent.

    steps: of each of the three volleys of a presentation. forgetting: see `MirroredAutoencoder`.
    """

    epochs: int = 12
    learning_rate: float | tuple[float, float] = (2e-5, 0.05)
    decay: float = 0.85
    steps: int = 20
    forgetting: float = 2e-5

    def features(self, net: Network, n: int, hidden: int) -> Circuit:
        rule = {"eta": self.rates[0], "forgetting": self.forgetting}
        visible, code, up, down = connect_mirrored(net, n, hidden, self.seed, rule)
        return Circuit(net, [visible, code], [up], [down], [up, down])

    def presenting(
        self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray,
        finding: dict[Projection, float], reading: dict[Projection, float],
    ) -> list[Phase]:  # fmt: skip
        visible, code, output = circuit.layers
        stimulus, sent, *others = volleys(visible, code, X, self.steps, finding)
        told = {} if y is None else taught(output, y)
        stimulus = replace(stimulus, reset=[*stimulus.reset, output, *reading])
        read = Callback(copy_scores, (output.state("V_sum"), scores))
        sent = replace(sent, currents={**sent.currents, **told}, plastic={**finding, **reading}, callback=read)
        return [stimulus, sent, *(others if y is not None else ())]
