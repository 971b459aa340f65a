"""The four classes of tolerance, and why each is as wide as it is. Tests compare numbers with no others."""

from dataclasses import dataclass
from typing import Any

import numpy as np

_EPSILON = 2.0**-52


@dataclass(frozen=True)
class Tolerance:
    """|measured - expected| <= atol + rtol |expected|, for every element."""

    rtol: float
    atol: float

    def check(self, measured: Any, expected: Any, what: str = "") -> None:
        np.testing.assert_allclose(measured, expected, rtol=self.rtol, atol=self.atol, err_msg=what)


EXACT = Tolerance(0.0, 0.0)
"""The same operations on the same numbers in the same order: not one bit may differ. For counts, for the steps of
spikes, for what two engines make of one Plan, and for a run in pieces against a run in one."""


def ULP(operations: int, scale: float = 0.0) -> Tolerance:
    """The same closed form, rounded in another order: each of `operations` may be off by one unit in the last place,
    and all in one direction. `scale`: the largest number that is added or subtracted on the way, where the result may
    be much smaller than its terms (a potential near 0 mV, a weight near its lower limit)."""
    return Tolerance(operations * _EPSILON, operations * _EPSILON * scale)


def METHOD(order: int, dt: float, constant: float = 1.0) -> Tolerance:
    """Another method of integration, or a finer step: the error goes as constant * dt^order (dt in ms, the error in the
    unit of the value). `constant` stands for the derivatives of the solution; a test that gives one says where it has
    it from."""
    return Tolerance(0.0, constant * dt**order)


def STAT(n: int, deviation: float = 1.0) -> Tolerance:
    """A mean of n independent samples of this standard deviation: 5 standard errors, which a correct program exceeds
    once in 1.7 million. Seeds are fixed: what passes once passes always."""
    return Tolerance(0.0, 5.0 * deviation / n**0.5)


NINE_DIGITS = ULP(4_500_000)
"""1e-9 relative, the tolerance against NEST. Thousands of steps, each with exponentials that NEST takes from
other formulas (propagators once, traces at each spike), make ULP of that many operations; what was measured is nearer
1e-13."""


def PRINTED(decimals: int) -> Tolerance:
    """ULP of a number that was printed with so many decimals: one in the last of them."""
    return Tolerance(0.0, 10.0**-decimals)
