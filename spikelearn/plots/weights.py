"""Weights of a projection: their final distribution, and their course over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from spikelearn.analysis.arguments import checks_arguments
from spikelearn.errors import DescriptionError
from spikelearn.plots.panels import panels
from spikelearn.plots.style import ACCENT, INK, PALETTE, TEXT_SIZE, as_text, legend, name_of, time_axis
from spikelearn.results.recordings import keys_of
from spikelearn.results.run import Run, Trace

BINS = 50
STEPS = [1, 2, 2.5, 5, 10]
SINGLE = 12


@checks_arguments
def weights(run: Run, projection: Any = None, ax: Axes | Sequence[Axes] | None = None, unit: str = "") -> Axes:
    """Draw a histogram of the weights at the end and, if `weight` was recorded, their course over time.

    projection: a projection or its name, or a list of them, one below the other; by default all whose synapses the run
    has. unit: for the axis label; by default that of the port. ax: for one projection, one Axes for the histogram alone
    or two for both; by default a new Figure. The course is the mean of
    the recorded synapses, with a band for the central 90 % (plastic weights are often bimodal: a standard
    deviation would extend beyond their bounds), and some individual synapses.

    Returns the Axes of the (first) histogram; `ax.figure.axes` has all.
    Raises DescriptionError if a projection is unknown, has no synapses, or a weight is not finite.

    >>> net = Network(dt=0.1, seed=1)
    >>> cells = net.population(20, LIF(I_e=Normal(400, 30)), name="cells")
    >>> learned = net.connect(cells, cells, weight=Uniform(0, 50), plasticity=STDP())
    >>> axes = weights(net.run(200), learned)
    """
    names = _names(run, projection)
    data = [_weights_of(run, name, unit) for name in names]
    with_course = any(each.course is not None for each in data) and not isinstance(ax, Axes)
    height = 2.6 if len(names) == 1 else 0.3 + 2.1 * len(names)
    found = panels(ax, len(names), 1 + with_course, (6.4 if with_course else 3.4, height))
    for k, (name, each) in enumerate(zip(names, data, strict=True)):
        histogram = found[k * (1 + with_course)]
        _draw_histogram(histogram, each.final, each.label)
        histogram.set_title(as_text(name), loc="left", size=TEXT_SIZE + 1, color=INK, pad=14)
        if with_course:
            course = found[k * (1 + with_course) + 1]
            if each.course is None:
                course.set_axis_off()
            else:
                _draw_course(course, each.course, each.label, run)
    return found[0]


class _Weights(NamedTuple):
    """The final weights of a projection, their course if it was recorded, and the label of their axis."""

    final: np.ndarray
    course: Trace | None
    label: str


def _names(run: Run, projection: Any) -> list[str]:
    if projection is None:
        names = [name for name, info in run.projections.items() if name in run.synapse_data and info.n_synapses]
        if not names:
            raise DescriptionError("no weights to draw: this run has no synapses of any projection")
        return names
    several = isinstance(projection, list | tuple)
    return [name_of(each) for each in projection] if several and projection else [name_of(projection)]


def _weights_of(run: Run, name: str, unit: str) -> _Weights:
    final = np.asarray(run.weights(name), dtype=np.float64)
    if final.size == 0:
        raise DescriptionError(f"projection {name!r} has no synapses, so there are no weights to draw")
    if not np.all(np.isfinite(final)):
        bad = int(np.sum(~np.isfinite(final)))
        raise DescriptionError(f"{bad} of {final.size} weights of {name!r} are not finite")
    trace = run.trace(name, "weight") if keys_of(run.trace_data, name, "weight") else None
    if not unit:
        unit = trace.unit if trace is not None else run.projections[name].unit if name in run.projections else ""
    drawable = trace is not None and trace.values.size > 0 and trace.times.size > 1
    return _Weights(final, trace if drawable else None, f"weight ({as_text(unit)})" if unit else "weight")


def _draw_histogram(ax: Axes, final: np.ndarray, label: str) -> None:
    mean = float(final.mean())
    if np.ptp(final) > 0:
        number, edges = np.histogram(final, BINS)
    else:
        # All equal, as in a static projection: one bar, with a width of a tenth of the value, to be visible.
        half = 0.05 * abs(mean) or 0.05
        number, edges = np.array([final.size]), np.array([mean - half, mean + half])
    ax.stairs(number, edges, fill=True, color=PALETTE[0], alpha=0.85)
    ax.axvline(mean, color=ACCENT, lw=1.2, ls=(0, (3, 1.5)))
    ax.annotate(
        f"mean {mean:.3g}", (mean, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 2),
        textcoords="offset points", ha="center", va="bottom", size=TEXT_SIZE, color=ACCENT,
    )  # fmt: skip
    if np.ptp(final) == 0:
        ax.set_xlim(edges[0] - 9 * (edges[1] - mean), edges[1] + 9 * (edges[1] - mean))
    ax.set_ylim(0, 1.05 * number.max())
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=STEPS))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True, steps=STEPS))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ax.set_xlabel(label, size=TEXT_SIZE + 1, color=INK)
    ax.set_ylabel(f"synapses (of {final.size:,})", size=TEXT_SIZE + 1, color=INK)


def _draw_course(ax: Axes, course: Trace, label: str, run: Run) -> None:
    times, values = course.times, course.values
    low, high = np.percentile(values, [5, 95], axis=1)
    band = ax.fill_between(times, low, high, color=PALETTE[0], alpha=0.25, lw=0, label="5 to 95 %")
    # A band hides whether synapses cross it: some of them, evenly spaced, are drawn individually.
    some = values[:, np.unique(np.linspace(0, values.shape[1] - 1, SINGLE).astype(int))]
    single = ax.plot(times, some, color=INK, lw=0.4, alpha=0.6, label="single synapse")[0]
    (line,) = ax.plot(times, values.mean(axis=1), color=ACCENT, lw=1.5, ls=(0, (3, 1.5)), label="mean")
    time_axis(ax, run.t_start, run.t_stop)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=STEPS))
    ax.set_ylabel(label, size=TEXT_SIZE + 1, color=INK)
    legend(ax, [line, band, single])
