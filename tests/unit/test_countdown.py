"""Counts of steps are kept as float32 where that is exact, and only there."""

from dataclasses import replace

import numpy as np
import pytest
from tolerances import EXACT

import spikelearn as sl
from spikelearn.errors import DescriptionError


def network(model, initial=None, **given):
    net = sl.Network(dt=0.1, seed=2, threads=1)
    cells = net.population(50, model(I_e=800.0, **given), name="cells", initial={"refractory": 3.0, **(initial or {})})
    net.connect(cells, cells, rule=sl.FixedProbability(0.1), weight=30.0)
    net.record(cells)
    net.record(cells, ["V_m", "refractory"])
    return net, cells


@pytest.mark.parametrize("model", [sl.LIF, sl.LIFDelta, sl.LIFAlpha], ids=lambda model: model.name)
def test_results_are_those_of_a_count_in_float64_bit_for_bit(model):
    (net, cells), (long, others) = network(model), network(replace(model, countdown=""))
    run, expected = net.run(60.0), long.run(60.0)
    assert len(run.spikes(cells).times) > 50
    EXACT.check(run.spikes(cells).ids, expected.spikes(others).ids)
    for name in ("V_m", "refractory"):
        EXACT.check(run.trace(cells, name).values, expected.trace(others, name).values)
    assert run.trace(cells, "refractory").values.max() == 20.0


@pytest.mark.parametrize(
    ("kept", "initial", "t_ref"),
    [
        (np.float32, {}, 2.0),
        (np.float32, {}, 1677721.6),
        (np.float64, {}, 1677721.7),
        (np.float64, {"refractory": 0.5}, 2.0),
    ],
)
def test_float64_is_kept_where_float32_would_round(kept, initial, t_ref):
    net, _ = network(sl.LIF, initial, t_ref=t_ref)
    [block] = net.build("compiled").program.plans[0].blocks.values()
    assert block.state["refractory"].dtype == kept == block.start["refractory"].dtype


def test_a_restored_network_counts_on_and_a_phase_begins_with_the_initial_count(tmp_path):
    (net, cells), (whole, others) = network(sl.LIF), network(sl.LIF)
    expected = whole.run(40.0).trace(others, "refractory").values
    net.run(20.0, checkpoint=tmp_path / "state")
    restored = sl.Network.restore(tmp_path / "state")
    found = restored.run(20.0).trace(cells.name, "refractory").values
    EXACT.check(found, expected[200:])
    net, cells = network(sl.LIF)
    found = net.run(trials=sl.Trials([sl.Phase(10.0, reset=[cells])], n=2)).trace(cells, "refractory").values
    EXACT.check(found[[0, 1, 100, 101]], np.repeat([[2.0], [1.0], [2.0], [1.0]], 50, axis=1))


def test_what_counts_down_is_a_variable_and_begins_at_n_ref():
    with pytest.raises(DescriptionError, match="countdown of neuron model 'LIF' is 'held'; expected a variable of its"):
        replace(sl.LIF, countdown="held")
    with pytest.raises(DescriptionError, match="and n_ref among its constants"):
        replace(sl.Izhikevich, countdown="u")
