"""Credit assignment: one rule learns one task; its accuracy, its angle to the gradient, and what it costs.

`spikelearn compare` runs this for many rules, seeds and controls, and makes one table. Every rule gets the same
examples in the same order, and the same cells, unless its own are part of what it claims. Accuracy is measured with
learning off, on examples that were not learned: while a teacher is present, answers contain what it tells.

Yin-Yang is the main task (Kriener, Göltz & Petrovici 2022): a linear readout gets 64 % right, one of hidden cells that
do not learn 85 %. UCI's digits alone show nothing: there a logistic regression gets 97 %.

Controls: `frozen`, only the output learns; `linear`, no hidden layer; `shuffled_teacher`; `ablated_feedback`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from spikelearn.errors import ParameterError
from spikelearn.experiments import Outcome, Published, finite, parameter
from spikelearn.learning.assessment import assess, samples_to
from spikelearn.learning.examples import examples_of
from spikelearn.learning.rules import learner_for
from spikelearn.plots.panels import letter_panels, new_figure, plain_legend
from spikelearn.plots.style import clean, colour

CHECKPOINTS = (0, 1, 2, 5, 10)
"""Epochs after which angles are measured, beside the last."""
FLAGS = {"True": True, "False": False, "true": True, "false": False}
OWN = {"control": "control", "seed": "learner_seed"}
"""Parameter of a learner -> that of this model which sets it."""
SHOWN = 200
"""Test examples in the run whose raster is drawn."""


@dataclass(frozen=True)
class Parameters:
    rule: str = parameter("fa", "", "name of the rule")
    task: str = parameter("yin_yang", "", "one of spikelearn.learning.examples.TASKS, such as yin_yang")
    control: str = parameter("none", "", "none, frozen, linear, shuffled_teacher or ablated_feedback")
    learner_seed: int = parameter(1, "", "seed of weights, order and noise")
    epochs: int = parameter(0, "", "passes over the examples; 0 for the rule's own number")
    learning_rate: tuple[float, ...] = parameter((), "", "of hidden layers and output; none for the rule's own")
    decay: float = parameter(0.0, "", "of learning rates from epoch to epoch; 0 for the rule's own")
    hidden: tuple[int, ...] = parameter((), "", "sizes of hidden layers; none for the task's")
    options: tuple[str, ...] = parameter((), "", "other parameters of the learner, such as steps=60 or feedback=tied")
    examples: int = parameter(0, "", "learn from the first so many only; 0 for all")
    tests: int = parameter(0, "", "test on the first so many only; 0 for all")
    angles: bool = parameter(True, "", "measure angles, where there is no control")
    validation: bool = parameter(False, "", "test on other examples than those of the table: for tuning")
    mnist: str = parameter("", "", "folder of the MNIST files")


TUNED = "rates and decay of each rule, on validation points with seeds 101 and 102; some by hand, as its page says"
QUICK = {"epochs": 2, "examples": 500, "tests": 200}
PUBLISHED = {"test_accuracy": Published("0.976 (backpropagation, rate neurons, 4-30-3)", source="Kriener et al. 2022")}


def option(text: str) -> tuple[str, Any]:
    """The name and the value, a flag or a number where it is one."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise ParameterError(f"options: expected NAME=VALUE, got {text!r}")
    if value in FLAGS:
        return name, FLAGS[value]
    for number in (int, float):
        try:
            return name, number(value)
        except ValueError:
            continue
    return name, value


def simulate(p: Parameters, seed: int, sink: Any = None, progress: Any = None) -> Outcome:
    examples = examples_of(p.task, p.validation, p.mnist)
    examples = examples.first(p.examples or len(examples.X), p.tests or len(examples.X_test))
    given = dict(examples.learner) | {"seed": p.learner_seed}
    given |= {"hidden": p.hidden} if p.hidden else {}
    given |= {"learning_rate": p.learning_rate} if p.learning_rate else {}
    given |= {"decay": p.decay} if p.decay else {}
    options = dict(option(each) for each in p.options)
    if own := [f"{OWN[name]} instead of {name}" for name in options if name in OWN]:
        raise ParameterError(f"options: set the parameter {', '.join(own)}")
    given |= options
    known = learner_for(p.rule).get_params()
    if unknown := [name for name in given if name not in known]:
        raise ParameterError(f"options: {p.rule} has no {', '.join(unknown)}; it has {', '.join(known)}")
    learner = learner_for(p.rule, p.task, p.control, **given)
    epochs = p.epochs or learner.epochs
    course = assess(learner, examples, epochs, (*CHECKPOINTS, epochs) if p.angles and p.control == "none" else ())
    metrics: dict[str, Any] = {"test_accuracy": course[-1].accuracy, "samples_to_90": finite(samples_to(course, 0.9))}
    for each in course:
        metrics |= {f"test_accuracy.epoch_{each.epoch}": each.accuracy, f"samples.epoch_{each.epoch}": each.samples}
        for k, angle in enumerate(each.angles, 1):
            metrics |= {f"{name}.layer_{k}.epoch_{each.epoch}": finite(value) for name, value in asdict(angle).items()}
    metrics |= learner.cost_.metrics()
    return Outcome(learner.answer(examples.X_test[:SHOWN])[1], metrics, {"course": course})


def figure(p: Parameters, outcome: Outcome) -> Figure:
    """Accuracy by presentations, and the angle of each projection by epoch."""
    course = outcome.data["course"]
    drawn = new_figure(6.4, 3.0)
    left, right = (clean(each) for each in drawn.subplots(1, 2))
    left.plot([each.samples for each in course], [each.accuracy for each in course], color=colour(0), marker="o", ms=3)
    left.set(xlabel="presentations", ylabel="test accuracy", ylim=(0.0, 1.0))
    measured = [each for each in course if each.angles]
    for k in range(len(measured[0].angles) if measured else 0):
        angles, errors = (
            np.array([getattr(each.angles[k], name) for each in measured]) for name in ("single", "error")
        )
        look = {"color": colour(k), "marker": "os^D"[k % 4], "ms": 4, "lw": 1.0, "capsize": 2}
        right.errorbar([each.epoch for each in measured], angles, 3.0 * errors, label=f"projection {k + 1}", **look)
    right.axhline(90.0, color="0.7", lw=0.8)
    right.set(xlabel="epochs learned", ylabel="angle to minus the gradient (degrees)", ylim=(0.0, 120.0))
    if measured:
        plain_legend(right)
    letter_panels((left, right))
    return drawn
