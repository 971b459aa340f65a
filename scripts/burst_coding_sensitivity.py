"""Which constants of the two-compartment cell its burst code depends on: a model file and a sweep over it.

    python scripts/burst_coding_sensitivity.py [--out out/burst_coding] [--workers 2] [--write] [--quick]

The multiplexing experiment of models/burst_multiplexing.py, with five constants of the cell and the strength of the
background within 25 % of their values: 256 Sobol points. Rank correlations show which metrics depend on which
parameters; those of metrics shuffled among the points show their size by chance. --write puts all into docs/studies.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn import sweep
from spikelearn.experiments import Outcome, load_experiment, parameter
from spikelearn.plots.style import FAINT, INK, TEXT_SIZE, clean, save

FILE = Path(__file__).resolve()
DOCS = FILE.parent.parent / "docs" / "studies"


@dataclass(frozen=True)
class Parameters:
    g_s: float = parameter(1300.0, "pA", "current from a fully active dendrite into the soma")
    g_d: float = parameter(1200.0, "pA", "regenerative current of the dendrite")
    c_d: float = parameter(2600.0, "pA", "current of the back-propagating spike")
    a: float = parameter(-13.0, "nS", "strength of the dendritic adaptation")
    b: float = parameter(-200.0, "pA", "step of the somatic adaptation at a spike")
    noise_std: float = parameter(450.0, "pA", "standard deviation of the background current, soma and dendrite")
    N: int = parameter(1000, "", "cells")
    duration: float = parameter(2000.0, "ms", "analysed part, whole cycles of 200 ms")


VARIED = ("g_s", "g_d", "c_d", "a", "b", "noise_std")
SHARE = 0.25
QUICK = {"N": 100, "duration": 400.0}
PUBLISHED: dict[str, Any] = {}
METRICS = {
    "corr_event_rate_soma": "event rate follows\nthe soma's current",
    "corr_burst_probability_dendrite": "burst probability follows\nthe dendrite's current",
    "max_abs_cross_corr": "crosstalk between\nthe two messages",
    "mean_burst_probability": "mean burst\nprobability",
    "mean_event_rate": "mean event\nrate",
}
SHUFFLES = 1000


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    p, source = parameters, _multiplexing()
    drive = source.Parameters(N=p.N, duration=p.duration, noise_std=p.noise_std)
    t_stop = drive.burn_in + p.duration
    edges = np.arange(drive.burn_in, t_stop + 1e-6, drive.window)
    soma, dendrite = source.currents(drive, t_stop)
    net = sl.Network(dt=drive.dt, seed=seed, threads=1)
    cells = net.population(p.N, sl.Pyramidal(g_s=p.g_s, g_d=p.g_d, c_d=p.c_d, a=p.a, b=p.b), name="pyramidal")
    source.background(net, cells, drive)
    net.drive(cells, sl.StepCurrent(*soma), port="soma")
    net.drive(cells, sl.StepCurrent(*dendrite), port="apical")
    net.record(cells)
    run = net.run(t_stop + source.BURST_WINDOW, sink=sink, progress=progress)
    found = sl.analysis.classify_events(run.spikes(cells), source.BURST_WINDOW)
    rate = sl.analysis.binned_rate(found.event_times, p.N, edges)
    bursts = sl.analysis.binned_rate(found.burst_times, p.N, edges)
    share = sl.analysis.burst_probability(found.burst_times, found.event_times, edges)
    into_soma, into_dendrite = (sl.analysis.mean_of_steps(*each, edges) for each in (soma, dendrite))
    known = np.isfinite(share)
    metrics = {
        "corr_event_rate_soma": sl.analysis.correlation(rate, into_soma),
        "corr_burst_probability_dendrite": sl.analysis.correlation(share[known], into_dendrite[known]),
        "max_abs_cross_corr": max(
            abs(sl.analysis.correlation(rate, into_dendrite)),
            abs(sl.analysis.correlation(share[known], into_soma[known])),
        ),
        "mean_burst_probability": float(bursts.sum() / rate.sum()),
        "mean_event_rate": float(rate.mean()),
    }
    return Outcome(run, metrics)


def figure(parameters: Parameters, outcome: Outcome) -> Figure:
    return sl.plots.raster(outcome.run).figure


def _multiplexing() -> Any:
    return sys.modules[load_experiment("burst_multiplexing").simulate.__module__]


def rank_correlations(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Spearman's, (metrics, parameters)."""
    from scipy.stats import spearmanr

    every = np.column_stack([columns[name] for name in (*METRICS, *VARIED)])
    return np.asarray(spearmanr(every).statistic)[: len(METRICS), len(METRICS) :]


def by_chance(columns: Mapping[str, np.ndarray], seed: int = 1) -> float:
    """The value that the largest of all rank correlations exceeds in 5 % of sweeps with shuffled metrics."""
    rng = np.random.default_rng(seed)
    largest = []
    for _ in range(SHUFFLES):
        order = rng.permutation(len(columns[VARIED[0]]))
        largest.append(np.abs(rank_correlations({**columns, **{name: columns[name][order] for name in METRICS}})).max())
    return float(np.quantile(largest, 0.95))


def draw(found: np.ndarray, chance: float) -> Figure:
    """Rank correlations as bars, with a panel for each metric; grey is the range by chance."""
    whole = Figure(figsize=(7.4, 2.6), layout="constrained", facecolor="white")
    for ax, title, values in zip(whole.subplots(1, len(METRICS), sharey=True), METRICS.values(), found, strict=True):
        clean(ax).axvspan(-chance, chance, color=FAINT, alpha=0.6, lw=0)
        ax.barh(range(len(VARIED)), values, color=["#1b3f73" if each > 0 else "#d2571c" for each in values], height=0.6)
        ax.axvline(0.0, color=INK, lw=0.8)
        ax.set(xlim=(-1, 1), yticks=range(len(VARIED)), yticklabels=VARIED)
        ax.set_title(title, size=TEXT_SIZE, color=INK)
    whole.axes[0].invert_yaxis()
    whole.supxlabel("rank correlation over the points of the sweep", size=TEXT_SIZE + 1, color=INK)
    return whole


def summary(columns: Mapping[str, np.ndarray], found: np.ndarray, chance: float) -> str:
    """The numbers of the page, in Markdown."""
    lines = [f"| | {' | '.join(VARIED)} | sum of squares | min | median | max |", "|---" * (len(VARIED) + 5) + "|"]
    for name, values in zip(METRICS, found, strict=True):
        cells = [f"**{each:+.2f}**" if abs(each) > chance else f"{each:+.2f}" for each in values]
        spread = (f"{each:.3g}" for each in np.quantile(columns[name], [0.0, 0.5, 1.0]))
        lines.append(f"| {name} | {' | '.join(cells)} | {(values**2).sum():.2f} | {' | '.join(spread)} |")
    return "\n".join(
        [*lines, "", f"By chance, the largest of all {found.size} exceeds {chance:.2f} once in 20 sweeps."]
    )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("out/burst_coding"))
    parser.add_argument("--workers", type=int)
    parser.add_argument("--write", action="store_true", help="into docs/studies")
    parser.add_argument("--quick", action="store_true", help="16 points of 100 cells, as a check only")
    options = parser.parse_args(arguments)
    usual = {name: getattr(Parameters, name) for name in VARIED}
    ranges = {name: sweep.Range(*sorted((x * (1 - SHARE), x * (1 + SHARE)))) for name, x in usual.items()}
    sample = sweep.Sample("sobol", ranges, 16 if options.quick else 256)
    done = sweep.run(FILE, options.out, sample=sample, quick=options.quick, workers=options.workers)
    print(f"{done.points} points, {done.computed} computed now in {done.seconds:.0f} s, {done.failed} failed\n")
    table = done.table().select([*VARIED, *METRICS]).to_pandas()
    columns = {name: table[name].to_numpy(dtype=float) for name in table}
    found, chance = rank_correlations(columns), by_chance(columns)
    folder = DOCS if options.write else options.out
    table.round(5).to_csv(folder / "burst_coding_sensitivity.csv", index=False)
    save(draw(found, chance), folder / "burst_coding_sensitivity.png", dpi=150)
    print(summary(columns, found, chance))


if __name__ == "__main__":
    main()
