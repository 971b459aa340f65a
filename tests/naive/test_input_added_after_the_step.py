"""Input that the engine adds to a variable after the step, against a step that is given it as an argument."""

from dataclasses import replace

import numpy as np
import pytest
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError
from spikelearn.neurons import MODELS

ADDING = [model for model in MODELS if model.added_to]
COMPOSED = sl.LIF.with_receptors(fast=sl.ExponentialCurrent(tau_syn=2.0), slow=sl.AlphaCurrent(tau_syn=5.0))


def plain(model):
    return getattr(model, "py_func", model)


@pytest.mark.parametrize("model", [*ADDING, COMPOSED], ids=lambda model: model.name)
def test_what_a_step_returns_depends_on_such_input_in_no_other_way(model):
    generator = np.random.default_rng(1)
    constants = model.constants(model.Parameters(), 0.1)
    size = {"mV": 30.0, "1": 1.0, "pA": 300.0, "nS": 30.0}
    states = list(model.state)
    masks = set()
    for _ in range(2000):
        state = {name: generator.uniform(-2.0, 2.0) * size.get(unit, 1.0) for name, unit in model.state.items()}
        state[states[0]] -= 60.0
        state |= {"refractory": float(generator.integers(0, 2))} if "refractory" in state else {}
        arriving = {port: generator.uniform(-500.0, 500.0) for port in model.ports}
        drawn = {name: generator.random() for name in (*model.random, *model.normal)}
        rest = [*(generator.uniform(-500.0, 500.0) for _ in model.currents), *drawn.values(), *constants.values()]
        without = {port: 0.0 if port in model.added_to else value for port, value in arriving.items()}
        with np.errstate(all="ignore"):
            given = plain(model.step)(*state.values(), *arriving.values(), *rest)
            added = list(plain(model.step)(*state.values(), *without.values(), *rest))
        for port, variable in model.added_to.items():
            added[states.index(variable)] += arriving[port]
        EXACT.check(np.array(added, float), np.array(given, float))
        masks.add(int(given[-1]))
    assert masks == {0, 1}


def test_receptors_without_a_kinetics_of_rise_are_added_to():
    assert COMPOSED.added_to == {"fast": "I_syn_fast"}


def test_ports_and_variables_are_known():
    with pytest.raises(
        DescriptionError,
        match=r"added_to of neuron model 'LIF' names 'exc': 'V'; expected a port and a ",
    ):
        replace(sl.LIF, added_to={"exc": "V"})


def network(model, plastic=False, **how):
    """Two populations that excite and inhibit each other, with static, short-term, procedural and Poisson input."""
    net = sl.Network(dt=0.1, seed=3, **how)
    a = net.population(70, model(I_e=420.0), name="a", initial={"V_m": sl.Uniform(-70.0, -56.0)})
    b = net.population(30, model(I_e=350.0), name="b")
    net.connect(
        a, b, port="exc", rule=sl.FixedProbability(0.2), weight=sl.Uniform(10.0, 60.0), delay=sl.Uniform(0.1, 2.0)
    )
    net.connect(b, a, port="inh", rule=sl.FixedOutDegree(20), weight=-20.0, delay=0.5, procedural=True)
    net.connect(b, b, port="inh", rule=sl.FixedInDegree(5), weight=-20.0, synapse=sl.TsodyksMarkram())
    if plastic:
        net.connect(a, a, port="exc", weight=5.0, plasticity=sl.STDP(W_max=50.0))
    net.drive(a, sl.PoissonInput(2000.0), port="exc", weight=15.0)
    net.record(a)
    net.record(a, ["V_m", *model.added_to.values()] if model.added_to else ["V_m", "I_syn_exc", "I_syn_inh"])
    return net, a


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("plastic", [False, True])
def test_a_network_is_the_same_but_for_rounding(plastic, threads):
    (net, a), (given, b) = (
        network(model, plastic, threads=threads) for model in (sl.LIF, replace(sl.LIF, added_to={}))
    )
    run, expected = net.run(100.0), given.run(100.0)
    assert len(run.spikes(a).times) > 100
    EXACT.check(run.spikes(a).ids, expected.spikes(b).ids)
    EXACT.check(run.spikes(a).times, expected.spikes(b).times)
    for name in ("V_m", "I_syn_exc", "I_syn_inh"):
        ULP(10**5, 1000.0).check(run.trace(a, name).values, expected.trace(b, name).values)
    [block] = net.build("compiled").program.plans[0].blocks.values()
    assert set(block.added_to) == ({"inh"} if plastic else {"exc", "inh"})
