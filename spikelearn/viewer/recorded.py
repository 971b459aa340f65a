"""A recorded run for the page: tiles of time, each level twice as fine as the one above.

Tile (level, index) is the part of the run between index and index + 1 times its length / 2^level, in 256 columns. What
the coarse levels count is counted once, when the run is opened.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.plots.graph import places
from spikelearn.results.run import Run, Spikes, Synapses, Trace
from spikelearn.viewer.frames import EARLY, Message, Piece, add_counts, add_events, add_samples, ranges, rows_of

COLUMNS = 256
"""Of a tile."""
DEEPEST = 40
MANY = 200_000
"""Events of a tile that are counted when it is asked for; levels with more are counted when the run is opened."""
_TOGETHER = 1 << 16
MOST_TRACES = 6
"""Of a variable that are shown of a recorded population; the page says how many there are."""
KINDS = ("spike", "event", "burst", "plateau")


@dataclass(frozen=True)
class Level:
    """Events of one population counted at a level: (256 * 2^level, rows)."""

    level: int
    counts: np.ndarray


class RecordedRun:
    """What the page may ask of a recorded run. It only reads, so several threads may ask at once."""

    def __init__(self, run: Run, title: str) -> None:
        self.run, self.title = run, title
        self.start, self.length = float(run.t_start), max(float(run.duration), run.dt)
        self.events: dict[str, tuple[str, str, Spikes]] = dict(_events_of(run))
        self.samples: dict[str, tuple[str, str, Trace]] = dict(_samples_of(run))
        self._levels: dict[str, list[Level]] = {}
        for key, (name, _, found) in self.events.items():
            if len(found.times) > MANY:
                self._levels[key] = self._counted(found, run.populations[name].size)
        self._ranges = {key: self._ranged(found) for key, (_, _, found) in self.samples.items() if _is_long(found)}

    def structure(self) -> dict[str, Any]:
        """What there is to see."""
        run = self.run
        shown = {
            key: {"of": name, "variable": variable, "unit": found.unit, "ids": found.ids[:MOST_TRACES].tolist(),
                  "all": len(found.ids)}
            for key, (name, variable, found) in self.samples.items()
        }  # fmt: skip
        return {
            "mode": "recorded", "deepest": DEEPEST, "title": self.title, "dt": run.dt, "start": self.start,
            "length": self.length,
            "populations": [
                {"name": each.name, "size": each.size, "model": each.model} for each in run.populations.values()
            ],
            "parts": self._parts(),
            "events": {
                key: {"of": name, "kind": kind, "size": run.populations[name].size, "n": len(found.times)}
                for key, (name, kind, found) in self.events.items()
            },
            "samples": shown,
            "trials": [
                {"start": each.t_start, "durations": list(each.durations), "n": each.n, "names": list(each.names)}
                for each in run.trials
            ],
            "weights": [f"projection:{name}" for name in run.synapse_data if run.projections[name].n_synapses],
        }  # fmt: skip

    def _parts(self) -> list[dict[str, Any]]:
        """Populations and projections, as Parts has them of a network."""
        run, projections = self.run, self.run.projections.values()
        links = dict.fromkeys((each.source, each.target) for each in projections)
        names = dict.fromkeys([*run.populations, *(name for link in links for name in link)])
        at = places(list(names), list(links))
        found: list[dict[str, Any]] = []
        for name in names:
            info = run.populations.get(name)
            about = {"is": "modulator"} if info is None else {
                "is": "population", "size": info.size, "model": info.model, "kinds": list(info.kinds), "source": False,
            }  # fmt: skip
            kind = "modulator" if info is None else "population"
            found.append({"key": f"{kind}:{name}", "name": name, "values": [], "off": False, "x": float(at[name][0]),
                          "y": float(at[name][1]), **about})  # fmt: skip
        for each in projections:
            to = "population" if each.target in run.populations else "modulator"
            found.append({
                "key": f"projection:{each.name}", "name": each.name, "values": [], "off": False, "is": "projection",
                "source": each.source, "target": each.target, "port": each.port, "on": each.on,
                "sign": -1 if each.port == "inh" else 0, "text": each.description, "learns": False, "rule": "",
                "to": to,
            })  # fmt: skip
        return found

    def piece(self, level: int, index: int) -> Piece:
        """The piece of time of a tile. Raises ValueError if there is no such tile."""
        if not 0 <= level <= DEEPEST or not 0 <= index < 1 << level:
            raise ValueError(f"no tile {index} of level {level}")
        span = self.length / (1 << level)
        return Piece(self.start + index * span, span / COLUMNS, COLUMNS)

    def tile(self, level: int, index: int) -> Message:
        """The tile of a level, with all populations and samples."""
        piece = self.piece(level, index)
        message = Message({"what": "tile", "level": level, "index": index, "start": piece.start, "width": piece.width,
                           "columns": COLUMNS})  # fmt: skip
        for key, (name, _, found) in self.events.items():
            size = self.run.populations[name].size
            counts = self._known(key, level, index)
            if counts is not None and counts.sum() > MANY:
                add_counts(message, key, size, counts)
            else:
                part = _between(found.times, piece, last=index == (1 << level) - 1)
                add_events(message, key, size, piece, found.times[part], found.ids[part])
        for key, (_, _, trace) in self.samples.items():
            part = _between(trace.times, piece, last=index == (1 << level) - 1)
            known = self._ranges.get(key)
            if known is not None and level <= known[0]:
                self._add_ranges(message, key, known, level, index)
            else:
                add_samples(message, key, piece, trace.times[part], trace.values[part, :MOST_TRACES])
        message.header["whole"] = all("times" in each for each in message.header.get("events", {}).values()) and all(
            "times" in each for each in message.header.get("samples", {}).values()
        )
        return message

    def _counted(self, found: Spikes, size: int) -> list[Level]:
        """Levels from the finest whose tiles have too many events to be counted when asked for, up to level 0."""
        finest = min(10, max(0, math.ceil(math.log2(len(found.times) / MANY))))
        columns = COLUMNS << finest
        width = self.length / columns
        inner = np.searchsorted(found.times, self.start + (np.arange(1, columns) - EARLY) * width)
        levels = [Level(finest, counted_by_edges(found.ids, np.array([0, *inner, len(found.times)]), size))]
        while levels[-1].level:
            last = levels[-1].counts
            levels.append(Level(levels[-1].level - 1, last[::2] + last[1::2]))
        return levels

    def _known(self, key: str, level: int, index: int) -> np.ndarray | None:
        """(rows, 256) the counts of a tile, if they were made when the run was opened."""
        for each in self._levels.get(key, []):
            if each.level == level:
                return each.counts[index * COLUMNS : (index + 1) * COLUMNS].T
        return None

    def _ranged(self, trace: Trace) -> tuple[int, np.ndarray, np.ndarray]:
        """The finest level at which ranges are kept, and the ranges there."""
        level = max(0, int(math.log2(len(trace.times) / (COLUMNS * 8))) - 3)
        columns = COLUMNS << level
        piece = Piece(self.start, self.length / columns, columns)
        return level, *ranges(piece.column_of(trace.times), trace.values[:, :MOST_TRACES], columns)

    def _add_ranges(
        self, message: Message, key: str, known: tuple[int, np.ndarray, np.ndarray], level: int, index: int
    ) -> None:
        finest, low, high = known
        per = 1 << (finest - level)
        part = slice(index * COLUMNS * per, (index + 1) * COLUMNS * per)
        k = low.shape[1]
        found = [np.fmin.reduce(low[part].reshape(COLUMNS, per, k), axis=1),
                 np.fmax.reduce(high[part].reshape(COLUMNS, per, k), axis=1)]  # fmt: skip
        entry = {"k": k, "low": message.add("f", found[0].T), "high": message.add("f", found[1].T)}
        message.header.setdefault("samples", {})[key] = entry


def _is_long(trace: Trace) -> bool:
    return len(trace.times) > MANY // 4


def _between(times: np.ndarray, piece: Piece, last: bool) -> slice:
    """The events or samples in a piece of time, from its start on; in the last one, also those at its very end."""
    early = EARLY * piece.width
    first = int(np.searchsorted(times, piece.start - early))
    stop = len(times) if last else int(np.searchsorted(times, piece.stop - early))
    return slice(first, max(first, stop))


def _events_of(run: Run) -> Iterator[tuple[str, tuple[str, str, Spikes]]]:
    """Events of each population and kind: one recording of them, the first that there is."""
    seen = set()
    for kind in KINDS:
        for (name, key), found in sorted(run.spike_data.items(), key=lambda item: len(item[0][1])):
            if key.partition("@")[0] == kind and (name, kind) not in seen and name in run.populations:
                seen.add((name, kind))
                yield f"{name}/{kind}", (name, kind, found)


def _samples_of(run: Run) -> Iterator[tuple[str, tuple[str, str, Trace]]]:
    for (name, variable), trace in run.trace_data.items():
        regular = (name, variable) not in run.spike_data and trace.values.ndim == 2 and trace.values.shape[1] > 0
        if regular and name not in run.projections:
            yield f"{name}/{variable}", (name, variable, trace)


def counted_by_edges(ids: np.ndarray, edges: np.ndarray, size: int) -> np.ndarray:
    """(columns, rows) the events in each column and row. ids: (n,) in order of time. edges: where each column begins.

    Columns are taken together as long as they have few events, so that what is made on the way stays in the cache.
    """
    group, rows = rows_of(size)
    columns = len(edges) - 1
    counts = np.empty((columns, rows), np.uint32)
    first = 0
    while first < columns:
        last = max(first + 1, int(np.searchsorted(edges, edges[first] + _TOGETHER, "right")) - 1)
        at = ids[edges[first] : edges[last]] // group
        at += np.repeat(np.arange(0, (last - first) * rows, rows, dtype=np.int32), np.diff(edges[first : last + 1]))
        counts[first:last] = np.bincount(at, minlength=(last - first) * rows).reshape(last - first, rows)
        first = last
    return counts


def recorded_weights(recorded: RecordedRun, key: str) -> dict[str, Any]:
    """A histogram and a matrix of the weights of "projection:NAME" at the end of a run.

    Raises ValueError if the run has no synapses of this name.
    """
    run, name = recorded.run, key.removeprefix("projection:")
    if name not in run.synapse_data:
        raise ValueError(f"the run has no synapses of {name[:60]!r}")
    about, found = run.projections[name], run.synapses(name)
    sizes = [run.populations[each].size if each in run.populations else 1 for each in (about.source, about.target)]
    return weights_message(key, found, (sizes[0], sizes[1]), about.unit)


def weights_message(key: str, found: Synapses, shape: tuple[int, int], unit: str) -> dict[str, Any]:
    """A histogram and a matrix of weights for the page."""
    weights = np.asarray(found.weight)
    matrix = _mean_weights(found, shape)
    listed = [[None if np.isnan(each) else float(f"{each:.4g}") for each in row] for row in matrix]
    return {"what": "weights", "key": key, "unit": unit, **_histogram(weights), "matrix": listed}


def _histogram(weights: np.ndarray, bins: int = 60) -> dict[str, Any]:
    if not len(weights):
        return {"low": 0.0, "high": 0.0, "counts": [], "mean": None, "n": 0}
    low, high = float(weights.min()), float(weights.max())
    counts, _ = np.histogram(weights, bins if high > low else 1)
    return {"low": low, "high": high, "counts": counts.tolist(), "mean": float(weights.mean()), "n": len(weights)}


def _mean_weights(found: Synapses, shape: tuple[int, int], most: int = 64) -> np.ndarray:
    """(rows, columns) mean weight of the synapses from some neurons to others, NaN where there is none."""
    groups = [-(-size // most) for size in shape]
    rows, columns = (-(-size // group) for size, group in zip(shape, groups, strict=True))
    at = (found.pre // groups[0]).astype(np.int64) * columns + found.post // groups[1]
    n = np.bincount(at, minlength=rows * columns)
    total = np.bincount(at, weights=found.weight, minlength=rows * columns)
    with np.errstate(invalid="ignore"):
        return (total / n).reshape(rows, columns)
