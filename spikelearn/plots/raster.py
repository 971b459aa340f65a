"""Raster plot: one row per neuron, one mark per spike, all recorded populations above one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from spikelearn.analysis import binned_rate
from spikelearn.analysis.arguments import checks_arguments
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.plots.panels import panels
from spikelearn.plots.style import (
    ACCENT,
    FAINT,
    INK,
    TEXT_SIZE,
    as_text,
    between,
    colour,
    legend,
    name_of,
    recorded,
    time_axis,
    window,
)
from spikelearn.plots.trials import draw_marks, draw_trials, releases
from spikelearn.results.recordings import keys_of
from spikelearn.results.run import Run

# Two lines of a label with space around them, in points.
LABEL_HEIGHT = 24.0

# The share of the area that marks may cover before they are made smaller.
SPARSE = 0.12

# Markers of other events that would have to be smaller than this, in points, are drawn like spikes.
CROWDED = 3.0
FADED = 0.45

# Kinds of event that are drawn over the spikes: marker, colour.
OVERLAY = {
    "burst": ("o", ACCENT),
    "plateau": ("D", "#00798c"),
    "event": ("^", "#6b6b6b"),
    "modulator": ("*", "#00798c"),
    "instruction": ("P", "#6b6b6b"),
}


class Lane(NamedTuple):
    """The part of the plot for one population.

    size: number of neurons chosen. of: that of the population. rows: (k,) those shown, ascending, one in `every`.
    bottom, height: in units of the y axis. marks: kind -> (times in ms, y).
    """

    name: str
    colour: str
    size: int
    of: int
    rows: np.ndarray
    bottom: float
    height: float
    every: int
    marks: dict[str, tuple[np.ndarray, np.ndarray]]


@checks_arguments
def raster(
    run: Run,
    populations: Any = None,
    t_start: float | None = None,
    t_stop: float | None = None,
    ax: Axes | Sequence[Axes] | None = None,
    kinds: str | Sequence[str] = ("spike", "burst", "plateau"),
    max_spikes: int = 1_000_000,
    rates: bool = False,
    bin: float | None = None,
    marks: Mapping[str, Any] | None = None,
) -> Axes:
    """Draw the spikes of a run; the first population is on top, neuron 0 at the bottom of each.

    populations: one or a list of populations, views of them (`pop[:10]`) or names; by default all recorded
    ones. t_start, t_stop: ms. kinds: of event; `spike` is drawn as rows of marks, other recorded kinds as
    markers over them. Heights are proportional to the number of neurons, with a minimum for small
    populations. If more than `max_spikes` marks would be drawn, evenly spaced neurons are left out, as stated
    in the label. rates: add a second panel with the mean rate of each population in Hz, in bins of `bin` ms
    (by default a round number that depends on the number of spikes). marks: name -> times in ms, such as those of
    rewards, each marked above the spikes. ax: Axes to draw on, two if `rates`; by
    default those of a new Figure.

    Returns the Axes of the raster; `ax.figure.axes[1]` is that of the rates.
    A window without spikes is drawn empty, with a note. Raises DescriptionError if nothing was recorded, or if
    the window is outside the run; ParameterError for an empty window, a wrong number of Axes, or `bin` or
    `max_spikes` out of range.

    >>> net = Network(dt=0.1, seed=1)
    >>> cells = net.population(20, LIF(I_e=Normal(400, 30)), name="cells")
    >>> recording = net.record(cells)
    >>> axes = raster(net.run(200), rates=True)
    >>> axes.figure.savefig("raster.png")
    """
    start, stop = window(run, t_start, t_stop)
    if max_spikes < 1:
        raise ParameterError(f"max_spikes must be at least 1, got {max_spikes}")
    kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    chosen = _choose(run, populations, kinds)
    height = 3.2 + 0.2 * max(0, len(chosen) - 3)
    grid = {"height_ratios": [height, 1.1], "sharex": True} if rates else {}
    both = panels(ax, 1 + rates, 1, (6.4, height + 1.1 * rates), **grid)
    least = LABEL_HEIGHT / _size_in_points(both[0])[1]
    lanes = _lanes(run, chosen, kinds, start, stop, max_spikes, least)

    written, shaded = draw_trials(both, run, start, stop)
    marked = draw_marks(both[0], {**releases(run), **(marks or {})}, start, stop, written)
    _draw_lanes(both[0], lanes, start, stop, [*shaded, *marked], 0.05 * (written + bool(marked)))
    time_axis(both[0], start, stop, label=not rates)
    if rates:
        both[0].tick_params(labelbottom=False)
        _draw_rates(both[1], run, chosen, lanes, start, stop, bin)
    return both[0]


def _choose(run: Run, populations: Any, kinds: Sequence[str]) -> list[Any]:
    """The populations to draw, each with at least one of `kinds` recorded."""
    if populations is None:
        chosen: list[Any] = [n for n in run.populations if any(keys_of(run.spike_data, n, kind) for kind in kinds)]
    elif isinstance(populations, str) or hasattr(populations, "name"):
        chosen = [populations]
    else:
        chosen = list(populations) if isinstance(populations, Iterable) else [populations]
    if not chosen:
        raise DescriptionError(f"no {' or '.join(kinds)} was recorded; recorded spikes: {recorded(run.spike_data)}")
    for each in chosen:
        if not any(keys_of(run.spike_data, name_of(each), kind) for kind in kinds):
            raise DescriptionError(
                f"{' or '.join(kinds)} of {name_of(each)!r} was not recorded; "
                f"recorded spikes: {recorded(run.spike_data)}"
            )
    return chosen


def _lanes(
    run: Run,
    chosen: list[Any],
    kinds: Sequence[str],
    start: float,
    stop: float,
    max_spikes: int,
    least: float,
) -> list[Lane]:
    """Assign each population its lane, with at least the share `least`, and each event a time and a height."""
    found: list[dict[str, tuple[np.ndarray, np.ndarray]]] = []
    neurons = []
    for each in chosen:
        ids = getattr(each, "ids", None)
        neurons.append(np.arange(run.populations[name_of(each)].size) if ids is None else np.unique(ids))
        marks = {}
        for kind in kinds:
            if keys_of(run.spike_data, name_of(each), kind):
                spikes = run.spikes(each, kind)
                part = between(spikes.times, start, stop)
                marks[kind] = spikes.times[part], spikes.ids[part]
        found.append(marks)
    total = sum(times.size for marks in found for times, _ in marks.values())
    if stop <= run.t_start or start >= run.t_stop:
        raise DescriptionError(
            f"this run goes from {run.t_start:g} to {run.t_stop:g} ms, "
            f"so there are no data from {start:g} to {stop:g} ms"
        )

    sizes = np.array([rows.size for rows in neurons], dtype=float)
    heights = sizes / sizes.sum()
    # Without a minimum share the labels of small populations would collide.
    heights = np.maximum(heights, min(least, 1 / heights.size))
    heights /= heights.sum()
    bottoms = np.cumsum(heights[::-1])[::-1] - heights
    every = max(1, int(np.ceil(total / max_spikes)))

    lanes = []
    for k, (each, rows, marks) in enumerate(zip(chosen, neurons, found, strict=True)):
        step = max(1, min(every, rows.size))
        shown = rows[::step]
        place = np.full(int(rows[-1]) + 1 if rows.size else 1, -1)
        place[shown] = np.arange(shown.size)
        at = {}
        for kind, (times, ids) in marks.items():
            row = place[ids]
            y = bottoms[k] + heights[k] * (row + 0.5) / max(shown.size, 1)
            at[kind] = times[row >= 0], y[row >= 0]
        name = name_of(each)
        of = run.populations[name].size
        lanes.append(Lane(name, colour(k), rows.size, of, shown, bottoms[k], heights[k], step, at))
    return lanes


def _draw_lanes(ax: Axes, lanes: list[Lane], start: float, stop: float, marked: list[Line2D], lifted: float) -> None:
    """marked: handles of what is marked above; lifted: how much higher the legend is for that, in heights of `ax`."""
    top = lanes[0].bottom + lanes[0].height
    width_pt, height_pt = _size_in_points(ax)
    handles: dict[str, Line2D] = {}
    for lane in lanes:
        pitch = height_pt * lane.height / top / max(lane.rows.size, 1)
        area = width_pt * height_pt * lane.height / top
        for kind, (times, y) in lane.marks.items():
            if kind == "spike":
                look = _spike_marks(times.size, pitch, area)
                if any(other != "spike" and _crowded(at.size, area) for other, (at, _) in lane.marks.items()):
                    look["alpha"] = FADED * look.get("alpha", 1.0)  # so that the others are darker, in grey too
                ax.plot(times, y, ls="none", color=lane.colour, rasterized=True, zorder=2, **look)
            else:
                marker, face = OVERLAY.get(kind, ("s", ACCENT))
                easy = np.sqrt(SPARSE * area / max(times.size, 1))
                if _crowded(times.size, area) and "spike" in lane.marks:
                    # So many would hide all spikes: each takes the place of its spike, in another colour.
                    look = _spike_marks(lane.marks["spike"][0].size, pitch, area) | {"alpha": 1.0}
                    ax.plot(times, y, ls="none", color=face, rasterized=True, zorder=3, **look)
                    handles.setdefault(kind, Line2D([], [], ls="none", marker="s", mfc=face))
                    continue
                # Larger than a spike.
                diameter = float(np.clip(easy, 1.5, np.clip(0.9 * pitch, 4.0, 6.0)))
                (line,) = ax.plot(
                    times, y, ls="none", marker=marker, ms=diameter, mfc=face, mec="white",
                    mew=0.12 * diameter, rasterized=times.size > 2000, zorder=3,
                )  # fmt: skip
                handles.setdefault(kind, line)
    if not any(times.size for lane in lanes for times, _ in lane.marks.values()):
        ax.text(
            0.5, 0.5, f"no {' or '.join(dict.fromkeys(kind for lane in lanes for kind in lane.marks))}", ha="center",
            va="center", transform=ax.transAxes, size=TEXT_SIZE, color=INK,
        )  # fmt: skip
    for above in lanes[:-1]:
        ax.axhline(above.bottom, color=FAINT, lw=0.6, zorder=1)
    ax.set_ylim(0, top)
    ax.set_yticks([lane.bottom + lane.height / 2 for lane in lanes], [_label(lane) for lane in lanes])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    for text, lane in zip(ax.get_yticklabels(), lanes, strict=True):
        text.set(color=lane.colour, size=TEXT_SIZE, linespacing=1.05)
    of_events = [
        Line2D(
            [], [], ls="none", marker=line.get_marker(), ms=5, mec="white", mew=0.5, mfc=line.get_markerfacecolor(),
            label=kind,
        )
        for kind, line in handles.items()
    ]  # fmt: skip
    if of_events or marked:
        legend(ax, [*of_events, *marked], lifted)


def _crowded(n: int, area: float) -> bool:
    """Whether n markers would hide what is below them."""
    return bool(np.sqrt(SPARSE * area / max(n, 1)) < CROWDED)


def _spike_marks(n_spikes: int, pitch: float, area: float) -> dict[str, Any]:
    """The style of a spike for rows `pitch` points apart, with `n_spikes` on `area` square points."""
    if pitch >= 1.4:
        # Vertical strokes, as in traditional rasters; thinner if many share a row.
        crowded = SPARSE * area / (max(n_spikes, 1) * pitch)
        width = float(np.clip(crowded, 0.35, np.clip(0.2 * pitch, 0.9, 1.1)))
        return {"marker": "|", "ms": float(np.clip(0.8 * pitch, 2.4, 14.0)), "mew": width}
    # A few spikes get dots that are easy to see, even larger than their row; many get small ones.
    easy = np.sqrt(SPARSE * area / max(n_spikes, 1))
    side = float(np.clip(easy, 0.5, np.clip(1.5 * pitch, 0.9, 2.0)))
    # Overlapping marks are made transparent until the average density is about half dark, so that higher
    # and lower densities are both visible.
    cover = max(n_spikes * side**2 / area, 1e-9)
    # Edges of squares snap to whole pixels, which makes small ones crisp and medium ones uneven.
    shape = "s" if side < 0.8 else "o"
    return {"marker": shape, "ms": side, "mew": 0.0, "alpha": float(np.clip(0.7 / cover, 0.02, 1.0))}


def _size_in_points(ax: Axes) -> tuple[float, float]:
    box = ax.get_window_extent()
    inches = ax.figure.dpi_scale_trans.inverted().transform_bbox(box)
    return inches.width * 72, inches.height * 72


def _label(lane: Lane) -> str:
    share = "" if lane.every == 1 else f"\n1 in {lane.every} shown"
    number = f"N = {lane.size:,}" if lane.size == lane.of else f"{lane.size:,} of {lane.of:,}"
    return f"{as_text(lane.name)}\n{number}{share}"


def _draw_rates(
    ax: Axes, run: Run, chosen: list[Any], lanes: list[Lane], start: float, stop: float, bin: float | None
) -> None:
    # Enough bins to show a rhythm, but about twenty spikes in each of them, to limit noise.
    numbers = [lane.marks["spike"][0].size * lane.every for lane in lanes if "spike" in lane.marks]
    fewest = min((number for number in numbers if number), default=0)
    bins = float(np.clip(fewest / 20, 50, 250))
    width = _readable_bin((stop - start) / bins, run.dt) if bin is None else float(bin)
    if not 0 < width <= stop - start:
        raise ParameterError(f"bin must be above 0 and at most {stop - start:g} ms, got {width:g} ms")
    edges = start + width * np.arange(int((stop - start) / width + 1e-6) + 1)
    for each, lane in zip(chosen, lanes, strict=True):
        if not keys_of(run.spike_data, lane.name, "spike"):
            continue
        hertz = binned_rate(run.spikes(each).times, lane.size, edges)
        ax.stairs(hertz, edges, color=lane.colour, lw=1.1, baseline=None)
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=3, steps=[1, 2, 5, 10]))
    ax.set_ylabel("rate (Hz)", size=TEXT_SIZE + 1, color=INK)
    time_axis(ax, start, stop)


def _readable_bin(width: float, dt: float) -> float:
    """The next of 1, 2, 5, 10, ... ms (or of tenths) at or above `width`, and not below dt."""
    width = max(width, dt)
    power = 10.0 ** np.floor(np.log10(width))
    return float(next(m * power for m in (1, 2, 5, 10) if m * power >= width * (1 - 1e-9)))
