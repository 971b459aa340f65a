"""The command line of plots of a sweep: `spikelearn plot sweep DIR`. Arguments and their defaults."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import Any

from spikelearn.cli.arguments import path as path_argument
from spikelearn.errors import ExperimentError, StoreError
from spikelearn.parameters import suggest
from spikelearn.sweep.design import values_of
from spikelearn.sweep.store import RUNS
from spikelearn.sweep.table import read_table

KINDS = ("heat", "lines", "parallel", "rasters")
# Rasters of more or longer runs are too small to read: only some runs, and their ends, are drawn.
_MOST_RASTERS, _LAST = 5, 500.0


def add_plot(kinds: Any) -> argparse.ArgumentParser:
    """Add `sweep` to the subcommands of `spikelearn plot`; returns its parser."""
    one: argparse.ArgumentParser = kinds.add_parser(
        "sweep", help="a sweep, from its store", allow_abbrev=False,
        epilog="Without --kind: lines if one parameter was varied, a heat map if two, else parallel coordinates.",
    )  # fmt: skip
    one.add_argument("store", type=path_argument, metavar="DIR", help="the store of a sweep")
    one.add_argument("--kind", choices=KINDS, help="kind of plot")
    one.add_argument("--metric", nargs="+", action="extend", default=[], metavar="NAME",
                     help="default: the first; several have a panel each")  # fmt: skip
    one.add_argument("--x", metavar="NAME", help="parameter on the x axis (default: the first that was varied)")
    one.add_argument("--y", metavar="NAME", help="parameter on the y axis of heat maps and rasters")
    one.add_argument("--by", metavar="NAME", help="parameter with one line per value")
    one.add_argument("--where", nargs="+", action="extend", default=[], metavar="NAME=VALUE",
                     help="only the points with this value, or one of A,B,C")  # fmt: skip
    one.add_argument("--out", type=path_argument, metavar="FILE", help="default: KIND.png in DIR")
    return one


def figure_of(options: argparse.Namespace) -> tuple[str, Any]:
    """The kind of plot, and the Figure."""
    from spikelearn import plots
    from spikelearn.plots.columns import Columns

    table = _finished(read_table(options.store), options.store)
    for text in options.where:
        table = _finished(_where(table, text), options.store)
    columns = Columns(table)
    varied = columns.varied()
    if not varied and options.kind != "rasters":
        raise ExperimentError(
            f"{options.store}: no parameter has two values in these points, so there is no effect to plot"
        )
    numbers = [name for name in varied if columns.numeric(name)]
    ordered = [*numbers, *(name for name in varied if name not in numbers)]
    kind = options.kind or _kind(len(ordered), len(numbers))
    _refuse(options, kind)
    free = [name for name in ordered if name not in (options.x, options.y, options.by)]
    if kind == "parallel":
        if len(options.metric) > 1:
            raise ExperimentError("parallel coordinates show one metric: give --metric once")
        return kind, plots.parallel_coordinates(table, ordered, (options.metric or columns.metrics)[0]).figure
    x = options.x or (free.pop(0) if free else None)
    if kind == "rasters":
        return kind, _rasters(options.store, columns, x, options.y or (free[0] if free else None))
    metrics = options.metric or columns.metrics[:1]
    if x is None:
        raise ExperimentError(f"no parameter is left for --x; the parameters that were varied: {', '.join(ordered)}")
    if kind == "lines":
        return kind, plots.lines(table, x, metrics, options.by or (free[0] if free else None)).figure
    if not (options.y or free):
        raise ExperimentError(f"a heat map needs two parameters that were varied, but only {x} was; use --kind lines")
    return kind, plots.heat_map(table, x, options.y or free[0], metrics).figure


def _kind(n_varied: int, n_numbers: int) -> str:
    if n_varied == 1 or (n_varied == 2 and n_numbers < 2):
        return "lines"
    return "heat" if n_varied == 2 else "parallel"


def _refuse(options: argparse.Namespace, kind: str) -> None:
    for option, kinds in (("x", ("heat", "lines", "rasters")), ("y", ("heat", "rasters")), ("by", ("lines",))):
        if getattr(options, option) is not None and kind not in kinds:
            raise ExperimentError(f"--{option} is for --kind {' or '.join(kinds)}; this plot is of kind {kind}")
    if kind == "rasters" and options.metric:
        raise ExperimentError("--metric: rasters show spikes, not metrics")


def _finished(table: Any, store: Path) -> Any:
    """The table; raises if no point has metrics."""
    statuses = table["status"].to_pylist() if table.num_rows else []
    if any(status in ("done", "nan") for status in statuses):
        return table
    first = next((f"; the first: {error}" for error in (table["error"].to_pylist() if statuses else []) if error), "")
    there = f"all {len(statuses):,} failed{first}" if statuses else "there are no points yet"
    raise StoreError(f"{store}: no point is finished: {there}")


def _where(table: Any, text: str) -> Any:
    """The rows in which a parameter has one of the values of NAME=A,B."""
    from spikelearn.plots.columns import Columns, shown

    name, equals, given = text.partition("=")
    if not equals or not name or not given:
        raise ExperimentError(f"--where: expected NAME=VALUE, got {text!r}")
    known = [*Columns(table).parameters, "replicate"]
    if name not in known:
        raise ExperimentError(
            f"--where: no parameter called {name!r}{suggest(name, known)}; there are: {', '.join(known)}"
        )
    found = table[name].to_pylist()
    wanted = {given, *map(str, values_of(given, "--where"))}
    kept = [any(_same(value, each) for each in wanted) for value in found]
    if not any(kept):
        there = sorted({value for value in found if value is not None}, key=lambda v: (isinstance(v, str), v))
        some = ", ".join(map(shown, there[:20])) + (", ..." if len(there) > 20 else "")
        raise ExperimentError(f"--where: no point has {name}={given}; {name} is {some}")
    return table.filter(kept)


def _same(value: Any, text: str) -> bool:
    from spikelearn.plots.columns import shown

    if isinstance(value, bool) or not isinstance(value, int | float):
        return ("none" if value is None else shown(value)) == text
    try:
        return math.isclose(value, float(text), rel_tol=1e-9, abs_tol=1e-12)
    except ValueError:
        return False


def _rasters(store: Path, columns: Any, x: str | None, y: str | None) -> Any:
    """Rasters of the stored runs, of the first replicate of each point."""
    import numpy as np

    from spikelearn import plots
    from spikelearn.io import load
    from spikelearn.plots.columns import spread

    files = columns.values("run_file")
    kept = np.array([bool(file) for file in files])
    if not kept.any():
        raise ExperimentError(
            f"{store}: no run of these points was kept; sweep with --keep first or all (and --fresh: existing points "
            "are not computed again)"
        )
    axes = [columns.axis(name, min_values=1) for name in (x, y) if name]
    places = np.column_stack([axis.of_row for axis in axes]) if axes else np.zeros((len(files), 1), int)
    _, groups = np.unique(places, axis=0, return_inverse=True)
    columns.require_one_point([axis.name for axis in axes], groups.ravel(), kept)
    drawn = [set(spread(sorted(set(axis.of_row[kept].tolist())), _MOST_RASTERS)) for axis in axes]
    first: dict[tuple[int, ...], int] = {}
    replicates = columns.values("replicate")
    for row in sorted(np.flatnonzero(kept).tolist(), key=lambda row: int(replicates[row])):
        place = tuple(places[row].tolist())
        if all(index in some for index, some in zip(place, drawn, strict=False)):
            first.setdefault(place, row)
    for axis, some in zip(axes, drawn, strict=True):
        if (n := len(set(axis.of_row[kept].tolist()))) > len(some):
            print(f"{len(some)} of {n} values of {axis.name} are drawn; choose others with --where", file=sys.stderr)
    runs = [
        ({axis.name: axis.values[axis.of_row[row]] for axis in axes}, load(store / RUNS / files[row]))
        for row in first.values()
    ]
    if any(run.duration > _LAST for _, run in runs):
        print(f"the last {_LAST:g} ms of each run are drawn", file=sys.stderr)
    return plots.raster_grid(runs, y, x, last=_LAST, units=columns.units).figure
