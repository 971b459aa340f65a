"""Tasks that need a memory: sequences of cues, of which the label is asked for at the end.

Each example is a sequence of elements of equal length. In an element a group of inputs is either silent or active, with
ACTIVITY spikes on average per input, MOST at most; the counts are drawn for each example, element and input (Poisson).
Arrays have each sequence in one row, (n, elements * inputs): first all inputs of the first element.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spikelearn.analysis.arguments import checks_arguments
from spikelearn.errors import ExperimentError

GROUP = 10
"""Input cells that are active together."""
ACTIVITY, MOST = 10.0, 20
"""Spikes of an active cell in an element, on average and at most. 1 in an array stands for MOST."""


class Sequences(NamedTuple):
    """X: (n, elements * inputs), from 0 to 1. y: (n,) labels. elements: of each sequence."""

    X: np.ndarray
    y: np.ndarray
    elements: int


@checks_arguments
def evidence_accumulation(n: int, seed: int, cues: int = 3, delay: int = 5) -> Sequences:
    """After cues on the left or right, a delay and a go signal: on which side were there more? 0 left, 1 right.

    The task of mice that run along a track (Morcos & Harvey 2016, Nat. Neurosci. 19:1672) in the form of Bellec et al.
    2020, Nature Communications 11:3625, Fig. 3. Groups of inputs: left, right, go, and one that is always active. A cue
    takes one element, the pause after it another; then come `delay` elements and the go signal. cues: an odd number;
    each is on either side with equal probability.

    >>> X, y, elements = evidence_accumulation(100, seed=1)
    >>> X.shape, elements
    ((100, 480), 12)
    """
    if cues < 1 or cues % 2 == 0 or delay < 0:
        raise ExperimentError(f"evidence_accumulation: expected an odd number of cues and a delay, got {cues}, {delay}")
    generator = np.random.default_rng([2016, seed])
    right = generator.random((n, cues)) < 0.5
    active = np.zeros((n, 2 * cues + delay + 1, 4), bool)
    active[:, : 2 * cues : 2, 0], active[:, : 2 * cues : 2, 1] = ~right, right
    active[:, -1, 2] = True
    active[:, :, 3] = True
    return _sequences(active, np.sum(right, axis=1) > cues / 2, generator)


@checks_arguments
def store_recall(n: int, seed: int, elements: int = 10, delay: int = 3) -> Sequences:
    """Which value, 0 or 1, was shown when the signal to store it was given?

    Bellec, Salaj, Subramoney, Legenstein & Maass 2018, NeurIPS 31, Fig. 2. Groups of inputs: the values 0 and 1, store,
    recall. In each element a random value is shown. In one of them, with equal probability any but the last `delay` +
    1, there is the signal to store; in the last one that to recall. The values in between are to be ignored.

    >>> X, y, elements = store_recall(100, seed=1)
    >>> X.shape, elements
    ((100, 400), 10)
    """
    if delay < 0 or elements < delay + 2:
        raise ExperimentError(
            f"store_recall: expected at least {delay + 2} elements and a delay, got {elements}, {delay}"
        )
    generator = np.random.default_rng([2018, seed])
    values = generator.integers(0, 2, (n, elements))
    stored = generator.integers(0, elements - delay - 1, n)
    active = np.zeros((n, elements, 4), bool)
    active[:, :, :2] = values[:, :, None] == [0, 1]
    active[np.arange(n), stored, 2] = True
    active[:, -1, 3] = True
    return _sequences(active, values[np.arange(n), stored], generator)


@checks_arguments
def nested_store_recall(
    n: int, seed: int, inner: int = 2, spacing: int = 12, delay: tuple[int, int] = (3, 6), shared: bool = False
) -> Sequences:
    """Which two values, 0 or 1, were stored: the outer one at the beginning, and the inner one, stored last?

    Ours: to store and recall in two time scales. Groups of inputs: the outer values 0 and 1, the inner values 0 and 1,
    and the signal to recall. The first element shows the outer value. Then `inner` values
    are shown, an even number, `spacing` elements apart on average, each to be stored instead of the one before; half of
    them are 0 and half are 1, so that their number tells nothing. The last element is to be answered with 2 times the
    outer value plus the inner one. delay: least and most silent elements before it. Who knows only one of the
    values is right in 1 of 2 cases. shared: whether inner values are shown by the inputs of outer ones, so that
    only when a value was shown tells which it is.

    >>> X, y, elements = nested_store_recall(100, seed=1)
    >>> X.shape, elements
    ((100, 1600), 32)
    """
    least, most = delay
    if inner < 2 or inner % 2 or spacing < 3 or not 0 <= least <= most:
        raise ExperimentError(
            "nested_store_recall: expected an even number of inner values, at least 3 elements apart, and a delay from "
            f"the least to the most; got {inner}, {spacing}, {delay}"
        )
    generator = np.random.default_rng([2022, seed])
    elements = 1 + inner * spacing + most + 1
    every, outer = np.arange(n), generator.integers(0, 2, n)
    last = elements - 2 - generator.integers(least, most + 1, n)
    at = last[:, None] - spacing * np.arange(inner)[::-1]
    at[:, :-1] += generator.integers(-1, 2, (n, inner - 1))
    stored = generator.permuted(np.broadcast_to(np.arange(inner) % 2, (n, inner)), axis=1)
    active = np.zeros((n, elements, 5), bool)
    active[every, 0, outer] = True
    active[every[:, None], at, (0 if shared else 2) + stored] = True
    active[:, -1, 4] = True
    return _sequences(active, 2 * outer + stored[:, -1], generator)


def _sequences(active: np.ndarray, labels: np.ndarray, generator: np.random.Generator) -> Sequences:
    """active: (n, elements, groups), whether a group is."""
    n, elements, _ = active.shape
    means = ACTIVITY * np.repeat(active, GROUP, axis=2)
    counts = np.minimum(generator.poisson(means), MOST)
    return Sequences(counts.reshape(n, -1) / MOST, labels.astype(np.int64), elements)
