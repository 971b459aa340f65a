"""What holds of every plasticity rule: each joins by being in RULES."""

from typing import NamedTuple

import numpy as np
import pytest
from given_spikes import one_synapse
from naive.parrots import parrot_for
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, SimulationError
from spikelearn.kernels import event_rule
from spikelearn.plasticity import RULES, PlasticityRule
from spikelearn.units import ms, number, weight

every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
DURATION = 120.0


def network(rule, *, plastic=True, dendritic=None, **options):
    """Poisson neurons that excite parrots through plastic synapses, and drive dopamine at random times."""
    net = sl.Network(dt=0.5, seed=5, **options)
    dopamine = net.modulator("dopamine", tau=20.0)
    net.release(dopamine, np.arange(3, 100, 7) * 1.0, np.random.default_rng(1).normal(0.2, 0.2, 14))
    source, teacher = net.population(20, sl.Poisson(80.0)), net.population(6, sl.Poisson(60.0))
    target = net.population(6, parrot_for(rule), name="target")
    net.connect(teacher, target, "exc", sl.OneToOne(), weight=1.0, delay=0.5)
    plasticity = rule(dopamine, W_max=10.0) if rule.modulated else rule(W_max=10.0)
    learning = net.connect(
        source, target, "ignored", sl.FixedProbability(0.5), weight=sl.Uniform(0, 10), axonal_delay=1.0,
        dendritic_delay=dendritic, plasticity=plasticity, plastic=plastic, learns_from="spike", name="learning",
    )  # fmt: skip
    net.record(learning, "weight", every=10.0)
    net.record(target, ["spikes", "ignored"])
    return net


def outcome(runs):
    traces = [np.concatenate([run.trace(*key).values for run in runs]) for key in runs[0].trace_data]
    return [*traces, runs[-1].weights("learning")]


def same(one, other):
    for a, b in zip(outcome(one), outcome(other), strict=True):
        EXACT.check(a, b)


@every_rule
def test_both_engines_any_number_of_threads_and_a_pause_give_the_same_bits(rule):
    dendritic = 2.0 if not rule.mean_pre else None
    net = network(rule, dendritic=dendritic)
    whole = [net.run(DURATION)]
    weights = outcome(whole)[0]
    assert np.abs(np.diff(weights, axis=0)).max() > 1e-6
    assert np.all((weights >= 0.0) & (weights <= 10.0))
    same(whole, [network(rule, dendritic=dendritic).run(DURATION, engine="stepper")])
    net = network(rule, dendritic=dendritic)
    same(whole, [net.run(33.5), net.run(DURATION - 33.5)])
    if not rule.mean_pre:
        same(whole, [network(rule, dendritic=dendritic, threads=2).run(DURATION)])


@every_rule
def test_a_projection_that_is_not_plastic_keeps_its_weights(rule):
    weights = outcome([network(rule, plastic=False).run(DURATION)])[0]
    EXACT.check(weights, np.broadcast_to(weights[0], weights.shape))


@every_rule
def test_its_text_for_other_simulators_names_its_parameters_and_traces(rule):
    if not rule.equations:
        pytest.skip("no short form")
    text = rule.equations + rule.pre_statements + rule.post_statements
    for name in {trace.tau for trace in rule.pre + rule.post} | {"W_min", "W_max"}:
        assert name in text
    assert "w = clip(" in rule.pre_statements and "w = clip(" in rule.post_statements


def test_a_handler_that_forgets_the_state_is_refused():
    stdp = sl.STDP
    with pytest.raises(DescriptionError, match=r"on_pre of plasticity rule 'wrong' takes .* expected \(weight, tag"):
        PlasticityRule(
            "wrong", stdp.Parameters, stdp.pre, stdp.post, stdp.on_pre, stdp.on_post, stdp.constants, state=("tag",)
        )


def test_an_initial_value_of_what_is_no_state_is_refused():
    stdp = sl.STDP
    with pytest.raises(DescriptionError, match="rule 'wrong' returns 'tag', which is not a state"):
        PlasticityRule(
            "wrong", stdp.Parameters, stdp.pre, stdp.post, stdp.on_pre, stdp.on_post, stdp.constants,
            initial=lambda p: {"tag": 1.0},
        )  # fmt: skip


def test_a_constant_that_would_be_taken_for_a_variable_of_the_loops_is_refused():
    def handler(weight, K_plus, K_minus, last):
        return weight

    stdp = sl.STDP
    with pytest.raises(DescriptionError, match="'wrong': the loops already use the name 'last'"):
        PlasticityRule("wrong", stdp.Parameters, stdp.pre, stdp.post, handler, handler, lambda p, dt: {"last": 1.0})


ALIKE = (
    sl.PowerLawSTDP, sl.NearestSTDP, sl.PreCentredSTDP, sl.ReducedSTDP, sl.TripletSTDP, sl.InhibitorySTDP,
    sl.NearestDopamineSTDP,
)  # fmt: skip
"""Their kernels of a reset are rendered from the same parts as those of rules that are tested by default."""


@pytest.mark.parametrize(
    "rule",
    [pytest.param(rule, id=rule.name, marks=pytest.mark.slow if rule in ALIKE else []) for rule in RULES],
)
def test_a_reset_forgets_all_but_the_weights(rule):
    """After it the projection does what a new one does that starts with these weights, where no dopamine is left."""
    generator = np.random.default_rng(2)
    first, second, dt = 40.0, 60.0, 0.5
    trains = [np.unique(generator.integers(4, 190, 60)) * dt for _ in range(3)]
    trains = [times[(times < first - 6) | (times > first + 2)] for times in trains]

    def weights(trains, weight, phases, released):
        net = sl.Network(dt=dt, seed=1)
        dopamine = net.modulator("dopamine", tau=0.5)
        net.release(dopamine, released, 5.0)
        ids = np.repeat([0, 1], [len(times) for times in trains[:2]])
        source = net.population(2, sl.SpikeList(np.concatenate(trains[:2]), ids))
        force, target = net.population(1, sl.SpikeList(trains[2])), net.population(1, parrot_for(rule))
        net.connect(force, target, "exc", weight=1.0, delay=dt)
        learning = net.connect(
            source, target, "ignored", weight=weight, delay=dt, learns_from="spike",
            plasticity=rule(dopamine, W_max=10.0) if rule.modulated else rule(W_max=10.0), name="learning",
        )  # fmt: skip
        net.record(learning, "weight", every=dt)
        return net.run(trials=sl.Trials(phases([learning, target]), 1)).trace(learning, "weight").values

    whole = weights(
        trains, 5.0, lambda both: [sl.Phase(first), sl.Phase(second, reset=both)], np.array([5.0, 20.0, 20.0 + first])
    )
    before, after = np.split(whole, [round(first / dt)])
    later = [times[times > first] - first for times in trains]
    new = weights(later, before[-1][:, None], lambda both: [sl.Phase(second)], np.array([20.0]))
    ULP(1_000_000, 10.0).check(after, new)
    assert np.ptp(before, axis=0).max() > 1e-4 and np.ptp(new, axis=0).max() > 1e-4


class CountingParameters(NamedTuple):
    tau_c: ms = 20.0
    b: number = -1.0
    first: number = 2.0
    W_min: weight = -1000.0
    W_max: weight = 1000.0


def test_a_rule_with_state_and_a_modulator_gets_and_keeps_its_state():
    """The eligibility grows by the number of the arrival, counted from `first`, and 100 times the silence before it."""

    def on_pre(count, since_pre):
        return count + (100.0 * since_pre if since_pre < 1e6 else 0.0), count + 1.0

    def on_post(count):
        return 0.0, count

    rule = PlasticityRule(
        "Counting", CountingParameters, (), (), on_pre, on_post, lambda p, dt: {}, modulated=True, state=("count",),
        initial=lambda p: {"count": p.first},
    )  # fmt: skip
    arrivals = np.array([5.0, 8.0, 30.0])
    measured = one_synapse(
        arrivals - 0.5,
        [7.0, 20.0],
        lambda modulator: rule(modulator, first=3.0),
        weight=0.0,
        axonal=0.5,
        T=50.0,
        dt=0.5,
    )
    steps = np.array([3.0, 4.0 + 300.0, 5.0 + 2200.0])
    # w' = c, since n - b is 1
    expected = [np.sum((steps * 20.0 * (1 - np.exp(-(t - arrivals) / 20.0)))[arrivals < t]) for t in (*arrivals, 50.0)]
    ULP(1000, 1000.0).check([*measured.sent, measured.final], np.minimum(expected, 1000.0))
    ULP(1000).check(measured.c, np.sum(steps * np.exp(-(50.0 - arrivals) / 20.0)))


def test_a_network_that_learns_says_how_many_steps_it_may_run_for():
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(2, sl.LIF())
    net.connect(cells, cells, weight=1.0, delay=1.0, plasticity=sl.STDP())
    net.build().program.step = 2**31 - 11
    net.run(1.0, progress=False)
    with pytest.raises(SimulationError, match=r"at most 2,147,483,647 steps, 59.7 hours"):
        net.run(0.1, progress=False)


@pytest.mark.parametrize("modulated", [False, True])
def test_every_name_that_the_loops_use_is_taken_for_rules(modulated):
    for name in event_rule.taken_names(modulated):
        assert event_rule.taken_among({name, "of_a_rule"}, modulated) == {name}
