"""Signals over time: what callbacks and readouts wrote, above or below a raster of the same run."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from spikelearn.analysis.arguments import checks_arguments
from spikelearn.errors import DescriptionError
from spikelearn.plots.panels import panels
from spikelearn.plots.style import (
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
from spikelearn.results.run import Run, Trace

MOST_NAMED = 8
"""Numbers of a signal that have a colour and an entry in the legend each; of more, all lines are alike."""
DASHES = ("-", (0, (4.0, 1.5)), (0, (1.0, 1.2)), "-.")


@checks_arguments
def signal(
    run: Run, of: Any, variable: str = "value", t_start: float | None = None, t_stop: float | None = None,
    target: Any = None, ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """Draw a recorded signal, one line for each of its numbers, as steps from sample to sample.

    of: a signal or its name; variable: what was recorded of it. t_start, t_stop: ms; by default from the first sample
    to the end of the run. target: what the signal should be, drawn in grey behind it: another recorded signal or its
    name, or an array of a number for each sample, (T,) or (T, k). ax: where to draw, such as one of two Axes with a
    shared time axis, of which the other has the raster; by default a new Figure.

    Returns the Axes. Raises DescriptionError if the signal was not recorded or has no samples in the window,
    ParameterError for an empty window.

    >>> net = Network(dt=1.0)
    >>> inputs = net.population(5, Poisson(50.0))
    >>> reward = net.signal("reward")
    >>> recording = net.record(reward, every=10.0)
    >>> signal(net.run(100.0), "reward").figure.savefig("reward.png")
    """
    trace = run.trace(of, variable)
    if len(trace.times) == 0:
        raise DescriptionError(f"{variable!r} of {name_of(of)!r} has no samples; recorded: {recorded(run.trace_data)}")
    start, stop = window(run, float(trace.times[0]) if t_start is None else t_start, t_stop)
    part = between(trace.times, start, stop)
    if part.stop <= part.start:
        raise DescriptionError(f"no sample of {name_of(of)!r} lies in {start:g} to {stop:g} ms")
    (ax,) = panels(ax, size=(6.4, 2.0))
    handles = []
    if target is not None:
        times, wanted = _target(run, trace, target)
        lines = ax.plot(times, wanted, color="#9a9a9a", lw=2.2, zorder=1)
        lines[0].set_label("target")
        handles.append(lines[0])
    size = trace.values.shape[1]
    few = size <= MOST_NAMED
    for k in range(size):
        look = {"color": colour(k), "ls": DASHES[k % len(DASHES)], "lw": 1.1} if few else {"color": INK, "lw": 0.4}
        label = f"{as_text(name_of(of))} {k}" if size > 1 else as_text(name_of(of))
        (line,) = ax.step(trace.times[part], trace.values[part, k], where="post", label=label, zorder=2, **look)
        if few and (size > 1 or target is not None):
            handles.append(line)
    unit = f" ({as_text(trace.unit)})" if trace.unit else ""
    word = as_text(name_of(of)) if variable == "value" else f"{as_text(variable)} of {as_text(name_of(of))}"
    ax.set_ylabel(f"{word}{unit}", size=TEXT_SIZE + 1, color=INK)
    time_axis(ax, start, stop)
    if handles:
        legend(ax, handles)
    return ax


def _target(run: Run, trace: Trace, target: Any) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of what a signal should be."""
    if isinstance(target, str) or hasattr(target, "name"):
        found = run.trace(target, "value")
        return found.times, found.values
    values = np.asarray(target, np.float64)
    if values.shape not in (trace.times.shape, trace.values.shape):
        raise DescriptionError(
            f"target: expected a number for each of the {len(trace.times)} samples, {trace.times.shape} or "
            f"{trace.values.shape}, got shape {values.shape}"
        )
    return trace.times, values
