"""Plots of a sweep from its table: heat maps, lines with confidence bands, parallel coordinates.

Rows that failed or lack the metric are left out, and each plot states how many.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from spikelearn.analysis.arguments import checks_arguments
from spikelearn.errors import ParameterError
from spikelearn.plots.columns import Axis, Columns, means, shown, spread
from spikelearn.plots.panels import panels
from spikelearn.plots.style import INK, TEXT_SIZE, as_text, colour

SHADES = LinearSegmentedColormap.from_list("shades", colormaps["magma"](np.linspace(0.06, 0.80, 256)))
"""Colours of values in all plots of a sweep, dark to light; the lightest can still be read as a line on white.
Lightness is monotonic, so they are also readable in grey."""
HATCH = "/////"
STYLES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
_MOST_LINES = len(MARKERS)
_MOST_TICKS = 8
_FEWEST_ON_GRID = 0.25


@checks_arguments
def heat_map(
    table: Any,
    x: str,
    y: str,
    metric: str | Sequence[str],
    ax: Axes | Sequence[Axes] | None = None,
    units: Mapping[str, str] | None = None,
    target: float | None = None,
    best: str | None = None,
) -> Axes:
    """Draw the mean of a metric over replicates against two parameters, as colour.

    table: a pyarrow.Table of a sweep (`read_table`), which contains units; or a DataFrame or name -> values, for which
    `units` can give them. metric: one, or several with a panel each. Cells extend half-way to neighbouring values (in
    the logarithm, if values are spaced logarithmically); cells without a value are hatched. Points that are not on a
    grid, such as those of a sample, are drawn as dots.

    target: what the metric should be, a line in the colour bar; by default that of the search that made the table.
    best: which point has a star: "lowest", "highest" or "target"; by default the nearest to a given target, or the best
    of the search.

    Returns the (first) Axes; `ax.figure.axes` has all, also colour bars. Raises ParameterError for unknown names, a
    parameter with only one value, a metric without values, or if runs of one cell differ in a third parameter.

    >>> table = {"g": [4, 4, 5, 5], "eta": [1, 2, 1, 2], "rate": [10, 40, 5, 20]}
    >>> heat_map(table, "g", "eta", "rate", units={"rate": "Hz"}).get_xlabel()
    'g'
    """
    columns = Columns(table, units)
    across, up = columns.axis(x), columns.axis(y)
    names = _several(metric)
    drawn = _multiples(ax, len(names), (4.4, 3.4))
    for each, name in zip(drawn, names, strict=True):
        _draw_map(each, columns, across, up, name, columns.targets.get(name) if target is None else target, best)
    return drawn[0]


@checks_arguments
def lines(
    table: Any,
    x: str,
    metric: str | Sequence[str],
    by: str | None = None,
    ax: Axes | Sequence[Axes] | None = None,
    units: Mapping[str, str] | None = None,
    target: float | None = None,
    best: str | None = None,
) -> Axes:
    """Draw the mean of a metric over replicates against a parameter, with its 95 % confidence interval as a band.

    The interval is Student's t for the mean of the runs at one value of x; with fewer than three, there is no band.
    by: a parameter with one line per value, for at most eight evenly spaced values. Values of x without the metric
    leave a gap. A target is a dashed line. table, metric, units, target, best, errors: as for `heat_map`.

    Returns the (first) Axes.

    >>> table = {"g": [4, 4, 4, 5, 5, 5], "replicate": [0, 1, 2, 0, 1, 2], "rate": [10, 11, 12, 5, 7, 6]}
    >>> lines(table, "g", "rate", units={"rate": "Hz"}).get_ylabel()
    'rate (Hz)'
    """
    columns = Columns(table, units)
    across = columns.axis(x)
    by_axis = None if by is None else columns.axis(by, min_values=1)
    names = _several(metric)
    drawn = _multiples(ax, len(names), (4.8 if by_axis is None else 5.4, 3.2))
    for each, name in zip(drawn, names, strict=True):
        _draw_lines(each, columns, across, by_axis, name, columns.targets.get(name) if target is None else target, best)
    return drawn[0]


@checks_arguments
def parallel_coordinates(
    table: Any,
    names: Sequence[str],
    metric: str,
    ax: Axes | None = None,
    units: Mapping[str, str] | None = None,
    lowest: bool = False,
    target: float | None = None,
    best: str | None = None,
) -> Axes:
    """Draw each point as a line through vertical axes, one per parameter in `names`; its colour is the metric.

    Values are means over replicates. The highest are drawn last and thickest; with `lowest`, the lowest. The best point
    is a black line with stars. table, units, target, best, errors: as for `heat_map`. Returns the Axes.

    >>> table = {"g": [4, 4, 5, 5], "eta": [1, 2, 1, 2], "rate": [10, 40, 5, 20]}
    >>> parallel_coordinates(table, ["g", "eta"], "rate").figure.savefig("sweep.png")
    """
    columns = Columns(table, units)
    if len(names) < 2:
        raise ParameterError(f"parallel coordinates need at least two parameters, got {', '.join(names) or 'none'}")
    axes = [columns.axis(name) for name in names]
    values = columns.metric(metric)
    whole = np.all([axis.of_row >= 0 for axis in axes], axis=0)
    told_apart = [*axes, *(columns.axis(name) for name in columns.varied() if name not in names)]
    rows, groups = np.unique(np.column_stack([axis.of_row for axis in told_apart]), axis=0, return_inverse=True)
    found = means(np.where(whole, groups.ravel(), -1), values, len(rows)).mean
    order = np.argsort(-found if lowest else found)[: int(np.isfinite(found).sum())]
    heights = np.column_stack([_scaled(axis)[rows[order, k]] for k, axis in enumerate(axes)])

    (ax,) = panels(ax, size=(max(4.8, 1.3 * len(names) + 1.4), 3.6))
    places = np.arange(len(names), dtype=float)
    rank = np.linspace(0.0, 1.0, len(order)) if len(order) > 1 else np.ones(1)
    shades = LineCollection(
        [np.column_stack([places, row]) for row in heights], array=found[order],
        linewidths=0.5 + 1.5 * rank**12, alpha=0.15 + 0.85 * rank**4,
        cmap=SHADES, norm=_norm(found), capstyle="round",
        rasterized=len(order) > 500, zorder=2,
    )  # fmt: skip
    ax.add_collection(shades)
    for place, axis in zip(places, axes, strict=True):
        _upright(ax, place, axis, -1 if place < places[-1] else 1)
    ax.set(xlim=(-0.35, len(names) - 0.65), ylim=(-0.03, 1.03), yticks=[])
    ax.set_xticks(places, [axis.label for axis in axes])
    ax.tick_params(axis="x", length=0, pad=6, labelsize=TEXT_SIZE + 1)
    ax.spines[:].set_visible(False)
    target = columns.targets.get(metric) if target is None else target
    at = columns.best_group(found, np.where(whole, groups.ravel(), -1), target, best)
    if at is not None:
        height = [_scaled(axis)[rows[at, k]] for k, axis in enumerate(axes)]
        edge = [withStroke(linewidth=4.5, foreground="white")]
        ax.plot(places, height, color=INK, lw=1.8, marker="*", ms=8, zorder=3.5, path_effects=edge, label="best")
    _colour_bar(ax, shades, columns.label(metric), target)
    n_runs = int(np.isfinite(values).sum())
    each = f" of {n_runs:,} runs" if n_runs > len(order) else ""
    marked = "" if at is None else "black, stars: the best point"
    _note(
        ax, [f"{len(order):,} points{each}, {'lowest' if lowest else 'highest'} on top", marked, columns.note(values)]
    )
    return ax


def _draw_map(
    ax: Axes, columns: Columns, across: Axis, up: Axis, metric: str, target: float | None, best: str | None
) -> None:
    values = columns.metric(metric)
    placed = (across.of_row >= 0) & (up.of_row >= 0)
    cells, groups = np.unique(np.where(placed, across.of_row * len(up.values) + up.of_row, -1), return_inverse=True)
    columns.require_one_point((across.name, up.name), groups, placed & ~np.isnan(values))
    found = means(groups.ravel(), values, len(cells)).mean
    i, j = np.divmod(cells, len(up.values))
    on_grid = (cells >= 0).sum() > _FEWEST_ON_GRID * len(across.values) * len(up.values)
    ax.set_xlabel(across.label)
    ax.set_ylabel(up.label)
    notes = [columns.note(values)]
    if on_grid:
        grid = np.full((len(up.values), len(across.values)), np.nan)
        grid[j[cells >= 0], i[cells >= 0]] = found[cells >= 0]
        shades: Any = ax.pcolormesh(
            _edges(across), _edges(up), np.ma.masked_invalid(grid), cmap=SHADES, norm=_norm(found)
        )
        ax.patch.set(facecolor="white", edgecolor="#9a9a9a", hatch=HATCH, linewidth=0.0)
        if missing := int(np.isnan(grid).sum()):
            notes.append(f"hatched: {missing:,} of {grid.size:,} points without a value")
    else:
        known = np.isfinite(found)
        spots = across.places[i[known]], up.places[j[known]]
        side = float(np.clip(2000 / max(known.sum(), 1), 6, 40))
        shades = ax.scatter(
            *spots, c=found[known], s=side, cmap=SHADES, norm=_norm(found), edgecolors=INK, linewidths=0.3
        )
    _scale(ax, across, "x")
    _scale(ax, up, "y")
    if on_grid:
        ax.spines[:].set_visible(False)
    at = columns.best_group(found, groups.ravel(), target, best)
    if at is not None and cells[at] >= 0:
        _star(ax, across.places[i[at]], up.places[j[at]])
        notes.append("star: the best point")
    _colour_bar(ax, shades, columns.label(metric), target)
    _note(ax, notes)


def _draw_lines(
    ax: Axes, columns: Columns, across: Axis, by_axis: Axis | None, metric: str, target: float | None, best: str | None
) -> None:
    values = columns.metric(metric)
    of = np.zeros(columns.size, dtype=int) if by_axis is None else by_axis.of_row
    groups = np.where((across.of_row >= 0) & (of >= 0), of * len(across.values) + across.of_row, -1)
    used = (across.name,) if by_axis is None else (across.name, by_axis.name)
    columns.require_one_point(used, groups, (groups >= 0) & ~np.isnan(values))
    n_lines = 1 if by_axis is None else len(by_axis.values)
    found = means(groups, values, n_lines * len(across.values))
    mean, half, number = (each.reshape(n_lines, len(across.values)) for each in found)
    chosen = spread(range(n_lines), _MOST_LINES)
    every = max(1, len(across.values) // 25)
    for k, line in enumerate(chosen):
        # A sample has different values of x on each line: a missing value is a gap only in a grid.
        there = number[line] > 0 if number[line].astype(bool).mean() < _FEWEST_ON_GRID else slice(None)
        places, height, reach = across.places[there], mean[line][there], half[line][there]
        look: dict[str, Any] = {"color": colour(k), "ls": STYLES[k % len(STYLES)], "marker": MARKERS[k]}
        label = "" if by_axis is None else as_text(shown(by_axis.values[line]))
        ax.plot(places, height, lw=1.3, ms=4.5, mec="white", mew=0.5, markevery=every, label=label, zorder=3, **look)
        ax.fill_between(places, height - reach, height + reach, color=colour(k), alpha=0.2, lw=0, zorder=1)
        # A band needs two adjacent values: isolated ones get a bar.
        banded = np.isfinite(np.concatenate([[np.nan], reach, [np.nan]]))
        alone = banded[1:-1] & (~banded[:-2] & ~banded[2:] | across.words)
        if alone.any():
            ends = places[alone], height[alone], reach[alone]
            ax.errorbar(*ends, ls="none", color=colour(k), lw=1.0, capsize=2, zorder=2)
    if target is not None:
        ax.axhline(target, color=INK, lw=0.9, ls=(0, (4, 3)), zorder=1.5)
        ax.annotate(
            "target", (1.0, target), xycoords=("axes fraction", "data"), xytext=(-2, 2), textcoords="offset points",
            ha="right", va="bottom", size=TEXT_SIZE - 1, color=INK,
        )  # fmt: skip
    at = columns.best_group(mean.ravel(), groups, target, best)
    if at is not None and (line := at // len(across.values)) in chosen:
        _star(ax, across.places[at % len(across.values)], mean.ravel()[at])
    _scale(ax, across, "x")
    ax.set_xlabel(across.label)
    ax.set_ylabel(columns.label(metric))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    if by_axis is not None:
        size = {"title_fontsize": TEXT_SIZE, "fontsize": TEXT_SIZE, "handlelength": 3.4}
        handles = [handle for handle in ax.get_lines() if not str(handle.get_label()).startswith("_")]
        ax.legend(handles=handles if by_axis.words else handles[::-1], title=by_axis.label, loc="upper left",
                  bbox_to_anchor=(1.0, 1.0), frameon=False, **size)  # fmt: skip
    notes = [_of_how_many(number[chosen])]
    if at is not None and line in chosen:
        notes.append("star: the best point")
    if len(chosen) < n_lines and by_axis is not None:
        notes.append(f"{len(chosen)} of {n_lines} values of {by_axis.name} are drawn")
    _note(ax, [*notes, columns.note(values)])


def _of_how_many(number: np.ndarray) -> str:
    """The description of the lines and bands."""
    there = number[number > 0]
    if not np.any(there > 1):
        return "one run each"
    low, high = int(there.min()), int(there.max())
    runs = f"{high}" if low == high else f"{low} to {high}"
    if high < 3:
        return f"mean of {runs} runs, too few for a confidence interval"
    some = "" if low > 2 else " where there are three"
    return f"mean of {runs} runs, band: its 95 % confidence interval (Student's t){some}"


def _several(metric: str | Sequence[str]) -> list[str]:
    names = [metric] if isinstance(metric, str) else list(metric)
    if not names:
        raise ParameterError("metric: expected at least one name")
    return names


def _multiples(ax: Axes | Sequence[Axes] | None, n: int, size: tuple[float, float]) -> list[Axes]:
    """n panels, of `size` inches each, at most three per row."""
    if ax is not None:
        return panels(ax, 1, n)
    wide = n if n <= 3 else 2 if n == 4 else 3
    high = math.ceil(n / wide)
    shrunk = 1.0 if wide == 1 else 0.8
    found = panels(None, high, wide, (shrunk * size[0] * wide, shrunk * size[1] * high))
    for spare in found[n:]:
        spare.remove()
    return found[:n]


def _edges(axis: Axis) -> np.ndarray:
    """(n + 1,) edges of the cells of n values: half-way between neighbours, and as far beyond the ends."""
    places = np.log(axis.places) if axis.log else axis.places
    middles = (places[1:] + places[:-1]) / 2
    found = np.concatenate([[2 * places[0] - middles[0]], middles, [2 * places[-1] - middles[-1]]])
    return np.exp(found) if axis.log else found


def _scale(ax: Axes, axis: Axis, which: str) -> None:
    """Ticks at the values if they are few, and a logarithmic axis if the values are spaced logarithmically."""
    if axis.log:
        (ax.set_xscale if which == "x" else ax.set_yscale)("log")
    on = ax.xaxis if which == "x" else ax.yaxis
    steps = np.diff(np.log(axis.places) if axis.log else axis.places)
    if axis.words or (len(axis.values) <= _MOST_TICKS and steps.min() > 0.06 * steps.sum()):
        on.set_ticks(axis.places, [_tick(value) for value in axis.values])
        on.set_minor_locator(NullLocator())
    else:
        on.set_major_locator(_round_numbers(axis))
        on.set_major_formatter(FuncFormatter(lambda value, _: _tick(value)))
        on.set_minor_formatter(NullFormatter())
    if axis.words and which == "x" and sum(len(shown(value)) for value in axis.values) > 40:
        ax.tick_params(axis="x", labelrotation=30)


def _round_numbers(axis: Axis) -> LogLocator | MaxNLocator:
    if not axis.log:
        return MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10])
    return LogLocator(subs=(1.0, 2.0, 5.0) if axis.places[-1] < 300 * axis.places[0] else (1.0,), numticks=12)


def _tick(value: Any) -> str:
    return as_text(value) if isinstance(value, str) else f"{value:.6g}".replace("-", "\N{MINUS SIGN}")


def _norm(found: np.ndarray) -> Normalize:
    low, high = float(np.nanmin(found)), float(np.nanmax(found))
    # A single value: a scale around it.
    return Normalize(low, high) if high > low else Normalize(low - (abs(low) or 1.0) / 2, high + (abs(high) or 1.0) / 2)


def _star(ax: Axes, x: float, y: float) -> None:
    """The mark of the best point."""
    ax.plot([x], [y], ls="none", marker="*", ms=11, mfc="white", mec=INK, mew=0.9, zorder=6)


def _colour_bar(ax: Axes, shades: Any, label: str, target: float | None = None) -> None:
    figure: Any = ax.figure
    bar = figure.colorbar(shades, ax=ax, pad=0.02, aspect=25)
    bar.set_label(label, size=TEXT_SIZE + 1, color=INK)
    bar.ax.tick_params(labelsize=TEXT_SIZE, width=0.8, length=3, color=INK, labelcolor=INK)
    bar.outline.set_visible(False)
    low, high = shades.norm.vmin, shades.norm.vmax
    if target is not None and low <= target <= high:
        bar.ax.axhline(target, color="white", lw=2.4)
        bar.ax.axhline(target, color=INK, lw=1.0)
        bar.ax.annotate(
            "target", (0.0, target), xycoords=("axes fraction", "data"), xytext=(-2, 0), textcoords="offset points",
            ha="right", va="center", size=TEXT_SIZE - 1, color=INK, rotation=90,
        )  # fmt: skip


def _note(ax: Axes, texts: Sequence[str]) -> None:
    if title := "\n".join(text for text in texts if text):
        ax.set_title(title, loc="left", size=TEXT_SIZE - 1, color=INK)


def _scaled(axis: Axis) -> np.ndarray:
    """The positions of the values of an axis on a vertical axis from 0 to 1."""
    places = np.log(axis.places) if axis.log else axis.places
    return (places - places[0]) / (places[-1] - places[0])


def _upright(ax: Axes, place: float, axis: Axis, side: int) -> None:
    """One of the axes of parallel coordinates, with its ticks on the left (side -1) or right (1)."""
    ax.plot([place, place], [0.0, 1.0], color=INK, lw=0.8, zorder=3)
    low, high = axis.places[0], axis.places[-1]
    if axis.words or len(axis.values) <= _MOST_TICKS:
        ticks, texts = _scaled(axis), [_tick(value) for value in axis.values]
    else:
        found = np.array([tick for tick in _round_numbers(axis).tick_values(low, high) if low <= tick <= high])
        if len(found) < 2:
            found = np.array([low, high])
        inside = np.log(found / low) / np.log(high / low) if axis.log else (found - low) / (high - low)
        ticks, texts = inside, [_tick(tick) for tick in found]
    halo = [withStroke(linewidth=2.5, foreground="white")]
    for tick, text in zip(ticks, texts, strict=True):
        ax.plot([place, place + 0.025 * side], [tick, tick], color=INK, lw=0.8, zorder=3)
        where: dict[str, Any] = {"ha": "right" if side < 0 else "left", "va": "center"}
        ax.text(place + 0.05 * side, tick, text, size=TEXT_SIZE, color=INK, zorder=4, path_effects=halo, **where)
