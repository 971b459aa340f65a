"""Bad input raises before anything is simulated, and the message says what, where, and what was expected."""

import re
import subprocess
import sys

import numpy as np
import pytest
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError, SpikelearnError, UnitError

NAN, INF = float("nan"), float("inf")


def network():
    net = sl.Network(dt=0.1, seed=1)
    parts = {
        "net": net,
        "dopamine": net.modulator("dopamine"),
        "inp": net.population(4, sl.Poisson(20.0), name="input"),
        "lif": net.population(3, sl.LIF(), name="cells"),
        "pyr": net.population(3, sl.Pyramidal(), name="pyramidal"),
    }
    parts["ff"] = net.connect(parts["inp"], parts["lif"], "exc", weight=50.0, plasticity=sl.STDP(), name="feedforward")
    return parts


def bad(error, *words, id):
    """A case: what raises, and words that its message must have."""
    return lambda action: pytest.param(action, error, words, id=id)


CASES = [
    # unknown names, with the nearest that there is
    bad(ParameterError, "LIF", "'tau_n'", "tau_m", id="unknown parameter of a neuron")(lambda k: sl.LIF(tau_n=10.0)),
    bad(ParameterError, "STDP", "'lambda'", "lambda_", id="unknown parameter of a rule")(
        lambda k: sl.STDP(**{"lambda": 1.0})
    ),
    bad(ParameterError, "Mongillo", "'tau_d'", "tau_D", id="unknown parameter of a synapse")(
        lambda k: sl.Mongillo(tau_d=1.0)
    ),
    bad(DescriptionError, "LIF", "'exx'", "'exc'", "inh", id="unknown port")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exx")
    ),
    bad(DescriptionError, "LIF", "'soma_exc'", "it has: exc, inh", id="teacher of a neuron without a port for it")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "soma_exc")
    ),
    bad(
        DescriptionError, "Pyramidal", "'soma_exc'", "for currents: soma, apical", id="teaching current without a port"
    )(lambda k: k["net"].drive(k["pyr"], sl.StepCurrent([0.0], [100.0]), "soma_exc")),
    bad(
        DescriptionError,
        "Urbanczik reads it",
        "'cells' (LIF)",
        "'rho_star'",
        id="prediction by a cell without dendrite",
    )(lambda k: k["net"].connect(k["inp"], k["lif"], "exc", weight=50.0, plasticity=sl.Urbanczik())),
    bad(DescriptionError, "input", "'burst'", "spike", id="unknown kind")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", on="burst")
    ),
    bad(DescriptionError, "cells", "'bursts'", "spike", id="rule that learns from an unknown kind")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", plasticity=sl.STDP(), learns_from="bursts")
    ),
    bad(DescriptionError, "cells", "'burst'", id="rule whose own kind the target lacks")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", plasticity=sl.DopamineBursts(k["dopamine"]))
    ),
    bad(DescriptionError, "'x'", "LIF()", "Poisson(rate=20)", id="unknown model")(
        lambda k: k["net"].population(3, "LIF", name="x")
    ),
    bad(DescriptionError, "input", "accepts no input", id="input to a source")(
        lambda k: k["net"].connect(k["lif"], k["inp"])
    ),
    bad(DescriptionError, "cells", "'V'", "V_m", id="recording what does not exist")(
        lambda k: k["net"].record(k["lif"], "V")
    ),
    bad(DescriptionError, "cells", "'bursts'", "spikes", id="recording a kind that is not emitted")(
        lambda k: k["net"].record(k["lif"], "bursts")
    ),
    bad(DescriptionError, "feedforward", "'c'", "weight", id="recording an eligibility that does not exist")(
        lambda k: k["net"].record(k["ff"], "c")
    ),
    bad(DescriptionError, "dopamine", "'V_m'", "n", id="recording a state of a modulator")(
        lambda k: k["net"].record(k["dopamine"], "V_m")
    ),
    bad(DescriptionError, "record", "not a population", id="recording a number")(lambda k: k["net"].record(3, "V_m")),
    bad(DescriptionError, "cells", "'V_m'", "already recorded", id="recording twice")(
        lambda k: [k["net"].record(k["lif"], "V_m") for _ in range(2)]
    ),
    bad(DescriptionError, "cells", "'V'", "V_m", id="unknown initial state")(
        lambda k: k["net"].population(2, sl.LIF(), name="cells 2", initial={"V": -60.0})
    ),
    bad(DescriptionError, "inh", "exc", id="current through a port that takes none")(
        lambda k: k["net"].drive(k["lif"], sl.StepCurrent([1.0], [5.0]), "inh")
    ),
    bad(DescriptionError, "'cells'", "already in use", id="a name twice")(
        lambda k: k["net"].population(1, sl.LIF(), name="cells")
    ),
    bad(DescriptionError, "source", id="population of another network")(
        lambda k: k["net"].connect(network()["inp"], k["lif"], "exc")
    ),
    bad(DescriptionError, "modulator", "network", id="modulator of another network")(
        lambda k: k["net"].connect(
            k["inp"], k["lif"], "exc", plasticity=sl.DopamineSTDP(network()["dopamine"], W_max=100.0)
        )
    ),
    bad(DescriptionError, "DopamineSTDP", "modulator", id="modulated rule without its modulator")(
        lambda k: sl.DopamineSTDP()
    ),
    # values out of range
    bad(ParameterError, "dt of Network", "more than 0 ms", id="dt of zero")(lambda k: sl.Network(dt=0.0)),
    bad(ParameterError, "dt of Network", "nan", id="dt of NaN")(lambda k: sl.Network(dt=NAN)),
    bad(ParameterError, "seed of Network", "-1", id="negative seed")(lambda k: sl.Network(seed=-1)),
    bad(ParameterError, "tau_m of LIF", "more than 0 ms", "-10", id="negative tau")(lambda k: sl.LIF(tau_m=-10.0)),
    bad(ParameterError, "tau_m of LIF", "more than 0 ms", "got 0", id="tau of zero")(lambda k: sl.LIF(tau_m=0.0)),
    bad(ParameterError, "tau_m of LIF", "finite", "nan", id="tau of NaN")(lambda k: sl.LIF(tau_m=NAN)),
    bad(ParameterError, "tau_m of LIF", "index 1", "nan", id="one tau of NaN")(lambda k: sl.LIF(tau_m=[10.0, NAN])),
    bad(ParameterError, "t_ref of LIF", "at least 0 ms", id="negative refractory period")(lambda k: sl.LIF(t_ref=-1.0)),
    bad(ParameterError, "V_reset", "V_th", id="reset above threshold")(lambda k: sl.LIF(V_reset=-50.0)),
    bad(ParameterError, "tau_plus of STDP", "more than 0 ms", id="negative tau of a rule")(
        lambda k: sl.STDP(tau_plus=-1.0)
    ),
    bad(ParameterError, "tau_plus of STDP", "one number", id="tau of a rule for each synapse")(
        lambda k: sl.STDP(tau_plus=[1.0, 2.0])
    ),
    bad(ParameterError, "W_min", "W_max", id="limits of weights upside down")(
        lambda k: sl.STDP(W_min=100.0, W_max=1.0)
    ),
    bad(ParameterError, "Mongillo", "0 < U <= 1", id="release above one")(lambda k: sl.Mongillo(U=1.5)),
    bad(ParameterError, "tau of modulator", "more than 0 ms", id="negative tau of a modulator")(
        lambda k: k["net"].modulator("serotonin", tau=-5.0)
    ),
    bad(ParameterError, "rate", "-5", id="negative rate")(lambda k: sl.Poisson(-5.0)),
    bad(ParameterError, "rate", id="rate of NaN")(lambda k: sl.Poisson(NAN)),
    bad(DescriptionError, "20000", "10000", "most once", id="rate above one spike a step")(
        lambda k: (k["net"].population(1, sl.Poisson(20000.0)), k["net"].run(1.0))
    ),
    bad(ParameterError, "times of SpikeList", "from 0 ms on", "-1 ms", "index 1", id="spike before the start")(
        lambda k: sl.SpikeList([2.0, -1.0])
    ),
    bad(ParameterError, "rate of PoissonInput", "at least 0 Hz", "-3 Hz", id="negative rate of an input")(
        lambda k: sl.PoissonInput(-3.0)
    ),
    bad(ParameterError, "Images", "from 0 to 1", "0 to 255", id="images of bytes")(lambda k: sl.Images([[0.0, 255.0]])),
    bad(UnitError, "images of Images", "'x'", id="images that are none")(lambda k: sl.Images("x")),
    bad(ParameterError, "'list'", "0 or 0.1 ms", "0.02 ms", id="run of a spike within the first step")(
        lambda k: (k["net"].population(1, sl.SpikeList([0.02]), name="list"), k["net"].run(1.0))
    ),
    bad(DescriptionError, "'list'", "at most once", "neuron 1", "2 ms", id="two spikes of a neuron in a step")(
        lambda k: k["net"].population(2, sl.SpikeList([2.0, 2.0, 20 * 0.1], [0, 1, 1]), name="list")
    ),
    bad(ParameterError, "NoiseCurrent", "std", id="negative noise")(lambda k: sl.NoiseCurrent(std=-1.0)),
    bad(ParameterError, "StepCurrent", "ascending", id="step currents out of order")(
        lambda k: sl.StepCurrent([5.0, 1.0], [1.0, 2.0])
    ),
    bad(ParameterError, "release", "finite", id="release at NaN")(lambda k: k["net"].release(k["dopamine"], [NAN])),
    bad(ParameterError, "release", "0.1 ms", "0.01", id="release before the end of the first step")(
        lambda k: k["net"].release(k["dopamine"], [0.01])
    ),
    bad(ParameterError, "weight of projection 'w'", "finite", "nan", id="weight of NaN")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", weight=NAN, name="w")
    ),
    bad(ParameterError, "weight of projection 'w'", "inf", "(1, 2)", id="one infinite weight")(
        lambda k: k["net"].connect(
            k["inp"], k["lif"], "exc", weight=np.where(np.arange(12) == 5, INF, 1.0).reshape(4, 3), name="w"
        )
    ),
    bad(ParameterError, "weight of projection 'w'", "0 to 100", "W_max", "150", id="weight above its limit")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", weight=150.0, plasticity=sl.STDP(), name="w")
    ),
    bad(ParameterError, "weight of projection 'w'", "0 to 100", "W_max", "low=", id="weights drawn beyond their limit")(
        lambda k: (
            k["net"].connect(k["inp"], k["lif"], "exc", weight=sl.Normal(50.0, 100.0), plasticity=sl.STDP(), name="w"),
            k["net"].run(1.0),
        )
    ),
    bad(DescriptionError, "delay of projection 'd'", "dt = 0.1 ms", "0.05", id="delay below dt")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", delay=0.05, name="d")
    ),
    bad(DescriptionError, "delay of projection 'd'", "dt = 0.1 ms", id="some delays below dt")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", sl.Pairs([0, 1], [0, 1]), delay=[1.0, 0.0], name="d")
    ),
    bad(DescriptionError, "delay of projection 'd'", "dt = 0.1 ms", id="delays drawn from below dt")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", delay=sl.Uniform(0.0, 5.0), name="d")
    ),
    bad(ParameterError, "delay of projection 'd'", "-1", id="negative delay")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", delay=-1.0, name="d")
    ),
    bad(ParameterError, "delay of projection 'd'", "nan", id="delay of NaN")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", delay=NAN, name="d")
    ),
    bad(DescriptionError, "'d'", "axonal", id="two kinds of delay")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", delay=1.0, axonal_delay=1.0, name="d")
    ),
    bad(DescriptionError, "'d'", "shorter than", id="delay beyond what fits")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", delay=1e5, name="d")
    ),
    bad(DescriptionError, "'d'", "DopamineBursts", "axonal", id="dendritic delay of a rule with means")(
        lambda k: k["net"].connect(
            k["inp"], k["pyr"], "basal", dendritic_delay=1.0, plasticity=sl.DopamineBursts(k["dopamine"]), name="d"
        )
    ),
    bad(ParameterError, "p of FixedProbability", "from 0 to 1", "1.5", id="probability above one")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", sl.FixedProbability(1.5))
    ),
    bad(DescriptionError, "FixedInDegree", "5", "there are 4", id="more partners than there are")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", sl.FixedInDegree(5, multapses=False))
    ),
    bad(DescriptionError, "FixedTotalNumber", "13", "12", id="more pairs than there are")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", sl.FixedTotalNumber(13, multapses=False))
    ),
    bad(ParameterError, "duration", "at least 0 ms", id="negative duration")(lambda k: k["net"].run(-1.0)),
    bad(ParameterError, "duration", "nan", id="duration of NaN")(lambda k: k["net"].run(NAN)),
    bad(DescriptionError, "duration", "trials", id="run of nothing")(lambda k: k["net"].run()),
    bad(ParameterError, "phase 0", "at least dt", id="phase shorter than a step")(
        lambda k: k["net"].run(trials=sl.Trials([sl.Phase(0.01)], 2))
    ),
    bad(DescriptionError, "engine", "compiled", "'fast'", id="unknown engine")(
        lambda k: k["net"].run(1.0, engine="fast")
    ),
    bad(ParameterError, "every", "at least dt", id="recording more often than every step")(
        lambda k: k["net"].record(k["lif"], "V_m", every=0.01)
    ),
    # shapes and indices
    bad(DescriptionError, "'p'", "tau_m", "3", "(2,)", id="parameters of the wrong shape")(
        lambda k: k["net"].population(3, sl.LIF(tau_m=[10.0, 20.0]), name="p")
    ),
    bad(DescriptionError, "'p'", "rate", "3", id="rates of the wrong shape")(
        lambda k: k["net"].population(3, sl.Poisson([1.0, 2.0]), name="p")
    ),
    bad(DescriptionError, "initial V_m", "'p'", "3 values", "(2,)", id="initial values of the wrong shape")(
        lambda k: k["net"].population(3, sl.LIF(), name="p", initial={"V_m": [-60.0, -61.0]})
    ),
    bad(DescriptionError, "weight of projection 'w'", "(4, 3)", "(3, 4)", id="weights of the wrong shape")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", weight=np.ones((3, 4)), name="w")
    ),
    bad(DescriptionError, "weight of projection 'w'", "FixedProbability", id="weights one by one of a random rule")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", sl.FixedProbability(0.5), weight=np.ones(6), name="w")
    ),
    bad(DescriptionError, "OneToOne", "4", "3", id="one to one of unequal sizes")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", sl.OneToOne())
    ),
    bad(DescriptionError, "Pairs", "index 4", "0..3", id="index of a pair out of range")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", sl.Pairs([0, 4], [0, 0]))
    ),
    bad(DescriptionError, "Pairs", "2", "1", id="pairs of unequal length")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", sl.Pairs([0, 1], [0]))
    ),
    bad(DescriptionError, "Pairs", "whole numbers", id="pairs of fractions")(
        lambda k: k["net"].connect(k["inp"], k["lif"], "exc", sl.Pairs([0.5], [0]))
    ),
    bad(DescriptionError, "cells", "index 7", "0..2", id="index of a view out of range")(lambda k: k["lif"][[0, 7]]),
    bad(DescriptionError, "inp", "occurs 2 times", id="connecting a view with a neuron twice")(
        lambda k: k["net"].connect(k["inp"][[0, 2, 0]], k["lif"], "exc")
    ),
    bad(DescriptionError, "'s'", "id 2", "0..1", id="id of a spike list out of range")(
        lambda k: k["net"].population(2, sl.SpikeList([1.0], [2]), name="s")
    ),
    bad(DescriptionError, "SpikeList", "(2,)", "(1,)", id="spike list of unequal lengths")(
        lambda k: sl.SpikeList([1.0, 2.0], [0])
    ),
    bad(DescriptionError, "StepCurrent", "(2,)", id="step current of unequal lengths")(
        lambda k: sl.StepCurrent([1.0, 2.0], [1.0])
    ),
    bad(DescriptionError, "release", "2", id="amounts of unequal length")(
        lambda k: k["net"].release(k["dopamine"], [1.0, 2.0], [1.0, 2.0, 3.0])
    ),
    bad(DescriptionError, "rates of phase 0", "(4,)", "(3,)", id="rates of a phase of the wrong shape")(
        lambda k: k["net"].run(trials=sl.Trials([sl.Phase(1.0, rates={k["inp"]: np.ones(3)})], 2))
    ),
    bad(ParameterError, "size of population", "at least 1", "0", id="empty population")(
        lambda k: k["net"].population(0, sl.LIF())
    ),
    bad(DescriptionError, "no populations", id="empty network")(lambda k: sl.Network().run(1.0)),
    bad(DescriptionError, "callback", "references", "'x'", id="text for a callback")(
        lambda k: k["net"].on_step(lambda step, x: None, "x")
    ),
    bad(DescriptionError, "contiguous", id="array with gaps for a callback")(
        lambda k: (k["net"].on_step(lambda step, a: None, np.zeros(6)[::2]), k["net"].run(1.0))
    ),
    bad(DescriptionError, "reset of phase 0", "'static'", "not plastic", id="reset of static synapses")(
        lambda k: k["net"].run(
            trials=sl.Trials([sl.Phase(1.0, reset=[k["net"].connect(k["inp"], k["lif"], "exc", name="static")])], 2)
        )
    ),
    bad(DescriptionError, "NMDA", "does not learn", "no plasticity rule", "STDP", id="a graded synapse that learns")(
        lambda k: k["net"].connect(
            k["inp"], k["net"].population(1, sl.LIFNMDA()), "nmda", plasticity=sl.STDP(), synapse=sl.NMDA()
        )
    ),
    # not a number at all
    bad(UnitError, "tau_m of LIF", "ms", "'10 ms'", id="text as a number")(lambda k: sl.LIF(tau_m="10 ms")),
    bad(UnitError, "tau_m of LIF", "ms", "None", id="nothing as a number")(lambda k: sl.LIF(tau_m=None)),
    bad(UnitError, "V_m", "mV", id="text as an initial value")(
        lambda k: k["net"].population(1, sl.LIF(), initial={"V_m": "rest"})
    ),
]


@pytest.mark.parametrize(("action", "error", "words"), CASES)
def test_bad_input_is_refused_with_what_where_and_what_was_expected(action, error, words):
    with pytest.raises(error) as raised:
        action(network())
    assert type(raised.value) is error
    for word in words:
        assert word in str(raised.value), f"{word!r} is missing in: {raised.value}"


def test_a_network_that_refused_something_is_as_it_was():
    parts = network()
    net = parts["net"]
    for case in CASES:
        if not re.search(
            r"run|adding|engine|rate above|delay beyond|recording twice|phase|duration|callback|reset|weights drawn",
            case.id,
        ):
            with pytest.raises(sl.errors.SpikelearnError):
                case.values[0](parts)
    net.record(parts["inp"])
    untouched = network()
    untouched["net"].record(untouched["inp"])
    EXACT.check(net.run(50.0).spikes("input").times, untouched["net"].run(50.0).spikes("input").times)


def test_asking_a_run_for_what_was_not_recorded_names_what_was():
    parts = network()
    parts["net"].record(parts["lif"], "V_m")
    run = parts["net"].run(1.0)
    with pytest.raises(DescriptionError, match="'spike' of 'cells' was not recorded"):
        run.spikes(parts["lif"])
    with pytest.raises(DescriptionError, match=r"'I_syn_exc' of 'cells'.*cells \(V_m\)"):
        run.trace(parts["lif"], "I_syn_exc")
    with pytest.raises(DescriptionError, match=r"'feedback'.*feedforward"):
        run.weights("feedback")


# Definitions of models check themselves


def test_a_neuron_model_whose_step_does_not_fit_its_names_is_refused():
    lif = sl.LIF
    with pytest.raises(DescriptionError, match=r"step of neuron model 'wrong' takes .*V_m.*but its state"):
        sl.NeuronModel("wrong", lif.Parameters, lif.constants, lif.step, state={"V": "mV"}, ports=lif.ports)


def test_a_plasticity_rule_without_its_limits_is_refused():
    stdp = sl.STDP
    with pytest.raises(DescriptionError, match="plasticity rule 'wrong' has no parameter W_max, W_min"):
        sl.PlasticityRule("wrong", sl.LIF.Parameters, (), (), stdp.on_pre, stdp.on_post, stdp.constants)


# Units


@pytest.fixture(scope="module")
def brian2():
    from oracles import brian2_oracle

    return brian2_oracle.import_brian2()


def test_a_list_of_quantities_is_the_array_of_them(brian2):
    ms, second, nA, pA = brian2.ms, brian2.second, brian2.nA, brian2.pA
    EXACT.check(sl.LIF(tau_m=[10 * ms, 20 * ms, 30]).parameters.tau_m, np.array([10.0, 20.0, 30.0]))
    current = sl.StepCurrent((0.5 * second, 600 * ms), [[1 * nA, 2 * pA], np.array([3, 4]) * pA])
    ULP(2).check(current.times, [500.0, 600.0])
    ULP(2).check(current.values, [[1000.0, 2.0], [3.0, 4.0]])
    objects = np.empty(2, object)
    objects[:] = [1 * second, 2 * ms]
    ULP(2).check(sl.SpikeList(objects, [0, 0]).times, [1000.0, 2.0])
    with pytest.raises(UnitError, match="tau_m of LIF, index 1: expected ms, got .*mvolt"):
        sl.LIF(tau_m=[10 * ms, 20 * brian2.mV])


def test_quantities_of_brian2_are_the_numbers_that_they_stand_for(brian2):
    ms, mV, pA, nS, Hz, second = brian2.ms, brian2.mV, brian2.pA, brian2.nS, brian2.Hz, brian2.second
    net = sl.Network(dt=0.0001 * second, seed=1)
    source = net.population(3, sl.Poisson([20, 30, 40] * brian2.kHz / 10), name="source")
    cells = net.population(
        2, sl.LIF(tau_m=0.012 * second, V_th=-0.05 * brian2.volt, C_m=200 * brian2.pF), initial={"V_m": -60 * mV}
    )
    synapses = net.connect(source, cells, "exc", weight=sl.Uniform(0.1 * brian2.nA, 200 * pA), delay=1.5 * ms)
    net.drive(cells, sl.StepCurrent([1, 2] * ms, [0.1, 0.2] * brian2.nA))
    other = net.population(1, sl.LIFConductance(g_L=12 * nS))
    net.connect(source, other, "exc", weight=2 * nS, delay=sl.Normal(2 * ms, 0.0005 * second))
    net.drive(other, sl.PoissonInput(100 * Hz), weight=1 * nS)
    net.record(cells, "V_m", every=1 * ms)
    parameters = cells.model.parameters
    assert net.dt == pytest.approx(0.1) and source.model.values.tolist() == [[2000.0, 3000.0, 4000.0]]
    ULP(4).check([parameters.tau_m, parameters.V_th, parameters.C_m], [12.0, -50.0, 200.0])
    run = net.run(0.02 * second)
    assert len(run.trace(cells, "V_m").times) == 20
    weights = run.weights(synapses)
    assert weights.min() > 100 and weights.max() < 200
    ULP(4).check(run.synapses(synapses).delay, 1.5)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (lambda b, k: sl.LIF(tau_m=10 * b.mV), ("tau_m of LIF", "expected ms", "10. * mvolt")),
        (lambda b, k: sl.LIF(C_m=1 * b.nS), ("C_m of LIF", "expected pF")),
        (lambda b, k: sl.Network(dt=1 * b.Hz), ("dt of Network", "expected ms")),
        (lambda b, k: sl.Poisson(10 * b.ms), ("rate of Poisson", "expected Hz")),
        (lambda b, k: k["net"].run(1 * b.mV), ("duration of run", "expected ms")),
        (
            lambda b, k: k["net"].connect(k["inp"], k["lif"], "exc", weight=1 * b.mV, name="w"),
            ("weight of projection 'w'", "expected pA"),
        ),
        (
            lambda b, k: k["net"].connect(k["inp"], k["lif"], "exc", delay=1 * b.pA, name="w"),
            ("delay of projection 'w'", "expected ms"),
        ),
        (
            lambda b, k: k["net"].connect(k["inp"], k["lif"], "exc", weight=sl.Normal(1 * b.pA, 1 * b.nS), name="w"),
            ("projection 'w'", "expected pA"),
        ),
        (
            lambda b, k: k["net"].population(1, sl.LIF(), initial={"V_m": 1 * b.ms}, name="p"),
            ("initial V_m", "'p'", "expected mV"),
        ),
        (lambda b, k: sl.StepCurrent([1.0], [1.0] * b.mV), ("values of StepCurrent", "expected pA")),
        (lambda b, k: sl.SpikeList([1.0] * b.mV), ("times of SpikeList", "expected ms")),
    ],
)
def test_quantities_of_the_wrong_dimension_are_refused(brian2, action, words):
    with pytest.raises(UnitError) as raised:
        action(brian2, network())
    for word in words:
        assert word in str(raised.value), f"{word!r} is missing in: {raised.value}"


def test_importing_spikelearn_loads_neither_brian2_nor_matplotlib():
    script = (
        "import sys, spikelearn as sl\n"
        "net = sl.Network(); net.record(net.population(1, sl.LIF(tau_m=10.0))); net.run(0.0)\n"
        "print([m for m in ('brian2', 'matplotlib', 'sympy', 'h5py', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


DECAY = "dv/dt = -v/(10*ms) : 1"


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (lambda net, cells: sl.Network(seed="a"), "seed of Network: expected a whole number"),
        (lambda net, cells: sl.Network(seed=None), "seed of Network: expected a whole number"),
        (lambda net, cells: net.population("a", sl.LIF()), "size of population: expected a whole number of at least 1"),
        (
            lambda net, cells: net.population(2.5, sl.LIF()),
            "size of population: expected a whole number of at least 1 .* got 2.5",
        ),
        (lambda net, cells: net.population(2, sl.LIF(), initial=3), r"expected \{variable: value\}, got 3"),
        (lambda net, cells: net.connect(cells, cells, port=3), "has no port 3"),
        (lambda net, cells: net.connect(cells, cells, sl.OneToOne()), "it has: exc, inh; .* rule goes in rule="),
        (
            lambda net, cells: net.connect(cells, net.population(1, sl.NeuronModel.from_equations(DECAY)())),
            "no port for events; from_equations takes them in ports=",
        ),
        (
            lambda net, cells: net.drive(net.population(1, sl.NeuronModel.from_equations(DECAY)()), sl.PoissonInput(9)),
            "no port for events; from_equations takes them in ports=",
        ),
        (lambda net, cells: net.record(cells, "V_m", every=0.25), "expected a multiple of dt = 0.1 ms"),
        (lambda net, cells: net.connect(cells, cells, weight=sl.LogNormal("a", 1.0)), "mu of weight"),
        (lambda net, cells: net.connect(cells, cells, delay=sl.Uniform(0.0, 2.0)), "at least one step"),
    ],
)
def test_what_is_not_even_of_the_right_kind_is_reported_in_the_same_way(action, words):
    net = sl.Network(dt=0.1)
    cells = net.population(2, sl.LIF(), name="cells")
    with pytest.raises(SpikelearnError, match=words):
        action(net, cells)


def test_a_number_without_a_unit_is_not_given_with_one(brian2):
    with pytest.raises(SpikelearnError, match="lambda_ of STDP: expected no unit"):
        sl.STDP(lambda_=3 * brian2.ms)
    assert sl.STDP(W_max=3 * brian2.nA).parameters.W_max == pytest.approx(3000.0)
