"""Linear equations over one step, exactly: x' = A x + b."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_TERMS = 20
"""1/2^20/20! is far below the rounding error of 1."""


def propagators(A: Sequence[Sequence[Any]], dt: float) -> tuple[np.ndarray, np.ndarray]:
    """P and Q with x(t + dt) = P x(t) + Q b, for x' = A x + b with constant A and b: P = exp(A dt), Q its integral.

    A: k rows of k numbers in 1/ms, each one number or an array with one value per neuron. P[i, j] and Q[i, j] are
    likewise numbers or arrays. Exact for any A, also with equal or no time constants: the exponential series of
    A dt / 2^s, which is small, then s doublings of the step.
    """
    k = len(A)
    entries = np.broadcast_arrays(*(np.asarray(entry, float) for row in A for entry in row))
    matrix = np.moveaxis(np.array(entries).reshape(k, k, *entries[0].shape), (0, 1), (-2, -1)) * dt
    largest = np.abs(matrix).sum(axis=-1).max() if matrix.size else 0.0
    doublings = max(0, int(np.ceil(np.log2(largest))) + 1) if largest > 0 else 0
    small, step = matrix / 2.0**doublings, dt / 2.0**doublings
    one = np.eye(k)
    # sums from the smallest term on: P = 1 + M (1 + M/2 (1 + M/3 (...))), Q = h (1 + M/2 (1 + M/3 (...)))
    Q = one / 1.0
    for n in range(_TERMS, 1, -1):
        Q = one + (small / n) @ Q
    P = one + small @ Q
    Q = Q * step
    for _ in range(doublings):
        Q = Q + P @ Q
        P = P @ P
    return np.moveaxis(P, (-2, -1), (0, 1)), np.moveaxis(np.broadcast_to(Q, P.shape), (-2, -1), (0, 1))
