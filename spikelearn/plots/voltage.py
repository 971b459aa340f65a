"""Voltages of a few neurons in stacked lanes, with their spikes and bursts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from spikelearn.analysis.arguments import checks_arguments
from spikelearn.errors import DescriptionError
from spikelearn.plots.panels import panels
from spikelearn.plots.style import (
    ACCENT,
    FAINT,
    INK,
    PALETTE,
    TEXT_SIZE,
    as_text,
    between,
    legend,
    name_of,
    recorded,
    time_axis,
    window,
)
from spikelearn.results.recordings import keys_of, plain
from spikelearn.results.run import Run
from spikelearn.values import whole_numbers

# Label and style of variables: line style and darkness differ as well as colour.
LOOK: dict[str, tuple[str, str, Any, float]] = {
    "V_m": ("membrane", PALETTE[0], "-", 0.9),
    "V_s": ("soma", PALETTE[0], "-", 0.9),
    "V_d": ("dendrite", PALETTE[1], (0, (3.0, 1.2)), 1.0),
    "V_th": ("threshold", "#8a8a8a", (0, (1.0, 1.2)), 0.9),
}
SPARE = [(PALETTE[0], "-"), (PALETTE[1], (0, (3.0, 1.2))), ("#8a8a8a", (0, (1.0, 1.2))), (PALETTE[4], "-.")]
MAX_LANES = 6
MAX_POINTS = 5000


class Lane(NamedTuple):
    """One neuron: `curves` maps a variable to times and values; spikes and bursts are times in ms."""

    label: str
    curves: dict[str, tuple[np.ndarray, np.ndarray]]
    spikes: np.ndarray
    bursts: np.ndarray


@checks_arguments
def voltage(
    run: Run,
    of: Any = None,
    variables: str | Sequence[str] | None = None,
    ids: Sequence[int] | None = None,
    t_start: float | None = None,
    t_stop: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw recorded voltages, one lane per neuron, each with its own scale in true units.

    of: a population, a view of it (`pop[:3]`) or its name; by default all with a recorded voltage.
    variables: names with the same unit; by default all recorded ones that start with `V_`. ids: the neurons; by
    default up to six of those recorded. t_start, t_stop: ms; by default from the first sample to the end of
    the run. ax: where to draw; by default a new Figure.

    If spikes were recorded, each is a vertical stroke from the voltage to the top of the lane, which is drawn and not
    simulated (a reset hides the spike itself), as the legend says; a recorded burst has a marker above it. All lanes
    have the same scale.

    Returns the Axes. Raises DescriptionError if something was not recorded, for mixed units and for a window
    without (finite) samples; ParameterError for an empty window.

    >>> net = Network(dt=0.1, seed=1)
    >>> cells = net.population(20, LIF(I_e=Normal(400, 30)), name="cells")
    >>> recording = net.record(cells[:3], "V_m", every=0.5)
    >>> voltage(net.run(200), cells[:2]).figure.savefig("voltage.png")
    """
    start, stop = window(run, t_start, t_stop)
    lanes, unit = _lanes(run, of, variables, ids, start, stop)
    if t_start is None:
        start = _begin(run, lanes)
        lanes = [
            lane._replace(spikes=lane.spikes[lane.spikes >= start], bursts=lane.bursts[lane.bursts >= start])
            for lane in lanes
        ]
    (ax,) = panels(ax, size=(6.4, 0.9 + 0.95 * len(lanes)))

    values = np.concatenate([v for lane in lanes for _, v in lane.curves.values()])
    values = values[np.isfinite(values)]
    if values.size == 0:
        raise DescriptionError("none of the recorded values is finite, so there is nothing to draw")
    low, high = float(values.min()), float(values.max())
    span = high - low or 1.0
    has_spikes, has_bursts = any(l_.spikes.size for l_ in lanes), any(l_.bursts.size for l_ in lanes)
    peak = high + (0.3 * span if has_spikes else 0.0)
    distance = peak - low + (0.42 if has_bursts else 0.22) * span

    styles = _styles(lanes)
    ticks, labels = [], []
    scale = np.asarray(MaxNLocator(nbins=3, steps=[1, 2, 5, 10]).tick_values(low, high))
    scale = scale[(scale >= low - 0.05 * span) & (scale <= high + 0.05 * span)]
    for k, lane in enumerate(lanes):
        shift = (len(lanes) - 1 - k) * distance
        ticks += list(scale + shift)
        labels += [f"{tick:g}".replace("-", "\N{MINUS SIGN}") for tick in scale]
        if k:
            ax.axhline(peak + shift + 0.5 * (distance - peak + low), color=FAINT, lw=0.6, zorder=1)
        _draw_lane(ax, lane, shift, peak, span, styles)
        ax.annotate(
            lane.label, (1.0, low + shift + 0.5 * (high - low)), xycoords=("axes fraction", "data"),
            xytext=(5, 0), textcoords="offset points", va="center", size=TEXT_SIZE, color=INK,
            annotation_clip=False,
        )  # fmt: skip
    ax.set_yticks(ticks, labels)
    ax.set_ylim(low - 0.12 * span, peak + (len(lanes) - 1) * distance + (0.3 if has_bursts else 0.08) * span)
    ax.set_ylabel(_quantity(styles) + (f" ({as_text(unit)})" if unit else ""), size=TEXT_SIZE + 1, color=INK)
    time_axis(ax, start, stop)
    handles = _handles(styles, has_spikes, has_bursts)
    if len(handles) > 1:
        legend(ax, handles)
    return ax


def _begin(run: Run, lanes: list[Lane]) -> float:
    """The start of the run, or the first sample if recording started clearly later."""
    sampled = [times for lane in lanes for times, _ in lane.curves.values()]
    first = min(float(times[0]) for times in sampled)
    interval = max(float(times[1] - times[0]) if times.size > 1 else run.dt for times in sampled)
    last = max(float(times[-1]) for times in sampled)
    late = run.t_start + max(1.5 * interval, 0.02 * (last - first))
    return first if late < first < last else run.t_start


def _lanes(
    run: Run,
    of: Any,
    variables: str | Sequence[str] | None,
    ids: Sequence[int] | None,
    start: float,
    stop: float,
) -> tuple[list[Lane], str]:
    """The neurons to draw, and the unit that all their variables share."""
    if isinstance(variables, str):
        variables = [variables]
    if of is None:
        wanted = [n for n in run.populations if _variables(run, n, variables)]
    else:
        wanted = [of] if isinstance(of, str) or hasattr(of, "name") else list(of) if isinstance(of, Iterable) else [of]
    known = f"recorded traces: {recorded(run.trace_data)}"
    if not wanted:
        raise DescriptionError(f"no voltage was recorded; {known}")
    lanes, units = [], set()
    for each in wanted:
        name = name_of(each)
        names = _variables(run, name, variables) if of is None else variables or _variables(run, name, None)
        if not names:
            raise DescriptionError(f"no voltage of {name!r} was recorded; {known}")
        traces = {variable: run.trace(each, variable) for variable in names}
        units |= {trace.unit for trace in traces.values()}
        have = np.unique(np.concatenate([trace.ids for trace in traces.values()]))
        if have.size == 0:
            raise DescriptionError(f"none of the neurons asked for of {name!r} was recorded; {known}")
        chosen = have[: max(1, MAX_LANES // len(wanted))] if ids is None else whole_numbers(ids, "ids of voltage")
        missing = np.setdiff1d(chosen, have)
        if missing.size:
            raise DescriptionError(
                f"neuron {missing[0]} of {name!r} was not recorded; recorded neurons: "
                f"{', '.join(map(str, have[:20]))}{', ...' if have.size > 20 else ''}"
            )
        for neuron in chosen:
            curves = {}
            for variable, trace in traces.items():
                part = between(trace.times, start, stop)
                column = np.flatnonzero(trace.ids == neuron)
                if column.size and part.stop > part.start:
                    curves[variable] = _thin(trace.times[part], trace.values[part, column[0]])
            if not curves:
                raise DescriptionError(f"no sample of {name!r} lies in {start:g} to {stop:g} ms; {known}")
            spikes, bursts = (_events(run, name, kind, neuron, start, stop) for kind in ("spike", "burst"))
            lanes.append(Lane(f"{as_text(name)} {neuron}", curves, spikes, bursts))
    if len(units) > 1:
        raise DescriptionError(f"a plot needs variables of the same unit, got {', '.join(sorted(units))}: choose some")
    return lanes, units.pop()


def _variables(run: Run, name: str, wanted: Sequence[str] | None) -> list[str]:
    """Recorded variables of a population, the soma before the dendrite: those requested, or all voltages."""
    variables = dict.fromkeys(plain(key)[1] for key in run.trace_data if key[0] == name)
    have = [v for v in variables if (v in wanted if wanted else v.startswith("V_"))]
    order = list(LOOK)
    return sorted(have, key=lambda v: (order.index(v) if v in order else len(order), v))


def _events(run: Run, name: str, kind: str, neuron: int, start: float, stop: float) -> np.ndarray:
    if not keys_of(run.spike_data, name, kind):
        return np.zeros(0)
    spikes = run.spikes(name, kind)
    part = between(spikes.times, start, stop)
    return spikes.times[part][spikes.ids[part] == neuron]


def _thin(times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Reduce to at most 2 * MAX_POINTS samples that look the same: the min and max of each segment."""
    stretch = values.size // MAX_POINTS
    if stretch < 3:
        return times, values
    whole = values.size // stretch * stretch
    blocks = values[:whole].reshape(-1, stretch)
    first = np.arange(0, whole, stretch)
    keep = np.concatenate([first + blocks.argmin(1), first + blocks.argmax(1), np.arange(whole, values.size)])
    keep = np.unique(keep)
    return times[keep], values[keep]


def _styles(lanes: list[Lane]) -> dict[str, tuple[str, str, Any, float]]:
    """variable -> label, colour, line style, line width; the same in every lane."""
    names = list(dict.fromkeys(variable for lane in lanes for variable in lane.curves))
    spare = {name: ("", *SPARE[k % len(SPARE)], 0.9) for k, name in enumerate(names)}
    return {name: LOOK.get(name, spare[name]) for name in names}


def _draw_lane(ax: Axes, lane: Lane, shift: float, peak: float, span: float, styles: dict[str, Any]) -> None:
    # The dendrite first: where the two overlap, the soma is on top.
    for variable, (times, values) in reversed(lane.curves.items()):
        _, shade, dashes, width = styles[variable]
        ax.plot(times, values + shift, color=shade, ls=dashes, lw=width, zorder=2, label=variable)
    if lane.spikes.size:
        times, values = next(iter(lane.curves.values()))
        at = np.clip(np.searchsorted(times, lane.spikes, "right") - 1, 0, times.size - 1)
        # A sample at the time of the spike may be before or after the reset: take the higher neighbour.
        base = np.maximum(values[at], values[np.maximum(at - 1, 0)])
        shade = next(iter(styles.values()))[1]
        ax.vlines(lane.spikes, base + shift, peak + shift, color=shade, lw=0.9, zorder=3)
    if lane.bursts.size:
        above = np.full(lane.bursts.size, peak + shift + 0.1 * span)
        ax.plot(lane.bursts, above, ls="none", marker="v", ms=4.5, mfc=ACCENT, mec="none", zorder=4)


def _quantity(styles: dict[str, Any]) -> str:
    if all(name.startswith("V_") for name in styles):
        return "voltage"
    return as_text(", ".join(styles))


def _typeset(name: str) -> str:
    """'V_m' with a subscript; other names are returned unchanged."""
    match = re.fullmatch(r"([A-Za-z])_([A-Za-z]+)", name)
    if match is None:
        return as_text(name)
    letter, index = match.groups()
    return f"${letter}_{index}$" if len(index) == 1 else rf"${letter}_{{\mathrm{{{index}}}}}$"


def _handles(styles: dict[str, Any], has_spikes: bool, has_bursts: bool) -> list[Line2D]:
    handles = [
        Line2D([], [], color=shade, ls=dashes, lw=1.3 * width, label=f"{word} {_typeset(name)}".strip())
        for name, (word, shade, dashes, width) in styles.items()
    ]
    shade = next(iter(styles.values()))[1]
    if has_spikes:
        handles.append(Line2D([], [], color=shade, ls="none", marker="|", ms=8, mew=1, label="spike, drawn"))
    if has_bursts:
        handles.append(Line2D([], [], ls="none", marker="v", ms=4.5, mfc=ACCENT, mec="none", label="burst"))
    return handles
