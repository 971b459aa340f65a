"""Lags between spikes: what is to be told is in which order two cells fire, and how long after each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spikelearn.analysis.arguments import checks_arguments
from spikelearn.errors import ParameterError
from spikelearn.values import one_number, whole_number


@checks_arguments
def spike_lags(
    n: int, seed: int, lags: Sequence[float] = (-0.6, -0.2, 0.2, 0.6), jitter: float = 0.03
) -> tuple[np.ndarray, np.ndarray]:
    """How long after the first cell the second fires; when both do, is at random and says nothing.

    n: number of examples. lags: of the classes, as parts of a window, between -1 and 1. jitter: standard deviation of
    each spike. Returns X, (n, 2), 1 minus the times of the two spikes, so that the larger number is the earlier spike,
    and labels, (n,), the places of their lags.

    >>> X, y = spike_lags(100, seed=1)
    >>> X.shape, y.shape
    ((100, 2), (100,))
    """
    whole_number(n, "n", least=1)
    one_number(jitter, "1", "jitter", least=0.0)
    apart = np.asarray(lags, np.float64)
    if apart.ndim != 1 or len(apart) < 2 or not np.all(np.abs(apart) < 1.0):
        raise ParameterError(f"lags: expected two or more numbers between -1 and 1, got {lags!r}")
    generator = np.random.default_rng([80, seed])
    labels = generator.permutation(np.arange(n) % len(apart))
    half = 0.5 * apart[labels]
    middle = generator.uniform(np.abs(half), 1.0 - np.abs(half))
    times = np.stack([middle - half, middle + half], axis=1) + jitter * generator.normal(size=(n, 2))
    return np.clip(1.0 - times, 0.0, 1.0), labels
