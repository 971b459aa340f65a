"""What a user gives, and what a description keeps, is written to by no engine, no reset and no second build."""

import numpy as np
import pytest
from given_arrays import arrays_in, digest, given
from tolerances import EXACT, ULP
from unit import every_model

import spikelearn as sl
from spikelearn.backends.engines import backend_of, choose
from spikelearn.description.distributions import drawn, sample

ON_THE_GRID = ["all parts on two threads", "by distance", "regulated", "rates", "neuron LIF", "neuron GIF"]


def shared_with_the_description(net, engine):
    """Names of the arrays that an engine writes to and that are arrays of the description."""
    description = net.description()
    given_to_it = [array for array in arrays_in(description) if array.size]
    written = backend_of(engine).begin(description, choose(engine), net.threads).arrays()
    return [name for name, array in written.items() if any(np.shares_memory(array, other) for other in given_to_it)]


@pytest.mark.parametrize("name", ON_THE_GRID)
def test_no_array_that_an_engine_writes_to_is_one_of_the_description(name):
    assert shared_with_the_description(every_model.networks()[name](), "compiled") == []


@pytest.mark.parametrize("engine", ["compiled", "events"])
def test_no_array_that_an_engine_writes_to_is_one_that_was_given(engine):
    assert shared_with_the_description(given()[1], engine) == []


@pytest.mark.parametrize("engine", ["compiled", "stepper", "events"])
def test_a_run_leaves_what_was_given_as_it_was(engine):
    arrays, net = given()
    own = [*arrays_in(net.description())]
    before = digest(arrays.values()), digest(own)
    net.run(30.0, engine=engine)
    assert (digest(arrays.values()), digest(own)) == before


@pytest.mark.parametrize("engine", ["compiled", "events"])
def test_a_second_build_of_what_was_given_is_the_first(engine):
    _, net = given()
    first = net.run(30.0, engine=engine)
    net.reset()
    second = net.run(30.0, engine=engine)
    for name in ("cells", "from the parameters"):
        assert len(first.spikes(name).times) > 0
        EXACT.check(second.spikes(name).times, first.spikes(name).times)


def test_a_reset_in_the_exact_engine_starts_where_the_user_said():
    start = np.array([-60.0, -65.0])
    net = sl.Network()
    cells = net.population(2, sl.LIF(I_e=400.0), initial={"V_m": start})
    net.record(cells)
    for _ in range(2):
        run = net.run(30.0, engine="events")
        at_infinity = -70.0 + 400.0 * 10.0 / 250.0
        crossing = 10.0 * np.log((at_infinity - np.array([-60.0, -65.0])) / (at_infinity + 55.0))
        ULP(1000).check(run.spikes(cells).times, crossing)
        net.reset()
    EXACT.check(start, [-60.0, -65.0])


def test_what_is_drawn_from_an_array_is_a_copy_of_it():
    values = np.array([1.0, 2.0])
    values.flags.writeable = False
    found = sample(drawn(values, "mV", "V_m"), 2, np.random.default_rng(1))
    assert not np.shares_memory(found, values)
    found[:] = 0.0
    EXACT.check(values, [1.0, 2.0])
