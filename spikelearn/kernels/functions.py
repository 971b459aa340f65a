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
