"""Small rasters of several runs of a sweep, in rows and columns of parameter values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from spikelearn.analysis.arguments import checks_arguments
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.plots.columns import shown
from spikelearn.plots.panels import panels
from spikelearn.plots.raster import raster
from spikelearn.plots.style import FAINT, INK, TEXT_SIZE, as_text
from spikelearn.results.recordings import keys_of
from spikelearn.results.run import Run

_FEWEST_SHOWN = 6


@checks_arguments
def raster_grid(
    runs: Sequence[tuple[Mapping[str, Any], Run]],
    rows: str | None = None,
    columns: str | None = None,
    last: float | None = None,
    neurons: int = 60,
    units: Mapping[str, str] | None = None,
) -> Axes:
    """Draw the rasters of runs, one row per value of one parameter and one column per value of another.

    runs: the parameter values of each run, name -> value, and the Run. rows, columns: the names of the two parameters;
    columns increase to the right and rows upwards, like the axes of a heat map of the same sweep; without a name there
    is one row or column. last: show only the last `last` ms of each run. neurons: number of neurons drawn per run,
    evenly spaced in each population, as stated in the labels. units: name -> unit of the parameters. Cells without a
    run are hatched.

    Returns the Axes at the top left; `ax.figure.axes` has all, row by row. Raises ParameterError if there is no run, if
    one lacks one of the parameters, or if two have the same cell; DescriptionError if a run has no spikes recorded.

    >>> def run_with(rate):
    ...     net = Network(dt=1.0, seed=1)
    ...     net.record(net.population(5, Poisson(rate), name="inputs"))
    ...     return net.run(100.0)
    >>> runs = [({"rate": rate}, run_with(rate)) for rate in (20.0, 50.0)]
    >>> len(raster_grid(runs, columns="rate", units={"rate": "Hz"}).figure.axes)
    2
    """
    if not runs:
        raise ParameterError("raster_grid: expected at least one run")
    for name, what in ((rows, "rows"), (columns, "columns")):
        if name is not None and any(name not in settings for settings, _ in runs):
            there_are = ", ".join(dict.fromkeys(each for settings, _ in runs for each in settings)) or "none"
            raise ParameterError(f"{what}: not all runs have a value of {name!r}; there are: {there_are}")
    down, right = _values(runs, rows)[::-1], _values(runs, columns)
    placed: dict[tuple[int, int], Run] = {}
    for settings, run in runs:
        place = down.index(_value(settings, rows)), right.index(_value(settings, columns))
        if place in placed:
            where = ", ".join(f"{name}={shown(settings[name])}" for name in (rows, columns) if name)
            raise ParameterError(f"there are two runs for {where or 'the only cell'}: give one per cell")
        placed[place] = run

    drawn = panels(None, len(down), len(right), (1.5 + 1.7 * len(right), 0.7 + 1.2 * len(down)))
    grid = [drawn[k * len(right) : (k + 1) * len(right)] for k in range(len(down))]
    lowest = {j: i for i, j in sorted(placed)}
    one_window = len({_window(run, last) for run in placed.values()}) == 1
    for i, line in enumerate(grid):
        for j, ax in enumerate(line):
            if (i, j) not in placed:
                _draw_nothing(ax)
                continue
            shares = _shares(placed[i, j], neurons)
            # The labels apply to the panels to the right, up to one of different sizes.
            left = placed.get((i, j - 1))
            labels = _labels(placed[i, j], shares)
            named = left is None or _labels(left, _shares(left, neurons)) != labels
            _draw(ax, placed[i, j], last, shares, labels if named else [""] * len(labels))
            if i < lowest[j]:
                ax.set_xlabel("")
                ax.tick_params(labelbottom=not one_window)
    for ax, value in zip(grid[0], right, strict=True):
        if columns is not None:
            ax.set_title(_text(columns, value, units), size=TEXT_SIZE, color=INK)
    for line, value in zip(grid, down, strict=True):
        if rows is not None:
            line[-1].annotate(
                _text(rows, value, units), (1.0, 0.5), (5.0, 0.0), xycoords="axes fraction",
                textcoords="offset points", rotation=-90, ha="left", va="center", size=TEXT_SIZE, color=INK,
            )  # fmt: skip
    return grid[0][0]


def _values(runs: Sequence[tuple[Mapping[str, Any], Run]], name: str | None) -> list[Any]:
    found = list(dict.fromkeys(_value(settings, name) for settings, _ in runs))
    numbers = all(isinstance(value, int | float) for value in found)
    return sorted(found, key=None if numbers else shown)


def _value(settings: Mapping[str, Any], name: str | None) -> Any:
    return None if name is None else settings[name]


def _text(name: str, value: Any, units: Mapping[str, str] | None) -> str:
    unit = (units or {}).get(name, "")
    return as_text(f"{name} = {shown(value)}{' ' if unit else ''}{unit}")


def _draw(ax: Axes, run: Run, last: float | None, shares: list[SimpleNamespace], labels: list[str]) -> None:
    raster(run, shares, *_window(run, last), ax=ax, kinds="spike")
    ax.xaxis.set_major_locator(MaxNLocator(nbins=3, steps=[1, 2, 5, 10]))
    ax.set_yticks(ax.get_yticks(), labels)


def _window(run: Run, last: float | None) -> tuple[float, float]:
    return run.t_start if last is None else max(run.t_start, run.t_stop - last), run.t_stop


def _shares(run: Run, neurons: int) -> list[SimpleNamespace]:
    """Views of the populations whose spikes were recorded, with about `neurons` neurons in total."""
    recorded = {
        name: info.recorded.get("spike", np.arange(info.size))
        for name, info in run.populations.items() if keys_of(run.spike_data, name, "spike")
    }  # fmt: skip
    sizes = {name: len(ids) for name, ids in recorded.items()}
    if not sizes:
        raise DescriptionError("no spikes were recorded in this run, so it has no raster")
    share = min(1.0, neurons / sum(sizes.values()))
    numbers = {name: min(size, max(_FEWEST_SHOWN, round(share * size))) for name, size in sizes.items()}
    return [
        SimpleNamespace(name=name, ids=recorded[name][np.linspace(0, sizes[name] - 1, number).round().astype(int)])
        for name, number in numbers.items()
    ]


def _labels(run: Run, shares: list[SimpleNamespace]) -> list[str]:
    """The labels: each population, and the number of its neurons drawn."""
    found = []
    for view in shares:
        drawn, size = len(view.ids), run.populations[view.name].size
        found.append(f"{as_text(view.name)}\n{f'N = {size:,}' if drawn == size else f'{drawn} of {size:,}'}")
    return found


def _draw_nothing(ax: Axes) -> None:
    ax.patch.set(facecolor="white", edgecolor=FAINT, hatch="/////", linewidth=0.0)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.text(0.5, 0.5, "no run", ha="center", va="center", transform=ax.transAxes, size=TEXT_SIZE, color=INK)
