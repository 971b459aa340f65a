"""A comparison as files: a table in CSV, Markdown and Parquet, and its figures."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from spikelearn.atomic_files import replacing
from spikelearn.extras import needed
from spikelearn.learning.comparison import COLUMNS, Comparison
from spikelearn.learning.locality import MEANINGS
from spikelearn.learning.rules import RULES

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
    for path, text in zip(paths, (_csv(comparison), markdown(comparison)), strict=False):
        with replacing(path) as temporary:
            Path(temporary).write_text(text, encoding="utf-8")
    pyarrow, parquet = needed("pyarrow", "comparisons"), needed("pyarrow.parquet", "comparisons")
    with replacing(paths[2]) as temporary:
        parquet.write_table(pyarrow.Table.from_pylist(comparison.rows), temporary)
    return paths


def _csv(comparison: Comparison) -> str:
    """Lists are written as JSON."""
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


def needs_table(rules: Sequence[str]) -> str:
    """Markdown: a line for each rule that is known, with what a synapse must know."""
    lines = [["rule", *MEANINGS.values()]]
    for rule in rules:
        if rule in RULES:
            lines.append([rule, *("yes" if getattr(RULES[rule].locality, name) else "" for name in MEANINGS)])
    return _table(lines)


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
    """Write, for each task, accuracy by samples and, if there are any, angles by epoch; returns their paths."""
    from spikelearn.plots.comparison import accuracy_by_samples, angle_by_epoch
    from spikelearn.plots.style import save

    paths = []
    for task in dict.fromkeys(row["task"] for row in comparison.rows):
        of_task = [(row, course) for row, course in zip(comparison.rows, comparison.courses, strict=True)
                   if row["task"] == task and course]  # fmt: skip
        if not of_task:
            continue
        courses: dict[str, list[Any]] = {}
        for row, course in of_task:
            courses.setdefault(row["rule"], []).append(course)
        drawn = {"accuracy": accuracy_by_samples(courses)}
        if any(name.startswith("single.") for _, course in of_task for name in course):
            drawn["angle"] = angle_by_epoch(courses)[0]
        for name, axes in drawn.items():
            paths.append(directory / f"{task}_{name}.png")
            figure = axes.figure
            assert isinstance(figure, Figure)
            save(figure, paths[-1])
    return paths
