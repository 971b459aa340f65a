"""A comparison as files: a table in CSV, Markdown and Parquet, and its figures."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spikelearn.atomic_files import replacing
from spikelearn.extras import needed
from spikelearn.learning.comparison import COLUMNS, Comparison
from spikelearn.learning.locality import MEANINGS
from spikelearn.learning.rules import KNOWN
from spikelearn.plots.comparison import (
    accuracy_by_events,
    accuracy_by_samples,
    angle_by_epoch,
    rules_beside_controls,
    what_must_be_known,
)
from spikelearn.plots.style import save

TITLES = {
    "test_accuracy": "test accuracy", "frozen_accuracy": "frozen", "linear_accuracy": "linear",
    "shuffled_accuracy": "shuffled", "angle_deg": "angle (deg)", "angle_averaged_deg": "averaged angle (deg)",
    "samples_to_90": "samples to 90 %", "events_forward": "events forward", "events_feedback": "feedback",
    "events_plasticity": "plasticity", "cpu_s": "CPU (s)",
}  # fmt: skip
"""Column -> its heading in Markdown."""
NEEDED = "What a synapse must know, and what must be there besides:"


def write_tables(comparison: Comparison, directory: Path, stem: str = "comparison") -> list[Path]:
    """Write stem.csv, stem.md and stem.parquet; returns their paths."""
    paths = [directory / f"{stem}.{suffix}" for suffix in ("csv", "md", "parquet")]
    for path, text in zip(paths, (comma_separated(comparison), markdown(comparison)), strict=False):
        with replacing(path) as temporary:
            Path(temporary).write_text(text, encoding="utf-8")
    pyarrow, parquet = needed("pyarrow", "comparisons"), needed("pyarrow.parquet", "comparisons")
    with replacing(paths[2]) as temporary:
        parquet.write_table(pyarrow.Table.from_pylist(comparison.rows), temporary)
    return paths


def comma_separated(comparison: Comparison) -> str:
    """CSV: a line for each rule, task and seed. Lists are written as JSON."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in comparison.rows:
        writer.writerow({name: json.dumps(value) if isinstance(value, list) else value for name, value in row.items()})
    return text.getvalue()


def markdown(comparison: Comparison) -> str:
    """The table of a comparison, and what a synapse must know."""
    rules = dict.fromkeys(row["rule"] for row in comparison.rows)
    return f"{rules_table(comparison)}\n{NEEDED}\n\n{needs_table(list(rules))}"


def rules_table(comparison: Comparison, columns: Sequence[str] = tuple(TITLES)) -> str:
    """Markdown: a line for each rule and task, with mean and standard deviation over seeds. columns: of TITLES."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in comparison.rows:
        groups.setdefault((row["task"], row["rule"]), []).append(row)
    lines = [["task", "rule", "seeds", *(TITLES[name] for name in columns)]]
    for (task, rule), rows in groups.items():
        lines.append([task, rule, str(len(rows)), *(_cell([row[name] for row in rows], name) for name in columns)])
    return _table(lines)


def angles_table(comparison: Comparison, layer: int = 1) -> str:
    """Markdown: for each rule and epoch at which it was measured, the angle of a forward projection, 1 for the first.

    That of single examples, with its standard error over these, and that of their sum: means over seeds. Empty without
    angles.
    """
    names = [f"{name}.layer_{layer}" for name in ("single", "error", "averaged")]
    found: dict[str, list[Mapping[str, Mapping[int, float]]]] = {}
    for row, course in zip(comparison.rows, comparison.courses, strict=True):
        if all(name in course for name in names):
            found.setdefault(row["rule"], []).append(course)
    if not found:
        return ""
    epochs = sorted({epoch for courses in found.values() for course in courses for epoch in course[names[0]]})
    lines = [["rule", *(f"epoch {epoch}" for epoch in epochs)]]
    for rule, courses in found.items():
        cells = []
        for epoch in epochs:
            there = [[course[name][epoch] for name in names] for course in courses if epoch in course[names[0]]]
            single, error, averaged = np.mean(there, axis=0) if there else [np.nan] * 3
            cells.append(f"{single:.1f} ± {error:.1f}; {averaged:.1f}" if there else "")
        lines.append([rule, *cells])
    return _table(lines)


def needs_table(rules: Sequence[str]) -> str:
    """Markdown: a line for each rule that is known, with what a synapse must know."""
    lines = [["rule", *MEANINGS.values()]]
    lines += [[rule, *("yes" if each else "" for each in needs.values())] for rule, needs in _needs(rules).items()]
    return _table(lines)


def _needs(rules: Sequence[str]) -> dict[str, dict[str, bool]]:
    """Rule -> {what a synapse may have to know: whether it must}, without rules that are not known."""
    known = {rule: KNOWN[rule].locality for rule in rules if rule in KNOWN}
    return {rule: {what: getattr(each, name) for name, what in MEANINGS.items()} for rule, each in known.items()}


def _cell(values: Sequence[Any], name: str) -> str:
    """Mean and standard deviation over seeds; for each layer, if there are several."""
    digits = 0 if name.startswith(("samples", "events")) else 3 if name.endswith("accuracy") else 1
    there = [value for value in values if value is not None and value != []]
    if not there:
        return "n/a"
    table = np.array(there, float).reshape(len(there), -1)
    spread = table.std(axis=0, ddof=1) if len(there) > 1 else np.full(table.shape[1], np.nan)
    cells = [
        f"{mean:,.{digits}f}" + ("" if np.isnan(each) else f" ± {each:,.{digits}f}")
        for mean, each in zip(table.mean(axis=0), spread, strict=True)
    ]
    missing = f" ({len(there)} of {len(values)})" if len(there) < len(values) else ""
    return ", ".join(cells) + missing


def _table(lines: Sequence[Sequence[str]]) -> str:
    head, *rest = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([head, f"|{'---|' * len(lines[0])}", *rest]) + "\n"


def write_figures(comparison: Comparison, directory: Path) -> list[Path]:
    """Write, for each task, all rules beside their controls, accuracy by samples and, where there are such, by synaptic
    events, and angles by epoch.

    Returns their paths.
    """
    paths = []
    for task in dict.fromkeys(row["task"] for row in comparison.rows):
        of_task = [(row, course) for row, course in zip(comparison.rows, comparison.courses, strict=True)
                   if row["task"] == task and course]  # fmt: skip
        if not of_task:
            continue
        courses: dict[str, list[Any]] = {}
        for row, course in of_task:
            courses.setdefault(row["rule"], []).append(course)
        rows = [row for row, _ in of_task]
        drawn = {"rules": rules_beside_controls(rows)[0], "accuracy": accuracy_by_samples(courses)[0]}
        if events := _events(comparison, task):
            drawn["events"] = accuracy_by_events(courses, events)[0]
        if any(name.startswith("single.") for _, course in of_task for name in course):
            drawn["angle"] = angle_by_epoch(courses)[0]
        for name, axes in drawn.items():
            paths.append(_saved(axes, directory / f"{task}_{name}.png"))
    return paths


def write_needs(rules: Sequence[str], directory: Path) -> list[Path]:
    """Write what a synapse must know for these rules, those that are known; returns the path, if there are any."""
    needs = _needs(rules)
    return [_saved(what_must_be_known(needs), directory / "what_must_be_known.png")] if needs else []


def _events(comparison: Comparison, task: str) -> dict[str, float]:
    """Rule -> all synaptic events of a presentation, the mean over seeds; without rules that do not count them."""
    found: dict[str, list[float]] = {}
    for row in comparison.rows:
        each = [row[name] for name in ("events_forward", "events_feedback", "events_plasticity")]
        if row["task"] == task and None not in each:
            found.setdefault(row["rule"], []).append(sum(each))
    return {rule: float(np.mean(values)) for rule, values in found.items()}


def _saved(axes: Axes, path: Path) -> Path:
    figure = axes.figure
    assert isinstance(figure, Figure)
    save(figure, path)
    return path
