"""Target propagation: the layer above says what activity it would rather have had, through a learned inverse.

Lee, Zhang, Fischer & Bengio 2015 (ECML PKDD; arXiv:1412.7525). Layers h_l = f(W_l h_{l-1}), f = tanh, the output
linear. The output's target is a step toward the teacher, down the squared error,

    t = h - step (h - teacher),

and a layer gets its target from that of the layer above through the learned inverse g_l(h) = f(V_l h),

    t_l = g_l(t_{l+1})                                  target propagation,
    t_l = h_l + g_l(t_{l+1}) - g_l(h_{l+1})             difference target propagation,

of which the second leaves a layer as it is where the layer above has no wish, however bad the inverse. Then each layer
learns on its own to come closer to its target,

    dW_l = eta f' (t_l - h_l) h_{l-1},

and its inverse to undo what the next layer does, with noise added to what goes up, h + noise: it learns to reconstruct
the activity with its noise, as Lee et al. have it (`inverse="activities"`), or the noise alone from what changes
(`"differences"`: the difference reconstruction loss of Meulemans et al. 2020, NeurIPS 33:20024),

    dV_l = eta_g f' (h_l + noise - g_l(h'_{l+1})) h'_{l+1}                       activities,
    dV_l = eta_g f' (noise - g_l(h'_{l+1}) + g_l(h_{l+1})) h'_{l+1}              differences,

h' = f(W_{l+1} (h_l + noise)). The first maps changes of the layer above to the directions in which activities are
large, of which the largest is their mean; the second to the smallest change that does it, so that the steps of layers
are nearly those of Gauss and Newton rather than of the gradient.

No error is sent: what comes down are activities. The activity difference that drives learning (Lillicrap et al. 2020,
Nat. Rev. Neurosci. 21:335, "NGRAD") is that between the activity that a cell should have had and the one it has, t - h.

A cell has two sites. What arrives at its basal dendrite from below makes its activity; what arrives at the apical one
makes a reconstruction of that, g. While nothing is taught, it remembers the reconstruction from the layer above as it
is; when a teacher is there, by how much that changes is the difference. Noise is added to what each hidden cell sends
up, and inverses learn, before the teacher comes. Ours: the output's inverse is learned as all others are, while Lee et
al. give the last hidden layer the gradient; all layers get noise at once; and examples are presented one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Phase
from spikelearn.kernels.functions import tanh
from spikelearn.learning.both_ways import check_steps, sweeping_up
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.controls import ABLATED_FEEDBACK
from spikelearn.learning.layers import last_step_plastic, populations, starting_weights
from spikelearn.learning.learner import Learner
from spikelearn.learning.locality import Locality
from spikelearn.learning.losses import SquaredError
from spikelearn.learning.products import ErrorOfReconstruction, ErrorOfTarget
from spikelearn.network import Network
from spikelearn.neurons.model import NeuronModel
from spikelearn.units import number
from spikelearn.values import one_number, word


class TargetCellParameters(NamedTuple):
    difference: Annotated[number, "1 if targets are corrected by the difference, else 0"] = 1.0
    noise_only: Annotated[number, "1 if the inverse learns from the noise alone, else 0"] = 1.0


@scalar
def _target_cell(
    A: float, sent: float, R: float, before: float, target: float, D: float, B: float, in_basal: float,
    in_apical: float, I_noise: float, I_teaching: float, I_holding: float, difference: float, noise_only: float,
) -> tuple[float, float, float, float, float, float, float, np.uint8]:  # fmt: skip
    A = tanh(in_basal)
    R = tanh(in_apical)
    before = before if I_teaching > 0.0 or I_holding > 0.0 else R
    target = R + difference * (A - before) if I_teaching > 0.0 else A
    sent = A + I_noise
    wanted = I_noise + before if noise_only > 0.0 else sent
    return A, sent, R, before, target, (1.0 - A * A) * (target - A), (1.0 - R * R) * (wanted - R), np.uint8(16)


TargetCell = NeuronModel(
    "TargetCell", TargetCellParameters, lambda p, dt: p._asdict(), _target_cell,
    state={name: "1" for name in ("A", "sent", "R", "before", "target", "D", "B")},
    ports={"basal": "1", "apical": "1"}, currents=("noise", "teaching", "holding"),
    initial=lambda p: {}, kinds=("rate",),
)  # fmt: skip
"""Sends `sent` up and `target` down. R is the reconstruction g, and `before` what it was without teacher and noise."""


class TargetOutputParameters(NamedTuple):
    step: Annotated[number, "of the output's target toward the teacher"] = 0.1


@scalar
def _target_output(
    A: float, target: float, D: float, in_basal: float, I_teacher: float, I_teaching: float, step: float
) -> tuple[float, float, float, np.uint8]:
    D = I_teaching * step * (I_teacher - in_basal)
    return in_basal, in_basal + D, D, np.uint8(16)


TargetOutput = NeuronModel(
    "TargetOutput", TargetOutputParameters, lambda p, dt: {"step": p.step}, _target_output,
    state={"A": "1", "target": "1", "D": "1"}, ports={"basal": "1"}, currents=("teacher", "teaching"),
    initial=lambda p: {}, kinds=("rate",),
)  # fmt: skip


DIFFERENCES, ACTIVITIES = "differences", "activities"


@dataclass(eq=False, repr=False)
class TargetPropagation(Learner):
    """Target propagation.

    difference: whether targets are corrected by the difference. inverse: what inverses learn from, "differences" or
    "activities"; without the correction it is to be the latter.
    steps: of the answer, at least two for each layer but the first. step: of the output's target toward the teacher.
    sigma: standard deviation of the noise. inverse_rate: learning rate of the inverses, eta_g; it falls as the others
    do. spread: standard deviation of the inverses' weights at first.
    """

    locality: ClassVar[Locality] = Locality(target_signal=True, phases=True)
    has_feedback: ClassVar[bool] = True

    learning_rate: float | tuple[float, float] = (0.5, 0.02)
    decay: float = 0.8
    steps: int = 8
    difference: bool = True
    inverse: str = DIFFERENCES
    step: float = 0.2
    sigma: float = 0.3
    inverse_rate: float = 0.03
    spread: float = 0.5

    def build(self, sizes: Sequence[int]) -> Circuit:
        check_steps(self, sizes, 2)
        word(self.inverse, (DIFFERENCES, ACTIVITIES), "inverse")
        for name, most in (("step", 1.0), ("sigma", np.inf), ("inverse_rate", np.inf)):
            one_number(getattr(self, name), "1", name, above=0.0, most=most)
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        hidden = TargetCell(difference=float(self.difference), noise_only=float(self.inverse == DIFFERENCES))
        layers = populations(net, sizes, self.encoded, hidden, TargetOutput(step=self.step))
        at_hidden, at_output = (rate / self.step for rate in self.rates)
        etas = [*[at_hidden] * (len(sizes) - 2), at_output]
        forward: list[Projection] = []
        feedback: list[Projection] = []
        for k, (W, eta) in enumerate(zip(starting_weights(sizes, self.seed), etas, strict=True)):
            sent: Mapping[str, Any] = {"on": "rate", "payload": "sent"} if k else self.encoded.sent
            up = ErrorOfTarget(eta=eta)
            forward.append(net.connect(layers[k], layers[k + 1], "basal", weight=W, plasticity=up, **sent))
        generator = np.random.default_rng([26, self.seed])
        ablated = self.control == ABLATED_FEEDBACK
        for k in range(len(layers) - 2, 0, -1):
            V = generator.normal(0.0, 0.0 if ablated else self.spread, (sizes[k + 1], sizes[k]))
            down = None if ablated else ErrorOfReconstruction(eta=self.inverse_rate)
            feedback.append(
                net.connect(layers[k + 1], layers[k], "apical", weight=V, on="rate", payload="target", plasticity=down)
            )
        return Circuit(net, layers, forward, feedback, [*forward, *(() if ablated else feedback)])

    def loss(self, circuit: Circuit, y: np.ndarray) -> SquaredError:
        return SquaredError(circuit.output, "A", np.eye(circuit.output.size)[y], slice(-1, None))

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        answer, given = sweeping_up(self, circuit, X, scores, self.steps)
        if y is None:
            return [answer]
        factors = self.factors(circuit)
        up = {each: factor for each, factor in factors.items() if each in circuit.forward}
        down = {each: factor for each, factor in factors.items() if each in circuit.feedback}
        teacher: dict[Any, Any] = {(layer, "teaching"): 1.0 for layer in circuit.layers[1:]}
        teacher[circuit.output, "teacher"] = np.eye(circuit.output.size)[y]
        whole = Phase(float(len(circuit.layers)), currents={**given["currents"], **teacher})
        taught = last_step_plastic(whole, up)
        if not down:
            return [answer, *taught]
        generator = np.random.default_rng([27, self.seed, self.epoch_])
        noise: dict[Any, Any] = {(layer, "holding"): 1.0 for layer in circuit.hidden}
        for layer in circuit.hidden:
            noise[layer, "noise"] = generator.normal(0.0, self.sigma, (len(X), layer.size))
        whole = Phase(len(circuit.layers) + 1.0, currents={**given["currents"], **noise})
        noisy = last_step_plastic(whole, down)
        again = Phase(float(self.steps), plastic=(), **given)
        return [answer, *noisy, again, *taught]
