"""Tables of what a reproduction measured, in pages that are otherwise written by hand.

A page says which rows a table has, in a comment before it. A row is its label, the model with its settings, and the
metric. Columns are the seeds, with the median and mean of several:

    <!-- measured: decimals=2
    CUBA | vogels_abbott_2005 | rate_exc_hz
    COBA | vogels_abbott_2005 form=coba | rate_exc_hz
    -->
    (the table)
    <!-- end of measured -->

or, with `columns`, parts of the names of metrics, in place of {}, of the first seed; "expected" before the name is what
is expected of the metric (`PUBLISHED`, see `Form`):

    <!-- measured: columns=23E,23I decimals=2 head="rate, Hz"
    measured | potjans_diesmann_2014 | rate_{}_hz
    published | potjans_diesmann_2014 | expected rate_{}_hz
    -->
"""

from __future__ import annotations

import re
import shlex
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from spikelearn.errors import ExperimentError
from spikelearn.sweep.reproduction import Job, made_with, read

_COMMENT, _END = "<!-- measured", "<!-- end of measured -->"
_BEGIN = rf"(?P<comment>{_COMMENT}(?::(?P<options>[^\n]*))?\n(?P<rows>.*?)-->\n)"
_BLOCK = re.compile(f"{_BEGIN}(?P<table>.*?){_END}", re.DOTALL)
_OPTIONS = {"columns": "", "decimals": "3", "head": ""}
_MISSING = "not measured"


class Row(NamedTuple):
    """A row of a table. job: a model with settings, and any seed; metric: its name, or a template of names."""

    label: str
    job: Job
    metric: str
    expected: bool


def fill_pages(folder: Path) -> list[Path]:
    """Write the tables of all pages in `results/` of a folder anew; returns the pages that changed.

    What is kept of a model counts, whatever code computed it; the line below a table has the commits. Raises
    ExperimentError, naming the page, for a comment that cannot be read.
    """
    changed = []
    for path in sorted((folder / "results").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        try:
            new = filled(text, folder)
        except ExperimentError as error:
            raise ExperimentError(f"{path}: {error}") from None
        if new != text:
            path.write_text(new, encoding="utf-8")
            changed.append(path)
    return changed


def filled(text: str, folder: Path) -> str:
    """A page with its tables made anew."""

    if len(_BLOCK.findall(text)) < text.count(_COMMENT):
        raise ExperimentError(f"a table has no {_END!r}, or its comment no end")
    return _BLOCK.sub(lambda found: found["comment"] + "\n".join([*_table(found, folder), "", _END]), text)


def _table(found: re.Match[str], folder: Path) -> list[str]:
    options = _options_of(found["options"] or "")
    rows = [_row_of(line) for line in found["rows"].splitlines() if line.strip()]
    kept = {row.job: read(folder, row.job.file_name) for row in rows}
    shown = _by_column if options["columns"] else _by_seed
    lines = shown(rows, kept, options, lambda value: _cell(value, int(options["decimals"])))
    by = sorted({made_with(each["versions"]) for seeds in kept.values() for each in seeds.values()})
    return [*lines, "", f"*Measured with spikelearn {', '.join(by)}.*"] if by else lines


def _by_seed(
    rows: Sequence[Row], kept: Mapping[Job, Mapping[str, Any]], options: Mapping[str, str], cell: Callable[[Any], str]
) -> list[str]:
    seeds = sorted({seed for each in kept.values() for seed in each}, key=int)
    several = len(seeds) > 1
    lines = _head([options["head"], *(f"seed {seed}" for seed in seeds), *(["median", "mean ± SD"] if several else [])])
    for row in rows:
        values = [_metric(kept[row.job].get(seed, {}), row.metric) for seed in seeds]
        numbers = [value for value in values if isinstance(value, int | float)]
        over = ["", ""] if several else []
        if len(numbers) > 1:
            median, mean, deviation = (
                cell(float(f(numbers))) for f in (statistics.median, statistics.fmean, statistics.stdev)
            )
            over = [median, f"{mean} ± {deviation}"]
        lines.append(_line([row.label, *map(cell, values), *over]))
    return lines


def _by_column(
    rows: Sequence[Row], kept: Mapping[Job, Mapping[str, Any]], options: Mapping[str, str], cell: Callable[[Any], str]
) -> list[str]:
    columns = options["columns"].split(",")
    lines = _head([options["head"], *columns])
    for row in rows:
        names = [row.metric.format(column) for column in columns]
        if row.expected:
            expected = row.job.expected
            values = [expected[name].value if name in expected else None for name in names]
        else:
            first = min(kept[row.job], key=int, default="")
            values = [_metric(kept[row.job].get(first, {}), name) for name in names]
        lines.append(_line([row.label, *map(cell, values)]))
    return lines


def _metric(measured: Mapping[str, Any], name: str) -> Any:
    if measured and name not in measured["metrics"]:
        raise ExperimentError(f"there is no metric {name!r}; there are: {', '.join(measured['metrics'])}")
    return measured.get("metrics", {}).get(name)


def _cell(value: Any, decimals: int) -> str:
    if value is None:
        return _MISSING
    return f"{value:.{decimals}f}" if isinstance(value, float) else str(value)


def _row_of(line: str) -> Row:
    parts = [part.strip() for part in line.split("|")]
    if len(parts) != 3 or not all(parts[1:]):
        raise ExperimentError(f"expected 'label | model NAME=VALUE ... | metric', got {line!r}")
    model, *settings = parts[1].split()
    pairs = tuple(sorted((name, value) for name, _, value in (each.partition("=") for each in settings)))
    expected = parts[2].startswith("expected ")
    return Row(parts[0], Job(model, pairs, 1), parts[2].removeprefix("expected ").strip(), expected)


def _options_of(text: str) -> dict[str, str]:
    try:
        given = {name: value for name, _, value in (each.partition("=") for each in shlex.split(text))}
    except ValueError as error:
        raise ExperimentError(f"options: {error}") from None
    if unknown := set(given) - set(_OPTIONS):
        raise ExperimentError(f"a table has no option {sorted(unknown)[0]!r}; it has: {', '.join(_OPTIONS)}")
    options = _OPTIONS | given
    if not options["decimals"].isdecimal():
        raise ExperimentError(f"decimals: expected a whole number, got {options['decimals']!r}")
    return options


def _head(cells: Sequence[str]) -> list[str]:
    return [_line(cells), "|" + "---|" * len(cells)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
