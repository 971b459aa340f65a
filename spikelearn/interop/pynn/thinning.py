"""Inhomogeneous gamma processes by thinning (Muller et al. 2007, Neural Computation 19:2958).

The hazard at age x, the time since the last spike, is that of a gamma distribution of intervals with shape a and scale
b, which change in time. It is at most 1/b if a >= 1, so candidates are drawn at the largest such rate, and each is a
spike with the probability of its hazard over that rate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

_lgamma = np.vectorize(math.lgamma, otypes=[float])


def gamma_hazard(age: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Density over survival, in 1/(unit of b), of a gamma distribution with shape a and scale b."""
    x = np.maximum(age / b, 1e-300)
    near = x < a + 1.0
    found = np.empty_like(x)
    with np.errstate(over="ignore", under="ignore"):
        for k in (np.flatnonzero(near), np.flatnonzero(~near)):
            if not len(k):
                continue
            x_k, a_k, b_k = x[k], a[k], b[k]
            if near[k[0]]:
                # gamma(a, x) = x^a exp(-x) (1/a + x/(a (a+1)) + ...)
                term, total, n = 1.0 / a_k, 1.0 / a_k, 0
                while np.any(term > 1e-16 * total):
                    n += 1
                    term = term * x_k / (a_k + n)
                    total = total + term
                density = np.exp((a_k - 1.0) * np.log(x_k) - x_k - _lgamma(a_k))
                found[k] = density / (1.0 - density * x_k * total) / b_k
            else:
                # the continued fraction of Gamma(a, x), from below
                fraction = np.zeros_like(x_k)
                for n in range(200, 0, -1):
                    fraction = n * (n - a_k) / (x_k + 2 * n + 1 - a_k - fraction)
                found[k] = (x_k + 1.0 - a_k - fraction) / x_k / b_k
    return found


class ThinnedGamma:
    """Spike times of n sources, made up to any time. Candidate j of a source has random numbers of its own, so that
    they do not depend on how far is asked for at once."""

    def __init__(self, seed: Sequence[int], n: int) -> None:
        self._seed = [abs(each) for each in seed]
        self._n = n
        self._drawn: list[np.ndarray] = []
        self._next = np.zeros(n, np.int64)
        self.last = np.full(n, -np.inf)
        self._candidate = np.full(n, np.nan)

    def forget_candidates(self) -> None:
        """Draw what comes next anew, as parameters are others from now on."""
        self._candidate[:] = np.nan

    def until(
        self, now: float, end: float, bins: Sequence[np.ndarray], a: Sequence[np.ndarray], b: Sequence[np.ndarray],
        start: np.ndarray, stop: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """Times in ms, and sources, of the spikes from `now` to `end`.

        bins, a, b: for each source, the times in ms from which values of a and b (ms) hold. start, stop: (n,) ms.
        """
        fastest = np.array([1.0 / np.min(each) for each in b])
        longest = max(len(each) for each in bins)
        table = np.full((self._n, longest), np.inf)
        shapes, scales = np.ones((2, self._n, longest))
        for i, (edges, shape, scale) in enumerate(zip(bins, a, b, strict=True)):
            table[i, : len(edges)], shapes[i, : len(edges)], scales[i, : len(edges)] = edges, shape, scale
        fresh = np.isnan(self._candidate)
        self._advance(np.flatnonzero(fresh), np.maximum(now, start), fastest)
        times, ids = [], []
        limit = np.minimum(end, stop)
        while len(k := np.flatnonzero(self._candidate <= limit)):
            at = self._candidate[k]
            which = np.maximum((table[k] <= at[:, None]).sum(axis=1) - 1, 0)
            age = at - np.maximum(self.last[k], start[k])
            hazard = gamma_hazard(age, shapes[k, which], scales[k, which])
            accepted = self._uniform(k) * fastest[k] < hazard
            times.append(at[accepted])
            ids.append(k[accepted])
            self.last[k[accepted]] = at[accepted]
            self._next[k] += 1
            self._advance(k, self._candidate, fastest)
        return np.concatenate([*times, np.zeros(0)]), np.concatenate([*ids, np.zeros(0, np.int64)])

    def _row(self, k: np.ndarray, which: int) -> np.ndarray:
        while len(self._drawn) <= self._next[k].max(initial=0):
            self._drawn.append(np.random.default_rng([*self._seed, len(self._drawn)]).random((2, self._n)))
        return np.array([self._drawn[j][which, i] for i, j in zip(k, self._next[k], strict=True)])

    def _uniform(self, k: np.ndarray) -> np.ndarray:
        return self._row(k, 1)

    def _advance(self, k: np.ndarray, begin: np.ndarray, fastest: np.ndarray) -> None:
        """Draw the next candidates of sources k, from the times `begin` on."""
        self._candidate[k] = begin[k] - np.log1p(-self._row(k, 0)) / fastest[k]
