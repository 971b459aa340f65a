"""What a run recorded: spikes, traces and snapshots, as arrays and in the forms of other packages."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spikelearn.errors import ParameterError
from spikelearn.extras import needed
from spikelearn.steps import times_of
from spikelearn.units import Quantity
from spikelearn.values import one_number, whole_number


class Spikes(NamedTuple):
    """Events of one kind of one population, in order of time.

    times: (n,) float64, ms. ids: (n,) int32, index within the population.
    """

    times: np.ndarray
    ids: np.ndarray

    def __repr__(self) -> str:
        span = f", {self.times[0]:g} to {self.times[-1]:g} ms" if len(self.times) else ""
        return f"<Spikes: {len(self.times):,}{span}>"

    def trains(self, n: int | None = None) -> list[np.ndarray]:
        """The times of each neuron, ms, one array for each, empty for a silent neuron.

        Of spikes from a run: of the neurons that were recorded, in the order of their index, so that `trains()[i]` is
        neuron i of a population that was recorded as a whole. n: the number of neurons, 0 to n - 1, for spikes that are
        not from a run; by default up to the largest index.

        >>> Spikes(np.array([1.0, 2.0, 5.0]), np.array([1, 0, 1])).trains(3)
        [array([2.]), array([1., 5.]), array([], dtype=float64)]
        """
        neurons = _neurons(self, n)
        order = np.argsort(self.ids, kind="stable")
        times, ids = self.times[order], self.ids[order]
        first, last = np.searchsorted(ids, neurons), np.searchsorted(ids, neurons, "right")
        return [times[a:b] for a, b in zip(first, last, strict=True)]

    def rounded(self, dt: Quantity) -> Spikes:
        """The same events at the nearest multiples of dt (ms), at dt if that is 0: as a network in steps takes them.

        Raises ParameterError for times before 0 ms.

        >>> Spikes(np.array([0.02, 3.14159]), np.array([0, 1])).rounded(0.1).times
        array([0.1, 3.1])
        """
        step = one_number(dt, "ms", "dt of rounded", above=0.0)
        if np.any(self.times < 0):
            raise ParameterError(f"rounded: expected times from 0 ms on, got {np.min(self.times):g} ms")
        return self._replace(times=times_of(np.maximum(np.rint(self.times / step), 1.0), step))

    def to_pandas(self) -> Any:
        """A pandas DataFrame with a row for each event: "time" in ms and "neuron". Needs pandas."""
        pandas = needed("pandas", "spikes as a DataFrame", "pandas")
        return pandas.DataFrame({"time": np.array(self.times), "neuron": np.array(self.ids)})

    def to_polars(self) -> Any:
        """A polars DataFrame with a row for each event: "time" in ms and "neuron". Needs polars."""
        polars = needed("polars", "spikes as a DataFrame", "polars")
        return polars.DataFrame({"time": np.array(self.times), "neuron": np.array(self.ids)})

    def to_neo(self, n: int | None = None, t_start: float | None = None, t_stop: float | None = None) -> Any:
        """A neo.SpikeTrainList with a train for each neuron, silent ones too; channel ids are indices of neurons.

        n: as for `trains`. t_start, t_stop: ms; by default those of the run, or 0 and the last spike. Needs Neo.
        """
        spiketrains = needed("neo.core.spiketrainlist", "spikes as Neo objects", "neo")
        begin, end = getattr(self, "window", (0.0, float(self.times[-1]) if len(self.times) else 0.0))
        return spiketrains.SpikeTrainList.from_spike_time_array(
            np.array(self.times), np.array(self.ids, np.int64), all_channel_ids=_neurons(self, n), units="ms",
            t_start=(begin if t_start is None else float(t_start)) * needed("quantities", "Neo objects", "neo").ms,
            t_stop=(end if t_stop is None else float(t_stop)) * needed("quantities", "Neo objects", "neo").ms,
        )  # fmt: skip


class SpikesOfRun(Spikes):
    """Spikes that know which neurons were recorded, (k,) indices, and the window of the run, (ms, ms)."""

    neurons: np.ndarray | None
    window: tuple[float, float]

    @classmethod
    def of(
        cls, times: np.ndarray, ids: np.ndarray, neurons: np.ndarray | None, window: tuple[float, float]
    ) -> SpikesOfRun:
        made = cls(times, ids)
        made.neurons, made.window = neurons, window
        return made


def _neurons(spikes: Spikes, n: int | None) -> np.ndarray:
    """The indices of the neurons that spikes are of."""
    if n is not None:
        return np.arange(whole_number(n, "n of trains", 0))
    known = getattr(spikes, "neurons", None)
    return np.arange(int(spikes.ids.max()) + 1 if len(spikes.ids) else 0) if known is None else known


class Trace(NamedTuple):
    """A recorded variable. times: (T,) ms. values: (T, k). ids: (k,) neuron or synapse index. unit: e.g. 'mV'."""

    times: np.ndarray
    values: np.ndarray
    ids: np.ndarray
    unit: str

    def __repr__(self) -> str:
        of = f" of {name}" if (name := getattr(self, "variable", "")) else ""
        unit = f", {self.unit}" if self.unit else ""
        return f"<Trace{of}: {len(self.times):,} samples of {len(self.ids):,}{unit}>"

    def to_pandas(self) -> Any:
        """A pandas DataFrame: a row for each time (index "time", ms), a column for each neuron or synapse.

        Its `attrs` have the unit. Needs pandas.
        """
        pandas = needed("pandas", "a trace as a DataFrame", "pandas")
        index = pandas.Index(np.array(self.times), name="time")
        columns = pandas.Index(np.array(self.ids), name=self._dimension)
        found = pandas.DataFrame(np.array(self.values), index=index, columns=columns)
        found.attrs |= {"units": self.unit, "time_units": "ms"}
        return found

    def to_polars(self) -> Any:
        """A polars DataFrame with a row for each sample: "time" in ms, "neuron" (or "synapse", "element"), value.

        The column of values has the name of the variable. Needs polars.
        """
        polars = needed("polars", "a trace as a DataFrame", "polars")
        return polars.DataFrame({
            "time": np.repeat(self.times, len(self.ids)), self._dimension: np.tile(self.ids, len(self.times)),
            getattr(self, "variable", "value"): np.array(self.values).reshape(-1),
        })  # fmt: skip

    def to_xarray(self) -> Any:
        """An xarray.DataArray with dimensions "time" (ms) and "neuron" (or "synapse", "element"), and its unit.

        It has the name of the variable. Needs xarray.
        """
        xarray = needed("xarray", "a trace as a DataArray", "xarray")
        found = xarray.DataArray(
            np.array(self.values), dims=("time", self._dimension), name=getattr(self, "variable", None),
            coords={"time": np.array(self.times), self._dimension: np.array(self.ids)}, attrs={"units": self.unit},
        )  # fmt: skip
        found.coords["time"].attrs["units"] = "ms"
        return found

    @property
    def _dimension(self) -> str:
        return getattr(self, "dimension", "neuron")


class TraceOfRun(Trace):
    """A trace that knows the name of its variable, and of what its columns are: "neuron", "synapse" or "element"."""

    variable: str
    dimension: str

    @classmethod
    def of(cls, trace: Trace, variable: str, dimension: str) -> TraceOfRun:
        made = cls(*trace)
        made.variable, made.dimension = variable, dimension
        return made


class TrialTimes(NamedTuple):
    """When the trials and phases of a run were: n trials of these phases, one after the other.

    t_start: of the first trial, ms. durations: of the phases of a trial, ms. names: of the phases, "" without one.
    labels: (n,) of the trials, or empty. releases: name of a modulator -> the times (ms) of its releases at phases.
    """

    t_start: float
    durations: tuple[float, ...]
    n: int
    names: tuple[str, ...]
    labels: tuple[str, ...]
    releases: dict[str, np.ndarray]


class Snapshots(NamedTuple):
    """The value that a variable of a neuron had at each of its events, in order of time.

    times: (n,) ms. ids: (n,) index of the neuron. values: (n,), at the end of the step of the event. unit: e.g. 'mV'.
    """

    times: np.ndarray
    ids: np.ndarray
    values: np.ndarray
    unit: str

    def __repr__(self) -> str:
        return f"<Snapshots: {len(self.times):,}{', ' + self.unit if self.unit else ''}>"

    def to_pandas(self) -> Any:
        """A pandas DataFrame with a row for each event: "time" in ms, "neuron" and "value". Needs pandas."""
        pandas = needed("pandas", "snapshots as a DataFrame", "pandas")
        columns = {"time": self.times, "neuron": self.ids, "value": self.values}
        found = pandas.DataFrame({name: np.array(column) for name, column in columns.items()})
        found.attrs["units"] = self.unit
        return found

    def to_polars(self) -> Any:
        """A polars DataFrame with a row for each event: "time" in ms, "neuron" and "value". Needs polars."""
        polars = needed("polars", "snapshots as a DataFrame", "polars")
        columns = {"time": self.times, "neuron": self.ids, "value": self.values}
        return polars.DataFrame({name: np.array(column) for name, column in columns.items()})
