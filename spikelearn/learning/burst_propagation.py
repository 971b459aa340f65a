"""Burstprop for ensembles: more or fewer bursts of a layer make more or fewer below, and these say what to learn.

Payeur, Guerguiev, Zenke, Richards & Naud 2021, Nature Neuroscience 24:1010, the form with rates. Each cell stands for
an ensemble so large that its events and bursts are rates: in every step a share e of its cells have an event, and a
share p of these become bursts,

    e = logistic(V),   p = logistic((1 - e) apical input),   b = p e,

V the low-pass filtered input. Upwards it sends e, downwards b, through random weights (see `feedback`). While the
network predicts, the burst probability is P. Then a teacher's current, strength (t - e), into the dendrites of output
cells changes their burst probability, hence the bursts of the layers below, and synapses change by

    dw = eta (b - P e) x,

x the filtered input from the source: to first order where gradient descent of the squared error of e would move it, if
the feedback weights were those of the forward path. With spikes, and P a running mean, this is `sl.Burstprop`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.description.trials import Callback, Phase
from spikelearn.kernels.exponential import exponential
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.divergence import LARGEST_WEIGHT
from spikelearn.learning.feedback import LearnerWithFeedback
from spikelearn.learning.layers import copy_scores, populations, starting_weights
from spikelearn.learning.locality import Locality
from spikelearn.learning.losses import SquaredError
from spikelearn.learning.weight_mirror import MirrorMode
from spikelearn.network import Network
from spikelearn.neurons.model import NeuronModel
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.signal_rule import SignalRule
from spikelearn.units import ms, number, weight

TAU = 1.0
"""ms, with which cells and synapses filter their inputs."""
BASELINE = 0.5
"""Burst probability without apical input."""
BURST_MIRROR = MirrorMode(10, "soma", "e", "V_m", "V_m")


class BurstEnsembleParameters(NamedTuple):
    tau_m: Annotated[ms, "membrane time constant"] = TAU
    strength: Annotated[number, "apical input for an error of 1, of a cell that is taught"] = 0.0


@scalar
def _burst_ensemble(
    V_m: float, e: float, p: float, P: float, b: float, in_basal: float, in_apical: float, I_teacher: float,
    I_taught: float, I_soma: float, kappa: float, strength: float,
) -> tuple[float, float, float, float, float, np.uint8]:  # fmt: skip
    V_m = kappa * V_m + (1.0 - kappa) * (in_basal + I_soma)
    e = 1.0 / (1.0 + exponential(-V_m))
    apical = in_apical + strength * I_taught * (I_teacher - e)
    p = 1.0 / (1.0 + exponential((e - 1.0) * apical))
    P = P if I_taught > 0.0 else p
    return V_m, e, p, P, p * e, np.uint8(16)


BurstEnsemble = NeuronModel(
    "BurstEnsemble", BurstEnsembleParameters,
    lambda p, dt: {"kappa": np.exp(-dt / np.asarray(p.tau_m)), "strength": p.strength},
    _burst_ensemble, state=dict.fromkeys(("V_m", "e", "p", "P", "b"), "1"), ports={"basal": "1", "apical": "1"},
    currents=("teacher", "taught", "soma"), initial=lambda p: {"P": BASELINE}, kinds=("rate",),
    time_constants=lambda p: {},
)  # fmt: skip


class BurstRatesParameters(NamedTuple):
    eta: Annotated[number, "learning rate"] = 1.0
    tau_m: Annotated[ms, "membrane time constant of the target, with which inputs are filtered"] = TAU
    W_min: Annotated[weight, "smallest weight"] = -LARGEST_WEIGHT
    W_max: Annotated[weight, "largest weight"] = LARGEST_WEIGHT


@scalar
def _more_bursts(b: float, e: float, P: float, event: float, rate: float) -> float:
    return rate * (b - P * e)


BurstRates = SignalRule(
    "BurstRates", BurstRatesParameters, pre=(Trace("x", "tau_m"),), reads=("b", "e", "P"), signal=_more_bursts,
    constants=lambda p, dt: {"rate": p.eta * -np.expm1(-dt / p.tau_m)}, learns_from="rate",
)  # fmt: skip


@dataclass(eq=False, repr=False)
class BurstPropagation(LearnerWithFeedback):
    """Burstprop for ensembles.

    steps: of each of both phases, of which there must be enough for signals to go up and down all layers. strength: of
    the teacher. spread: standard deviation of the feedback weights.
    """

    locality: ClassVar[Locality] = Locality(target_signal=True, phases=True)
    mirror_mode: ClassVar[MirrorMode] = BURST_MIRROR

    learning_rate: float | tuple[float, float] = (2.0, 0.5)
    steps: int = 10
    strength: float = 4.0
    spread: float = 4.0

    def build(self, sizes: Sequence[int]) -> Circuit:
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        layers = populations(net, sizes, self.encoded, BurstEnsemble(), BurstEnsemble(strength=self.strength))
        at_hidden, at_output = self.rates
        forward, weights = [], starting_weights(sizes, self.seed)
        for k, W in enumerate(weights):
            rule = BurstRates(eta=at_output if k == len(sizes) - 2 else at_hidden)
            sent = {"on": "rate", "payload": "e"} if k else self.encoded.sent
            forward.append(net.connect(layers[k], layers[k + 1], "basal", weight=W, plasticity=rule, **sent))
        feedback = [
            net.connect(above, below, "apical", weight=Y, on="rate", payload="b")
            for above, below, Y in zip(layers[:1:-1], layers[-2::-1], self.feedback_weights(sizes), strict=False)
        ]
        return Circuit(net, layers, forward, feedback, learning=forward)

    def feedback_weights(self, sizes: Sequence[int]) -> list[np.ndarray]:
        """Of bursts, onto the last hidden layer first."""
        generator, weights = np.random.default_rng([21, self.seed]), starting_weights(sizes, self.seed)
        return [self.weights_back(generator, weights, k, self.spread) for k in range(len(sizes) - 2, 0, -1)]

    def loss(self, circuit: Circuit, y: np.ndarray) -> SquaredError:
        """Half the squared error of the event rates of output cells at the end of the presentation."""
        return SquaredError(circuit.output, "e", np.eye(circuit.output.size)[y], window=slice(-1, None))

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        given = self.encoded.drive(circuit.input, X)
        read = Callback(copy_scores, (circuit.output.state("e"), scores))
        fresh: dict[str, Any] = {"reset": [*circuit.layers, *circuit.learning], "discard_events": True}
        predict = Phase(float(self.steps), plastic=(), callback=read, **fresh, **given)
        if y is None:
            return [predict]
        currents: dict[Any, Any] = {(layer, "taught"): 1.0 for layer in circuit.layers[1:]}
        currents[circuit.output, "teacher"] = np.eye(circuit.output.size)[y]
        taught = {**given, "currents": {**given.get("currents", {}), **currents}}
        return [predict, Phase(float(self.steps), plastic=self.factors(circuit), **taught)]
