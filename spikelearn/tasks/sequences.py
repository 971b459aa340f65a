"""Sequences of symbols, shown element by element in each episode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from spikelearn.analysis.arguments import checks_arguments
from spikelearn.errors import ExperimentError


class SequenceTask(NamedTuple):
    """Sequences of equal length, and the onset of each element.

    symbols: all that occur, in order; a symbol's number is its index. shown: (episodes, sequences, length), the numbers
    of the elements; onsets: same shape, ms. episode: duration, ms. t_stop: end of the last episode, ms.
    """

    sequences: tuple[str, ...]
    symbols: str
    shown: np.ndarray
    onsets: np.ndarray
    episode: float
    t_stop: float


@checks_arguments
def sequence_task(
    sequences: Sequence[str],
    episodes: int,
    element_interval: float,
    sequence_interval: float,
    t_start: float = 0.0,
    shuffle: Sequence[int] | None = None,
) -> SequenceTask:
    """All sequences in each episode, one after the other, starting at t_start (ms).

    sequences: a letter per symbol, all of equal length. element_interval: ms from one element to the next;
    sequence_interval: ms from the last element of a sequence to the first of the next. shuffle: seed for a new order of
    the elements of each sequence in each episode, so that none can be predicted; None for no shuffle.
    Raises ExperimentError if there are no sequences, or if they differ in length.

    >>> sequence_task(["AB", "CB"], 1, 40.0, 100.0).onsets[0].tolist()
    [[0.0, 40.0], [140.0, 180.0]]
    """
    if len({len(sequence) for sequence in sequences}) != 1:
        raise ExperimentError(f"sequences: expected one or more of equal length, got {', '.join(sequences) or 'none'}")
    symbols, length = "".join(sorted(set("".join(sequences)))), len(sequences[0])
    shown = np.array([[[symbols.index(c) for c in sequence] for sequence in sequences] for _ in range(episodes)])
    if shuffle is not None:
        shown = np.random.default_rng(shuffle).permuted(shown, axis=2)
    duration = (length - 1) * element_interval + sequence_interval
    starts = t_start + duration * np.arange(episodes * len(sequences)).reshape(episodes, len(sequences), 1)
    onsets = starts + element_interval * np.arange(length)
    t_stop = float(starts[-1, -1, 0] + duration)
    return SequenceTask(tuple(sequences), symbols, shown, onsets, duration * len(sequences), t_stop)
