"""Plots of the measurements of a session: time by network, size, rate and threads; cost of events; bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import goals
from benchmarks.agreement import as_runs, overall
from benchmarks.networks import TITLES, Network
from benchmarks.report import OURS, Compared, belongs, bytes_per_synapse, compare, event_costs
from spikelearn.plots.panels import panels
from spikelearn.plots.style import INK, TEXT_SIZE, colour, legend, save

MARKERS = ("o", "s", "^", "D", "x", "v", "P")


def style_of(simulator: str) -> dict[str, Any]:
    place = list(TITLES).index(simulator)
    return {"color": colour(place), "marker": MARKERS[place], "ms": 4.0, "lw": 1.2, "label": TITLES[simulator]}


def draw(networks: Sequence[Network], records: Sequence[dict[str, Any]], folder: Path) -> list[tuple[str, str]]:
    """Write the plots for which there are measurements; returns their file names and titles."""
    found = [c for c in (compare(network, records) for network in networks) if c.runs]
    drawn = []
    for name, title, make in (
        ("benchmarks_networks.png", "Wall time of each network, by simulator and number of threads", by_network),
        ("benchmarks_scaling.png", "Wall time against size, rate and threads", scaling),
    ):
        if (figure := make(found)) is not None:
            save(figure, folder / name, dpi=150)
            drawn.append((name, title))
    if (figure := synapses(found, records)) is not None:
        save(figure, folder / "benchmarks_synapses.png", dpi=150)
        drawn.append(("benchmarks_synapses.png", "Cost of a synaptic event against size, and bytes per synapse"))
    return drawn


def middle_and_ends(values: Sequence[float]) -> tuple[float, float, float]:
    return float(np.median(values)), min(values), max(values)


def by_network(found: Sequence[Compared]) -> Any:
    """One row for each network and number of threads, on a logarithmic axis; error bars from min to max."""
    rows = [
        (c, n) for c in found if c.network.part == "networks" for n in c.numbers_of_threads() if (OURS, n) in c.runs
    ]
    if not rows:
        return None
    (ax,) = panels(None, 1, 1, (7.2, 0.9 + 0.27 * len(rows)))
    handles: dict[str, Any] = {}
    for place, (c, threads) in enumerate(rows):
        for simulator in c.simulators():
            if not (seconds := c.seconds(simulator, threads)):
                continue
            value, low, high = middle_and_ends(seconds)
            style = style_of(simulator) | {"lw": 0.0}
            if c.differs.get((simulator, threads)):
                style |= {"markerfacecolor": "none"}
            ax.plot([low, high], [place, place], color=style["color"], lw=1.2)
            (handles[simulator],) = ax.plot([value], [place], **style)
        there = goals.SECONDS_ON_OTHER_MACHINE.get(c.network.name, {})
        if "GeNN" in there and threads in (1, 2) and (value := there["GeNN"][threads - 1]):
            (handles["GeNN"],) = ax.plot(
                [value], [place], "|", color=INK, ms=6.0, mew=1.2, label="GeNN, other machine"
            )  # fmt: skip
    names = [f"{c.network.title}, {n} thread{'s' if n > 1 else ''}" for c, n in rows]
    ax.set_yticks(range(len(rows)), names, size=TEXT_SIZE)
    ax.set(xscale="log", xlabel="wall seconds per biological second")
    ax.axvline(1.0, color=INK, lw=0.6)
    ax.invert_yaxis()
    ax.grid(axis="y", lw=0.3)
    legend(ax, list(handles.values()))
    return ax.figure


def scaling(found: Sequence[Compared]) -> Any:
    """Times against the number of neurons (CUBA) and the rate (Brunel); speed-up by threads on each network."""
    size, rate, threads = panels(None, 1, 3, (7.8, 2.9))
    handles: dict[str, Any] = {}
    for ax, part, at in (
        (size, "size", lambda c: c.network.neurons),
        (rate, "rate", lambda c: overall(as_runs(c.runs[OURS, 1]), c.network.populations, "rate")),
    ):
        mine = [c for c in found if belongs(c.network, part) and (OURS, 1) in c.runs]
        for simulator in TITLES:
            points = sorted(
                (at(c), *middle_and_ends(c.seconds(simulator, 1))) for c in mine if (simulator, 1) in c.runs
            )
            if points:
                x, y, low, high = zip(*points, strict=True)
                style = style_of(simulator)
                (handles[simulator],) = ax.plot(x, y, **style)
                ax.vlines(x, low, high, color=style["color"], lw=1.2)
    for place, simulator in enumerate(TITLES):
        for c in found:
            if c.network.part != "networks" or (simulator, 1) not in c.runs:
                continue
            one = float(np.median(c.seconds(simulator, 1)))
            numbers = [n for n in c.numbers_of_threads() if n > 1 and (simulator, n) in c.runs]
            faster = [one / float(np.median(c.seconds(simulator, n))) for n in numbers]
            style = style_of(simulator) | {"lw": 0.0}
            handles.setdefault(simulator, *threads.plot([place] * len(numbers), faster, **style))
    if not handles:
        return None
    most = max((n for c in found for n in c.numbers_of_threads()), default=1)
    for limit, dashes in ((1, "-"), (most, ":")):
        threads.axhline(limit, color=INK, lw=0.6, ls=dashes)
    size.set(xscale="log", yscale="log", xlabel="neurons (CUBA)", ylabel="wall s per biological s, 1 thread")
    rate.set(yscale="log", xlabel="rate (Hz, Brunel)")
    rate.yaxis.set_minor_formatter("")
    threads.set(xlabel="all networks", ylabel=f"speed of {most} threads / 1 thread", xlim=(-0.5, len(TITLES) - 0.5))
    threads.set_xticks([])
    threads.set_ylim(bottom=0.0)
    shown = [handles[each] for each in TITLES if each in handles]
    size.figure.legend(handles=shown, loc="outside upper right", ncols=len(shown), frameon=False, fontsize=TEXT_SIZE)
    return size.figure


def synapses(found: Sequence[Compared], records: Sequence[dict[str, Any]]) -> Any:
    """Nanoseconds per event against the number of synapses; bytes of each kind of synapse and their goals."""
    costs, bytes_of = event_costs(found), {each: bytes_per_synapse(records, each) for each in (OURS, "nest")}
    if not costs and not any(bytes_of.values()):
        return None
    cost, size = panels(None, 1, 2, (7.6, 2.9))
    for k, (kind, of) in enumerate(costs.items()):
        dashes = ("-", (0, (4, 2)))[k % 2]
        cost.plot(
            list(of), list(of.values()), color=colour(k), marker=MARKERS[k], ms=4.0, lw=1.2, ls=dashes, label=kind
        )
    cost.set(xscale="log", xlabel="synapses", ylabel="ns per event, one thread")
    cost.set_ylim(bottom=0.0)
    if costs:
        legend(cost, cost.get_lines())
    kinds = list(goals.BYTES_PER_SYNAPSE)
    handles = []
    for simulator, of in bytes_of.items():
        places = [place for place, kind in enumerate(kinds) if kind in of]
        if places:
            values = [of[kind] for kind in kinds if kind in of]
            handles += size.plot(values, places, **style_of(simulator) | {"lw": 0.0})
    limits = list(goals.BYTES_PER_SYNAPSE.values())
    handles += size.plot(limits, range(len(kinds)), "|", color=INK, ms=16.0, mew=1.4, label="goal")
    size.set_yticks(range(len(kinds)), kinds, size=TEXT_SIZE)
    size.set_ylim(len(kinds) - 0.5, -0.5)
    size.grid(axis="y", lw=0.3)
    size.set(xlabel="bytes per synapse", xscale="log")
    legend(size, handles)
    return cost.figure
