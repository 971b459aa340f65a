"""exp(x) and exp(x) - 1 in arithmetic that vectorises: math.exp would keep a loop over neurons from doing so."""

import math

from spikelearn.codegen.jit import JIT_DISABLED, bits_to_float, float_to_bits, scalar

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_ROUNDING = 6755399441055744.0
"""1.5 * 2^52: adding a number of moderate size rounds it to an integer, which is in the last bits of the sum."""


@scalar
def _times_power_of_2(value, shifted):
    return bits_to_float(float_to_bits(value) + (float_to_bits(shifted) << 52))


def _times_power_of_2_in_python(value, shifted):
    return math.ldexp(value, int(shifted - _ROUNDING)) if shifted == shifted else shifted


if JIT_DISABLED:
    _times_power_of_2 = _times_power_of_2_in_python


@scalar
def _reduced(x):
    """(y, shifted) with exp(x) = 2^n (1 + y) and n in the last bits of `shifted`.

    exp(x) = 2^n exp(r) with |r| <= ln(2)/2 (Cody & Waite 1980), exp(r) by its series to the 13th power.
    """
    shifted = x * _LOG2_E + _ROUNDING
    n = shifted - _ROUNDING
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    series = 1.0 / 6227020800.0
    series = series * r + 1.0 / 479001600.0
    series = series * r + 1.0 / 39916800.0
    series = series * r + 1.0 / 3628800.0
    series = series * r + 1.0 / 362880.0
    series = series * r + 1.0 / 40320.0
    series = series * r + 1.0 / 5040.0
    series = series * r + 1.0 / 720.0
    series = series * r + 1.0 / 120.0
    series = series * r + 1.0 / 24.0
    series = series * r + 1.0 / 6.0
    series = series * r + 0.5
    return series * r * r + r, shifted


@scalar
def exponential(x):
    """exp(x) to within 2 units in the last place. Below -708 it is exp(-708), above 709 exp(709); of NaN, NaN."""
    x = min(max(x, -708.0), 709.0)
    y, shifted = _reduced(x)
    return _times_power_of_2(y + 1.0, shifted) + (x - x)


@scalar
def expm1(x):
    """exp(x) - 1 to within 3 units in the last place, at 0 too; above 709 it is that of 709; of NaN, NaN."""
    x = min(max(x, -708.0), 709.0)
    y, shifted = _reduced(x)
    power = _times_power_of_2(1.0, shifted)
    return power * y + (power - 1.0) + (x - x)
