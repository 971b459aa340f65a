"""How far what a rule learns is from a gradient: angles (Lillicrap et al. 2016, Nat. Commun. 7:13276), and batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spikelearn.analysis import angle
from spikelearn.errors import DescriptionError


@dataclass(frozen=True)
class AngleStatistics:
    """Angles, in degrees, between updates of trials and wanted ones.

    single: the mean over the trials in which neither is zero. error: its standard error. averaged: between the sums
    over all trials. zero: the share of trials in which the wanted update is zero. Without an angle they are NaN.
    """

    single: float
    error: float
    averaged: float
    zero: float


def angles_per_trial(updates: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The angle of each trial in degrees, (trials,); NaN where one of both is zero or not finite.

    updates, wanted: arrays of one shape whose first axis is that of trials.
    """
    if np.shape(updates) != np.shape(wanted) or np.ndim(updates) < 2:
        raise DescriptionError(
            f"angles: expected two arrays of one shape, (trials, ...), got {np.shape(updates)} and {np.shape(wanted)}"
        )
    tables = [np.asarray(each, np.float64).reshape(len(each), -1) for each in (updates, wanted)]
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (table / np.linalg.norm(table, axis=1, keepdims=True) for table in tables)
        # of small angles and those near 180 degrees the cosine tells nothing
        half = np.arctan2(np.linalg.norm(one - other, axis=1), np.linalg.norm(one + other, axis=1))
    return np.asarray(np.degrees(2.0 * half))


def angle_statistics(updates: np.ndarray, wanted: np.ndarray) -> AngleStatistics:
    """Of updates and wanted ones, e.g. minus the gradient, arrays of one shape whose first axis is that of trials.

    >>> angle_statistics(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.0, 1.0], [0.0, 0.0]]))
    AngleStatistics(single=90.0, error=nan, averaged=45.0, zero=0.5)
    """
    each = angles_per_trial(updates, wanted)
    known = each[np.isfinite(each)]
    [averaged] = angles_per_trial(*(np.sum(table, axis=0).reshape(1, -1) for table in (updates, wanted)))
    zero = np.mean(~np.reshape(wanted, (len(wanted), -1)).any(axis=1)) if len(wanted) else np.nan
    return AngleStatistics(
        single=float(known.mean()) if len(known) else np.nan,
        error=float(known.std(ddof=1) / np.sqrt(len(known))) if len(known) > 1 else np.nan,
        averaged=float(averaged),
        zero=float(zero),
    )


def update_angles(
    before: Sequence[np.ndarray], after: Sequence[np.ndarray], wanted: Sequence[np.ndarray],
    generator: np.random.Generator,
) -> tuple[float, float]:  # fmt: skip
    """Degrees between a change of weights and the wanted one; and, as a control, with the targets shuffled.

    before, after, wanted: an array for each layer, (sources, targets); all layers are taken together.
    """
    moved = [new - old for new, old in zip(after, before, strict=True)]
    shuffled = [generator.permutation(each, axis=1) for each in moved]
    return angle(moved, wanted), angle(shuffled, wanted)


def parts_with_batches(n: int, batches: int, size: int) -> list[tuple[int, int, bool]]:
    """The n patterns of an epoch in parts, (start, stop, whether it is a batch), with batches evenly among them.

    A batch, of at most `size` patterns, is learned on its own, so that what it changed can be compared; between them
    are the other patterns.

    >>> parts_with_batches(10, 2, 3)
    [(0, 3, True), (3, 5, False), (5, 8, True), (8, 10, False)]
    """
    edges = np.linspace(0, n, batches + 1).astype(int).tolist() if batches else [0, n]
    found = []
    for start, stop in zip(edges, edges[1:], strict=False):
        middle = min(stop, start + size) if batches else start
        found += [(start, middle, True), (middle, stop, False)]
    return [each for each in found if each[1] > each[0]]
