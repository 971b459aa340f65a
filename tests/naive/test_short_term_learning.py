"""Short-term plasticity on projections that learn: weight times release arrives, and the rule learns as without it."""

from typing import NamedTuple

import numpy as np
import pytest
from naive import test_learning, test_signals
from naive.comparison import DT, N_POST, STEPS, TOLERANCE, compare
from naive.step_by_step import Modulated, PairSTDP, tsodyks_markram
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError
from spikelearn.units import number

NUMBERS = {"U": 0.4, "tau_rec": 60.0, "tau_fac": 25.0}
SYNAPSE = sl.TsodyksMarkram(**NUMBERS)
SHARE = tsodyks_markram(**NUMBERS)
PAIR = test_learning.STDP | {"mu_plus": 1.0, "mu_minus": 0.5}
RULES = {
    "STDP": (lambda m: sl.STDP(**PAIR), PairSTDP, PAIR),
    "DopamineSTDP": (lambda m: sl.DopamineSTDP(m, **test_learning.DOPAMINE), Modulated, test_learning.DOPAMINE),
}


class Nothing(NamedTuple):
    pass


AllOfIt = sl.SynapseModel(
    "AllOfIt", Nothing, lambda p, dt: {}, lambda x, interval: (x + 1.0, 1.0), state=("x",), initial=lambda p: {"x": 0.0}
)
"""Releases the whole weight at every arrival."""


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("dendritic", [0, 1, 9])
@pytest.mark.parametrize("name", RULES)
def test_what_arrives_is_the_learned_weight_times_the_release(name, dendritic, seed):
    rule, reference_class, parameters = RULES[name]
    final, reference, *_ = compare(
        rule, reference_class, parameters | {"share": SHARE}, dendritic, seed, synapse=SYNAPSE
    )
    shares = [SHARE(s.arrivals[:n]) for s in reference.synapses for n in range(1, len(s.arrivals) + 1)]
    assert np.ptp(shares) > 0.2
    TOLERANCE.check(final, reference.weights)


@pytest.mark.parametrize("dendritic", [0, 9])
@pytest.mark.parametrize(
    "name",
    # Taught has a value of the target where Modulated has the concentration
    [pytest.param(name, marks=pytest.mark.slow if name == "Taught" else []) for name in test_signals.RULES],
)
def test_rules_that_learn_from_a_signal_send_the_weight_times_the_release_too(name, dendritic):
    found = test_signals.scene(3, dendritic)
    run, _, projection, target = test_signals.engine(found, test_signals.rule_of(name), synapse=SYNAPSE)
    reference = test_signals.two_traces(name, found)
    reference.share = SHARE
    reference.run(found.pre, test_signals.STEPS)
    sent = reference.inputs(test_signals.N_POST, test_signals.STEPS)
    test_signals.TOLERANCE.check(run.trace(target, "ignored").values, sent, "weights times release")
    test_signals.TOLERANCE.check(run.weights(projection), reference.weights)


@pytest.mark.parametrize("dendritic", [0, 9])
@pytest.mark.parametrize("name", RULES)
def test_a_rule_learns_bit_for_bit_what_it_learns_without_short_term_plasticity(name, dendritic):
    rule, reference_class, parameters = RULES[name]
    plain, *_ = compare(rule, reference_class, parameters, dendritic, 3)
    released, *_ = compare(rule, reference_class, parameters | {"share": SHARE}, dendritic, 3, synapse=SYNAPSE)
    EXACT.check(released, plain)


def recurrent(synapse, plasticity, threads=1, learns_from="spike"):
    """Cells that are driven by their own learned synapses: what arrives changes when they fire."""
    net = sl.Network(dt=0.1, seed=5, threads=threads)
    dopamine = net.modulator("dopamine", tau=100.0)
    net.release(dopamine, [20.0, 60.0], [0.3, 0.2])
    cells = net.population(20, sl.AdExClopath(), name="cells", initial={"V_m": sl.Uniform(-72.0, -52.0)})
    net.drive(cells, sl.PoissonInput(9000.0), weight=120.0)
    learned = net.connect(
        cells, cells, rule=sl.FixedInDegree(6), weight=sl.Uniform(10.0, 60.0), delay=sl.Uniform(0.2, 4.0),
        plasticity=plasticity(dopamine), synapse=synapse, name="learned",
    )  # fmt: skip
    net.record(cells, ["spikes", "V_m"])
    net.record(learned, "weight", every=10.0)
    return net


def outcome(run):
    spikes = run.spikes("cells")
    assert len(spikes.times) > 50
    return [spikes.times, spikes.ids, run.trace("cells", "V_m").values, run.weights("learned")]


def same(run, other):
    for found, expected in zip(outcome(run), outcome(other), strict=True):
        EXACT.check(found, expected)


LEARNED = {
    "STDP": lambda m: sl.STDP(lambda_=0.05, W_max=100.0),
    "DopamineSTDP": lambda m: sl.DopamineSTDP(m, A_plus=5.0, A_minus=5.0, W_max=100.0),
    "Clopath": lambda m: sl.Clopath(W_max=100.0),
}


@pytest.mark.parametrize("name", ["STDP", pytest.param("DopamineSTDP", marks=pytest.mark.slow), "Clopath"])
def test_a_release_of_the_whole_weight_changes_no_bit(name):
    plain = recurrent(None, LEARNED[name]).run(100.0)
    same(recurrent(AllOfIt(), LEARNED[name]).run(100.0), plain)
    changed = recurrent(SYNAPSE, LEARNED[name]).run(100.0)
    assert not np.array_equal(changed.trace("cells", "V_m").values, plain.trace("cells", "V_m").values)


@pytest.mark.parametrize("name", LEARNED)
def test_threads_engines_pieces_and_checkpoints_change_no_bit(name, tmp_path):
    whole = recurrent(SYNAPSE, LEARNED[name]).run(100.0)
    same(recurrent(SYNAPSE, LEARNED[name], threads=3).run(100.0), whole)
    net = recurrent(SYNAPSE, LEARNED[name])
    first = net.run(35.0)
    first.checkpoint(tmp_path / "state")
    same(first.joined(net.run(65.0)), whole)
    restored = sl.Network.restore(tmp_path / "state")
    same(restored.run(65.0, after=restored.recorded), whole)
    net.reset(keep_weights=False)
    same(net.run(100.0), whole)
    stepped = recurrent(SYNAPSE, LEARNED[name]).run(10.0, engine="stepper")
    EXACT.check(stepped.trace("cells", "V_m").values, whole.trace("cells", "V_m").values[:100])


@pytest.mark.parametrize("name", LEARNED)
def test_a_phase_that_resets_a_projection_lets_its_release_begin_anew(name):
    """Three phases of the same two spikes, in which nothing is learned; the cell is reset in each."""

    def potentials(with_projection):
        net = sl.Network(dt=0.1)
        source = net.population(1, sl.SpikeList([2.0, 4.0, 12.0, 14.0, 22.0, 24.0], np.zeros(6, int)))
        target = net.population(1, sl.AdExClopath(), name="cells")
        learned = net.connect(
            source, target, weight=50.0, delay=1.0, plasticity=LEARNED[name](net.modulator()),
            synapse=sl.TsodyksMarkram(U=0.9, tau_rec=500.0, tau_fac=1.0),
        )  # fmt: skip
        net.record(target, "V_m")
        reset = [target, learned] if with_projection else [target]
        run = net.run(trials=sl.Trials([sl.Phase(10.0, reset=reset, plastic=[])], 3))
        EXACT.check(run.weights(learned), [50.0])
        return run.trace("cells", "V_m").values.reshape(3, 100)

    found = potentials(True)
    assert np.ptp(found[0]) > 0.1
    EXACT.check(found, np.tile(found[0], (3, 1)))
    without = potentials(False)
    assert np.ptp(without[1]) < 0.5 * np.ptp(without[0])


class Limits(NamedTuple):
    W_min: number = 0.0
    W_max: number = 100.0


Doubling = sl.PlasticityRule(
    "Doubling", Limits, (), (), on_pre=lambda weight: weight + 1.0, on_post=lambda weight: weight,
    constants=lambda p, dt: {}, transmits=lambda weight: 2.0 * weight,
)  # fmt: skip


@pytest.mark.parametrize("plastic", [True, False])
def test_what_a_rule_makes_of_the_weight_is_multiplied_by_the_release(plastic):
    arrivals = [3.0, 5.0, 6.5, 15.0]
    net = sl.Network(dt=DT)
    source = net.population(1, sl.SpikeList(np.array(arrivals) - 1.0, np.zeros(4, int)))
    target = net.population(1, sl.Parrot())
    net.connect(
        source, target, "ignored", weight=20.0, delay=1.0, synapse=SYNAPSE, plasticity=Doubling(), plastic=plastic
    )
    net.record(target, "ignored")
    found = net.run(20.0).trace(target, "ignored").values[:, 0]
    weights = 20.0 + (np.arange(1, 5) if plastic else np.zeros(4))
    expected = [2.0 * w * SHARE(arrivals[: k + 1]) for k, w in enumerate(weights)]
    ULP(10).check(found[np.round(np.array(arrivals) / DT).astype(int) - 1], expected)


@pytest.mark.parametrize("name", RULES)
def test_release_goes_on_where_nothing_is_learned(name):
    rule, reference_class, parameters = RULES[name]

    def trials(projection):
        return sl.Trials([sl.Phase(30 * DT, plastic=[projection]), sl.Phase(20 * DT, plastic=[])], STEPS // 50)

    compare(
        rule, reference_class, parameters | {"share": SHARE}, 0, 4, trials=trials,
        plastic=lambda step: (step - 1) % 50 < 30, synapse=SYNAPSE,
    )  # fmt: skip


def test_a_frozen_projection_releases_what_short_term_plasticity_alone_does():
    def sent(**how):
        net = sl.Network(dt=DT)
        source = net.population(1, sl.SpikeList([2.0, 4.0, 12.0, 14.0], np.zeros(4, int)))
        target = net.population(1, sl.Parrot())
        net.connect(source, target, "ignored", weight=20.0, synapse=SYNAPSE, **how)
        net.record(target, "ignored")
        return net.run(20.0).trace(target, "ignored").values

    EXACT.check(sent(plasticity=sl.STDP(), plastic=False), sent())


def test_homeostasis_and_rewiring_act_on_the_weight_and_not_on_the_release():
    def weights(synapse):
        net = sl.Network(dt=DT, seed=3)
        steps, ids = np.nonzero(np.random.default_rng(6).random((STEPS, 5)) < 0.05)
        source = net.population(5, sl.SpikeList((steps + 1) * DT, ids))
        target = net.population(N_POST, sl.Parrot())
        learned = net.connect(
            source, target, "ignored", weight=sl.Uniform(20.0, 80.0), delay=1.0, plasticity=sl.STDP(W_max=100.0),
            synapse=synapse,
        )  # fmt: skip
        net.homeostasis(learned, sl.Normalisation(200.0, every=7.0))
        net.homeostasis(learned, sl.Rewiring(below=30.0, weight=40.0, every=11.0, probability=0.5))
        found = net.run(STEPS * DT).synapses(learned)
        return [found.pre, found.post, found.weight]

    for found, expected in zip(weights(SYNAPSE), weights(None), strict=True):
        EXACT.check(found, expected)


def test_what_cannot_be_is_refused():
    net = sl.Network()
    source, target = net.population(2, sl.Poisson(rate=20.0)), net.population(2, sl.LIFNMDA())
    with pytest.raises(DescriptionError, match=r"NMDA is a graded synapse.*expected no plasticity rule, got STDP"):
        net.connect(source, target, "nmda", synapse=sl.NMDA(), plasticity=sl.STDP())
    with pytest.raises(DescriptionError, match="procedural synapses .* expected no plasticity rule"):
        net.connect(source, target, "exc", synapse=SYNAPSE, plasticity=sl.STDP(), procedural=True)
    net = recurrent(SYNAPSE, LEARNED["STDP"])
    with pytest.raises(DescriptionError, match="engine='events'"):
        net.run(1.0, engine="events")


def test_the_run_says_both():
    run = recurrent(SYNAPSE, LEARNED["STDP"]).run(1.0)
    assert run.projections["learned"].description == "FixedInDegree, TsodyksMarkram, STDP"
