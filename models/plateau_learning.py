"""Plateau learning: hidden cells learn from what feedback changes in their apical plateau potentials.

Guerguiev, Lillicrap & Richards 2017, eLife 6:e22901. Pixels are Poisson trains. Hidden cells have a basal dendrite that
gets what comes up and drives the soma, and an apical dendrite that gets spikes of the output through random weights
which never change. In the forward phase the network answers; in the target phase a teacher clamps the output to the
right answer. Each phase ends with a plateau potential in every hidden cell, as strong as its apical potential was in
the last 20 ms, and at the second a cell learns from the difference of the two, times the slope of its rate, times what
each synapse received. Output cells learn from the difference of their rates. There is no backward pass: no cell sees a
label, an error or the weights of another.

What must come out: with a hidden layer at least 2 points more of the test images are read than without one, and the
weights of the hidden layer move within 90 degrees of where backpropagation through the same network's rates would move
them. Controls: no hidden layer; no feedback to the hidden layer; the angle with hidden cells shuffled.

The images are the digits of UCI that ship with scikit-learn, or MNIST where a folder is given. Each pixel of small
images drives several sources, so that an image sends as many spikes as one of MNIST. Otherwise than in the paper,
phases have one length and the forward one is longer: what is left of the image before passes three synapses, and after
50 ms is still a quarter of the apical potential. Learning rates fall while it learns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.analysis import angle, logistic
from spikelearn.experiments import Cost, Outcome, Published, cost_of, finished, parameter, report
from spikelearn.plots.panels import learning_curves, new_figure, plain_legend, whole_numbers
from spikelearn.plots.style import FAINT, INK, TEXT_SIZE, clean, colour

CLASSES = 10
USUAL_BRIGHTNESS = 102.0  # of an image of MNIST, summed over its pixels, in the mean
MAX_RATE = 0.2  # spikes/ms of a pixel of full brightness, and the largest rate of a cell
k = 0.6 / 0.7  # steady somatic potential for a dendritic potential of 1, g_B/(g_L + g_B)
LIMIT = 1000.0  # of weights: out of reach
SHOWN_AT_THE_END = 4
SEEDS = 5


@dataclass(frozen=True)
class Parameters:
    """All that can be set."""

    hidden: tuple[int, ...] = parameter((500,), "", "cells of each hidden layer")
    shown: int = parameter(30_000, "", "images shown while learning, in whole epochs")
    forward: float = parameter(81.0, "ms", "length of the forward phase")
    target: float = parameter(51.0, "ms", "length of the target phase")
    average: float = parameter(20.0, "ms", "time at the end of a phase over which is averaged")
    test_phase: float = parameter(250.0, "ms", "length of the forward phase of a test image")
    settle: float = parameter(30.0, "ms", "time at its beginning over which is not averaged")
    eta_hidden: float = parameter(60.0, "", "learning rate of hidden cells at first")
    eta_output: float = parameter(30.0, "", "learning rate of output cells at first")
    eta_alone: float = parameter(100.0, "", "the same for output cells without a hidden layer")
    last_eta: float = parameter(0.1, "", "learning rates in the last epoch, as a part of those in the first")
    spread: float = parameter(1.0, "", "standard deviation of a hidden cell's basal potential at first")
    output_spread: float = parameter(0.1, "", "the same for an output cell")
    bias: float = parameter(-2.0, "", "weight from the source that always fires to a hidden cell at first")
    feedback: float = parameter(8.0, "", "standard deviation of the weights from the output to apical dendrites")
    probes: int = parameter(2, "", "batches of an epoch after which weight changes are compared with backpropagation")
    batch: int = parameter(500, "", "images of such a batch")
    controls: bool = parameter(True, "", "also learn without a hidden layer, and without feedback to it")
    images: int = parameter(0, "", "use only so many training images; 0 for all")
    validation: bool = parameter(False, "", "learn on 80 % of the training images and test on the rest: for tuning")
    mnist: str = parameter("", "", "a folder with MNIST's files, to use instead of the UCI digits")


QUICK = {"hidden": (100,), "shown": 5748, "probes": 1}
PUBLISHED = {
    "test_accuracy": Published("0.959 (MNIST, 60,000 images, 60 epochs)", 0.9, 1.0, "error of 4.1 % with 500 cells"),
    "no_hidden_accuracy": Published("0.917 (MNIST, 60,000 images, 60 epochs)", 0.8, 0.96, "error of 8.3 %"),
    "gain": Published(">= 0.02", 0.02, 1.0, "bar: hidden layer against none; 0.042 in the paper"),
    "update_angle_deg": Published("< 90", 0.0, 90.0, "bar, last epoch, against backpropagation"),
    "shuffled_update_angle_deg": Published("90", 85.0, 95.0, "control: hidden cells shuffled"),
}


class Wiring(NamedTuple):
    """For each layer, the output last: weights (n_below, n), biases (n,); for hidden ones feedback (CLASSES, n)."""

    weights: list[np.ndarray]
    biases: list[np.ndarray]
    feedback: list[np.ndarray]


class Layered(NamedTuple):
    """A network. layers: its populations, the output last; basal, biases: the projections onto each."""

    network: sl.Network
    pixels: Any
    conductor: Any
    layers: list[Any]
    basal: list[Any]
    biases: list[Any]

    @property
    def output(self) -> Any:
        return self.layers[-1]


@dataclass
class Learned:
    """What came of learning. course: accuracy while learning, of each epoch; angles: (epoch, angle, angle shuffled)."""

    wiring: Wiring
    course: list[float]
    angles: list[tuple[float, float, float]]
    test_accuracy: float = 0.0
    cost: Cost = Cost()


def load_images(p: Parameters) -> sl.tasks.Split:
    """Brightness from 0 to 1 of each source."""
    images, labels = sl.tasks.digits(p.mnist)
    copies = max(1, round(USUAL_BRIGHTNESS / images.sum(axis=1).mean()))
    return sl.tasks.split(np.repeat(images, copies, axis=1), labels, p.images, p.validation)


def first_wiring(p: Parameters, images: np.ndarray, generator: np.random.Generator) -> Wiring:
    """Random weights such that potentials differ from image to image as much as `spread` and `output_spread` say."""
    sizes = [images.shape[1], *p.hidden, CLASSES]
    drives = [MAX_RATE * np.sqrt((images**2).sum(axis=1).mean()), *(0.5 * MAX_RATE * np.sqrt(n) for n in p.hidden)]
    spreads = [*(p.spread for _ in p.hidden), p.output_spread]
    weights = [
        generator.normal(0.0, spread / drive, (below, n))
        for below, n, spread, drive in zip(sizes, sizes[1:], spreads, drives, strict=False)
    ]
    biases = [*(np.full(n, p.bias) for n in p.hidden), np.zeros(CLASSES)]
    return Wiring(weights, biases, [generator.normal(0.0, p.feedback, (CLASSES, n)) for n in p.hidden])


def build(p: Parameters, wiring: Wiring, seed: int, average: float, rate: float = 0.0) -> Layered:
    """average: ms before the end of a phase. rate: the learning rates as a part of those at first; 0 for fixed weights.

    Without feedback every plateau is as strong as the last, so that synapses of hidden cells are made as such that
    cannot learn. The conductor says when averages begin: one source in forward phases, one in target phases.
    """
    net = sl.Network(dt=1.0, seed=seed)
    pixels = net.population(len(wiring.weights[0]), sl.Poisson(rate=0.0), name="pixels")
    always = net.population(1, sl.Poisson(rate=1000.0), name="always")
    conductor = net.population(2, sl.Poisson(rate=0.0), name="conductor")
    hidden, output = sl.PlateauPyramidal(t_average=average), sl.TaughtPyramidal(t_average=average)
    layers = [net.population(n, hidden, name=f"hidden {i + 1}") for i, n in enumerate(p.hidden)]
    layers.append(net.population(CLASSES, output, name="output"))
    basal, biases = [], []
    for i, (below, layer) in enumerate(zip([pixels, *layers], layers, strict=False)):
        is_output = layer is layers[-1]
        eta = rate * (p.eta_output if is_output else p.eta_hidden)
        learns = eta > 0.0 and (is_output or np.any(wiring.feedback[i]))
        rule = sl.PlateauLearning(eta=eta, tau_x=p.average, W_min=-LIMIT, W_max=LIMIT) if learns else None
        basal.append(net.connect(below, layer, port="basal", weight=wiring.weights[i], plasticity=rule))
        biases.append(net.connect(always, layer, port="basal", weight=wiring.biases[i][None, :], plasticity=rule))
        net.connect(conductor[:1], layer, port="forward", name=f"forward phase of {layer.name}")
        net.connect(conductor[1:], layer, port="target", name=f"target phase of {layer.name}")
    for layer, feedback in zip(layers, wiring.feedback, strict=False):
        net.connect(layers[-1], layer, port="apical", weight=feedback, name=f"feedback to {layer.name}")
    return Layered(net, pixels, conductor, layers, basal, biases)


def answer(trial, phase, V_s_forward, answers):
    """The output cell whose soma was most depolarised."""
    best = 0
    for j in range(len(V_s_forward)):
        if V_s_forward[j] > V_s_forward[best]:
            best = j
    answers[trial] = best


def phases_of(net: Layered, images: Any, duration: float, average: float, source: int, **end: Any) -> list[sl.Phase]:
    """A forward or target phase: in its middle the conductor begins the averages, which last to its end."""
    rates = {net.pixels: images * 1000.0 * MAX_RATE}
    begin = np.zeros(2)
    begin[source] = 1000.0
    currents = {(net.output, "teacher"): end.pop("teacher")} if "teacher" in end else {}
    return [
        sl.Phase(duration - average - 2.0, rates=rates, currents=currents),
        sl.Phase(1.0, rates=rates | {net.conductor: begin}, currents=currents),
        sl.Phase(average + 1.0, rates=rates, currents=currents, **end),
    ]


def both_phases(p: Parameters, net: Layered, images: np.ndarray, labels: np.ndarray, callback: Any) -> list[sl.Phase]:
    teacher = np.where(labels[:, None] == np.arange(CLASSES), 1.0, -1.0)
    forward = phases_of(net, images, p.forward, p.average, 0, callback=callback)
    return forward + phases_of(net, images, p.target, p.average, 1, teacher=teacher)


def reading(net: Layered, n: int) -> tuple[Any, np.ndarray]:
    """A callback, and the answers to n images that it fills in."""
    answers = np.zeros(n, np.int64)
    return sl.Callback(answer, (net.output.state("V_s_forward"), answers)), answers


def learn(p: Parameters, net: Layered, images: np.ndarray, labels: np.ndarray) -> tuple[sl.Run, np.ndarray]:
    """Show images once, each with its target phase; the run, and what they were taken for before their target phase."""
    callback, answers = reading(net, len(images))
    trials = sl.Trials(both_phases(p, net, images, labels, callback), n=len(images))
    return finished(net.network.run(trials=trials, progress=False)), answers


def show(p: Parameters, net: Layered, images: np.ndarray) -> tuple[sl.Run, np.ndarray]:
    """What images are taken for in one long forward phase each."""
    callback, answers = reading(net, len(images))
    phases = phases_of(net, images, p.test_phase, p.test_phase - p.settle, 0, callback=callback)
    return finished(net.network.run(trials=sl.Trials(phases, n=len(images)), progress=False)), answers


def wiring_of(net: Layered, run: sl.Run, feedback: list[np.ndarray]) -> Wiring:
    """The weights at the end of a run."""
    basal, biases = (
        [run.synapses(each).matrix((each.source_size, each.target_size)) for each in projections]
        for projections in (net.basal, net.biases)
    )
    return Wiring(basal, [each[0] for each in biases], feedback)


def backpropagated(wiring: Wiring, images: np.ndarray, labels: np.ndarray) -> list[np.ndarray]:
    """Where backpropagation of half the squared error of the output's rates would move the weights of hidden layers."""
    rates = [MAX_RATE * images]
    for weights, biases in zip(wiring.weights, wiring.biases, strict=True):
        rates.append(MAX_RATE * logistic(k * (rates[-1] @ weights + biases)))
    V_basal = rates[-2] @ wiring.weights[-1] + wiring.biases[-1]
    teacher = np.where(labels[:, None] == np.arange(CLASSES), 8.0, -8.0)
    error = MAX_RATE * logistic((0.6 * V_basal + teacher) / 1.7) - rates[-1]
    found = []
    for i in range(len(wiring.weights) - 1, 0, -1):
        error = error * k * rates[i + 1] * (1.0 - rates[i + 1] / MAX_RATE)
        error = error @ wiring.weights[i].T
        slope = k * rates[i] * (1.0 - rates[i] / MAX_RATE)
        found.insert(0, rates[i - 1].T @ (error * slope))
    return found


def study(p: Parameters, images: Any, seed: int, name: str, progress: bool | None, feedback: bool = True) -> Learned:
    """Let a network learn, and test it. Each epoch has a network of its own, with the weights of the one before."""
    generator = np.random.default_rng(seed)
    wiring = first_wiring(p, images.train, generator)
    if not feedback:
        wiring = wiring._replace(feedback=[0.0 * each for each in wiring.feedback])
    learned = Learned(wiring, [], [])
    epochs = max(1, round(p.shown / len(images.train)))
    for epoch in range(epochs):
        net = build(p, learned.wiring, 1000 * seed + epoch, p.average, p.last_eta ** (epoch / max(1, epochs - 1)))
        order = generator.permutation(len(images.train))
        right = 0
        for start, stop, is_batch in parts(p, len(order)):
            shown, labels = images.train[order[start:stop]], images.train_labels[order[start:stop]]
            run, answers = learn(p, net, shown, labels)
            right += int(np.sum(answers == labels))
            learned.cost += cost_of(run)
            before, learned.wiring = learned.wiring, wiring_of(net, run, wiring.feedback)
            if is_batch and p.hidden and feedback:
                moved = [a - b for a, b in zip(learned.wiring.weights[:-1], before.weights[:-1], strict=True)]
                wanted = backpropagated(before, shown, labels)
                shuffled = [generator.permutation(each, axis=1) for each in moved]
                place = epoch + start / len(order)
                learned.angles.append((place, angle(moved, wanted), angle(shuffled, wanted)))
        learned.course.append(right / len(order))
        said = f", {learned.angles[-1][1]:.0f} degrees from backpropagation" if learned.angles else ""
        report(f"{name}: epoch {epoch + 1} of {epochs}: {learned.course[-1]:.3f} while learning{said}", progress)
    run, answers = show(p, build(p, learned.wiring, 1000 * seed + 999, p.test_phase - p.settle), images.test)
    learned.cost += cost_of(run)
    learned.test_accuracy = float(np.mean(answers == images.test_labels))
    return learned


def parts(p: Parameters, n: int) -> list[tuple[int, int, bool]]:
    """The images of an epoch in parts, (start, stop, whether it is a batch), batches evenly among them."""
    edges = np.linspace(0, n, p.probes + 1).astype(int).tolist() if p.probes else [0, n]
    found = []
    for start, stop in zip(edges, edges[1:], strict=False):
        middle = min(stop, start + p.batch) if p.probes else start
        found += [(start, middle, True), (middle, stop, False)]
    return [each for each in found if each[1] > each[0]]


def sample(p: Parameters, wiring: Wiring, images: sl.tasks.Split, seed: int, sink: Any) -> sl.Run:
    """A run in which a few test images are shown with both phases, with spikes, plateaus and potentials recorded."""
    net = build(p, wiring, seed, p.average)
    net.network.record(net.pixels)
    for layer in net.layers:
        net.network.record(layer, ["spikes", "plateaus"] if layer is not net.output else "spikes")
        net.network.record(layer[:CLASSES], ["V_s", "V_apical"] if layer is not net.output else "V_s")
    few = slice(0, SHOWN_AT_THE_END)
    phases = both_phases(p, net, images.test[few], images.test_labels[few], None)
    return net.network.run(trials=sl.Trials(phases, n=len(images.test[few])), sink=sink, progress=False)


def simulate(p: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """With a hidden layer, without one, and with one that gets no feedback; at last some images with all recorded."""
    images = load_images(p)
    learned = {"hidden": study(p, images, seed, "hidden layer", progress)}
    if p.controls:
        alone = replace(p, hidden=(), eta_output=p.eta_alone)
        learned["none"] = study(alone, images, seed, "no hidden layer", progress)
        learned["ablated"] = study(p, images, seed, "no feedback", progress, feedback=False)
    run = sample(p, learned["hidden"].wiring, images, 1000 * seed + 998, sink)
    angles, epochs = np.array(learned["hidden"].angles).reshape(-1, 3), len(learned["hidden"].course)
    last = angles[angles[:, 0] >= epochs - 1]
    accuracy = {name: each.test_accuracy for name, each in learned.items()}
    metrics = {
        "test_accuracy": accuracy["hidden"],
        "no_hidden_accuracy": accuracy.get("none"),
        "no_feedback_accuracy": accuracy.get("ablated"),
        "gain": accuracy["hidden"] - accuracy["none"] if p.controls else None,
        "update_angle_deg": float(last[:, 1].mean()) if len(last) else None,
        "shuffled_update_angle_deg": float(last[:, 2].mean()) if len(last) else None,
        "first_update_angle_deg": float(angles[0, 1]) if len(angles) else None,
        "epochs": epochs,
        **sum((each.cost for each in learned.values()), Cost()).metrics(),
    }
    courses = {name: each.course for name, each in learned.items()}
    return Outcome(run, metrics, {"courses": courses, "angles": angles, "accuracy": accuracy})


LABELS = {"hidden": "hidden layer", "none": "no hidden layer", "ablated": "hidden layer, no feedback"}
ABOVE = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "borderaxespad": 0.1}


def figure(p: Parameters, outcome: Outcome) -> Figure:
    """Apical potentials in both phases; accuracy while learning beside the controls; the angle to backpropagation."""
    drawing = new_figure(9.6, 3.4)
    apical, course, angles = (clean(axes) for axes in drawing.subplots(1, 3, width_ratios=(1.1, 1.0, 1.0)))
    apical.set_visible(bool(p.hidden))
    if p.hidden:
        _draw_phases(apical, p, outcome.run)
    for i, (name, found) in enumerate(outcome.data["courses"].items()):
        look = {"color": colour(i), "ls": ("-", "--", ":")[i], "marker": "os^"[i], "markersize": 3, "lw": 1.2}
        learning_curves(course, {LABELS[name]: (found, look)})
        end = 1.06 * len(found) + 0.3, outcome.data["accuracy"][name]
        course.plot(*end, "D", color=colour(i), markersize=5, clip_on=False)
    course.set(xlabel="epoch (diamonds: test images at the end)", ylabel="accuracy", ylim=(None, 1.0))
    place, found, shuffled = outcome.data["angles"].T
    angles.axhline(90.0, color=FAINT, lw=0.8)
    angles.plot(place, shuffled, color=colour(1), ls="--", marker="s", markersize=3, lw=1.0, label="cells shuffled")
    angles.plot(place, found, color=colour(0), marker="o", markersize=3, lw=1.0, label="hidden layer")
    angles.set(xlabel="epochs learned", ylabel="angle to backpropagation (degrees)")
    angles.set(ylim=(0.0, 100.0), yticks=range(0, 91, 30))
    whole_numbers(angles.xaxis)
    for ax in (course, angles):
        plain_legend(ax, **ABOVE)
    return drawing


def _draw_phases(axes: Any, p: Parameters, run: sl.Run) -> None:
    """The apical potentials of some hidden cells while one image is shown."""
    trace = run.trace("hidden 1", "V_apical")
    both = start = p.forward + p.target
    within = (trace.times > start) & (trace.times <= start + both)
    for i, potential in enumerate(trace.values[within].T[:4]):
        axes.plot(trace.times[within] - start, potential, color=colour(i), lw=1.0, ls=("-", "--", "-.", ":")[i])
    font = {"ha": "center", "fontsize": TEXT_SIZE, "color": INK}
    for begin, end, name in ((0.0, p.forward, "forward"), (p.forward, both, "target")):
        axes.axvspan(end - p.average, end, color=FAINT, alpha=0.5, lw=0)
        axes.text(0.5 * (begin + end), 1.02, name, transform=axes.get_xaxis_transform(), **font)
    axes.axvline(p.forward, color=INK, lw=0.8)
    axes.set(xlabel="time of an image (ms); averaged where grey", ylabel="apical potential of hidden cells")
    axes.set_xlim(0.0, both)
