"""What a callback may do: draw random numbers that a seed sets, and write rates that a Poisson neuron can have."""

import random

import numpy as np
import pytest
from numpy.random import normal
from tolerances import EXACT

import spikelearn as sl
from spikelearn.codegen import jit
from spikelearn.errors import DescriptionError, SimulationError

generator = np.random.default_rng(1)


def helper(x):
    return x + np.random.normal()


def by_numpy(step):
    np.random.rand()


def by_python(step):
    random.random()


def by_name(step):
    normal(0.0, 1.0)


def by_helper(step):
    helper(1.0)


def by_generator(step):
    generator.normal()


def within(step):
    return [np.random.rand() for _ in range(3)]


def late(step):
    if step > 5:
        np.random.seed(1)


def enclosed(own):
    return lambda step: own.random()


DRAWING = [by_numpy, by_python, by_name, by_helper, by_generator, within, late, enclosed(random), enclosed(generator)]


@pytest.mark.parametrize("function", DRAWING, ids=lambda f: f.__name__)
def test_random_numbers_without_a_seed_are_refused(function):
    net = sl.Network()
    with pytest.raises(DescriptionError, match="has a state that no seed of a Network sets.*spikelearn.random_uniform"):
        net.on_step(function)


def test_random_numbers_without_a_seed_are_refused_in_profiles_and_rules_too():
    net = sl.Network()
    cells = net.population(3, sl.LIF(), positions=[0.0, 1.0, 2.0])
    with pytest.raises(DescriptionError, match="no seed"):
        net.connect(cells, cells, "exc", weight=lambda d: np.random.rand()).weight.profile.value  # noqa: B018


def test_seeded_random_numbers_and_other_modules_are_allowed():
    net = sl.Network()

    def seeded(step, values):
        values[0] = sl.random_uniform(1, 2, step) + np.sin(step)

    net.on_step(seeded, np.zeros(1))


def write(step, rates, values):
    if step == 7:
        rates[1] = values[0]


@pytest.mark.parametrize("rate", [float("nan"), -1.0, 10_001.0, float("inf")])
@pytest.mark.parametrize("engine", ["compiled", "stepper"])
def test_a_rate_that_no_poisson_neuron_can_have_stops_the_run(rate, engine):
    net = sl.Network(dt=0.1, seed=1)
    source = net.population(3, sl.Poisson(10.0), name="source")
    net.record(source)
    net.on_step(write, source.rates, np.array([rate]))
    with pytest.raises(
        SimulationError, match="callback write wrote rates of 'source' outside 0 to 10000 Hz.* at 0.7 ms"
    ):
        net.run(5.0, engine=engine)


def test_rates_of_one_spike_per_step_are_allowed():
    net = sl.Network(dt=0.1, seed=1)
    source = net.population(3, sl.Poisson(0.0), name="source")
    net.record(source)
    net.on_step(write, source.rates, np.array([10_000.0]))
    assert set(net.run(2.0).spikes(source).ids.tolist()) == {1}


def divides(step, x):
    if step == 3:
        x[0] = 1.0 / x[1]


def divides_nothing_by_nothing(step, x):
    x[0] = np.log(x[1]) + x[1] / x[1]


def divides_whole_numbers(step, x):
    x[0] = step // int(x[1])


def takes_the_remainder(step, x):
    x[0] = step % x[1]


def reciprocal(x):
    return 1.0 / x


if not jit.JIT_DISABLED:
    import numba

    reciprocal = numba.njit(reciprocal)


def divides_in_another_function(step, x):
    x[0] = reciprocal(x[1])


DIVIDING = [
    divides, divides_nothing_by_nothing, divides_whole_numbers, takes_the_remainder, divides_in_another_function,
]  # fmt: skip


@pytest.mark.skipif(jit.JIT_DISABLED, reason="NumPy's numbers divide by zero")
@pytest.mark.parametrize("engine", ["compiled", "stepper"])
@pytest.mark.parametrize("function", DIVIDING, ids=lambda f: f.__name__)
def test_a_number_divided_by_zero_ends_the_run_at_its_line(function, engine):
    net, x = sl.Network(dt=1.0), np.zeros(2)
    net.population(1, sl.LIF())
    net.on_step(function, x)
    inside = "reciprocal" if function is divides_in_another_function else function.__name__
    at = 3 if function is divides else 1
    expected = rf"at {at} ms; .*: ZeroDivisionError: .*test_callbacks.py, line \d+, in {inside}: .*(/|%)"
    with pytest.raises(SimulationError, match=expected) as caught:
        net.run(5.0, engine=engine)
    assert caught.value.run.t_stop == at and not x.any()


def test_an_array_divided_by_zero_is_infinite_as_in_numpy():
    def divides(step, x, y):
        y[:] = x / y
        x[:] = np.log(x)

    net, x, y = sl.Network(dt=1.0), np.array([1.0, 0.0]), np.zeros(2)
    net.population(1, sl.LIF())
    net.on_step(divides, x, y)
    net.run(1.0)
    EXACT.check(y, [np.inf, np.nan])
    EXACT.check(x, [0.0, -np.inf])


def yields(step, values):
    values[0] = step
    yield


async def waits(step, values):
    values[0] = step


@pytest.mark.parametrize("function", [yields, waits])
def test_functions_that_would_never_run_are_refused(function):
    with pytest.raises(DescriptionError, match="Callback: expected a function, .* without yield, .* got <function"):
        sl.Network().on_step(function, np.zeros(1))
