"""Where the exact engine is faster than the time-stepped one: the same networks on both, in turn.

    python scripts/crossover.py [--repeats 5] [--write]

N LIF neurons, each with K synapses from random others and its own Poisson input, every spike of which makes it fire
once unless it is refractory, so the mean rate is close to the requested one, 0.01 to 50 Hz. Both engines run the same
description, A B A B, on one thread; only ratios of consecutive runs are used. The rates of both are compared. --write
puts the result into docs/results/exact_engine.md and docs/exact_engine.png.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

import spikelearn as sl
from spikelearn.plots.panels import panels
from spikelearn.plots.style import INK, colour

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.agreement import spread  # noqa: E402
from benchmarks.report import machine_line  # noqa: E402
from benchmarks.session import machine  # noqa: E402

SIZES = ((100, 10), (100, 100), (1_000, 10), (1_000, 100), (1_000, 1_000), (10_000, 10), (10_000, 100))
RATES = (0.01, 0.1, 0.5, 2.0, 10.0, 50.0)
STEPS = (0.1, 0.01)
WALL_S = 0.2
"""Approximate time of a run on the grid, and the number of arrivals at which it ends earlier."""
MOST_ARRIVALS = 2e6
MARKERS = {100: "o", 1_000: "s", 10_000: "^"}
DASHES = {10: ":", 100: "-", 1_000: "--"}


class Measured(NamedTuple):
    """arrivals: recurrent and external spikes that arrive at a neuron, Hz. ratios: wall time of the grid over that of
    the exact engine, for each pair of runs. per_step: events in the exact engine's queue per step of the grid."""

    dt: float
    n: int
    k: int
    rate: float
    arrivals: float
    per_step: float
    ratios: list[float]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)


def network(dt: float, n: int, k: int, rate: float) -> tuple[sl.Network, sl.description.Population]:
    net = sl.Network(dt=dt, seed=1)
    cells = net.population(n, sl.LIF(t_ref=8.0), name="cells")
    for port, share, weight in (("exc", 0.8, 2.0), ("inh", 0.2, -8.0)):
        k_port = round(share * k)
        net.connect(cells, cells, port, sl.FixedInDegree(k_port), weight=weight * 10.0 / k**0.5, delay=1.5)
    net.drive(cells, sl.PoissonInput(rate), port="exc", weight=4_000.0)
    net.record(cells)
    return net, cells


def measure(dt: float, n: int, k: int, rate: float, repeats: int) -> Measured:
    """Raise SystemExit if the rates on the two engines differ."""
    grid, exact = network(dt, n, k, rate), network(dt, n, k, rate)
    warm = grid[0].run(200 * dt, progress=False)
    enough = MOST_ARRIVALS / (n * (k + 1) * rate * 1e-3 * dt)
    duration = round(max(200, min(WALL_S / (warm.wall_s / 200), 20_000 / dt, enough))) * dt
    exact[0].run(200 * dt, engine="events", progress=False)
    ratios, counts, arrivals = [], np.zeros(2), 0
    queue_before = exact[0].build("events").plan.queue_events
    for _ in range(repeats):
        runs = [
            net.run(duration, engine=engine, progress=False)
            for (net, _), engine in ((grid, "compiled"), (exact, "events"))
        ]
        ratios.append(runs[0].wall_s / runs[1].wall_s)
        counts += [len(run.spikes("cells").times) for run in runs]
        arrivals += runs[1].synaptic_events
    late = dt * 1e-3 * rate * counts[1]  # on the grid each interval may be one step longer
    if abs(counts[0] - counts[1]) > 5.0 * (counts.sum() + 1) ** 0.5 + late:
        raise SystemExit(f"N {n}, K {k}, {rate} Hz: {counts[0]:g} spikes on the grid, {counts[1]:g} exactly")
    total = repeats * duration
    queue = exact[0].build("events").plan.queue_events - queue_before
    fired = float(counts[1]) / n / total * 1e3
    return Measured(dt, n, k, fired, arrivals / n / total * 1e3, queue / total * dt, ratios)


def crossover(found: Sequence[Measured]) -> float | None:
    """Arrivals (Hz) at which both take the same time, by log-log interpolation; None if outside the range."""
    known = [m for m in found if m.arrivals > 0]
    x, y = np.log([m.arrivals for m in known]), np.log([m.ratio for m in known])
    for a in range(len(x) - 1):
        if y[a] > 0 >= y[a + 1]:
            return float(np.exp(x[a] + (x[a + 1] - x[a]) * y[a] / (y[a] - y[a + 1])))
    return None


def draw(found: Sequence[Measured], path: Path) -> None:
    axes = panels(None, 1, len(STEPS), size=(7.2, 3.4), sharey=True)
    for ax, dt in zip(axes, STEPS, strict=True):
        for n, k in SIZES:
            mine = [m for m in found if (m.dt, m.n, m.k) == (dt, n, k) and m.arrivals > 0]
            x, y = [m.arrivals for m in mine], [m.ratio for m in mine]
            style = {"marker": MARKERS[n], "linestyle": DASHES[k], "color": colour(list(MARKERS).index(n))}
            ax.plot(x, y, markersize=4, linewidth=1.2, label=f"N {n:,}, K {k:,}", **style)
        ax.axhline(1.0, color=INK, linewidth=0.8)
        ax.set(xscale="log", yscale="log", xlabel="spikes that arrive at a neuron (Hz)")
        ax.set_title(f"dt {dt:g} ms", fontsize=9, loc="left")
    axes[0].set_ylabel("wall time of the grid /\nwall time of the exact engine")
    axes[-1].legend(fontsize=7, frameon=False)
    axes[0].figure.savefig(path, dpi=150)


def report(found: Sequence[Measured], repeats: int) -> list[str]:
    lines = [
        f"{repeats} pairs of runs each, in turn, one thread, about {WALL_S:g} s on the grid or {MOST_ARRIVALS:,.0f} "
        "arrivals each: median (min to max) of the wall time of the grid over that of the exact engine; above 1 the "
        "exact engine is faster. Arrivals are those at one neuron, recurrent and external; events are those of the "
        "whole queue.",
        "",
        "| dt ms | N | K | rate Hz | arrivals Hz | events per step | grid / exact |",
        "|---|---|---|---|---|---|---|",
    ]
    for m in found:
        lines.append(
            f"| {m.dt:g} | {m.n:,} | {m.k:,} | {m.rate:.3g} | {m.arrivals:.3g} | {m.per_step:.3g} "
            f"| {spread(m.ratios, '{:.3g}')} |"
        )
    lines += ["", "Where both take the same time:", "", "| dt ms | N | K | arrivals at a neuron, Hz | mean rate, Hz |"]
    lines.append("|---|---|---|---|---|")
    for dt in STEPS:
        for n, k in SIZES:
            mine = [m for m in found if (m.dt, m.n, m.k) == (dt, n, k)]
            at, last = crossover(mine), mine[-1]
            beyond = f"more than {last.arrivals:.3g} | more than {last.rate:.3g}"
            both = beyond if at is None else f"{at:.3g} | {at / (k + 1):.3g}"
            lines.append(f"| {dt:g} | {n:,} | {k:,} | {both} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="pairs of runs of each network")
    parser.add_argument("--write", action="store_true", help="write docs/results/exact_engine.md and its figure")
    options = parser.parse_args()
    head = machine_line(machine())
    todo = [(dt, n, k, rate) for dt in STEPS for n, k in SIZES for rate in RATES]
    bar = tqdm(todo, unit=" networks", disable=not sys.stderr.isatty())
    found = [measure(*each, options.repeats) for each in bar]
    lines = [head, "", *report(found, options.repeats)]
    print("\n".join(lines))
    if options.write:
        title = [
            "# The exact engine compared with the grid",
            "",
            f"    python scripts/crossover.py {' '.join(sys.argv[1:])}",
        ]
        text = "\n".join([*title, "", *lines, "", "![Ratio against arrivals](../exact_engine.png)"])
        (ROOT / "docs" / "results" / "exact_engine.md").write_text(text + "\n")
        draw(found, ROOT / "docs" / "exact_engine.png")


if __name__ == "__main__":
    main()
