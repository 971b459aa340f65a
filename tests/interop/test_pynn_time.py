"""Time in scripts for PyNN: a run ends where it was told to, or says why it cannot."""

import pytest

pytest.importorskip("pyNN", reason="needs PyNN: pip install 'spikelearn[pynn]'")

import spikelearn.pynn as sim
from spikelearn.errors import ParameterError


@pytest.fixture(autouse=True)
def new_simulation():
    sim.setup(timestep=0.1)
    sim.Population(1, sim.IF_curr_exp())
    yield
    sim.end()


@pytest.mark.parametrize("piece", [0.25, 0.04, 1000 / 60, float("nan"), float("inf")])
def test_a_run_that_is_no_multiple_of_the_step_is_refused_like_in_nest(piece):
    """Rounded, 40 runs of 0.25 ms would be 8 ms, and 100 of 0.04 ms none."""
    with pytest.raises(ParameterError, match="time to run to: expected a (multiple of dt = 0.1 ms|finite time)"):
        sim.run(piece)
    assert sim.get_current_time() == 0.0
    sim.run(0.3)
    assert sim.get_current_time() == 0.3


def test_rounding_errors_of_a_sum_are_none():
    for _ in range(1000):
        sim.run(0.1)
    assert sim.get_current_time() == 100.0
    sim.run_until(0.1 * 1003)
    assert sim.get_current_time() == 100.3


def test_a_callback_at_a_time_between_steps_is_refused():
    with pytest.raises(ParameterError, match="multiple of dt"):
        sim.run(10.0, callbacks=[lambda t: t + 0.25])
