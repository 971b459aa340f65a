"""Rules side by side: a sweep over rules, seeds and controls, and one table with a row for each rule, task and seed."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spikelearn import sweep
from spikelearn.errors import ParameterError
from spikelearn.learning.controls import FROZEN, LINEAR, NONE, SHUFFLED_TEACHER
from spikelearn.learning.examples import TASKS, Examples, examples_of
from spikelearn.learning.rules import KNOWN, RULES, learner_for
from spikelearn.sweep.design import Design
from spikelearn.values import whole_number

MODEL = "credit_assignment"
"""The model file that is run for each rule, task, seed and control."""
CONTROLS = {FROZEN: "frozen_accuracy", LINEAR: "linear_accuracy", SHUFFLED_TEACHER: "shuffled_accuracy"}
"""Control -> the column with its accuracy."""
COLUMNS = (
    "rule", "task", "seed", "test_accuracy", *CONTROLS.values(), "angle_deg", "angle_averaged_deg", "samples_to_90",
    "events_forward", "events_feedback", "events_plasticity", "cpu_s",
)  # fmt: skip
"""Of the table. angle_deg, angle_averaged_deg: a list, a number for each forward projection after the last epoch.
events_: synaptic events of one presentation that teaches; none where presentations are no trials of the engine. cpu_s:
of all presentations that taught."""


@dataclass(frozen=True)
class Comparison:
    """rows: column -> value, for each rule, task and seed; a control that was not computed is None. courses: for the
    same, name of a metric -> {epoch: value}."""

    rows: list[dict[str, Any]]
    courses: list[dict[str, dict[int, float]]]


def compare(
    out: str | os.PathLike[str], task: str = "yin_yang", rules: Sequence[str] | None = None, seeds: int = 5,
    controls: Sequence[str] = tuple(CONTROLS), **options: Any,
) -> Comparison:  # fmt: skip
    """Compute what is missing in the store `out`, and return the table of all that is in it.

    task: a key of TASKS. rules: keys of KNOWN; None for all of RULES, of a task of sequences those that learn them.
    seeds: learners of each rule. controls: keys of CONTROLS.
    options: of `sweep.run`, such as quick, workers and settings. Raises ParameterError for an unknown name and for a
    rule that cannot learn the task, ExperimentError for MNIST without its files, otherwise what `sweep.run` raises.
    """
    for what, given, known in (("task", [task], TASKS), ("controls", controls, CONTROLS)):
        if unknown := [name for name in given if name not in known]:
            raise ParameterError(f"{what}: expected any of {', '.join(known)}, got {', '.join(map(repr, unknown))}")
    folder = (options.get("settings") or {}).get("mnist", "")
    rules = _rules(rules, examples_of(task, mnist=folder))
    points = [
        {"rule": rule, "task": task, "control": control, "learner_seed": seed}
        for seed in range(1, whole_number(seeds, "seeds", least=1) + 1)
        for rule in rules
        for control in (NONE, *controls)
    ]
    return comparison_of(sweep.run(MODEL, out, Design(rows=points), **options).table().to_pylist())


def _rules(given: Sequence[str] | None, examples: Examples) -> list[str]:
    """The rules given, or all that learn such examples. Raises ParameterError."""
    sequences = int(examples.learner.get("elements", 1)) > 1
    if given is None:
        return [rule for rule, learner in RULES.items() if learner.sequences or not sequences]
    learners = {rule: learner_for(rule) for rule in given}
    if unable := [rule for rule, learner in learners.items() if sequences and not learner.sequences]:
        raise ParameterError(f"rules: the task is one of sequences, which {', '.join(unable)} cannot learn")
    return list(learners)


def comparison_of(points: Iterable[Mapping[str, Any]]) -> Comparison:
    """The rows and courses of the points of a store, as its table lists them."""
    found: dict[tuple[str, str, int], dict[str, Mapping[str, Any]]] = {}
    for point in points:
        where = str(point["rule"]), str(point["task"]), int(point["learner_seed"])
        found.setdefault(where, {})[str(point["control"])] = point
    order = {rule: k for k, rule in enumerate(KNOWN)}
    places = sorted(found, key=lambda place: (place[1], order.get(place[0], len(order)), place[2]))
    rows, courses = [], []
    for place in places:
        by_control = found[place]
        ruled = by_control.get(NONE, {})
        course = _course(ruled)
        row: dict[str, Any] = dict(zip(("rule", "task", "seed"), place, strict=True))
        row["test_accuracy"] = _number(ruled.get("test_accuracy"))
        for control, column in CONTROLS.items():
            row[column] = _number(by_control.get(control, {}).get("test_accuracy"))
        row |= {"angle_deg": _of_layers(course, "single"), "angle_averaged_deg": _of_layers(course, "averaged")}
        row |= {name: _number(ruled.get(name)) for name in COLUMNS[COLUMNS.index("samples_to_90") :]}
        rows.append(row)
        courses.append(course)
    return Comparison(rows, courses)


def _course(point: Mapping[str, Any]) -> dict[str, dict[int, float]]:
    """Name of a metric -> {epoch: value}, for the metrics that are called NAME.epoch_EPOCH."""
    course: dict[str, dict[int, float]] = {}
    for column, value in point.items():
        match = re.fullmatch(r"(.+)\.epoch_(\d+)", column)
        if match and _number(value) is not None:
            course.setdefault(match[1], {})[int(match[2])] = float(value)
    return {name: dict(sorted(values.items())) for name, values in course.items()}


def _of_layers(course: Mapping[str, Mapping[int, float]], name: str) -> list[float]:
    """The last value of each layer, from the first layer on; empty where there is none."""
    layers = sorted(int(each.rpartition("_")[2]) for each in course if each.startswith(f"{name}.layer_"))
    return [list(course[f"{name}.layer_{k}"].values())[-1] for k in layers]


def _number(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
