"""Functions of the distance that give no number are named, before or when the synapses are made."""

import numpy as np
import pytest

import spikelearn as sl
from spikelearn.errors import SpikelearnError


def nothing(d):
    pass


def text(d):
    return "x"


def beyond(d):
    return [1.0, 2.0][int(d) + 5]


def unknown(d):
    return no_such_name(d)  # noqa: F821


def imaginary(d):
    return 1j


def far(d):
    return [1.0, 2.0, 3.0][int(d)]


def no_argument():
    return 1.0


WRONG = [nothing, text, beyond, unknown, imaginary, no_argument, np.sin, abs, sl.LIF, sl.STDP, sl.Normal]


@pytest.mark.parametrize("function", WRONG, ids=lambda f: getattr(f, "__name__", f))
@pytest.mark.parametrize("how", ["weight", "delay", "profile"])
def test_a_function_that_gives_no_number_is_refused(function, how):
    net = sl.Network(seed=1)
    cells = net.population(4, sl.LIF(), positions=sl.Grid((2, 2)))
    with pytest.raises(SpikelearnError):
        given = {how: function} if how != "profile" else {"rule": sl.DistanceProbability(function)}
        net.connect(cells, cells, "exc", **given)


@pytest.mark.parametrize(
    "function", [lambda d: d * 1e308 * 1e10, lambda d: d / (d * 0.0), far], ids=["inf", "nan", "far"]
)
def test_a_function_that_fails_at_some_distance_is_an_error_when_synapses_are_made(function):
    net = sl.Network(seed=1)
    cells = net.population(9, sl.LIF(), positions=np.array([0.0, 1, 2, 0, 1, 2, 9, 1, 2]))
    with pytest.raises(
        SpikelearnError, match="a weight or delay by distance is not a number, or infinite|(got|raised) IndexError"
    ):
        net.connect(cells, cells, "exc", weight=function)
        net.run(0.1)
