"""What a comparison with an oracle is. The tests run every case; scripts/validate.py prints them all as one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from tolerances import Tolerance


@dataclass(frozen=True)
class Case:
    """One comparison.

    subject: the model, rule or engine, by its public name. what: what is compared, and on what input; a stochastic case
    states its seeds. oracle: where the expected numbers come from, such as "NEST live: iaf_psc_exp", "Brian2 live",
    "closed form", "NEST 3.10, recorded". tolerance: how far they may be apart; tolerance_name: its class as it
    is printed, such as "METHOD(2, dt)". compare: () -> (measured, expected), numbers or arrays of one shape.
    slow: run by `pytest -m slow` and by the script, not by default.
    """

    subject: str
    what: str
    oracle: str
    tolerance: Tolerance
    tolerance_name: str
    compare: Callable[[], tuple[Any, Any]]
    slow: bool = False

    def __str__(self) -> str:
        return f"{self.subject}: {self.what} ({self.oracle})"


@dataclass(frozen=True)
class Difference:
    """largest: of |measured - expected|; relative: the same over the largest |expected|; within: all in tolerance."""

    n: int
    largest: float
    relative: float
    within: bool


def difference(case: Case) -> Difference:
    """Run a case and say how far apart the two are."""
    measured, expected = (np.atleast_1d(np.asarray(values, float)) for values in case.compare())
    if measured.shape != expected.shape:
        return Difference(measured.size, float("inf"), float("inf"), False)
    if measured.size == 0:
        raise ValueError(f"{case}: nothing was compared")
    apart = np.abs(measured - expected)
    scale = np.abs(expected).max()
    within = bool(np.all(apart <= case.tolerance.atol + case.tolerance.rtol * np.abs(expected)))
    largest = float(apart.max())
    return Difference(measured.size, largest, largest / scale if scale > 0 else largest, within)
