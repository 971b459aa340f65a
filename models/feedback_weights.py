"""Feedback weights: a rule learns with weights back that are fixed, tied or learned; how near do they and it come?

One rule learns Yin-Yang with one choice of its option `feedback` (spikelearn/learning/feedback.py). At the end: the
accuracy with learning off; the angle between the feedback weights V and W^T, the forward weights that they are to be
like; and that between what one example changes in the first layer and minus the gradient of the rule's loss, where it
has one. With "fixed" the forward weights come to be like the feedback (Lillicrap et al. 2016, Nat. Commun. 7:13276),
with "tied" they are it, with "kolen_pollack" both learn (Kolen & Pollack 1994, IEEE ICNN 3:1375), with "weight_mirror"
feedback learns from noise (Akrout et al. 2019, NeurIPS 32:974).

Control: `ablated`, feedback of weight 0. `python scripts/feedback_weights.py` makes the table of all rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from spikelearn.experiments import Outcome, Published, finite, parameter
from spikelearn.learning.assessment import angles_of
from spikelearn.learning.controls import ABLATED_FEEDBACK, NONE
from spikelearn.learning.examples import examples_of
from spikelearn.learning.feedback import FIXED, LearnerWithFeedback
from spikelearn.learning.rules import learner_for
from spikelearn.plots.panels import new_figure
from spikelearn.plots.style import clean, colour

ABLATED = "ablated"


@dataclass(frozen=True)
class Parameters:
    rule: str = parameter("fa", "", "name of the rule")
    feedback: str = parameter("weight_mirror", "", "fixed, tied, kolen_pollack, weight_mirror, or ablated: of weight 0")
    learner_seed: int = parameter(1, "", "seed of weights, order and noise")
    epochs: int = parameter(10, "", "passes over the examples")
    examples: int = parameter(5000, "", "points to learn from")
    probed: int = parameter(200, "", "points for which the angle of updates is measured")


TUNED = "rates of each rule for its own feedback, on validation points with seeds 101 and 102; loud noise on 101"
QUICK = {"epochs": 2, "examples": 500, "probed": 20}
PUBLISHED: dict[str, Published] = {}


def simulate(p: Parameters, seed: int, sink: Any = None, progress: Any = None) -> Outcome:
    task = examples_of("yin_yang").first(p.examples, 1000)
    ablated = p.feedback == ABLATED
    learner = learner_for(
        p.rule, "yin_yang", ABLATED_FEEDBACK if ablated else NONE, seed=p.learner_seed,
        **dict(task.learner), **{"feedback": FIXED if ablated else p.feedback},
    ).prepare(task.X, task.y)  # fmt: skip
    assert isinstance(learner, LearnerWithFeedback)
    course = [learner.feedback_angles()[0]]
    for _ in range(p.epochs):
        course.append(learner.partial_fit(task.X, task.y).feedback_angles()[0])
    angles = angles_of(learner, task.X_test[: p.probed], task.y_test[: p.probed])
    metrics = {
        "accuracy": learner.score(task.X_test, task.y_test),
        "feedback_angle": None if ablated else finite(course[-1]),
        "update_angle": finite(angles[0].single) if angles else None,
        "cpu_s": learner.cost_.metrics()["cpu_s"],
    }
    return Outcome(learner.answer(task.X_test[:10])[1], metrics, {"course": course})


def figure(p: Parameters, outcome: Outcome) -> Figure:
    """The angle between V and W^T by epoch."""
    drawn = new_figure(3.4, 2.6)
    ax = clean(drawn.subplots())
    ax.plot(outcome.data["course"], color=colour(0), marker="o", ms=3)
    ax.axhline(90.0, color="0.7", lw=0.8)
    ax.set(xlabel="epochs learned", ylabel="V to $W^T$ (degrees)", ylim=(0.0, 120.0), title=f"{p.rule}, {p.feedback}")
    return drawn
