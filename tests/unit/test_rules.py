"""What holds of every plasticity rule: each joins by being in RULES."""

import numpy as np
import pytest
from tolerances import EXACT

import spikelearn as sl
from spikelearn.errors import DescriptionError
from spikelearn.plasticity import RULES, PlasticityRule

every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
DURATION = 120.0


def network(rule, *, plastic=True, dendritic=None, **options):
    """Poisson neurons that excite parrots through plastic synapses, and drive dopamine at random times."""
    net = sl.Network(dt=0.5, seed=5, **options)
    dopamine = net.modulator("dopamine", tau=20.0)
    net.release(dopamine, np.arange(3, 100, 7) * 1.0, np.random.default_rng(1).normal(0.2, 0.2, 14))
    source, teacher = net.population(20, sl.Poisson(80.0)), net.population(6, sl.Poisson(60.0))
    target = net.population(6, sl.Parrot(), name="target")
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
    with pytest.raises(DescriptionError, match=r"on_pre of plasticity rule 'wrong' takes .* given is \(weight, tag"):
        PlasticityRule(
            "wrong", stdp.Parameters, stdp.pre, stdp.post, stdp.on_pre, stdp.on_post, stdp.constants, state=("tag",)
        )


def test_an_initial_value_of_what_is_no_state_is_refused():
    stdp = sl.STDP
    with pytest.raises(DescriptionError, match="initial of plasticity rule 'wrong' gives 'tag', which is no state"):
        PlasticityRule(
            "wrong", stdp.Parameters, stdp.pre, stdp.post, stdp.on_pre, stdp.on_post, stdp.constants,
            initial=lambda p: {"tag": 1.0},
        )  # fmt: skip
