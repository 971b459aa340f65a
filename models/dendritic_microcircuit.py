"""Dendritic error microcircuit: interneurons cancel the feedback that they foresee, and what is left teaches.

Sacramento, Costa, Bengio & Senn 2018 (NeurIPS), with latent equilibrium (Haider et al. 2021, NeurIPS), on Yin-Yang
(Kriener, Göltz & Petrovici 2021).

Pyramidal cells of a hidden layer receive the input at their basal dendrites, and at their apical dendrites feedback
from the output cells and inhibition from interneurons, one for each output cell, which sees it and the hidden layer.
First there is no teacher, and activity is spontaneous: interneurons learn to do what the output cells do, and their
synapses learn to silence the apical dendrites. Then a teacher nudges the output cells, and what the interneurons could
not foresee is left in the apical dendrites: the error that backpropagation would send, without a second phase or a
separate path. Basal synapses learn the difference between the rate of the soma and the rate that the basal dendrite
alone would make (sl.DendriticPrediction).

All of it twice: with spikes (perfect integrators behind each soma), and as its rate limit, the same cells, synapses and
rules with events that carry the rate in every step. As `interval`, the time between spikes at full rate, goes to 0, the
first becomes the second.

What must come out: the apical potential falls to a small part of what it was before interneurons learned, and the
network reads at least 94 % of Yin-Yang (published 96.7 +- 0.8 %, as rates), as rates and with spikes; without feedback
to the apical dendrites, and without inhibition by interneurons, it does not. A linear reader reaches about 64 %.
With spikes much hangs on self-prediction: what is not cancelled is learned from as if it were error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.analysis import logistic
from spikelearn.experiments import Cost, Interrupted, Outcome, Published, cost_of, finished, parameter, report
from spikelearn.plots.panels import learning_curves, letter_panels, new_figure, plain_legend
from spikelearn.plots.style import CONTROL, DASHED, DOTTED, INK, PALETTE, TEXT_SIZE, clean

SEEDS = 5
CLASSES = 3
SEEDS_OF_POINTS = 10
TRAIN, TEST, VALIDATION, GRADIENT, SPONTANEOUS = range(5)  # three of the last
"""Points of seed s are drawn with seed SEEDS_OF_POINTS * s + one of these."""


@dataclass(frozen=True)
class Parameters:
    """All that can be set."""

    epochs: int = parameter(15, "", "times that all training points are shown; published 45")
    n_train: int = parameter(6000, "", "points to learn")
    n_test: int = parameter(1000, "", "points to test")
    n_self: int = parameter(5400, "", "patterns of spontaneous activity from which interneurons learn, in three parts")
    hidden: int = parameter(120, "", "pyramidal cells of the hidden layer")
    copies: int = parameter(4, "", "spiking input cells for each of the four coordinates; as rates, one is the same")
    settle: float = parameter(16.0, "ms", "start of a presentation, in which nothing learns; published 20")
    learn: float = parameter(24.0, "ms", "rest of a presentation; published 80")
    read: float = parameter(60.0, "ms", "the same in a test, over which potentials are averaged")
    interval: float = parameter(1.0, "ms", "time between spikes at full rate; at least dt")
    tau_syn: float = parameter(4.0, "ms", "time constant of synapses on dendrites")
    prospective: float = parameter(1.0, "", "1: latent equilibrium; 0: rates follow the membrane")
    g_L: float = parameter(0.1, "nS", "leak of the soma; its capacitance is 1 pF")
    g_B: float = parameter(1.0, "nS", "from basal dendrite to soma, and from the interneuron's dendrite to its soma")
    g_A: float = parameter(0.28, "nS", "from apical dendrite to soma")
    g_som: float = parameter(0.34, "nS", "nudging of output cells by the teacher, of interneurons by output cells")
    target: float = parameter(3.0, "mV", "teacher's potential for the right class; minus this for the others")
    eta_hidden: float = parameter(12.0, "mV/ms", "learning rate of input to hidden layer")
    eta_output: float = parameter(0.015, "mV/ms", "learning rate of hidden layer to output")
    eta_ip: float = parameter(0.05, "mV/ms", "learning rate of hidden layer to interneurons, with a teacher")
    decay: float = parameter(0.8, "", "factor of the learning rates from epoch to epoch")
    eta_ip_self: float = parameter(0.1, "mV/ms", "learning rate of hidden layer to interneurons, without a teacher")
    eta_pi_self: float = parameter(0.05, "1/ms", "learning rate of interneurons to apical dendrites, without a teacher")
    decay_self: float = parameter(0.3, "", "factor of both from part to part")
    settle_self: float = parameter(80.0, "ms", "start of a spontaneous pattern, in which nothing learns")
    learn_self: float = parameter(80.0, "ms", "rest of a spontaneous pattern")
    tau_syn_self: float = parameter(20.0, "ms", "time constant of synapses on dendrites in spontaneous activity")
    w_up: float = parameter(1.0, "mV", "basal weights start uniform from minus this to this")
    w_down: float = parameter(3.0, "mV", "fixed feedback weights, uniform from minus this to this")
    spontaneous: float = parameter(6.0, "pA", "standard deviation of the currents of spontaneous activity")
    plane: int = parameter(60, "", "points along each side of the map of what is read where")
    validation: bool = parameter(False, "", "test on points that are neither learned nor tested otherwise: for tuning")
    dt: float = parameter(1.0, "ms", "time step")

    def __post_init__(self) -> None:
        if self.interval < self.dt:
            raise ValueError(f"interval: expected at least dt, {self.dt:g} ms, got {self.interval:g} ms")


QUICK = {"epochs": 3, "n_train": 2500, "n_test": 250, "n_self": 1500, "decay": 0.5, "plane": 30}
PUBLISHED = {
    "test_accuracy": Published("0.967 +- 0.008", low=0.94, source="published for rates, 45 epochs; bar 0.94"),
    "spiking_test_accuracy": Published("as the rate limit", low=0.94, source="the bar of the rates"),
    "self_prediction_ratio": Published("towards 0", high=0.05, source="Sacramento et al. 2018: nothing is left"),
    "spiking_self_prediction_ratio": Published("a small part", high=0.1, source="the same, with spikes"),
    "backprop_angle": Published("towards 0 degrees", high=10.0, source="theorem, for weak nudging"),
    "untrained_accuracy": Published("near 1/3", high=0.6, source="control: before learning"),
    "no_apical_accuracy": Published("below 0.8", high=0.8, source="control: hidden layer learns nothing"),
    "no_interneurons_accuracy": Published("below 0.9", high=0.9, source="control: feedback is not cancelled"),
    "linear_accuracy": Published("0.64", low=0.5, high=0.75, source="Kriener et al. 2021: 0.638 +- 0.015"),
}


Weights = dict[str, np.ndarray]
"""Projection -> (sources, targets) in mV."""


@dataclass
class Circuit:
    """A network with what its callbacks write. sums: of u of output cells and of v_A over a window, and its steps."""

    net: sl.Network
    inputs: Any
    hidden: Any
    outputs: Any
    interneurons: Any
    projections: dict[str, Any]
    copies: int
    learning: tuple[str, ...]
    sums: tuple[np.ndarray, np.ndarray, np.ndarray]


def starting_weights(p: Parameters, seed: int) -> dict[str, np.ndarray]:
    """Weights before anything is learned, each (sources, targets)."""
    generator = np.random.default_rng([2018, seed])

    def uniform(largest: float, sources: int, targets: int) -> np.ndarray:
        return generator.uniform(-largest, largest, (sources, targets))

    return {
        "up_hidden": uniform(p.w_up, 4, p.hidden),
        "up_output": uniform(p.w_up, p.hidden, CLASSES),
        "ip": uniform(p.w_up, p.hidden, CLASSES),
        "pi": uniform(p.w_down, CLASSES, p.hidden),
        "down": uniform(p.w_down, CLASSES, p.hidden),
    }


def build(p: Parameters, weights: Weights, seed: int, spikes: bool, etas: dict[str, float] | None = None) -> Circuit:
    """The circuit with these weights. etas: projection -> learning rate; those that it does not name do not learn.

    With spikes each coordinate has `copies` input cells, which share its weight; learning is as fast as with one.
    """
    net = sl.Network(dt=p.dt, seed=seed)
    etas = etas or {}
    copies = p.copies if spikes else 1
    shared = {"interval": p.interval if spikes else p.dt, "tau_syn": p.tau_syn}
    sent = {"on": "spike"} if spikes else {"on": "rate", "payload": "r"}
    cell = {**shared, "tau_syn_soma": 0.1, "g_L": p.g_L, "g_B": p.g_B, "prospective": p.prospective}
    # Copies of an input take turns.
    turns = np.random.default_rng([3, seed]).uniform(size=(4, 1)) + np.arange(copies) / copies

    def cells(name: str, n: int, model: Any, phase: Any = None) -> Any:
        anywhere = sl.Uniform(0.0, 1.0)
        return net.population(n, model, name=name, initial={"phase": anywhere if phase is None else phase})

    inputs = cells("input", 4 * copies, sl.PerfectIntegrator(interval=shared["interval"]), turns.ravel() % 1.0)
    hidden = cells("hidden", p.hidden, sl.ThreeCompartment(g_A=p.g_A, **cell))
    outputs = cells("output", CLASSES, sl.ThreeCompartment(g_A=0.0, **cell))
    interneurons = cells("interneurons", CLASSES, sl.ThreeCompartment(g_A=0.0, g_som=p.g_som, **cell))

    def connect(name: str, source: Any, target: Any, port: str, share: int = 1) -> Any:
        rule = None
        if name in etas and port == "basal":
            attenuation = p.g_B / (p.g_L + p.g_B + (p.g_A if target is hidden else 0.0))
            rule = sl.DendriticPrediction(eta=etas[name] / share, attenuation=attenuation, **shared)
        elif name in etas:
            rule = sl.ApicalSilencing(eta=etas[name], **shared)
        weight = np.repeat(weights[name] / share, share, axis=0)
        return net.connect(source, target, port, weight=weight, plasticity=rule, name=name, **sent)

    projections = {
        "up_hidden": connect("up_hidden", inputs, hidden, "basal", copies),
        "up_output": connect("up_output", hidden, outputs, "basal"),
        "ip": connect("ip", hidden, interneurons, "basal"),
        "pi": connect("pi", interneurons, hidden, "apical"),
        "down": connect("down", outputs, hidden, "apical"),
    }
    # An event counts for `interval`, and the potential is sent in every step.
    one_to_one = p.g_som * p.dt / shared["interval"]
    net.connect(
        outputs, interneurons, "soma", sl.OneToOne(), weight=one_to_one, on="rate", payload="u", name="nudging"
    )  # fmt: skip
    sums = np.zeros(CLASSES), np.zeros(p.hidden), np.zeros(1)
    net.on_step(add_up, outputs.state("u"), hidden.state("v_A"), *sums)
    return Circuit(net, inputs, hidden, outputs, interneurons, projections, copies, tuple(etas), sums)


def add_up(step, u, v_A, sum_u, sum_v_A, n):
    """In every step: what the output cells and the apical dendrites are at."""
    n[0] += 1.0
    for i in range(len(u)):
        sum_u[i] += u[i]
    for i in range(len(v_A)):
        sum_v_A[i] += v_A[i]


def begin_window(trial, phase, sum_u, sum_v_A, n):
    """When the presentation has settled."""
    n[0] = 0.0
    sum_u[:] = 0.0
    sum_v_A[:] = 0.0


def read_out(trial, phase, sum_u, sum_v_A, n, answers, apical):
    """The class whose output cell was highest, and the mean size of the apical potentials."""
    answers[trial] = np.argmax(sum_u)
    total = 0.0
    for i in range(len(sum_v_A)):
        total += abs(sum_v_A[i])
    apical[trial] = total / len(sum_v_A) / n[0]


class Presented(NamedTuple):
    """What came of showing n points. answers: (n,). apical: (n,) mV, the mean over hidden cells of the size of v_A,
    each averaged over the window in which synapses may learn."""

    run: sl.Run
    answers: np.ndarray
    apical: np.ndarray


def present(
    circuit: Circuit, p: Parameters, points: np.ndarray, labels: Any = None, learn: bool = False, costs: Any = None,
    spontaneous: Any = None, sink: Any = None,
) -> Presented:  # fmt: skip
    """Show points one after the other, with a teacher if there are labels.

    spontaneous: (n, hidden) pA, currents into the somata of hidden cells. Raises Interrupted.
    """
    answers, apical = np.zeros(len(points), np.int64), np.zeros(len(points))
    currents: dict[Any, Any] = {(circuit.inputs, "exc"): np.repeat(points, circuit.copies, axis=1)}
    if spontaneous is not None:
        currents[circuit.hidden, "soma"] = spontaneous
    if labels is not None:
        targets = np.where(np.arange(CLASSES) == labels[:, None], p.target, -p.target)
        currents |= {(circuit.outputs, "soma"): p.g_som * targets, (circuit.outputs, "nudging"): p.g_som}
    plastic = [circuit.projections[name] for name in circuit.learning] if learn else []
    begin, end = sl.Callback(begin_window, circuit.sums), sl.Callback(read_out, (*circuit.sums, answers, apical))
    phases = [
        sl.Phase(p.settle, currents=currents, plastic=(), callback=begin),
        sl.Phase(p.learn if learn else p.read, currents=currents, plastic=plastic, callback=end),
    ]
    run = circuit.net.run(trials=sl.Trials(phases, n=len(points)), progress=False, sink=sink)
    if costs is not None:
        costs.append(cost_of(run))
    return Presented(finished(run), answers, apical)


def weights_of(circuit: Circuit, run: sl.Run) -> Weights:
    """All weights at the end of a run; those of the copies of an input are added up."""
    found = {}
    for name, projection in circuit.projections.items():
        table = run.synapses(projection).matrix((projection.source_size, projection.target_size))
        share = circuit.copies if name == "up_hidden" else 1
        found[name] = table.reshape(-1, share, projection.target_size).sum(axis=1)
    return found


def predict_oneself(
    p: Parameters, seed: int, spikes: bool, points: np.ndarray, costs: list[Cost]
) -> tuple[Weights, tuple[np.ndarray, ...]]:
    """Interneurons learn, from spontaneous activity and without a teacher, to cancel the feedback.

    The ripple of spikes, which differs between an output cell and its interneuron, makes their synapses too weak; the
    slower synapses of this stage let less of it through.

    Returns the weights, and |v_A| at points before, while learning at each pattern, and at the same points after.
    """
    weights, generator = starting_weights(p, seed), np.random.default_rng([1, seed])
    slow = replace(p, settle=p.settle_self, learn=p.learn_self, tau_syn=p.tau_syn_self)
    before = present(build(p, weights, seed, spikes), p, points, costs=costs).apical
    during, n = [], max(1, p.n_self // 3)
    for part in range(3):
        factor = p.decay_self**part
        circuit = build(slow, weights, seed, spikes, {"ip": factor * p.eta_ip_self, "pi": factor * p.eta_pi_self})
        patterns = sl.tasks.yin_yang(n, SEEDS_OF_POINTS * seed + SPONTANEOUS + part)[0]
        currents = generator.normal(0.0, p.spontaneous, (n, p.hidden))
        shown = present(circuit, slow, patterns, learn=True, spontaneous=currents, costs=costs)
        weights = weights_of(circuit, shown.run)
        during.append(shown.apical)
    after = present(build(p, weights, seed, spikes), p, points, costs=costs).apical
    return weights, (before, np.concatenate(during), after)


class Learned(NamedTuple):
    """weights: at the end. accuracy: on the test points, before and after each epoch."""

    weights: Weights
    accuracy: list[float]


def points_of(p: Parameters, seed: int) -> sl.tasks.Split:
    """Yin-Yang to learn and to test."""
    test = sl.tasks.yin_yang(p.n_test, SEEDS_OF_POINTS * seed + (VALIDATION if p.validation else TEST))
    return sl.tasks.Split(*sl.tasks.yin_yang(p.n_train, SEEDS_OF_POINTS * seed + TRAIN), *test)


def learn(
    p: Parameters, weights: Weights, seed: int, spikes: bool, costs: list[Cost], name: str, progress: bool | None
) -> Learned:
    """Yin-Yang with a teacher; interneurons go on learning, their synapses onto apical dendrites do not."""
    points, accuracy, generator = points_of(p, seed), [], np.random.default_rng([2, seed])

    def test() -> float:
        tested = present(circuit, p, points.test, costs=costs)
        return float(np.mean(tested.answers == points.test_labels))

    circuit = build(p, weights, seed, spikes)
    accuracy.append(test())
    for epoch in range(p.epochs):
        etas = {"up_hidden": p.eta_hidden, "up_output": p.eta_output, "ip": p.eta_ip}
        circuit = build(p, weights, seed, spikes, {key: p.decay**epoch * eta for key, eta in etas.items()})
        order = generator.permutation(p.n_train)
        taught = present(circuit, p, points.train[order], points.train_labels[order], learn=True, costs=costs)
        weights = weights_of(circuit, taught.run)
        accuracy.append(test())
        report(f"{name}: epoch {epoch + 1:2d} of {p.epochs}: {accuracy[-1]:.3f}", progress)
    return Learned(weights, accuracy)


def backprop_angle(p: Parameters, seed: int, costs: list[Cost], symmetric: bool = True) -> float:
    """Degrees between what the hidden layer's synapses learn from 50 points and the gradient, with weak nudging.

    As rates, in the self-predicting state: interneurons like output cells, their synapses like feedback with the
    other sign. symmetric: feedback weights are those of the forward path, as backpropagation has it.
    """
    weak, weights = replace(p, g_som=1e-3), starting_weights(p, seed)
    down = weights["up_output"].T if symmetric else weights["down"]
    weights |= {"down": down, "pi": -down, "ip": weights["up_output"]}
    points, labels = sl.tasks.yin_yang(50, SEEDS_OF_POINTS * seed + GRADIENT)
    circuit = build(weak, weights, seed, False, {"up_hidden": 1e-6})
    shown = present(circuit, weak, points, labels, learn=True, costs=costs)
    moved = weights_of(circuit, shown.run)["up_hidden"] - weights["up_hidden"]
    expected = -gradient(p, weights, points, labels)
    cosine = np.sum(moved * expected) / (np.linalg.norm(moved) * np.linalg.norm(expected))
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def gradient(p: Parameters, weights: Weights, points: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Of the loss whose derivative by the potential of an output cell is -phi'(u) (u_target - u), (4, hidden)."""
    at_hidden, at_output = p.g_B / (p.g_L + p.g_B + p.g_A), p.g_B / (p.g_L + p.g_B)
    r_hidden = logistic(at_hidden * points @ weights["up_hidden"])
    u_output = at_output * r_hidden @ weights["up_output"]
    r_output = logistic(u_output)
    targets = np.where(np.arange(CLASSES) == labels[:, None], p.target, -p.target)
    by_output = -r_output * (1.0 - r_output) * (targets - u_output)
    by_hidden = at_output * by_output @ weights["up_output"].T * r_hidden * (1.0 - r_hidden)
    return at_hidden * points.T @ by_hidden


def simulate(p: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """Self-prediction and Yin-Yang with spikes and as rates, and the controls as rates; the run that is returned
    shows six test points to the spiking circuit that learned.

    After Ctrl-C nothing further is begun, and the metrics of what was not finished are None.
    """
    costs: list[Cost] = []
    metrics: dict[str, Any] = dict.fromkeys(PUBLISHED)
    data: dict[str, Any] = {"self": {}, "learned": {}, "plane": None}
    try:
        run = _all(p, seed, metrics, data, costs, sink, progress)
    except Interrupted as interrupted:
        run = interrupted.run
    metrics["epochs_done"] = min((len(each.accuracy) - 1 for each in data["learned"].values()), default=0)
    return Outcome(run, metrics | sum(costs, Cost()).metrics(), data)


def _all(p: Parameters, seed: int, metrics: Any, data: Any, costs: list[Cost], sink: Any, progress: Any) -> sl.Run:
    """Everything in turn; what is found goes into metrics and data as it comes."""
    from sklearn.linear_model import LogisticRegression

    points = points_of(p, seed)
    linear = LogisticRegression(max_iter=2000).fit(points.train, points.train_labels)
    metrics["linear_accuracy"] = float(linear.score(points.test, points.test_labels))
    metrics["backprop_angle"] = backprop_angle(p, seed, costs)
    metrics["random_feedback_angle"] = backprop_angle(p, seed, costs, symmetric=False)
    removed = {"rates": (), "no apical feedback": ("down", "pi"), "no interneurons": ("pi",)}
    for form, prefix, studied in (("spikes", "spiking_", {"spikes": ()}), ("rates", "", removed)):
        weights, (before, during, after) = predict_oneself(p, seed, form == "spikes", points.test[:200], costs)
        data["self"][form] = (before, during, after)
        metrics[f"{prefix}self_prediction_ratio"] = float(after.mean() / before.mean())
        for name, without in studied.items():
            kept = {key: np.zeros_like(each) if key in without else each for key, each in weights.items()}
            data["learned"][name] = learn(p, kept, seed, form == "spikes", costs, name, progress)
    accuracy = {name: found.accuracy for name, found in data["learned"].items()}
    metrics |= {
        "test_accuracy": accuracy["rates"][-1],
        "spiking_test_accuracy": accuracy["spikes"][-1],
        "untrained_accuracy": accuracy["spikes"][0],
        "no_apical_accuracy": accuracy["no apical feedback"][-1],
        "no_interneurons_accuracy": accuracy["no interneurons"][-1],
    }
    weights, plane = data["learned"]["spikes"].weights, sl.tasks.yin_yang_grid(p.plane)
    on_plane, on_test = (
        present(build(p, weights, seed, True), p, each, costs=costs).answers
        for each in (np.hstack([plane, 1.0 - plane]), points.test)
    )
    data["plane"] = (plane, on_plane, points.test, points.test_labels, on_test)
    circuit = build(p, weights, seed, True)
    circuit.net.record(circuit.hidden, ["spikes"])
    circuit.net.record(circuit.outputs, ["spikes", "u"])
    circuit.net.record(circuit.hidden[:3], ["u", "v_B", "v_A"])
    return present(circuit, p, points.test[:6], sink=sink, costs=costs).run


LOOKS = {
    "spikes": {"color": PALETTE[0], "ls": "-", "label": "spikes"},
    "rates": {"color": PALETTE[1], "ls": DASHED, "label": "rate limit"},
    "no interneurons": {"color": CONTROL, "ls": "-", "label": "no interneurons (rates)"},
    "no apical feedback": {"color": CONTROL, "ls": DOTTED, "label": "no apical feedback (rates)"},
}


def figure(p: Parameters, outcome: Outcome) -> Figure:
    """The apical potential while interneurons learn, accuracy by epoch beside its controls, and Yin-Yang as read."""
    whole = new_figure(9.6, 3.3)
    axes = [clean(ax) for ax in whole.subplots(1, 3)]
    _draw_self_prediction(axes[0], outcome.data["self"])
    _draw_accuracy(axes[1], outcome.data["learned"], outcome.metrics["linear_accuracy"])
    if outcome.data["plane"] is not None:
        _draw_plane(axes[2], *outcome.data["plane"])
    letter_panels(axes, None)
    return whole


def _draw_self_prediction(axes: Any, found: dict[str, Any]) -> None:
    for form, (before, during, after) in found.items():
        width = max(1, len(during) // 80)
        kept = during[: len(during) // width * width].reshape(-1, width).mean(axis=1)
        axes.plot((np.arange(len(kept)) + 0.5) * width, kept, lw=1.2, **LOOKS[form])
        ms, zorder, white = (4, 4, "white") if form == "spikes" else (7, 3, None)
        look = {"color": LOOKS[form]["color"], "ls": "none", "clip_on": False, "zorder": zorder, "ms": ms, "mfc": white}
        for place, value in ((-0.05, before), (1.05, after)):
            axes.plot([place * len(during)], [value.mean()], marker="D", **look)
    axes.set(xlabel="spontaneous patterns (diamonds: test points)", ylabel="apical potential |v_A| (mV)", yscale="log")
    if found:
        plain_legend(axes, loc="upper right")


def _draw_accuracy(axes: Any, learned: dict[str, Learned], linear: float | None) -> None:
    axes.axhline(0.94, color="0.8", lw=0.8)
    axes.annotate("bar", (0.0, 0.945), size=TEXT_SIZE - 1, color="0.5")
    if linear is not None:
        axes.axhline(linear, color="0.6", lw=0.8, ls=(0, (5, 2)), label="linear reader")
    curves = {name: (found.accuracy, {"lw": 1.3, **LOOKS[name]}) for name, found in learned.items()}
    learning_curves(axes, curves, first=0)
    axes.set(xlabel="epoch", ylabel="test accuracy", ylim=(0.2, 1.0))
    if learned:
        plain_legend(axes, loc="lower right", bbox_to_anchor=(1.0, 0.0))


def _draw_plane(axes: Any, plane: Any, read: Any, test: np.ndarray, labels: np.ndarray, answers: np.ndarray) -> None:
    shades = np.array(["#e4e4e4", "#a8a8a8", PALETTE[0]])
    side = 190.0 * np.sqrt(np.pi / 4.0 / len(plane))  # in points, of a panel of 190
    axes.scatter(*plane.T, c=shades[read], s=side**2, marker="s", lw=0)
    wrong = answers != labels
    axes.scatter(*test[wrong, :2].T, s=16, marker="o", facecolor=shades[labels[wrong]], edgecolor=INK, lw=0.8)
    around = np.linspace(0.0, 2.0 * np.pi, 200)
    arcs = (0.25, 0.25, -around / 2), (0.75, 0.25, around / 2)
    for x, radius, angle in ((0.5, 0.5, around), (0.25, 0.1, around), (0.75, 0.1, around), *arcs):
        axes.plot(x + radius * np.cos(angle), 0.5 + radius * np.sin(angle), color=INK, lw=0.8)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    axes.set(xlabel="x (no unit); small circles: read wrong", ylabel="y (no unit)")
