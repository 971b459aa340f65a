"""The events of the last milliseconds of a run, for functions that are called while it goes on."""

from __future__ import annotations

import numpy as np

from spikelearn.results.recordings import Key
from spikelearn.results.run import Spikes


class RecentEvents:
    """Events by recording, kept for as long as they are needed."""

    def __init__(self) -> None:
        self._chunks: dict[Key, list[Spikes]] = {}

    def add(self, key: Key, times: np.ndarray, ids: np.ndarray) -> None:
        """times: (n,) ms, ascending; later than all before. ids: (n,)."""
        self._chunks.setdefault(key, []).append(Spikes(np.array(times, np.float64), np.array(ids, np.int32)))

    def since(self, key: Key, time: float) -> Spikes:
        """The events after a time (ms)."""
        chunks = self._chunks.get(key, [])
        times = np.concatenate([np.empty(0), *(chunk.times for chunk in chunks)])
        ids = np.concatenate([np.empty(0, np.int32), *(chunk.ids for chunk in chunks)])
        first = int(np.searchsorted(times, time, side="right"))
        return Spikes(times[first:], ids[first:])

    def forget_until(self, time: float) -> None:
        """Forget what lies before a time (ms)."""
        for chunks in self._chunks.values():
            while chunks and (not len(chunks[0].times) or chunks[0].times[-1] <= time):
                chunks.pop(0)


class Listening:
    """A sink that hands everything on to another one, and events also to RecentEvents."""

    def __init__(self, sink: object, recent: RecentEvents) -> None:
        self._sink, self._recent = sink, recent

    def __getattr__(self, name: str) -> object:
        return getattr(self._sink, name)

    def spikes(self, name: str, kind: str, times: np.ndarray, ids: np.ndarray) -> None:
        self._recent.add((name, kind), times, ids)
        self._sink.spikes(name, kind, times, ids)  # type: ignore[attr-defined]
