"""The dendritic error microcircuit: a hidden layer learns from the feedback that its interneurons did not predict.

Source: Sacramento, Costa, Bengio & Senn 2018 (NeurIPS); latent equilibrium: Haider et al. 2021 (NeurIPS).

Pyramidal cells of the hidden layer receive the input at their basal dendrites, and at their apical dendrites feedback
from the output cells and inhibition from interneurons, one for each output cell, which nudges it. The interneurons
receive the hidden layer, as the output cells do. Projections, each with weights (sources, targets) in mV:

    up_hidden    input cells to basal dendrites of the hidden layer     DendriticPrediction
    up_output    hidden layer to output cells                           DendriticPrediction
    ip           hidden layer to interneurons                           DendriticPrediction
    pi           interneurons to apical dendrites of the hidden layer   ApicalSilencing
    down         output cells to apical dendrites of the hidden layer   fixed

In the self-predicting state, without a teacher, interneurons do what output cells do, and apical dendrites are silent.
With a teacher, what is left in them is the error that backpropagation would send.

There are two forms: with spikes, and their limit for a short `interval`, events that carry the rate in every step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from spikelearn.analysis import logistic
from spikelearn.connectivity import OneToOne
from spikelearn.description.distributions import Uniform
from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Callback, Phase, Trials
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.network import Network
from spikelearn.neurons import PerfectIntegrator, ThreeCompartment
from spikelearn.plasticity import ApicalSilencing, DendriticPrediction
from spikelearn.results.run import Run
from spikelearn.results.sink import Sink

PLASTIC = ("up_hidden", "up_output", "ip", "pi")
"""Projections that can learn."""

Weights = Mapping[str, np.ndarray]
"""Projection -> its weights, (sources, targets) in mV."""


@dataclass(frozen=True)
class Microcircuit:
    """Sizes, cells and times of a microcircuit with one hidden layer.

    inputs: elements of a pattern. hidden: pyramidal cells. outputs: output cells, and as many interneurons.
    spikes: whether cells send spikes, or their rate in every step. copies: spiking input cells for each element, which
    share its weights; one for rates. interval: ms between spikes at full rate, at least dt. tau_syn: ms, of synapses
    on dendrites. prospective: 1 for latent equilibrium; 0 if rates follow the membrane. g_L, g_B, g_A: nS, leak of the
    soma, and from its basal and apical dendrite; its capacitance is 1 pF. g_som: nS, nudging of output cells by the
    teacher, and of interneurons by output cells. target: mV, the teacher's potential for the right class; minus this
    for the others. settle: ms at the start of a presentation, in which nothing learns. learn, read: ms, the rest of
    one that is learned from or not. dt: ms.
    Raises ParameterError for a size below 1, an interval below dt, and a conductance below 0.
    """

    inputs: int
    hidden: int
    outputs: int
    spikes: bool = True
    copies: int = 4
    interval: float = 1.0
    tau_syn: float = 4.0
    prospective: float = 1.0
    g_L: float = 0.1
    g_B: float = 1.0
    g_A: float = 0.28
    g_som: float = 0.34
    target: float = 3.0
    settle: float = 16.0
    learn: float = 24.0
    read: float = 60.0
    dt: float = 1.0

    def __post_init__(self) -> None:
        for name in ("inputs", "hidden", "outputs", "copies"):
            size = getattr(self, name)
            if not isinstance(size, int | np.integer) or isinstance(size, bool) or size < 1:
                raise ParameterError(f"{name} of Microcircuit: expected a whole number of at least 1, got {size!r}")
        for name in ("g_L", "g_B", "g_A", "g_som"):
            if not getattr(self, name) >= 0.0:
                raise ParameterError(f"{name} of Microcircuit: expected at least 0 nS, got {getattr(self, name)!r}")
        if not self.interval >= self.dt:
            raise ParameterError(
                f"interval of Microcircuit: expected at least dt, {self.dt:g} ms, got {self.interval:g} ms"
            )

    @property
    def shapes(self) -> dict[str, tuple[int, int]]:
        """Of the weights of each projection, (sources, targets)."""
        return {
            "up_hidden": (self.inputs, self.hidden),
            "up_output": (self.hidden, self.outputs),
            "ip": (self.hidden, self.outputs),
            "pi": (self.outputs, self.hidden),
            "down": (self.outputs, self.hidden),
        }

    def attenuation(self, g_A: float = 0.0) -> float:
        """Potential of a soma to that of its basal dendrite, the others at 0. g_A: nS, if there is an apical one."""
        return self.g_B / (self.g_L + self.g_B + g_A)

    def targets(self, labels: np.ndarray) -> np.ndarray:
        """Potentials, (n, outputs) in mV, that the teacher asks for. labels: (n,), starting at 0."""
        return np.where(np.arange(self.outputs) == labels[:, None], self.target, -self.target)


@dataclass(frozen=True)
class Circuit:
    """The network of a microcircuit with given weights.

    projections: by name. learning: names of those that can learn. sums: written by callbacks over a window: u of
    output cells, v_A of the hidden layer, and the number of steps.
    """

    of: Microcircuit
    network: Network
    inputs: Population
    hidden: Population
    outputs: Population
    interneurons: Population
    projections: Mapping[str, Projection]
    learning: tuple[str, ...]
    sums: tuple[np.ndarray, np.ndarray, np.ndarray]


class Presented(NamedTuple):
    """The result of a presentation of n patterns.

    answers: (n,), the class of the output cell with the largest mean potential. apical: (n,) mV, the mean over the
    hidden layer of the absolute value of mean v_A. Means are over the part of a presentation after `settle`.
    """

    run: Run
    answers: np.ndarray
    apical: np.ndarray


def starting_weights(m: Microcircuit, w_up: float, w_down: float, seed: int) -> dict[str, np.ndarray]:
    """Weights before learning, uniform: -w_up to w_up onto basal dendrites, -w_down to w_down onto apical ones; mV."""
    generator = np.random.default_rng([2018, seed])
    largest = {"up_hidden": w_up, "up_output": w_up, "ip": w_up, "pi": w_down, "down": w_down}
    return {name: generator.uniform(-largest[name], largest[name], shape) for name, shape in m.shapes.items()}


def self_predicting(weights: Weights, symmetric: bool = True) -> dict[str, np.ndarray]:
    """The weights in the self-predicting state: interneurons like output cells, their inhibition minus the feedback.

    symmetric: whether feedback weights are those of the forward path, as in backpropagation.
    """
    down = weights["up_output"].T if symmetric else weights["down"]
    return {**weights, "down": down, "pi": -down, "ip": weights["up_output"]}


def build(m: Microcircuit, weights: Weights, seed: int, etas: Mapping[str, float] | None = None) -> Circuit:
    """The network with these weights; further recordings can be added before it first runs.

    etas: projection -> learning rate, mV/ms for DendriticPrediction and 1/ms for ApicalSilencing; those not named do
    not learn. Learning does not depend on the number of `copies`. Raises DescriptionError for weights that are missing
    or of another shape, and for an unknown projection or one that cannot learn.
    """
    etas = dict(etas or {})
    _check_projections(m, weights, etas)
    net = Network(dt=m.dt, seed=seed)
    copies = m.copies if m.spikes else 1
    shared = {"interval": m.interval if m.spikes else m.dt, "tau_syn": m.tau_syn}
    cell = {**shared, "tau_syn_soma": 0.1, "g_L": m.g_L, "g_B": m.g_B, "prospective": m.prospective}
    # The copies of an element take turns.
    turns = np.random.default_rng([3, seed]).uniform(size=(m.inputs, 1)) + np.arange(copies) / copies

    def cells(name: str, n: int, model: Any, phase: Any = None) -> Population:
        return net.population(n, model, name=name, initial={"phase": Uniform(0.0, 1.0) if phase is None else phase})

    inputs = cells("input", m.inputs * copies, PerfectIntegrator(interval=shared["interval"]), turns.ravel() % 1.0)
    hidden = cells("hidden", m.hidden, ThreeCompartment(g_A=m.g_A, **cell))
    outputs = cells("output", m.outputs, ThreeCompartment(g_A=0.0, **cell))
    interneurons = cells("interneurons", m.outputs, ThreeCompartment(g_A=0.0, g_som=m.g_som, **cell))

    ends = {
        "up_hidden": (inputs, hidden, "basal"),
        "up_output": (hidden, outputs, "basal"),
        "ip": (hidden, interneurons, "basal"),
        "pi": (interneurons, hidden, "apical"),
        "down": (outputs, hidden, "apical"),
    }
    sent: dict[str, Any] = {"on": "spike"} if m.spikes else {"on": "rate", "payload": "r"}
    projections = {}
    for name, (source, target, port) in ends.items():
        share = copies if source is inputs else 1
        rule = None
        if name in etas and port == "basal":
            attenuation = m.attenuation(m.g_A if target is hidden else 0.0)
            rule = DendriticPrediction(eta=etas[name] / share, attenuation=attenuation, **shared)
        elif name in etas:
            rule = ApicalSilencing(eta=etas[name], **shared)
        weight = np.repeat(weights[name] / share, share, axis=0)
        projections[name] = net.connect(source, target, port, weight=weight, plasticity=rule, name=name, **sent)
    # An event counts for `interval`, and the potential is sent in every step.
    one_to_one = m.g_som * m.dt / shared["interval"]
    net.connect(
        outputs, interneurons, "soma", OneToOne(), weight=one_to_one, on="rate", payload="u", name="nudging"
    )  # fmt: skip
    sums = np.zeros(m.outputs), np.zeros(m.hidden), np.zeros(1)
    net.on_step(add_up, outputs.state("u"), hidden.state("v_A"), *sums)
    return Circuit(m, net, inputs, hidden, outputs, interneurons, projections, tuple(etas), sums)


def _check_projections(m: Microcircuit, weights: Weights, etas: Mapping[str, float]) -> None:
    for name, shape in m.shapes.items():
        given = np.shape(weights[name]) if name in weights else "none"
        if given != shape:
            raise DescriptionError(f"weights of {name}: expected an array of shape {shape}, got {given}")
    for what, named, known in (("weights", list(weights), tuple(m.shapes)), ("etas", list(etas), PLASTIC)):
        if unknown := [name for name in named if name not in known]:
            raise DescriptionError(f"{what}: expected any of {', '.join(known)}, got {', '.join(map(str, unknown))}")


def present(
    circuit: Circuit, patterns: np.ndarray, labels: np.ndarray | None = None, learn: bool = False,
    currents: np.ndarray | None = None, sink: Sink | None = None,
) -> Presented:  # fmt: skip
    """Present patterns, (n, inputs) of rates from 0 to 1, one after the other, with a teacher if there are labels.

    labels: (n,), starting at 0. learn: whether the projections that have a learning rate learn. currents: (n, hidden)
    pA into the somata of the hidden layer, e.g. spontaneous activity. After Ctrl-C, patterns that were not presented
    have 0 in both results. Raises DescriptionError for patterns, labels or currents that do not fit the circuit.
    """
    m = circuit.of
    _check_patterns(m, patterns, labels, currents)
    answers, apical = np.zeros(len(patterns), np.int64), np.zeros(len(patterns))
    copies = circuit.inputs.size // m.inputs
    given: dict[Any, Any] = {(circuit.inputs, "exc"): np.repeat(patterns, copies, axis=1)}
    if currents is not None:
        given[circuit.hidden, "soma"] = currents
    if labels is not None:
        given |= {(circuit.outputs, "soma"): m.g_som * m.targets(labels), (circuit.outputs, "nudging"): m.g_som}
    plastic = [circuit.projections[name] for name in circuit.learning] if learn else []
    begin, end = Callback(begin_window, circuit.sums), Callback(read_out, (*circuit.sums, answers, apical))
    phases = [
        Phase(m.settle, currents=given, plastic=(), callback=begin),
        Phase(m.learn if learn else m.read, currents=given, plastic=plastic, callback=end),
    ]
    run = circuit.network.run(trials=Trials(phases, n=len(patterns)), progress=False, sink=sink)
    return Presented(run, answers, apical)


def _check_patterns(m: Microcircuit, patterns: np.ndarray, labels: np.ndarray | None, currents: Any) -> None:
    if np.ndim(patterns) != 2 or np.shape(patterns)[1] != m.inputs:
        raise DescriptionError(f"patterns: expected shape (n, {m.inputs}), got {np.shape(patterns)}")
    n = len(patterns)
    if labels is not None:
        if np.shape(labels) != (n,):
            raise DescriptionError(f"labels: expected shape ({n},), one per pattern, got {np.shape(labels)}")
        if not np.all(np.isin(labels, np.arange(m.outputs))):
            raise DescriptionError(f"labels: expected whole numbers from 0 to {m.outputs - 1}, got {np.unique(labels)}")
    if currents is not None and np.shape(currents) != (n, m.hidden):
        raise DescriptionError(f"currents: expected shape {(n, m.hidden)}, got {np.shape(currents)}")


def weights_of(circuit: Circuit, run: Run) -> dict[str, np.ndarray]:
    """All weights at the end of a run, (sources, targets) in mV; those of the copies of an input are added up."""
    found = {}
    for name, (sources, targets) in circuit.of.shapes.items():
        projection = circuit.projections[name]
        table = run.synapses(projection).matrix((projection.source_size, projection.target_size))
        found[name] = table.reshape(sources, -1, targets).sum(axis=1)
    return found


def gradient(m: Microcircuit, weights: Weights, patterns: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Of the loss by the weights of `up_hidden`, (inputs, hidden), without nudging and at steady state.

    The loss is the one whose derivative by the potential u of an output cell is -phi'(u) (u_target - u).
    patterns: (n, inputs). labels: (n,).
    """
    at_hidden, at_output = m.attenuation(m.g_A), m.attenuation()
    r_hidden = logistic(at_hidden * patterns @ weights["up_hidden"])
    u_output = at_output * r_hidden @ weights["up_output"]
    r_output = logistic(u_output)
    by_output = -r_output * (1.0 - r_output) * (m.targets(labels) - u_output)
    by_hidden = at_output * by_output @ weights["up_output"].T * r_hidden * (1.0 - r_hidden)
    return np.asarray(at_hidden * patterns.T @ by_hidden)


def add_up(step: int, u: Any, v_A: Any, sum_u: Any, sum_v_A: Any, n: Any) -> None:
    """In every step: the potentials of output cells and apical dendrites."""
    n[0] += 1.0
    for i in range(len(u)):
        sum_u[i] += u[i]
    for i in range(len(v_A)):
        sum_v_A[i] += v_A[i]


def begin_window(trial: int, phase: int, sum_u: Any, sum_v_A: Any, n: Any) -> None:
    """When the presentation has settled."""
    n[0] = 0.0
    sum_u[:] = 0.0
    sum_v_A[:] = 0.0


def read_out(trial: int, phase: int, sum_u: Any, sum_v_A: Any, n: Any, answers: Any, apical: Any) -> None:
    """The class whose output cell was highest, and the mean absolute value of the apical potentials."""
    answers[trial] = np.argmax(sum_u)
    total = 0.0
    for i in range(len(sum_v_A)):
        total += abs(sum_v_A[i])
    apical[trial] = total / len(sum_v_A) / n[0]
