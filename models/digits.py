"""Digits from dopamine and bursts: pyramidal cells learn to read handwritten digits from reward alone.

A model of spikelearn, after Naud & Sprekeler 2018 (bursts), Izhikevich 2007 (dopamine and eligibility) and Roelfsema &
van Ooyen 2005 (feedback from the chosen action gates learning).

Each pixel is a Poisson train; ten populations of two-compartment pyramidal cells receive all of them through plastic
basal synapses, and inhibition that follows the pixels. The population that fires most in the decision time is the
answer. It feeds back to its own apical dendrites, whose cells then burst; each burst tags the synapses whose pixel was
more active than most. Dopamine, the reward minus the reward expected of that answer, turns tags into weight changes.
Nothing else says when to learn: synapses are plastic all the time, and the input goes on until the next image. Single
spikes are the answer, and the burst alone says what caused it (multiplexing). Intrinsic excitability falls in
populations that answer too often, and the effect fades ('conscience').
There is no gradient, no label at the cells and no memory of images: only spikes, bursts and one reward.

Acceptance criteria: at least 90 % correct on held-out digits, compared with 10 % untrained or with reward that does not
depend on the answers (labels shuffled). Logistic regression on the pixels is given for comparison; a spiking network is
not expected to beat it. Parameters were tuned on a part of the training digits, never on the test digits
(validation=true). What each part is good for is the matter of digits_ablations.

The digits are those of UCI that ship with scikit-learn (1,437 to learn, 360 to test), or MNIST if a folder is given.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn import experiments as ex
from spikelearn.analysis import linear_accuracy
from spikelearn.experiments import Control, Goal, Oracle, Outcome, parameter
from spikelearn.plots.panels import whole_numbers
from spikelearn.plots.style import clean

CLASSES = 10
USUAL_DRIVE = 19.5
"""Mean summed brightness of a UCI digit; weights are scaled so that other images drive the cells as strongly."""
CHOSEN, ALL, RANDOM = range(3)
"""Which populations get feedback."""


@dataclass(frozen=True)
class Parameters:
    epochs: int = parameter(12, "", "presentations of all training digits")
    cells: int = parameter(10, "", "pyramidal cells for each class")
    decide: float = parameter(500.0, "ms", "time from image to answer")
    learn: float = parameter(50.0, "ms", "time of feedback to the apical dendrites")
    reward: float = parameter(20.0, "ms", "time of dopamine")
    max_rate: float = parameter(100.0, "Hz", "rate of a pixel at full brightness")
    W_max: float = parameter(160.0, "pA", "largest plastic weight")
    W_start: float = parameter(120.0, "pA", "plastic weights start uniform from 0 to this")
    inhibition: float = parameter(15.0, "pA", "feed-forward inhibition by each input spike")
    noise: float = parameter(60.0, "pA", "standard deviation of the background current of the soma")
    dendritic_bias: float = parameter(-250.0, "pA", "constant current into the dendrite")
    feedback: float = parameter(650.0, "pA", "current into the dendrites of the chosen population")
    learning_rate: float = parameter(0.75, "", "step of the eligibility at a burst, A_plus")
    learning_decay: float = parameter(0.78, "", "factor on dopamine from epoch to epoch")
    tau_plus: float = parameter(50.0, "ms", "time constant of the trace of input spikes")
    tau_dopamine: float = parameter(10.0, "ms", "time constant of dopamine")
    exploration: float = parameter(0.1, "", "fraction of random answers in the first epoch")
    exploration_decay: float = parameter(0.7, "", "factor on that fraction from epoch to epoch")
    conscience: float = parameter(8.0, "pA", "step of the intrinsic excitability at an answer")
    conscience_decay: float = parameter(0.9, "", "factor on that step from epoch to epoch")
    expectation: float = parameter(0.02, "", "rate of the running mean of the reward of each answer")
    dt: float = parameter(0.5, "ms", "time step")
    images: int = parameter(0, "", "number of training images; 0 for all")
    validation: bool = parameter(False, "", "learn on 80 % of the training images and test on the rest: for tuning")
    mnist: str = parameter("", "", "folder with the MNIST files, used instead of the UCI digits")


SEEDS = (21, 22, 23, 24, 25)
QUICK = {"epochs": 3, "images": 700}
TUNED = "rates and weights, on a fifth of the training images"
PUBLISHED = {
    "test_accuracy": Goal(">= 0.90", 0.9, 1.0, "threshold chosen here"),
    "untrained_accuracy": Control("near 0.1", 0.0, 0.25, "chance", of="test_accuracy"),
    "shuffled_reward_accuracy": Control("< 0.2", 0.0, 0.2, "chance is 0.1", of="test_accuracy"),
    "logistic_regression_accuracy": Oracle("0.967", 0.94, 1.0, "scikit-learn, LogisticRegression"),
}


class Change(NamedTuple):
    """What digits_ablations changes. cell: parameters of the cells; dopamine: its release, whatever the reward."""

    rule: Any = sl.DopamineBursts
    cell: Mapping[str, float] = {}
    feedback_to: int = CHOSEN
    dopamine: float = 0.0


UNCHANGED = Change()


@dataclass
class Learner:
    """A network with the state of its callbacks. shuffled: its reward follows the labels of other images."""

    network: sl.Network
    pixels: Any
    cells: Any
    basal: Any
    dopamine: Any
    shuffled: bool
    change: Change
    expected: np.ndarray
    seed: int
    cost: ex.Cost = ex.Cost()


def build(
    p: Parameters, images: sl.tasks.Split, seed: int, shuffled: bool = False, change: Change = UNCHANGED
) -> Learner:
    """The network of a learner."""
    net = sl.Network(dt=p.dt, seed=seed)
    dopamine = net.modulator("dopamine", tau=p.tau_dopamine)
    pixels = net.population(images.train.shape[1], sl.Poisson(rate=0.0), name="pixels")
    cell = sl.Pyramidal(I_e_apical=p.dendritic_bias, **change.cell)
    cells = net.population(CLASSES * p.cells, cell, name="pyramidal")
    scale = USUAL_DRIVE / images.train.sum(axis=1).mean()
    rule = change.rule(dopamine, A_plus=p.learning_rate * scale, tau_plus=p.tau_plus, W_max=p.W_max * scale)
    basal = net.connect(pixels, cells, port="basal", weight=sl.Uniform(0.0, p.W_start * scale), plasticity=rule)
    net.connect(pixels, cells, port="soma", weight=-p.inhibition * scale, name="inhibition")
    net.drive(cells, sl.NoiseCurrent(std=p.noise, tau=2.0), port="soma")
    net.record(pixels, "spikes")
    net.record(cells, ["spikes", "bursts"])
    net.record(cells[:: 2 * p.cells], ["V_s", "V_d"], every=2 * p.dt)
    net.record(dopamine, "n", every=2 * p.dt)
    expected = np.full(CLASSES, 1.0 / CLASSES if p.expectation > 0.0 else 0.0)
    return Learner(net, pixels, cells, basal, dopamine, shuffled, change, expected, seed)


def answer(trial, phase, counts, apical, answers, exploration, feedback, to, seed):
    """Choose the population with most spikes, or a random one, and send feedback to its dendrites (or to others)."""
    cells = len(counts) // 10
    best = -1.0
    chosen = 0
    for k in range(10):
        score = 0.5 * sl.random_uniform(seed, 2 * trial, k)
        for i in range(k * cells, (k + 1) * cells):
            score += counts[i]
        if score > best:
            best = score
            chosen = k
    if sl.random_uniform(seed, 2 * trial + 1, 0) < exploration:
        chosen = int(sl.random_uniform(seed, 2 * trial + 1, 1) * 10)
    answers[trial] = chosen
    if to == RANDOM:
        chosen = int(sl.random_uniform(seed, 2 * trial + 1, 2) * 10)
    for i in range(len(counts)):
        if to == ALL or i // cells == chosen:
            apical[i] = feedback


def give_dopamine(trial, phase, apical, excitability, release, answers, labels, expected, rate, step, amount, constant):
    """Release dopamine, the reward minus the reward expected of this answer, and lower the answerers' excitability."""
    cells = len(apical) // 10
    chosen = answers[trial]
    reward = 1.0 if chosen == labels[trial] else 0.0
    release[0] += amount * (constant if constant > 0.0 else reward - expected[chosen])
    expected[chosen] += rate * (reward - expected[chosen])
    for i in range(len(apical)):
        apical[i] = 0.0
        excitability[i] += step * (0.1 - (1.0 if i // cells == chosen else 0.0))


def show(learner: Learner, p: Parameters, images: np.ndarray, seed: int) -> np.ndarray:
    """The answers to images, (n,), with all weights frozen."""
    answers = np.zeros(len(images), np.int64)
    arguments = (learner.cells.counts(), np.zeros(learner.cells.size), answers, 0.0, 0.0, CHOSEN, seed)
    rates, asked = {learner.pixels: images * p.max_rate}, sl.Callback(answer, arguments)
    decide = sl.Phase(p.decide, rates=rates, plastic=(), reset=[learner.cells], callback=asked)
    run = learner.network.run(trials=sl.Trials([decide], n=len(images)), progress=False)
    learner.cost += ex.cost_of(run)
    ex.finished(run)  # images not shown have no answers
    return answers


def learn(
    learner: Learner, p: Parameters, images: np.ndarray, labels: np.ndarray, epoch: int, seed: int, sink: Any = None
) -> tuple[sl.Run, np.ndarray]:
    """Show images one after the other, once, and learn from the reward of each answer."""
    answers = np.zeros(len(images), np.int64)
    apical = learner.cells.current("apical")
    rates = {learner.pixels: images * p.max_rate}
    exploration = p.exploration * p.exploration_decay**epoch
    step = p.conscience * p.conscience_decay**epoch
    amount = p.learning_decay**epoch / p.tau_dopamine
    change = learner.change
    deciding = sl.Callback(
        answer, (learner.cells.counts(), apical, answers, exploration, p.feedback, change.feedback_to, seed)
    )
    rewarding = (
        apical, learner.cells.current("soma"), learner.dopamine.release, answers, np.ascontiguousarray(labels),
        learner.expected, p.expectation, step, amount, change.dopamine,
    )  # fmt: skip
    phases = [
        sl.Phase(p.decide, rates=rates, reset=[learner.cells, learner.basal], callback=deciding, name="decide"),
        sl.Phase(p.learn, rates=rates, callback=sl.Callback(give_dopamine, rewarding), name="feedback"),
        sl.Phase(p.reward, rates=rates, name="reward"),
    ]
    run = learner.network.run(trials=sl.Trials(phases, n=len(images), labels=labels), progress=False, sink=sink)
    learner.cost += ex.cost_of(run)
    return run, answers


def learn_epoch(learner: Learner, p: Parameters, images: sl.tasks.Split, epoch: int) -> None:
    """Learn from all training images once, in an order of this epoch, from 1 on."""
    generator = np.random.default_rng([learner.seed, epoch])
    order = generator.permutation(len(images.train))
    labels = images.train_labels[generator.permutation(order) if learner.shuffled else order]
    learn(learner, p, images.train[order], labels, epoch - 1, 1000 * learner.seed + 2 * epoch)


def tested(learner: Learner, p: Parameters, images: sl.tasks.Split, epoch: int) -> float:
    """The share of test images that are read after an epoch."""
    return float(np.mean(show(learner, p, images.test, 1000 * learner.seed + 2 * epoch + 1) == images.test_labels))


def simulate(p: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """Train both learners in parallel, with reward and with shuffled reward, and test them after each epoch.

    The learners run in separate threads, which do not see Ctrl-C: it ends training after the current epoch.
    """
    images = sl.tasks.split(*sl.tasks.digits(p.mnist), p.images, p.validation)
    learners = [build(p, images, seed), build(p, images, seed, shuffled=True)]

    def epoch_of(learner: Learner, epoch: int) -> tuple[float, float]:
        begun = time.perf_counter()
        if epoch > 0:
            learn_epoch(learner, p, images, epoch)
        return tested(learner, p, images, epoch), time.perf_counter() - begun

    regression = linear_accuracy(images.train, images.train_labels, images.test, images.test_labels)
    accuracies = []
    interrupted = False
    with ThreadPoolExecutor(2) as pool:
        for epoch in range(p.epochs + 1):
            both = [pool.submit(epoch_of, learner, epoch) for learner in learners]
            try:
                wait(both)
            except KeyboardInterrupt:
                interrupted = True
                ex.report(f"interrupted: epoch {epoch} of {p.epochs} will be finished first")
            found = [each.result() for each in both]
            accuracies.append([accuracy for accuracy, _ in found])
            (rewarded, seconds), (shuffled, more_seconds) = found
            text = f"epoch {epoch:2d} of {p.epochs}: test accuracy {rewarded:.3f}, with shuffled reward {shuffled:.3f}"
            ex.report(f"{text}  ({max(seconds, more_seconds):.1f} s)", progress)
            if interrupted:
                break
    last = (images.train[:6], images.train_labels[:6], p.epochs + 50, 1000 * seed + 999)
    run, _ = learn(learners[0], p, *last, sink=sink)
    run.interrupted |= interrupted
    course = np.array(accuracies)
    metrics = {
        "test_accuracy": course[-1, 0],
        "untrained_accuracy": course[0, 0],
        "shuffled_reward_accuracy": course[-1, 1],
        "logistic_regression_accuracy": regression,
        "epochs_done": len(course) - 1,
        "best_epoch_accuracy": float(course[:, 0].max()),
        **ex.cost_at_once(learner.cost for learner in learners).metrics(),
    }
    return Outcome(run, metrics, {"course": course, "side": images.side})


def figure(p: Parameters, outcome: Outcome) -> Figure:
    """Accuracy after each epoch, with the controls, and the learned synapses of each population."""
    course, side = outcome.data["course"], outcome.data["side"]
    drawing = Figure(figsize=(9.0, 3.6), layout="constrained")
    left, right = drawing.subfigures(1, 2, width_ratios=(1.0, 1.3), wspace=0.04)
    axes = left.subplots()
    clean(axes)
    epochs = np.arange(len(course))
    regression = outcome.metrics["logistic_regression_accuracy"]
    axes.axhline(regression, color="0.45", linestyle=":", label="logistic regression on the pixels")
    axes.plot(epochs, course[:, 0], color="#12365c", marker="o", label="dopamine follows reward")
    axes.plot(epochs, course[:, 1], color="#c8781e", marker="s", linestyle="--", label="shuffled reward")
    axes.axhline(0.1, color="0.75", linewidth=0.8, label="chance")
    axes.set(xlabel="epoch", ylabel="test accuracy", ylim=(0.0, 1.0), xlim=(-0.2, epochs[-1] + 0.2))
    whole_numbers(axes.xaxis)
    axes.legend(frameon=False, loc="center right", bbox_to_anchor=(1.0, 0.42), fontsize=8)
    grid = right.subplots(2, 5)
    weights = outcome.run.synapses("pixels->pyramidal").matrix((side * side, CLASSES * p.cells))
    picture = None
    for k, axis in enumerate(grid.flat):
        mean = weights[:, k * p.cells : (k + 1) * p.cells].mean(axis=1).reshape(side, side)
        picture = axis.imshow(mean, cmap="gray", vmin=0.0, vmax=weights.max())
        axis.set(xticks=[], yticks=[])
        axis.set_title(str(k), fontsize=10, pad=3)
    bar = right.colorbar(picture, ax=grid, shrink=0.9, aspect=25)
    bar.set_label("mean basal weight onto the\npopulation of each digit (pA)", fontsize=9)
    return drawing
