"""The resonate-and-fire neuron: what it oscillates like, and what makes it spike."""

import numpy as np
import pytest
from tolerances import ULP

import spikelearn as sl
from spikelearn.errors import ParameterError

PERIOD = 25


def traced(steps, pulses=(), weight=0.0, **parameters):
    """(u + i v after each step, number of spikes), with pulses in some steps, from u = 0.5."""
    net = sl.Network(dt=1.0, seed=1)
    cell = net.population(1, sl.Resonator(omega=2.0 * np.pi / PERIOD, **parameters), name="cell", initial={"u": 0.5})
    if len(pulses):
        net.connect(net.population(1, sl.SpikeList(np.array(pulses, float))), cell, weight=weight)
    net.record(cell, ["spikes", "u", "v"], every=1.0)
    run = net.run(float(steps))
    u, v = (run.trace(cell, name).values[:, 0] for name in ("u", "v"))
    return u + 1j * v, len(run.spikes(cell).times)


def test_without_damping_an_oscillation_neither_grows_nor_decays_in_ten_thousand_steps():
    """It rounds in each step; by as much in any direction."""
    z, _ = traced(10_000, b_offset=0.0)
    ULP(10_000, 0.5).check(np.abs(z), 0.5)
    assert np.all(np.angle(z[1:] / z[:-1]) > 0.0)


def test_damping_alone_makes_it_decay_and_each_spike_more():
    z, spikes = traced(100, b_offset=0.01)
    assert spikes == 0 and np.all(np.diff(np.abs(z)) < 0.0)
    z, spikes = traced(100, b_offset=0.0, V_th=0.4)
    assert spikes > 0 and np.abs(z[-1]) < 0.45


@pytest.mark.parametrize(("apart", "fires"), [(PERIOD // 2, False), (PERIOD, True), (3 * PERIOD // 2, False)])
def test_two_pulses_a_period_apart_make_it_fire_and_half_a_period_apart_do_not(apart, fires):
    """Izhikevich 2001, Fig. 3. An integrator would prefer the shortest interval."""
    start = 5.0 * PERIOD  # by when the oscillation from the start is gone
    _, spikes = traced(400, [start, start + apart], weight=7.0, b_offset=0.01)
    assert (spikes > 0) == fires


def test_no_current_through_its_ports_makes_it_grow_without_end():
    net = sl.Network(dt=1.0, seed=1)
    cell = net.population(3, sl.Resonator(b_offset=0.001), name="cell", initial={"u": 1.0})
    for port, values in (("frequency", [0.79, 5.0, -1e6]), ("damping", [-0.002, 0.5, 1e6])):
        net.drive(cell, sl.StepCurrent([0.0], [values]), port)
    net.record(cell, ["u", "v"], every=1.0)
    run = net.run(2000.0)
    assert all(np.abs(run.trace(cell, name).values).max() <= 1.0 for name in ("u", "v"))


@pytest.mark.parametrize("wrong", [{"b_offset": -0.1}, {"gamma": -1.0}, {"V_th": 0.0}])
def test_parameters_that_make_no_sense_are_named(wrong):
    with pytest.raises(ParameterError, match=f"Resonator: {next(iter(wrong))} must be"):
        sl.Resonator(**wrong)
