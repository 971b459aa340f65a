"""What the page draws, as bytes: events and samples of a piece of time, in no more numbers than a screen can show.

A message is the length of a header (4 bytes, little-endian), the header as JSON, padding to 8 bytes, and the arrays
that the header lists under "arrays" as [type, length], each padded to 8 bytes.

A piece of time has `columns` of equal width. Events of a population are sent one by one while there are few of them,
and else counted by column and row, a row being a few neurons; samples likewise, or as least and greatest of a column.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MOST_ROWS = 256
MOST_EVENTS = 8192
"""Of one population in one piece of time that are sent one by one."""
MOST_SAMPLES = 1024
EARLY = 1e-6
"""An event this fraction of a column before an edge is at the edge, as times are multiples of dt up to rounding."""
_TYPES = {"f": "f4", "u": "u4", "b": "u1", "d": "f8"}
_CODES = np.round(16 * np.log2(1 + np.arange(4096))).astype(np.uint8)


@dataclass(frozen=True)
class Piece:
    """A piece of time: `columns` of `width` ms from `start` ms."""

    start: float
    width: float
    columns: int

    @property
    def stop(self) -> float:
        return self.start + self.columns * self.width

    def column_of(self, times: np.ndarray) -> np.ndarray:
        """(n,) the column of each time, those at the very ends included."""
        found = np.floor((times - self.start) / self.width + EARLY).astype(np.int64)
        return np.clip(found, 0, self.columns - 1)


@dataclass
class Message:
    """A header and its arrays, on their way to bytes."""

    header: dict[str, Any]
    arrays: list[tuple[str, np.ndarray]] = field(default_factory=list)

    def add(self, kind: str, values: np.ndarray) -> int:
        """Add an array of a kind, "f" float32, "d" float64, "u" uint32 or "b" uint8; returns its number."""
        self.arrays.append((kind, np.ascontiguousarray(values, _TYPES[kind]).ravel()))
        return len(self.arrays) - 1

    def packed(self) -> bytes:
        listed = [[kind, array.size] for kind, array in self.arrays]
        text = json.dumps({**self.header, "arrays": listed}, allow_nan=False).encode("utf-8")
        parts: list[bytes] = [struct.pack("<I", len(text)), text, b" " * (-(4 + len(text)) % 8)]
        for _, array in self.arrays:
            parts += [array.tobytes(), b"\0" * (-array.nbytes % 8)]
        return b"".join(parts)


def rows_of(size: int, most: int = MOST_ROWS) -> tuple[int, int]:
    """The neurons of a row, and the rows of a population."""
    group = -(-size // most)
    return group, -(-size // group)


def coded(counts: np.ndarray) -> np.ndarray:
    """Counts as uint8, 16 log2(1 + n): exact up to 20, within 4.4 % up to 60,000."""
    low = _CODES.take(counts, mode="clip")
    if counts.size and counts.max() >= len(_CODES):
        high = np.minimum(np.round(16 * np.log2(1.0 + counts)), 255).astype(np.uint8)
        return np.where(counts < len(_CODES), low, high)
    return low


def counted(times: np.ndarray, ids: np.ndarray, size: int, piece: Piece) -> np.ndarray:
    """(rows, columns) how many events are in each."""
    group, rows = rows_of(size)
    at = piece.column_of(times) + (ids // group).astype(np.int64) * piece.columns
    return np.bincount(at, minlength=rows * piece.columns).reshape(rows, piece.columns)


def add_events(
    message: Message, key: str, size: int, piece: Piece, times: np.ndarray, ids: np.ndarray,
    most: int = MOST_EVENTS,
) -> None:  # fmt: skip
    """Add the events of a population in a piece of time to a message. times: (n,) ms. ids: (n,)."""
    if len(times) > most:
        add_counts(message, key, size, counted(times, ids, size, piece))
        return
    totals = np.bincount(piece.column_of(times), minlength=piece.columns)
    message.header.setdefault("events", {})[key] = {
        "times": message.add("f", times - piece.start),
        "ids": message.add("u", ids),
        "totals": message.add("u", totals),
    }


def add_counts(message: Message, key: str, size: int, counts: np.ndarray) -> None:
    """Add the events of a population, counted by row and column, to a message."""
    group, rows = rows_of(size)
    message.header.setdefault("events", {})[key] = {
        "counts": message.add("b", coded(counts)),
        "totals": message.add("u", counts.sum(axis=0)),
        "rows": rows,
        "group": group,
    }


def add_samples(message: Message, key: str, piece: Piece, times: np.ndarray, values: np.ndarray) -> None:
    """Add the samples of a variable in a piece of time to a message. times: (T,) ms. values: (T, k)."""
    k = values.shape[1]
    entry: dict[str, Any] = {"k": k}
    if len(times) <= max(MOST_SAMPLES, 2 * piece.columns):
        entry |= {"times": message.add("f", times - piece.start), "values": message.add("f", values.T)}
    else:
        low, high = ranges(piece.column_of(times), values, piece.columns)
        entry |= {"low": message.add("f", low.T), "high": message.add("f", high.T)}
    message.header.setdefault("samples", {})[key] = entry


def ranges(column: np.ndarray, values: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """(columns, k) least and greatest value of each column, NaN in those without a sample. column: (T,) ascending."""
    edges = np.searchsorted(column, np.arange(columns + 1))
    low, high = (np.full((columns, values.shape[1]), np.nan) for _ in range(2))
    there = np.flatnonzero(np.diff(edges))
    if len(there):
        used = values[: edges[-1]]
        low[there], high[there] = (f.reduceat(used, edges[there], axis=0) for f in (np.minimum, np.maximum))
    return low, high
