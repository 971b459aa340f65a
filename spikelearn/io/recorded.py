"""What a run recorded, one thing after the other, for writers of other formats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from spikelearn.errors import DescriptionError
from spikelearn.results.recorded_data import Snapshots, SpikesOfRun, Trace, TraceOfRun
from spikelearn.results.run import Run
from spikelearn.steps import nearest_steps, times_of


class Events(NamedTuple):
    """Events of one kind of one population. label: the kind, with the name of the recording if there are several.

    neurons: (k,) those that were recorded, ascending.
    """

    name: str
    kind: str
    label: str
    spikes: SpikesOfRun
    neurons: np.ndarray


class Samples(NamedTuple):
    """A variable of a population, projection, modulator or signal, called `name`.

    sampling: ms, of the first sample and between two, if all are as far apart, else None. together: the neurons whose
    mean the one column is; None if each column is of one.
    """

    name: str
    variable: str
    label: str
    trace: TraceOfRun
    sampling: tuple[float, float] | None
    together: np.ndarray | None


class Read(NamedTuple):
    """The values of a variable at events of one kind."""

    name: str
    variable: str
    kind: str
    label: str
    snapshots: Snapshots


def events_of(run: Run) -> Iterator[Events]:
    """All recordings of events."""
    for name, label in run.spike_data:
        kind = label.partition("@")[0]
        if (name, label) not in run.trace_data:
            spikes = run.spikes(name, kind, label)
            assert isinstance(spikes, SpikesOfRun)
            neurons = np.unique(spikes.ids) if spikes.neurons is None else spikes.neurons
            yield Events(name, kind, label, spikes, neurons)


def samples_of(run: Run) -> Iterator[Samples]:
    """All recordings of variables at times of a clock."""
    for name, label in run.trace_data:
        variable = label.partition("@")[0]
        if (name, label) not in run.spike_data:
            trace = run.trace(name, variable, label)
            assert isinstance(trace, TraceOfRun)
            info = run.populations.get(name)
            together = None if info is None else info.recorded.get(label)
            yield Samples(name, variable, label, trace, sampling_of(trace.times, run.dt), together)


def snapshots_of(run: Run) -> Iterator[Read]:
    """All recordings of variables at events."""
    for name, label in run.trace_data:
        if (name, label) in run.spike_data:
            variable, _, kind = label.partition("@")[0].partition(" at ")
            yield Read(name, variable, kind, label, run.snapshots(name, variable, kind, label))


def sampling_of(times: np.ndarray, dt: float) -> tuple[float, float] | None:
    """(first, interval) in ms of times that are as far apart as multiples of dt can be told to be, else None.

    The interval is dt if there are fewer than two.
    """
    if len(times) < 2:
        return (float(times[0]) if len(times) else 0.0), dt
    steps, fit = nearest_steps(times, dt)
    apart = np.diff(steps)
    if not fit.all() or apart[0] <= 0 or (apart != apart[0]).any():
        return None
    return float(times[0]), float(times_of(apart[0], dt))


def on_steps(times: np.ndarray, dt: float) -> np.ndarray:
    """The same times as `Run` has them, if all are multiples of dt but for rounding errors; else as they are.

    For times that another unit or a sum of intervals has rounded.
    """
    if not dt > 0:
        return times
    steps, fit = nearest_steps(times, dt)
    return np.asarray(times_of(steps, dt), np.float64) if fit.all() else times


def numbers_of(values: object, what: str) -> np.ndarray:
    """(k,) int32 indices of neurons that other tools say, none twice. Raises DescriptionError for others."""
    given = np.atleast_1d(np.asarray(values))
    fits = given.dtype.kind in "biuf" and bool(np.all((given >= 0) & (given < 1 << 31)))
    whole = given.astype(np.int32) if fits else np.zeros(len(given), np.int32)
    if not fits or np.any(whole != given) or len(np.unique(whole)) < len(whole):
        wrong = [each for each in given.tolist() if not isinstance(each, int) or not 0 <= each < 1 << 31]
        raise DescriptionError(
            f"{what}: expected different whole numbers from 0 on as neurons, got {(wrong or whole.tolist())[:3]}"
        )
    return whole


def in_order(trace: Trace, what: str) -> Trace:
    """Samples in the order of their times. Raises DescriptionError for what is no time or no number."""
    if not np.all(np.isfinite(trace.times)):
        raise DescriptionError(f"{what}: expected finite times")
    if trace.values.dtype.kind not in "biuf":
        raise DescriptionError(f"{what}: expected real numbers as samples, got {trace.values.dtype}")
    if np.all(trace.times[1:] >= trace.times[:-1]):
        return trace
    order = np.argsort(trace.times, kind="stable")
    return trace._replace(times=trace.times[order], values=trace.values[order])
