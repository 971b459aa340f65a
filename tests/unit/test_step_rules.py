"""A StepRule says what is wrong with it when it is made, and what does not suit it when it is used."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from naive.step_rules import Cell, Wander
from read_cells import cell_with
from tolerances import EXACT, STAT, ULP
from unit.test_vectorised import in_llvm, vectors_stored

import spikelearn as sl
from spikelearn.codegen import jit
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.plasticity import STEP_RULES, Trace
from spikelearn.units import ms, weight


class Parameters(NamedTuple):
    tau: ms = 10.0
    W_min: weight = 0.0
    W_max: weight = 1.0


def step(weight, x, y, gain):
    return weight + gain * x * y


def made(**changed):
    given = {
        "name": "Mine",
        "Parameters": Parameters,
        "pre": (Trace("x", "tau"),),
        "reads": ("y",),
        "step": step,
        "constants": lambda p, dt: {"gain": dt},
    }
    return sl.StepRule(**given | changed)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"pre": (Trace("x", "tau_x"),)}, "'Mine' has no parameter tau_x"),
        ({"pre": (Trace("x", "tau", amplitude=2.0),)}, "trace 'x' has an amplitude, which only a SignalRule reads"),
        ({"reads": ("y", "z")}, r"step of .* takes \(weight, x, y, gain\), expected \(weight, x, y, z, gain\) and"),
        ({"reads": {"z": "y"}}, r"expected \(weight, x, z, gain\)"),
        ({"state": ("e",)}, r"expected \(weight, e, x, y, gain\) and, in any place, arrives if it needs it"),
        ({"normal": ("g",)}, r"expected \(weight, x, y, g, gain\)"),
        ({"modulated": True}, "arrives if it needs it and payload if it needs it and t if it needs it and n"),
        ({"reads": ("payload",)}, "`step` gets something else as 'payload'"),
        ({"initial": lambda p: {"e": 1.0}}, "initial of .* returns 'e', which is not a state"),
    ],
)
def test_what_does_not_fit_together_is_named(changed, message):
    with pytest.raises(DescriptionError, match=message):
        made(**changed)


def network(plasticity, n=(12, 9), cell=Cell, **options):
    net = sl.Network(dt=0.5, seed=3)
    source, cells = net.population(n[0], sl.Poisson(100.0), name="source"), net.population(n[1], cell(), name="cells")
    options = {"weight": sl.Uniform(0.1, 0.3), **options}
    return net, net.connect(source, cells, plasticity=plasticity, name="learning", **options)


@pytest.mark.parametrize(
    ("rule", "options", "message"),
    [
        (made(reads=("z",), step=lambda weight, x, z, gain: weight), {}, "Mine reads it: population 'cells'"),
        (made(reads_before={"z": "u"}, step=lambda weight, x, y, z, gain: weight), {}, "has no state 'u'"),
        (made(), {"dendritic_delay": 1.0}, "Mine reads its target at the end of each step, so it supports axonal"),
        (made(), {"procedural": True, "weight": 0.1}, "expected no plasticity rule"),
        (made(), {"payload": "y"}, "has no state 'y'"),
    ],
)
def test_what_does_not_suit_it_is_named(rule, options, message):
    with pytest.raises(DescriptionError, match=message):
        network(rule(), **options)


def test_weights_outside_its_limits_are_refused():
    with pytest.raises(ParameterError, match="expected 0 to 1, the limits W_min and W_max of Mine"):
        network(made()(), weight=2.0)


def in_network(rule, net):
    """The rule, with a modulator if it needs one."""
    return rule(net.modulator("dopamine", tau=200.0)) if rule.modulated else rule()


@pytest.mark.parametrize("rule", STEP_RULES, ids=lambda rule: rule.name)
def test_a_projection_that_is_not_plastic_keeps_its_weights(rule):
    net = sl.Network(dt=0.5, seed=1)
    source, cells = net.population(3, sl.Poisson(200.0)), net.population(2, cell_with(rule.needs)())
    learning = net.connect(source, cells, weight=0.5, plasticity=in_network(rule, net), plastic=False)
    before = net.run(0.0).weights(learning)
    EXACT.check(net.run(50.0).weights(learning), before)


def test_a_variable_may_have_another_name_in_the_target():
    """`replace` takes a rule of the library to another model."""
    other = cell_with(("rate",))
    net = sl.Network(dt=0.5, seed=1)
    source, cells = net.population(3, sl.Poisson(200.0)), net.population(2, other())
    learning = net.connect(source, cells, weight=1.0, plasticity=replace(sl.Oja, reads={"y": "rate"})())
    assert np.ptp(net.run(50.0).weights(learning)) > 0.0


def test_release_multiplies_what_is_sent_and_not_what_learns():
    def run(synapse):
        net, learning = network(Wander(), synapse=synapse)
        net.record(net.populations["cells"], "received")
        found = net.run(50.0)
        return found.weights(learning), found.trace("cells", "received").values

    (plain, all_of_it), (released, some) = run(None), run(sl.TsodyksMarkram(U=0.5))
    EXACT.check(released, plain)
    assert 0.0 < np.abs(some).sum() < 0.9 * np.abs(all_of_it).sum()


def test_noise_differs_between_synapses_of_one_pair_and_has_the_right_variance():
    """200 steps of 0.1 each: a random walk, the same for no two synapses."""
    net, learning = network(Wander(), n=(2, 3), rule=sl.FixedInDegree(600), weight=0.0)
    walked = net.run(100.0).weights(learning)
    assert len(np.unique(walked)) == len(walked) == 1800
    STAT(1800, 0.1 * 200**0.5).check(walked.mean(), 0.0)
    STAT(1800, 2.0**0.5 * 0.01 * 200).check(walked.var(), 0.01 * 200)


def test_homeostasis_and_rewiring_act_on_weights_that_learn():
    net, learning = network(sl.EProp(eta=0.01), rule=sl.FixedProbability(0.5))
    net.homeostasis(learning, sl.Normalisation(2.0, every=10.0))
    net.homeostasis(learning, sl.Rewiring(below=0.25, weight=0.3, every=15.0))
    net.record(learning, "eps_a", every=0.5)
    before = net.run(0.0).synapses(learning)
    run = net.run(70.0)
    after = run.synapses(learning)
    assert np.any(after.post != before.post)
    EXACT.check(after.pre, before.pre)
    sums = np.bincount(after.post, after.weight, minlength=9)
    ULP(100).check(sums[np.bincount(after.post, minlength=9) > 0], 2.0)
    moved = np.flatnonzero(after.post != before.post)[0]
    eps_a = run.trace(learning, "eps_a").values[:, moved]
    assert np.any(eps_a[29::30] == 0.0)  # a synapse that has moved begins anew


@pytest.mark.skipif(jit.JIT_DISABLED, reason="plain Python has no machine code")
@pytest.mark.parametrize("rule", STEP_RULES, ids=lambda rule: rule.name)
def test_the_loop_of_every_rule_calculates_with_vectors(rule):
    net = sl.Network(dt=0.5, seed=3)
    cells = net.population(9, cell_with(rule.needs)())
    net.connect(net.population(12, sl.Poisson(100.0)), cells, plasticity=in_network(rule, net), name="learning")
    calls = net.build("compiled").program.plans[0].stages["post"]
    call = next(call for call in calls if call.label == "learn learning")
    assert vectors_stored(in_llvm(call.kernel, *call.arguments)) >= 1 + len(rule.state)
