"""By how much is one wave behind another? What is there at one moment does not tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikelearn.analysis.arguments import checks_arguments
from spikelearn.errors import ExperimentError
from spikelearn.tasks.memory import Sequences

AMPLITUDE = 0.4
"""Of the waves, around 0.5."""


@checks_arguments
def wave_lags(
    n: int, seed: int, lags: Sequence[float] = (-157.5, -112.5, -67.5, -22.5, 22.5, 67.5, 112.5, 157.5),
    periods: tuple[float, float] = (20.0, 40.0), elements: int = 100,
) -> Sequences:  # fmt: skip
    """Two waves of the same period; the label is by how many degrees the second is behind the first.

    Ours, after detectors of motion, which compare what is with what was (Reichardt 1961). Period and phase are drawn
    for each example. lags: of each class, degrees. periods: least and most, in elements. Features of an element are
    both waves and 1 minus them. Over time, lags of opposite sign show the same values equally often, so who has no
    memory is right in at most half of the cases if there are as many of both.

    >>> X, y, elements = wave_lags(100, seed=1)
    >>> X.shape, elements
    ((100, 400), 100)
    """
    least, most = periods
    degrees = np.asarray(lags, np.float64)
    if len(degrees) < 2 or not np.all(np.isfinite(degrees)) or not 2.0 <= least <= most or elements < 1:
        raise ExperimentError(
            "wave_lags: expected at least two lags, periods from at least 2 elements on and at least one element; got "
            f"{list(lags)}, {periods}, {elements}"
        )
    generator = np.random.default_rng([2025, seed])
    labels = generator.integers(0, len(lags), n)
    period, phase = (generator.uniform(*ends, (n, 1, 1)) for ends in ((least, most), (0.0, 2.0 * np.pi)))
    behind = np.radians(degrees)[labels]
    both = np.stack([np.zeros(n), behind], axis=1)[:, None]
    waves = 0.5 + AMPLITUDE * np.sin(2.0 * np.pi * np.arange(elements)[:, None] / period + phase - both)
    return Sequences(np.concatenate([waves, 1.0 - waves], axis=2).reshape(n, -1), labels, elements)
