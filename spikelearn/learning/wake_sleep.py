"""Wake-sleep: a Helmholtz machine that learns examples with their labels, which are its highest layer.

Dayan, Hinton, Neal & Zemel 1995, Neural Comput. 7:889; Hinton, Dayan, Frey & Neal 1995, Science 268:1158; see
`helmholtz`. Awake, the lowest layer is drawn from the example, hidden layers by recognition, and the label is given:
generative weights learn how each layer follows from the one above, dG = eta (s - p_G) s_above. Asleep, a label is
given, as often as each is seen, hidden layers and the lowest are dreamt, and recognition weights learn to undo that,
dR = eta (s_above - p_R) s.

An answer is the label from which the recognised hidden layer follows best: of each label in turn, the score is

    sum over cells of the highest hidden layer of   s ln p_G(label) + (1 - s) ln(1 - p_G(label)),

mean of some recognitions. Only this layer has weights from the labels, so for the machine this is the posterior of
labels, given what was recognised, and nothing else is asked of synapses or cells than what learning needs: p_G.

Ours: features are the probabilities of binary input cells; labels are a layer, of which one cell is on at a time, where
Hinton et al. train a machine for each digit and compare how well they describe it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Any, ClassVar

import numpy as np

from spikelearn.description.projection import Projection
from spikelearn.description.trials import Callback, Phase
from spikelearn.errors import ParameterError
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.controls import ABLATED_FEEDBACK
from spikelearn.learning.helmholtz import given, helmholtz_machine
from spikelearn.learning.learner import Learner
from spikelearn.learning.locality import Locality
from spikelearn.network import Network
from spikelearn.values import one_number, whole_number


@dataclass(eq=False, repr=False)
class WakeSleep(Learner):
    """Wake-sleep learning of examples and labels.

    steps: recognitions of which the mean is an answer; while it learns it answers by one. spread: standard deviation of
    the weights at first.
    """

    locality: ClassVar[Locality] = Locality(target_signal=True, phases=True)
    has_feedback: ClassVar[bool] = True

    epochs: int = 12
    learning_rate: float | tuple[float, float] = (0.05, 0.05)
    bias: bool = False
    steps: int = 5
    spread: float = 0.1

    def build(self, sizes: Sequence[int]) -> Circuit:
        whole_number(self.steps, "steps", least=1)
        one_number(self.spread, "1", "spread", above=0.0)
        if self.encoding != "graded":
            raise ParameterError(f"encoding: cells that are drawn need 'graded' features, got {self.encoding!r}")
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        at_hidden, at_output = self.rates
        etas = [*[at_hidden] * (len(sizes) - 2), at_output]
        generator = np.random.default_rng([80, self.seed])
        ablated = self.control == ABLATED_FEEDBACK
        machine = helmholtz_machine(net, sizes, generator, self.spread, [0.0] * len(sizes), etas, weights=not ablated)
        learning = [*machine.learn_asleep, *machine.learn_awake]
        return Circuit(net, machine.layers, machine.recognition, machine.generative, learning, {"machine": machine})

    def onto_hidden(self, circuit: Circuit) -> Sequence[Projection]:
        """What does not lead to the labels or come from them; of the highest hidden layer the generative biases are
        part of how it follows from labels."""
        machine = circuit.parts["machine"]
        up, down = machine.recognition_biases[:-1], machine.generative_biases[: len(circuit.hidden)]
        return [*super().onto_hidden(circuit), *machine.generative[:-1], *up, *down]

    @property
    def noisy(self) -> bool:
        return True

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        machine, labels = circuit.parts["machine"], np.eye(circuit.output.size)
        asked = circuit.layers[-2]
        answer = []
        for _ in range(self.steps if y is None else 1):
            answer += machine.recognise(X)[:-1]
            answer.append(Phase(1.0, currents=given(circuit.output, labels[0]), plastic=()))
            for k in range(len(labels)):
                read = Callback(add_log_likelihood, (asked.state("z"), asked.state("p_apical"), scores, k))
                following = given(circuit.output, labels[(k + 1) % len(labels)])
                answer.append(Phase(1.0, currents=following, plastic=(), callback=read))
        first = answer[0]
        fresh: dict[str, Any] = {"reset": [*circuit.layers, *circuit.learning], "discard_events": True}
        answer[0] = Phase(first.duration, currents=first.currents, plastic=(), **fresh)
        if y is None:
            return answer
        of_dreams = np.random.default_rng([81, self.seed, self.epoch_]).permutation(y)
        seen, dreamt = (given(circuit.output, labels[each]) for each in (y, of_dreams))
        return [*answer, *machine.present(X, self.factors(circuit), seen, dreamt)]


def add_log_likelihood(trial: int, phase: int, z: Any, p: Any, scores: Any, label: int) -> None:
    for k in range(len(z)):
        scores[trial, label] += log(max(p[k] if z[k] > 0.5 else 1.0 - p[k], 1e-30))
