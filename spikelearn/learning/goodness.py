"""What rules of goodness share: examples with a label among the inputs, right or wrong, and a readout.

Hinton 2022 (arXiv:2212.13345). Cells of a label tell the network a class, as inputs tell it an example. A layer's
goodness G is the sum of squares of what its cells do, and of an example whose label is right (positive data) it is to
be above a threshold, of one with a wrong label (negative data) below: p = 1/(1 + exp(-gain (G - threshold))) is the
probability that the data are positive, and each layer goes up the gradient of ln p for positive data, of ln(1 - p) for
negative data, on its own. A goodness cell adds up the squares of a layer and sends it the sum, one number for all its
cells. No error goes from one layer to another.

There are two answers (Hinton 2022, section 3.3): the label with which the sum of the goodness of all layers is largest,
one presentation for each class; or what a linear readout says, which learns by the delta rule from all hidden layers
while no label is there, one presentation for all. Hinton leaves out the first hidden layer in both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Callback, Phase
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.layers import LATER
from spikelearn.learning.learner import Learner
from spikelearn.learning.locality import Locality
from spikelearn.network import Network
from spikelearn.neurons import LinearRate
from spikelearn.values import word

READOUT, GOODNESS = "readout", "goodness"
WRONG, RIGHT = "wrong", "right"


@dataclass(eq=False, repr=False)
class GoodnessLearner(Learner):
    """Base of rules of goodness. Parts of its circuit are "label", a population, "goodness", one for each hidden layer,
    and "readouts", projections.

    threshold: of the goodness, for each cell of a layer. gain: steepness of p. answers: "readout" or "goodness".
    negative: labels of negative data, "wrong" ones, drawn anew in each epoch, or, as a control, the "right" ones.
    """

    locality: ClassVar[Locality] = Locality(global_scalar=True, phases=True, label_at_hidden=True)

    threshold: float = 0.25
    gain: float = 3.0
    answers: str = READOUT
    negative: str = WRONG

    def answering(
        self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray, plastic: Mapping[Any, float]
    ) -> list[Phase]:
        """From rest, without a label: the readout answers. plastic: what may learn if there are labels y."""
        raise NotImplementedError

    def contrasting(
        self, circuit: Circuit, given: Mapping[str, Any], plastic: Mapping[Any, float], read: Callback | None
    ) -> list[Phase]:
        """From rest, with a label. given: all currents. plastic: what may learn from it; nothing if nothing is."""
        raise NotImplementedError

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        word(self.answers, (READOUT, GOODNESS), "answers")
        word(self.negative, (WRONG, RIGHT), "negative")
        factors = {} if y is None else self.factors(circuit)
        readouts = circuit.parts["readouts"]
        of_readout, of_layers = ({p: f for p, f in factors.items() if (p in readouts) is w} for w in (True, False))
        found: list[Phase] = []
        if y is not None or self.answers == READOUT or not circuit.hidden:
            found += self.answering(circuit, X, y, scores, of_readout)
        if self.answers == GOODNESS and circuit.hidden:
            found += self._by_goodness(circuit, X, scores)
        if y is not None and of_layers:
            for labels, contrast in ((y, 1.0), (self.negative_labels(y), -1.0)):
                given = self.labelled(circuit, X, labels, contrast)
                found += self.contrasting(circuit, given, of_layers, None)
        return found

    def onto_hidden(self, circuit: Circuit) -> Sequence[Projection]:
        return [each for each in circuit.forward if each not in circuit.parts["readouts"]]

    def labelled(self, circuit: Circuit, X: np.ndarray, labels: Any, contrast: float) -> dict[str, Any]:
        """Currents of examples with labels, (n,), or one for all; contrast: 1 for positive data, -1 for negative."""
        given = self.encoded.drive(circuit.input, X)
        label: Population = circuit.parts["label"]
        more: dict[Any, Any] = {(label, "exc"): np.eye(label.size)[labels]}
        more |= {(layer, "contrast"): contrast for layer in circuit.hidden}
        return given | {"currents": given.get("currents", {}) | more}

    def _by_goodness(self, circuit: Circuit, X: np.ndarray, scores: np.ndarray) -> list[Phase]:
        """A presentation with each label, whose goodness becomes its score."""
        found = []
        sums = tuple(cell.state("y") for cell in circuit.parts["goodness"])
        for label in range(scores.shape[1]):
            read = Callback(add_up, (label, scores, *sums))
            found += self.contrasting(circuit, self.labelled(circuit, X, label, 0.0), {}, read)
        return found

    def negative_labels(self, y: np.ndarray) -> np.ndarray:
        """Of the negative data in this epoch, (n,). y: the right ones, from 0 on."""
        if self.negative == RIGHT:
            return y
        classes = len(self.classes_)
        generator = np.random.default_rng([28, self.seed, self.epoch_])
        return (y + generator.integers(1, classes, len(y))) % classes


def sum_of_squares(net: Network, layer: Population, number: int) -> Population:
    """The goodness cell of a layer, which sends it the sum of what its cells send as `square`."""
    cell = net.population(1, LinearRate(), name=f"goodness {number}")
    net.connect(layer, cell, "exc", weight=1.0, on="rate", payload="square")
    net.connect(cell, layer, "goodness", weight=1.0, on="rate", payload="y")
    return cell


def with_readouts(
    net: Network, layers: Sequence[Population], label: Population, forward: Sequence[Projection],
    goodness: Sequence[Population], port: str, rule: Any, sent: Mapping[str, Any], generator: np.random.Generator,
) -> Circuit:  # fmt: skip
    """The circuit, with a readout of each hidden layer, or of the input without any. forward: all other projections.
    port, rule, sent: of the readouts."""
    readouts = []
    for layer in layers[1:-1] or layers[:1]:
        largest = LATER / np.sqrt(layer.size)
        V = generator.uniform(-largest, largest, (layer.size, layers[-1].size))
        readouts.append(
            net.connect(layer, layers[-1], port, weight=V, plasticity=rule, name=f"of {layer.name}", **sent)
        )
    learning = [*forward, *readouts]
    parts = {"label": label, "goodness": goodness, "readouts": readouts}
    return Circuit(net, layers, learning, learning=learning, parts=parts)


def fresh(circuit: Circuit, given: Mapping[str, Any], steps: float, **more: Any) -> Phase:
    """A phase from rest."""
    parts = [*circuit.layers, circuit.parts["label"], *circuit.parts["goodness"], *circuit.learning]
    return Phase(steps, reset=parts, discard_events=True, **given, **more)


def add_up(trial: int, phase: int, label: int, scores: Any, *goodness: Any) -> None:
    total = 0.0
    for each in goodness:
        total += each[0]
    scores[trial, label] = total
