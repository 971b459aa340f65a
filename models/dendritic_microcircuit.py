"""Dendritic error microcircuit: interneurons cancel the feedback that they foresee, and what is left teaches.

Sacramento et al. 2018, NeurIPS; latent equilibrium: Haider et al. 2021, NeurIPS; Yin-Yang: Kriener et al. 2022, NICE.

Cells, projections and rules are those of spikelearn.learning.dendritic_microcircuit. First there is no teacher, and
activity is spontaneous: interneurons learn to do what the output cells do, and their synapses learn to silence the
apical dendrites of the hidden layer. Then a teacher nudges the output cells, and what the interneurons could not
foresee is left in the apical dendrites: the error that backpropagation would send, without a second phase or a separate
path. Basal synapses learn the difference between the rate of the soma and the rate that the basal dendrite alone would
make (sl.DendriticPrediction).

All of it twice: with spikes (perfect integrators behind each soma), and as its rate limit, the same cells, synapses and
rules with events that carry the rate in every step. Conductances are ours. In unibe-cns/le_NeurIPS_code, which has no
Yin-Yang, g_L, g_B, g_A and g_som are 0.03, 0.1, 0.06 and 0.06, synapses act at once, and learning begins in the
self-predicting state.

Acceptance criteria: the apical potential falls to a small part of what it was before interneurons learned, and the
network reads at least 94 % of Yin-Yang (published 96.7 +- 0.8 %, as rates), as rates and with spikes; without
inhibition by interneurons it does not. A linear reader reaches about 64 %. Feedback is random, and weights align with
it: what is learned comes nearer to the gradient than 90 degrees, but not for feedback weights drawn anew.

A hidden layer that does not learn is a strong control: of steep cells the output layer reads most of Yin-Yang. The
claim is the gain over it with 30 hidden cells. With 120 it reads as much as one that learns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.analysis import angle, linear_accuracy
from spikelearn.experiments import Cost, Form, Interrupted, Outcome, finished, parameter, report
from spikelearn.experiments.outcome import Control, Goal, Oracle, Published
from spikelearn.learning import dendritic_microcircuit as mc
from spikelearn.plots.panels import class_map, learning_curves, letter_panels, new_figure, plain_legend
from spikelearn.plots.style import CONTROL, DASHED, DOTTED, PALETTE, clean

SEEDS, SEEDS_OF_POINTS = 5, 10
FORMS = (Form({"hidden": 120, "w_frozen": 32.0, "eta_frozen": 0.06}),)
TUNED = "first weights and rates, 80 settings each, on validation points with seeds 101 to 103; settle on 101"
TRAIN, TEST, VALIDATION, GRADIENT, SPONTANEOUS = range(5)  # three of the last
"""Points of seed s are drawn with seed SEEDS_OF_POINTS * s + one of these."""


@dataclass(frozen=True)
class Parameters:
    epochs: int = parameter(15, "", "times that all training points are shown; published 45")
    n_train: int = parameter(6000, "", "points to learn")
    n_test: int = parameter(1000, "", "points to test")
    n_self: int = parameter(5400, "", "patterns of spontaneous activity from which interneurons learn, in three parts")
    hidden: int = parameter(30, "", "pyramidal cells of the hidden layer")
    copies: int = parameter(4, "", "spiking input cells for each of the four coordinates; as rates, one is the same")
    settle: float = parameter(30.0, "ms", "start of a presentation, in which nothing learns; published 20")
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
    eta_hidden: float = parameter(3.6, "mV/ms", "learning rate of input to hidden layer")
    eta_output: float = parameter(0.015, "mV/ms", "learning rate of hidden layer to output")
    eta_ip: float = parameter(0.05, "mV/ms", "learning rate of hidden layer to interneurons, with a teacher")
    decay: float = parameter(0.8, "", "factor of the learning rates from epoch to epoch")
    eta_ip_self: float = parameter(0.1, "mV/ms", "learning rate of hidden layer to interneurons, without a teacher")
    eta_pi_self: float = parameter(0.05, "1/ms", "learning rate of interneurons to apical dendrites, without a teacher")
    decay_self: float = parameter(0.3, "", "factor of both from part to part")
    settle_self: float = parameter(80.0, "ms", "start of a spontaneous pattern, in which nothing learns")
    learn_self: float = parameter(80.0, "ms", "rest of a spontaneous pattern")
    tau_syn_self: float = parameter(20.0, "ms", "time constant of synapses on dendrites in spontaneous activity")
    w_hidden: float = parameter(2.0, "mV", "basal weights of the hidden layer start uniform from minus this to this")
    w_up: float = parameter(1.0, "mV", "the same of output cells and interneurons")
    w_frozen: float = parameter(14.0, "mV", "the same of a frozen hidden layer")
    eta_frozen: float = parameter(0.48, "mV/ms", "learning rate of a frozen hidden layer to output")
    w_down: float = parameter(3.0, "mV", "fixed feedback weights, uniform from minus this to this")
    spontaneous: float = parameter(6.0, "pA", "standard deviation of the currents of spontaneous activity")
    plane: int = parameter(60, "", "points along each side of the map of what is read where")
    validation: bool = parameter(False, "", "test on points that are neither learned nor tested otherwise: for tuning")
    dt: float = parameter(1.0, "ms", "time step")

    def __post_init__(self) -> None:
        self.microcircuit(spikes=True)

    def microcircuit(self, spikes: bool, **changed: float) -> mc.Microcircuit:
        """The circuit that reads Yin-Yang, four coordinates and three classes."""
        shared = {each.name for each in fields(mc.Microcircuit)} & {each.name for each in fields(self)}
        values = {name: getattr(self, name) for name in shared}
        return mc.Microcircuit((4, self.hidden, 3), spikes=spikes, **(values | changed))


QUICK = {"epochs": 3, "n_train": 2500, "n_test": 250, "n_self": 1500, "decay": 0.5, "plane": 30}
PUBLISHED = {
    "test_accuracy": Published("0.967 +- 0.008", low=0.94, source="Haider et al. 2021: rates, 45 epochs"),
    "spiking_test_accuracy": Goal("as the rate limit", low=0.94, source="the threshold of the rates"),
    "gain_over_frozen": Goal("above 0", low=0.0, source="what learning in the hidden layer adds to test_accuracy"),
    "self_prediction_ratio": Published("towards 0", high=0.05, source="Sacramento et al. 2018: nothing is left"),
    "spiking_self_prediction_ratio": Goal("a small part", high=0.1, source="the same, with spikes"),
    "backprop_angle": Oracle("towards 0 degrees", high=10.0, source="theorem, for weak nudging"),
    "angle_while_learning": Goal("below 90 degrees", high=80.0, source="random feedback, mean of all epochs"),
    "untrained_accuracy": Control("near 1/3", high=0.6, source="before learning", of="test_accuracy"),
    "frozen_accuracy": Control("lower", source="tuned hidden weights, which do not learn", of="test_accuracy"),
    "no_interneurons_accuracy": Control("below 0.9", high=0.9, source="feedback is not cancelled", of="test_accuracy"),
    "angle_redrawn": Control("90 degrees", low=80.0, source="other feedback weights", of="angle_while_learning"),
    "linear_accuracy": Published("0.64", low=0.5, high=0.75, source="Kriener et al. 2021: 0.638 +- 0.015"),
}


def points_of(p: Parameters, seed: int) -> sl.tasks.Split:
    """Yin-Yang to learn and to test."""
    test = sl.tasks.yin_yang(p.n_test, SEEDS_OF_POINTS * seed + (VALIDATION if p.validation else TEST))
    return sl.tasks.Split(*sl.tasks.yin_yang(p.n_train, SEEDS_OF_POINTS * seed + TRAIN), *test)


def start(p: Parameters, m: mc.Microcircuit, seed: int, w_hidden: float) -> dict[str, np.ndarray]:
    """Weights before anything is learned."""
    found = mc.starting_weights(m, 1.0, p.w_down, seed)
    return found | {"up 1": w_hidden * found["up 1"], **{name: p.w_up * found[name] for name in ("up 2", "ip 1")}}


def show(costs: list[Cost], circuit: mc.MicrocircuitNetwork, points: Any, *labels: Any, **how: Any) -> mc.Presented:
    """Present points, and add what it took to `costs`. Raises Interrupted."""
    shown = mc.present(circuit, points, *labels, **how)
    finished(shown.run, costs)
    return shown


def predict_oneself(p: Parameters, seed: int, spikes: bool, points: Any, costs: list[Cost]) -> tuple[mc.Weights, float]:
    """Interneurons learn, from spontaneous activity and without a teacher, to cancel the feedback.

    The ripple of spikes, which differs between an output cell and its interneuron, makes their synapses too weak; the
    slower synapses of this stage let less of it through. Returns the weights, and |v_A| at points after, by before.
    """
    m, generator = p.microcircuit(spikes), np.random.default_rng([1, seed])
    slow = p.microcircuit(spikes, settle=p.settle_self, learn=p.learn_self, tau_syn=p.tau_syn_self)
    weights: mc.Weights = start(p, m, seed, p.w_hidden)
    before, n = show(costs, mc.build(m, weights, seed), points).apical, max(1, p.n_self // 3)
    for part in range(3):
        factor = p.decay_self**part
        circuit = mc.build(slow, weights, seed, {"ip 1": factor * p.eta_ip_self, "pi 1": factor * p.eta_pi_self})
        patterns = sl.tasks.yin_yang(n, SEEDS_OF_POINTS * seed + SPONTANEOUS + part)[0]
        currents = generator.normal(0.0, p.spontaneous, (n, p.hidden))
        weights = mc.weights_of(circuit, show(costs, circuit, patterns, learn=True, currents=currents).run)
    return weights, float(show(costs, mc.build(m, weights, seed), points).apical.mean() / before.mean())


class Learned(NamedTuple):
    """weights: at the end. accuracy: on the test points, before and after each epoch. angles: likewise, degrees between
    what the hidden layer learns and the gradient, and the same with other feedback weights."""

    weights: mc.Weights
    accuracy: list[float]
    angles: list[tuple[float, float]]


def learn(
    p: Parameters, weights: mc.Weights, seed: int, spikes: bool, costs: list[Cost], name: str, progress: bool | None,
    etas: Mapping[str, float] | None = None, angles: bool = False,
) -> Learned:  # fmt: skip
    """Yin-Yang with a teacher; interneurons go on learning, their synapses onto apical dendrites do not.

    etas: learning rates; by default those of the parameters. angles: whether they are measured.
    """
    m, points, generator = p.microcircuit(spikes), points_of(p, seed), np.random.default_rng([2, seed])
    etas = etas or {"up 1": p.eta_hidden, "up 2": p.eta_output, "ip 1": p.eta_ip}
    down = np.random.default_rng([4, seed]).uniform(-p.w_down, p.w_down, weights["down 1"].shape)
    found = Learned(weights, [], [])

    def test(weights: mc.Weights) -> Learned:
        answers = show(costs, mc.build(m, weights, seed), points.test).answers
        found.accuracy.append(float(np.mean(answers == points.test_labels)))
        if angles:
            both = weights, {**weights, "down 1": down, "pi 1": -down}
            found.angles.append(tuple(angle_to_gradient(m, each, seed, costs) for each in both))
        return found._replace(weights=weights)

    found = test(weights)
    for epoch in range(p.epochs):
        circuit = mc.build(m, found.weights, seed, {key: p.decay**epoch * eta for key, eta in etas.items()})
        order = generator.permutation(p.n_train)
        taught = show(costs, circuit, points.train[order], points.train_labels[order], learn=True)
        found = test(mc.weights_of(circuit, taught.run))
        report(f"{name}: epoch {epoch + 1:2d} of {p.epochs}: {found.accuracy[-1]:.3f}", progress)
    return found


def learn_frozen(p: Parameters, seed: int, costs: list[Cost], progress: bool | None) -> Learned:
    """The control as rates: no feedback to apical dendrites, and only the output layer learns."""
    weights = start(p, p.microcircuit(spikes=False), seed, p.w_frozen)
    weights |= {key: np.zeros_like(weights[key]) for key in ("down 1", "pi 1")}
    return learn(p, weights, seed, False, costs, "frozen", progress, {"up 2": p.eta_frozen})


def angle_to_gradient(m: mc.Microcircuit, weights: mc.Weights, seed: int, costs: list[Cost]) -> float:
    """Degrees between what the hidden layer's synapses learn from 200 points and the gradient."""
    points, labels = sl.tasks.yin_yang(200, SEEDS_OF_POINTS * seed + GRADIENT)
    circuit = mc.build(m, weights, seed, {"up 1": 1e-6})
    shown = show(costs, circuit, points, labels, learn=True)
    moved = mc.weights_of(circuit, shown.run)["up 1"] - weights["up 1"]
    return angle([moved], [-mc.gradient(m, weights, points, labels)[0]])


def simulate(p: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """Self-prediction and Yin-Yang with spikes and as rates, and the controls as rates; the run that is returned
    shows six test points to the spiking circuit that learned.

    After Ctrl-C nothing further is begun, and the metrics of what was not finished are None.
    """
    costs: list[Cost] = []
    metrics: dict[str, Any] = dict.fromkeys(PUBLISHED)
    data: dict[str, Any] = {"learned": {}, "plane": None}
    try:
        run = _all(p, seed, metrics, data, costs, sink, progress)
    except Interrupted as interrupted:
        run = interrupted.run
    metrics["epochs_done"] = min((len(each.accuracy) - 1 for each in data["learned"].values()), default=0)
    return Outcome(run, metrics | sum(costs, Cost()).metrics(), data)


def _all(p: Parameters, seed: int, metrics: Any, data: Any, costs: list[Cost], sink: Any, progress: Any) -> sl.Run:
    """Everything in turn; what is found goes into metrics and data as it comes."""
    points = points_of(p, seed)
    metrics["linear_accuracy"] = linear_accuracy(points.train, points.train_labels, points.test, points.test_labels)
    weak = p.microcircuit(spikes=False, g_som=1e-3)
    symmetric = mc.self_predicting(weak, start(p, weak, seed, p.w_hidden))
    metrics["backprop_angle"] = angle_to_gradient(weak, symmetric, seed, costs)
    learned = data["learned"]
    for form, prefix, spikes in (("spikes", "spiking_", True), ("rates", "", False)):
        weights, metrics[f"{prefix}self_prediction_ratio"] = predict_oneself(p, seed, spikes, points.test[:200], costs)
        learned[form] = learn(p, weights, seed, spikes, costs, form, progress, angles=not spikes)
    without = {**weights, "pi 1": np.zeros_like(weights["pi 1"])}
    learned["no interneurons"] = learn(p, without, seed, False, costs, "no interneurons", progress)
    learned["frozen"] = learn_frozen(p, seed, costs, progress)
    accuracy = {name: found.accuracy for name, found in learned.items()}
    angles = np.array(learned["rates"].angles)
    metrics |= {
        "test_accuracy": accuracy["rates"][-1],
        "spiking_test_accuracy": accuracy["spikes"][-1],
        "untrained_accuracy": accuracy["spikes"][0],
        "frozen_accuracy": accuracy["frozen"][-1],
        "gain_over_frozen": accuracy["rates"][-1] - accuracy["frozen"][-1],
        "no_interneurons_accuracy": accuracy["no interneurons"][-1],
        "angle_before": angles[0, 0],
        "angle_while_learning": angles[1:, 0].mean(),
        "angle_redrawn": angles[1:, 1].mean(),
    }
    m, weights, plane = p.microcircuit(spikes=True), data["learned"]["spikes"].weights, sl.tasks.yin_yang_grid(p.plane)
    on_plane = show(costs, mc.build(m, weights, seed), np.hstack([plane, 1.0 - plane])).answers
    on_test = show(costs, mc.build(m, weights, seed), points.test).answers
    data["plane"] = (plane, on_plane, points.test, points.test_labels, on_test)
    circuit = mc.build(m, weights, seed)
    circuit.network.record(circuit.layers[1], ["spikes"])
    circuit.network.record(circuit.output, ["spikes", "u"])
    circuit.network.record(circuit.layers[1][:3], ["u", "v_B", "v_A"])
    return show(costs, circuit, points.test[:6], sink=sink).run


LOOKS = {
    "spikes": {"color": PALETTE[0], "ls": "-", "label": "spikes"},
    "rates": {"color": PALETTE[1], "ls": DASHED, "label": "rate limit"},
    "frozen": {"color": CONTROL, "ls": DOTTED, "label": "frozen hidden layer (rates)"},
    "no interneurons": {"color": CONTROL, "ls": "-", "label": "no interneurons (rates)"},
}


def figure(p: Parameters, outcome: Outcome) -> Figure:
    """Accuracy by epoch beside its controls, the angle to the gradient while learning, and Yin-Yang as read."""
    whole = new_figure(9.6, 3.3)
    axes, learned = [clean(ax) for ax in whole.subplots(1, 3)], outcome.data["learned"]
    axes[0].axhline(0.94, color="0.8", lw=0.8, label="threshold")
    curves = {name: (learned[name].accuracy, {"lw": 1.3, **LOOKS[name]}) for name in LOOKS if name in learned}
    learning_curves(axes[0], curves, first=0)
    axes[0].set(xlabel="epoch", ylabel="test accuracy", ylim=(0.2, 1.0))
    if "rates" in learned:
        looks = LOOKS["rates"], {"color": CONTROL, "ls": DOTTED, "label": "other feedback weights"}
        both = zip(np.transpose(learned["rates"].angles), looks, strict=True)
        learning_curves(axes[1], {look["label"]: (values, look) for values, look in both}, first=0)
    axes[1].set(xlabel="epoch", ylabel="angle to gradient (degrees)", ylim=(0.0, 120.0), yticks=[0, 30, 60, 90, 120])
    for ax in axes[:2]:
        if ax.get_legend_handles_labels()[0]:
            plain_legend(ax, loc="lower right")
    if outcome.data["plane"] is not None:
        _draw_plane(axes[2], *outcome.data["plane"])
    letter_panels(axes, None)
    return whole


def _draw_plane(axes: Any, plane: Any, read: Any, test: np.ndarray, labels: np.ndarray, answers: np.ndarray) -> None:
    side = 190.0 * np.sqrt(np.pi / 4.0 / len(plane))  # in points, of a panel of 190
    mistaken = test[answers != labels, :2], labels[answers != labels]
    class_map(axes, plane, read, ("#e4e4e4", "#a8a8a8", PALETTE[0]), side, mistaken, sl.tasks.yin_yang_outline())
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    axes.set(xlabel="x (no unit); small circles: read wrong", ylabel="y (no unit)")
