"""Correlation and mutual information of two signals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from spikelearn.analysis.arguments import checks_arguments
from spikelearn.errors import ParameterError


@checks_arguments
def correlation(a: ArrayLike, b: ArrayLike) -> float:
    """Pearson's correlation coefficient of two signals, from -1 to 1.

    a, b: (n,) numbers, any unit, n at least 2.
    Raises ParameterError if shapes differ, a value is not finite, or a signal is constant (the coefficient
    would be 0 / 0).
    Source: Pearson 1895, Proc. R. Soc. Lond. 58:240.

    >>> round(correlation([1.0, 2.0, 3.0], [2.0, 4.0, 7.0]), 3)
    0.993
    """
    signals = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if signals[0].shape != signals[1].shape or signals[0].ndim != 1:
        raise ParameterError(
            f"correlation needs two (n,) arrays of the same length, got {signals[0].shape} and {signals[1].shape}"
        )
    if signals[0].size < 2:
        raise ParameterError(f"correlation needs at least 2 values, got {signals[0].size}")
    unit = []
    for name, signal in zip("ab", signals, strict=True):
        if not np.all(np.isfinite(signal)):
            raise ParameterError(f"{name} must be finite; there is a NaN or an infinity in it")
        if np.ptp(signal) == 0:
            raise ParameterError(f"{name} is constant ({signal[0]}), so it has no correlation with anything")
        # Scaled to at most 1 first, so that squares of very large or small values stay in range.
        centred = signal / np.max(np.abs(signal))
        centred = centred - centred.mean()
        unit.append(centred / np.linalg.norm(centred))
    return float(np.clip(unit[0] @ unit[1], -1.0, 1.0))


@checks_arguments
def known_correlation(a: ArrayLike, b: ArrayLike) -> float:
    """Pearson's correlation coefficient of two signals where both are finite; NaN where it is not defined.

    a, b: (n,) numbers, NaN where a signal is unknown, such as the burst probability of a bin without events.

    >>> round(known_correlation([1.0, 2.0, np.nan], [2.0, 4.0, 5.0]), 6)
    1.0
    """
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    both = np.isfinite(x) & np.isfinite(y)
    x, y = x[both], y[both]
    return correlation(x, y) if x.size > 1 and np.ptp(x) > 0 and np.ptp(y) > 0 else float("nan")


@checks_arguments
def best_lag_correlation(a: ArrayLike, b: ArrayLike, most: int, every: int = 1) -> float:
    """The largest correlation of a with b shifted by up to `most` samples either way, where both are known.

    a, b: (n,) numbers, n at least most + 2. every: samples between two shifts that are tried. A signal of the right
    form that has drifted out of phase has 1. Raises ParameterError as `correlation` does.

    >>> wave = np.sin(np.arange(200) / 10.0)
    >>> round(best_lag_correlation(wave[5:], wave[:-5], most=10), 6)
    1.0
    """
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if every < 1:
        raise ParameterError(f"every of best_lag_correlation: expected at least 1 sample, got {every}")
    if x.shape != y.shape or x.ndim != 1 or not 0 <= most <= x.size - 2:
        raise ParameterError(
            f"best_lag_correlation: expected two (n,) arrays of the same length, longer than most + 1, got {x.shape}, "
            f"{y.shape} and most = {most}"
        )
    lags = range(-most + most % every, most + 1, every)
    return max(
        correlation(x[max(0, lag) : x.size + min(0, lag)], y[max(0, -lag) : x.size - max(0, lag)]) for lag in lags
    )


@checks_arguments
def fitted_line(x: ArrayLike, y: ArrayLike) -> np.ndarray:
    """The least-squares linear fit of y to x, at each x, (n,): to draw both on one axis.

    NaN are ignored; if there is no fit, because x is constant or has fewer than two values, returns x.

    >>> fitted_line([0.0, 1.0, 2.0], [1.0, 3.0, 5.0]).round(3)
    array([1., 3., 5.])
    """
    of, to = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    known = np.isfinite(of) & np.isfinite(to)
    if known.sum() < 2 or np.ptp(of[known]) == 0:
        return of
    return np.asarray(np.polyval(np.polyfit(of[known], to[known], 1), of))


@checks_arguments
def mutual_information(joint: ArrayLike) -> float:
    """Mutual information of two variables in bits; joint: (n, m), the probability of each pair of their values.

    >>> mutual_information([[0.5, 0.0], [0.0, 0.5]])
    1.0
    """
    p = np.asarray(joint, dtype=np.float64)
    if p.ndim != 2 or not np.all(np.isfinite(p)) or np.any(p < 0):
        raise ParameterError(f"joint must be an array (n, m) of probabilities, got {p!r:.200}")
    independent = p.sum(axis=1, keepdims=True) * p.sum(axis=0, keepdims=True)
    some = p > 0
    return float(np.sum(p[some] * np.log2(p[some] / independent[some])))


@checks_arguments
def angle(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> float:
    """Angle in degrees between two lists of arrays, each taken as one vector, such as two sets of weight changes.

    Also exact for small angles, where the cosine rounds to 1. Raises ParameterError unless both have as many numbers,
    all finite.

    >>> round(angle([np.array([1.0, 0.0])], [np.array([1.0, 1.0])]), 6)
    45.0
    """
    x, y = (np.concatenate([np.zeros(0), *(np.ravel(each) for each in parts)]) for parts in (one, other))
    if x.shape != y.shape or not (np.all(np.isfinite(x)) and np.all(np.isfinite(y))):
        raise ParameterError(f"angle: expected as many finite numbers in both, got {x!r:.100} and {y!r:.100}")
    # The largest becomes 1: squares of very large and very small numbers are no numbers.
    x, y = (each / max(np.max(np.abs(each), initial=0.0), 1e-300) for each in (x, y))
    x, y = (each / max(np.linalg.norm(each), 1e-300) for each in (x, y))
    return float(np.degrees(2.0 * np.arctan2(np.linalg.norm(x - y), np.linalg.norm(x + y))))
