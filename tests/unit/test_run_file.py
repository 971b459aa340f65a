"""The run file: what is written comes back, also from a process that was killed, and errors name the file."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np
import pytest
from unit.run_file_forgery import forge

import spikelearn as sl
from spikelearn.errors import RunFileError, SimulationError, SpikelearnError
from spikelearn.io import RunWriter, load, load_extra, save
from spikelearn.results.run import PopulationInfo, ProjectionInfo, Run, Spikes, Synapses, Trace
from spikelearn.results.sink import MemorySink, RunHeader, TraceHeader

REPOSITORY = Path(__file__).parents[2]
SYNAPSE_TYPES = (np.int32, np.int32, np.float64, np.float64)


def small_run() -> Run:
    """One of everything that a Run can hold, with values that a careless format would round or rename."""
    rng = np.random.default_rng(1)
    excitatory = PopulationInfo(
        "exc/layer 4", 5, "lif",
        {"V_th": np.array([-50.0, -49.5, np.nan, np.inf, 0.1]), "tau_m": 0.1 + 0.2, "t_ref": np.float32(0.1),
         "n": 3, "conductance": False, "equation": "dV/dt = 1", "label": None, "layers": [1, 2]},
        ("spike", "burst"),
        rng.normal(size=(5, 3)),
        np.array([0.1 + 0.2, 1e300, 5e-324]),
    )  # fmt: skip
    inputs = PopulationInfo(
        "input", 2, "poisson", {"rate": np.array([1, 2], np.int16)}, positions=np.array([[0.0], [-0.0]])
    )
    projections = {
        name: ProjectionInfo(name, "input", "exc/layer 4", "basal", "spike", n, "fixed probability 0.2", "pA")
        for name, n in [("..", 7), ("input->exc", 0)]
    }
    return Run(
        dt=0.1,
        t_start=100.0,
        t_stop=300.05,
        seed=2**64 + 3,
        populations={"exc/layer 4": excitatory, "input": inputs},
        projections=projections,
        spike_data={
            ("exc/layer 4", "spike"): Spikes(np.sort(rng.uniform(100, 300, 50)), rng.integers(0, 5, 50, np.int32)),
            ("exc/layer 4", "burst"): Spikes(np.empty(0), np.empty(0, np.int32)),
            ("input", "spike"): Spikes(np.array([100.1]), np.array([1], np.int32)),
        },
        trace_data={
            ("exc/layer 4", "V_m"): Trace(
                np.arange(4) * 0.5, rng.normal(size=(4, 2)).astype(np.float32), np.array([0, 3]), "mV"
            ),
            ("..", "weight"): Trace(np.empty(0), np.empty((0, 3)), np.array([0, 1, 2]), "pA"),
        },
        synapse_data={
            "..": Synapses(
                np.arange(7, dtype=np.int32) % 2,
                np.zeros(7, np.int32),
                np.array([0.0, -0.0] * 3 + [1.0]),
                np.full(7, 1.5),
            ),
            "input->exc": lambda: Synapses(*(np.empty(0, dtype) for dtype in SYNAPSE_TYPES)),
        },
        versions={"spikelearn": "0.1.0", "numpy": "2.3"},
        interrupted=True,
        wall_s=0.123,
        synaptic_events=2**40 + 1,
    )


def assert_same(first: object, second: object) -> None:
    """Equal in every bit, type of array and key, at any depth."""
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        assert first.dtype == second.dtype and first.shape == second.shape
        assert first.tobytes() == second.tobytes()
    elif dataclasses.is_dataclass(first):
        assert type(first) is type(second)
        for field in dataclasses.fields(first):
            assert_same(getattr(first, field.name), getattr(second, field.name))
    elif isinstance(first, dict) and isinstance(second, dict):
        assert first.keys() == second.keys()
        for key in first:
            assert_same(first[key], second[key])
    elif isinstance(first, tuple) and isinstance(second, tuple):
        for one, other in zip(first, second, strict=True):
            assert_same(one, other)
    else:
        assert first == second


def test_a_saved_run_comes_back_bit_for_bit(tmp_path):
    run = small_run()
    save(run, tmp_path / "run.h5")
    back = load(tmp_path / "run.h5")
    run.synapses("input->exc")  # computed on demand: now an array in `run` too
    assert_same(back, run)
    assert list(back.populations) == list(run.populations)
    assert os.listdir(tmp_path) == ["run.h5"]


def test_a_run_that_recorded_nothing_comes_back(tmp_path):
    run = Run(0.1, 0.0, 0.0, 0, {}, {})
    save(run, tmp_path / "run.h5")
    assert_same(load(tmp_path / "run.h5"), run)


def test_metrics_and_model_travel_with_the_run(tmp_path):
    extra = {"metrics": {"rate_hz": np.float64(37.5), "n": np.int32(3), "none": None}, "note": "x" * 100_000}
    save(small_run(), tmp_path / "run.h5", extra=extra)
    assert load_extra(tmp_path / "run.h5") == extra
    save(small_run(), tmp_path / "run.h5")
    assert load_extra(tmp_path / "run.h5") == {}


def test_only_the_synapses_asked_for_are_kept(tmp_path):
    save(small_run(), tmp_path / "run.h5", synapses=["input->exc"])
    back = load(tmp_path / "run.h5")
    assert list(back.synapse_data) == ["input->exc"]
    assert list(back.projections) == ["..", "input->exc"]


def test_a_constant_weight_takes_no_room_however_many_synapses(tmp_path):
    ones = Synapses(*(np.full(1_000_000, 1, dtype) for dtype in SYNAPSE_TYPES))
    run = dataclasses.replace(small_run(), synapse_data={"..": ones})
    save(run, tmp_path / "run.h5")
    assert os.path.getsize(tmp_path / "run.h5") < 100_000
    assert_same(load(tmp_path / "run.h5").synapses(".."), ones)


def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    save(small_run(), tmp_path / "run.h5")

    def no_weights() -> Synapses:
        raise OSError("gone")

    broken = dataclasses.replace(small_run(), synapse_data={"..": no_weights})
    with pytest.raises(RunFileError, match="run.h5.*gone"):
        save(broken, tmp_path / "run.h5")
    assert os.listdir(tmp_path) == ["run.h5"]
    assert load(tmp_path / "run.h5").seed == 2**64 + 3


def header_of(run: Run) -> RunHeader:
    traces = tuple(TraceHeader(*key, trace.unit, trace.ids) for key, trace in run.trace_data.items())
    return RunHeader(
        run.dt, run.t_start, run.seed, run.populations, run.projections,
        tuple(run.spike_data), traces, run.versions,
    )  # fmt: skip


def stream(run: Run, sink, chunks: int = 3) -> None:
    """Hand a run to a sink in pieces, in buffers that are overwritten after each call, as an engine does."""
    sink.begin(header_of(run))
    for (name, kind), spikes in run.spike_data.items():
        for part in np.array_split(np.arange(len(spikes.times)), chunks):
            times, ids = spikes.times[part], spikes.ids[part]
            sink.spikes(name, kind, times, ids)
            times[:], ids[:] = -1, -1
    for (name, variable), trace in run.trace_data.items():
        for part in np.array_split(np.arange(len(trace.times)), chunks):
            times, values = trace.times[part], trace.values[part]
            sink.trace(name, variable, times, values)
            times[:], values[:] = -1, -1
        sink.flush(run.t_stop)
    sink.end(run.t_stop, run.interrupted, run.wall_s, run.synaptic_events)


def as_streamed(run: Run) -> Run:
    """A streamed run has its traces in float64, and no synapses."""
    traces = {key: trace._replace(values=trace.values.astype(float)) for key, trace in run.trace_data.items()}
    return dataclasses.replace(run, trace_data=traces, synapse_data={})


def test_a_run_handed_to_a_writer_in_chunks_is_the_run_that_was_saved_whole(tmp_path):
    run = as_streamed(small_run())
    writer = RunWriter(tmp_path / "run.h5")
    stream(run, writer)
    assert_same(load(tmp_path / "run.h5"), run)
    assert load_extra(tmp_path / "run.h5") == {}


def test_recordings_may_come_in_any_order(tmp_path):
    """In a file, those of one population are together."""
    times = {(name, kind): np.arange(n) * 1.0 for n, (name, kind) in enumerate(["ax", "bx", "ay", "cx", "by"], start=1)}
    with RunWriter(tmp_path / "run.h5") as writer:
        writer.begin(RunHeader(0.1, 0.0, 1, {}, {}, tuple(times)))
        for key, of_it in times.items():
            writer.spikes(*key, of_it, np.zeros(len(of_it)))
        writer.flush(10.0)
        found = [load(tmp_path / "run.h5").spike_data]
        writer.end(10.0, False, 0.0, 0)
    for each in [*found, load(tmp_path / "run.h5").spike_data, writer.spike_data()]:
        assert {key: len(spikes.times) for key, spikes in each.items()} == {
            key: len(of_it) for key, of_it in times.items()
        }


def test_a_run_of_many_blocks_comes_back(tmp_path):
    """Blocks have 64 kB; chunks end within them, at their ends, and are longer than several."""
    rng = np.random.default_rng(1)
    run = as_streamed(small_run())
    times = np.sort(rng.uniform(100, 300, 100_000))
    run.spike_data["exc/layer 4", "spike"] = Spikes(times, rng.integers(0, 5, 100_000, np.int32))
    run.trace_data["exc/layer 4", "V_m"] = Trace(times, rng.normal(size=(100_000, 2)), np.array([0, 3]), "mV")
    writer = RunWriter(tmp_path / "run.h5")
    writer.begin(header_of(run))
    spikes, trace = run.spike_data["exc/layer 4", "spike"], run.trace_data["exc/layer 4", "V_m"]
    edges = [0, 1, 8191, 8192, 8193, 16384, 16384, 50_000, 99_999, 100_000]
    for begin, end in pairwise(edges):
        writer.spikes("exc/layer 4", "spike", spikes.times[begin:end], spikes.ids[begin:end])
        writer.trace("exc/layer 4", "V_m", trace.times[begin:end], trace.values[begin:end])
        writer.flush(300.0)
        found = load(tmp_path / "run.h5")
        assert_same(found.spikes("exc/layer 4"), Spikes(spikes.times[:end], spikes.ids[:end]))
        assert_same(found.trace("exc/layer 4", "V_m").values, trace.values[:end])
    writer.spikes("input", "spike", *run.spike_data["input", "spike"])
    writer.end(run.t_stop, run.interrupted, run.wall_s, run.synaptic_events)
    assert_same(load(tmp_path / "run.h5"), run)
    with h5py.File(tmp_path / "run.h5") as file:
        assert_same(file["spikes/exc%2Flayer 4/spike/times"][:], spikes.times)
        assert_same(file["traces/exc%2Flayer 4/V_m/values"][:], trace.values)


def test_what_a_killed_process_left_becomes_a_whole_file(tmp_path):
    writer = RunWriter(tmp_path / "run.h5")
    writer.begin(RunHeader(0.1, 0.0, 1, {}, {}, (("a", "spike"),)))
    writer.spikes("a", "spike", np.array([1.0, 2.0]), np.array([0, 1]))
    writer.flush(3.0)
    shutil.copy(tmp_path / "run.h5", tmp_path / "left.h5")
    save(load(tmp_path / "left.h5"), tmp_path / "left.h5")
    writer.close()
    for name in ("run.h5", "left.h5"):
        with h5py.File(tmp_path / name) as file:
            assert file["spikes/a/spike/times"][:].tolist() == [1.0, 2.0] and "progress" not in file


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_sink_gives_back_what_was_put_in(tmp_path, in_memory):
    run = as_streamed(small_run())
    sink = MemorySink() if in_memory else RunWriter(tmp_path / "run.h5")
    stream(run, sink)
    for _ in range(2):
        assert_same(sink.spike_data(), run.spike_data)
        assert_same(sink.trace_data(), run.trace_data)


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_sink_can_be_asked_while_it_is_being_filled(tmp_path, in_memory):
    sink = MemorySink() if in_memory else RunWriter(tmp_path / "run.h5")
    no_columns = TraceHeader("a", "g", "nS", np.empty(0, int))
    traces = (TraceHeader("a", "V", "mV", np.array([4])), no_columns)
    sink.begin(RunHeader(0.1, 0.0, 1, {}, {}, (("a", "spike"),), traces))
    for n in range(1, 4):
        sink.spikes("a", "spike", np.array([n * 1.0]), np.array([n]))
        sink.trace("a", "V", np.array([n * 1.0]), np.array([[n]]))
        sink.trace("a", "g", np.array([n * 1.0]), np.empty((1, 0)))
        assert sink.spike_data()["a", "spike"].ids.tolist() == list(range(1, n + 1))
        assert sink.trace_data()["a", "V"].values.tolist() == [[k] for k in range(1, n + 1)]
        assert sink.trace_data()["a", "g"].values.shape == (n, 0)
    sink.end(4.0, False, 0.1, 0)


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_sink_refuses_what_was_not_announced_and_a_second_run(tmp_path, in_memory):
    sink = MemorySink() if in_memory else RunWriter(tmp_path / "run.h5")
    sink.begin(RunHeader(0.1, 0.0, 1, {}, {}))
    with pytest.raises(SimulationError, match="'burst' of 'a'"):
        sink.spikes("a", "burst", np.zeros(1), np.zeros(1))
    with pytest.raises(SpikelearnError, match="already holds a run"):
        sink.begin(RunHeader(0.1, 0.0, 1, {}, {}))
    sink.end(1.0, False, 0.0, 0)


def test_a_running_writer_can_be_read_up_to_its_last_flush(tmp_path):
    path = tmp_path / "run.h5"
    with RunWriter(path) as writer:
        writer.begin(RunHeader(0.1, 0.0, 1, {}, {}, (("a", "spike"),)))
        assert load(path).t_stop == 0.0
        writer.spikes("a", "spike", np.array([1.0, 2.0]), np.array([0, 1]))
        assert len(load(path).spikes("a").times) == 0
        writer.flush(3.0)
        writer.spikes("a", "spike", np.array([4.0]), np.array([2]))
        partial = load(path)
        assert (partial.t_stop, partial.interrupted) == (3.0, True)
        assert partial.spikes("a").times.tolist() == [1.0, 2.0]
    after_close = load(path)
    assert (after_close.t_stop, after_close.interrupted) == (3.0, True)
    assert after_close.spikes("a").times.tolist() == [1.0, 2.0]
    with pytest.raises(RunFileError, match="not open for writing"):
        writer.flush(5.0)


WRITER_WITHOUT_END = """
    import sys
    import numpy as np
    from spikelearn.results.sink import RunHeader, TraceHeader
    from spikelearn.io import RunWriter

    writer = RunWriter(sys.argv[1])
    names = [f"population {k}" for k in range(5)]
    traces = tuple(TraceHeader(name, "V_m", "mV", np.arange(3)) for name in names)
    writer.begin(RunHeader(0.1, 0.0, 1, {}, {}, tuple((name, "spike") for name in names), traces))
    print("begun", flush=True)
    for t in range(1_000_000):
        times = t + np.arange(200) / 200
        for name in names:
            writer.spikes(name, "spike", times, np.arange(200))
            writer.trace(name, "V_m", times, np.repeat(times[:, None], 3, axis=1))
        writer.flush(t + 1.0)
        print(t + 1, flush=True)
"""


@pytest.mark.parametrize("flushes_before_kill", [0, 1, 2, 61])
def test_all_that_was_flushed_survives_kill_9(tmp_path, flushes_before_kill):
    path = tmp_path / "run.h5"
    command = [sys.executable, "-c", textwrap.dedent(WRITER_WITHOUT_END), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY) as process:
        assert process.stdout is not None
        reported = [process.stdout.readline().strip() for _ in range(1 + flushes_before_kill)]
        process.send_signal(signal.SIGKILL)
        reported += process.stdout.read().split()
    last = 0 if reported[-1] == "begun" else int(reported[-1])
    run = load(path)
    assert run.interrupted
    assert run.t_stop in (last, last + 1)  # killed after the flush, before its line was printed
    expected = (np.arange(int(run.t_stop))[:, None] + np.arange(200) / 200).ravel()
    for spikes in run.spike_data.values():
        assert spikes.times.tobytes() == expected.tobytes()
    for trace in run.trace_data.values():
        assert trace.times.tobytes() == expected.tobytes()
        assert (trace.values == expected[:, None]).all()
    shutil.copy(path, tmp_path / "copy.h5")
    with open(tmp_path / "copy.h5", "r+b") as file:
        file.truncate(os.path.getsize(path) * 9 // 10 if last > 2 else 1000)
    with pytest.raises(RunFileError, match="copy.h5.*truncated"):
        load(tmp_path / "copy.h5")


def test_a_run_can_be_read_while_it_is_written(tmp_path):
    path, t_stop = tmp_path / "run.h5", [0.0]

    def write() -> None:
        for t in range(1000):
            writer.spikes("a", "spike", t + np.arange(50) / 50, np.arange(50))
            writer.flush(t + 1.0)
        writer.end(1000.0, False, 0.0, 0)

    writer = RunWriter(path)
    writer.begin(RunHeader(0.1, 0.0, 1, {}, {}, (("a", "spike"),)))
    thread = threading.Thread(target=write)
    thread.start()
    while t_stop[-1] < 1000.0 or load(path).interrupted:
        run = load(path)
        t_stop.append(run.t_stop)
        expected = (np.arange(int(run.t_stop))[:, None] + np.arange(50) / 50).ravel()
        assert run.spikes("a").times.tobytes() == expected.tobytes()
    thread.join()
    assert t_stop == sorted(t_stop) and len(set(t_stop)) > 2


def test_a_missing_file_is_named(tmp_path):
    for read in (load, load_extra):
        with pytest.raises(RunFileError, match="absent.h5: there is no such file; expected a run file"):
            read(tmp_path / "absent.h5")
    with pytest.raises(RunFileError, match="a directory, expected a regular file; expected a run file"):
        load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"times,ids\n1,2\n", b"\x89HDF"])
def test_a_file_that_is_not_hdf5_is_named(tmp_path, content):
    (tmp_path / "run.h5").write_bytes(content)
    with pytest.raises(RunFileError, match="run.h5: not an HDF5 file; expected a run file"):
        load(tmp_path / "run.h5")


def test_an_hdf5_file_of_somebody_else_is_named(tmp_path):
    with h5py.File(tmp_path / "theirs.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(RunFileError, match="theirs.h5: an HDF5 file, but not a run file"):
        load(tmp_path / "theirs.h5")


def test_a_file_of_another_format_version_says_both_versions(tmp_path):
    save(small_run(), tmp_path / "run.h5")
    forge(tmp_path / "run.h5", lambda file: file.attrs.modify("format_version", 99))
    with pytest.raises(RunFileError, match="run.h5: format version 99, expected version 3"):
        load(tmp_path / "run.h5")


def test_a_truncated_file_is_never_taken_for_a_whole_one(tmp_path):
    save(small_run(), tmp_path / "whole.h5")
    whole = (tmp_path / "whole.h5").read_bytes()
    for length in [*range(8, len(whole), 997), len(whole) - 1]:
        (tmp_path / "part.h5").write_bytes(whole[:length])
        with pytest.raises(RunFileError, match="part.h5: broken or truncated, expected a whole run file"):
            load(tmp_path / "part.h5")


def all_names(path: Path) -> list[str]:
    names: list[str] = []
    with h5py.File(path) as file:
        file.visit(names.append)
        return names + [f"{name}@{key}" for name in names for key in file[name].attrs]


def test_whatever_is_missing_from_a_file_is_named(tmp_path):
    save(small_run(), tmp_path / "whole.h5")
    # There may be any number of these, and nothing in the file says how many there were.
    any_number = re.compile(
        r"(populations|projections|synapses|spikes|traces|(spikes|traces)/[^/]*|.*/parameters)/[^/@]*|versions@.*"
    )
    # Only for people who look into the file, but for the unit of values and projections. Checksums are made right.
    for_readers = re.compile(r".*(times|delay)@unit|.*@encoding|.*@checksum")
    for name in all_names(tmp_path / "whole.h5"):
        if any_number.fullmatch(name) or for_readers.fullmatch(name):
            continue
        shutil.copy(tmp_path / "whole.h5", tmp_path / "part.h5")
        path, _, attribute = name.partition("@")

        def without(file: h5py.File, path: str = path, attribute: str = attribute) -> None:
            if attribute:
                del file[path].attrs[attribute]
            else:
                del file[path]

        forge(tmp_path / "part.h5", without)
        with pytest.raises(RunFileError, match="part.h5: broken.*(missing|expected)"):
            load(tmp_path / "part.h5")
            load_extra(tmp_path / "part.h5")


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(RunFileError, match="there is no directory"):
        save(small_run(), tmp_path / "absent" / "run.h5")
    (tmp_path / "run.h5").mkdir()
    with pytest.raises(RunFileError, match="run.h5: cannot be written"):
        save(small_run(), tmp_path / "run.h5")
    with pytest.raises(RunFileError, match="run.h5: cannot be written"):
        RunWriter(tmp_path / "run.h5").begin(RunHeader(0.1, 0.0, 1, {}, {}))
    assert os.listdir(tmp_path) == ["run.h5"]


def test_a_new_run_replaces_the_file_of_the_last_one(tmp_path):
    save(small_run(), tmp_path / "run.h5")
    with RunWriter(tmp_path / "run.h5") as writer:
        assert load(tmp_path / "run.h5").seed == 2**64 + 3
        writer.begin(RunHeader(0.1, 0.0, 7, {}, {}))
        assert load(tmp_path / "run.h5").seed == 7


@pytest.mark.parametrize(("attribute", "value"), [("dimensions", 2), ("size", 4)])
def test_positions_of_another_shape_than_announced_are_refused(tmp_path, attribute, value):
    save(small_run(), tmp_path / "run.h5")
    forge(tmp_path / "run.h5", lambda file: file["populations"]["exc%2Flayer 4"].attrs.modify(attribute, value))
    with pytest.raises(RunFileError, match="positions has shape"):
        load(tmp_path / "run.h5")


def test_the_run_of_a_network_has_the_positions_of_its_populations(tmp_path):
    net = sl.Network()
    grid = net.population(6, sl.Poisson(0.0), name="grid", positions=sl.Grid((2, 3), periodic=True))
    line = net.population(2, sl.Poisson(0.0), name="line", positions=[0.5, 1.5])
    net.population(2, sl.Poisson(0.0), name="nowhere")
    with RunWriter(tmp_path / "run.h5") as writer:
        net.run(1.0, sink=writer)
    found = load(tmp_path / "run.h5").populations
    assert np.array_equal(found["grid"].positions, grid.positions) and found["grid"].period.tolist() == [2.0, 3.0]
    assert np.array_equal(found["line"].positions, line.positions) and found["line"].period is None
    assert found["nowhere"].positions is None
