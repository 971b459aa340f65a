"""Dopamine-modulated STDP against live NEST.

The engine integrates eligibility times dopamine in closed form from one event of the synapse to the next, and holds the
weight within its limits at all times. NEST replays every dopamine spike, and clips the weight at each and whenever the
volume transmitter brings the synapse up to date.
"""

from dataclasses import replace

import numpy as np
import pytest
from examples import number_of_examples
from given_spikes import coincident_trains, one_synapse
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import nest_oracle
from tolerances import METHOD, NINE_DIGITS, PRINTED, ULP

import spikelearn as sl


def ours(
    pre, post, dopamine, *, w0, T, delay=1.0, dopamine_delay=1.0, tau_n=200.0, b=0.0, tau_c=1000.0, W_max=200.0, **rule
):
    return one_synapse(
        pre, post, lambda modulator: sl.DopamineSTDP(modulator, b=b, tau_c=tau_c, W_max=W_max, **rule),
        weight=w0, dendritic=delay, released=np.asarray(dopamine, float) + dopamine_delay, tau_n=tau_n, T=T,
    )  # fmt: skip


def trains(seed, delay_steps=10):
    """Coincident trains of pre and post, and dopamine that often acts in the step of a pre or post spike."""
    generator = np.random.default_rng(seed)
    pre, post = coincident_trains(60, delay_steps, 2500, generator)
    dopamine = np.concatenate([pre[::5] - 10, post[::5] + delay_steps - 10, generator.integers(2, 2500, 20)])
    return pre * 0.1, post * 0.1, np.unique(dopamine[dopamine >= 2]) * 0.1


def beyond_the_limit(measured, b, tau_n):
    """How much a weight that is clipped once a step may differ: while n decays to b, a weight at its limit goes on.

    It is off by at most c (n - b) dt/2 in each of these steps, where n - b is at most b (exp(dt/tau_n) - 1).
    """
    n = np.append(0.0, measured.run.trace("dopamine", "n").values[:, 0])
    steps = np.sum((n > b) & (n * np.exp(-0.1 / tau_n) <= b)) if b > 0 else 0
    c = np.abs(measured.run.trace("synapse", "c").values).max()
    return METHOD(2, 0.1, steps * c * b / tau_n).atol


def against_nest(
    pre, post, dopamine, *, b, delay, w0=20.0, T=300.0, W_max=200.0, tau_c=1000.0, tau_n=200.0, clipped=False, **rule
):
    """clipped: whether the weight reaches its limits, so that NEST has to clip it in every step."""
    mine = ours(pre, post, dopamine, w0=w0, T=T, delay=delay, b=b, W_max=W_max, tau_c=tau_c, tau_n=tau_n, **rule)
    nest = nest_oracle.dopamine_stdp(
        pre, post, dopamine, w0=w0, T=T, delay=delay, b=b, Wmax=W_max, tau_c=tau_c, tau_n=tau_n,
        deliver_interval=0.1 if clipped else None, **rule,
    )  # fmt: skip
    # weights are kept as differences from c N(t): a rounding error is one of W_max, also where the weight is near 0
    tolerance = ULP(4_500_000, W_max)
    if clipped:
        tolerance = replace(tolerance, atol=tolerance.atol + beyond_the_limit(mine, b, tau_n))
    tolerance.check(mine.sent, nest.weights, "weights sent")
    tolerance.check(mine.final, nest.final_weight, "final weight")
    # c is a sum of steps up and down of order A: it may cancel
    ULP(4_500_000, 1.0).check(mine.c, nest.c, "eligibility")
    NINE_DIGITS.check(mine.n, nest.n, "dopamine")
    return mine


@pytest.mark.parametrize("b", [0.0, 0.003, -0.001])
@pytest.mark.parametrize("delay", [0.1, 1.0, 7.3])
def test_weights_are_those_of_nest_on_random_trains_where_none_is_clipped(delay, b):
    measured = against_nest(
        *trains(round(10 * delay), round(10 * delay)), b=b, delay=delay, w0=100.0, A_plus=0.2, A_minus=0.2
    )
    assert np.ptp(measured.sent) > 0.1 and 0 < measured.sent.min() and measured.sent.max() < 200


def test_weights_are_those_of_nest_over_many_time_constants_of_the_eligibility():
    # the engine moves the origin of its exponentials every 5 tau_c: 15 times here
    measured = against_nest(*trains(2), b=0.003, delay=1.0, w0=100.0, tau_c=4.0, tau_n=30.0, A_plus=3.0, A_minus=3.0)
    assert np.ptp(measured.sent) > 0.1 and 0 < measured.sent.min() and measured.sent.max() < 200


@pytest.mark.parametrize(("tau_minus", "A_minus"), [(20.0, 15.0), (45.0, 8.5)])
def test_weights_are_those_of_nest_on_random_trains_with_clipping_and_no_baseline(tau_minus, A_minus):
    measured = against_nest(
        *trains(4),
        b=0.0,
        delay=1.0,
        w0=10.0,
        W_max=20.0,
        tau_c=100.0,
        A_plus=15.0,
        A_minus=A_minus,
        tau_minus=tau_minus,
    )
    assert np.sum(measured.sent < 1e-9) > 3 and np.sum(measured.sent > 20 - 1e-9) > 3
    assert np.sum((measured.sent > 0.1) & (measured.sent < 19.9)) > 3


steps = st.lists(st.integers(2, 200), min_size=1, max_size=15, unique=True).map(lambda x: np.array(sorted(x)) * 0.1)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(pre=steps, post=steps, dopamine=steps, delay=st.integers(1, 30), b=st.sampled_from([0.0, 0.01]))
def test_weights_are_those_of_nest_whatever_the_trains(pre, post, dopamine, delay, b):
    against_nest(pre, post, dopamine, b=b, delay=delay * 0.1, w0=100.0, T=30.0)


MANY = 200
bounded = st.fixed_dictionaries(
    {
        "b": st.sampled_from([0.0, 0.004, 0.05, -0.02]),
        "w0": st.sampled_from([0.0, 0.3, 5.0, 9.9, 10.0]),
        "A_plus": st.floats(0.0, 30.0),
        "A_minus": st.floats(0.0, 30.0),
        "tau_c": st.floats(3.0, 200.0),
        "tau_n": st.floats(3.0, 100.0),
    }
)


@number_of_examples(90, MANY)
def test_weights_at_their_bounds_are_those_of_nest_whatever_the_trains_and_the_baseline(examples):
    # as in tests/reference/test_plasticity.py
    longest = 200 if examples == MANY else 120
    sent = []

    @settings(max_examples=examples, deadline=None, derandomize=True, database=None)
    @given(pre=steps, post=steps, dopamine=steps, delay=st.sampled_from([1, 2, 10, 37, longest]), parameters=bounded)
    def check(pre, post, dopamine, delay, parameters):
        post = np.unique(np.round(np.concatenate([post, pre[::3] - delay * 0.1]), 1))
        dopamine = np.unique(np.round(np.concatenate([dopamine, pre[::4] - 1.0]), 1))
        post, dopamine = (times[times > 0.15] for times in (post, dopamine))
        measured = against_nest(pre, post, dopamine, delay=delay * 0.1, T=45.0, W_max=10.0, clipped=True, **parameters)
        sent.append(measured.sent)

    check()
    for bound in (0.0, 10.0):
        assert sum(np.sum(np.abs(weights - bound) < 1e-9) > 1 for weights in sent) > (20 if examples == MANY else 3)


def test_weights_are_those_of_nest_if_dopamine_is_released_in_every_step():
    """More releases than are kept: the synapses are swept in between, and the origin of the exponentials moves."""
    generator = np.random.default_rng(8)
    pre, post = coincident_trains(150, 10, 4000, generator)
    pre, post = pre[(pre < 1000) | (pre > 3500)], post[(post < 1000) | (post > 3500)]
    dopamine = np.arange(2, 4000)
    rule = {"b": 8.0, "A_plus": 0.4, "A_minus": 0.4, "tau_c": 30.0, "tau_n": 40.0}
    setting = {"delay": 1.0, "w0": 5.0, "W_max": 10.0, "T": 410.0, "clipped": True}
    measured = against_nest(pre * 0.1, post * 0.1, dopamine * 0.1, **setting, **rule)
    assert np.sum(measured.sent < 1e-9) > 3 and np.sum(measured.sent > 10 - 1e-9) > 3


@pytest.mark.parametrize("dopamine_delay", [0.1, 1.0, 12.7])
def test_a_projection_to_a_modulator_releases_when_nests_volume_transmitter_does(dopamine_delay):
    """At emission + delay, whatever the dendritic delay of the synapse; often in the step of a pre or post event."""
    generator = np.random.default_rng(round(10 * dopamine_delay))
    pre, post = coincident_trains(60, 73, 2500, generator)
    acting = np.concatenate([pre[::4], post[::4] + 73, generator.integers(150, 2500, 10)])
    dopamine = np.unique(acting - round(10 * dopamine_delay)) * 0.1
    dopamine = dopamine[dopamine > 0.15]
    rule = {"b": 0.02, "A_plus": 3.0, "A_minus": 3.0, "tau_c": 100.0}
    mine = one_synapse(
        pre * 0.1, post * 0.1, lambda modulator: sl.DopamineSTDP(modulator, W_max=10.0, **rule), weight=5.0,
        dendritic=7.3, released_by=(dopamine, dopamine_delay), tau_n=30.0, T=300.0,
    )  # fmt: skip
    nest = nest_oracle.dopamine_stdp(
        pre * 0.1, post * 0.1, dopamine, w0=5.0, T=300.0, delay=7.3, dopamine_delay=dopamine_delay, Wmax=10.0,
        tau_n=30.0, **rule,
    )  # fmt: skip
    ULP(4_500_000, 10.0).check(mine.sent, nest.weights)
    NINE_DIGITS.check(mine.n, nest.n)
    assert np.ptp(mine.sent) > 1.0


def test_a_weight_is_held_at_its_limit_until_dopamine_has_decayed_to_the_baseline():
    """Between its last event and the end: the integral over the whole interval, clipped once, would give 83.116.

    Expected: an Euler reference that holds the limit in each of its steps of 1 us, and NEST.
    """
    rule = {"b": 0.5, "tau_c": 200.0, "W_max": 100.0}
    found = {}
    for T, expected in ((100.0, 99.73), (150.0, 94.38), (200.0, 87.35), (300.0, 75.93), (3000.0, 57.417)):
        net = sl.Network()
        modulator = net.modulator("dopamine", tau=50.0)
        net.release(modulator, 20.0, 2.0)
        source, target = net.population(1, sl.SpikeList([10.0])), net.population(1, sl.Parrot())
        net.connect(net.population(1, sl.SpikeList([15.0])), target, weight=1.0, delay=0.1)
        learned = net.connect(
            source, target, "ignored", weight=100.0, dendritic_delay=0.1, plasticity=sl.DopamineSTDP(modulator, **rule)
        )
        found[T] = net.run(T).weights(learned)[0]
        PRINTED(2).check(found[T], expected)
    # c = 0.771 at 15.2 ms; n = b at 89.31 ms; then c (n - b) integrated from there to 3 s
    c, since = np.exp(-5.2 / 20.0) * np.exp(-(20.0 + 50.0 * np.log(4.0) - 15.2) / 200.0), 50.0 * np.log(4.0)
    rest = 3000.0 - 20.0 - since
    area = 0.5 * -np.expm1(-rest / 40.0) * 40.0 - 0.5 * -np.expm1(-rest / 200.0) * 200.0
    ULP(4_500_000).check(found[3000.0], 100.0 + c * area)


@pytest.mark.parametrize("amount", [-2.0, 2.0])
@pytest.mark.parametrize("b", [-0.5, 0.5])
def test_limits_are_held_between_events_for_either_sign_of_dopamine_and_baseline(b, amount):
    """Against steps of 1 us in which the weight is clipped; the pair lifts the eligibility to 0.78."""
    net = sl.Network()
    modulator = net.modulator("dopamine", tau=50.0)
    net.release(modulator, [20.0, 70.0, 75.0], [amount, -amount, 2 * amount])
    source, target = net.population(1, sl.SpikeList([9.0])), net.population(1, sl.Parrot())
    net.connect(net.population(1, sl.SpikeList([14.0])), target, weight=1.0, delay=1.0)
    rule = sl.DopamineSTDP(modulator, b=b, tau_c=200.0, W_min=45.0, W_max=55.0)
    learned = net.connect(source, target, "ignored", weight=50.0, delay=1.0, plasticity=rule)
    found = net.run(300.0).weights(learned)[0]
    h, c, n, w = 1e-3, np.exp(-5.0 / 20.0), 0.0, 50.0
    decay_c, decay_n = np.exp(-h / 200.0), np.exp(-h / 50.0)
    released = {20000: amount, 70000: -amount, 75000: 2 * amount}
    for step in range(15000, 300000):
        n += released.get(step, 0.0)
        w = min(max(w + c * (n - b) * h, 45.0), 55.0)
        c, n = c * decay_c, n * decay_n
    # Euler's error in a step is h^2/2 times the derivative of c (n - b), at most 4 c/50, over 300,000 steps
    METHOD(1, h, 300.0 * 0.78 * 4.5 / 50.0 / 2.0).check(found, w)


def test_a_weight_at_its_bound_is_clipped_at_a_release_as_in_nest():
    """c > 0 and b > 0: without dopamine the weight falls to its lower bound; dopamine lifts it from there.

    The integral over the whole interval, clipped once at its end, would give less than it starts with.
    """
    pre, post, dopamine = [10.0, 600.0], [15.0], [400.0, 401.0]
    setting = {"w0": 0.5, "b": 0.004, "T": 650.0}
    measured = against_nest(pre, post, dopamine, delay=1.0, **setting)
    free = ours(pre, post, dopamine, W_min=-100.0, **setting)
    assert measured.sent[1] > max(0.0, free.sent[1]) + 0.1


def test_negative_dopamine_moves_weights_the_other_way():
    rule = lambda modulator: sl.DopamineSTDP(modulator, tau_c=100.0)  # noqa: E731
    net_changes = []
    for sign in (1.0, -1.0):
        net = sl.Network(dt=0.1)
        modulator = net.modulator("dopamine", tau=50.0)
        pre = net.population(1, sl.SpikeList([10.0]))
        force = net.population(1, sl.SpikeList([14.0]))
        post = net.population(1, sl.Parrot())
        net.connect(force, post, "exc", weight=1.0)
        synapse = net.connect(pre, post, "ignored", weight=20.0, plasticity=rule(modulator))
        net.release(modulator, [30.0], sign * 0.02)
        net_changes.append(net.run(300.0).weights(synapse)[0] - 20.0)
    assert net_changes[0] > 0.1
    ULP(10, 20.0).check(net_changes[1], -net_changes[0])
