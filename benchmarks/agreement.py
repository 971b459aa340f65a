"""Whether the dynamics of two simulators agree, a precondition for comparing their times.

The rate, the CV of intervals and the synchrony of each population are compared, as means over the runs of a session.
Each run has a different seed, so connections, noise and initial state differ and the means vary by chance. The
tolerance is Student's t times the deviation between runs of one simulator, pooled over all simulators: identical
simulators exceed it once in 10,000 comparisons. With few runs it is wide. The deviation is at least that of as many
independent spikes. 2 % of the value are added, since simulators legitimately differ in the order of operations within a
step, in how they round delays, and in the integration method (Euler or exact).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

import spikelearn as sl
from benchmarks.job import starts
from spikelearn.results.run import Spikes

STATISTICS = ("rate", "cv", "synchrony")
BY_CHANCE = 1e-4
OTHER_WAYS = 0.02
FEWEST_SPIKES = 200
"""With fewer spikes than this in all runs of both, the CV and the synchrony of a population are not compared."""


class Disagreement(NamedTuple):
    population: str
    statistic: str
    ours: float
    theirs: float
    tolerance: float

    def __str__(self) -> str:
        return (
            f"{self.statistic} of {self.population}: {self.theirs:.3g} instead of {self.ours:.3g} "
            f"(tolerance {self.tolerance:.2g})"
        )


def dynamics(
    times: np.ndarray, ids: np.ndarray, populations: Mapping[str, int], start: float, stop: float
) -> dict[str, dict[str, float | None]]:
    """Number of spikes, rate (Hz), CV and synchrony of each population in [start, stop) ms; None where undefined."""
    first = starts(dict(populations))
    found = {}
    for k, (name, size) in enumerate(populations.items()):
        own = (ids >= first[k]) & (ids < first[k + 1]) & (times >= start) & (times < stop)
        values = {
            "spikes": float(own.sum()),
            "rate": float(own.sum() / size / (stop - start) * 1e3),
            "cv": sl.analysis.cv_isi(Spikes(times[own], ids[own])) if own.any() else math.nan,
            "synchrony": sl.analysis.synchrony(times[own], start, stop),
        }
        found[name] = {key: None if math.isnan(value) else value for key, value in values.items()}
    return found


Runs = Sequence[Mapping[str, Mapping[str, float | None]]]
"""The dynamics of several runs of one simulator."""


def values_of(runs: Runs, population: str, statistic: str) -> np.ndarray:
    every = [run[population][statistic] for run in runs]
    return np.array([value for value in every if value is not None])


def deviation_between_runs(all_runs: Sequence[Runs], population: str, statistic: str) -> tuple[float, int]:
    """Standard deviation of a run from the mean of its simulator, over all simulators, and its degrees of freedom."""
    squares, freedom = 0.0, 0
    for runs in all_runs:
        values = values_of(runs, population, statistic)
        if len(values) > 1:
            squares += float(((values - values.mean()) ** 2).sum())
            freedom += len(values) - 1
    return math.sqrt(squares / freedom) if freedom else 0.0, freedom


def standard_errors(freedom: int) -> float:
    """The value that Student's t exceeds with probability BY_CHANCE; infinite without degrees of freedom.

    With t = sqrt(freedom) tan(a), the density of a goes as cos(a)^(freedom - 1).
    """
    if freedom < 1:
        return math.inf
    angles = np.linspace(0.0, 0.5 * math.pi, 200_001)
    within = np.cumsum(np.cos(angles) ** (freedom - 1))
    place = int(np.searchsorted(within, (1.0 - BY_CHANCE) * within[-1]))
    return math.sqrt(freedom) * math.tan(angles[place])


def disagreements(ours: Runs, theirs: Runs, all_runs: Sequence[Runs]) -> list[Disagreement]:
    """The differences that exceed chance. all_runs: those of every simulator, for the deviation between runs."""
    found = []
    for population in ours[0]:
        spikes = sum(float(run[population]["spikes"] or 0.0) for run in (*ours, *theirs))
        per_run = max(spikes / (len(ours) + len(theirs)), 1.0)
        for statistic in STATISTICS:
            a, b = values_of(ours, population, statistic), values_of(theirs, population, statistic)
            if not len(a) or not len(b) or (statistic != "rate" and spikes < FEWEST_SPIKES):
                continue
            mean = 0.5 * float(a.mean() + b.mean())
            between, freedom = deviation_between_runs(all_runs, population, statistic)
            deviation = max(between, mean / math.sqrt(per_run))
            error = deviation * math.sqrt(1.0 / len(a) + 1.0 / len(b))
            tolerance = standard_errors(freedom) * error + OTHER_WAYS * mean
            if abs(a.mean() - b.mean()) > tolerance:
                found.append(Disagreement(population, statistic, float(a.mean()), float(b.mean()), tolerance))
    return found


def overall(runs: Runs, populations: Mapping[str, int], statistic: str) -> float:
    """The mean of a statistic over runs and neurons; NaN where no population has it."""
    total, neurons = 0.0, 0
    for population, size in populations.items():
        values = values_of(runs, population, statistic)
        if len(values):
            total += size * float(values.mean())
            neurons += size
    return total / neurons if neurons else math.nan


def spread(values: Sequence[float], form: str = "{:.2f}") -> str:
    """'median (min to max)'."""
    low, high = form.format(min(values)), form.format(max(values))
    middle = form.format(float(np.median(values)))
    return middle if len(values) == 1 else f"{middle} ({low} to {high})"


def as_runs(records: Sequence[Mapping[str, Any]]) -> Runs:
    return [record["dynamics"] for record in records]
