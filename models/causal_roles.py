"""Causal roles: which rules send a cell a teaching signal whose sign follows what the cell does to the reward?

After the experiment of Francioni et al. 2026 (Nature): a brain-computer interface moves a cursor by the activity of two
intermingled populations of pyramidal cells, one for which more activity is better (P+), and one for which it is worse
(P-). No wiring tells which cell is in which; only the experimenter's decoder does. Signals in apical dendrites of P+
and P- cells came to differ in sign. A rule that sends all cells one number, such as a reward, cannot do that; one that
sends a vector can, if its feedback knows the decoder.

Here a hidden layer of a learner is recorded: its weights onto two output cells are the decoder, +w onto the one and -w
onto the other for cells of P+, the opposite for those of P-, at random. They never change; only the weights onto hidden
cells learn, so that the cursor goes to the side of the stimulus (Yin or Yang, without the dots). A cell's teaching
signal is what the presentation of an example would change in its weights (`Learner.updates`), summed over its inputs,
all of which are positive: for rules with feedback to an apical dendrite, that feedback, times what the cell itself
knows. Its sign agrees with the cell's role if the difference between examples of both sides, on average, is positive in
P+. `sign_agreement` is the share of cells for which it is, of rules that send feedback to each cell;
`update_agreement` is the same for all rules, on many examples: those that explore find out on average what a cell does,
though nothing that reaches it at any moment says so.

Controls: feedback of weight 0, and roles that are drawn anew, with which as many cells agree as by chance, a half.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from spikelearn.experiments import Control, Goal, Outcome, finite, parameter
from spikelearn.learning.controls import ABLATED_FEEDBACK
from spikelearn.learning.examples import Examples, examples_of
from spikelearn.learning.feedback import TIED, LearnerWithFeedback
from spikelearn.learning.learner import Learner
from spikelearn.learning.rules import learner_for
from spikelearn.plots.panels import letter_panels, new_figure
from spikelearn.plots.style import INK, clean, colour
from spikelearn.results.run import Run


@dataclass(frozen=True)
class Parameters:
    rules: tuple[str, ...] = parameter(
        (
            "bptt", "ep", "koerding_koenig:tied", "predictive_coding:tied", "eprop_lif:tied", "koerding_koenig",
            "predictive_coding", "dtp", "brainprop", "eprop_lif", "fa", "fa_spiking", "erbp", "microcircuit",
            "burstprop", "plateau", "dopamine", "node_perturbation", "weight_perturbation", "reinforce", "rstdp",
        ), "", "rules, some with a kind of feedback after a colon",
    )  # fmt: skip
    hidden: int = parameter(40, "", "hidden cells, half of them in P+")
    epochs: int = parameter(10, "", "passes over the examples")
    examples: int = parameter(2000, "", "points to learn from, those of the dots among them left out")
    probed: int = parameter(2000, "", "points for which signals are measured, before and after learning")


QUICK = {"rules": ("koerding_koenig:tied", "fa", "node_perturbation"), "epochs": 2, "examples": 500, "probed": 300}
SEEDS = 5
TUNED = "nothing: rates are those of `credit_assignment`"
PUBLISHED = {
    "sign_agreement.bptt": Goal("1, the gradient itself", low=0.9, source="chosen here"),
    "sign_agreement.koerding_koenig:tied": Goal("1, feedback knows the decoder", low=0.9, source="chosen here"),
    "sign_agreement.fa": Goal("0.5, feedback is random", low=0.3, high=0.7, source="chosen here"),
    "redrawn_agreement.bptt": Control(
        "0.5", low=0.3, high=0.7, source="control: roles drawn anew", of="sign_agreement.bptt"
    ),
}
NO_FEEDBACK = ("node_perturbation", "weight_perturbation", "reinforce", "rstdp")
"""Rules in which all cells receive the same."""


@dataclass(frozen=True)
class Found:
    """Of one rule. signals: (cells,) difference of teaching signals between both sides, before and after learning.
    accuracy: of the cursor, before and after."""

    before: np.ndarray
    after: np.ndarray
    accuracy: tuple[float, float]


def two_sides(p: Parameters) -> Examples:
    """Yin and Yang without the dots."""
    all_points = examples_of("yin_yang")
    learned, tested = all_points.y < 2, all_points.y_test < 2
    return replace(
        all_points, X=all_points.X[learned][: p.examples], y=all_points.y[learned][: p.examples],
        X_test=all_points.X_test[tested], y_test=all_points.y_test[tested],
    )  # fmt: skip


def roles_of(p: Parameters, seed: int) -> np.ndarray:
    """(cells,) 1 for P+ and -1 for P-."""
    return np.random.default_rng([seed, 26]).permutation(np.where(np.arange(p.hidden) < p.hidden // 2, 1.0, -1.0))


def learner_of(p: Parameters, rule: str, seed: int, examples: Examples, roles: np.ndarray, control: str) -> Learner:
    """A learner whose output is the decoder, and does not learn."""
    name, _, feedback = rule.partition(":")
    given = {"feedback": feedback} if feedback else {}
    own = learner_for(name, "yin_yang")
    learner = learner_for(
        name, "yin_yang", control, hidden=(p.hidden,), bias=False, seed=seed, learning_rate=(own.rates[0], 0.0), **given
    ).prepare(examples.X, examples.y)
    circuit = learner.circuit_
    drawn = learner.coefs_[-1]
    decoder = np.outer(roles, [-1.0, 1.0]) * drawn.std()
    circuit.network.set_weights(circuit.forward[-1], decoder)
    if isinstance(learner, LearnerWithFeedback) and learner.feedback == TIED and control != ABLATED_FEEDBACK:
        for projection in circuit.feedback:
            circuit.network.set_weights(projection, decoder.T)
    return learner


def signals(learner: Learner, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(cells,) teaching signals for one side minus those for the other, on average."""
    of_cells = learner.updates(X, y)[0].sum(axis=1)
    return of_cells[y == 1].mean(axis=0) - of_cells[y == 0].mean(axis=0)


def agreement(signal: np.ndarray, roles: np.ndarray) -> float | None:
    """The share of cells whose signal has the sign of their role, of those that get one; None if most do not."""
    reached = signal != 0.0
    return float(np.mean(np.sign(signal[reached]) == roles[reached])) if np.mean(reached) > 0.5 else None


def study(p: Parameters, rule: str, seed: int, control: str = "none") -> tuple[Found, Run]:
    """Signals and accuracy before and after learning, and the run of the last answers."""
    examples, roles = two_sides(p), roles_of(p, seed)
    learner = learner_of(p, rule, seed, examples, roles, control)
    X, y = examples.X[: p.probed], examples.y[: p.probed]
    before, accuracy = signals(learner, X, y), learner.score(examples.X_test, examples.y_test)
    for _ in range(p.epochs):
        learner.partial_fit(examples.X, examples.y)
    run = learner.answer(X)[1]
    after = learner.score(examples.X_test, examples.y_test)
    return Found(before, signals(learner, X, y), (accuracy, after)), run


def simulate(p: Parameters, seed: int, sink: Any = None, progress: Any = None) -> Outcome:
    """All rules, with feedback and, of those that have any, without."""
    roles, found, run = roles_of(p, seed), {}, None
    redrawn = roles_of(p, seed + 1000)
    metrics: dict[str, Any] = {}
    for rule in p.rules:
        found[rule], run = study(p, rule, seed)
        after = found[rule].after
        metrics[f"update_agreement.{rule}"] = agreement(after, roles)
        if rule not in NO_FEEDBACK:
            metrics[f"sign_agreement.{rule}"] = agreement(after, roles)
            metrics[f"first_sign_agreement.{rule}"] = agreement(found[rule].before, roles)
        metrics[f"redrawn_agreement.{rule}"] = agreement(after, redrawn)
        metrics[f"first_accuracy.{rule}"], metrics[f"accuracy.{rule}"] = found[rule].accuracy
        if rule not in (*NO_FEEDBACK, "bptt"):
            without = study(p, rule, seed, ABLATED_FEEDBACK)[0]
            metrics[f"ablated_agreement.{rule}"] = agreement(without.after, roles)
            metrics[f"ablated_accuracy.{rule}"] = without.accuracy[1]
    assert run is not None
    return Outcome(
        run, {k: v if v is None else finite(v) for k, v in metrics.items()}, {"found": found, "roles": roles}
    )


def figure(p: Parameters, outcome: Outcome) -> Figure:
    """The share of cells whose signal follows their role (a), and where the cursor goes (b), before and after."""
    drawn = new_figure(7.2, 0.9 + 0.24 * len(p.rules))
    left, right = (clean(each) for each in drawn.subplots(1, 2, sharey=True))
    metrics, places = outcome.metrics, np.arange(len(p.rules))
    for ax, name, color in ((left, "agreement", 0), (right, "accuracy", 1)):
        for place, rule in zip(places, p.rules, strict=True):
            sends = rule not in NO_FEEDBACK
            if name == "accuracy":
                pair = metrics[f"first_accuracy.{rule}"], metrics[f"accuracy.{rule}"]
            else:
                pair = tuple(agreement(each, outcome.data["roles"]) for each in _signals_of(outcome, rule))
            first, last = (np.nan if each is None else each for each in pair)
            ax.plot([first, last], [place, place], color="0.7", lw=1.0, zorder=1)
            ax.plot(first, place, "o", mfc="white", mec=colour(color), ms=4)
            filled = colour(color) if sends or name == "accuracy" else "0.6"
            ax.plot(last, place, "o" if sends or name == "accuracy" else "s", color=filled, ms=5)
        ax.axvline(0.5, color=INK, lw=0.8, ls=":")
        ax.set(xlim=(-0.03, 1.03))
    left.set_yticks(places, [rule.replace(":", ", ") for rule in p.rules])
    left.invert_yaxis()
    left.set(xlabel="cells whose teaching signal follows their role")
    right.set(xlabel="correct side (fraction of stimuli)")
    left.plot([], [], "o", mfc="white", mec=colour(0), ms=4, label="before learning")
    left.plot([], [], "o", color=colour(0), ms=5, label="after, feedback to each cell")
    left.plot([], [], "s", color="0.6", ms=5, label="after, one number for all")
    drawn.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
    letter_panels((left, right))
    return drawn


def _signals_of(outcome: Outcome, rule: str) -> tuple[np.ndarray, np.ndarray]:
    found = outcome.data["found"][rule]
    return found.before, found.after
