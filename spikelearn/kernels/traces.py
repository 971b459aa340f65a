"""Exponential decay by table: exp(-k dt/tau) for whole numbers of steps k, as the product of two small tables."""

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.event_rule import LAST_STEP

_FINE_BITS = 8
_FINE_BITS_OF_LONG_TAU = 16
_NEGLIGIBLE = 60.0
_MOST_COARSE = 1 << 16

LEAST = 1e-30
"""Traces below this are 0: numbers that cannot be normalised any more take a hundred times as long."""
LARGEST = 1e280
"""Largest sum that is kept: no synapse waits for so long that it would need one so far back."""


def decay_tables(tau: float, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Coarse and fine tables for `decay`. Beyond 60 tau the factor is below 1e-26 and counts as 0.

    The fine one has 256 entries; if the coarse one would have more than 65,536 then (tau more than 280,000 steps), the
    fine one has 65,536, and the coarse one as many as reach the last step that there can be, 32,768, at most.
    """
    bits = _FINE_BITS if _coarse_entries(tau, dt, _FINE_BITS) <= _MOST_COARSE else _FINE_BITS_OF_LONG_TAU
    n_coarse = min(_coarse_entries(tau, dt, bits), (LAST_STEP >> bits) + 1)
    with np.errstate(over="ignore", under="ignore"):
        fine = np.exp(-np.arange(1 << bits) * dt / tau)
        coarse = np.exp(-np.arange(int(n_coarse)) * (1 << bits) * dt / tau)
    return coarse, fine


def _coarse_entries(tau: float, dt: float, bits: int) -> float:
    return float(np.ceil(_NEGLIGIBLE * tau / dt / (1 << bits))) + 1


@scalar
def decay(steps, coarse, fine):
    """exp(-steps dt/tau), for steps >= 0."""
    # Unsigned, since Numba asks of an index whether it is negative. Without calls: one to exp, never made, takes 10 %
    # of the time of STDP, whose loop keeps nothing in registers then.
    k = np.uint64(steps)
    in_fine = np.uint64(len(fine) - 1)
    high = k >> np.uint64(_FINE_BITS if len(fine) == 1 << _FINE_BITS else _FINE_BITS_OF_LONG_TAU)
    return coarse[high] * fine[k & in_fine] if high < np.uint64(len(coarse)) else 0.0


@scalar
def later(value, steps, coarse, fine):
    """What decays to or from a value in so many steps, or was it so many steps before if they are negative.

    Exact where `decay` is 0, as long as it can be represented.
    """
    if steps < 0:
        return value / decay(-steps, coarse, fine)
    if steps < len(coarse) * len(fine):
        return value * decay(steps, coarse, fine)
    root = decay(steps >> 4, coarse, fine) ** 2
    return value * (root**2) ** 4 * decay(steps & 15, coarse, fine)
