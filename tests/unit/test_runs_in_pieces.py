"""Runs in short pieces: what each keeps of its end when the network runs on, and what a piece costs."""

import time

import pytest
from tolerances import EXACT
from unit import every_model

import spikelearn as sl

KINDS = "rule", "regulated", "all"
NETWORKS = {name: make for name, make in every_model.networks().items() if name.startswith(KINDS)}
PIECE = 30.0
"""ms"""


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_that_a_run_has_not_read_stay_those_of_its_end(name):
    one, other = NETWORKS[name](), NETWORKS[name]()
    read_at_once = [{p: run.weights(p) for p in run.synapse_data} for run in (one.run(PIECE) for _ in range(3))]
    for k, run in enumerate([other.run(PIECE) for _ in range(3)]):
        for projection, weights in read_at_once[k].items():
            EXACT.check(run.weights(projection), weights, f"{projection} after run {k}")
    assert not all((read_at_once[0][p] == read_at_once[2][p]).all() for p in read_at_once[0])


def test_a_run_that_has_gone_keeps_nothing():
    net = every_model.synapses_of(rule=sl.STDP)
    net.run(PIECE)
    assert not [each for each in net._runs if each() is not None]


def test_a_piece_costs_a_fraction_of_a_millisecond():
    net = sl.Network(dt=0.1, seed=1, threads=1)
    cells = net.population(10, sl.LIF(I_e=400.0))
    net.record(cells)
    net.run(1.0)
    shortest = 1.0
    for _ in range(20):
        begun = time.process_time()
        net.run(0.1)
        shortest = min(shortest, time.process_time() - begun)
    assert shortest < 1e-3


def test_the_next_run_begins_with_as_many_steps_at_once_as_the_last_ones_allowed():
    net = sl.Network(dt=0.1, seed=1, threads=1)
    net.population(10, sl.LIF())
    for _ in range(4):
        net.run(10.0)
    assert net.build().program.chunk == 400
