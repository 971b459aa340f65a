"""Events that are not emitted, ports that are not there, teachers that cannot teach: errors that say what and where."""

import dataclasses

import pytest
from unit.test_bad_input import bad

import spikelearn as sl
from spikelearn.errors import DescriptionError


def network():
    net = sl.Network(dt=0.1, seed=1)
    return {
        "net": net,
        "dopamine": net.modulator("dopamine"),
        "inp": net.population(4, sl.Poisson(20.0), name="input"),
        "listed": net.population(4, sl.SpikeList([1.0], [0]), name="teacher"),
        "lif": net.population(3, sl.LIF(), name="cells"),
        "pyr": net.population(3, sl.Pyramidal(), name="pyramidal"),
        "segments": net.population(3, sl.DendriticSegment(), name="segments"),
    }


def trial(k, **given):
    return k["net"].run(trials=sl.Trials([sl.Phase(1.0), sl.Phase(1.0, **given)], 1))


def nothing(step, values):
    pass


def teach(trial, phase, values):
    pass


CASES = [
    # a rule that learns from what its target does not emit
    bad(DescriptionError, "input->cells", "DopamineBursts", "'cells' (LIF)", "no 'burst'", id="bursts of a LIF")(
        lambda k: k["net"].connect(k["inp"], k["lif"], plasticity=sl.DopamineBursts(k["dopamine"]))
    ),
    bad(DescriptionError, "input->cells", "STDP", "no 'burst'", id="a rule that is to learn from bursts of a LIF")(
        lambda k: k["net"].connect(k["inp"], k["lif"], plasticity=sl.STDP(), learns_from="burst")
    ),
    bad(DescriptionError, "input->segments", "no 'burst'", "spike, plateau", id="bursts of a segment")(
        lambda k: k["net"].connect(k["inp"], k["segments"], plasticity=sl.STDP(), learns_from="burst")
    ),
    bad(DescriptionError, "Clopath", "'exact'", "no 'burst'", id="a rule of signals and bursts of a neuron without")(
        lambda k: k["net"].connect(
            k["inp"], k["net"].population(2, sl.AdExClopath(), name="exact"), plasticity=sl.Clopath(),
            learns_from="burst",
        )
    ),
    bad(DescriptionError, "STDP", "no 'brust'", "mean 'burst'", "plateau", id="a kind spelt wrong, for a rule")(
        lambda k: k["net"].connect(k["inp"], k["pyr"], plasticity=sl.STDP(), learns_from="brust")
    ),
    bad(DescriptionError, "learns_from", "'wrong'", "'brust'", "mean 'burst'", "plateau", id="a rule with such a kind")(
        lambda k: dataclasses.replace(sl.STDP, name="wrong", learns_from="brust")
    ),
    bad(DescriptionError, "learns_from", "'wrong'", "'spikes'", "mean 'spike'", id="a SignalRule with such a kind")(
        lambda k: dataclasses.replace(sl.Clopath, name="wrong", learns_from="spikes")
    ),
    bad(DescriptionError, "'wrong'", "expected kinds among", "'platau'", "mean 'plateau'", id="a neuron of this kind")(
        lambda k: dataclasses.replace(sl.DendriticSegment, name="wrong", kinds=("spike", "platau"))
    ),
    bad(DescriptionError, "kinds", "'wrong'", "got none", id="a neuron that emits nothing")(
        lambda k: dataclasses.replace(sl.DendriticSegment, name="wrong", kinds=())
    ),
    # a source that does not emit what is to be sent
    bad(DescriptionError, "cells->pyramidal", "'cells' (LIF)", "no 'burst'", "spike", id="sending bursts of a LIF")(
        lambda k: k["net"].connect(k["lif"], k["pyr"], "apical", on="burst")
    ),
    bad(DescriptionError, "teacher->pyramidal", "(SpikeList)", "no 'plateau'", id="sending plateaus of a list")(
        lambda k: k["net"].connect(k["listed"], k["pyr"], "apical", on="plateau")
    ),
    bad(DescriptionError, "no 'plataeu'", "mean 'plateau'", "event, burst", id="sending a kind spelt wrong")(
        lambda k: k["net"].connect(k["pyr"], k["pyr"], "apical", on="plataeu")
    ),
    bad(DescriptionError, "no None", "spike, event, burst, plateau", id="sending nothing")(
        lambda k: k["net"].connect(k["pyr"], k["pyr"], "apical", on=None)
    ),
    bad(DescriptionError, "counts", "'pyramidal'", "no 'brust'", "mean 'burst'", id="counting a kind spelt wrong")(
        lambda k: k["pyr"].counts("brust")
    ),
    bad(DescriptionError, "fired", "'cells'", "no 'plateau'", id="asking a LIF for plateaus")(
        lambda k: k["lif"].fired("plateau")
    ),
    bad(DescriptionError, "'pyramidal'", "'platueaus'", "mean 'plateaus'", id="recording a kind spelt wrong")(
        lambda k: k["net"].record(k["pyr"], "platueaus")
    ),
    # ports
    bad(DescriptionError, "input->pyramidal", "no port 'apcial'", "mean 'apical'", "basal", id="a port spelt wrong")(
        lambda k: k["net"].connect(k["inp"], k["pyr"], "apcial")
    ),
    bad(DescriptionError, "teacher->cells", "LIF has no port 'apical'", "exc, inh", id="a teacher to no dendrite")(
        lambda k: k["net"].connect(k["listed"], k["lif"], "apical", weight=100.0)
    ),
    bad(DescriptionError, "drive of 'pyramidal'", "'apicl'", "mean 'apical'", id="PoissonInput to such a port")(
        lambda k: k["net"].drive(k["pyr"], sl.PoissonInput(10.0), "apicl")
    ),
    bad(DescriptionError, "drive of 'pyramidal'", "'basal'", "soma, apical", id="a current to a port of synapses")(
        lambda k: k["net"].drive(k["pyr"], sl.NoiseCurrent(std=1.0), "basal")
    ),
    bad(DescriptionError, "drive of 'segments'", "accepts no current; ", "none", id="a current to what takes none")(
        lambda k: k["net"].drive(k["segments"], sl.StepCurrent([0.0], [1.0]))
    ),
    # teachers of trials and callbacks
    bad(DescriptionError, "currents of Phase", "'cells' (LIF)", "'apical'", id="a phase's teacher of no dendrite")(
        lambda k: sl.Phase(1.0, currents={(k["lif"], "apical"): 100.0})
    ),
    bad(DescriptionError, "currents of Phase", "mean 'apical'", id="a phase's current to a port spelt wrong")(
        lambda k: sl.Phase(1.0, currents={(k["pyr"], "apicl"): 100.0})
    ),
    bad(DescriptionError, "currents of Phase", "'input' (Poisson)", "none", id="a phase's current to a source")(
        lambda k: sl.Phase(1.0, currents={(k["inp"], "soma"): 100.0})
    ),
    bad(DescriptionError, "rates of Phase", "'cells' (LIF)", "Poisson", id="a phase's rates of neurons")(
        lambda k: sl.Phase(1.0, rates={k["lif"]: 100.0})
    ),
    bad(DescriptionError, "current", "'cells' (LIF)", "'apical'", "exc", id="a callback's current to no dendrite")(
        lambda k: k["lif"].current("apical")
    ),
    bad(DescriptionError, "currents of phase 1", "'cells'", "of this network", id="a current of another network")(
        lambda k: trial(k, currents={(network()["lif"], "exc"): 1.0})
    ),
    bad(DescriptionError, "rates of phase 1", "'input'", "of this network", id="rates of another network")(
        lambda k: trial(k, rates={network()["inp"]: 1.0})
    ),
    bad(DescriptionError, "releases of phase 1", "'dopamine'", "of this network", id="a release of another network")(
        lambda k: trial(k, releases={network()["dopamine"]: 1.0})
    ),
    bad(DescriptionError, "reset of phase 1", "'cells'", "of this network", id="a reset of another network")(
        lambda k: trial(k, reset=[network()["lif"]])
    ),
    bad(DescriptionError, "callback of phase 1", "'cells'", "of this network", id="a teacher of another network")(
        lambda k: trial(k, callback=sl.Callback(teach, [network()["lif"].current("exc")]))
    ),
    bad(DescriptionError, "callback of every step", "'cells'", "of this network", id="a callback of another network")(
        lambda k: k["net"].on_step(nothing, network()["lif"].current("exc"))
    ),
]  # fmt: skip


@pytest.mark.parametrize(("action", "error", "words"), CASES)
def test_what_is_not_there_is_refused_with_what_where_and_what_was_expected(action, error, words):
    with pytest.raises(error) as raised:
        action(network())
    assert type(raised.value) is error
    for word in words:
        assert word in str(raised.value), f"{word!r} is missing in: {raised.value}"


def test_of_its_own_network_each_of_these_is_accepted():
    k = network()
    k["net"].on_step(nothing, k["lif"].current("exc"))
    k["net"].connect(k["pyr"], k["pyr"], "apical", on="plateau", weight=1.0)
    k["net"].connect(k["inp"], k["pyr"], "basal", weight=1.0, plasticity=sl.STDP(), learns_from="burst")
    k["net"].drive(k["pyr"], sl.PoissonInput(10.0), "apical", weight=1.0)
    callback = sl.Callback(teach, [k["pyr"].current("apical")])
    run = trial(
        k, currents={(k["pyr"], "apical"): 1.0}, rates={k["inp"]: 1.0}, releases={k["dopamine"]: 1.0}, reset=[k["lif"]],
        callback=callback,
    )  # fmt: skip
    assert run.duration == pytest.approx(2.0)
