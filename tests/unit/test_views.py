"""Views of populations: indexing, iterating, recording several of one population; counting synapses."""

import functools
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from tolerances import EXACT

import spikelearn as sl
from spikelearn.errors import DescriptionError, SpikelearnError
from spikelearn.plasticity import Trace
from spikelearn.units import ms, weight


class Parameters(NamedTuple):
    tau: ms = 10.0
    W_min: weight = 0.0
    W_max: weight = 100.0


def growth(V_m, event, gain):
    return gain


GROWTH = sl.SignalRule(
    name="Growth", Parameters=Parameters, pre=(Trace("x", "tau"),), reads=("V_m",), signal=growth,
    constants=lambda p, dt: {"gain": dt},
)  # fmt: skip


def gone(V_m, event, gain):
    return gain * event


def never_spiking():
    """A leaky neuron that emits a rate."""
    return sl.NeuronModel(
        name="rate cell", Parameters=LeakParameters, constants=lambda p, dt: {"leak": float(np.exp(-dt / p.tau_m))},
        step=leak, state={"V_m": "mV"}, ports={"exc": "mV"}, kinds=("rate",), initial=lambda p: {"V_m": 0.0},
    )()  # fmt: skip


class LeakParameters(NamedTuple):
    tau_m: ms = 10.0


def leak(V_m, in_exc, leak):
    return leak * V_m + in_exc, 16


def cells(size=8):
    net = sl.Network(dt=0.1, seed=1)
    return net, net.population(size, sl.LIF(I_e=500.0), name="c")


def test_populations_and_views_are_sequences_of_neurons():
    _, c = cells()
    assert [view.ids.tolist() for view in c] == [[k] for k in range(8)]
    assert [view.ids.tolist() for view in c[5:]] == [[5], [6], [7]]
    assert len(list(c)) == len(c) == 8 and len(list(c[2:4])) == 2


def test_views_of_views_count_from_0_within_them():
    _, c = cells()
    EXACT.check(c[5:][:2].ids, [5, 6])
    EXACT.check(c[[7, 1, 4]][[2, 0]].ids, [4, 7])
    EXACT.check(c[5:][-1].ids, [7])
    EXACT.check(c[5:][np.array([True, False, True])].ids, [5, 7])
    with pytest.raises(DescriptionError, match=r"'c': index 3 is out of range 0\.\.2"):
        c[5:][3]


def test_membership_is_that_of_indices_and_of_views():
    net, c = cells()
    other = net.population(8, sl.LIF())
    assert 5 in c and 0 in c and 8 not in c and -1 not in c
    assert 5 in c[5:] and 2 not in c[5:]
    assert c[2] in c and c[2:4] in c[:5] and c[2:7] not in c[:5] and other[2] not in c
    assert "5" not in c and None not in c and True not in c and 1.0 not in c


@pytest.mark.parametrize(
    "which",
    [slice("a"), slice(0, 3, 0), None, "x", 1.5, [1.5], [[1]], np.ma.array([1]), {}, [True], 1j, 2**70],
)
def test_what_selects_no_neurons_is_refused(which):
    _, c = cells()
    for part in (c, c[:5]):
        with pytest.raises(DescriptionError, match="population 'c': "):
            part[which]


def test_ids_of_views_are_their_own_and_read_only():
    _, c = cells()
    chosen = np.array([1, 2])
    view = c[chosen]
    chosen[:] = 7
    EXACT.check(view.ids, [1, 2])
    with pytest.raises(ValueError, match="read-only"):
        view.ids[:] = 0


def test_recordings_of_several_views_are_one():
    net, c = cells()
    net.record(c[:2])
    net.record(c[6:])
    net.record(c[1:3], ["V_m"], every=1.0)
    net.record(c[5], ["V_m"], every=1.0)
    run = net.run(40.0)
    whole, c_too = cells()
    whole.record(c_too, ["spikes", "V_m"])
    expected = whole.run(40.0)
    assert set(run.spikes(c).ids.tolist()) == {0, 1, 6, 7}
    EXACT.check(run.spikes(c[6:]).times, expected.spikes(c_too[6:]).times)
    EXACT.check(run.trace(c, "V_m").ids, [1, 2, 5])
    EXACT.check(run.trace(c[5], "V_m").values, expected.trace(c_too[5], "V_m").values[9::10])


def test_what_was_not_recorded_is_an_error_that_says_what_was(tmp_path):
    net, c = cells()
    net.record(c[:2])
    net.record(c[:2], "V_m")
    run = net.run(20.0)
    for found in (run, run.joined(net.run(20.0)), saved(run, tmp_path / "run.h5")):
        assert len(found.spikes(c[:2]).times) == len(found.spikes(c).times) > 0
        with pytest.raises(
            DescriptionError, match="'spike' of 'c' was not recorded from neurons 4, 5; it was from 0, 1"
        ):
            found.spikes(c[4:6])
        with pytest.raises(DescriptionError, match="'V_m' of 'c' was not recorded from neurons 2; it was from 0, 1"):
            found.trace(c[1:3], "V_m")


def saved(run, path):
    from spikelearn import io

    io.save(run, path)
    return io.load(path)


def test_what_is_recorded_alike_twice_is_refused():
    net, c = cells()
    net.record(c[:2], "V_m", every=1.0)
    with pytest.raises(DescriptionError, match="'V_m' is already recorded; give it a name to record it twice"):
        net.record(c[:1], "V_m", every=1.0)


def test_events_and_a_state_of_the_same_name_are_recorded_beside_each_other():
    net = sl.Network(seed=1)
    p = net.population(3, sl.LIFDendriticSpike(), name="p")
    net.record(p, "plateaus")
    net.record(p, "plateau")
    run = net.run(2.0)
    assert run.trace(p, "plateau").values.shape == (20, 3) and len(run.spikes(p, "plateau").times) == 0


@pytest.mark.parametrize("variables", [5, [None], ["spikes", 5], b"spikes", [["spikes"]]], ids=repr)
def test_variables_are_named(variables):
    net, c = cells()
    with pytest.raises(SpikelearnError, match="recording of 'c': expected"):
        net.record(c, variables)


def test_a_record_that_fails_records_nothing():
    net, c = cells()
    with pytest.raises(DescriptionError, match="V_n"):
        net.record(c, ["spikes", "V_n"])
    net.record(c, ["spikes", "V_m"])
    assert len(net.run(20.0).spikes(c).times) > 0


@pytest.mark.parametrize(
    "rule",
    [
        sl.AllToAll(), sl.AllToAll(autapses=False), sl.OneToOne(), sl.FixedProbability(0.4), sl.FixedInDegree(3),
        sl.FixedOutDegree(2), sl.FixedTotalNumber(13), sl.Pairs([1, 2, 2], [0, 0, 7]),
    ],
    ids=repr,
)  # fmt: skip
def test_the_length_of_a_projection_is_its_number_of_synapses(rule):
    net, c = cells()
    p = net.connect(c, c, "exc", rule)
    assert len(p) == len(net.run(0.0).weights(p)) and p


def test_a_projection_without_synapses_is_true():
    net, c = cells()
    p = net.connect(c, c, "exc", sl.FixedInDegree(0))
    assert len(p) == 0 and p


def test_results_are_read_only():
    net, c = cells()
    p = net.connect(c, c, "exc", sl.OneToOne(), weight=1.0)
    net.record(c, ["spikes", "V_m"])
    run = net.run(20.0)
    found = [
        *run.spikes(c),
        *run.spikes(c[:2]),
        *run.trace(c, "V_m")[:3],
        *run.trace(c[:2], "V_m")[:3],
        *run.synapses(p),
    ]
    for array in [*found, run.weights(p)]:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    assert run.weights(p).sum() == 8.0


def test_scaling_needs_a_target_with_spikes():
    net = sl.Network()
    source, target = net.population(2, sl.Poisson(1.0)), net.population(2, never_spiking(), name="rate cells")
    p = net.connect(source, target, "exc", name="p")
    with pytest.raises(DescriptionError, match="SynapticScaling of projection 'p'.*'rate cells' .* emits no 'spike'"):
        net.homeostasis(p, sl.SynapticScaling(5.0, 100.0, 0.1, 10.0))


def test_a_signal_rule_that_ignores_events_needs_none():
    net = sl.Network(seed=1)
    source, target = net.population(2, sl.Poisson(200.0)), net.population(2, never_spiking(), name="rate cells")
    for rule, learns_from in ((GROWTH, "spike"), (replace(GROWTH, name="Gone", signal=gone), None)):
        with pytest.raises(DescriptionError, match="'rate cells' .* emits no 'spike'"):
            net.connect(source, target, "exc", plasticity=rule(), learns_from=learns_from)
    assert net.connect(source, target, "exc", weight=1.0, plasticity=GROWTH()).learns_from == "rate"


@pytest.mark.slow
def test_a_signal_rule_without_events_learns():
    net = sl.Network(seed=1)
    source, target = net.population(2, sl.Poisson(200.0)), net.population(2, never_spiking(), name="rate cells")
    p = net.connect(source, target, "exc", weight=1.0, plasticity=GROWTH())
    assert np.all(net.run(50.0).weights(p) > 1.0)


@pytest.mark.parametrize(
    "function", [None, 5, "f", print, functools.partial(max, 1), np.sin, object.__init__, [len]], ids=repr
)
def test_a_callback_is_a_function(function):
    net, _ = cells()
    with pytest.raises(DescriptionError, match="Callback: expected a function"):
        net.on_step(function)


def test_a_callback_takes_what_it_is_called_with():
    net, c = cells()
    for function, arguments in ((lambda: None, ()), (lambda step, x: None, ()), (lambda step: None, (c.fired(),))):
        with pytest.raises(DescriptionError, match=r"callback <lambda>: it is called with \(step"):
            net.on_step(function, *arguments)
    with pytest.raises(DescriptionError, match=r"it is called with \(trial, phase\), but is <lambda>\(trial\)"):
        sl.Phase(1.0, callback=sl.Callback(lambda trial: None))


ARRAYS = [
    np.array(["a"]), np.zeros(2, bool), np.zeros(2, complex), np.ma.zeros(2), np.zeros(2, "f2"), np.zeros(2, ">f8"),
    10**30, None, "x", [1], 1j, np.array([None]),
]  # fmt: skip


@pytest.mark.parametrize("argument", ARRAYS, ids=lambda a: f"{type(a).__name__} {getattr(a, 'dtype', a)}")
def test_arguments_of_callbacks_are_what_compiled_code_takes(argument):
    net, _ = cells()
    with pytest.raises(DescriptionError, match="callback <lambda>: "):
        net.on_step(lambda step, x: None, argument)


@pytest.mark.parametrize("n", [None, 0, 1.5, "2", [2], True, float("nan"), -1], ids=repr)
def test_a_number_of_trials_is_whole(n):
    with pytest.raises(SpikelearnError, match="n of Trials: expected a whole number of at least 1"):
        sl.Trials([sl.Phase(1.0)], n)


@pytest.mark.parametrize("phases", [None, [], (), sl.Phase(1.0), [None], "x", 5], ids=repr)
def test_phases_are_a_list(phases):
    with pytest.raises(SpikelearnError, match="Trials: expected"):
        sl.Trials(phases, 2)
