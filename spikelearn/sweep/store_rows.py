"""The rows of a store: what is written of a result, with its checksum, and what is read, which may come from anybody.

Raises ValueError for a row that is damaged or impossible.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from spikelearn.regular_files import parse_json
from spikelearn.sweep.point import DIED, DONE, FAILED, MEMORY, NAN, TIMEOUT, Result, as_json

COLUMNS = (
    "key", "settings", "replicate", "seed", "source", "status", "parameters", "metrics", "error", "traceback", "wall_s",
    "cpu_s", "peak_mb", "host", "started", "run_file", "versions",
)  # fmt: skip
_JSON = ("settings", "parameters", "metrics")
_NUMBERS = ("replicate", "seed", "wall_s", "cpu_s", "peak_mb")
_STATUSES = (DONE, NAN, FAILED, TIMEOUT, MEMORY, DIED)


def row_of(result: Result) -> tuple[Any, ...]:
    """The values of all columns, and their checksum."""
    values = {name: getattr(result, name) for name in COLUMNS}
    row = [as_json(value) if name in (*_JSON, "versions") else value for name, value in values.items()]
    # SQLite has no NaN.
    row = [None if isinstance(value, float) and value != value else value for value in row]
    return *row, checksum(row)


def checksum(values: Iterable[Any]) -> int:
    """The CRC-32 of texts, numbers and None."""
    plain = (float(value) if isinstance(value, float) else value for value in values)
    return zlib.crc32(repr(tuple(plain)).encode("utf-8", "surrogatepass"))


def check_checksums(rows: Sequence[Sequence[Any]]) -> None:
    """Raise ValueError unless each row has the checksum of its values at its end."""
    for *values, expected in rows:
        if checksum(values) != expected:
            raise ValueError(f"damaged: the checksum of point {values[0]!r:.50} does not match it")


def results_of(rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Rows as column -> value; JSON columns are decoded, except versions."""
    columns = dict(zip(COLUMNS, zip(*(row[: len(COLUMNS)] for row in rows), strict=True), strict=True)) if rows else {}
    _check_types(columns)
    for name in _JSON if rows else ():
        # Parsing all rows as one text is several times as fast as one text per row.
        columns[name] = tuple(parse_json(f"[{','.join(columns[name])}]"))
        if len(columns[name]) != len(rows):
            raise ValueError(f"column {name} does not hold one JSON text a point")
    results = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for found in results:
        _check(found)
    for text in set(columns.get("versions", ())):
        if not isinstance(parse_json(text), dict):
            raise ValueError(f"column versions has the value {text!r:.50}, expected a JSON object")
    return results


def _check_types(columns: Mapping[str, Sequence[Any]]) -> None:
    for name, values in columns.items():
        kinds = (int, float, type(None)) if name in _NUMBERS else (str,)
        wrong = next((value for value in values if not isinstance(value, kinds)), None)
        if wrong is not None or (name not in _NUMBERS and None in values):
            raise ValueError(f"column {name} has the value {wrong!r:.50}, expected {kinds[0].__name__}")


def _check(found: Mapping[str, Any]) -> None:
    """Raise ValueError if a point is impossible."""
    settings = found["settings"]
    pairs = isinstance(settings, list) and all(
        isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) for pair in settings
    )
    named = all(isinstance(found[name], dict) for name in ("parameters", "metrics"))
    if not (pairs and named and isinstance(found["replicate"], int) and isinstance(found["seed"], int)):
        raise ValueError(f"point {found['key']!r:.50} does not have settings, parameters, metrics, replicate and seed")
    if found["status"] not in _STATUSES:
        raise ValueError(f"the status of point {found['key']!r:.50} is {found['status']!r:.50}")
    if found["run_file"] not in ("", f"{found['key']}.h5") or "/" in found["key"] or "\\" in found["key"]:
        raise ValueError(f"the run of point {found['key']!r:.50} is {found['run_file']!r:.200}, expected KEY.h5")
