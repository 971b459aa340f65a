"""What a run was, in one table: `run.summary()`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from spikelearn.analysis.irregularity import cv_isi
from spikelearn.description.overview import aligned
from spikelearn.results.recordings import keys_of
from spikelearn.results.run import Run, Spikes
from spikelearn.system import peak_memory


class PopulationSummary(NamedTuple):
    """Of the neurons that were recorded; NaN where nothing was, or a measure is not defined.

    size: neurons. recorded: those whose spikes were. spikes, bursts: their numbers. rate, burst_rate: Hz. cv: of the
    intervals, the mean over neurons with three spikes or more.
    """

    size: int
    recorded: int
    spikes: float
    rate: float
    cv: float
    bursts: float
    burst_rate: float


class ProjectionSummary(NamedTuple):
    """synapses: their number. delivered, learning: as in SynapticEvents; NaN if they were not counted."""

    synapses: int
    delivered: float
    learning: float


@dataclass(frozen=True, repr=False)
class RunSummary:
    """What a run was: shown as a table, with the numbers as attributes.

    populations, projections: by name. duration: simulated, ms. wall_s: wall time of the run. synaptic_events: of all
    projections. peak_mb: the most memory that this process has used so far, MiB. interrupted: whether Ctrl-C ended it.
    """

    populations: dict[str, PopulationSummary]
    projections: dict[str, ProjectionSummary]
    duration: float
    wall_s: float
    synaptic_events: int
    peak_mb: float
    interrupted: bool

    @property
    def real_time_factor(self) -> float:
        """Wall time in seconds per simulated second; NaN for a run of 0 ms."""
        return self.wall_s / (self.duration * 1e-3) if self.duration > 0 else math.nan

    @property
    def events_per_second(self) -> float:
        """Synaptic events per second of wall time."""
        return self.synaptic_events / self.wall_s if self.wall_s > 0 else math.nan

    def __repr__(self) -> str:
        cut = ", interrupted" if self.interrupted else ""
        lines = [
            f"{self.duration:g} ms simulated in {self.wall_s:.3g} s ({self.real_time_factor:.3g} times real time{cut})",
            f"{self.synaptic_events:,} synaptic events, {self.events_per_second:.3g} a second; "
            f"at most {self.peak_mb:.0f} MiB of memory",
        ]
        head: tuple[str, ...] = (
            "population", "neurons", "recorded", "spikes", "rate (Hz)", "CV", "bursts", "burst rate (Hz)",
        )  # fmt: skip
        rows: list[tuple[str, ...]] = [
            (
                name, f"{p.size:,}", f"{p.recorded:,}", _number(p.spikes), _value(p.rate), _value(p.cv),
                _number(p.bursts), _value(p.burst_rate),
            )
            for name, p in self.populations.items()
        ]  # fmt: skip
        lines += ["", *aligned([head, *rows])]
        if self.projections:
            head = ("projection", "synapses", "events", "learning")
            rows = [
                (name, f"{p.synapses:,}", _number(p.delivered), _number(p.learning))
                for name, p in self.projections.items()
            ]
            lines += ["", *aligned([head, *rows])]
            if all(math.isnan(p.delivered) for p in self.projections.values()):
                lines += ["events of each projection: call net.count_events(...) before the run"]
        return "\n".join(lines)


def summary(run: Run) -> RunSummary:
    """The summary of a run."""
    return RunSummary(
        {name: _population(run, name) for name in run.populations},
        {name: _projection(run, name) for name in run.projections},
        run.duration, run.wall_s, run.synaptic_events, peak_memory() / 2**20, run.interrupted,
    )  # fmt: skip


def _population(run: Run, name: str) -> PopulationSummary:
    info, seconds = run.populations[name], run.duration * 1e-3
    spikes, n = _events(run, name, "spike")
    number = math.nan if spikes is None else float(len(spikes.times))
    cv = math.nan if spikes is None else cv_isi(spikes)
    rate = number / (n * seconds) if n and seconds > 0 else math.nan
    if n == 0 and (name, "rate") in run.trace_data and len(binned := run.trace_data[name, "rate"].values):
        rate = float(binned.mean())
    bursts = burst_rate = math.nan
    found, n_bursting = _events(run, name, "burst")
    if found is not None:
        bursts = float(len(found.times))
        burst_rate = bursts / (n_bursting * seconds) if seconds > 0 else math.nan
    return PopulationSummary(info.size, n, number, rate, cv, bursts, burst_rate)


def _events(run: Run, name: str, kind: str) -> tuple[Spikes | None, int]:
    """The events of the first recording of this kind, and the number of neurons that it is of."""
    for key in keys_of(run.spike_data, name, kind):
        return run.spike_data[key], len(run.populations[name].recorded.get(key[1], range(run.populations[name].size)))
    return None, 0


def _projection(run: Run, name: str) -> ProjectionSummary:
    counted = run.projection_events.get(name, (math.nan, math.nan))
    return ProjectionSummary(run.projections[name].n_synapses, *map(float, counted))


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:,.0f}"


def _value(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3g}"
