"""The dendritic error microcircuit: hidden layers learn from the feedback that their interneurons did not predict.

Source: Sacramento, Costa, Bengio & Senn 2018 (NeurIPS); latent equilibrium: Haider et al. 2021 (NeurIPS).

Pyramidal cells of a hidden layer receive the layer below at their basal dendrites, and at their apical dendrites
feedback from the layer above and inhibition from interneurons, one for each cell above, which nudges it. The
interneurons receive their hidden layer, as the cells above do. Layer 0 is the input. Projections, each with weights
(sources, targets) in mV:

    up k      layer k - 1 to basal dendrites of layer k         DendriticPrediction
    ip k      hidden layer k to its interneurons                DendriticPrediction
    pi k      interneurons to apical dendrites of layer k       ApicalSilencing
    down k    layer k + 1 to apical dendrites of layer k        fixed

In the self-predicting state, without a teacher, interneurons do what the cells above do, and apical dendrites are
silent. With a teacher, what is left in them is the error that backpropagation would send.

There are two forms: with spikes, and their limit for a short `interval`, events that carry the rate in every step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from spikelearn.analysis import logistic
from spikelearn.connectivity import OneToOne
from spikelearn.description.distributions import Uniform
from spikelearn.description.population import Population
from spikelearn.description.projection import Projection
from spikelearn.description.trials import Callback, Phase, Trials
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.encoding import Encoding
from spikelearn.network import Network
from spikelearn.neurons import PerfectIntegrator, ThreeCompartment
from spikelearn.plasticity import ApicalSilencing, DendriticPrediction
from spikelearn.results.run import Run
from spikelearn.results.sink import Sink

Weights = Mapping[str, np.ndarray]
"""Projection -> its weights, (sources, targets) in mV."""


@dataclass(frozen=True)
class Microcircuit:
    """Sizes, cells and times of a microcircuit.

    sizes: of all layers, from the elements of a pattern to the output cells.
    spikes: whether cells send spikes, or their rate in every step. copies: spiking input cells for each element, which
    share its weights; one for rates. interval: ms between spikes at full rate, at least dt. tau_syn: ms, of synapses
    on dendrites. prospective: 1 for latent equilibrium; 0 if rates follow the membrane. g_L, g_B, g_A: nS, leak of the
    soma, and from its basal and apical dendrite; its capacitance is 1 pF. g_som: nS, nudging of output cells by the
    teacher, and of interneurons by output cells. target: mV, the teacher's potential for the right class; minus this
    for the others. settle: ms at the start of a presentation, in which nothing learns. learn, read: ms, the rest of
    one that is learned from or not. dt: ms.
    Raises ParameterError for a size below 1, an interval below dt, and a conductance below 0.
    """

    sizes: tuple[int, ...]
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
        if len(self.sizes) < 2:
            raise ParameterError(f"sizes of Microcircuit: expected two layers or more, got {self.sizes!r}")
        for name, size in (*(("sizes", size) for size in self.sizes), ("copies", self.copies)):
            if not isinstance(size, int | np.integer) or isinstance(size, bool) or size < 1:
                raise ParameterError(f"{name} of Microcircuit: expected whole numbers of at least 1, got {size!r}")
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
        pairs = list(enumerate(zip(self.sizes, self.sizes[1:], strict=False)))
        found = {f"up {k + 1}": pair for k, pair in pairs}
        for k, (n, above) in pairs[1:]:
            found |= {f"ip {k}": (n, above), f"pi {k}": (above, n), f"down {k}": (above, n)}
        return found

    @property
    def hidden(self) -> range:
        """The numbers of hidden layers."""
        return range(1, len(self.sizes) - 1)

    def attenuation(self, k: int) -> float:
        """Potential of a soma of layer k to that of its basal dendrite, with the others at 0. Output cells, and
        interneurons, have no apical dendrite."""
        return self.g_B / (self.g_L + self.g_B + (self.g_A if k in self.hidden else 0.0))

    def targets(self, labels: np.ndarray) -> np.ndarray:
        """Potentials, (n, outputs) in mV, that the teacher asks for. labels: (n,), starting at 0."""
        return np.where(np.arange(self.sizes[-1]) == labels[:, None], self.target, -self.target)


@dataclass(frozen=True, eq=False)
class MicrocircuitNetwork(Circuit):
    """The network of a microcircuit with given weights.

    interneurons: of each hidden layer. projections: by name; those in `feedback` are onto apical dendrites. sums:
    written by callbacks over a window: u of output cells, v_A of the first hidden layer, and the number of steps.
    """

    of: Microcircuit = Microcircuit((1, 1))
    interneurons: Sequence[Population] = ()
    projections: Mapping[str, Projection] = field(default_factory=dict)
    sums: tuple[np.ndarray, ...] = ()


class Presented(NamedTuple):
    """The result of a presentation of n patterns.

    answers: (n,), the class of the output cell with the largest mean potential. apical: (n,) mV, the mean over the
    first hidden layer of the absolute value of mean v_A. Means are over the part of a presentation after `settle`.
    """

    run: Run
    answers: np.ndarray
    apical: np.ndarray


def starting_weights(m: Microcircuit, w_up: float, w_down: float, seed: int) -> dict[str, np.ndarray]:
    """Weights before learning, uniform: -w_up to w_up onto basal dendrites, -w_down to w_down onto apical ones; mV."""
    generator = np.random.default_rng([2018, seed])
    largest = {"up": w_up, "ip": w_up, "pi": w_down, "down": w_down}
    limits = {name: largest[name.split()[0]] for name in m.shapes}
    return {name: generator.uniform(-limits[name], limits[name], shape) for name, shape in m.shapes.items()}


def self_predicting(m: Microcircuit, weights: Weights, symmetric: bool = True) -> dict[str, np.ndarray]:
    """The weights in the self-predicting state: interneurons like the cells above, their inhibition minus the feedback.

    symmetric: whether feedback weights are those of the forward path, as in backpropagation.
    """
    found = dict(weights)
    for k in m.hidden:
        up, share = weights[f"up {k + 1}"], m.attenuation(k + 1) / m.attenuation(len(m.sizes) - 1)
        down = up.T if symmetric else weights[f"down {k}"]
        found |= {f"down {k}": down, f"pi {k}": -down, f"ip {k}": share * up}
    return found


def build(
    m: Microcircuit, weights: Weights, seed: int, etas: Mapping[str, float] | None = None,
    encoding: Encoding | None = None, threads: int | None = None,
) -> MicrocircuitNetwork:  # fmt: skip
    """The network with these weights; further recordings can be added before it first runs.

    etas: projection -> learning rate, mV/ms for DendriticPrediction and 1/ms for ApicalSilencing; those not named do
    not learn. Learning does not depend on the number of `copies`. encoding: of the input, for a learner; by default
    input cells send as the others do, and potentials are added up for `present`. threads: of the network. Raises
    DescriptionError for weights that are missing or of another shape, and for an unknown projection or one that cannot
    learn.
    """
    etas = dict(etas or {})
    _check_projections(m, weights, etas)
    net = Network(dt=m.dt, seed=seed, threads=threads)
    copies = m.copies if m.spikes else 1
    shared = {"interval": m.interval if m.spikes else m.dt, "tau_syn": m.tau_syn}
    cell = {**shared, "tau_syn_soma": 0.1, "g_L": m.g_L, "g_B": m.g_B, "prospective": m.prospective}
    # The copies of an element take turns.
    turns = np.random.default_rng([3, seed]).uniform(size=(m.sizes[0], 1)) + np.arange(copies) / copies
    sent: Mapping[str, Any] = {"on": "spike"} if m.spikes else {"on": "rate", "payload": "r"}

    def cells(name: str, n: int, model: Any, phase: Any = None) -> Population:
        return net.population(n, model, name=name, initial={"phase": Uniform(0.0, 1.0) if phase is None else phase})

    if encoding is None:
        source = cells(
            "input", m.sizes[0] * copies, PerfectIntegrator(interval=shared["interval"]), turns.ravel() % 1.0
        )
        layers, sent_by_input = [source], sent
    else:
        layers, sent_by_input = [net.population(m.sizes[0], encoding.model, name="input")], encoding.sent
    layers += [cells(f"hidden {k}", m.sizes[k], ThreeCompartment(g_A=m.g_A, **cell)) for k in m.hidden]
    layers.append(cells("output", m.sizes[-1], ThreeCompartment(g_A=0.0, **cell)))
    nudged = ThreeCompartment(g_A=0.0, g_som=m.g_som, **cell)
    interneurons = [cells(f"interneurons {k}", m.sizes[k + 1], nudged) for k in m.hidden]

    projections: dict[str, Projection] = {}
    for name in m.shapes:
        part, k = name.split()[0], int(name.split()[1])
        source, target, port = {
            "up": lambda k: (layers[k - 1], layers[k], "basal"),
            "ip": lambda k: (layers[k], interneurons[k - 1], "basal"),
            "pi": lambda k: (interneurons[k - 1], layers[k], "apical"),
            "down": lambda k: (layers[k + 1], layers[k], "apical"),
        }[part](k)  # fmt: skip
        share = copies if name == "up 1" else 1
        rule = None
        if name in etas and port == "basal":
            attenuation = m.attenuation(k if part == "up" else len(m.sizes) - 1)
            rule = DendriticPrediction(eta=etas[name] / share, attenuation=attenuation, **shared)
        elif name in etas:
            rule = ApicalSilencing(eta=etas[name], **shared)
        weight = np.repeat(weights[name] / share, share, axis=0)
        how = sent_by_input if name == "up 1" else sent
        projections[name] = net.connect(source, target, port, weight=weight, plasticity=rule, name=name, **how)
    # An event counts for `interval`, and the potential is sent in every step.
    one_to_one = m.g_som * m.dt / shared["interval"]
    for k in m.hidden:
        net.connect(
            layers[k + 1], interneurons[k - 1], "soma", OneToOne(), weight=one_to_one, on="rate", payload="u",
            name=f"nudging {k}",
        )  # fmt: skip
    sums = np.zeros(m.sizes[-1]), np.zeros(m.sizes[1]), np.zeros(1)
    if encoding is None and m.hidden:
        net.on_step(add_up, layers[-1].state("u"), layers[1].state("v_A"), *sums)
    return MicrocircuitNetwork(
        net, layers,
        forward=[projections[f"up {k}"] for k in range(1, len(layers))],
        feedback=[projection for name, projection in projections.items() if name.startswith(("pi", "down"))],
        learning=[projections[name] for name in etas],
        of=m, interneurons=interneurons, projections=projections, sums=sums,
    )  # fmt: skip


def _check_projections(m: Microcircuit, weights: Weights, etas: Mapping[str, float]) -> None:
    for name, shape in m.shapes.items():
        given = np.shape(weights[name]) if name in weights else "none"
        if given != shape:
            raise DescriptionError(f"weights of {name}: expected an array of shape {shape}, got {given}")
    plastic = tuple(name for name in m.shapes if not name.startswith("down"))
    for what, named, known in (("weights", list(weights), tuple(m.shapes)), ("etas", list(etas), plastic)):
        if unknown := [name for name in named if name not in known]:
            raise DescriptionError(f"{what}: expected any of {', '.join(known)}, got {', '.join(map(str, unknown))}")


def present(
    circuit: MicrocircuitNetwork, patterns: np.ndarray, labels: np.ndarray | None = None, learn: bool = False,
    currents: np.ndarray | None = None, sink: Sink | None = None,
) -> Presented:  # fmt: skip
    """Present patterns, (n, inputs) of rates from 0 to 1, one after the other, with a teacher if there are labels.

    labels: (n,), starting at 0. learn: whether the projections that have a learning rate learn. currents: (n, hidden)
    pA into the somata of the first hidden layer, e.g. spontaneous activity. After Ctrl-C, patterns that were not
    presented have 0 in both results. Raises DescriptionError for patterns, labels or currents that do not fit.
    """
    m = circuit.of
    _check_patterns(m, patterns, labels, currents)
    answers, apical = np.zeros(len(patterns), np.int64), np.zeros(len(patterns))
    copies = circuit.input.size // m.sizes[0]
    given: dict[Any, Any] = {(circuit.input, "exc"): np.repeat(patterns, copies, axis=1)}
    if currents is not None:
        given[circuit.layers[1], "soma"] = currents
    if labels is not None:
        given |= nudged(m, circuit.output, labels)
    plastic = list(circuit.learning) if learn else []
    begin, end = Callback(begin_window, circuit.sums), Callback(read_out, (*circuit.sums, answers, apical))
    phases = [
        Phase(m.settle, currents=given, plastic=(), callback=begin),
        Phase(m.learn if learn else m.read, currents=given, plastic=plastic, callback=end),
    ]
    run = circuit.network.run(trials=Trials(phases, n=len(patterns)), progress=False, sink=sink)
    return Presented(run, answers, apical)


def nudged(m: Microcircuit, output: Population, labels: np.ndarray) -> dict[tuple[Population, str], Any]:
    """Currents of a phase in which a teacher nudges the output cells. labels: (n,), starting at 0."""
    return {(output, "soma"): m.g_som * m.targets(labels), (output, "nudging"): m.g_som}


def _check_patterns(m: Microcircuit, patterns: np.ndarray, labels: np.ndarray | None, currents: Any) -> None:
    if np.ndim(patterns) != 2 or np.shape(patterns)[1] != m.sizes[0]:
        raise DescriptionError(f"patterns: expected shape (n, {m.sizes[0]}), got {np.shape(patterns)}")
    n = len(patterns)
    if labels is not None:
        if np.shape(labels) != (n,):
            raise DescriptionError(f"labels: expected shape ({n},), one per pattern, got {np.shape(labels)}")
        if not np.all(np.isin(labels, np.arange(m.sizes[-1]))):
            raise DescriptionError(
                f"labels: expected whole numbers from 0 to {m.sizes[-1] - 1}, got {np.unique(labels)}"
            )
    if currents is not None and np.shape(currents) != (n, m.sizes[1]):
        raise DescriptionError(f"currents: expected shape {(n, m.sizes[1])}, got {np.shape(currents)}")


def weights_of(circuit: MicrocircuitNetwork, run: Run) -> dict[str, np.ndarray]:
    """All weights at the end of a run, (sources, targets) in mV; those of the copies of an input are added up."""
    found = {}
    for name, (sources, targets) in circuit.of.shapes.items():
        projection = circuit.projections[name]
        table = run.synapses(projection).matrix((projection.source_size, projection.target_size))
        found[name] = table.reshape(sources, -1, targets).sum(axis=1)
    return found


def gradient(m: Microcircuit, weights: Weights, patterns: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    """Of the loss by the weights of `up k` of hidden layers, (sources, targets), without nudging and at steady state.

    The loss is the one whose derivative by the potential u of an output cell is -phi'(u) (u_target - u).
    patterns: (n, inputs). labels: (n,).
    """
    rates = [patterns]
    for k in range(1, len(m.sizes)):
        u = m.attenuation(k) * rates[-1] @ weights[f"up {k}"]
        rates.append(logistic(u))
    error = -rates[-1] * (1.0 - rates[-1]) * (m.targets(labels) - u)
    found: list[np.ndarray] = []
    for k in reversed(m.hidden):
        error = m.attenuation(k + 1) * error @ weights[f"up {k + 1}"].T * rates[k] * (1.0 - rates[k])
        found.insert(0, m.attenuation(k) * rates[k - 1].T @ error)
    return found


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
