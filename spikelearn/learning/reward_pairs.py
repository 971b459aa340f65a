"""What rules that learn from reward share: cells that act by chance, and a reward compared with that of another try.

Each example is presented twice, and cells act by chance both times. With the rewards R and R' of both, and what a
synapse keeps of each, its eligibilities e and e', a weight changes by

    dw = eta (R - R')/s (e - e'),

s the usual size of the difference (see `perturbation`). Each try is what the other is compared with, so what is
expected is expected of the stimulus, not of the task. Where one stimulus is usually rewarded more than others, whatever
its cells do would be reinforced, and what the task is worth on average does not mend it (Frémaux, Sprekeler & Gerstner
2010, J. Neurosci. 30:13326). Another try as baseline is self-critical training, Rennie et al. 2017 (CVPR); it has no
bias. What eligibilities are on average, whatever was done, cancels too.

The reward is what the choice was worth, 1 if the largest answer was right, else 0; or how sure the right answer was, ln
of its share in the softmax of the answers. Where choices are certain and wrong, the first does not depend on what cells
do, so that nothing is learned from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.description.population import Modulator
from spikelearn.description.trials import Callback, Phase
from spikelearn.errors import ParameterError
from spikelearn.kernels.exponential import exponential
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.layers import GAIN, TAU_M, connect_forward, copy_scores, populations, starting_weights
from spikelearn.learning.learner import Learner
from spikelearn.learning.locality import Locality
from spikelearn.learning.node_perturbation import CorrelationParameters
from spikelearn.learning.perturbation import ADAPTATION, TAU_RELEASE, cross_entropy, in_usual_units
from spikelearn.network import Network
from spikelearn.neurons.model import NeuronModel
from spikelearn.plasticity.rule import Plasticity, Trace
from spikelearn.plasticity.signal_rule import SignalRule
from spikelearn.units import ms, number
from spikelearn.values import one_number

CHOICE, CONFIDENCE = "choice", "confidence"
REWARDS = (CHOICE, CONFIDENCE)
GAP = 50.0
"""ms between tries, in which traces of arrivals fade to exp(-5)."""


class StochasticLIFParameters(NamedTuple):
    tau_m: Annotated[ms, "membrane time constant"] = TAU_M
    V_th: Annotated[number, "potential at which the cell fires in every other step, and the height of the reset"] = 1.0
    Delta_V: Annotated[number, "width of the threshold"] = 0.2


def _constants(p: StochasticLIFParameters, dt: float) -> dict[str, Any]:
    beta = np.exp(-dt / np.asarray(p.tau_m))
    return {"beta": beta, "V_th": p.V_th, "per_width": 1.0 / np.asarray(p.Delta_V)}


@scalar
def _stochastic_lif(
    V_m: float, score: float, sign: float, in_soma: float, I_soma: float, I_sign: float, u: float, beta: float,
    V_th: float, per_width: float,
) -> tuple[float, float, float, np.uint8]:  # fmt: skip
    V_m = beta * V_m + (1.0 - beta) * (in_soma + I_soma)
    p = 1.0 / (1.0 + exponential(min((V_th - V_m) * per_width, 600.0)))
    fired = u < p
    score = I_sign * ((1.0 if fired else 0.0) - p) * per_width
    V_m = V_m - V_th if fired else V_m
    return V_m, score, I_sign, np.uint8(fired)


StochasticLIF = NeuronModel(
    "StochasticLIF", StochasticLIFParameters, _constants, _stochastic_lif,
    state={"V_m": "1", "score": "1", "sign": "1"}, ports={"soma": "1"}, currents=("soma", "sign"),
    random=("u",), initial=lambda p: {},
)  # fmt: skip
"""LIFSoftReset with a soft threshold: in each step it fires with probability p = 1/(1 + exp(-(V_m - V_th)/Delta_V)).

score is the derivative by V_m of the logarithm of the probability of what it did, (s - p)/Delta_V, times the current
`sign`. Since a reset takes away a constant, V_m is linear in the weights whatever the cell did.
"""


class NoisyReadoutParameters(NamedTuple):
    tau_m: Annotated[ms, "membrane time constant"] = TAU_M
    sigma: Annotated[number, "standard deviation of the input that is noise"] = 0.3


@scalar
def _noisy_readout(
    V_m: float, V_sum: float, xi: float, score: float, in_soma: float, I_sign: float, z: float, kappa: float,
    sigma: float,
) -> tuple[float, float, float, float, np.uint8]:  # fmt: skip
    xi = z if xi == 0.0 and I_sign != 0.0 else xi
    V_m = kappa * V_m + (1.0 - kappa) * (in_soma + sigma * xi)
    return V_m, V_sum + V_m, xi, I_sign * xi, np.uint8(16)


NoisyReadout = NeuronModel(
    "NoisyReadout", NoisyReadoutParameters,
    lambda p, dt: {"kappa": np.exp(-dt / np.asarray(p.tau_m)), "sigma": p.sigma}, _noisy_readout,
    state={"V_m": "1", "V_sum": "1", "xi": "1", "score": "1"}, ports={"soma": "1"}, currents=("sign",), normal=("z",),
    initial=lambda p: {}, kinds=("rate",),
)  # fmt: skip
"""A leaky readout that draws xi in the first step after a reset in which there is a current `sign`.

score is xi times that current."""


@scalar
def _score_of_target(score: float, event: float, rate: float) -> float:
    return rate * score


def _rule(name: str, learns_from: str) -> SignalRule:
    return SignalRule(
        name, CorrelationParameters, pre=(Trace("x", "tau"),), reads=("score",), signal=_score_of_target,
        constants=lambda p, dt: {"rate": p.eta * -np.expm1(-dt / p.tau)}, modulated=True, learns_from=learns_from,
    )  # fmt: skip


HiddenScore, OutputScore = _rule("HiddenScore", "spike"), _rule("OutputScore", "rate")
"""dc = eta score x: the derivative, by the weight, of the logarithm of the probability of what the target did."""


@dataclass(eq=False, repr=False)
class RewardPairs(Learner):
    """Base of learners that are told nothing but one number, the reward.

    reward: "confidence" or "choice". width: Delta_V of hidden cells, whose threshold is 1. sigma: standard deviation of
    the noise of output cells.
    """

    locality: ClassVar[Locality] = Locality(global_scalar=True, phases=True)
    epochs: int = 40
    decay: float = 0.93
    reward: str = CONFIDENCE
    width: float = 0.12
    sigma: float = 0.1

    def hidden_rule(self, reward: Modulator, eta: float) -> Plasticity:
        """Of projections onto hidden cells. To eligibilities is added what cells do, times their current `sign`."""
        raise NotImplementedError

    @property
    def noisy(self) -> bool:
        return True

    def build(self, sizes: Sequence[int]) -> Circuit:
        if self.reward not in REWARDS:
            raise ParameterError(f"reward: expected one of {', '.join(REWARDS)}, got {self.reward!r}")
        for name, value in (("width", self.width), ("sigma", self.sigma)):
            one_number(value, "1", name, above=0.0)
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        reward = net.modulator("reward", tau=TAU_RELEASE)
        layers = populations(
            net, sizes, self.encoded, StochasticLIF(Delta_V=self.width), NoisyReadout(sigma=self.sigma)
        )
        at_hidden, at_output = (rate / (self.steps * TAU_RELEASE) for rate in self.rates)
        of_hidden = [self.hidden_rule(reward, at_hidden)] * (len(sizes) - 2)
        rules = [*of_hidden, OutputScore(reward, eta=at_output)]
        forward = connect_forward(net, layers, self.encoded, starting_weights(sizes, self.seed), rules)
        return Circuit(net, layers, forward, learning=forward, parts={"reward": reward, "usual": np.zeros(1)})

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        steps = float(self.steps)
        read = circuit.output.state("V_sum"), scores
        given = self.encoded.drive(circuit.input, X)
        fresh: dict[str, Any] = {"reset": [*circuit.layers, *circuit.learning], "discard_events": True}
        if y is None:
            return [Phase(steps, plastic=(), callback=Callback(copy_scores, read), **fresh, **given)]
        factors = self.factors(circuit)
        gain = GAIN / self.steps if self.reward == CONFIDENCE else 0.0
        first = *read, np.ascontiguousarray(y, np.int64), gain, np.zeros(1)
        second = *first, circuit.parts["usual"], circuit.parts["reward"].release

        def tries(sign: float) -> dict[str, Any]:
            signs = {(layer, "sign"): sign for layer in circuit.layers[1:]}
            return {**given, "currents": given.get("currents", {}) | signs, "plastic": factors}

        return [
            Phase(steps, callback=Callback(tried, first), **fresh, **tries(1.0)),
            Phase(GAP, discard_events=True, plastic=()),
            Phase(
                steps, reset=circuit.layers, discard_events=True, callback=Callback(tried_again, second), **tries(-1.0)
            ),
            # What is released in a step acts from the next one on.
            Phase(2.0, discard_events=True, plastic=factors),
        ]


@scalar
def reward_of(values: Any, label: int, gain: float) -> float:
    """Of the choice if gain is 0, else of confidence."""
    if gain > 0.0:
        return -cross_entropy(values, label, gain)
    for k in range(len(values)):
        if values[k] > values[label]:
            return 0.0
    return 1.0


def tried(trial: int, phase: int, values: Any, scores: Any, labels: Any, gain: float, reward: Any) -> None:
    for k in range(len(values)):
        scores[trial, k] = values[k]
    reward[0] = reward_of(values, labels[trial], gain)


def tried_again(
    trial: int, phase: int, values: Any, scores: Any, labels: Any, gain: float, reward: Any, usual: Any,
    release: Any,
) -> None:  # fmt: skip
    for k in range(len(values)):
        scores[trial, k] += values[k]
    release[0] += in_usual_units(reward[0] - reward_of(values, labels[trial], gain), usual, ADAPTATION)
