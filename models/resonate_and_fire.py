"""Resonate-and-fire cells: do complex potentials help, and do they help in recurrent networks only?

Izhikevich 2001, Neural Networks 14:883; balanced, Higuchi, Kairat, Bohte & Otte 2024, ICML (PMLR 235). Hidden cells
that oscillate are compared with leaky cells, with and without adaptive thresholds. All are trained by the same
surrogate gradient, with as many learning rates tried for each on validation examples (`settings`), on

- `pixels`: UCI's digits, one of the 64 pixels in each step; the answer is given in the last one;
- `frequency`: which of four frequencies has an oscillation in twice as much noise;
- `yin_yang`: points, without an order in time, and without recurrent connections.

Criteria, chosen here: recurrent resonators reach the accuracy of recurrent leaky cells with at most half the
presentations and end 0.03 higher on sequences; on Yin-Yang, feed-forward, they gain nothing. Whether a recurrent
network is needed for the gain is what feed-forward resonators on the same sequences show.

Controls: `still`, the same cells with a frequency of 0, which forget as slowly but do not turn; `frozen`, recurrent
resonators of which only the output learns; `shuffled`, with the labels of other examples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from spikelearn.experiments import Outcome, Published, finite, parameter
from spikelearn.learning.assessment import Checkpoint, assess, samples_to
from spikelearn.learning.examples import Examples, examples_of
from spikelearn.learning.learner import Learner
from spikelearn.learning.rules import learner_for
from spikelearn.plots.panels import letter_panels, new_figure, plain_title
from spikelearn.plots.style import CONTROL, DASHED, DOTTED, PALETTE, clean


@dataclass(frozen=True)
class Parameters:
    epochs: int = parameter(10, "", "passes over the sequences")
    decay: float = parameter(0.95, "", "of learning rates from epoch to epoch, for sequences")
    recurrence: float = parameter(0.5, "", "size of recurrent weights at first, relative to those between layers")
    examples: int = parameter(0, "", "learn from the first so many only; 0 for all")
    tests: int = parameter(0, "", "test on the first so many only; 0 for all")
    settings: int = parameter(0, "", "learning rates to try for each, on validation examples; 0 for those found so")
    tuning_epochs: int = parameter(5, "", "passes over the sequences with each of them")


QUICK = {"epochs": 3, "examples": 400, "tests": 150}
SEEDS = 3
PUBLISHED = {
    "gain.pixels": Published("at least 0.03", low=0.03, source="chosen here"),
    "gain.frequency": Published("at least 0.03", low=0.03, source="chosen here"),
    "samples_ratio.pixels": Published("at most 0.5", high=0.5, source="chosen here"),
    "samples_ratio.frequency": Published("at most 0.5", high=0.5, source="chosen here"),
    "gain.yin_yang": Published("none", high=0.01, source="chosen here"),
    "gain_feed_forward.pixels": Published("none, if it takes a recurrent network", source="the claim"),
    "gain_feed_forward.frequency": Published("none, if it takes a recurrent network", source="the claim"),
    "shuffled.pixels": Published("0.10: chance", high=0.2, source="control"),
    "shuffled.frequency": Published("0.25: chance", high=0.35, source="control"),
}

SEQUENCES = ("pixels", "frequency")
NETWORKS: dict[str, tuple[str, bool, dict[str, Any]]] = {
    "LIF": ("bptt", True, {}),
    "adaptive LIF": ("bptt", True, {"adaptive": 0.5}),
    "resonators": ("bptt_resonate", True, {}),
    "still": ("bptt_resonate", True, {"omega": (0.0, 0.0)}),
    "LIF, feed-forward": ("bptt", False, {}),
    "resonators, feed-forward": ("bptt_resonate", False, {}),
}
"""Name -> rule, whether hidden cells are connected with each other, and parameters."""
CONTROLS = {"frozen": "frozen", "shuffled": "shuffled_teacher"}
"""Of recurrent resonators."""
TRIED = (0.03, 0.1, 0.01)
"""Learning rates, in the order in which they are tried."""
TUNING_SEEDS = (101, 102)
RATES: dict[tuple[str, str], float] = {
    ("pixels", "LIF"): 0.1, ("frequency", "LIF"): 0.01,
    ("pixels", "adaptive LIF"): 0.01, ("frequency", "adaptive LIF"): 0.1,
    ("pixels", "resonators"): 0.03, ("frequency", "resonators"): 0.01,
    ("pixels", "still"): 0.01, ("frequency", "still"): 0.03,
    ("pixels", "LIF, feed-forward"): 0.1, ("frequency", "LIF, feed-forward"): 0.01,
    ("pixels", "resonators, feed-forward"): 0.03, ("frequency", "resonators, feed-forward"): 0.1,
    ("pixels", "frozen"): 0.1, ("frequency", "frozen"): 0.1,
}  # fmt: skip
"""(task, network or control) -> the best of TRIED in 5 epochs, by mean accuracy on validation examples, seeds 101 and
102: `spikelearn run resonate_and_fire --set settings=3`. Others have the first."""


def learner_of(p: Parameters, task: str, name: str, seed: int, rate: float, examples: Examples) -> Learner:
    """A network for sequences, not fitted."""
    rule, recurrent, given = NETWORKS["resonators" if name in CONTROLS else name]
    given = dict(examples.learner) | given | {"recurrence": p.recurrence * recurrent, "seed": seed}
    return learner_for(rule, "", CONTROLS.get(name, "none"), learning_rate=rate, decay=p.decay, **given)


def shown(p: Parameters, task: str, validation: bool = False) -> Examples:
    found = examples_of(task, validation)
    return found.first(p.examples or len(found.X), p.tests or len(found.X_test))


def best_rate(p: Parameters, task: str, name: str) -> float:
    """The learning rate of a network for a task; shuffled labels are learned with that of the right ones."""
    name = "resonators" if name == "shuffled" else name
    if not p.settings:
        return RATES.get((task, name), TRIED[0])
    examples = shown(p, task, validation=True)
    found = []
    for rate in TRIED[: p.settings]:
        learners = [learner_of(p, task, name, seed, rate, examples) for seed in TUNING_SEEDS]
        for each in learners:
            each.set_params(epochs=p.tuning_epochs).fit(examples.X, examples.y)
        found.append(np.mean([each.score(examples.X_test, examples.y_test) for each in learners]))
    return TRIED[int(np.argmax(found))]


def samples_ratio(course: list[Checkpoint], reference: list[Checkpoint]) -> float:
    """Presentations until the best accuracy of a reference is reached, over those that the reference took."""
    best = max(each.accuracy for each in reference)
    return samples_to(course, best) / max(samples_to(reference, best), 1.0)


def simulate(p: Parameters, seed: int, sink: Any = None, progress: Any = None) -> Outcome:
    courses: dict[tuple[str, str], list[Checkpoint]] = {}
    metrics: dict[str, Any] = {}
    for task in SEQUENCES:
        examples = shown(p, task)
        for name in (*NETWORKS, *CONTROLS):
            rate = best_rate(p, task, name)
            learner = learner_of(p, task, name, seed, rate, examples)
            courses[task, name] = assess(learner, examples, p.epochs)
            metrics |= {f"{name}.{task}": courses[task, name][-1].accuracy, f"rate.{name}.{task}": rate}
        of = {name: courses[task, name] for name in (*NETWORKS, *CONTROLS)}
        metrics[f"gain.{task}"] = of["resonators"][-1].accuracy - of["LIF"][-1].accuracy
        metrics[f"gain_feed_forward.{task}"] = (
            of["resonators, feed-forward"][-1].accuracy - of["LIF, feed-forward"][-1].accuracy
        )
        metrics[f"samples_ratio.{task}"] = finite(samples_ratio(of["resonators"], of["LIF"]))
    examples = shown(p, "yin_yang")
    for rule, name in (("bptt", "LIF, feed-forward"), ("bptt_resonate", "resonators, feed-forward")):
        learner = learner_for(rule, "yin_yang", **dict(examples.learner), seed=seed)
        courses["yin_yang", name] = assess(learner, examples, learner.epochs)
        metrics[f"{name}.yin_yang"] = courses["yin_yang", name][-1].accuracy
    metrics["gain.yin_yang"] = metrics["resonators, feed-forward.yin_yang"] - metrics["LIF, feed-forward.yin_yang"]
    return Outcome(learner.answer(examples.X_test)[1], metrics, {"courses": courses})


LOOKS: dict[str, dict[str, Any]] = {
    "resonators": {"color": PALETTE[1], "marker": "o"},
    "resonators, feed-forward": {"color": PALETTE[1], "marker": "o", "mfc": "white", "ls": DASHED},
    "still": {"color": PALETTE[5], "marker": "D"},
    "adaptive LIF": {"color": PALETTE[2], "marker": "s"},
    "LIF": {"color": PALETTE[0], "marker": "^"},
    "LIF, feed-forward": {"color": PALETTE[0], "marker": "^", "mfc": "white", "ls": DASHED},
    "frozen": {"color": CONTROL, "ls": DOTTED},
    "shuffled": {"color": CONTROL, "ls": DASHED},
}


def figure(p: Parameters, outcome: Outcome) -> Figure:
    """Test accuracy by presentations, for each task."""
    courses = outcome.data["courses"]
    drawn = new_figure(7.6, 3.0)
    axes = [clean(each) for each in drawn.subplots(1, 3)]
    for ax, task in zip(axes, (*SEQUENCES, "yin_yang"), strict=True):
        for name, look in LOOKS.items():
            if (task, name) in courses:
                course = courses[task, name]
                x, y = ([getattr(each, of) for each in course] for of in ("samples", "accuracy"))
                ax.plot(x, y, ms=3, lw=1.2, label=name, **look)
        ax.set(xlabel="presentations", ylim=(0.0, 1.0))
        plain_title(ax, task.replace("_", "-"))
    axes[0].set(ylabel="test accuracy")
    handles, labels = axes[0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=7)
    letter_panels(axes)
    return drawn
