"""How many examples hypothesis draws: fewer by default than where slow."""

import pytest


def number_of_examples(quick, many):
    """Of a test with an argument `examples`."""
    return pytest.mark.parametrize("examples", [quick, pytest.param(many, marks=pytest.mark.slow)])
