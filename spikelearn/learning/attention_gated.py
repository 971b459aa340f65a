"""Attention-gated reinforcement learning, BrainProp: the cell that was chosen says who had a part in the choice.

Pozzi, Bohte & Roelfsema 2020 (NeurIPS 33:2516), after AGREL (Roelfsema & van Ooyen 2005, Neural Comput. 17:2176).
Output cells are linear: their mean potential y_k is the reward that they expect for their class. The class with the
highest is chosen, or now and then another one, and the reward r is 1 if it was the right one, else 0. While the example
is still there, the chosen cell a alone sends

    delta = r - y_a

back to the hidden layers. With e = -delta at the chosen cell and 0 at the others, synapses change by

    dw = -eta (x e + d |e| w)            onto output cells,
    dw = -eta x psi(V - V_th) sum_k V_k e_k   onto hidden cells,

x the low-pass filtered input, psi the surrogate slope of the target, V the feedback weights. These learn too, from the
same two cells as the forward ones, dV = -eta (e_k activity_j + d |e_k| V). Both forget, d, what they were at first, so
that they become alike (`feedback="kolen_pollack"`; Kolen & Pollack 1994, IEEE ICNN 3:1375); others are as `feedback`
says. Only one error of the loss is minimised in each presentation, that of the chosen cell, and no cell is told the
right answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.description.trials import Callback, Phase
from spikelearn.errors import ParameterError
from spikelearn.kernels.random import random_uniform
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.divergence import LARGEST_WEIGHT
from spikelearn.learning.feedback import KOLEN_POLLACK, LearnerWithFeedback
from spikelearn.learning.feedback_alignment import HiddenError
from spikelearn.learning.gradient import Loss, Trajectory
from spikelearn.learning.layers import LIF_MIRROR, TAU_M, answering, connect_forward, populations, starting_weights
from spikelearn.learning.locality import Locality
from spikelearn.learning.weight_mirror import MirrorMode
from spikelearn.network import Network
from spikelearn.neurons import LIFSoftReset
from spikelearn.neurons.model import NeuronModel
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.step_rule import StepRule
from spikelearn.units import ms, number, weight

EXPLORING = 3
"""Of the streams of random numbers of a learner."""


class LinearReadoutParameters(NamedTuple):
    tau_m: Annotated[ms, "membrane time constant"] = TAU_M


def _readout_constants(p: LinearReadoutParameters, dt: float) -> dict[str, Any]:
    return {"kappa": np.exp(-dt / np.asarray(p.tau_m))}


@scalar
def _linear_readout(
    V_m: float, V_sum: float, error: float, in_soma: float, I_soma: float, I_error: float, kappa: float
) -> tuple[float, float, float, np.uint8]:
    V_m = kappa * V_m + (1.0 - kappa) * (in_soma + I_soma)
    return V_m, V_sum + V_m, I_error, np.uint8(16)


LinearReadout = NeuronModel(
    "LinearReadout", LinearReadoutParameters, _readout_constants, _linear_readout,
    state={"V_m": "1", "V_sum": "1", "error": "1"}, ports={"soma": "1"}, currents=("soma", "error"),
    initial=lambda p: {}, kinds=("rate",),
)  # fmt: skip


class ForgettingParameters(NamedTuple):
    eta: Annotated[number, "learning rate"] = 0.01
    forgetting: Annotated[number, "decay of the weight, relative to the activity of the hidden cell"] = 0.0
    tau: Annotated[ms, "of the trace of errors: short, so that it is the error itself"] = 0.02
    tau_m: Annotated[ms, "membrane time constant, with which inputs are filtered"] = TAU_M
    W_min: Annotated[weight, "smallest weight"] = -LARGEST_WEIGHT
    W_max: Annotated[weight, "largest weight"] = LARGEST_WEIGHT


def _rates(p: ForgettingParameters, dt: float) -> dict[str, float]:
    return {"rate": p.eta * -np.expm1(-dt / p.tau_m), "forgetting": p.forgetting}


@scalar
def _forward_step(weight: float, x: float, error: float, rate: float, forgetting: float) -> float:
    return weight - rate * (x * error + forgetting * abs(error) * weight)


@scalar
def _back_step(weight: float, e: float, activity: float, rate: float, forgetting: float) -> float:
    return weight - rate * (activity * e + forgetting * abs(e) * weight)


ChosenError = StepRule(
    "ChosenError", ForgettingParameters, _forward_step, _rates, pre=(Trace("x", "tau_m"),), reads=("error",),
)  # fmt: skip
FeedbackError = StepRule(
    "FeedbackError", ForgettingParameters, _back_step, _rates, pre=(Trace("e", "tau"),), reads=("activity",),
)  # fmt: skip


@dataclass(eq=False, repr=False)
class BrainProp(LearnerWithFeedback):
    """Attention-gated learning from reward.

    exploration: probability of another choice in the first epoch; it falls by `exploration_decay` in each. forgetting:
    d, of the weights onto output cells, however feedback comes to be, and of those back from them.
    """

    locality: ClassVar[Locality] = Locality(target_signal=True, global_scalar=True, phases=True)
    mirror_mode: ClassVar[MirrorMode] = LIF_MIRROR
    forgets_itself: ClassVar[bool] = True

    learning_rate: float | tuple[float, float] = (0.12, 0.02)
    exploration: float = 0.5
    exploration_decay: float = 0.8
    feedback: str = KOLEN_POLLACK

    def build(self, sizes: Sequence[int]) -> Circuit:
        if not 0.0 <= self.exploration <= 1.0:
            raise ParameterError(f"exploration: expected a probability, got {self.exploration!r}")
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        layers = populations(net, sizes, self.encoded, LIFSoftReset(), LinearReadout())
        at_hidden, at_output = self.rates
        onto_output = ChosenError(eta=at_output, forgetting=self.forgetting)
        rules = [*[HiddenError(eta=at_hidden)] * (len(sizes) - 2), onto_output]
        weights = starting_weights(sizes, self.seed)
        forward = connect_forward(net, layers, self.encoded, weights, rules)
        generator = np.random.default_rng([9, self.seed])
        feedback = []
        for k in range(len(layers) - 2, 0, -1):
            sender, of_output = layers[k + 1], k == len(layers) - 2
            learned = {"eta": at_output, "forgetting": self.forgetting} if of_output else {"eta": at_hidden}
            V = self.weights_back(generator, weights, k, 0.5)
            feedback.append(
                net.connect(
                    sender, layers[k], "apical", weight=V, on="rate", payload="error", name=f"feedback {k}",
                    plasticity=FeedbackError(**learned) if self.learns_back else None,
                )
            )  # fmt: skip
        return Circuit(net, layers, forward, feedback, [*forward, *(feedback if self.learns_back else ())])

    def loss(self, circuit: Circuit, y: np.ndarray) -> Loss:
        """Half the squared error of the chosen cell, chosen as in `phases`."""
        explore, seed = self._exploring()

        def of_chosen(trajectory: Trajectory) -> tuple[np.ndarray, dict[Any, np.ndarray]]:
            expected = trajectory[circuit.output, "V_sum"][:, -1] / self.steps
            chosen = np.array([chosen_cell(row, trial, explore, seed) for trial, row in enumerate(expected)])
            here = np.arange(len(y)), chosen
            error = expected[here] - (chosen == y)
            by_V = np.zeros((len(y), trajectory.steps, circuit.output.size))
            by_V[here[0], :, chosen] = error[:, None] / self.steps
            return 0.5 * error**2, {(circuit.output, "V_m"): by_V}

        return of_chosen

    def _exploring(self) -> tuple[float, int]:
        """Probability of another choice in this epoch, and the seed of choices."""
        seed = (self.seed * 1_000_003 + self.epoch_) * 8 + EXPLORING
        return self.exploration * self.exploration_decay**self.epoch_, seed

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        if y is None:
            return [answering(self, circuit, X, None, scores)]
        output, given = circuit.output, self.encoded.drive(circuit.input, X)
        fresh: dict[str, Any] = {"reset": [*circuit.layers, *circuit.learning], "discard_events": True}
        labels = np.ascontiguousarray(y, np.int64)
        arguments = output.state("V_sum"), output.current("error"), scores, labels, 1.0 / self.steps, *self._exploring()
        answer = Phase(float(self.steps), plastic=(), callback=Callback(choose, arguments), **fresh, **given)
        end = Callback(stop, (output.current("error"),))
        return [answer, Phase(float(self.steps), plastic=self.factors(circuit), callback=end, **fresh, **given)]


@scalar
def chosen_cell(values: Any, trial: int, explore: float, seed: int) -> int:
    """The index of the largest value, or any one with probability `explore`."""
    if random_uniform(seed, trial, 0) < explore:
        return min(int(random_uniform(seed, trial, 1) * len(values)), len(values) - 1)
    chosen = 0
    for k in range(len(values)):
        if values[k] > values[chosen]:
            chosen = k
    return chosen


def choose(
    trial: int, phase: int, V_sum: Any, error: Any, scores: Any, labels: Any, share: float, explore: float, seed: int
) -> None:
    """The chosen cell gets minus delta as its error."""
    for k in range(len(V_sum)):
        scores[trial, k] = V_sum[k]
    chosen = chosen_cell(V_sum, trial, explore, seed)
    reward = 1.0 if chosen == labels[trial] else 0.0
    error[chosen] = V_sum[chosen] * share - reward


def stop(trial: int, phase: int, error: Any) -> None:
    for k in range(len(error)):
        error[k] = 0.0
