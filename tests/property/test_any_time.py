"""Every time that a user gives is a multiple of dt, however it was computed, or is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spikelearn as sl
from spikelearn.description.grid import check_grid
from spikelearn.errors import SpikelearnError
from spikelearn.steps import whole_steps


def population(model):
    def describe(net, t):
        net.population(1, model(t))
        check_grid(net.description())

    return describe


def with_cells(act):
    def describe(net, t):
        act(net, net.population(2, sl.LIF(t_ref=0.0), name="cells"), t)
        check_grid(net.description())

    return describe


ENTRIES = {
    "duration": lambda net, t: whole_steps(t, net.dt, "duration of run"),
    "phase": lambda net, t: sl.Trials([sl.Phase(t)], n=2).phase_steps(net.dt),
    "spike": population(lambda t: sl.SpikeList([t])),
    "t_ref": population(lambda t: sl.LIF(t_ref=t)),
    "burst_window": population(lambda t: sl.Pyramidal(burst_window=t, K_start=t, K_stop=t, t_ref=t)),
    "tau_dAP": population(lambda t: sl.LIFDendriticSpike(tau_dAP=t, t_ref=t)),
    "noise": with_cells(lambda net, cells, t: net.drive(cells, sl.NoiseCurrent(std=1.0, interval=t))),
    "current": with_cells(lambda net, cells, t: net.drive(cells, sl.StepCurrent([t], [1.0]))),
    "delay": with_cells(lambda net, cells, t: net.connect(cells, cells, delay=t)),
    "delays": with_cells(lambda net, cells, t: net.connect(cells, cells, delay=[[t, t], [t, net.dt]])),
    "dendritic": with_cells(lambda net, cells, t: net.connect(cells, cells, dendritic_delay=t)),
    "every": with_cells(lambda net, cells, t: net.record(cells, "V_m", every=t)),
    "start": with_cells(lambda net, cells, t: net.record(cells, start=t)),
    "release": with_cells(lambda net, cells, t: net.release(net.modulator(), [t])),
    "homeostasis": with_cells(
        lambda net, cells, t: net.homeostasis(net.connect(cells, cells), sl.Normalisation(1.0, every=t))
    ),
}


@pytest.mark.parametrize("entry", ENTRIES)
@settings(max_examples=25, deadline=None)
@given(dt=st.one_of(st.sampled_from([0.1, 0.05, 0.025, 0.3, 1.0]), st.floats(1e-3, 5.0)), k=st.integers(1, 5000))
def test_multiples_of_dt_are_accepted_everywhere_and_what_lies_between_is_refused(entry, dt, k):
    describe = ENTRIES[entry]
    for time in (k * dt, sum([dt] * min(k, 300)), (k + 1) * dt - dt, k * dt * 1e-3 * 1e3):
        describe(sl.Network(dt=dt), time)
    with pytest.raises(SpikelearnError, match="multiple of dt"):
        describe(sl.Network(dt=dt), (k + 0.3) * dt)
