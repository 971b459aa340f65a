"""Conversion of intervals from ms to whole steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikelearn.errors import ParameterError
from spikelearn.units import plain


def whole_steps(interval: Any, dt: float, what: str) -> int:
    """The number of steps in an interval. Raises UnitError, or ParameterError if it is not a multiple of dt."""
    length = plain(interval, "ms", what)
    if not isinstance(length, float) or not np.isfinite(length) or length < dt * (1 - 1e-9):
        raise ParameterError(f"{what}: expected at least dt = {dt:g} ms, got {interval!r}")
    steps = round(length / dt)
    if abs(length / dt - steps) > 1e-6 * steps:
        raise ParameterError(f"{what}: expected a multiple of dt = {dt:g} ms, got {interval!r}")
    return steps
