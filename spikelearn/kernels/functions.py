"""Functions for use in equations, in arithmetic that vectorises."""

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import expm1, exponential


@scalar
def exprel(x):
    """(exp(x) - 1) / x, and 1 at 0."""
    return 1.0 if x == 0.0 else expm1(x) / x


@scalar
def tanh(x):
    """Hyperbolic tangent."""
    y = expm1(-2.0 * abs(x))
    size = -y / (y + 2.0)
    return -size if x < 0.0 else size


@scalar
def sinh(x):
    """Hyperbolic sine, up to exp(709) / 2."""
    y = expm1(abs(x))
    size = 0.5 * (y + y / (y + 1.0))
    return -size if x < 0.0 else size


@scalar
def cosh(x):
    """Hyperbolic cosine, up to exp(709) / 2."""
    y = exponential(abs(x))
    return 0.5 * (y + 1.0 / y)


@scalar
def softplus(x):
    """ln(1 + exp(x)), without overflow.

    It is max(x, 0) + ln(1 + t) with t = exp(-|x|), and ln(1 + t) = 2 artanh(s) with s = t / (2 + t), at most 1/3, by
    its series to the 33rd power.
    """
    t = exponential(-abs(x))
    s = t / (2.0 + t)
    y = s * s
    series = 1.0 / 33.0
    series = series * y + 1.0 / 31.0
    series = series * y + 1.0 / 29.0
    series = series * y + 1.0 / 27.0
    series = series * y + 1.0 / 25.0
    series = series * y + 1.0 / 23.0
    series = series * y + 1.0 / 21.0
    series = series * y + 1.0 / 19.0
    series = series * y + 1.0 / 17.0
    series = series * y + 1.0 / 15.0
    series = series * y + 1.0 / 13.0
    series = series * y + 1.0 / 11.0
    series = series * y + 1.0 / 9.0
    series = series * y + 1.0 / 7.0
    series = series * y + 1.0 / 5.0
    series = series * y + 1.0 / 3.0
    return max(x, 0.0) + 2.0 * s * (series * y + 1.0)
