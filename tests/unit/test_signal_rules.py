"""A SignalRule says what is wrong with it when it is made, and what does not suit it when it is used."""

from typing import NamedTuple

import numpy as np
import pytest

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.plasticity import Trace
from spikelearn.units import ms, number, weight


class Parameters(NamedTuple):
    tau: ms = 10.0
    late: ms = 1.0
    W_min: weight = 0.0
    W_max: weight = 1.0


def signal(V_m, event, gain):
    return gain * V_m


def made(**changed):
    given = {
        "name": "Mine",
        "Parameters": Parameters,
        "pre": (Trace("x", "tau"),),
        "reads": ("V_m",),
        "signal": signal,
        "constants": lambda p, dt: {"gain": dt},
    }
    return sl.SignalRule(**given | changed)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"pre": (Trace("x", "tau_x"),)}, "'Mine' has no parameter tau_x"),
        ({"pre": ()}, "expected at least one trace"),
        ({"modulated": True}, "has no parameter b, tau_c"),
        ({"modulated_by": "L"}, "has no parameter tau_c"),
        ({"modulated_by": "L", "low_pass": True}, "has no parameter tau_c"),
        ({"reads": ("V_m", "u")}, r"signal of .* takes \(V_m, event, gain\), expected \(V_m, u, event"),
        ({"seen": ("w",)}, "seen names w; there are: V_m"),
        ({"delayed": {"w": "late"}}, "delayed names w; there are: V_m"),
        ({"delayed": {"V_m": "later"}}, "has no parameter later"),
        ({"state": {"u": "V_m"}}, "expected state and advance together"),
        ({"limits": "both"}, "expected limits 'learned' or 'sent', got 'both'"),
        ({"on_pre": lambda weight, x: weight}, r"on_pre of .* takes \(weight, x\)"),
    ],
)
def test_what_does_not_fit_together_is_named(changed, message):
    with pytest.raises(DescriptionError, match=message):
        made(**changed)


def test_a_target_without_the_variable_that_is_read_is_named():
    net = sl.Network()
    source, target = net.population(1, sl.Poisson(10.0)), net.population(1, sl.Pyramidal(), name="pyramidal")
    with pytest.raises(DescriptionError, match="Clopath reads it: population 'pyramidal' .* has no state 'V_m'"):
        net.connect(source, target, plasticity=sl.Clopath())


class FilteredParameters(NamedTuple):
    tau: ms = 10.0
    tau_c: ms = 10.0
    b: number = 0.0
    W_min: weight = 0.0
    W_max: weight = 1.0


@pytest.mark.parametrize("also", ["low_pass", "modulated"])
def test_there_is_one_third_factor(also):
    with pytest.raises(DescriptionError, match="expected one of modulated, low_pass and modulated_by, got several"):
        made(**{"Parameters": FilteredParameters, "modulated_by": "V_m", also: True})


def test_a_target_without_the_third_factor_is_named():
    net = sl.Network()
    source, target = net.population(1, sl.Poisson(10.0)), net.population(1, sl.LIF(), name="lif")
    rule = made(Parameters=FilteredParameters, modulated_by="L")
    with pytest.raises(DescriptionError, match="Mine reads it: population 'lif' .* has no state 'L'"):
        net.connect(source, target, plasticity=rule())


def silent(V_m, in_exc, decay):
    return V_m * decay + in_exc, np.uint8(0)


@pytest.mark.parametrize("modulated_by", ["", "V_m"])
def test_a_target_need_not_spike_if_the_rule_does_not_learn_from_its_events(modulated_by):
    model = sl.NeuronModel(
        "Silent", Parameters, lambda p, dt: {"decay": 0.9}, silent, state={"V_m": "1"}, ports={"exc": "1"},
        initial=lambda p: {}, kinds=("rate",),
    )  # fmt: skip
    net = sl.Network(dt=1.0)
    source, target = net.population(1, sl.SpikeList([1.0])), net.population(1, model(), name="silent")
    rule = made(Parameters=FilteredParameters, modulated_by=modulated_by)
    learning = net.connect(source, target, weight=0.5, delay=1.0, plasticity=rule())
    with pytest.raises(DescriptionError, match="population 'silent' .* emits no 'spike'"):
        net.connect(source, target, plasticity=sl.STDP())
    assert net.run(3.0).weights(learning)[0] > 0.5


@pytest.mark.parametrize("amplitude", [0.0, float("nan")])
def test_a_trace_without_an_amplitude_is_refused(amplitude):
    with pytest.raises(DescriptionError, match="trace 'x': expected an amplitude other than 0"):
        Trace("x", "tau", amplitude=amplitude)


def test_a_rule_that_learns_at_events_reads_no_amplitudes_and_says_so():
    with pytest.raises(DescriptionError, match="trace 'x' has an amplitude, which only a SignalRule reads"):
        sl.PlasticityRule(
            "Mine", Parameters, pre=(Trace("x", "tau", amplitude=-1.0),), post=(), on_pre=lambda weight, x: weight,
            on_post=lambda weight, x: weight, constants=lambda p, dt: {},
        )  # fmt: skip


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"delay_u_bars": -1.0}, "delay_u_bars of Clopath, the delay of u_bar_minus: expected at least 0 ms"),
        ({"A_LTP": -1.0}, "A_LTP and A_LTD of at least 0"),
        ({"W_min": 1.0, "W_max": 1.0}, "W_min must be below W_max"),
        ({"tau_z": 1.0}, "has no parameter 'tau_z'"),
    ],
)
def test_parameters_that_cannot_be_are_named(parameters, message):
    with pytest.raises(ParameterError, match=message):
        sl.Clopath(**parameters)


def test_a_rule_that_learns_from_a_modulator_needs_one():
    with pytest.raises(DescriptionError, match="PolicyGradient learns from a modulator"):
        sl.PolicyGradient()


def test_names_of_constants_and_traces_may_be_those_that_the_engine_uses():
    net = sl.Network(dt=1.0)
    rule = made(
        pre=(Trace("weight", "tau"), Trace("c", "tau")),
        signal=lambda V_m, event, step, N, rows: step * V_m,
        constants=lambda p, dt: {"step": 0.001 * dt, "N": 0.0, "rows": 0.0},
    )
    target = net.population(1, sl.LIF())
    synapses = net.connect(net.population(1, sl.SpikeList([2.0])), target, weight=0.5, plasticity=rule())
    # twice a trace from 3 to 5 ms, at -70 mV and some microvolts of its own input
    decay = 2.718281828459045**-0.1
    expected = 0.5 - 2 * 0.070 * (1 + decay + decay**2)
    assert net.run(5.0).weights(synapses)[0] == pytest.approx(expected, rel=1e-3)


def test_an_eligibility_that_cannot_rise_may_be_as_short_as_one_likes():
    assert sl.Urbanczik(tau_c=0.5).parameters.tau_c == 0.5


def test_a_spike_that_is_forced_where_none_was_expected_teaches_nothing():
    signal = sl.PolicyGradient.signal
    python = getattr(signal, "py_func", signal)
    assert python(0.0, 1.0, 2.0, 0.1) == 0.0
    assert python(5.0, 1.0, 2.0, 0.1) > 0.0 > python(5.0, 0.0, 2.0, 0.1)
