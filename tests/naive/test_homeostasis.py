"""Homeostasis against references in which everything moves in every step."""

import math

import numpy as np
import pytest
from examples import many_numbers
from given_traces import replay
from naive import test_signals
from naive.step_by_step import Modulated, ModulatedWithRise, PairSTDP
from naive.test_learning import DOPAMINE, DT, N_POST, N_PRE, STDP, STEPS, TOLERANCE, as_list, coincident_spikes
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError

EVERY = 25
TOTALS = np.array([120.0, 80.0, 150.0, 200.0])


def normalised(groups, weights, totals, subtractive, low, high):
    """What the weights become: group by group, from the definition."""
    result = list(weights)
    for group in range(len(totals)):
        mine = [k for k, of in enumerate(groups) if of == group]
        total = sum(weights[k] for k in mine)
        for k in mine:
            if subtractive:
                new = weights[k] + (totals[group] - total) / len(mine)
            else:
                new = weights[k] * totals[group] / total if total > 1e-9 * totals[group] else weights[k]
            result[k] = min(max(new, low), high)
    return result


def with_homeostasis(reference_class, act):
    """A reference that is regulated at the end of every EVERY-th step, when its weights are clipped.

    Its steps are those in which events reach the synapses: `dendritic` before they are dealt with at the soma.
    """

    class Regulated(reference_class):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.steps = 0

        def pass_time(self):
            self.end_of_step()
            super().pass_time()
            self.steps += 1

        def end_of_step(self):
            if self.steps and (self.steps + self.dendritic) % EVERY == 0:
                for synapse, weight in zip(self.synapses, act(self), strict=True):
                    synapse.weight = weight

    return Regulated


def learned_and_homeostatic(rule, reference_class, parameters, homeostasis, act, dendritic=0, seed=1, plastic=None):
    """14 synapses with multapses and three axonal delays; what they send, and their weights, in both."""
    generator = np.random.default_rng(seed)
    pre_ids, post_ids = generator.integers(0, N_PRE, 14), generator.integers(0, N_POST, 14)
    axonal, weights = generator.choice([1, 2, 7], 14), generator.uniform(0, 100, 14)
    pre, post = coincident_spikes(generator, axonal + dendritic, dendritic)
    released = {int(s): 0.1 for s in generator.integers(1, STEPS, 25)}
    net = sl.Network(dt=DT)
    modulator = net.modulator(tau=30.0)
    net.release(modulator, np.array(sorted(released)) * DT, 0.1)
    source, target = net.population(N_PRE, as_list(pre)), net.population(N_POST, sl.Parrot())
    force = net.population(N_POST, as_list({(s - 1, j) for s, j in post}))
    net.connect(force, target, "exc", sl.OneToOne(), weight=1.0, delay=DT)
    projection = net.connect(
        source, target, "ignored", sl.Pairs(pre_ids, post_ids), weight=weights, axonal_delay=axonal * DT,
        dendritic_delay=dendritic * DT, plasticity=rule(modulator), learns_from="spike",
    )  # fmt: skip
    net.homeostasis(projection, homeostasis)
    net.record(target, "ignored")
    run = net.run(STEPS * DT)
    more = {"released": released, "tau_n": 30.0} if issubclass(reference_class, Modulated) else {}
    synapses = zip(pre_ids.tolist(), post_ids.tolist(), weights.tolist(), (axonal + dendritic).tolist(), strict=True)
    reference = with_homeostasis(reference_class, act)(synapses, dendritic, DT, **parameters, **more)
    reference.run(pre, post, STEPS)
    reference.end_of_step()
    sent = run.trace(target, "ignored").values
    assert sent.any()
    TOLERANCE.check(sent, reference.inputs(N_POST, STEPS), "weights sent")
    TOLERANCE.check(run.weights(projection), reference.weights)
    return run, projection, reference


RULES = [
    pytest.param(lambda m: sl.STDP(**STDP), PairSTDP, STDP | {"mu_plus": 1.0, "mu_minus": 1.0}, id="STDP"),
    pytest.param(lambda m: sl.DopamineSTDP(m, **DOPAMINE), Modulated, DOPAMINE, id="DopamineSTDP"),
    pytest.param(
        lambda m: sl.DopamineSTDP(m, tau_rise=8.0, **DOPAMINE), ModulatedWithRise, DOPAMINE | {"tau_rise": 8.0},
        id="DopamineSTDP that rises",
    ),
    pytest.param(
        lambda m: sl.DopamineSTDP(m, **DOPAMINE | {"tau_c": 3.0}), Modulated, DOPAMINE | {"tau_c": 3.0},
        id="DopamineSTDP whose origin moves",
    ),
]  # fmt: skip


@pytest.mark.parametrize("dendritic", [0, 3])
@pytest.mark.parametrize("subtractive", [False, True])
@pytest.mark.parametrize(("rule", "reference", "parameters"), RULES)
def test_normalisation_of_what_learns_is_that_of_weights_that_move_in_every_step(
    rule, reference, parameters, subtractive, dendritic
):
    def act(reference):
        posts = [s.post for s in reference.synapses]
        return normalised(posts, reference.weights.tolist(), TOTALS, subtractive, reference.W_min, reference.W_max)

    homeostasis = sl.Normalisation(TOTALS, EVERY * DT, subtractive=subtractive)
    learned_and_homeostatic(rule, reference, parameters, homeostasis, act, dendritic)


@pytest.mark.parametrize(("rule", "reference", "parameters"), RULES)
def test_normalisation_by_source_too(rule, reference, parameters):
    totals = np.array([50.0, 100.0, 80.0, 120.0, 90.0])

    def act(reference):
        pres = [s.pre for s in reference.synapses]
        return normalised(pres, reference.weights.tolist(), totals, False, reference.W_min, reference.W_max)

    learned_and_homeostatic(rule, reference, parameters, sl.Normalisation(totals, EVERY * DT, per="source"), act)


def test_normalisation_keeps_the_eligibility():
    def learned(regulated):
        pre, post = coincident_spikes(np.random.default_rng(5), [1], 0)
        net = sl.Network(dt=DT)
        modulator = net.modulator(tau=30.0)
        source, target = net.population(N_PRE, as_list(pre)), net.population(N_POST, sl.Parrot())
        force = net.population(N_POST, as_list({(s - 1, j) for s, j in post}))
        net.connect(force, target, "exc", sl.OneToOne(), weight=1.0, delay=DT)
        net.release(modulator, [20.0, 90.0], 0.05)
        projection = net.connect(
            source, target, "ignored", weight=50.0, delay=DT, plasticity=sl.DopamineSTDP(modulator, **DOPAMINE)
        )
        if regulated:
            net.homeostasis(projection, sl.Normalisation(200.0, EVERY * DT))
        net.record(projection, ["c", "weight"], every=5 * DT)
        run = net.run(STEPS * DT)
        return run.trace(projection, "c").values, run.trace(projection, "weight").values

    (c, w), (c_free, w_free) = learned(True), learned(False)
    assert np.abs(c).max() > 0.5 and np.abs(w - w_free).max() > 1.0
    EXACT.check(c, c_free)
    # the synapses of AllToAll are made target by target
    sums = w[EVERY // 5 - 1 :: EVERY // 5].reshape(-1, N_POST, N_PRE).sum(axis=2)
    ULP(1000).check(sums, 200.0)


@pytest.mark.parametrize("how", [{}, {"synapse": sl.Mongillo()}, {"delay": sl.Uniform(0.5, 5.0)}])
def test_static_weights_are_normalised_and_what_is_sent_with_them(how):
    net = sl.Network(dt=0.5, seed=3)
    source, cells = net.population(30, sl.Poisson(200.0)), net.population(7, sl.Parrot())
    other = net.population(4, sl.Parrot())
    p = sl.FixedProbability(0.4)
    projection = net.connect(
        source[5:25], cells[1:6], "ignored", p, weight=sl.Uniform(0.5, 2.0), **{"delay": 1.0, **how}
    )
    alike = net.connect(source, other, "ignored", p, weight=3.0)
    untouched = net.connect(source, cells, "ignored", p, weight=sl.Uniform(0.5, 2.0))
    net.homeostasis(projection, sl.Normalisation(np.arange(1.0, 6.0), 10.0))
    net.homeostasis(alike, sl.Normalisation(2.0, 10.0, per="source"))
    net.record(projection, "weight", every=5.0)
    before = net.run(0.0)
    first, free = before.synapses(projection), before.synapses(untouched)
    run = net.run(20.0)
    now = run.synapses(projection)
    sums = np.bincount(now.post, now.weight, 7)[1:6]
    ULP(100).check(sums, np.arange(1.0, 6.0))
    # all weights of a neuron keep their ratio
    ULP(10).check(now.weight / sums[now.post - 1], first.weight / np.bincount(first.post, first.weight, 7)[first.post])
    EXACT.check(run.synapses(untouched).weight, free.weight)
    recorded = run.trace(projection, "weight").values
    EXACT.check(recorded[0], first.weight)
    EXACT.check(recorded[-1], now.weight)
    sources = run.synapses(alike)
    ULP(100).check(np.bincount(sources.pre, sources.weight)[np.unique(sources.pre)], 2.0)


@pytest.mark.parametrize(
    ("weights", "rule", "expected"),
    [
        ([50.0, 20.0, 80.0], sl.Normalisation(150.0, 1.0), [100.0, 30.0, 100.0]),
        ([50.0, 20.0, 80.0], sl.Normalisation(30.0, 1.0, subtractive=True), [30.0, 0.0, 45.0]),
    ],
)
def test_what_learns_stays_within_its_limits(weights, rule, expected):
    """One synapse onto one target, two onto another; what would pass a limit stays there."""
    net = sl.Network(dt=0.5)
    source, cells = net.population(3, sl.SpikeList([])), net.population(2, sl.Parrot())
    pairs = sl.Pairs([0, 1, 2], [0, 1, 1])
    projection = net.connect(source, cells, "ignored", pairs, weight=np.array(weights), plasticity=sl.STDP())
    net.homeostasis(projection, rule)
    ULP(2).check(net.run(1.0).weights(projection), expected)


def scaled_step_by_step(weight, spikes, goal, tau, beta, n_steps, dt):
    """w after each step: its logarithm moves by beta times the integral of goal - a, exact in each step."""
    a, w, result = goal, weight, []
    for step in range(1, n_steps + 1):
        integral = a * 0.001 * tau * (1.0 - math.exp(-dt / tau))
        w *= math.exp(beta * (goal * 0.001 * dt - integral))
        a = a * math.exp(-dt / tau) + (1000.0 / tau if step in spikes else 0.0)
        result.append(w)
    return result


@pytest.mark.parametrize("every", [1, 25])
def test_scaling_is_the_integral_of_the_low_passed_rate(every):
    generator = np.random.default_rng(2)
    spikes = [set(generator.choice(np.arange(2, 400), n, replace=False).tolist()) for n in (0, 5, 60)]
    goals = np.array([20.0, 5.0, 50.0])
    net = sl.Network(dt=0.5)
    net.population(2, sl.Parrot(), name="first in the block")
    cells = net.population(3, sl.Parrot())
    ids = np.repeat(np.arange(3), [len(each) for each in spikes])
    steps = np.array([step for each in spikes for step in sorted(each)])
    force = net.population(3, sl.SpikeList((steps - 1) * 0.5, ids))
    net.connect(force, cells, "exc", sl.OneToOne(), weight=1.0, delay=0.5)
    source = net.population(4, sl.SpikeList([]))
    projection = net.connect(source, cells, "ignored", weight=sl.Uniform(0.5, 2.0))
    net.homeostasis(projection, sl.SynapticScaling(goals, tau=40.0, beta=0.3, every=every * 0.5))
    net.record(projection, "weight", every=25 * 0.5)
    start = net.run(0.0).synapses(projection)
    found = net.run(200.0).trace(projection, "weight").values
    for k, (post, weight) in enumerate(zip(start.post, start.weight, strict=True)):
        expected = scaled_step_by_step(weight, spikes[post], goals[post], 40.0, 0.3, 400, 0.5)
        # four hundred factors, each an exponential, against sixteen or four hundred others
        ULP(10_000).check(found[:, k], expected[24::25])
    assert np.ptp(found[-1]) > 0.1


@many_numbers
@pytest.mark.parametrize("regulated", [True, False])
def test_scaling_brings_rates_to_their_target_and_its_absence_does_not(regulated):
    net = sl.Network(dt=0.5, seed=1)
    source, cells = net.population(40, sl.Poisson(20.0)), net.population(20, sl.LIF())
    rule = sl.FixedProbability(0.5)
    projection = net.connect(source, cells, "exc", rule, weight=sl.Uniform(30.0, 300.0), plasticity=sl.STDP(
        lambda_=1e-9, W_max=1e5
    ), plastic=regulated)  # fmt: skip
    net.homeostasis(projection, sl.SynapticScaling(8.0, tau=1000.0, beta=0.05, every=100.0))
    net.record(cells)
    net.run(40_000.0)
    rates = np.bincount(net.run(20_000.0).spikes(cells).ids, minlength=20) / 20.0
    # 160 spikes a neuron, and a rate that hunts for its target: a tenth of it at most
    if regulated:
        assert np.all(np.abs(rates - 8.0) < 0.8), rates
    else:
        assert np.mean(np.abs(rates - 8.0) > 2.0) > 0.5, rates


def test_a_frozen_projection_and_phases_that_are_not_plastic_are_not_regulated():
    net = sl.Network(dt=0.5)
    source, cells = net.population(5, sl.Poisson(100.0)), net.population(3, sl.Parrot())
    how = {"weight": 10.0, "plasticity": sl.STDP()}
    frozen = net.connect(source, cells, "ignored", plastic=False, **how)
    windowed = net.connect(source, cells, "ignored", **how)
    for projection in (frozen, windowed):
        net.homeostasis(projection, sl.Normalisation(20.0, 5.0))
    off, on = sl.Phase(50.0, plastic=[]), sl.Phase(50.0, plastic=[windowed])
    run = net.run(trials=sl.Trials([off], 1))
    EXACT.check(run.weights(windowed), 10.0)
    run = net.run(trials=sl.Trials([off, on], 1))
    EXACT.check(run.weights(frozen), 10.0)
    ULP(10).check(run.weights(windowed).reshape(3, 5).sum(axis=1), 20.0)


@pytest.mark.parametrize("homeostasis", [sl.Normalisation(300.0, 10.0), sl.SynapticScaling(20.0, 100.0, 0.1, 10.0)])
def test_any_number_of_threads_gives_the_same_bits(homeostasis):
    weights = []
    for threads in (1, 3):
        net = sl.Network(dt=0.5, seed=1, threads=threads)
        source, cells = net.population(20, sl.Poisson(50.0)), net.population(9, sl.LIF())
        projection = net.connect(
            source, cells, "exc", sl.FixedProbability(0.5), weight=sl.Uniform(0, 80), plasticity=sl.STDP(W_max=200.0)
        )
        net.homeostasis(projection, homeostasis)
        weights.append(net.run(100.0).weights(projection))
    EXACT.check(*weights)


def test_what_needs_all_synapses_at_once_runs_on_one_thread():
    for homeostasis in (sl.Normalisation(1.0, 10.0, per="source"), sl.Rewiring(0.0, 1.0, 10.0)):
        net = sl.Network(threads=2)
        source, cells = net.population(4, sl.Poisson(1.0)), net.population(4, sl.LIF())
        net.homeostasis(net.connect(source, cells, "exc", weight=1.0, name="p"), homeostasis)
        with pytest.raises(DescriptionError, match=f"{type(homeostasis).__name__} of projection 'p' reads all neurons"):
            net.run(1.0)


def test_the_exact_engine_regulates_nothing_and_says_so():
    net = sl.Network()
    cells = net.population(2, sl.LIF())
    net.homeostasis(net.connect(cells, cells, "exc", weight=1.0, name="p"), sl.Normalisation(1.0, 1.0))
    with pytest.raises(DescriptionError, match="'p': engine='events' does not change weights, got Normalisation"):
        net.run(1.0, engine="events")


def test_earlier_runs_keep_their_weights():
    net = sl.Network(dt=0.5)
    source, cells = net.population(2, sl.Poisson(1.0)), net.population(2, sl.LIF())
    projection = net.connect(source, cells, "exc", weight=4.0)
    net.homeostasis(projection, sl.Normalisation(2.0, 5.0))
    first = net.run(2.0)
    second = net.run(10.0)
    EXACT.check(first.weights(projection), 4.0)
    EXACT.check(second.weights(projection), 1.0)


@pytest.mark.parametrize(
    ("rule", "said", "error"),
    [
        (sl.Normalisation(1.0, 0.01), "every of Normalisation of projection 'p': expected at least dt = 0.1 ms", None),
        (sl.Normalisation(1.0, 0.25), "expected a multiple of dt", None),
        (sl.Normalisation(0.0, 1.0), "expected a sum other than 0", None),
        (sl.Normalisation([1.0, 2.0], 1.0), "expected one number or 3, one per neuron", DescriptionError),
        (sl.Normalisation(1.0, 1.0, per="post"), "per of .* expected 'target' or 'source', got 'post'", None),
        (sl.SynapticScaling(-1.0, 1.0, 1.0, 1.0), "target_rate of .* expected at least 0 Hz", None),
        (sl.Rewiring(0.0, 200.0, 1.0), "weight of Rewiring of projection 'p': expected 0 to 100", None),
        (sl.Rewiring(0.0, 2.0, 1.0, probability=0.0), "expected more than 0 and at most 1, got 0.0", None),
        (sl.STDP(), "expected Normalisation, SynapticScaling or Rewiring", DescriptionError),
    ],
)
def test_regulation_that_cannot_be_is_refused(rule, said, error):
    net = sl.Network()
    source, cells = net.population(2, sl.Poisson(1.0)), net.population(3, sl.LIF())
    projection = net.connect(source, cells, "exc", weight=4.0, plasticity=sl.STDP(), name="p")
    with pytest.raises(error or ParameterError, match=said):
        net.homeostasis(projection, rule)


def test_a_regulation_belongs_to_a_projection_of_the_network_and_is_given_once():
    net = sl.Network()
    cells = net.population(2, sl.LIF())
    projection = net.connect(cells, cells, "exc", weight=4.0, name="p")
    reward = net.connect(cells, net.modulator(), weight=1.0, name="reward")
    with pytest.raises(DescriptionError, match="not a projection of this network"):
        sl.Network().homeostasis(projection, sl.Normalisation(1.0, 1.0))
    with pytest.raises(DescriptionError, match="a projection to a modulator cannot be regulated"):
        net.homeostasis(reward, sl.Normalisation(1.0, 1.0))
    net.homeostasis(projection, sl.Normalisation(1.0, 1.0))
    with pytest.raises(DescriptionError, match="already regulated by Normalisation"):
        net.homeostasis(projection, sl.Normalisation(2.0, 1.0))


@pytest.mark.parametrize("dendritic", [0, 3])
@pytest.mark.parametrize("name", test_signals.RULES)
def test_rules_that_learn_from_a_signal_are_normalised_and_go_on_as_they_would(name, dendritic):
    """What these rules add does not depend on the weights, so a free run tells what is added between two times.

    Readings include arrivals that are still in the dendrite, but homeostasis does not: at its times there are none.
    """
    found = test_signals.scene(3, dendritic)
    every, totals = 40, np.array([40.0, 60.0, 80.0, 50.0])
    in_dendrite, axonal_delays = {-k % every for k in range(dendritic)}, {axonal for *_, axonal in found.synapses}
    found = found._replace(
        pre={(s, i) for s, i in found.pre if not in_dendrite & {(s + axonal) % every for axonal in axonal_delays}}
    )

    def recorded(regulated):
        net = sl.Network(dt=test_signals.DT)
        modulator = net.modulator(tau=30.0)
        net.release(modulator, np.array(sorted(found.released)) * test_signals.DT, 0.1)
        target = replay(net, N_POST, found.post, V_m=found.V_m, u_bar_minus=found.second, rho_star=found.third)
        rule = test_signals.RULES[name]
        pre, post, weights, axonal = (np.array(column) for column in zip(*found.synapses, strict=True))
        projection = net.connect(
            net.population(N_PRE, as_list(found.pre)), target, "ignored", sl.Pairs(pre, post), weight=weights,
            axonal_delay=axonal * test_signals.DT, dendritic_delay=dendritic * test_signals.DT,
            plasticity=test_signals.rule_of(name)(modulator),
        )  # fmt: skip
        if regulated:
            net.homeostasis(projection, sl.Normalisation(totals, every * test_signals.DT, subtractive=True))
        net.record(projection, ["weight", "c"] if rule.has_eligibility else "weight", every=every * test_signals.DT)
        run = net.run(test_signals.STEPS * test_signals.DT)
        c = run.trace(projection, "c").values if rule.has_eligibility else None
        return post, weights, run.trace(projection, "weight").values, c

    posts, weight, free, c_free = recorded(False)
    _, _, found_weights, c = recorded(True)
    assert np.ptp(np.diff(free, axis=0)) > 0.5
    before = weight
    for k, w_free in enumerate(free):
        weight = np.array(normalised(posts, (weight + w_free - before).tolist(), totals, True, -5000.0, 5000.0))
        before = w_free
        test_signals.TOLERANCE.check(found_weights[k], weight)
    if c is not None:
        test_signals.TOLERANCE.check(c, c_free)
