"""Which rule is it? What spikes alone, observed while a network learns, say about the rule that teaches it.

After Nayebi, Srivastava, Ganguli & Yamins 2020, Identifying learning rules from neural network observables (NeurIPS):
networks that differ in rule, task, size, learning rate and seed are observed at 21 moments of their training, and a
random forest says which of six rules taught one that it has not seen. Here the observables are those of an experiment
that records spikes: for each cell of the hidden layer its spikes for each of some points, with learning off. Of these
rates the forest gets the norm, mean, median, upper quartile, variance, skewness and kurtosis, and how far they moved
since the moment before. Weights, errors and feedback are not observed. All networks have the same cells and, with a
seed, begin with the same weights; all are probed in the same way, as a network of feedback alignment with their
weights.

Held out: networks whose learning rate and whose seed were both not among those learned from; in a second test, a whole
task. Controls: shuffled labels, which must give chance, 1/6; and the course of accuracy alone, the floor: what a rule
achieves is no observation of how. An experiment sees few cells, and those badly: the last test has 20 cells of each
network, and rates with 20 % of multiplicative noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import balanced_accuracy_score, confusion_matrix

from spikelearn.experiments import Control, Goal, Outcome, parameter
from spikelearn.learning.examples import Examples, examples_of
from spikelearn.learning.feedback_alignment import FeedbackAlignment
from spikelearn.learning.learner import Learner
from spikelearn.learning.rules import learner_for
from spikelearn.plots.panels import colour_bar, letter_panels, new_figure
from spikelearn.plots.style import INK, TEXT_SIZE, clean, colour
from spikelearn.results.run import Run

OBSERVABLES = ("norm", "mean", "median", "quartile", "variance", "skewness", "kurtosis", "change")
"""Of the rates of a layer's cells, at each moment."""


@dataclass(frozen=True)
class Parameters:
    rules: tuple[str, ...] = parameter(
        ("bptt", "fa", "fa_spiking", "erbp", "brainprop", "node_perturbation"), "", "rules, all with the same cells"
    )
    tasks: tuple[str, ...] = parameter(("yin_yang", "digits"), "", "tasks; each is held out once")
    widths: tuple[int, ...] = parameter((30, 60), "", "numbers of hidden cells")
    rates: tuple[float, ...] = parameter((0.5, 2.0), "", "learning rates, times the rule's own")
    learner_seeds: tuple[int, ...] = parameter((1, 2, 3), "", "seeds of weights, order and noise")
    moments: int = parameter(21, "", "at which networks are observed, from before learning on, one epoch apart")
    examples: int = parameter(1000, "", "learned in an epoch")
    probed: int = parameter(200, "", "points for which spikes are counted")
    tests: int = parameter(400, "", "points for the accuracy")
    cells: int = parameter(20, "", "of each network in the last test")
    noise: float = parameter(0.2, "", "standard deviation of the factor of rates in the last test, around 1")
    trees: int = parameter(500, "", "of the forest")
    shuffles: int = parameter(20, "", "permutations of the labels, over which the control is averaged")


QUICK = {
    "rules": ("bptt", "erbp", "brainprop"), "widths": (30,), "learner_seeds": (1, 2), "moments": 6, "examples": 300,
    "probed": 60, "tests": 100, "trees": 100, "shuffles": 2,
}  # fmt: skip
SEEDS = 1
TUNED = "nothing: rates are half and twice those of `credit_assignment`"
PUBLISHED = {
    "balanced_accuracy": Goal("above chance, 0.167", low=0.6, source="chosen here, after Nayebi et al. 2020"),
    "held_out_task_accuracy": Goal("above chance, 0.167", low=0.45, source="chosen here"),
    "shuffled_accuracy": Control(
        "chance, 0.167", low=0.05, high=0.3, source="control: shuffled labels", of="balanced_accuracy"
    ),
}


class Observed(NamedTuple):
    """A network while it learned. of_all, of_few: (moments, observables), of all cells, and of few with noise.
    accuracy: (moments,)."""

    rule: str
    task: str
    width: int
    rate: float
    seed: int
    of_all: np.ndarray
    of_few: np.ndarray
    accuracy: np.ndarray


def networks(p: Parameters) -> Iterator[tuple[str, str, int, float, int]]:
    """rule, task, width, rate and seed of every network."""
    for task in p.tasks:
        for rule in p.rules:
            for width in p.widths:
                for rate in p.rates:
                    for seed in p.learner_seeds:
                        yield rule, task, width, rate, seed


def observe(p: Parameters, rule: str, task: str, width: int, rate: float, seed: int) -> tuple[Observed, Run]:
    """Train one network, and observe it at each moment; also the run of the last observation."""
    examples = examples_of(task).first(p.examples, max(p.tests, p.probed))
    given = dict(examples.learner) | {"hidden": (width,), "seed": seed}
    own = learner_for(rule, "yin_yang")
    learner = learner_for(rule, "yin_yang", learning_rate=tuple(rate * each for each in own.rates), **given)
    learner.prepare(examples.X, examples.y, classes=np.unique(examples.y))
    probe = FeedbackAlignment(**given).prepare(examples.X, examples.y, classes=np.unique(examples.y))
    probe.circuit_.network.record(probe.circuit_.hidden[0])
    generator = np.random.default_rng([seed, width, 20])
    few = generator.choice(width, min(p.cells, width), replace=False)
    rates, seen, accuracy = [], [], []
    for moment in range(p.moments):
        if moment:
            learner.partial_fit(examples.X, examples.y)
        found, run = rates_of(probe, learner, examples, p.probed)
        rates.append(found)
        seen.append(found[:, few] * (1.0 + p.noise * generator.standard_normal((p.probed, len(few)))))
        accuracy.append(learner.score(examples.X_test[: p.tests], examples.y_test[: p.tests]))
    return Observed(rule, task, width, rate, seed, observables(rates), observables(seen), np.array(accuracy)), run


def rates_of(probe: Learner, learner: Learner, examples: Examples, probed: int) -> tuple[np.ndarray, Run]:
    """(points, cells) spikes in a step of the hidden layer, with a learner's weights; and the run."""
    circuit = probe.circuit_
    for projection, weights in zip(circuit.forward, learner.coefs_, strict=True):
        circuit.network.set_weights(projection, weights)
    _, run = probe.answer(examples.X_test[:probed])
    times, ids = run.spikes(circuit.hidden[0])
    trial = np.floor((np.asarray(times) - run.t_start - 0.5) / probe.steps).astype(int)
    counts = np.zeros((probed, circuit.hidden[0].size))
    np.add.at(counts, (trial, ids), 1.0)
    return counts / probe.steps, run


def observables(rates: list[np.ndarray]) -> np.ndarray:
    """(moments, observables) of the rates, (points, cells) at each moment."""
    found = []
    for k, now in enumerate(rates):
        of_cells = now.mean(axis=0)
        centred = of_cells - of_cells.mean()
        variance = float(np.mean(centred**2))
        scale = np.sqrt(variance) if variance > 0.0 else 1.0
        change = np.linalg.norm(now - rates[k - 1]) if k else 0.0
        found.append([
            np.linalg.norm(of_cells), of_cells.mean(), np.median(of_cells), np.quantile(of_cells, 0.75), variance,
            np.mean((centred / scale) ** 3), np.mean((centred / scale) ** 4), change,
        ])  # fmt: skip
    return np.array(found)


class Answers(NamedTuple):
    """What a forest said of networks that it had not seen: their rules, and its answers."""

    rules: np.ndarray
    answers: np.ndarray

    @property
    def accuracy(self) -> float:
        return float(balanced_accuracy_score(self.rules, self.answers))


def tell(
    networks: list[Observed], features: list[np.ndarray], folds: list[tuple[np.ndarray, np.ndarray]], trees: int,
    seed: int, shuffles: int = 0,
) -> Answers:  # fmt: skip
    """Learn from the first part of each fold and answer for the second. shuffles: instead of the labels learn so many
    permutations of them, and answer as often."""
    rules = np.array([each.rule for each in networks])
    X = np.array([each.ravel() for each in features])
    generator = np.random.default_rng([seed, 21])
    asked, answers = [], []
    for learned, held_out in folds:
        labels = rules[learned]
        for each in [generator.permutation(labels) for _ in range(shuffles)] or [labels]:
            forest = RandomForestClassifier(trees, random_state=seed, n_jobs=1).fit(X[learned], each)
            asked.append(rules[held_out])
            answers.append(forest.predict(X[held_out]))
    return Answers(np.concatenate(asked), np.concatenate(answers))


def by_rate_and_seed(networks: list[Observed]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Masks of networks to learn from and held out: none of the former has the rate or the seed of the latter."""
    rates, seeds = (np.array([getattr(each, name) for each in networks]) for name in ("rate", "seed"))
    return [
        ((rates != rate) & (seeds != seed), (rates == rate) & (seeds == seed))
        for rate in np.unique(rates) for seed in np.unique(seeds)
    ]  # fmt: skip


def by_task(networks: list[Observed]) -> list[tuple[np.ndarray, np.ndarray]]:
    """The same with one task held out."""
    tasks = np.array([each.task for each in networks])
    return [(tasks != task, tasks == task) for task in np.unique(tasks)]


def simulate(p: Parameters, seed: int, sink: Any = None, progress: Any = None) -> Outcome:
    """Train and observe all networks, then ask. The returned run is of the last observation. seed: of the forest."""
    networks_, run = [], None
    for each in networks(p):
        found, run = observe(p, *each)
        networks_.append(found)
    assert run is not None
    folds, tasks = by_rate_and_seed(networks_), by_task(networks_)
    all_cells, few = ([getattr(each, name) for each in networks_] for name in ("of_all", "of_few"))
    accuracy = [each.accuracy for each in networks_]
    answers = {
        "balanced_accuracy": tell(networks_, all_cells, folds, p.trees, seed),
        "held_out_task_accuracy": tell(networks_, all_cells, tasks, p.trees, seed),
        "few_noisy_accuracy": tell(networks_, few, folds, p.trees, seed),
        "few_noisy_held_out_task_accuracy": tell(networks_, few, tasks, p.trees, seed),
        "accuracy_only": tell(networks_, accuracy, folds, p.trees, seed),
        "accuracy_only_held_out_task": tell(networks_, accuracy, tasks, p.trees, seed),
        "shuffled_accuracy": tell(networks_, all_cells, folds, p.trees, seed, p.shuffles),
    }
    metrics: dict[str, Any] = {name: each.accuracy for name, each in answers.items()}
    metrics |= {"chance": 1.0 / len(p.rules), "networks": len(networks_)}
    for rule in p.rules:
        last = [each.accuracy[-1] for each in networks_ if each.rule == rule]
        metrics[f"task_accuracy.{rule}"] = float(np.mean(last))
    return Outcome(run, metrics, {"networks": networks_, "answers": answers})


BARS = {
    "balanced_accuracy": "all cells", "few_noisy_accuracy": "few cells, noise", "held_out_task_accuracy": "other task",
    "few_noisy_held_out_task_accuracy": "few, noise,\nother task", "accuracy_only": "accuracy alone",
    "shuffled_accuracy": "shuffled labels",
}  # fmt: skip


def figure(p: Parameters, outcome: Outcome) -> Figure:
    """Which rule the forest takes for which (a), and how often it is right, with controls (b)."""
    drawn = new_figure(7.2, 3.4)
    left, right = (clean(each) for each in drawn.subplots(1, 2, width_ratios=(1.15, 1.0)))
    found = outcome.data["answers"]["balanced_accuracy"]
    share = confusion_matrix(found.rules, found.answers, labels=list(p.rules), normalize="true")
    image = left.imshow(share, cmap="Greys", vmin=0.0, vmax=1.0, interpolation="nearest")
    names = [each.replace("_", "\n") for each in p.rules]
    left.set_xticks(range(len(names)), names, rotation=90)
    left.set_yticks(range(len(names)), names)
    left.set(xlabel="answer", ylabel="rule that taught")
    colour_bar(image, left, "fraction of networks", TEXT_SIZE, ticks=(0.0, 0.5, 1.0))
    places = np.arange(len(BARS))
    right.barh(places, [outcome.metrics[name] for name in BARS], color=[colour(0)] * 4 + ["0.6"] * 2, height=0.7)
    right.axvline(outcome.metrics["chance"], color=INK, lw=0.8, ls=":")
    right.text(outcome.metrics["chance"], -0.75, " chance", fontsize=TEXT_SIZE, va="center")
    right.set_yticks(places, list(BARS.values()))
    right.invert_yaxis()
    right.set(xlabel="balanced accuracy", xlim=(0.0, 1.0))
    letter_panels((left, right))
    return drawn
