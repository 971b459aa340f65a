"""The exponential of neuron loops beside the library's."""

import math

import numpy as np
from tolerances import ULP

from spikelearn.kernels.exponential import expm1, exponential
from spikelearn.kernels.functions import cosh, exprel, log1p, sinh, tanh


def test_it_is_the_librarys_to_two_units_in_the_last_place():
    generator = np.random.default_rng(1)
    arguments = [*generator.uniform(-1, 1, 3000), *generator.uniform(-707, 709, 3000), 0.0, -0.0, 1e-300, -1e-17]
    arguments += [sign * (k + 0.5) * math.log(2.0) for k in range(50) for sign in (-1, 1)]
    ULP(2).check([exponential(float(x)) for x in arguments], [math.exp(x) for x in arguments])


def test_beyond_its_range_it_stays_at_the_ends_and_does_not_hide_what_is_not_a_number():
    assert 0.0 < exponential(-1000.0) == exponential(-math.inf) < 1e-307
    assert 8e307 < exponential(1000.0) == exponential(math.inf) < math.inf
    assert math.isnan(exponential(math.nan))


def test_the_compiled_and_the_plain_one_give_the_same_bits():
    plain = getattr(exponential, "py_func", exponential)
    for x in np.random.default_rng(2).uniform(-700, 700, 200):
        assert exponential(float(x)) == plain(float(x))


def spread():
    generator = np.random.default_rng(3)
    small = [sign * 10.0**power for power in range(-18, 1) for sign in (-1, 1)]
    return [
        *generator.uniform(-1, 1, 2000),
        *generator.uniform(-30, 30, 2000),
        *generator.uniform(-700, 700, 500),
        *small,
        0.0,
    ]


def test_what_is_made_of_it_is_the_librarys_to_a_few_units_in_the_last_place_near_0_too():
    arguments = [float(x) for x in spread()]
    ULP(3).check([expm1(x) for x in arguments], [math.expm1(x) for x in arguments])
    ULP(5).check([exprel(x) for x in arguments], [math.expm1(x) / x if x else 1.0 for x in arguments])
    for ours, library in ((tanh, math.tanh), (sinh, math.sinh), (cosh, math.cosh)):
        ULP(6).check([ours(x) for x in arguments], [library(x) for x in arguments])
        assert math.isnan(ours(math.nan))


def test_the_logarithm_of_numbers_between_1_and_2_is_the_librarys_near_1_too():
    arguments = [*np.random.default_rng(4).uniform(0, 1, 3000), *10.0 ** np.arange(-300.0, 1.0, 7.0), 0.0, 1.0]
    ULP(4).check([log1p(float(x)) for x in arguments], [math.log1p(x) for x in arguments])
    assert math.isnan(log1p(math.nan))
