"""Processes that write files, to be killed or to meet a full disk: `python -m faults.writers KIND FOLDER [N_LIMITS]`.

Each kind writes numbered versions of one file. With N_LIMITS, versions are written while no file may grow beyond a
limit, with so many limits, from a few bytes to more than the file needs; each time what is left is checked. Without,
how many seconds a version takes is printed, and each line read from standard input starts a process that writes version
after version until it is killed.
"""

from __future__ import annotations

import io
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
from sweep_model_file import write_model

import spikelearn as sl
from spikelearn import cli
from spikelearn.errors import SpikelearnError
from spikelearn.io import RunWriter, load, load_extra, save
from spikelearn.results.run import PopulationInfo, Run, Spikes, Trace
from spikelearn.results.sink import RunHeader, TraceHeader
from spikelearn.sweep import Store
from spikelearn.sweep.point import DONE, Result

RUN, CHECKPOINT = "run.h5", "state.ckpt"
JOURNAL = "sweep.sqlite-journal"
"""Which SQLite leaves, or removes."""
PER_MS = 40
"""Events and samples in 1 ms."""


def times_until(t: float) -> np.ndarray:
    return (np.arange(int(t))[:, None] + np.arange(PER_MS) / PER_MS).ravel()


def header() -> RunHeader:
    populations = {name: PopulationInfo(name, 3, "lif", {"E_L": -70.0}) for name in "ab"}
    traces = tuple(TraceHeader(name, "V_m", "mV", np.arange(3)) for name in "ab")
    return RunHeader(0.1, 0.0, 1, populations, {}, tuple((name, "spike") for name in "ab"), traces, {})


def check_run(run: Run) -> None:
    """All events and samples up to the end of the run are there, once."""
    expected = times_until(run.t_stop)
    assert len(run.spike_data) == len(run.trace_data) == 2
    for spikes in run.spike_data.values():
        np.testing.assert_array_equal(spikes.times, expected)
        np.testing.assert_array_equal(spikes.ids, np.tile(np.arange(PER_MS) % 3, int(run.t_stop)))
    for trace in run.trace_data.values():
        np.testing.assert_array_equal(trace.times, expected)
        np.testing.assert_array_equal(trace.values, np.repeat(expected[:, None], 3, axis=1))


def stream(folder: Path, t_stop: int, on_flush: Callable[[int], object] = lambda t: None) -> None:
    """A run of t_stop ms that is written as it is made. A run that fails has everything until then in its sink."""
    writer = RunWriter(folder / RUN)
    try:
        writer.begin(header())
        for t in range(t_stop):
            times = t + np.arange(PER_MS) / PER_MS
            for name in "ab":
                writer.spikes(name, "spike", times, np.arange(PER_MS) % 3)
                writer.trace(name, "V_m", times, np.repeat(times[:, None], 3, axis=1))
            writer.flush(t + 1.0)
            on_flush(t + 1)
        writer.end(float(t_stop), False, 1.0, 0)
    except SpikelearnError:
        if writer.t_saved is not None:
            n = len(writer.spike_data()["a", "spike"].times) // PER_MS
            assert load(folder / RUN).t_stop == writer.t_saved <= n
            about = header()
            check_run(Run(0.1, 0.0, n, 1, {}, {}, writer.spike_data(), writer.trace_data(), {}, about.versions))
        raise


def save_run(folder: Path, version: int) -> None:
    about, times = header(), times_until(version)
    spikes = {key: Spikes(times, np.tile(np.arange(PER_MS, dtype=np.int32) % 3, version)) for key in about.spikes}
    values = np.repeat(times[:, None], 3, axis=1)
    traces = {(each.name, each.variable): Trace(times, values, each.ids, each.unit) for each in about.traces}
    save(Run(0.1, 0.0, float(version), 1, dict(about.populations), {}, spikes, traces), folder / RUN)


def run_version(folder: Path) -> int:
    run = load(folder / RUN)
    check_run(run)
    return int(run.t_stop)


def checkpoint(folder: Path, version: int) -> None:
    net = sl.Network(dt=1.0, seed=3, threads=1)
    net.record(net.population(500, sl.Poisson(rate=20.0), name="cells"))
    net.run(float(version), checkpoint=folder / CHECKPOINT)


def checkpoint_version(folder: Path) -> int:
    net = sl.Network.restore(folder / CHECKPOINT)
    assert net.recorded is not None and net.recorded.t_stop == net.time
    return int(net.time)


def store(folder: Path, version: int) -> None:
    """A point of 20 kB, and then its number."""
    key = f"{version} {os.urandom(8).hex()}"
    point = Result(key, (("x", 1.0),), 0, 1, "", DONE, {}, {}, traceback="x" * 20_000, versions={})
    with Store(folder, create=True) as opened:
        opened.begin()
        opened.add([point])
        opened.describe({"last": key})


def store_version(folder: Path) -> int:
    with Store(folder) as opened:
        last = opened.meta().get("last", "0")
        assert last == "0" or last in opened.keys()
        assert all(row["traceback"] == "x" * 20_000 for row in opened.results())
        return int(last.split()[0])


def output(folder: Path, version: int) -> None:
    """`spikelearn run`, with its metrics and figures."""
    model = folder.parent / "troubled.py"
    if not model.exists():
        write_model(folder.parent)
    said = io.StringIO()
    with redirect_stderr(said), redirect_stdout(io.StringIO()):
        code = cli.main(["run", str(model), "--out", str(folder), "--set", f"x={version}"])
    if code:
        raise SpikelearnError(said.getvalue())


def output_version(folder: Path) -> int:
    """-1 if the last run did not end: then there are no metrics and figures; otherwise they are of that run."""
    extra = load_extra(folder / RUN)
    there = {name for name in os.listdir(folder) if not name.startswith(".")} - {RUN}
    assert there <= {"metrics.json", "raster.png", "voltage.png", "troubled.png"}
    if not extra:
        assert not there
        return -1
    if there:
        assert json.loads((folder / "metrics.json").read_text()) == extra["metrics"]
    return int(extra["model"]["parameters"]["x"])


KINDS: dict[str, tuple[Callable[[Path, int], None], Callable[[Path], int]]] = {
    "streamed run": (stream, run_version),
    "saved run": (save_run, run_version),
    "checkpoint": (checkpoint, checkpoint_version),
    "store": (store, store_version),
    "output": (output, output_version),
}
"""How a version is written, and which version is there, after a check that it is whole."""
GROWING = ("streamed run", "output")
"""Those of which a part is left if they are not written to the end."""


@contextmanager
def limit_of_files(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def meet_full_disks(kind: str, folder: Path, n: int) -> None:
    write, version = KINDS[kind]
    write(folder, 6)
    size = max(each.stat().st_size for each in folder.iterdir())
    write(folder, 5)
    size = max(size, *(each.stat().st_size for each in folder.iterdir()))
    before = {*os.listdir(folder)}
    n_failed = 0
    # Where the last bytes are written, when the file is closed, limits are close together.
    for limit in [*np.linspace(1, size, n - n // 3), *np.linspace(size - 100, max(4 * size, 1 << 20), n // 3)]:
        there = version(folder)
        new = 6 if there == 5 else 5
        try:
            with limit_of_files(int(limit)):
                write(folder, new)
        except SpikelearnError as error:
            assert str(folder) in str(error) and "MB free" in str(error), error
            n_failed += 1
            assert version(folder) == there or kind in GROWING
        else:
            assert version(folder) == new
        left = {*os.listdir(folder), JOURNAL} if kind == "store" else {*os.listdir(folder)}
        assert left == before or (kind == "output" and left < before)
    print(n_failed)


def write_on(kind: str, folder: Path) -> None:
    """Write version after version. The number of each that is complete goes to a file next to the folder."""
    write, version = KINDS[kind]
    with open(folder.parent / "reported", "w", buffering=1) as reported:
        if kind == "streamed run":
            stream(folder, 1_000_000, lambda t: reported.write(f"{t}\n"))
        new = version(folder) + 1 if any(not name.startswith(".") for name in os.listdir(folder)) else 1
        while True:
            write(folder, new)
            reported.write(f"{new}\n")
            new += 1


if __name__ == "__main__":
    if len(sys.argv) > 3:
        meet_full_disks(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
        sys.exit()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with tempfile.TemporaryDirectory() as elsewhere:
        # What is killed is writing then, not importing or compiling.
        folder = Path(elsewhere) / "files"
        folder.mkdir()
        for version in (1, 2):
            began = time.perf_counter()
            KINDS[sys.argv[1]][0](folder, version)
        print(time.perf_counter() - began, flush=True)
    for _ in sys.stdin:
        (Path(sys.argv[2]).parent / "reported").write_text("")
        if (child := os.fork()) == 0:
            write_on(sys.argv[1], Path(sys.argv[2]))
        print(child, flush=True)
