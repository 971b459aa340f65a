"""The last part of a running network's recordings, which the page draws."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

MOST = 2_000_000
"""Events, and samples, that are kept of each recording; the oldest are forgotten."""

Key = tuple[str, str]


class Recent:
    """Chunks of one recording in order of time: times, and ids or values."""

    def __init__(self) -> None:
        self._chunks: deque[tuple[np.ndarray, np.ndarray]] = deque()
        self._size = 0

    def add(self, times: np.ndarray, values: np.ndarray) -> None:
        self._chunks.append((times, values))
        self._size += values.size
        while self._size > MOST and len(self._chunks) > 1:
            self._size -= self._chunks.popleft()[1].size

    def between(self, start: float, stop: float) -> tuple[np.ndarray, np.ndarray] | None:
        """Times and ids or values from start to before stop; None if there never was any."""
        if not self._chunks:
            return None
        found: list[tuple[np.ndarray, np.ndarray]] = []
        for times, values in reversed(self._chunks):
            if times[-1] < start:
                break
            if times[0] < stop:
                part = slice(*np.searchsorted(times, (start, stop)))
                found.append((times[part], values[part]))
        if not found:
            times, values = self._chunks[-1]
            return times[:0], values[:0]
        found.reverse()
        return found[0] if len(found) == 1 else (
            np.concatenate([each for each, _ in found]), np.concatenate([each for _, each in found])
        )  # fmt: skip


class History:
    """The last events and samples of a network. One thread adds, others read."""

    def __init__(self) -> None:
        self._events: dict[Key, Recent] = {}
        self._samples: dict[Key, Recent] = {}
        self._lock = threading.Lock()

    def add_events(self, key: Key, times: np.ndarray, ids: np.ndarray) -> None:
        with self._lock:
            self._events.setdefault(key, Recent()).add(np.array(times, np.float64), np.array(ids, np.int32))

    def add_samples(self, key: Key, times: np.ndarray, values: np.ndarray) -> None:
        with self._lock:
            self._samples.setdefault(key, Recent()).add(np.array(times, np.float64), np.array(values, np.float32))

    def events(self, key: Key, start: float, stop: float) -> tuple[np.ndarray, np.ndarray]:
        """Times and ids of the events from start to before stop."""
        with self._lock:
            found = self._events[key].between(start, stop) if key in self._events else None
        return (np.empty(0), np.empty(0, np.int32)) if found is None else found

    def samples(self, key: Key, start: float, stop: float) -> tuple[np.ndarray, np.ndarray] | None:
        """Times and values (T, k); None if there was none yet."""
        with self._lock:
            return self._samples[key].between(start, stop) if key in self._samples else None

    def forget(self, key: Key) -> None:
        """Forget the samples of a recording, whose columns are others from now on."""
        with self._lock:
            self._samples.pop(key, None)

    def forget_all(self) -> None:
        with self._lock:
            self._events.clear()
            self._samples.clear()
