"""Every engine speaks one protocol: one of a user's own joins by an entry in the list, and Network asks for no more."""

import inspect
from dataclasses import dataclass

import numpy as np
import pytest
from tolerances import EXACT

import spikelearn as sl
from spikelearn.backends.backend import Backend
from spikelearn.backends.engines import ENGINES, Engine, backend_of, choose
from spikelearn.backends.options import Options
from spikelearn.errors import CheckpointError, DescriptionError, UnitError
from spikelearn.results.run import Synapses
from spikelearn.results.sink import MemorySink, RunHeader

OPTIONAL = {
    "trials": ["lower_trials"],
    "checkpoints": ["arrays", "restore"],
    "reset": [],
    "weights": ["put_weights"],
    "switches": ["can_switch", "switch"],
    "changes": ["changed", "settle", "located", "go_on_with_model", "values"],
    "Brian2's order of steps": ["synapse_values", "put_synapse_values"],
}
"""What a backend may support -> the methods of the protocol that it then has."""


@dataclass(frozen=True)
class Metronome(Options):
    """Options of a backend for these tests. every: steps between two spikes."""

    every: int = 10


class MetronomeBackend(Backend):
    """Neurons that all fire in every `every`-th step, and synapses that nobody hears."""

    def __init__(self, description, every):
        self.description, self.every, self.last_step = description, every, 0

    @classmethod
    def begin(cls, description, choice, threads=None, shares=None):
        return cls(description, choice.options.every)

    @property
    def step(self):
        return self.last_step

    @property
    def versions(self):
        return {"metronome": "1.0"}

    def advance(self, n_steps, sink, progress=None, pause=None, trials=None):
        first, self.last_step = self.last_step + 1, self.last_step + n_steps
        steps = np.arange(first, self.last_step + 1)
        for recording in self.description.recordings:
            due = steps[steps % self.every == 0]
            times = np.repeat(due * self.description.dt, len(recording.ids))
            sink.spikes(recording.of.name, recording.variable, times, np.tile(recording.ids, len(due)))
        sink.flush(self.last_step * self.description.dt)
        return False, 0.0

    def synapses(self, projection):
        return Synapses(np.zeros(1, np.int32), np.zeros(1, np.int32), np.ones(1), np.ones(1))

    def count(self, projection):
        return 1


@pytest.fixture
def metronome(monkeypatch):
    monkeypatch.setitem(ENGINES, "metronome", Engine(f"{__name__}:MetronomeBackend", Metronome))


def network():
    net = sl.Network(dt=0.1, seed=1)
    source = net.population(3, sl.SpikeList([1.0, 2.0], [0, 2]), name="source")
    cells = net.population(2, sl.LIF(), name="cells")
    net.connect(source, cells, weight=sl.Uniform(1.0, 2.0), delay=1.0, name="synapses")
    net.record(cells, "spikes")
    return net


def test_a_backend_of_a_user_runs_a_network_once_it_is_in_the_list(metronome):
    net = network()
    run = net.run(2.5, engine="metronome")
    EXACT.check(run.spikes("cells").times, np.array([10, 10, 20, 20]) * 0.1)
    EXACT.check(run.spikes("cells").ids, [0, 1, 0, 1])
    assert run.versions["metronome"] == "1.0" and run.projections["synapses"].n_synapses == 1
    EXACT.check(run.weights("synapses"), 1.0)
    more = net.run(1.0)  # it stays with the engine that it runs on
    assert (more.t_start, more.t_stop, net.time) == (run.t_stop, 35 * 0.1, 35 * 0.1)
    EXACT.check(more.spikes("cells").times, np.array([30, 30]) * 0.1)
    with pytest.raises(DescriptionError, match=r'runs on Metronome\(every=10\).*cannot change to engine="compiled"'):
        net.run(1.0, engine="compiled")


def test_a_backend_of_a_user_takes_its_options_and_is_named_with_the_others(metronome):
    assert len(network().run(2.5, engine=Metronome(every=5)).spikes("cells").times) == 10
    with pytest.raises(DescriptionError, match="compiled, .*brian2, metronome, or .*Metronome.* got 'metro'"):
        network().run(1.0, engine="metro")


def test_what_a_backend_does_not_support_is_refused_before_anything_is_built(metronome, tmp_path):
    net = network()
    with pytest.raises(DescriptionError, match='trials cannot run on Metronome; engine="compiled" or .*"stepper" can'):
        net.run(trials=sl.Trials([sl.Phase(1.0)], 2), engine="metronome")
    with pytest.raises(DescriptionError, match='checkpoints cannot run on Metronome; .*"events" can'):
        net.run(1.0, engine="metronome", checkpoint=tmp_path / "state")
    net.population(1, sl.LIF())
    run = net.run(1.0, engine="metronome")
    with pytest.raises(CheckpointError, match="cannot write checkpoints"):
        run.checkpoint(tmp_path / "state")
    with pytest.raises(DescriptionError, match=r"reset: .*Metronome\(every=10\)"):
        net.reset()


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_has_all_of_the_protocol_and_what_it_says_that_it_supports(name):
    backend = backend_of(name)
    assert issubclass(backend, Backend) and not inspect.isabstract(backend)
    assert backend.supports <= OPTIONAL.keys()
    for what, methods in OPTIONAL.items():
        for method in methods:
            assert (getattr(backend, method) is not getattr(Backend, method)) == (what in backend.supports), method
    for method, of_protocol in inspect.getmembers(Backend, inspect.isroutine):
        if not method.startswith("_"):
            expected, found = (list(inspect.signature(f).parameters) for f in (of_protocol, getattr(backend, method)))
            assert found == expected, method


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_counts_reads_and_advances_the_same_network(name):
    net = network()
    reference = backend_of("compiled").begin(net.description(), choose("compiled"))
    backend = backend_of(name).begin(net.description(), choose(name))
    assert backend.step == 0 and isinstance(backend.synaptic_events, int)
    assert all(isinstance(text, str) for pair in backend.versions.items() for text in pair)
    projection = net.projections["synapses"]
    for n_steps in (15, 0, 10):
        sink, before = MemorySink(), backend.step
        sink.begin(RunHeader(0.1, before * 0.1, seed=1, populations={}, projections={}, spikes=(("cells", "spike"),)))
        interrupted, wall = backend.advance(n_steps, sink, progress=False)
        assert not interrupted and wall >= 0 and backend.step == before + n_steps
    synapses = [
        found() if callable(found) else found for found in (b.synapses(projection) for b in (reference, backend))
    ]
    for ours, theirs in zip(*synapses, strict=True):
        EXACT.check(theirs, ours)
    assert backend.count(projection) == reference.count(projection) == 6


def test_a_network_that_has_not_begun_to_run_may_still_change_its_engine():
    net, same = network(), network()
    net.build("events")
    net.run(0.0, engine="stepper")
    run, expected = net.run(5.0, engine="compiled"), same.run(5.0)
    EXACT.check(run.weights("synapses"), expected.weights("synapses"))
    assert run.versions == expected.versions and run.synaptic_events == expected.synaptic_events > 0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sink": []}, DescriptionError, r"sink of run: expected a Sink, which has begin, .*got \[\]"),
        ({"progress": "yes"}, DescriptionError, "progress of run: .*got 'yes'"),
        ({"checkpoint": 3}, DescriptionError, "checkpoint of run: expected a path, a str or os.PathLike, got 3"),
        ({"after": "the first"}, DescriptionError, "after of run: expected the Run .*got 'the first'"),
        ({"duration": "long"}, UnitError, "duration of run"),
        ({"engine": 3}, DescriptionError, "engine: expected one of compiled.*got 3"),
    ],
)
def test_arguments_of_a_run_are_checked_before_anything_is_built(arguments, error, message):
    net = network()
    with pytest.raises(error, match=message):
        net.run(**{"duration": 1.0, **arguments})
    net.population(1, sl.LIF())


def test_a_run_that_another_does_not_continue_is_refused_before_anything_is_simulated():
    net = network()
    first = net.run(1.0)
    net.run(1.0)
    sink = MemorySink()
    with pytest.raises(DescriptionError, match="from 1 ms in .* got one from 2 ms in"):
        net.run(1.0, after=first, sink=sink)
    assert net.time == 20 * 0.1
    net.run(1.0, sink=sink)  # it has not been begun
