"""Lazy, closed-form learning against references in which everything moves in every step."""

import math

import numpy as np
import pytest
from naive import scaled_learning
from naive.comparison import DT, N_POST, N_PRE, STEPS, TOLERANCE, as_list, coincident_spikes, compare
from naive.step_by_step import Modulated, ModulatedByMean, ModulatedWithRise, PairSTDP
from tolerances import ULP

import spikelearn as sl

STDP = {"lambda_": 0.03, "alpha": 1.1, "tau_plus": 15.0, "tau_minus": 30.0}
DOPAMINE = {
    "A_plus": 2.0,
    "A_minus": 2.5,
    "tau_plus": 15.0,
    "tau_minus": 30.0,
    "tau_c": 60.0,
    "b": 0.02,
    "W_max": 100.0,
}
MIXED = {"mu_plus": 1.0, "mu_minus": 0.5}
STRONG = {"A_plus": 40.0, "b": 0.1}
"""Weights meet their limits again and again, and the modulator decays to the baseline after most of its releases."""
RISE = {"tau_rise": 8.0, "A_minus": 40.0}
BURSTS = {"A_plus": 2.0, "tau_plus": 15.0, "tau_c": 60.0, "b": 0.02, "W_max": 100.0}


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    "mu", [{"mu_plus": 0.0, "mu_minus": 0.0}, {"mu_plus": 1.0, "mu_minus": 0.5}], ids=["additive", "mixed"]
)
@pytest.mark.parametrize("dendritic", [0, 1, 9])
def test_pair_stdp_is_what_happens_event_by_event(dendritic, mu, seed):
    final, reference, *_ = compare(lambda m: sl.STDP(**STDP, **mu), PairSTDP, STDP | mu, dendritic, seed)
    TOLERANCE.check(final, reference.weights)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("dendritic", [0, 1, 9])
@pytest.mark.parametrize("more", [{}, STRONG], ids=["weak", "strong"])
@pytest.mark.parametrize("nearest", [False, True], ids=["all to all", "nearest"])
def test_dopamine_stdp_is_what_happens_step_by_step_with_limits_held_at_all_times(nearest, more, dendritic, seed):
    model, rule = sl.NearestDopamineSTDP if nearest else sl.DopamineSTDP, DOPAMINE | more
    final, reference, *_ = compare(lambda m: model(m, **rule), Modulated, rule | {"nearest": nearest}, dendritic, seed)
    TOLERANCE.check(final, reference.weights)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("dendritic", [0, 1, 9])
@pytest.mark.parametrize("tau_rise", [5.0, 40.0])
@pytest.mark.parametrize("more", [{}, STRONG | {"A_minus": 40.0}], ids=["weak", "strong"])
def test_an_eligibility_that_rises_is_what_happens_step_by_step_with_limits_held_at_all_times(
    more, tau_rise, dendritic, seed
):
    """In the strong form eligibilities change their signs between events, and weights turn there, at their limits."""
    rule = DOPAMINE | more | {"tau_rise": tau_rise}
    final, reference, net, projection = compare(
        lambda m: sl.DopamineSTDP(m, **rule), ModulatedWithRise, rule, dendritic, seed
    )
    TOLERANCE.check(final, reference.weights)


@pytest.mark.parametrize("dendritic", [0, 9])
@pytest.mark.parametrize("tau_n", [30.0, math.inf])
@pytest.mark.parametrize("every", [1, 7])
@pytest.mark.parametrize(
    ("reference_class", "more"),
    [(Modulated, {}), (Modulated, STRONG), (Modulated, STRONG | {"b": -0.05}), (ModulatedWithRise, STRONG | RISE)],
    ids=["weak", "strong", "strong, b below 0", "rising"],
)
def test_limits_also_hold_where_a_callback_sets_the_level_of_the_modulator(
    reference_class, more, every, tau_n, dendritic
):
    """Levels on both sides of b, in every step or in some, and some that are b."""
    rule = DOPAMINE | more
    levels = np.full(STEPS + 1, np.nan)
    levels[::every] = np.random.default_rng(every).normal(rule["b"], 0.2, len(levels[::every]))
    levels[:: 5 * every] = rule["b"]
    final, reference, *_ = compare(
        lambda m: sl.DopamineSTDP(m, **rule), reference_class, rule, dendritic, 3, tau_n=tau_n, levels=levels
    )
    TOLERANCE.check(final, reference.weights)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("more", [{}, STRONG], ids=["weak", "strong"])
def test_dopamine_bursts_tag_what_is_above_the_mean_of_all_traces_of_the_projection(more, seed):
    rule = BURSTS | more
    final, reference, *_ = compare(lambda m: sl.DopamineBursts(m, **rule), ModulatedByMean, rule, 0, seed)
    TOLERANCE.check(final, reference.weights)


@pytest.mark.parametrize("dendritic", [0, 9])
@pytest.mark.parametrize("tau_c", [2.0, 11.0, 1e6])
def test_the_origin_of_the_exponentials_moves_without_a_trace(tau_c, dendritic):
    """Every 5 tau_c: 20 times, 3 times and never."""
    parameters = DOPAMINE | {"tau_c": tau_c, "A_plus": 120.0 / tau_c, "A_minus": 150.0 / tau_c}
    final, reference, *_ = compare(lambda m: sl.DopamineSTDP(m, **parameters), Modulated, parameters, dendritic, 5)
    TOLERANCE.check(final, reference.weights)


@pytest.mark.parametrize("dendritic", [0, 3])
def test_a_post_event_may_wait_for_a_thousand_time_constants_of_the_eligibility(dendritic):
    """A pair at the start, then neither side does anything, while dopamine comes and goes."""
    pre, post, released = {(2, 0), (390, 0)}, {(4 - dendritic % 2, 0)}, {4: 0.5, 6: 0.5, 200: 0.1}
    net = sl.Network(dt=DT)
    modulator = net.modulator(tau=30.0)
    net.release(modulator, np.array(list(released)) * DT, list(released.values()))
    source, target = net.population(2, as_list(pre)), net.population(1, sl.Parrot())
    force = net.population(1, as_list({(s - 1, j) for s, j in post}))
    net.connect(force, target, "exc", weight=1.0, delay=DT)
    rule = DOPAMINE | {"tau_c": 0.2, "A_plus": 50.0}
    projection = net.connect(
        source, target, "ignored", weight=50.0, axonal_delay=DT, dendritic_delay=dendritic * DT,
        plasticity=sl.DopamineSTDP(modulator, **rule),
    )  # fmt: skip
    net.record(target, "ignored")
    run = net.run(STEPS * DT)
    reference = Modulated(
        [(k, 0, 50.0, 1 + dendritic) for k in range(2)], dendritic, DT, **rule, tau_n=30.0, released=released
    )
    reference.run(pre, post, STEPS)
    assert abs(reference.weights[0] - 50.0) > 0.1
    TOLERANCE.check(run.trace(target, "ignored").values, reference.inputs(1, STEPS))
    TOLERANCE.check(run.weights(projection), reference.weights)


@pytest.mark.parametrize("dendritic", [3, 9])
def test_a_reading_knows_of_arrivals_on_their_way_through_the_dendrite(dendritic):
    """At the end of a run the weight is that of all pre spikes that have reached the synapse, if not yet the soma."""
    generator = np.random.default_rng(13)
    pre, post = coincident_spikes(generator, [1], dendritic)
    pre |= {(STEPS - 2 - dendritic // 2, i) for i in range(N_PRE)}
    rule = STDP | {"mu_plus": 0.0, "mu_minus": 0.0}
    net = sl.Network(dt=DT)
    source, target = net.population(N_PRE, as_list(pre)), net.population(N_POST, sl.Parrot())
    force = net.population(N_POST, as_list({(s - 1, j) for s, j in post}))
    net.connect(force, target, "exc", sl.OneToOne(), weight=1.0, delay=DT)
    projection = net.connect(
        source, target, "ignored", weight=50.0, axonal_delay=DT, dendritic_delay=dendritic * DT,
        plasticity=sl.STDP(**rule),
    )  # fmt: skip
    found = net.run(STEPS * DT).synapses(projection)
    synapses = [(int(i), int(j), 50.0, 1 + dendritic) for i, j in zip(found.pre, found.post, strict=True)]
    reference = PairSTDP(synapses, dendritic, DT, **rule)
    reference.run(pre, post, STEPS)
    TOLERANCE.check(found.weight, reference.weights)
    at_the_soma = PairSTDP(synapses, dendritic, DT, **rule)
    at_the_soma.run({(s, i) for s, i in pre if s + 1 + dendritic <= STEPS}, post, STEPS)
    assert np.abs(at_the_soma.weights - reference.weights).max() > 0.01


def test_a_plastic_projection_between_views_is_one_between_those_neurons():
    generator = np.random.default_rng(17)
    spikes = [
        sorted(
            {(int(s), int(i)) for s, i in zip(*generator.integers(2, (STEPS, 8), (150, 2)).T - [[0], [2]], strict=True)}
        )
    ]
    spikes.append(
        sorted(
            {(int(s), int(i)) for s, i in zip(*generator.integers(2, (STEPS, 8), (150, 2)).T - [[0], [2]], strict=True)}
        )
    )
    weights = []
    for views in (True, False):
        net = sl.Network(dt=DT)
        net.population(3, sl.Parrot(), name="first in the block")
        source, target = net.population(6, as_list(spikes[0])), net.population(6, sl.Parrot())
        force = net.population(6, as_list([(s - 1, i) for s, i in spikes[1]]))
        net.connect(force, target, "exc", sl.OneToOne(), weight=1.0, delay=DT)
        how = {"weight": 50.0, "delay": 1.0, "plasticity": sl.STDP(**STDP)}
        if views:
            projection = net.connect(source[1:4], target[2:5], "ignored", **how)
        else:
            pairs = sl.Pairs(np.tile([1, 2, 3], 3), np.repeat([2, 3, 4], 3))
            projection = net.connect(source, target, "ignored", pairs, **how)
        weights.append(net.run(STEPS * DT).weights(projection))
    ULP(0).check(*weights)
    assert np.ptp(weights[0]) > 0.1


@pytest.mark.parametrize(
    ("rule", "reference_class", "parameters"),
    [
        (lambda m: sl.STDP(**STDP, mu_plus=0.0, mu_minus=0.0), PairSTDP, STDP | {"mu_plus": 0.0, "mu_minus": 0.0}),
        (lambda m: sl.DopamineSTDP(m, **DOPAMINE), Modulated, DOPAMINE),
        (lambda m: sl.DopamineSTDP(m, **DOPAMINE | {"tau_c": 3.0}), Modulated, DOPAMINE | {"tau_c": 3.0}),
        (lambda m: sl.DopamineSTDP(m, **DOPAMINE | STRONG), Modulated, DOPAMINE | STRONG),
        (lambda m: sl.DopamineSTDP(m, **DOPAMINE | STRONG | RISE), ModulatedWithRise, DOPAMINE | STRONG | RISE),
        (lambda m: sl.DopamineBursts(m, **BURSTS), ModulatedByMean, BURSTS),
    ],
    ids=[
        "STDP", "DopamineSTDP", "DopamineSTDP whose origin moves", "DopamineSTDP at its limits",
        "DopamineSTDP that rises", "DopamineBursts",
    ],
)  # fmt: skip
def test_outside_plastic_windows_nothing_is_learned_but_traces_go_on(rule, reference_class, parameters):
    def trials(projection):
        on, off = sl.Phase(30 * DT, plastic=[projection]), sl.Phase(20 * DT, plastic=[])
        return sl.Trials([on, off], STEPS // 50)

    final, reference, *_ = compare(
        rule, reference_class, parameters, 0, 7, trials=trials, plastic=lambda step: (step - 1) % 50 < 30
    )
    TOLERANCE.check(final, reference.weights)


@pytest.mark.parametrize(
    ("rule", "reference_class", "parameters", "dendritic"),
    [
        (lambda m: sl.STDP(**STDP, **MIXED), PairSTDP, STDP | MIXED, 0),
        (lambda m: sl.STDP(**STDP, **MIXED), PairSTDP, STDP | MIXED, 9),
        (lambda m: sl.DopamineSTDP(m, **DOPAMINE | STRONG), Modulated, DOPAMINE | STRONG, 0),
        (lambda m: sl.DopamineSTDP(m, **DOPAMINE | STRONG), Modulated, DOPAMINE | STRONG, 9),
        (lambda m: sl.DopamineSTDP(m, **DOPAMINE | STRONG | RISE), ModulatedWithRise, DOPAMINE | STRONG | RISE, 0),
        (lambda m: sl.DopamineSTDP(m, **DOPAMINE | STRONG | RISE), ModulatedWithRise, DOPAMINE | STRONG | RISE, 9),
        (lambda m: sl.DopamineBursts(m, **BURSTS), ModulatedByMean, BURSTS, 0),
    ],
    ids=[
        "STDP", "STDP on a dendrite", "DopamineSTDP", "DopamineSTDP on a dendrite", "DopamineSTDP that rises",
        "DopamineSTDP that rises on a dendrite", "DopamineBursts",
    ],
)  # fmt: skip
def test_what_an_event_changes_has_the_factor_of_the_time_at_which_it_was_at_the_synapse(
    rule, reference_class, parameters, dendritic
):
    final, reference, *_ = compare(
        rule, reference_class, parameters, dendritic, 11, plastic=scaled_learning.factor,
        trials=lambda projection: scaled_learning.trials(projection, DT, STEPS),
    )  # fmt: skip
    TOLERANCE.check(final, reference.weights)


@pytest.mark.parametrize("dendritic", [0, 3])
def test_a_silent_synapse_learns_from_more_post_spikes_than_a_history_holds(dendritic):
    """One pre spike, then 300 post spikes: the histories of 16 overflow often before the synapse is touched again."""
    pre, post = {(3, 0), (390, 0)}, {(step, 0) for step in range(5, 305)}
    net = sl.Network(dt=DT)
    source, target = net.population(2, as_list(pre)), net.population(1, sl.Parrot())
    force = net.population(1, as_list({(s - 1, j) for s, j in post}))
    net.connect(force, target, "exc", weight=1.0, delay=DT)
    rule = STDP | {"mu_plus": 1.0, "mu_minus": 1.0, "lambda_": 0.001}
    projection = net.connect(
        source, target, "ignored", weight=50.0, axonal_delay=DT, dendritic_delay=dendritic * DT,
        plasticity=sl.STDP(**rule),
    )  # fmt: skip
    net.record(target, "ignored")
    run = net.run(STEPS * DT)
    reference = PairSTDP([(k, 0, 50.0, 1 + dendritic) for k in range(2)], dendritic, DT, **rule)
    reference.run(pre, post, STEPS)
    TOLERANCE.check(run.weights(projection), reference.weights)
    TOLERANCE.check(run.trace(target, "ignored").values, reference.inputs(1, STEPS))
    assert reference.weights[0] != 50.0 == reference.weights[1]


@pytest.mark.parametrize(("reference_class", "rise"), [(Modulated, {}), (ModulatedWithRise, {"tau_rise": 8.0})])
@pytest.mark.parametrize("dendritic", [0, 3])
def test_a_silent_synapse_is_swept_with_dopamine_too(dendritic, reference_class, rise):
    pre, post = {(3, 0), (390, 0)}, {(step, 0) for step in range(5, 305)}
    released = {50: 0.2, 200: 0.3, 310: 0.1}
    net = sl.Network(dt=DT)
    modulator = net.modulator(tau=30.0)
    net.release(modulator, np.array(list(released)) * DT, list(released.values()))
    source, target = net.population(1, as_list(pre)), net.population(1, sl.Parrot())
    force = net.population(1, as_list({(s - 1, j) for s, j in post}))
    net.connect(force, target, "exc", weight=1.0, delay=DT)
    net.connect(
        source, target, "ignored", weight=50.0, axonal_delay=DT, dendritic_delay=dendritic * DT,
        plasticity=sl.DopamineSTDP(modulator, **DOPAMINE | {"A_plus": 0.1} | rise),
    )  # fmt: skip
    net.record(target, "ignored")
    run = net.run(STEPS * DT)
    reference = reference_class(
        [(0, 0, 50.0, 1 + dendritic)], dendritic, DT, **DOPAMINE | {"A_plus": 0.1} | rise, tau_n=30.0,
        released=released,
    )  # fmt: skip
    reference.run(pre, post, STEPS)
    TOLERANCE.check(run.trace(target, "ignored").values, reference.inputs(1, STEPS))
    assert abs(run.trace(target, "ignored").values[390 + dendritic, 0] - 50.0) > 1.0


@pytest.mark.parametrize(("reference_class", "rise"), [(Modulated, {}), (ModulatedWithRise, {"tau_rise": 8.0})])
@pytest.mark.parametrize("dendritic", [0, 3, 9])
def test_recorded_weights_and_eligibilities_are_those_of_every_moment(dendritic, reference_class, rise):
    generator = np.random.default_rng(11)
    pre, post = coincident_spikes(generator, [1], dendritic)
    released = {int(s): 0.1 for s in generator.integers(1, STEPS, 10)}
    net = sl.Network(dt=DT)
    modulator = net.modulator(tau=30.0)
    net.release(modulator, np.array(sorted(released)) * DT, 0.1)
    source, target = net.population(N_PRE, as_list(pre)), net.population(N_POST, sl.Parrot())
    force = net.population(N_POST, as_list({(s - 1, j) for s, j in post}))
    net.connect(force, target, "exc", sl.OneToOne(), weight=1.0, delay=DT)
    rule = sl.DopamineSTDP(modulator, **DOPAMINE, **rise)
    projection = net.connect(
        source, target, "ignored", weight=50.0, axonal_delay=DT, dendritic_delay=dendritic * DT, plasticity=rule
    )
    net.record(projection, ["weight", "c"], every=20 * DT)
    net.record(modulator, "n", every=20 * DT)
    run = net.run(STEPS * DT)
    found = run.synapses(projection)
    synapses = [(int(i), int(j), 50.0, 1 + dendritic) for i, j in zip(found.pre, found.post, strict=True)]
    for sample in (1, 7, 20):
        reference = reference_class(synapses, dendritic, DT, **DOPAMINE, **rise, tau_n=30.0, released=released)
        reference.run(pre, post, 20 * sample)
        TOLERANCE.check(run.trace(projection, "weight").values[sample - 1], reference.weights)
        TOLERANCE.check(run.trace(projection, "c").values[sample - 1], reference.eligibilities)
        TOLERANCE.check(run.trace(modulator, "n").values[sample - 1, 0], reference.n)
    assert run.trace(projection, "c").unit == "" and len(run.trace(projection, "weight").times) == 20


def test_a_weight_is_that_of_one_time_whatever_the_dendritic_delay():
    """Post at 95 ms reaches the synapse at 105 ms; W_max lambda exp(-5/20) is added, and exp(-25/20) for pre at 80."""

    def recorded(pre, T, threads=1):
        net = sl.Network(threads=threads)
        source, target = net.population(1, sl.SpikeList(pre)), net.population(2, sl.Parrot())
        net.connect(net.population(1, sl.SpikeList([94.9])), target, weight=1.0, delay=0.1)
        rule = sl.STDP(lambda_=0.1, W_max=100.0, mu_plus=0.0, mu_minus=0.0)
        learned = net.connect(source, target, "ignored", weight=50.0, dendritic_delay=10.0, plasticity=rule)
        net.record(learned, "weight", every=1.0)
        run = net.run(T)
        return run.weights(learned)[0], run.trace(learned, "weight").values[100:, 0]

    ULP(1000).check(recorded([100.0], 107.0)[0], 50.0 + 10.0 * np.exp(-0.25))
    for threads in (1, 2):
        last, trace = recorded([80.0, 100.0], 115.0, threads)
        expected = 50.0 + 10.0 * (np.exp(-0.25) + np.exp(-1.25))
        ULP(1000).check(trace, [50.0] * 4 + [expected] * 11)
        ULP(1000).check(last, expected)
