"""Resonate-and-fire cells: do complex potentials help, and do they help in recurrent networks only?

Izhikevich 2001, Neural Networks 14:883; balanced, Higuchi, Kairat, Bohte & Otte 2024, ICML (PMLR 235). Hidden cells
that oscillate are compared with leaky cells, with and without adaptive thresholds. All are trained by the same
surrogate gradient, with as many settings tried for each on validation examples (`settings`): of learning rate, weights
from the input and among hidden cells at first, and the time constant of leaky cells. The sequences are

- `pixels`: UCI's digits, one of the 64 pixels in each step; the answer is given in the last one;
- `frequency`: which of four frequencies has an oscillation in twice as much noise;

and besides there are the points of `yin_yang`, without an order in time, and without recurrent connections.

Criteria, chosen here: recurrent resonators reach the accuracy of recurrent leaky cells with at most half the
presentations and end 0.03 higher on sequences; on Yin-Yang, feed-forward, they gain nothing. Whether a recurrent
network is needed for the gain is what feed-forward resonators on the same sequences show.

Cells are those of the authors' program (AdaptiveAILab/brf-neurons), but that input counts ten times as much and a
potential at threshold is a spike; its surrogate gradient (two Gaussians), its output cells with learned time constants,
and its frequencies at first (15 to 85 rad/s of 100 steps, here 15 to 50) are others, as are tasks, sizes and epochs.

Controls: `still`, the same cells with a frequency of 0, which forget as slowly but do not turn; `frozen`, recurrent
resonators of which only the output learns; `shuffled`, with the labels of other examples.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from spikelearn.experiments import Control, Goal, Outcome, finite, parameter
from spikelearn.learning.assessment import Checkpoint, assess, samples_to
from spikelearn.learning.examples import Examples, examples_of
from spikelearn.learning.layers import TAU_M
from spikelearn.learning.learner import Learner
from spikelearn.learning.rules import learner_for
from spikelearn.plots.panels import letter_panels, new_figure, plain_title
from spikelearn.plots.style import CONTROL, DASHED, DOTTED, PALETTE, clean


@dataclass(frozen=True)
class Parameters:
    epochs: int = parameter(10, "", "passes over the sequences")
    decay: float = parameter(0.95, "", "of learning rates from epoch to epoch, for sequences")
    examples: int = parameter(0, "", "learn from the first so many only; 0 for all")
    tests: int = parameter(0, "", "test on the first so many only; 0 for all")
    settings: int = parameter(0, "", "settings to try for each, on validation examples; 0 for those found so")
    tuning_epochs: int = parameter(10, "", "passes over the sequences with each of them")


QUICK = {"epochs": 3, "examples": 400, "tests": 150}
SEEDS = 5
TUNED = "12 settings for each network and control, on validation examples with seeds 101 and 102"
PUBLISHED = {
    "gain.pixels": Goal("at least 0.03", low=0.03, source="chosen here"),
    "gain.frequency": Goal("at least 0.03", low=0.03, source="chosen here"),
    "samples_ratio.pixels": Goal("at most 0.5", high=0.5, source="chosen here"),
    "samples_ratio.frequency": Goal("at most 0.5", high=0.5, source="chosen here"),
    "gain.yin_yang": Goal("none", high=0.01, source="chosen here"),
    "gain_feed_forward.pixels": Goal("none, if it takes a recurrent network", source="the claim"),
    "gain_feed_forward.frequency": Goal("none, if it takes a recurrent network", source="the claim"),
    "shuffled.pixels": Control("0.10: chance", high=0.2, source="control"),
    "shuffled.frequency": Control("0.25: chance", high=0.35, source="control"),
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
TRIED: dict[str, tuple[float, ...]] = {
    "learning_rate": (0.003, 0.01, 0.03, 0.1), "input_scale": (1.0, 3.0, 10.0, 30.0), "recurrence": (0.1, 0.5, 1.0),
    "tau_m": (TAU_M, 40.0, 160.0),
}  # fmt: skip
"""Parameter -> values, of which settings are drawn."""
TUNING_SEEDS = (101, 102)
FOUND: dict[tuple[str, str], tuple[float, ...]] = {
    ("pixels", "LIF"): (0.1, 30.0, 1.0, 40.0),
    ("pixels", "adaptive LIF"): (0.1, 30.0, 0.1, TAU_M),
    ("pixels", "resonators"): (0.03, 10.0, 0.5, TAU_M),
    ("pixels", "still"): (0.01, 3.0, 1.0, TAU_M),
    ("pixels", "LIF, feed-forward"): (0.03, 3.0, 1.0, TAU_M),
    ("pixels", "resonators, feed-forward"): (0.03, 3.0, 0.1, 160.0),
    ("pixels", "frozen"): (0.1, 10.0, 0.5, 160.0),
    ("frequency", "LIF"): (0.003, 10.0, 1.0, 160.0),
    ("frequency", "adaptive LIF"): (0.01, 30.0, 1.0, TAU_M),
    ("frequency", "resonators"): (0.03, 10.0, 0.5, 40.0),
    ("frequency", "still"): (0.1, 3.0, 1.0, TAU_M),
    ("frequency", "LIF, feed-forward"): (0.1, 30.0, 0.5, TAU_M),
    ("frequency", "resonators, feed-forward"): (0.03, 1.0, 1.0, TAU_M),
    ("frequency", "frozen"): (0.03, 1.0, 1.0, TAU_M),
}
"""(task, network or control) -> values of TRIED, in its order, the best of 12 settings by mean accuracy on validation
examples, seeds 101 and 102: `spikelearn run resonate_and_fire --set settings=12`."""


def learner_of(name: str, seed: int, setting: Mapping[str, float], p: Parameters, examples: Examples) -> Learner:
    """A network for sequences, not fitted."""
    rule, recurrent, given = NETWORKS["resonators" if name in CONTROLS else name]
    given = dict(examples.learner) | given | dict(setting) | {"seed": seed}
    given["recurrence"] *= recurrent
    if rule == "bptt_resonate":  # a resonator has damping instead
        del given["tau_m"]
    return learner_for(rule, "", CONTROLS.get(name, "none"), decay=p.decay, **given)


def shown(p: Parameters, task: str, validation: bool = False) -> Examples:
    found = examples_of(task, validation)
    return found.first(p.examples or len(found.X), p.tests or len(found.X_test))


def best_setting(p: Parameters, task: str, name: str) -> dict[str, float]:
    """Of a network for a task; shuffled labels are learned with that of the right ones."""
    name = "resonators" if name == "shuffled" else name
    if not p.settings:
        return dict(zip(TRIED, FOUND[task, name], strict=True))
    examples = shown(p, task, validation=True)
    generator = np.random.default_rng(zlib.crc32(f"{task} {name}".encode()))
    settings, found = [], []
    for _ in range(p.settings):
        settings.append({each: float(generator.choice(values)) for each, values in TRIED.items()})
        learners = [learner_of(name, seed, settings[-1], p, examples) for seed in TUNING_SEEDS]
        for each in learners:
            each.set_params(epochs=p.tuning_epochs).fit(examples.X, examples.y)
        found.append(np.mean([each.score(examples.X_test, examples.y_test) for each in learners]))
    return settings[int(np.argmax(found))]


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
            setting = best_setting(p, task, name)
            courses[task, name] = assess(learner_of(name, seed, setting, p, examples), examples, p.epochs)
            metrics[f"{name}.{task}"] = courses[task, name][-1].accuracy
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
