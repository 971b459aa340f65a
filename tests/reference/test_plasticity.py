"""Every rule that NEST has too, on random protocols, against NEST live: the weight at each pre spike."""

import numpy as np
import pytest
from cases.plasticity import beside_nest
from hypothesis import given, settings
from hypothesis import strategies as st
from tolerances import ULP

import spikelearn as sl

NEAREST_START = 1500.0
"""NEST's nearest-neighbour rules start with a pre spike at time 0; after 50 time constants nothing is left of it."""
taus = st.floats(5.0, 30.0)
rates = st.sampled_from([0.02, 0.2, 1.0])
exponents = st.sampled_from([0.0, 0.4, 1.0])
pair = st.fixed_dictionaries({"tau_plus": taus, "tau_minus": taus, "lambda_": rates, "alpha": st.floats(0.0, 1.5)})
with_exponents = st.tuples(pair, st.fixed_dictionaries({"mu_plus": exponents, "mu_minus": exponents})).map(
    lambda both: both[0] | both[1] | {"W_max": 10.0}
)
amplitudes = st.floats(0.0, 1.5)
triplets = st.fixed_dictionaries(
    {name: amplitudes for name in ("A2_plus", "A3_plus", "A2_minus", "A3_minus")}
    | {name: taus for name in ("tau_plus", "tau_minus")}
    | {name: st.floats(20.0, 200.0) for name in ("tau_x", "tau_y")}
).map(lambda p: p | {"W_max": 10.0})
inhibitory = st.fixed_dictionaries({"eta": st.floats(0.1, 3.0), "alpha": st.floats(0.0, 1.0), "tau": taus})
RULES = {
    "STDP": (sl.STDP, with_exponents, 0.0),
    "PowerLawSTDP": (
        sl.PowerLawSTDP,
        st.tuples(pair, exponents).map(lambda p: p[0] | {"mu": p[1], "W_max": 1e12}),
        0.0,
    ),
    "NearestSTDP": (sl.NearestSTDP, with_exponents, NEAREST_START),
    "PreCentredSTDP": (sl.PreCentredSTDP, with_exponents, 0.0),
    "ReducedSTDP": (sl.ReducedSTDP, with_exponents, NEAREST_START),
    "TripletSTDP": (sl.TripletSTDP, triplets, 0.0),
    "InhibitorySTDP": (sl.InhibitorySTDP, inhibitory.map(lambda p: p | {"W_max": 10.0}), 0.0),
}
steps = st.lists(st.integers(2, 300), min_size=1, max_size=25, unique=True).map(lambda x: np.array(sorted(x)))


# Histories of a delay of 12 ms are just short enough for indices of one byte. With two, each rule is compiled again.
LONGEST = [
    pytest.param(name, steps, marks=pytest.mark.slow if steps == 200 and name != "STDP" else [])
    for name in RULES
    for steps in (120, 200)
    if (name, steps) != ("STDP", 120)
]


@pytest.mark.parametrize(("name", "longest"), LONGEST)
def test_weights_are_those_of_nest_whatever_the_trains_and_parameters(name, longest):
    rule, strategy, start = RULES[name]
    extremes = []

    @settings(max_examples=40, deadline=None, derandomize=True, database=None)
    @given(
        pre=steps, post=steps, near=st.lists(st.integers(0, 24), max_size=10), parameters=strategy,
        delay=st.sampled_from([1, 2, 10, 37, longest]), weight=st.sampled_from([0.0, 0.3, 5.0, 10.0]),
    )  # fmt: skip
    def check(pre, post, near, parameters, delay, weight):
        coincident = pre[[k for k in near if k < len(pre)]] - delay
        post = np.unique(np.concatenate([post, coincident[coincident >= 2]]))
        pre, post = start + 0.1 * pre, start + 0.1 * post
        ours, nest = beside_nest(pre, post, rule(**parameters), weight=weight, delay=0.1 * delay)
        ULP(4_500_000, 1.0).check(ours, nest)
        extremes.extend([ours.min(), ours.max()])

    check()
    assert min(extremes) == 0.0
    assert max(extremes) > 9.9  # InhibitorySTDP sends no weight of 10: it depresses last
