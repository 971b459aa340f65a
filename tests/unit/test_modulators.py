"""Modulators whose level callbacks read and set, and eligibilities that rise."""

import math

import numpy as np
import pytest
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError, SimulationError


def triangle(step, level, seen):
    seen[step] = level[0]
    level[0] = step % 7 - 3.0


def network(tau=math.inf, threads=1, **rule):
    """Cells that learn from a modulator: (network, modulator, projection)."""
    net = sl.Network(dt=0.5, seed=3, threads=threads)
    modulator = net.modulator("third factor", tau=tau)
    source = net.population(20, sl.Poisson(rate=40), name="source")
    cells = net.population(30, sl.LIF(I_e=400.0), name="cells")
    learned = net.connect(
        source, cells, weight=20.0, plasticity=sl.DopamineSTDP(modulator, tau_c=50.0, W_max=40.0, **rule)
    )
    return net, modulator, learned


def test_a_level_that_a_callback_sets_holds_in_the_next_step_and_stays_if_tau_is_infinite():
    net, modulator, _ = network()
    seen = np.full(21, np.nan)
    net.on_step(triangle, modulator.level, seen)
    net.record(modulator, "n", every=0.5)
    n = net.run(10.0).trace(modulator, "n").values[:, 0]
    set_at_end = np.arange(1, 20) % 7 - 3.0
    EXACT.check(seen[2:], set_at_end)
    EXACT.check(n[1:], set_at_end)


def test_a_level_that_is_set_decays_with_a_finite_tau():
    net, modulator, _ = network(tau=10.0)
    net.on_step(triangle, modulator.level, np.zeros(21))
    net.record(modulator, "n", every=0.5)
    n = net.run(10.0).trace(modulator, "n").values[:, 0]
    ULP(4, 3.0).check(n[1:], (np.arange(1, 20) % 7 - 3.0) * math.exp(-0.5 / 10.0))


@pytest.mark.parametrize("rise", [{}, {"tau_rise": 10.0}])
def test_learning_from_a_level_that_is_set_is_the_same_on_any_number_of_threads_and_from_a_copy(rise):
    weights = []
    for threads in (1, 2, 3):
        net, modulator, learned = network(threads=threads, **rise)
        net.on_step(triangle, modulator.level, np.zeros(2001))
        weights.append(net.run(1000.0).weights(learned))
    net, modulator, learned = network(**rise)
    net.on_step(triangle, modulator.level, np.zeros(2001))
    net.run(500.0)
    weights.append(net.__copy__().run(500.0).weights(net.projections["source->cells"]))
    for other in weights[1:]:
        EXACT.check(other, weights[0])
    assert np.ptp(weights[0]) > 0.5


def spoil(step, level, value):
    if step == 7:
        level[0] = value


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("of", ["level", "release"])
def test_a_run_ends_where_a_callback_writes_what_is_not_a_number(of, value):
    net, modulator, _ = network()
    net.on_step(spoil, getattr(modulator, of), value)
    with pytest.raises(SimulationError, match=f"spoil wrote a {of} of 'third factor' that is infinite or NaN"):
        net.run(10.0)


@pytest.mark.parametrize("tau_rise", [50.0, 60.0, -1.0])
def test_an_eligibility_that_rises_as_slowly_as_it_decays_is_refused(tau_rise):
    with pytest.raises(ParameterError, match="tau_rise of DopamineSTDP: expected at least 0"):
        network(tau_rise=tau_rise)


def test_a_step_of_the_eligibility_has_the_same_integral_whatever_tau_rise_is():
    """A pair of spikes, and a modulator that stays at 1: in the end the weight has grown by A_plus K_plus tau_c."""
    grown = []
    for rise in (0.0, 5.0, 20.0):
        net = sl.Network(dt=0.1)
        modulator = net.modulator(tau=math.inf)
        net.release(modulator, [0.1], 1.0)
        source, cell = net.population(1, sl.SpikeList([10.0])), net.population(1, sl.Parrot())
        net.connect(net.population(1, sl.SpikeList([14.9])), cell, "exc", weight=1.0, delay=0.1)
        rule = sl.DopamineSTDP(modulator, A_plus=0.5, tau_plus=20.0, tau_c=40.0, tau_rise=rise, W_max=1e6)
        learned = net.connect(source, cell, "ignored", weight=10.0, delay=0.1, plasticity=rule)
        grown.append(net.run(2000.0).weights(learned)[0] - 10.0)
    # 1e-6: the weight itself has 16 digits, and what has grown is as large
    ULP(1e10, 10.0).check(grown, 0.5 * math.exp(-4.9 / 20.0) * 40.0)


@pytest.mark.parametrize("engine", ["nest", "brian2"])
def test_other_simulators_refuse_an_eligibility_that_rises(engine):
    pytest.importorskip(engine if engine == "brian2" else "nest")
    net, *_ = network(tau=200.0, tau_rise=10.0)
    with pytest.raises(DescriptionError, match="tau_rise"):
        net.run(10.0, engine=engine)


def test_nest_refuses_a_modulator_that_does_not_decay():
    pytest.importorskip("nest")
    net = sl.Network()
    modulator = net.modulator("third factor", tau=math.inf)
    source, cell = net.population(1, sl.SpikeList([1.0])), net.population(1, sl.LIF())
    net.connect(source, cell, weight=1.0, dendritic_delay=1.0, plasticity=sl.DopamineSTDP(modulator))
    with pytest.raises(DescriptionError, match="'third factor' cannot run on NEST: its dopamine decays"):
        net.run(10.0, engine="nest")


def count(step, fired, values):
    values[0] = 0.9 * values[0] + fired.sum()
    values[1] = step % 5


def following(threads=1, tau=math.inf):
    """Cells that learn from a modulator that follows a signal of two numbers and one of one: (network, learned)."""
    net, modulator, learned = network(tau, threads)
    counted, constant = net.signal("counted", size=2), net.signal("constant", initial=3.0)
    net.on_step(count, net.populations["cells"].fired(), counted.values)
    net.follow(modulator, counted, weight=[0.5, -1.0], derivative=[2.0, 0.0], offset=0.25)
    net.follow(modulator, constant, weight=0.1)
    net.record(modulator, "n", every=0.5)
    net.record(counted, every=0.5)
    return net, learned


def test_a_modulator_follows_signals_and_their_changes_one_step_later():
    net, _ = following()
    run = net.run(200.0)
    counted = np.concatenate([np.zeros((2, 2)), run.trace("counted", "value").values])
    n = run.trace("third factor", "n").values[:, 0]
    expected = counted[1:-1] @ [0.5, -1.0] + np.diff(counted[:-1, 0]) * 2.0 / 0.5 + 0.25 + 0.3
    ULP(10, 100.0).check(n, expected)
    assert n.min() < -1.0 and n.max() > 1.0


def test_learning_from_signals_is_the_same_on_any_number_of_threads_and_from_a_copy():
    weights = []
    for threads in (1, 2):
        net, learned = following(threads)
        weights.append(net.run(1000.0).weights(learned))
    net, _ = following()
    net.run(500.0)
    weights.append(net.__copy__().run(500.0).weights("source->cells"))
    for other in weights[1:]:
        EXACT.check(other, weights[0])
    assert np.ptp(weights[0]) > 0.5


def test_a_modulator_that_decays_cannot_follow():
    with pytest.raises(DescriptionError, match="'third factor' decays with 200 ms; expected one with tau=math.inf"):
        following(tau=200.0)


@pytest.mark.parametrize(
    ("weight", "complaint"),
    [([1.0, 2.0, 3.0], r"weight of modulator .*expected a finite number or \(2,\)"), (math.nan, "expected a finite")],
)
def test_weights_of_what_a_modulator_follows_are_one_for_each_number(weight, complaint):
    net, modulator, _ = network()
    with pytest.raises(DescriptionError, match=complaint):
        net.follow(modulator, net.signal("two", size=2), weight=weight)


def nothing(step, values):
    if step == 7:
        values[0] = math.nan


def test_a_run_ends_where_a_signal_that_a_modulator_follows_is_not_a_number():
    net, modulator, _ = network()
    signal = net.signal("value")
    net.on_step(nothing, signal.values)
    net.follow(modulator, signal)
    with pytest.raises(SimulationError, match="signal 'value', which a modulator follows, is infinite or NaN"):
        net.run(10.0)
    with pytest.raises(DescriptionError, match="expected finite initial values of signal 'none'"):
        net, modulator, _ = network()
        net.follow(modulator, net.signal("none", initial=math.nan))


def test_signals_and_modulators_of_other_networks_are_not_followed():
    (net, modulator, _), (other, foreign, _) = network(), network()
    with pytest.raises(DescriptionError, match="not one of this network"):
        net.follow(modulator, other.signal("theirs"))
    with pytest.raises(DescriptionError, match="not a modulator of this network"):
        net.follow(foreign, net.signal("ours"))


def add(step, release):
    release[0] += 1.0


def add_at_end(trial, phase, release):
    release[0] += 1.0


RELEASING = {
    "a release": lambda net, modulator: net.release(modulator, [1.0], 1.0),
    "a projection": lambda net, modulator: net.connect(net.populations["cells"], modulator),
    "the release of a callback": lambda net, modulator: net.on_step(add, modulator.release),
    "a release of phase 0": lambda net, modulator: sl.Phase(1.0, releases={modulator: 1.0}),
    "the release of a callback of phase 0": lambda net, modulator: sl.Phase(
        1.0, callback=sl.Callback(add_at_end, (modulator.release,))
    ),
}


@pytest.mark.parametrize("what", RELEASING)
def test_a_release_that_would_have_no_effect_on_a_modulator_that_follows_is_refused(what):
    net, _ = following()
    phase = RELEASING[what](net, net.modulators["third factor"])
    with pytest.raises(DescriptionError, match=f"'third factor' follows signals, so {what} has no effect"):
        net.run(trials=sl.Trials([phase], 1)) if isinstance(phase, sl.Phase) else net.run(1.0)
