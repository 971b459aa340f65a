"""The table of a store: one row per point, for pandas, polars and xarray."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from spikelearn.atomic_files import reason, replacing
from spikelearn.errors import StoreError
from spikelearn.extras import needed
from spikelearn.sweep.store import TABLE, Store

AFTER = (
    "status", "error", "wall_s", "cpu_s", "peak_mb", "host", "started", "run_file", "model_source", "versions",
    "traceback",
)  # fmt: skip
BEFORE = ("replicate", "seed")
SEARCHED = ("scales", "objective", "best")
"""Entries of the metadata: parameter -> whether its range is logarithmic; the targets of a fit; its best settings."""


def table_of(store: Store) -> Any:
    """A pyarrow.Table: all parameters of the model, replicate, seed, metrics, and how each point ended.

    Rows are sorted by settings, then by replicate, whatever order they were computed in. A metric with the name of a
    parameter or of a column that all tables have (wall_s: of the whole point) gets the prefix `metric.`. The schema's
    metadata list under `spikelearn` the parameters that were varied, the columns that are metrics, the units of the
    parameters, and what was searched for (see SEARCHED). Raises StoreError.
    """
    pyarrow = _pyarrow()
    results = sorted(store.results(), key=_place)
    given = [dict(found["settings"]) | found["parameters"] for found in results]
    parameters, metrics = _names(given), _names(found["metrics"] for found in results)
    taken = {*parameters, *BEFORE, *AFTER}
    columns: dict[str, list[Any]] = {name: [_cell(each.get(name)) for each in given] for name in parameters}
    for name in BEFORE:
        columns[name] = [found[name] for found in results]
    called = {name: f"metric.{name}" if name in taken else name for name in metrics}
    for name in metrics:
        columns[called[name]] = [found["metrics"].get(name) for found in results]
    for name in AFTER:
        columns[name] = [found["source" if name == "model_source" else name] for found in results]
    meta = store.meta()
    # For a point whose process died, only the parameters that were set are known.
    varied = [name for name in parameters if len({repr(each[name]) for each in given if name in each}) > 1]
    model, own = meta.get("model", ""), list(called.values())
    metadata: dict[str, Any] = {"model": model, "varied": varied, "metrics": own, "parameters": parameters}
    metadata |= {name: store.described(name) for name in ("units", *SEARCHED)}
    arrays = [_array(pyarrow, values) for values in columns.values()]
    found = pyarrow.Table.from_arrays(arrays, names=list(columns))
    return found.replace_schema_metadata({"spikelearn": json.dumps(metadata)})


def write_table(store: Store) -> Path:
    """Write the table to results.parquet atomically, unless it is up to date."""
    path = store.directory / TABLE
    if path.exists() and store.table_is_current():
        return path
    changes = store.changes()
    found = table_of(store)
    parquet = needed("pyarrow.parquet", "sweeps")
    try:
        # Another process on this store may be writing it too.
        with replacing(path, wait_s=60.0) as temporary:
            parquet.write_table(found, temporary, write_page_checksum=True)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {reason(error, path.parent)}") from error
    store.describe({"table": changes})
    return path


def check_table(directory: Path) -> None:
    """Raise StoreError if results.parquet was not written by a sweep."""
    pyarrow, parquet = _pyarrow(), needed("pyarrow.parquet", "sweeps")
    path = directory / TABLE
    try:
        is_own = b"spikelearn" in (parquet.read_schema(path).metadata or {})
    except (OSError, pyarrow.ArrowException):
        is_own = False
    if not is_own:
        raise StoreError(f"{path}: not the table of a sweep; move it, or give another directory")


def read_table(directory: str | os.PathLike[str]) -> Any:
    """The table of the store in a directory, as it is now: a pyarrow.Table (`.to_pandas()`). Raises StoreError.

    >>> small = {"order": 20, "duration": 50}
    >>> done = run("brunel_2000", "out", grid={"g": [4, 5]}, settings=small, workers=1, silent=True)
    >>> read_table("out")["g"].to_pylist()
    [4.0, 5.0]
    """
    with Store(directory) as store:
        return table_of(store)


def metadata(table: Any) -> dict[str, Any]:
    """The metadata of a table: model, varied, metrics, parameters, units of the parameters, and SEARCHED."""
    return dict(json.loads((table.schema.metadata or {}).get(b"spikelearn", b"{}")))


def _pyarrow() -> Any:
    return needed("pyarrow", "sweeps")


def _names(mappings: Iterable[Mapping[str, Any]]) -> list[str]:
    found: dict[str, None] = {}
    for each in mappings:
        found.update(dict.fromkeys(each))
    return list(found)


def _cell(value: Any) -> Any:
    """The value of a parameter; tuples as text, in the form in which they can be typed."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else value


def _array(pyarrow: Any, values: list[Any]) -> Any:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        return pyarrow.array([None if value is None else float(value) for value in values], pyarrow.float64())
    if len(kinds) > 1:
        return pyarrow.array([None if value is None else str(value) for value in values], pyarrow.string())
    return pyarrow.array(values, from_pandas=False) if kinds else pyarrow.nulls(len(values), pyarrow.float64())


def _place(found: Mapping[str, Any]) -> tuple[list[tuple[str, Any]], int]:
    """The sort key of a point in the table."""
    return [_sortable(value) for _, value in found["settings"]], found["replicate"]


def _sortable(value: Any) -> tuple[str, Any]:
    if isinstance(value, bool | int | float):
        return "", value
    return "text", [] if value is None else [str(each) for each in (value if isinstance(value, list) else [value])]
