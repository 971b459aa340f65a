"""Synaptic events of each projection, counted apart."""

import copy
from typing import NamedTuple

import numpy as np
import pytest

import spikelearn as sl
from spikelearn.codegen.jit import scalar
from spikelearn.errors import DescriptionError
from spikelearn.io import RunWriter, load, save
from spikelearn.units import weight as weight_unit

TIMES, IDS = np.array([1.0, 1.0, 2.0, 3.0, 7.0]), np.array([0, 1, 1, 0, 2])
FIRST, SECOND = np.array([3, 0, 2]), np.array([1, 4, 0])
"""Targets of each source, of two projections that are otherwise delivered together."""


class Limits(NamedTuple):
    W_min: weight_unit = 0.0
    W_max: weight_unit = 100.0


@scalar
def _rise(weight, arrives):
    return weight + 0.01 * arrives


Rising = sl.StepRule("Rising", Limits, _rise, lambda p, dt: {})


def network(plasticity=None, threads=1, counted=("first", "second"), **options):
    net = sl.Network(dt=0.1, threads=threads)
    source = net.population(3, sl.SpikeList(TIMES, IDS))
    cells = net.population(5, sl.LIF())
    for name, degrees in (("first", FIRST), ("second", SECOND)):
        pairs = sl.Pairs(np.repeat(np.arange(3), degrees), np.concatenate([np.arange(n) for n in degrees]))
        own = {"plasticity": plasticity, **options} if name == "first" else {}
        net.connect(source, cells, "exc", pairs, weight=2.0, delay=1.0, name=name, **own)
    net.count_events(*(net.projections[name] for name in counted))
    return net


def expected(degrees, before=10.0):
    """Of spikes that arrive, 1 ms later, by a time."""
    return int(degrees[IDS[TIMES + 1.0 <= before + 1e-9]].sum())


@pytest.mark.parametrize(
    ("threads", "engine"), [(1, "compiled"), (2, "compiled"), (3, "compiled"), (1, "stepper"), (1, "events")]
)
def test_each_projection_has_those_that_its_synapses_say(threads, engine):
    net = network(threads=threads)
    run = net.run(5.0, engine=engine)
    assert run.events_of("first") == (expected(FIRST, 5.0), 0)
    assert run.events_of(net.projections["second"]) == (expected(SECOND, 5.0), 0)
    later = net.run(5.0, engine=engine)
    both = run.joined(later)
    assert both.events_of("first").delivered == expected(FIRST) != expected(SECOND)
    assert sum(run.events_of(name).delivered for name in ("first", "second")) == run.synaptic_events


def test_synapses_with_memory_count_in_the_exact_engine_too():
    net = network(synapse=sl.TsodyksMarkram())
    assert net.run(10.0, engine="events").events_of("first") == (expected(FIRST), 0)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("rule", [sl.STDP(), sl.Clopath(), Rising()])
def test_they_learn_from_those_of_plastic_phases(rule, threads):
    net = sl.Network(dt=0.1, threads=threads)
    source, cells = net.population(3, sl.SpikeList(TIMES, IDS)), net.population(5, sl.AdExClopath())
    made = net.connect(source, cells, weight=np.full((3, 5), 2.0), delay=1.0, plasticity=rule, name="made")
    net.count_events(made)
    phases = [sl.Phase(2.5), sl.Phase(2.5, plastic=()), sl.Phase(5.0)]
    run = net.run(trials=sl.Trials(phases, n=1))
    learning = 15 * 75 if rule.rule is Rising else 15
    assert run.events_of(made) == (25, learning)


def test_counting_apart_leaves_results_as_they_are_here():
    found = []
    for counted in ((), ("first",)):
        net = network(counted=counted)
        net.record(net.populations["lif"], "V_m")
        found.append(net.run(10.0).trace("lif", "V_m").values)
    np.testing.assert_array_equal(*found)


def test_files_copies_and_checkpoints_keep_them(tmp_path):
    net = network(sl.STDP())
    run = net.run(5.0)
    run.checkpoint(tmp_path / "state")
    save(run, tmp_path / "run.h5")
    assert load(tmp_path / "run.h5").projection_events == run.projection_events != {}
    twin, restored = copy.deepcopy(net), sl.Network.restore(tmp_path / "state")
    with RunWriter(tmp_path / "streamed.h5") as sink:
        later = net.run(5.0, sink=sink)
    assert load(tmp_path / "streamed.h5").projection_events == later.projection_events
    for other in (twin, restored):
        assert other.run(5.0).projection_events == later.projection_events
    net.reset()
    assert net.run(10.0).events_of("first") == run.joined(later).events_of("first")


def test_what_was_not_counted_is_an_error_that_says_how():
    net = network(counted=["first"])
    run = net.run(1.0)
    with pytest.raises(DescriptionError, match="'second' were not counted: call count_events .*; counted: first"):
        run.events_of("second")
    net.count_events(net.projections["second"])
    assert net.run(20.0).events_of("second").delivered > 0
    other = network(counted=())
    with pytest.raises(DescriptionError, match="count_events: not a projection of this network"):
        network(counted=()).count_events(other.projections["first"])
    with pytest.raises(DescriptionError, match="count_events: not a projection of this network: 'first'"):
        other.count_events("first")


def test_other_back_ends_do_not_count():
    pytest.importorskip("nest")
    with pytest.raises(DescriptionError, match="counts of synaptic events by projection"):
        network().run(1.0, engine="nest")


@pytest.mark.parametrize("n", [255, 256, 257, 1000])
@pytest.mark.parametrize("delay", [1.0, sl.Uniform(0.5, 2.0)], ids=["one delay", "delays"])
def test_all_arrivals_of_a_step_are_counted_however_many_there_are(n, delay):
    """Runs of synapses are listed 256 at a time."""
    net = sl.Network(dt=0.1, seed=1)
    source = net.population(n, sl.SpikeList(np.full(n, 1.0), np.arange(n)), name="source")
    net.connect(source, net.population(3, sl.LIF()), "exc", weight=1.0, delay=delay)
    assert net.run(5.0).synaptic_events == 3 * n
