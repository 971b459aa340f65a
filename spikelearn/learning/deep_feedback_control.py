"""Deep feedback control: a controller takes the output to its target, and cells learn to need it less.

Meulemans, Tristany Farinha, García Ordóñez, Vilimelis Aceituno, Sacramento & Grewe 2021 (NeurIPS 34; arXiv:2106.07887).
Each cell has a basal and an apical compartment. What the layer below sends makes v_ff = W r, the controller adds
v_fb = Q u, and

    r = phi(v_ff + v_fb),   tau u' = e - alpha u,   e = r* - r_L,   r* = r- + nudging (teacher - r-),

phi = tanh, r_L the output, which is linear, and r- what it was without the controller, the answer. Once u has settled,
all forward weights learn by one rule, to have the cell do on its own what it does under control:

    dw_ij = eta (phi(v_i) - phi(v_ff,i)) r_j.

With J the derivatives of the output by the v of a layer, and J Q summed over layers, u is (J Q + alpha)^-1 times the
error without control, to first order. If each Q is J^T M, with any M that all layers share, updates are steps of Gauss
and Newton rather than of the gradient; for Q = J^T and a large alpha they are those of the gradient.

Feedback weights learn to be such Q from noise in apical compartments, which the controller counteracts by way of the
network, and thus of J, while it holds the output where it was:

    dQ_ik = -eta_Q (v_fb,i u_k + forgetting Q_ik),   v_fb = Q u + noise.

No error is sent: the activity difference that drives learning (Lillicrap et al. 2020, Nat. Rev. Neurosci. 21:335,
"NGRAD") is that between the cell under control and what its basal dendrite alone would have it do.

Ours: cells follow their inputs at once, and the controller alone takes time; the output has Q = 1, whatever M the other
layers share, and these begin with Q = 0, so that the loop is stable; noise is constant in the phase in which Q learns,
which follows that of each example, and weights change in the last step of a phase. Q may also be drawn at random
("fixed"), or "tied", a factor times the product of the weights up to the output.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.connectivity import OneToOne
from spikelearn.description.trials import Phase
from spikelearn.kernels.functions import tanh
from spikelearn.learning.both_ways import check_steps, sweeping_up
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.controls import ABLATED_FEEDBACK
from spikelearn.learning.feedback import FIXED, TIED, Back, Path, check_feedback, tying
from spikelearn.learning.layers import last_step_plastic, populations, starting_weights
from spikelearn.learning.learner import Learner
from spikelearn.learning.locality import Locality
from spikelearn.learning.losses import SquaredError
from spikelearn.learning.products import ErrorOfTarget, product_rule
from spikelearn.network import Network
from spikelearn.neurons import LinearRate
from spikelearn.neurons.model import NeuronModel
from spikelearn.units import number
from spikelearn.values import one_number, whole_number

LEARNED = "learned"


class NoParameters(NamedTuple):
    """Of cells without any."""


@scalar
def _controlled(
    A: float, D: float, v_fb: float, in_basal: float, in_apical: float, I_noise: float
) -> tuple[float, float, float, np.uint8]:
    v_fb = in_apical + I_noise
    A = tanh(in_basal + v_fb)
    return A, A - tanh(in_basal), v_fb, np.uint8(16)


ControlledCell = NeuronModel(
    "ControlledCell", NoParameters, lambda p, dt: {}, _controlled, state={"A": "1", "D": "1", "v_fb": "1"},
    ports={"basal": "1", "apical": "1"}, currents=("noise",), initial=lambda p: {}, kinds=("rate",),
)  # fmt: skip
"""A = phi(v) is what it sends, and D = phi(v) - phi(v_ff)."""


class ControlledOutputParameters(NamedTuple):
    nudging: Annotated[number, "part of the way to the teacher at which the target is"] = 0.5


@scalar
def _controlled_output(
    A: float, D: float, e: float, before: float, in_basal: float, in_apical: float, I_teacher: float, I_teaching: float,
    I_controlling: float, nudging: float,
) -> tuple[float, float, float, float, np.uint8]:  # fmt: skip
    A = in_basal + in_apical
    before = before if I_controlling > 0.0 else A
    target = before + nudging * I_teaching * (I_teacher - before)
    return A, in_apical, I_controlling * (target - A), before, np.uint8(16)


ControlledOutput = NeuronModel(
    "ControlledOutput", ControlledOutputParameters, lambda p, dt: p._asdict(), _controlled_output,
    state={name: "1" for name in ("A", "D", "e", "before")}, ports={"basal": "1", "apical": "1"},
    currents=("teacher", "teaching", "controlling"), initial=lambda p: {}, kinds=("rate",),
)  # fmt: skip
"""Linear. It sends e to the controller while `controlling` is 1 pA; before is r-."""


@scalar
def _counteracted(weight: float, u: float, v_fb: float, eta: float, forgetting: float) -> float:
    return weight - eta * (v_fb * u + forgetting * weight)


Counteracted = product_rule("Counteracted", _counteracted, "u", v_fb="v_fb")
"""Down: the source is the controller, and what is counteracted the target's apical potential."""


@dataclass(eq=False, repr=False)
class DeepFeedbackControl(Learner):
    """Deep feedback control.

    steps: of the answer, at least two for each layer but the first. control_steps: in which the controller settles.
    tau: ms, and leak: alpha, of the controller. nudging: part of the way to the teacher at which the target is.
    feedback: "learned", "tied" or "fixed". sigma: standard deviation of the noise, feedback_rate: eta_Q, which falls as
    learning rates do, and forgetting: of feedback that is learned. scale: factor of tied weights, and standard
    deviation of fixed ones.
    """

    locality: ClassVar[Locality] = Locality(target_signal=True, phases=True)
    has_feedback: ClassVar[bool] = True

    learning_rate: float | tuple[float, float] = (4.0, 0.02)
    decay: float = 0.85
    steps: int = 6
    control_steps: int = 30
    tau: float = 10.0
    leak: float = 0.1
    nudging: float = 0.5
    feedback: str = LEARNED
    scale: float = 0.1
    sigma: float = 0.2
    feedback_rate: float = 0.1
    forgetting: float = 0.02

    def build(self, sizes: Sequence[int]) -> Circuit:
        check_steps(self, sizes, 2)
        self._check()
        net = Network(dt=1.0, seed=self.seed, threads=self.threads)
        layers = populations(net, sizes, self.encoded, ControlledCell(), ControlledOutput(nudging=self.nudging))
        output = layers[-1]
        controller = net.population(sizes[-1], LinearRate(tau=self.tau, leak=self.leak), name="controller")
        net.connect(output, controller, "exc", OneToOne(), weight=1.0, on="rate", payload="e")
        net.connect(controller, output, "apical", OneToOne(), weight=1.0, on="rate", payload="y")
        at_hidden, at_output = (rate / self.nudging for rate in self.rates)
        weights = starting_weights(sizes, self.seed)
        forward = []
        for k, (W, eta) in enumerate(zip(weights, [*[at_hidden] * (len(sizes) - 2), at_output], strict=True)):
            sent: Mapping[str, Any] = {"on": "rate", "payload": "A"} if k else self.encoded.sent
            rule = ErrorOfTarget(eta=eta)
            forward.append(net.connect(layers[k], layers[k + 1], "basal", weight=W, plasticity=rule, **sent))
        down = None
        if self.feedback == LEARNED and self.control != ABLATED_FEEDBACK:
            down = Counteracted(eta=self.feedback_rate, forgetting=self.forgetting)
        feedback = [
            net.connect(controller, layer, "apical", weight=Q, on="rate", payload="y", plasticity=down)
            for layer, Q in zip(layers[-2:0:-1], self._first_feedback(weights), strict=True)
        ]
        learning = [*forward, *(feedback if down else ())]
        return Circuit(net, layers, forward, feedback, learning, {"controller": controller})

    def loss(self, circuit: Circuit, y: np.ndarray) -> SquaredError:
        return SquaredError(circuit.output, "A", np.eye(circuit.output.size)[y], slice(-1, None))

    def phases(self, circuit: Circuit, X: np.ndarray, y: np.ndarray | None, scores: np.ndarray) -> list[Phase]:
        controller, output = circuit.parts["controller"], circuit.output
        answer, given = sweeping_up(self, circuit, X, scores, self.steps)
        answer = replace(answer, reset=[*answer.reset, controller])
        if y is None:
            return [answer]
        factors = self.factors(circuit)
        up = {each: factor for each, factor in factors.items() if each in circuit.forward}
        down = {each: factor for each, factor in factors.items() if each in circuit.feedback}
        held = {**given["currents"], (output, "controlling"): 1.0}
        teacher = {(output, "teacher"): np.eye(output.size)[y], (output, "teaching"): 1.0}
        phases = [answer, *self._controlled(up, {**held, **teacher})]
        if down:
            generator = np.random.default_rng([41, self.seed, self.epoch_])
            noise = {(each, "noise"): generator.normal(0.0, self.sigma, (len(X), each.size)) for each in circuit.hidden}
            begun, last = self._controlled(down, {**held, **noise})
            phases += [replace(begun, reset=[controller]), last]
        elif self._ties and circuit.feedback:
            ways = zip(circuit.hidden[::-1], circuit.forward[:0:-1], circuit.feedback, strict=True)
            paths = [
                Path(layer, [Back(down, self.scale)], [up], direct=k > 0) for k, (layer, up, down) in enumerate(ways)
            ]
            phases[-1] = replace(phases[-1], callback=tying(paths))
        return phases

    def _controlled(self, plastic: Any, currents: Any) -> list[Phase]:
        """Phases under control, of which weights change in the second."""
        return last_step_plastic(Phase(float(self.control_steps), currents=currents), plastic)

    def _first_feedback(self, weights: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Of the last hidden layer first."""
        generator = np.random.default_rng([40, self.seed])
        found: list[np.ndarray] = []
        product = self.scale * np.eye(weights[-1].shape[1])
        for W in weights[:0:-1]:
            product = product @ W.T
            drawn = generator.normal(0.0, self.scale, product.shape)
            first = {LEARNED: np.zeros_like(product), FIXED: drawn, TIED: product}[self.feedback]
            found.append(0.0 * first if self.control == ABLATED_FEEDBACK else first)
        return found

    @property
    def _ties(self) -> bool:
        return self.feedback == TIED and self.control != ABLATED_FEEDBACK and self.scale > 0.0

    def _check(self) -> None:
        check_feedback(self.feedback, (LEARNED, TIED, FIXED))
        one_number(self.nudging, "1", "nudging", above=0.0, most=1.0)
        for name in ("tau", "sigma", "feedback_rate"):
            one_number(getattr(self, name), "1", name, above=0.0)
        for name in ("leak", "scale", "forgetting"):
            one_number(getattr(self, name), "1", name, least=0.0)
        whole_number(self.control_steps, "control_steps", least=2)
