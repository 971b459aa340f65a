"""What networks and their parts say of themselves: print(net) and repr."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import EXACT

import spikelearn as sl


@pytest.fixture
def net():
    net = sl.Network(dt=0.1, seed=3)
    inputs = net.population(100, sl.Poisson(20.0), name="inputs")
    cells = net.population(50, sl.LIF(tau_m=20.0), name="cells", initial={"V_m": sl.Uniform(-70.0, -55.0)})
    dopamine = net.modulator("dopamine", tau=200.0)
    net.connect(inputs, cells, "exc", rule=sl.FixedProbability(0.2), weight=sl.Uniform(0.0, 2.0), delay=1.5,
                plasticity=sl.DopamineSTDP(dopamine), name="forward")  # fmt: skip
    net.connect(inputs[:10], cells, "inh", weight=-3.0, name="some")
    net.drive(cells, sl.PoissonInput(1000.0, n=4), weight=2.0)
    net.signal("reward")
    net.record(cells)
    net.record(cells[:3], "V_m", every=0.5)
    return net


def row(text: str, first: str) -> list[str]:
    """The cells of the line that begins with a name."""
    line = next(each for each in text.splitlines() if each.startswith(first + " "))
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def test_every_part_has_a_line_with_its_sizes(net):
    text = str(net)
    assert text.splitlines()[0] == "network in steps of 0.1 ms, seed 3, at 0 ms"
    assert row(text, "inputs") == ["inputs", "100", "Poisson(20 Hz)"]
    assert row(text, "cells") == ["cells", "50", "LIF(tau_m=20)", "V_m"]
    made = len(net.projections["forward"])
    expected = [
        "forward",
        "inputs",
        "cells",
        "exc",
        "spike",
        f"{made:,}",
        "FixedProbability(p=0.2)",
        "Uniform(0, 2) pA",
    ]
    assert row(text, "forward") == [*expected, "1.5", "DopamineSTDP"]
    assert row(text, "some")[:6] == ["some", "inputs[0:10]", "cells", "inh", "spike", "500"]
    assert "-3 pA" in row(text, "some")
    assert row(text, "PoissonInput(1000 Hz, n=4)")[1:] == ["cells", "exc", "2"]
    assert row(text, "dopamine") == ["dopamine", "200"] and row(text, "reward") == ["reward", "1"]
    assert row(text, "spikes") == ["spikes", "cells", "50"] and row(text, "V_m") == ["V_m", "cells", "3 of 50", "0.5"]


def test_defaults_that_were_not_given_are_in_the_overview():
    net = sl.Network()
    cells = net.population(4, sl.LIF(), name="cells")
    net.connect(cells, cells, name="default")
    assert "1 pA" in row(str(net), "default") and "exc" in row(str(net), "default")


def test_an_overview_does_not_count_what_takes_long_to_draw():
    net = sl.Network()
    cells = net.population(100_000, sl.LIF(), name="cells")
    net.connect(cells, cells, rule=sl.FixedProbability(0.1), name="large")
    net.connect(cells, cells, rule=sl.FixedInDegree(10), name="known")
    assert row(str(net), "large")[5] == "drawn" and row(str(net), "known")[5] == "1,000,000"


def test_an_overview_has_the_time_and_does_not_build_the_network(net):
    print(net)
    assert not net._is_built()
    net.run(2.0)
    assert str(net).splitlines()[0].endswith("at 2 ms") and repr(net).endswith("at 2 ms>")


def test_a_network_that_is_built_says_what_its_synapses_take(net):
    assert "memory" not in str(net)
    net.build()
    assert row(str(net), "some")[-1].endswith("KiB") and row(str(net), "forward")[-1].endswith("KiB")


def test_an_empty_network_can_be_printed():
    assert str(sl.Network()).splitlines()[2:] == ["no populations", "", "no recordings"]
    assert repr(sl.Network()) == "<Network: 0 neurons, 0 populations, 0 projections, dt 0.1 ms, seed 0, at 0 ms>"


def test_the_repr_of_every_part_is_one_line(net):
    cells = net.populations["cells"]
    shown = {
        repr(net): "<Network: 150 neurons, 2 populations, 2 projections, dt 0.1 ms, seed 3, at 0 ms>",
        repr(cells): "<Population 'cells': 50 LIF>",
        repr(cells[:3]): "<View of 'cells': 3 of 50 LIF>",
        repr(net.projections["forward"]):
            "<Projection 'forward': inputs to exc of cells, FixedProbability, DopamineSTDP>",
        repr(net.modulators["dopamine"]): "<Modulator 'dopamine': tau 200 ms>",
        repr(net.signals["reward"]): "<Signal 'reward': 1>",
        repr(net.readout(cells, 2, name="out")): "<Readout 'out': 2>",
        repr(sl.Poisson([1.0, 5.0])): "Poisson(1 to 5 Hz)",
        repr(sl.SpikeList([1.0, 2.0])): "SpikeList(2 spikes)",
        repr(sl.StepCurrent([0.0, 5.0], [1.0, 2.0])): "StepCurrent(1 to 2 pA in 2 steps)",
        repr(sl.NoiseCurrent(mean=1.0, std=2.0, tau=3.0)): "NoiseCurrent(mean 1 pA, std 2 pA, tau 3 ms)",
    }  # fmt: skip
    assert list(shown) == list(shown.values())


def test_what_a_run_returns_is_one_line_too(net):
    cells, forward = net.populations["cells"], net.projections["forward"]
    net.record(cells, "V_m", at="spike")
    run = net.run(20.0)
    shown = {
        repr(net.synapses(forward)): f"<Synapses: {len(forward):,}>",
        repr(run.trace(cells, "V_m", recording="V_m")): "<Trace of V_m: 40 samples of 3, mV>",
        repr(run.spikes(cells))[:9]: "<Spikes: ",
        repr(run.snapshots(cells, "V_m"))[:12]: "<Snapshots: ",
        repr(sl.Phase(10.0, rates={net.populations["inputs"]: 5.0}, fresh=True, name="cue")):
            "<Phase 'cue': 10.0 ms, rates, fresh>",
        repr(sl.Trials([sl.Phase(10.0)], 3)): "<Trials: 3 of 1 phase>",
        repr(sl.Mongillo(U=np.array([0.1, 0.2]))): "Mongillo(U=..., tau_D=200, tau_F=1500)",
    }  # fmt: skip
    assert list(shown) == list(shown.values())


def test_parameters_that_differ_between_neurons_are_not_spelled_out():
    net = sl.Network()
    net.population(1000, sl.LIF(I_e=np.arange(1000.0)), name="cells")
    assert row(str(net), "cells") == ["cells", "1,000", "LIF(I_e=...)"]


@pytest.mark.parametrize("rule", [sl.FixedProbability(0.4), sl.OneToOne(), sl.FixedInDegree(3)], ids=repr)
def test_a_projection_lists_its_synapses_as_they_are_made_whatever_has_become_of_them(rule):
    net = sl.Network(dt=0.1, seed=2)
    cells = net.population(9, sl.LIF(), name="cells")
    made = net.connect(cells, cells, "exc", rule, weight=sl.Uniform(1.0, 5.0), delay=sl.Uniform(1.0, 3.0))
    before = made.synapses()
    now = net.synapses(made)
    assert len(made) == len(before.pre) > 0
    for name in ("pre", "post", "weight"):
        EXACT.check(getattr(before, name), getattr(now, name))
    EXACT.check(np.floor(before.delay / 0.1 + 0.5), np.round(now.delay / 0.1))
    net.set_weights(made, np.full(len(made), 9.0))
    EXACT.check(made.synapses().weight, before.weight)
    assert np.all(net.synapses(made).weight == 9.0)
