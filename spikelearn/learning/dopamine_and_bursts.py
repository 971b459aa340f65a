"""Dopamine and bursts: the chosen cell makes those bursts that say who had a part, and dopamine says what it was worth.

The mechanism of models/digits.py, with hidden layers (bursts: Naud & Sprekeler 2018, PNAS 115:E6329; dopamine and
eligibility: Izhikevich 2007, Cereb. Cortex 17:2443; feedback from the chosen action: Roelfsema & van Ooyen 2005, Neural
Comput. 17:2176). Its cells are those of `burst_propagation`, large ensembles with rates in place of spikes: a share e
has an event in a step, and a share P of these become bursts.

1. While an example is shown, the output cell with most events is chosen, or now and then another one, as in digits.
2. The chosen cell alone gets feedback to its dendrite and bursts more. Downwards cells send bursts, through random
   weights (see `feedback`), so dendrites of hidden cells burst more or less, too. With b bursts, synapses are tagged,

       c += eta (b - P e) x,    c' = -c/tau_c,

   x the filtered input from the source.
3. Dopamine is released, the reward (1 if the choice was right, else 0) minus the reward that was expected, and tags
   become changes of weights, w' = c n.

What differs from digits: hidden layers, and with them bursts that are sent; cells are ensembles, weights have both
signs, dopamine is short. There, tags are bursts times the trace of the source minus its mean over all sources; here,
what is taken away is P e, what there would be of bursts without the feedback (Payeur et al. 2021), so that cells are
taught by fewer bursts, too. There, the expected reward is the running mean of those of an answer, and each answer makes
its cell less excitable, a `conscience` without which one cell is always chosen: `expected="answer"`. By default it is
that of the stimulus, the chosen cell's own e, as in `attention_gated`. Then, and with feedback weights like the forward
ones, weights go, to first order, down the gradient of (r - e)^2/2 of the chosen cell. No cell is told the right answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.description.trials import Callback, Phase
from spikelearn.errors import ParameterError
from spikelearn.learning.attention_gated import chosen_cell
from spikelearn.learning.burst_propagation import BURST_MIRROR, TAU, BurstEnsemble
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.divergence import LARGEST_WEIGHT
from spikelearn.learning.feedback import LearnerWithFeedback
from spikelearn.learning.gradient import Loss, Trajectory
from spikelearn.learning.layers import copy_scores, populations, starting_weights
from spikelearn.learning.locality import Locality
from spikelearn.learning.perturbation import TAU_RELEASE
from spikelearn.learning.weight_mirror import MirrorMode
from spikelearn.network import Network
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.signal_rule import SignalRule
from spikelearn.units import ms, number, weight

STIMULUS, ANSWER = "stimulus", "answer"
SHARE = 0.02
"""Of the newest reward in the running mean of those of an answer."""
EXPLORING = 5
"""Of the streams of random numbers of a learner."""


class TagsAtBurstsParameters(NamedTuple):
    eta: Annotated[number, "step of the eligibility for an input and a burst of 1"] = 1.0
    tau_m: Annotated[ms, "membrane time constant of the target, with which inputs are filtered"] = TAU
    tau_c: Annotated[ms, "time constant of the eligibility"] = 1000.0
    b: Annotated[number, "concentration at which the weight does not change"] = 0.0
    W_min: Annotated[weight, "smallest weight"] = -LARGEST_WEIGHT
    W_max: Annotated[weight, "largest weight"] = LARGEST_WEIGHT


@scalar
def _more_bursts(b: float, e: float, P: float, event: float, rate: float) -> float:
    return rate * (b - P * e)


TagsAtBursts = SignalRule(
    "TagsAtBursts", TagsAtBurstsParameters, pre=(Trace("x", "tau_m"),), reads=("b", "e", "P"), signal=_more_bursts,
    constants=lambda p, dt: {"rate": p.eta * -np.expm1(-dt / p.tau_m)}, modulated=True, learns_from="rate",
)  # fmt: skip


@dataclass(eq=False, repr=False)
class DopamineAndBursts(LearnerWithFeedback):
    """Dopamine and bursts.

    steps: of each of both phases, of which there must be enough for signals to go up and down all layers. strength: of
    the feedback to the dendrite of the chosen cell. spread: standard deviation of the weights from bursts to hidden
    dendrites. exploration: probability of another choice in the first epoch; it falls by `exploration_decay` in each.
    expected: what dopamine compares a reward with, that expected of the "stimulus" or of the "answer". conscience: with
    the latter, the input that an answer takes from its cell and that all cells share; it decays as the learning rates.
    """

    locality: ClassVar[Locality] = Locality(target_signal=True, global_scalar=True, phases=True)
    mirror_mode: ClassVar[MirrorMode] = BURST_MIRROR

    epochs: int = 40
    learning_rate: float | tuple[float, float] = (4.0, 0.5)
    decay: float = 0.93
    steps: int = 10
    strength: float = 1.0
    spread: float = 8.0
    exploration: float = 0.5
    exploration_decay: float = 0.9
    expected: str = STIMULUS
    conscience: float = 0.02

    def build(self, sizes: Sequence[int]) -> Circuit:
        if self.expected not in (STIMULUS, ANSWER):
            raise ParameterError(f"expected: expected {STIMULUS!r} or {ANSWER!r}, got {self.expected!r}")
        if not 0.0 <= self.exploration <= 1.0:
            raise ParameterError(f"exploration: expected a probability, got {self.exploration!r}")
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        dopamine = net.modulator("dopamine", tau=TAU_RELEASE)
        layers = populations(net, sizes, self.encoded, BurstEnsemble(), BurstEnsemble(strength=self.strength))
        at_hidden, at_output = (rate / TAU_RELEASE for rate in self.rates)
        forward, weights = [], starting_weights(sizes, self.seed)
        for k, W in enumerate(weights):
            rule = TagsAtBursts(dopamine, eta=at_output if k == len(sizes) - 2 else at_hidden)
            sent = {"on": "rate", "payload": "e"} if k else self.encoded.sent
            forward.append(net.connect(layers[k], layers[k + 1], "basal", weight=W, plasticity=rule, **sent))
        generator = np.random.default_rng([27, self.seed])
        feedback = []
        for k in range(len(layers) - 2, 0, -1):
            Y = self.weights_back(generator, weights, k, self.spread)
            feedback.append(net.connect(layers[k + 1], layers[k], "apical", weight=Y, on="rate", payload="b"))
        parts = {"dopamine": dopamine, "chosen": np.zeros(1, np.int64), "mean": np.full(sizes[-1], 1.0 / sizes[-1])}
        return Circuit(net, layers, forward, feedback, learning=forward, parts=parts)

    def loss(self, circuit: Circuit, y: np.ndarray) -> Loss | None:
        """Half the squared error of the chosen cell, chosen as in `phases`; none if rewards are compared with means."""
        explore, seed = self._exploring()

        def of_chosen(trajectory: Trajectory) -> tuple[np.ndarray, dict[Any, np.ndarray]]:
            e = trajectory[circuit.output, "e"]
            chosen = np.array([chosen_cell(row, trial, explore, seed) for trial, row in enumerate(e[:, -1])])
            here = np.arange(len(y)), -1, chosen
            error, by_e = e[here] - (chosen == y), np.zeros_like(e)
            by_e[here] = error
            return 0.5 * error**2, {(circuit.output, "e"): by_e}

        return of_chosen if self.expected == STIMULUS else None

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        steps, e, parts = float(self.steps), circuit.output.state("e"), circuit.parts
        given = self.encoded.drive(circuit.input, X)
        fresh: dict[str, Any] = {"reset": [*circuit.layers, *circuit.learning], "discard_events": True, "plastic": ()}
        if y is None:
            return [Phase(steps, callback=Callback(copy_scores, (e, scores)), **fresh, **given)]
        choice = Callback(choose, (e, circuit.output.current("teacher"), scores, parts["chosen"], *self._exploring()))
        of_answer = self.expected == ANSWER
        step = self.conscience * self.decay**self.epoch_ if of_answer else 0.0
        seen = e, parts["chosen"], np.ascontiguousarray(y, np.int64), parts["mean"], SHARE if of_answer else 0.0
        moved = step, circuit.output.current("soma"), parts["dopamine"].release
        reward = Callback(give_dopamine, (*seen, *moved))
        told: dict[Any, Any] = {(layer, "taught"): 1.0 for layer in circuit.layers[1:]}
        fed = {**given, "currents": {**given.get("currents", {}), **told}, "plastic": self.factors(circuit)}
        return [
            Phase(steps, callback=choice, **fresh, **given),
            Phase(steps, callback=reward, **fed),
            # What is released in a step acts from the next one on.
            Phase(2.0, discard_events=True, plastic=fed["plastic"]),
        ]

    def _exploring(self) -> tuple[float, int]:
        """Probability of another choice in this epoch, and the seed of choices."""
        seed = (self.seed * 1_000_003 + self.epoch_) * 8 + EXPLORING
        return self.exploration * self.exploration_decay**self.epoch_, seed


def choose(
    trial: int, phase: int, e: Any, teacher: Any, scores: Any, chosen: Any, explore: float, seed: int
) -> None:  # fmt: skip
    """The dendrite of a BurstEnsemble gets its strength times (teacher - e): times 1 if it was chosen, else 0."""
    for k in range(len(e)):
        scores[trial, k] = e[k]
        teacher[k] = e[k]
    chosen[0] = chosen_cell(e, trial, explore, seed)
    teacher[chosen[0]] += 1.0


def give_dopamine(
    trial: int, phase: int, e: Any, chosen: Any, labels: Any, mean: Any, share: float, step: float, excitability: Any,
    release: Any,
) -> None:  # fmt: skip
    """The reward minus that expected: the mean of the chosen cell's if there is a share of the newest, else its e."""
    a = chosen[0]
    reward = 1.0 if a == labels[trial] else 0.0
    release[0] += reward - (mean[a] if share > 0.0 else e[a])
    mean[a] += share * (reward - mean[a])
    for k in range(len(e)):
        excitability[k] += step * (1.0 / len(e) - (1.0 if k == a else 0.0))
