"""The points of a sweep: grids and lists; random, Sobol and Latin hypercube samples; and tables from a file.

A point is the settings, name -> value, for one run of a model; replicates are runs of one point with different seeds.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from spikelearn import experiments as ex
from spikelearn.errors import ExperimentError
from spikelearn.extras import needed
from spikelearn.regular_files import open_regular, read_json
from spikelearn.values import path as checked_path

Settings = tuple[tuple[str, Any], ...]
"""The names and values set at a point, in the order in which the parameters were given."""
SAMPLES = ("random", "sobol", "latin")


@dataclass(frozen=True)
class Range:
    """Values from low to high, both ends included. log: evenly spaced on a log scale.

    >>> Range(1.0, 100.0, log=True).at(np.array([0.0, 0.5, 1.0])).tolist()
    [1.0, 10.0, 100.0]
    """

    low: float
    high: float
    log: bool = False

    def at(self, shares: np.ndarray) -> np.ndarray:
        """The values at these fractions (0 to 1) of the range."""
        if self.log:
            return self.low * (self.high / self.low) ** shares
        return self.low + (self.high - self.low) * shares


@dataclass(frozen=True)
class Sample:
    """n points within ranges, name -> Range. how: "random", "sobol" or "latin" (hypercube).

    The first points of a larger random or Sobol sample are those of a smaller one.

    >>> Sample("random", {"g": Range(3.0, 8.0), "eta": Range(0.5, 2.0, log=True)}, n=10).shares(seed=1).shape
    (10, 2)
    """

    how: str
    ranges: Mapping[str, Range]
    n: int

    def __post_init__(self) -> None:
        if self.how not in SAMPLES:
            raise ExperimentError(f"sample: expected one of {', '.join(SAMPLES)}, got {self.how!r}")
        if self.n < 1:
            raise ExperimentError(f"{self.how} sample: expected at least 1 point, got {self.n}")

    def shares(self, seed: int) -> np.ndarray:
        """Fractions of each range, (n, number of ranges), from 0 to 1."""
        generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(SAMPLES.index(self.how),)))
        d = len(self.ranges)
        if self.how == "random":
            return generator.random((self.n, d))
        qmc = needed("scipy.stats.qmc", f"{self.how} samples")
        if self.how == "sobol":
            return np.asarray(qmc.Sobol(d, rng=generator).random_base2(math.ceil(math.log2(self.n)))[: self.n])
        return np.asarray(qmc.LatinHypercube(d, rng=generator).random(self.n))


@dataclass(frozen=True)
class Design:
    """The design of a sweep: every row of `rows` combined with every point of `sample` and of `grid`.

    grid: name -> values. sample: further parameters, drawn from ranges. rows: explicit points.
    replicates: runs of each point. seed: the root of all seeds.
    """

    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    sample: Sample | None = None
    rows: Sequence[Mapping[str, Any]] = ()
    replicates: int = 1
    seed: int = 1

    def __post_init__(self) -> None:
        if self.replicates < 1:
            raise ExperimentError(f"replicates: expected at least 1, got {self.replicates}")
        if not isinstance(self.seed, int) or self.seed < 0:
            raise ExperimentError(f"seed: expected a whole number, 0 or more, got {self.seed!r}")
        for name, values in self.grid.items():
            if not len(values):
                raise ExperimentError(f"grid: {name!r} has no values")

    def checked(self, experiment: ex.Experiment, fixed: Mapping[str, Any]) -> Design:
        """The design with values converted to the parameters' types and `fixed` set in every point.

        Raises ExperimentError.
        """
        named: dict[str, str] = {}
        for where, names in (
            ("set", fixed), ("the grid", self.grid), ("the sample", self.sample.ranges if self.sample else ()),
            ("the table", dict.fromkeys(name for row in self.rows for name in row)),
        ):  # fmt: skip
            for name in names:
                if name in named:
                    raise ExperimentError(f"{name!r} is in {where} and in {named[name]}; give it only once")
                named[name] = where

        def converted(name: str, value: Any) -> Any:
            return ex.converted(experiment, {name: value})[name]

        grid = {name: tuple(dict.fromkeys(converted(name, v) for v in values)) for name, values in self.grid.items()}
        if self.sample is not None:
            for name, each in self.sample.ranges.items():
                converted(name, each.low)
                converted(name, each.high)
        rows = [ex.converted(experiment, row) for row in self.rows]
        everywhere = {name: (value,) for name, value in ex.converted(experiment, fixed).items()}
        return Design({**everywhere, **grid}, self.sample, rows, self.replicates, self.seed)

    def points(self, experiment: ex.Experiment) -> list[Settings]:
        """All points, each once, in order."""
        rows: Iterable[Settings] = [tuple(row.items()) for row in self.rows] or [()]
        axes = [[(name, value) for value in values] for name, values in self.grid.items()]
        crossed = itertools.product(list(itertools.product(*axes)), self._drawn(experiment), rows)
        return list(dict.fromkeys((*on_grid, *drawn, *row) for on_grid, drawn, row in crossed))

    def _drawn(self, experiment: ex.Experiment) -> list[Settings]:
        if self.sample is None:
            return [()]
        shares = self.sample.shares(self.seed)
        columns: list[list[tuple[str, Any]]] = []
        for k, (name, each) in enumerate(self.sample.ranges.items()):
            if ex.takes_whole_numbers(experiment, name):
                whole = np.floor(Range(each.low, each.high + 1.0, each.log).at(shares[:, k]))
                columns.append([(name, int(value)) for value in np.minimum(whole, each.high)])
            else:
                columns.append([(name, float(value)) for value in each.at(shares[:, k])])
        return list(zip(*columns, strict=True))


def key_of(settings: Settings, replicate: int, seed: int) -> str:
    """The key of a run in a store; it depends only on the settings, the replicate and the root seed."""
    text = json.dumps([sorted(settings), replicate, seed], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def seed_of(settings: Settings, replicate: int, seed: int) -> int:
    """The seed of a run, from 0 to 2^48 - 1, spawned from the root.

    The spawn key is a hash of the settings and the replicate, so the seed does not depend on what else is in the sweep,
    on the order, or on which process computes it.
    """
    digest = hashlib.sha256(json.dumps(sorted(settings), separators=(",", ":")).encode()).digest()
    place = (*np.frombuffer(digest[:16], np.uint32).tolist(), replicate)
    return int(np.random.SeedSequence(seed, spawn_key=place).generate_state(1, np.uint64)[0] >> np.uint64(16))


def values_of(text: str, what: str) -> list[str] | list[float]:
    """'3:8:11' -> 11 numbers from 3 to 8, evenly spaced, or on a log scale with ':log'; '0.5,1,2' -> its parts.

    Values that contain commas are separated by semicolons: '100;300,100'.
    """
    if ";" in text:
        return [part.strip() for part in text.split(";") if part.strip()]
    parts = text.split(":")
    if len(parts) == 1:
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        count = int(parts[2])
        each = range_of(":".join([*parts[:2], *parts[3:]]), what)
        if count < 1:
            raise ValueError
    except (IndexError, ValueError):
        raise ExperimentError(
            f"{what}: expected START:STOP:NUMBER, START:STOP:NUMBER:log or A,B,..., got {text!r}"
        ) from None
    found = each.at(np.linspace(0.0, 1.0, count)).tolist() if count > 1 else [each.low]
    # Rounding to 12 digits turns 3.3000000000000003 into 3.3, so that values in the table can be typed again.
    return [float(f"{value:.12g}") for value in found]


def range_of(text: str, what: str) -> Range:
    """'3:8' or '1:100:log' -> Range. Raises ExperimentError."""
    parts = text.split(":")
    try:
        low, high = float(parts[0]), float(parts[1])
        log = parts[2:] == ["log"]
        if not (math.isfinite(low) and math.isfinite(high) and low <= high) or (parts[2:] and not log):
            raise ValueError
    except (IndexError, ValueError):
        raise ExperimentError(f"{what}: expected LOW:HIGH or LOW:HIGH:log with LOW <= HIGH, got {text!r}") from None
    if log and low <= 0:
        raise ExperimentError(f"{what}: a log range must start above 0, got {text!r}")
    return Range(low, high, log)


_MOST_CELLS, _MOST_BYTES = 10_000_000, 1 << 28


def read_rows(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """The points in a file, one per row, with a column per parameter: .csv, .json (a list of objects) or .parquet.

    >>> from pathlib import Path
    >>> written = Path("points.csv").write_text("g,eta\\n4,0.9\\n5,2\\n")
    >>> read_rows("points.csv")
    [{'g': '4', 'eta': '0.9'}, {'g': '5', 'eta': '2'}]
    """
    path = checked_path(path, "path of read_rows")
    try:
        if path.suffix == ".parquet":
            rows = _parquet_rows(path)
        elif path.suffix == ".json":
            rows = read_json(path)
        elif path.suffix == ".csv":
            with io.TextIOWrapper(open_regular(path), newline="", encoding="utf-8") as file:
                rows = list(_whole_rows(csv.DictReader(file), path))
        else:
            raise ExperimentError(f"{path}: expected a table of points, .csv, .json or .parquet")
    except (OSError, ValueError, csv.Error) as error:
        if isinstance(error, ExperimentError):
            raise
        raise ExperimentError(f"{path}: cannot be read as a table of points: {error}") from error
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) and row for row in rows):
        raise ExperimentError(f"{path}: expected at least one point, each a mapping of names to values")
    return rows


def _parquet_rows(path: Path) -> list[dict[str, Any]]:
    """All rows of a .parquet file, whose size is no limit: a column of one value takes no room in it."""
    parquet = needed("pyarrow.parquet", "tables in .parquet files")
    with open_regular(path) as file:
        try:
            table = parquet.ParquetFile(file, page_checksum_verification=True)
            about = table.metadata
            if about.num_rows * about.num_columns > _MOST_CELLS:
                raise ValueError(f"it has {about.num_rows:,} rows, expected at most {_MOST_CELLS:,} values")
            rows: list[dict[str, Any]] = []
            n_bytes = 0
            for batch in table.iter_batches(batch_size=1000):
                n_bytes += sum(_n_bytes(column) for column in batch.columns)
                if n_bytes > _MOST_BYTES:
                    raise ValueError(f"its rows take more than {_MOST_BYTES:,} bytes")
                rows += batch.to_pylist()
            return rows
        except Exception as error:  # pyarrow's have many bases
            raise ValueError(str(error)) from error


def _n_bytes(column: Any) -> int:
    """The bytes of a column as plain values: in an Arrow dictionary many share one."""
    if not hasattr(column, "dictionary"):
        return column.nbytes
    lengths = [len(repr(value)) for value in column.dictionary.to_pylist()]
    return int(np.asarray([*lengths, 0])[np.asarray(column.indices.fill_null(len(lengths)))].sum())


def _whole_rows(reader: csv.DictReader[str], path: Path) -> Iterator[dict[str, Any]]:
    names = reader.fieldnames or ()
    if len(set(names)) < len(names):
        raise ExperimentError(f"{path}, line 1: two columns have the same name; expected each name once")
    for row in reader:
        if None in row or None in row.values():
            raise ExperimentError(f"{path}, line {reader.line_num}: expected {len(names)} values, as in the first line")
        yield row
