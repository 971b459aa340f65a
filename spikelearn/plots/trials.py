"""Trials, phases, and what happened at times, drawn on a raster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from spikelearn.analysis.arguments import times_in
from spikelearn.plots.style import ACCENT, FAINT, INK, TEXT_SIZE, as_text, between
from spikelearn.results.recordings import plain
from spikelearn.results.run import Run

MOST_TRIALS = 80
"""Of more trials in a window, neither beginnings nor phases can be told apart."""
MOST_LABELS = 24
MOST_JUMPS = 0.2
"""A modulator of which a larger share of samples are jumps follows a signal."""
MARKERS = (("*", ACCENT), ("v", "#00798c"), ("D", INK), ("P", "#a87400"))
ABOVE = 1.02
"""The height of marks, in heights of the Axes."""


def draw_trials(axes: Sequence[Axes], run: Run, start: float, stop: float) -> tuple[bool, list[Any]]:
    """Draw where trials begin, shade every second phase, and write labels or numbers of trials above the first of the
    Axes. Returns whether anything is written there, and handles of a legend."""
    written = False
    handles: list[Any] = []
    for trials in run.trials:
        edges = np.concatenate([[0.0], np.cumsum(trials.durations)])
        first = max(0, int((start - trials.t_start) // edges[-1]))
        last = min(trials.n, int(np.ceil((stop - trials.t_start) / edges[-1])))
        if not 0 < last - first <= MOST_TRIALS:
            continue
        every = -(-(last - first) // MOST_LABELS)
        for k in range(first, last):
            begin = trials.t_start + k * edges[-1]
            for ax in axes:
                if start < begin < stop:
                    ax.axvline(begin, color="#9a9a9a", lw=0.6, zorder=1)
                for low, high in zip(begin + edges[1:-1:2], begin + edges[2::2], strict=False):
                    ax.axvspan(max(low, start), min(high, stop), color=FAINT, alpha=0.35, lw=0, zorder=0)
            middle = (max(begin, start) + min(begin + edges[-1], stop)) / 2
            if k % every == 0 and start < middle < stop:
                written = True
                axes[0].annotate(
                    as_text(trials.labels[k]) if trials.labels else str(k), (middle, 1.0),
                    xycoords=("data", "axes fraction"), xytext=(0, 1), textcoords="offset points", ha="center",
                    va="bottom", size=TEXT_SIZE - 1, color=INK,
                )  # fmt: skip
        shaded = [name for name in trials.names[1::2] if name]
        if shaded and not handles:
            handles = [Patch(facecolor=FAINT, alpha=0.6, label=as_text(", ".join(shaded)))]
    return written, handles


def releases(run: Run) -> dict[str, np.ndarray]:
    """Names of modulators -> the times (ms) at which they rose or fell at once.

    Those at phases of trials are known, others are seen in what was recorded of a modulator.
    """
    found: dict[str, list[np.ndarray]] = {}
    for trials in run.trials:
        for name, times in trials.releases.items():
            found.setdefault(name, []).append(times)
    for (name, variable), trace in run.trace_data.items():
        if (
            plain((name, variable))[1] == "n"
            and name not in run.populations
            and name not in run.projections
            and name not in found
        ):
            up, down = _jumps(trace.times, trace.values[:, 0])
            found |= {f"{name} up" if len(down) else name: [up]} if len(up) else {}
            found |= {f"{name} down": [down]} if len(down) else {}
    return {name: np.concatenate(times) for name, times in found.items()}


def _jumps(times: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The times at which a concentration that decays jumps up, and down; none if it changes all the time."""
    nothing = np.zeros(0), np.zeros(0)
    known = np.abs(n[:-1]) > 1e-9 * np.abs(n).max(initial=0.0)
    if not known.any():
        return nothing
    rest = np.median(n[1:][known] / n[:-1][known])
    jump = n[1:] - rest * n[:-1]
    large = np.abs(jump) > 0.05 * np.abs(jump).max()
    if large.mean() > MOST_JUMPS or not np.any(jump):
        return nothing
    return times[1:][large & (jump > 0)], times[1:][large & (jump < 0)]


def draw_marks(ax: Axes, marks: Mapping[str, Any], start: float, stop: float, lifted: bool) -> list[Any]:
    """Draw a marker above the Axes at each of these times; returns handles of a legend. lifted: above labels."""
    handles = []
    for k, (name, given) in enumerate(marks.items()):
        times = np.sort(times_in(given, f"marks of raster, {name!r}"))
        times = times[between(times, start, stop)]
        marker, colour = MARKERS[k % len(MARKERS)]
        look: dict[str, Any] = {"ls": "none", "marker": marker, "mfc": colour, "mec": "none", "ms": 5.0}
        height = ABOVE + 0.045 * lifted
        ax.plot(times, np.full(len(times), height), transform=ax.get_xaxis_transform(), clip_on=False, zorder=5, **look)
        handles.append(Line2D([], [], label=as_text(name), **look))
    return handles
