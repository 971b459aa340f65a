"""A run as a figure that can be zoomed and read with the pointer, through plotly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from spikelearn.analysis.arguments import checks_arguments
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.extras import needed
from spikelearn.plots.style import ACCENT, INK, between, colour, name_of, recorded, window
from spikelearn.results.run import Run, Trace

MOST_CURVES = 8
_KINDS = {"spike": ("line-ns-open", None), "burst": ("circle", ACCENT), "plateau": ("diamond", "#00798c")}


@checks_arguments
def interactive(
    run: Run,
    populations: Any = None,
    t_start: float | None = None,
    t_stop: float | None = None,
    max_spikes: int = 200_000,
) -> Any:
    """Draw spikes and recorded variables of a run as a plotly Figure: `.show()`, or `.write_html("run.html")`.

    populations: one or a list of populations or names; by default all with recordings. t_start, t_stop: ms. max_spikes:
    of more in the window, evenly spaced ones are drawn, as the legend says. The raster is on top, and each recorded
    variable has a panel below it, with up to eight of its neurons; time is common to all. Pointing at a mark shows the
    neuron and the time. Needs plotly: pip install 'spikelearn[interactive]'.

    Raises DescriptionError if nothing was recorded, ParameterError for an empty window.

    >>> net = Network(dt=1.0, seed=1)
    >>> inputs = net.population(5, Poisson(50.0), name="inputs")
    >>> recording = net.record(inputs)
    >>> interactive(net.run(100.0)).write_html("run.html", include_plotlyjs=False)
    """
    subplots = needed("plotly.subplots", "interactive plots", "interactive")
    graph = needed("plotly.graph_objects", "interactive plots", "interactive")
    start, stop = window(run, t_start, t_stop)
    if max_spikes < 1:
        raise ParameterError(f"max_spikes of interactive: expected at least 1, got {max_spikes}")
    names = _names(run, populations)
    events = [(name, kind) for name in names for kind in _KINDS if (name, kind) in run.spike_data]
    traces = [(name, variable) for name, variable in run.trace_data if name in names or populations is None]
    if not events and not traces:
        raise DescriptionError(
            f"nothing to draw was recorded; recorded: {recorded([*run.spike_data, *run.trace_data])}"
        )
    rows = bool(events) + len(traces)
    heights = [max(1.0, 0.6 * len(traces))] * bool(events) + [0.6] * len(traces)
    figure = subplots.make_subplots(rows, 1, shared_xaxes=True, vertical_spacing=0.04, row_heights=heights)
    for trace in _event_traces(run, names, events, start, stop, max_spikes, graph):
        figure.add_trace(trace, 1, 1)
    for k, (name, variable) in enumerate(traces):
        row = bool(events) + k + 1
        found = run.trace_data[name, variable]
        for curve in _curves(found, f"{name} {variable}", start, stop, graph):
            figure.add_trace(curve, row, 1)
        unit = f" ({found.unit})" if found.unit else ""
        figure.update_yaxes(title_text=f"{variable} of {name}{unit}", row=row, col=1)
    figure.update_xaxes(range=[start, stop])
    figure.update_xaxes(title_text="time (ms)", row=rows, col=1)
    if events:
        figure.update_yaxes(title_text="neuron", row=1, col=1)
    figure.update_layout(
        template="plotly_white",
        height=260 + 200 * rows,
        font={"color": INK, "size": 12},
        legend={"itemsizing": "constant"},
    )  # fmt: skip
    return figure


def _names(run: Run, populations: Any) -> list[str]:
    if populations is None:
        return list(run.populations)
    one = isinstance(populations, str) or hasattr(populations, "name") or not isinstance(populations, Iterable)
    names = [name_of(each) for each in ([populations] if one else populations)]
    for name in names:
        if name not in run.populations:
            raise DescriptionError(f"no population {name!r} in this run; there are: {', '.join(run.populations)}")
    return names


def _event_traces(
    run: Run, names: list[str], events: list[tuple[str, str]], start: float, stop: float, max_spikes: int, graph: Any
) -> Iterable[Any]:
    """The events of each population and kind, populations one above the other."""
    first = np.cumsum([0, *(run.populations[name].size for name in names)])
    part = {key: between(run.spike_data[key].times, start, stop) for key in events}
    total = sum(each.stop - each.start for each in part.values())
    every = max(1, -(-total // max_spikes))
    for name, kind in events:
        k = names.index(name)
        found = run.spike_data[name, kind]
        times, ids = found.times[part[name, kind]][::every], found.ids[part[name, kind]][::every]
        symbol, face = _KINDS[kind]
        label = f"{kind}s of {name}" + (f", 1 in {every}" if every > 1 else "")
        yield graph.Scattergl(
            x=times, y=ids + first[k], customdata=ids, mode="markers", name=label,
            marker={"symbol": symbol, "color": face or colour(k), "size": 5, "line": {"width": 1}},
            hovertemplate=f"{name} %{{customdata}}, %{{x:.4~f}} ms<extra>{kind}</extra>",
        )  # fmt: skip


def _curves(trace: Trace, label: str, start: float, stop: float, graph: Any) -> Iterable[Any]:
    part = between(trace.times, start, stop)
    for k in range(min(MOST_CURVES, trace.values.shape[1])):
        yield graph.Scattergl(
            x=trace.times[part], y=trace.values[part, k], mode="lines", line={"color": colour(k), "width": 1},
            name=f"{label} {trace.ids[k]}", hovertemplate="%{x:.4~f} ms, %{y:.5g}",
        )  # fmt: skip
