"""Time on the grid of dt: the one conversion from ms to whole steps, and back."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from spikelearn.errors import ParameterError
from spikelearn.units import plain

MOST_STEPS = 1 << 43
"""The longest time, in steps: 28 years of 0.1 ms. The rounding errors of a multiple of dt stay below 0.02 steps."""

NEVER = 1 << 60
"""The step of a scheduled time that no run can reach."""

_TOLERANCE = 1e-6
"""Steps by which a multiple of dt may be off, besides the rounding errors of a product and a quotient."""

_TOLERANCE_32 = 1e-2
"""The same for a time that is the float32 nearest to a multiple of dt, such as 123.4 from an array of float32."""


def whole_steps(time: Any, dt: float, what: str, least: int = 0) -> int:
    """The number of steps in one time of at least `least` steps.

    time: ms, or a quantity. dt: ms. what: names it in errors. Raises UnitError, or ParameterError if it is not a
    multiple of dt.
    """
    length = plain(time, "ms", what)
    if not isinstance(length, float):
        raise ParameterError(f"{what}: expected one time, got an array of shape {length.shape}")
    exact = length / dt
    if least <= exact <= MOST_STEPS and abs(exact - round(exact)) <= _TOLERANCE:
        return round(exact)  # as steps_of says, in a fifth of the time
    return int(steps_of(length, dt, what, least))


def steps_of(times: Any, dt: float, what: str, least: int = 0, unreachable: bool = False) -> np.ndarray:
    """The number of steps in each time (ms), int64 of the same shape.

    unreachable: whether a time may be too far away for any run; its step is NEVER. Raises ParameterError, naming the
    first time that is not a finite multiple of dt and of at least `least` steps.
    """
    times = np.asarray(times, np.float64)
    nearest, fits = nearest_steps(times, dt)
    far = np.isfinite(times) & (nearest > MOST_STEPS)
    wrong = (~fits | (nearest < least)) & ~far if unreachable else ~fits | far | (nearest < least)
    if np.any(wrong):
        raise ParameterError(_complaint(times, wrong, dt, what, least))
    return np.where(far, NEVER, nearest).astype(np.int64)


def nearest_steps(times: Any, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """The nearest step (float64) to each time (ms), and whether the time is a multiple of dt within rounding errors."""
    with np.errstate(over="ignore", invalid="ignore"):
        exact = np.asarray(times, np.float64) / dt
        nearest = np.rint(exact)
        off = np.abs(exact - nearest)
        fits = off <= _TOLERANCE + 8.0 * np.finfo(float).eps * np.abs(nearest)
        if not np.all(fits):
            fits |= (off <= _TOLERANCE_32) & (np.asarray(times, np.float64) == np.float32(nearest * dt))
        return nearest, fits


def in_steps(times: Any, dt: float) -> np.ndarray:
    """Times (ms) in steps, float64: whole numbers where they are multiples of dt within rounding errors."""
    nearest, fits = nearest_steps(times, dt)
    with np.errstate(over="ignore"):
        return np.where(fits, nearest, np.asarray(times, np.float64) / dt)


def times_of(steps: Any, dt: float) -> Any:
    """The times (ms) at which steps end: the floats nearest to them, as decimal numbers (12 * 0.1 is 1.2 exactly)."""
    numerator, denominator = fraction_of(dt)
    return steps * numerator / denominator


@functools.cache
def fraction_of(dt: float) -> tuple[float, float]:
    """(numerator, denominator) of dt as a decimal number; (dt, 1.0) if it has too many digits."""
    digits, _, exponent = repr(float(dt)).partition("e")
    whole, _, decimals = digits.partition(".")
    power = int(exponent or 0) - len(decimals)
    numerator, denominator = int(whole + decimals) * 10 ** max(power, 0), 10 ** max(-power, 0)
    common = math.gcd(numerator, denominator)
    numerator, denominator = numerator // common, denominator // common
    if numerator < 1 << 20 and denominator < 1 << 1023 and int(float(denominator)) == denominator:
        return float(numerator), float(denominator)
    return float(dt), 1.0


def written(time: float) -> str:
    """A time for messages, without rounding errors."""
    return f"{time:.12g}"


def _complaint(times: np.ndarray, wrong: np.ndarray, dt: float, what: str, least: int) -> str:
    place = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
    where = f" at index {', '.join(str(k) for k in place)}" if place else ""
    got = f"got {written(float(times[place]))} ms{where}"
    longest = written(MOST_STEPS * dt)
    if not np.isfinite(times[place]):
        return f"{what}: expected a finite time, {got}"
    steps = float(times[place]) / dt
    if steps > MOST_STEPS:
        return f"{what}: expected at most {longest} ms, {MOST_STEPS:,} steps of dt = {written(dt)} ms, {got}"
    if steps < least:
        one_step = f"dt = {written(dt)} ms" if least == 1 else f"{written(least * dt)} ms"
        return f"{what}: expected at least {one_step}, {got}"
    near = sorted({max(least, int(np.floor(steps))), max(least, int(np.floor(steps)) + 1)})
    nearest = " or ".join(written(times_of(k, dt)) for k in near)
    return f"{what}: expected a multiple of dt = {written(dt)} ms, such as {nearest} ms, {got}"
