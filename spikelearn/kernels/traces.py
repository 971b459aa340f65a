"""Exponential decay by table: exp(-k dt/tau) for whole numbers of steps k, as the product of two small tables."""

import math

import numpy as np

from spikelearn.codegen.jit import scalar

_FINE_BITS = 8
_NEGLIGIBLE = 60.0
_MOST_COARSE = 1 << 16


def decay_tables(tau: float, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Coarse and fine tables for `decay`. Beyond 60 tau the factor is below 1e-26 and counts as 0.

    If the coarse table would have more than 65,536 entries (tau more than 280,000 steps), it has none, and the fine one
    has only dt / tau.
    """
    n_coarse = np.ceil(_NEGLIGIBLE * tau / dt / (1 << _FINE_BITS)) + 1
    if not n_coarse <= _MOST_COARSE:
        return np.empty(0), np.array([dt / tau])
    with np.errstate(over="ignore", under="ignore"):
        fine = np.exp(-np.arange(1 << _FINE_BITS) * dt / tau)
        coarse = np.exp(-np.arange(int(n_coarse)) * (1 << _FINE_BITS) * dt / tau)
    return coarse, fine


@scalar
def decay(steps, coarse, fine):
    """exp(-steps dt/tau)."""
    high = steps >> 8
    if high >= len(coarse):
        return math.exp(-steps * fine[0]) if len(fine) == 1 else 0.0
    return coarse[high] * fine[steps & 255]
