"""A checkpoint is no interruption: a network that was written and read, in another process, goes on bit for bit."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tolerances import EXACT
from unit import all_parts, every_model

import spikelearn as sl
from spikelearn.backends.compiled import CompiledBackend
from spikelearn.engine import checkpoint
from spikelearn.errors import CheckpointError, DescriptionError, ParameterError, UnitError

TESTS = Path(__file__).parent.parent
ENVIRONMENT = os.environ | {"PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS}"}


def script(*command):
    done = subprocess.run(
        [sys.executable, "-W", "error", *map(str, command)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def same(one, other, what=""):
    assert one.keys() == other.keys(), what
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], f"{what}: {name}")


def everything(net):
    """name -> array, of all that a network has, but for buffers: more than a checkpoint holds."""
    backend = net.build()
    if isinstance(backend, CompiledBackend):
        return backend.program.arrays(built=True)
    tables = {f"{type(t).__name__}.{name}": array for t in backend.plan.tables for name, array in t._asdict().items()}
    for buffer in ("Watched.times", "Watched.cells", "Cells.fired"):
        del tables[buffer]
    return tables | backend.arrays()


NETWORKS = every_model.networks()


@pytest.fixture(scope="module")
def continued(tmp_path_factory, request):
    """A folder of all networks that are tested, each written after the first half and continued in a new process."""
    folder = tmp_path_factory.mktemp("checkpoints")
    tested = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}
    for name in NETWORKS.keys() & tested:
        NETWORKS[name]().run(every_model.HALF).checkpoint(folder / f"{name}.half")
    script(TESTS / "unit" / "every_model.py", folder)
    return folder


@pytest.mark.parametrize("name", NETWORKS)
def test_a_run_through_a_checkpoint_in_a_new_process_is_the_run_without_one(name, continued):
    net = NETWORKS[name]()
    run = net.run(2 * every_model.HALF)
    restored = sl.Network.restore(continued / f"{name}.whole")
    same(every_model.outcome(restored.recorded), every_model.outcome(run), name)
    same(everything(restored), everything(net), name)
    assert restored.build().step == net.build().step


@pytest.mark.parametrize("name", NETWORKS)
def test_each_network_of_the_common_test_has_something_to_forget(name, continued):
    restored = sl.Network.restore(continued / f"{name}.half")
    at_start, now = NETWORKS[name]().build().arrays(), restored.build().arrays()
    assert sum(not np.array_equal(at_start[key], now[key]) for key in now) > 5
    assert sum(len(spikes.times) for spikes in restored.recorded.spike_data.values()) > 0
    learning = [projection for projection in restored.projections.values() if projection.learns]
    before = NETWORKS[name]().run(0.0)
    changed = [not np.array_equal(restored.recorded.weights(p), before.weights(p.name)) for p in learning]
    assert any(changed) or not learning


# What else a run depends on


def count(step, counted):
    counted[0] += step


def test_what_callbacks_have_written_is_part_of_the_checkpoint_and_shared_arrays_stay_shared(tmp_path):
    def network():
        net = sl.Network(dt=1.0)
        net.population(1, sl.Poisson(10.0))
        counted = np.zeros(4, np.int64)
        net.on_step(count, counted[1:])
        net.on_step(lambda step, a: None, counted)
        return net, counted

    net, whole = network()
    net.run(7.0)
    net, _ = network()
    net.run(3.0).checkpoint(tmp_path / "a")
    restored = sl.Network.restore(tmp_path / "a")
    part, counted = (callback.arguments[0] for callback in restored.callbacks)
    restored.run(4.0)
    EXACT.check(counted, whole)
    EXACT.check(part, whole[1:])


def teach(trial, phase, counts, fired, release):
    release[0] += 0.01 * (counts[0] + fired[1])


def test_a_checkpoint_between_two_schedules_of_trials_is_no_interruption(tmp_path):
    def network():
        net = all_parts.network()
        cells, inputs = net.populations["pyramidal"], net.populations["poisson"]
        callback = sl.Callback(teach, (cells.counts(), cells.fired(), net.modulators["dopamine"].release))
        phases = [sl.Phase(20.0, rates={inputs: 150.0}, callback=callback), sl.Phase(10.0, reset=[cells])]
        return net, sl.Trials(phases, 2)

    net, trials = network()
    first = net.run(trials=trials)
    whole = first.joined(net.run(trials=trials))
    net, trials = network()
    net.run(trials=trials).checkpoint(tmp_path / "a")
    net = sl.Network.restore(tmp_path / "a")
    cells, inputs = net.populations["pyramidal"], net.populations["poisson"]
    callback = sl.Callback(teach, (cells.counts(), cells.fired(), net.modulators["dopamine"].release))
    phases = [sl.Phase(20.0, rates={inputs: 150.0}, callback=callback), sl.Phase(10.0, reset=[cells])]
    run = net.run(trials=sl.Trials(phases, 2), after=net.recorded)
    same(every_model.outcome(run), every_model.outcome(whole))


SCRIPT = """
import sys
from typing import NamedTuple

import numpy as np

import spikelearn as sl
from spikelearn.units import mV, ms


class LeakyParameters(NamedTuple):
    tau_m: ms = 10.0
    V_th: mV = 8.0


def step(V_m, in_exc, decay, V_th):
    V_m = V_m * decay + in_exc
    return (0.0 if V_m > V_th else V_m), np.uint8(V_m > V_th)


Leaky = sl.NeuronModel(
    "Leaky", LeakyParameters, lambda p, dt: {"decay": np.exp(-dt / p.tau_m), "V_th": p.V_th}, step,
    state={"V_m": "mV"}, ports={"exc": "mV"}, initial=lambda p: {},
)
gain = 3


def remember(step, memory):
    memory[0] += gain * step


net = sl.Network(seed=5)
cells = net.population(3, Leaky(tau_m=12.0), name="cells")
net.connect(net.population(9, sl.Poisson(200.0)), cells, weight=2.0, delay=3.0)
net.on_step(remember, np.zeros(1))
net.record(cells, ["spikes", "V_m"])
run = net.run(30.0)
run.checkpoint(sys.argv[1])
run = run.joined(net.run(30.0))
print(len(run.spikes("cells").times), repr(run.trace("cells", "V_m").values.sum()), net.callbacks[0].arguments)
"""

CONTINUED = """
import sys
import spikelearn as sl
net = sl.Network.restore(sys.argv[1])
run = net.run(30.0, after=net.recorded)
print(len(run.spikes("cells").times), repr(run.trace("cells", "V_m").values.sum()), net.callbacks[0].arguments)
"""


def test_models_and_callbacks_of_a_script_are_kept_in_the_file(tmp_path):
    (tmp_path / "first.py").write_text(SCRIPT)
    (tmp_path / "second.py").write_text(CONTINUED)
    first = script(tmp_path / "first.py", tmp_path / "a")
    (tmp_path / "first.py").unlink()
    assert int(first.split()[0]) > 10
    assert script(tmp_path / "second.py", tmp_path / "a") == first


def test_models_of_the_library_are_the_very_same_after_a_checkpoint(tmp_path):
    all_parts.network().run(0.0).checkpoint(tmp_path / "a")
    net = sl.Network.restore(tmp_path / "a")
    assert net.populations["lif"].model.model is sl.LIF
    assert net.projections["STDP"].plasticity.rule is sl.STDP
    assert net.projections["short term"].synapse.model is sl.TsodyksMarkram


# Runs in pieces


def test_a_run_with_checkpoints_on_its_way_is_the_same_run_and_leaves_the_last_of_them(tmp_path, monkeypatch):
    whole = all_parts.network().run(60.0)
    written = []
    write = checkpoint.write
    monkeypatch.setattr(checkpoint, "write", lambda path, content, *rest: (write(path, content, *rest), keep(content)))

    def keep(content):
        written.append((content["step"], content["run"].t_stop, len(content["run"].spikes("poisson").times)))

    run = all_parts.network().run(60.0, checkpoint=tmp_path / "a", checkpoint_every=25.0)
    same(every_model.outcome(run), every_model.outcome(whole))
    times = whole.spikes("poisson").times
    assert written == [(round(10 * t), t, np.sum(times < t + 0.05)) for t in (25.0, 50.0, 60.0)]
    assert sl.Network.restore(tmp_path / "a").time == 60.0


def test_a_run_that_is_continued_twice_has_all_that_was_recorded(tmp_path):
    whole = all_parts.network().run(60.0)
    all_parts.network().run(20.0, checkpoint=tmp_path / "a")
    for _ in range(2):
        net = sl.Network.restore(tmp_path / "a")
        run = net.run(20.0, after=net.recorded, checkpoint=tmp_path / "a", checkpoint_every=7.0)
    same(every_model.outcome(run), every_model.outcome(whole))
    assert run.t_start == 0 and run.synaptic_events == whole.synaptic_events


def test_weights_of_a_joined_run_are_those_of_its_end_however_far_the_network_has_run_since():
    net = all_parts.network()
    joined = net.run(20.0).joined(net.run(20.0))
    net.run(20.0)
    EXACT.check(joined.weights("STDP"), all_parts.network().run(40.0).weights("STDP"))


def test_only_runs_that_follow_each_other_are_joined():
    net, other = all_parts.network(), all_parts.network(record_weights=False)
    first = net.run(10.0)
    with pytest.raises(DescriptionError, match="expected a run from 10 ms in steps"):
        first.joined(first)
    other.run(10.0)
    with pytest.raises(DescriptionError, match="two networks: trace_data"):
        first.joined(other.run(10.0))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"checkpoint_every": 10.0}, DescriptionError, "expected a file too"),
        ({"checkpoint_every": 0.0, "checkpoint": "a"}, ParameterError, "at least dt = 0.1 ms, got 0 ms"),
        ({"checkpoint_every": "soon", "checkpoint": "a"}, UnitError, "checkpoint_every of run"),
    ],
)
def test_checkpoints_that_cannot_be_are_refused_before_the_run(arguments, error, message):
    net = all_parts.network()
    with pytest.raises(error, match=message):
        net.run(10.0, **arguments)
    assert net.time == 0.0


def test_trials_have_no_checkpoints_inside_them(tmp_path):
    net = all_parts.network()
    with pytest.raises(DescriptionError, match="schedule of trials"):
        net.run(trials=sl.Trials([sl.Phase(5.0)], 2), checkpoint=tmp_path / "a", checkpoint_every=5.0)


# Back to the start


@pytest.mark.parametrize("keep_weights", [True, False])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_that_was_reset_runs_as_a_new_one_with_its_weights_or_without(name, keep_weights):
    net, fresh = NETWORKS[name](), NETWORKS[name]()
    learned = net.run(every_model.HALF)
    net.reset(keep_weights=keep_weights)
    assert net.time == 0.0
    if keep_weights:
        backend = fresh.build()
        for projection in fresh.projections.values():
            if projection.learns or any(r.projection is projection for r in fresh._homeostases):
                backend.put_synapses(projection, learned.synapses(projection))
    same(every_model.outcome(net.run(0.0)), every_model.outcome(fresh.run(0.0)), name)
    assert all(np.array_equal(net.run(0.0).weights(p), learned.weights(p)) or not keep_weights for p in net.projections)
    same(every_model.outcome(net.run(every_model.HALF)), every_model.outcome(fresh.run(every_model.HALF)), name)
    same(everything(net), everything(fresh), name)


def test_a_run_before_a_reset_keeps_its_weights_and_makes_no_checkpoint_any_more(tmp_path):
    net = all_parts.network()
    run = net.run(20.0)
    net.reset()
    net.run(20.0)
    EXACT.check(run.weights("STDP"), all_parts.network().run(20.0).weights("STDP"))
    with pytest.raises(CheckpointError, match="the network has since run on"):
        run.checkpoint(tmp_path / "a")


def test_a_network_that_has_not_been_built_is_reset_already():
    net = sl.Network()
    net.reset()
    net.population(1, sl.LIF())
    assert net.time == 0.0
