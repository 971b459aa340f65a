"""A table of points, prepared for plots: parameters as axes, metrics as means over replicates, with units."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from spikelearn.errors import ParameterError
from spikelearn.extras import needed
from spikelearn.parameters import suggest
from spikelearn.plots.style import as_text

FINISHED = ("done", "nan")
"""Values of the column `status` for rows that have metrics."""
OF_RUNS = ("replicate", "seed")
CONFIDENCE = 0.95
_SUFFIXES = {
    "hz": "Hz", "ms": "ms", "s": "s", "mv": "mV", "pa": "pA", "pf": "pF", "ns": "nS", "mb": "MB", "percent": "%",
}  # fmt: skip


class Axis(NamedTuple):
    """The values of a parameter. label: with its unit. values: unique, ascending.

    places: (n,) positions on the axis: the values themselves, or 0, 1, 2, ... for text. of_row: the index of each row's
    value; -1 if none. log: whether the values are spread evenly in the logarithm.
    """

    name: str
    label: str
    values: list[Any]
    places: np.ndarray
    of_row: np.ndarray
    log: bool
    words: bool


class Means(NamedTuple):
    """Means over the rows of each group: mean and half the width of its 95 % confidence interval, both (n,).

    number: (n,) number of rows. The mean of no rows is NaN, and so is the interval of fewer than three: that of two is
    13 standard errors wide, which says nothing and leaves no room for the means.
    """

    mean: np.ndarray
    half: np.ndarray
    number: np.ndarray


class Columns:
    """A table with access to columns by name.

    table: a pyarrow.Table as written by sweeps, whose metadata list the parameters, metrics and units, of a search also
    the scales of parameters (name -> whether it is logarithmic), targets and the best point; or a pandas or polars
    DataFrame, or a mapping name -> values, without such metadata.
    units: name -> unit, overriding those of the table. The unit of a metric can also be a suffix of its name
    (rate_hz, wall_s).
    """

    def __init__(self, table: Any, units: Mapping[str, str] | None = None) -> None:
        self._table = table
        metadata = getattr(getattr(table, "schema", None), "metadata", None) or {}
        described = json.loads(metadata.get(b"spikelearn", b"{}"))
        self.names = [str(name) for name in getattr(table, "column_names", getattr(table, "columns", table))]
        self.units: dict[str, str] = {**described.get("units", {}), **(units or {})}
        self.parameters: list[str] = described.get("parameters", [])
        self.metrics: list[str] = described.get("metrics", [])
        self.scales: dict[str, bool] = described.get("scales", {})
        self.targets: dict[str, float] = described.get("objective", {}).get("targets", {})
        self.best: dict[str, Any] = described.get("best", {})
        lengths = {len(self.values(name)) for name in self.names[:1]}
        self.size = lengths.pop() if lengths else 0
        status = self.values("status") if "status" in self.names else [FINISHED[0]] * self.size
        self.finished = np.array([each in FINISHED for each in status], dtype=bool)

    def values(self, name: str) -> list[Any]:
        """A column as a list of Python objects."""
        column = self._table[name]
        for way in ("to_pylist", "to_list", "tolist"):
            if hasattr(column, way):
                return list(getattr(column, way)())
        return list(column)

    def varied(self) -> list[str]:
        """The parameters that have several values in these rows."""
        return [name for name in self.parameters if len({repr(v) for v in self._given(name) if v is not None}) > 1]

    def numeric(self, name: str) -> bool:
        """Whether all values of a parameter are numbers."""
        return all(value is None or _is_number(value) for value in self._given(name))

    def label(self, name: str) -> str:
        """A name and its unit, as an axis label."""
        if name in self.units:
            return as_text(f"{name} ({self.units[name]})" if self.units[name] else name)
        stem, _, suffix = name.rpartition("_")
        if name not in self.parameters and stem and suffix in _SUFFIXES:
            return as_text(f"{stem} ({_SUFFIXES[suffix]})")
        return as_text(name)

    def axis(self, name: str, min_values: int = 2) -> Axis:
        """A parameter as an axis. Raises ParameterError if it is unknown or has fewer than `min_values` values."""
        if self.parameters:
            self._require(name, "parameter", [*self.parameters, *OF_RUNS])
        else:
            self._require(name, "column", self.names)
        found = self._given(name)
        words = not self.numeric(name)
        if words:
            found = [None if value is None else shown(value) for value in found]
        values = sorted({value for value in found if value is not None})
        if len(values) < min_values:
            what = f"only one value, {shown(values[0])}" if values else "no value"
            raise ParameterError(f"{name!r} has {what}, in these rows; an axis needs at least {min_values}")
        at = {value: k for k, value in enumerate(values)}
        of_row = np.array([-1 if value is None else at[value] for value in found], dtype=int)
        places = np.arange(len(values), dtype=float) if words else np.array(values, dtype=float)
        log = not words and self.scales.get(name, log_spaced(places)) and places[0] > 0
        return Axis(name, self.label(name), values, places, of_row, log, words)

    def metric(self, name: str) -> np.ndarray:
        """(rows,) float64, NaN where the row failed or has no finite value. ParameterError if no row has one."""
        if self.parameters:
            self._require(name, "metric", [each for each in self.names if each not in self.parameters], self.metrics)
        else:
            self._require(name, "column", self.names)
        found = self.values(name)
        if not all(_nothing(value) or isinstance(value, int | float) for value in found):
            raise ParameterError(f"{name!r} is not a metric: its values are not numbers")
        values = np.array([np.nan if value is None else value for value in found], dtype=float).reshape(self.size)
        values[~np.isfinite(values) | ~self.finished] = np.nan
        if np.all(np.isnan(values)):
            raise ParameterError(f"none of {self.size:,} rows has a finite value of {name!r}; {self._left_out(values)}")
        return values

    def note(self, values: np.ndarray) -> str:
        """The number of rows that a metric leaves out, as text, or ""."""
        missing = int(np.isnan(values).sum())
        return f"{missing:,} of {self.size:,} runs left out: {self._left_out(values)}" if missing else ""

    def best_group(self, found: np.ndarray, groups: np.ndarray, target: float | None, best: str | None) -> int | None:
        """The group that is best; None if that is not known.

        found: (n,), the mean of the metric in each group. groups: (rows,), the group of each row. target: of the
        metric. best: "lowest", "highest" or "target"; None: nearest to a target that is given, or the best point of a
        search.
        """
        if best not in (None, "lowest", "highest", "target") or (best == "target" and target is None):
            raise ParameterError(f"best: expected 'lowest', 'highest', or 'target' with a target, got {best!r}")
        if best is None and target is None:
            values = {name: self.values(name) for name in self.best if name in self.names}
            rows = [all(values[name][row] == self.best[name] for name in values) for row in range(self.size)]
            at = groups[np.array(rows, bool) & (groups >= 0)] if values else groups[:0]
            return int(at[0]) if len(at) else None
        distance = {"lowest": found, "highest": -found}.get(best or "", np.abs(found - (target or 0.0)))
        return int(np.nanargmin(distance))

    def require_one_point(self, used: Sequence[str], groups: np.ndarray, rows: np.ndarray) -> None:
        """Raise ParameterError if rows of one group differ in an unused parameter, which a mean would hide.

        groups: (rows,) the group of each row. rows: (rows,) bool, those to check.
        """
        for name in self.varied():
            if name in used:
                continue
            values = np.array([repr(value) for value in self._given(name)])[rows]
            pairs = {*zip(groups[rows].tolist(), values.tolist(), strict=True)}
            if len(pairs) > len(np.unique(groups[rows])):
                axis = self.axis(name)
                some = ", ".join(map(shown, axis.values[:4])) + (", ..." if len(axis.values) > 4 else "")
                raise ParameterError(
                    f"these rows differ in {name!r} too ({some}), and a mean would hide it; take the rows of one value "
                    f"(--where {name}={shown(axis.values[0])})"
                )

    def _given(self, name: str) -> list[Any]:
        """The values of a parameter; 'none' is a value, but None marks a failed row without one."""
        return [
            value if not _nothing(value) else "none" if finished else None
            for value, finished in zip(self.values(name), self.finished, strict=True)
        ]

    def _left_out(self, values: np.ndarray) -> str:
        failed = int((~self.finished).sum())
        without = int((np.isnan(values) & self.finished).sum())
        words = [f"{failed:,} failed"] * bool(failed) + [f"{without:,} without a finite value"] * bool(without)
        return ", ".join(words) or "there are no rows"

    def _require(self, name: str, what: str, known: Sequence[str], listed: Sequence[str] = ()) -> None:
        if name not in known or name not in self.names:
            there_are = ", ".join(listed or known) or "none"
            raise ParameterError(f"no {what} called {name!r}{suggest(name, known)}; there are: {there_are}")


def means(groups: np.ndarray, values: np.ndarray, n: int) -> Means:
    """Means of the values of each of n groups, with Student's t interval. NaN and negative groups are ignored."""
    counts = (groups >= 0) & ~np.isnan(values)
    groups, values = groups[counts], values[counts]
    number = np.bincount(groups, minlength=n)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(groups, values, n) / number
        squares = np.bincount(groups, (values - mean[groups]) ** 2, n)
        error = np.sqrt(squares / np.where(number > 1, number - 1, np.nan) / number)
    half, enough = np.full(n, np.nan), number > 2
    if np.any(enough):
        half[enough] = error[enough] * _student(number[enough] - 1)
    return Means(mean, half, number)


def log_spaced(values: np.ndarray) -> bool:
    """Whether ascending values are spread more evenly in the logarithm, over a factor of 4 at least."""
    if len(values) < 3 or values[0] <= 0 or values[-1] < 4 * values[0]:
        return False
    linear, log = np.diff(values), np.diff(np.log(values))
    return bool(log.std() / log.mean() < linear.std() / linear.mean())


def spread(values: Sequence[Any], n: int) -> list[Any]:
    """At most `n` of the values, evenly spaced, including the first and the last."""
    if len(values) <= n:
        return list(values)
    return [values[k] for k in np.linspace(0, len(values) - 1, n).round().astype(int)]


def shown(value: Any) -> str:
    """A value of a parameter as text."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else re.sub(r"\s+", " ", str(value))


def _nothing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _student(freedom: np.ndarray) -> np.ndarray:
    """The half-width of the interval in standard errors."""
    special = needed("scipy.special", "confidence bands")
    return np.asarray(special.stdtrit(freedom, 0.5 + CONFIDENCE / 2))
