"""How much a test draws: fewer examples of hypothesis by default than where slow, no distributions as plain Python."""

import pytest

from spikelearn.codegen.jit import JIT_DISABLED

many_numbers = pytest.mark.skipif(JIT_DISABLED, reason="more numbers than plain Python draws in seconds")
"""Of a test that draws or steps so often that the kernels must be compiled. As plain Python they run in their twins."""


def number_of_examples(quick, many):
    """Of a test with an argument `examples`."""
    return pytest.mark.parametrize("examples", [quick, pytest.param(many, marks=pytest.mark.slow)])
