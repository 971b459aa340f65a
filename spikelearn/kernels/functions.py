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
def log1p(x):
    """ln(1 + x) for x from 0 to 1.

    It is 2 artanh(x / (2 + x)), or above sqrt(2) - 1 ln(2) + 2 artanh((x - 1) / (x + 3)): by the series to the 21st
    power, of numbers up to 0.172, in two halves that do not wait for each other.
    """
    high = x > 0.41421356237309503
    s = (x - 1.0 if high else x) / (x + 3.0 if high else x + 2.0)
    y = s * s
    z = y * y
    even = 1.0 / 21.0
    even = even * z + 1.0 / 17.0
    even = even * z + 1.0 / 13.0
    even = even * z + 1.0 / 9.0
    even = even * z + 1.0 / 5.0
    odd = 1.0 / 19.0
    odd = odd * z + 1.0 / 15.0
    odd = odd * z + 1.0 / 11.0
    odd = odd * z + 1.0 / 7.0
    odd = odd * z + 1.0 / 3.0
    s = 2.0 * s + 2.0 * s * y * (odd + even * y)
    return s + 0.6931471805599453 if high else s
