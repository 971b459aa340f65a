"""Exponential decay by table: exp(-k dt/tau) for whole numbers of steps k, as the product of two small tables."""

import numpy as np

from spikelearn.codegen.jit import scalar

_FINE_BITS = 8
_NEGLIGIBLE = 60.0


def decay_tables(tau: float, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Coarse and fine tables for `decay`. Beyond 60 tau the factor is below 1e-26 and counts as 0."""
    fine = np.exp(-np.arange(1 << _FINE_BITS) * dt / tau)
    n_coarse = int(np.ceil(_NEGLIGIBLE * tau / dt / (1 << _FINE_BITS))) + 1
    coarse = np.exp(-np.arange(n_coarse) * (1 << _FINE_BITS) * dt / tau)
    return coarse, fine


@scalar
def decay(steps, coarse, fine):
    """exp(-steps dt/tau)."""
    high = steps >> 8
    if high >= len(coarse):
        return 0.0
    return coarse[high] * fine[steps & 255]
