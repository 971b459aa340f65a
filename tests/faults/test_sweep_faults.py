"""What may happen to a sweep while it runs: no point is lost, none computed twice, and each fault is reported."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sweep_model_file import write_model

from spikelearn import sweep
from spikelearn.errors import StoreError
from spikelearn.sweep import Store

SAME = ["x", "what", "replicate", "seed", "value", "spikes", "status", "error"]


@pytest.fixture
def model(tmp_path):
    (tmp_path / "notes").mkdir()
    return write_model(tmp_path)


def start(model, out, *words):
    """A sweep in a process of its own."""
    command = [sys.executable, "-m", "spikelearn", "sweep", str(model), "--out", str(out), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def rows(out):
    return sweep.read_table(out).select(SAME).to_pylist()


def computing(out):
    """The points that were computed so far."""
    try:
        with Store(out) as store:
            return store.keys()
    except StoreError:
        return set()


def computed(model):
    """Seed -> how often a run with it came to its end."""
    path = model.parent / "notes" / "computed"
    return Counter(line.split()[0] for line in path.read_text().splitlines()) if path.exists() else Counter()


def children(pid):
    """All processes that descend from one."""
    found = []
    for each in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = each.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found.append((int(each.parent.name), int(fields[1])))
    family, grown = {pid}, True
    while grown:
        more = {child for child, parent in found if parent in family} - family
        grown, family = bool(more), family | more
    return family - {pid}


def test_a_point_that_raises_is_nan_never_ends_or_eats_memory_is_reported_and_the_rest_is_done(model, tmp_path):
    done = sweep.run(
        model, tmp_path / "store", grid={"what": range(7), "x": [1, 2]}, workers=2, time_limit=2.0,
        memory_limit=1024, silent=True,
    )  # fmt: skip
    found = {(row["what"], row["x"]): row for row in rows(tmp_path / "store")}
    expected = ["done", "failed", "nan", "died", "memory", "timeout", "timeout"]
    assert [found[what, 1.0]["status"] for what in range(7)] == expected
    assert [found[what, 2.0]["status"] for what in range(7)] == expected
    assert done.statuses == {"done": 2, "failed": 2, "nan": 2, "died": 2, "memory": 2, "timeout": 4}
    errors = [found[what, 1.0]["error"] for what in range(7)]
    assert errors[0] == "" and errors[2] == "not finite: value"
    assert errors[1].startswith("simulate of ") and errors[1].endswith("ValueError: as the parameters say")
    assert errors[3].startswith("its process was killed by signal 9 (SIGKILL), 3 times out of 3")
    assert errors[4].startswith("out of memory (the limit is 1024 MB)") and errors[5] == "not done within 2 s"


def test_a_worker_that_is_killed_loses_nothing(model, tmp_path):
    grid = {"x": list(range(12))}
    whole = sweep.run(model, tmp_path / "whole", grid=grid, settings={"wait": 0.15}, workers=2, silent=True)
    words = ("--grid", "x=0:11:12", "--set", "wait=0.15", "--workers", "2", "--quiet")
    process = start(model, tmp_path / "store", *words)
    killed = 0
    while process.poll() is None and killed < 3:
        time.sleep(0.4)
        workers = [pid for pid in children(process.pid) if "forkserver" in _command(pid) and children(pid) == set()]
        if workers and len(computing(tmp_path / "store")) > 1:
            try:
                os.kill(random.choice(workers), signal.SIGKILL)
                killed += 1
            except OSError:
                pass
    _, output = process.communicate(timeout=60)
    assert process.returncode == 0 and killed, output
    assert rows(tmp_path / "store") == whole.table().select(SAME).to_pylist()


def test_a_run_whose_process_dies_once_is_tried_again_with_the_same_seed(model, tmp_path):
    settings = {"folder": model.parent / "notes"}
    done = sweep.run(model, tmp_path / "store", grid={"what": [7, 0]}, settings=settings, silent=True)
    assert done.statuses == {"done": 2} and max(computed(model).values()) == 2


def kill_and_resume(model, out, kills, generator):
    """Kill a sweep at random instants, start it again until it is done; the last process."""
    settings = "wait=0.02", f"folder={model.parent / 'notes'}"
    words = ("--grid", "x=0:39:40", "--set", *settings, "--workers", "2", "--quiet")
    for _ in range(kills):
        process = start(model, out, *words)
        time.sleep(generator.uniform(0.05, 1.6))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    process = start(model, out, *words)
    output = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return output


def check_killed(model, tmp_path, kills, seed):
    kill_and_resume(model, tmp_path / "store", kills, random.Random(seed))
    kill_and_resume(model, tmp_path / "whole", 0, random.Random(seed))
    assert len(rows(tmp_path / "store")) == 40
    assert rows(tmp_path / "store") == rows(tmp_path / "whole")


def test_a_sweep_that_is_killed_at_random_instants_ends_with_the_table_of_one_that_was_not(model, tmp_path):
    check_killed(model, tmp_path, 3, seed=1)


@pytest.mark.slow
def test_fifty_kills_lose_nothing(model, tmp_path):
    check_killed(model, tmp_path, 50, seed=2)


def test_workers_end_when_the_sweep_is_killed(model, tmp_path):
    process = start(model, tmp_path / "store", "--grid", "x=0:3:4", "--set", "wait=60", "--workers", "2")
    until = time.time() + 30
    while len(children(process.pid)) < 4 and time.time() < until:
        time.sleep(0.1)
    family = children(process.pid)
    assert len(family) >= 4
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    while any(Path(f"/proc/{pid}").exists() for pid in family) and time.time() < until:
        time.sleep(0.1)
    assert not [pid for pid in family if Path(f"/proc/{pid}").exists() and _state(pid) != "Z"]


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(model, tmp_path):
    words = ("--grid", "x=0:99:100", "--set", "wait=0.1", "--workers", "2", "--quiet")
    process = start(model, tmp_path / "store", *words)
    until = time.time() + 30
    while time.time() < until:
        time.sleep(0.2)
        if (tmp_path / "store" / "sweep.sqlite").exists():
            with Store(tmp_path / "store") as store:
                if len(store.keys()) > 4:
                    break
    os.kill(process.pid, signal.SIGINT)
    _, output = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "of 100 points are in" in output and "the same command resumes with the rest" in output
    n = sweep.read_table(tmp_path / "store").num_rows
    assert 4 < n < 100 and f"{n} of 100 points are in" in output
    assert (tmp_path / "store" / "results.parquet").exists()


class InterruptedExecutor(ThreadPoolExecutor):
    """Ctrl-C comes while a task is submitted: an exception there could leave a lock of a queue held."""

    submitted = 0

    def submit(self, *arguments, **named):
        signal.raise_signal(signal.SIGINT)
        self.submitted += 1
        return super().submit(*arguments, **named)


def test_ctrl_c_raises_between_calls_of_an_executor_and_never_in_one(model, tmp_path, monkeypatch):
    monkeypatch.setattr("spikelearn.sweep.session.warm", lambda *arguments: None)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with (
            InterruptedExecutor(1) as executor,
            pytest.raises(KeyboardInterrupt, match="of 3 points are in .*; the same command resumes with the rest"),
        ):
            sweep.run(model, tmp_path / "store", grid={"x": [1, 2, 3]}, executor=executor, silent=True)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert executor.submitted >= 1


def test_two_processes_on_one_store_share_the_points(model, tmp_path):
    words = (
        "--grid",
        "x=0:29:30",
        "--set",
        "wait=0.05",
        f"folder={model.parent / 'notes'}",
        "--workers",
        "1",
        "--json",
    )
    both = [start(model, tmp_path / "store", *words) for _ in range(2)]
    output = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], output
    shares = [json.loads(printed)["computed"] for printed, _ in output]
    assert sum(shares) == 30 and min(shares) > 0
    assert len(computed(model)) == 30 and set(computed(model).values()) == {1}
    assert sweep.read_table(tmp_path / "store").num_rows == 30


def test_a_full_disk_ends_the_sweep_with_words_and_it_goes_on_when_there_is_room(model, tmp_path):
    import resource

    def full():
        resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, 120_000))

    words = [str(model), "--grid", "x=0:199:200", "--set", "wait=0.01", "--workers", "1", "--quiet"]
    words += ["--out", str(tmp_path / "store")]
    command = [sys.executable, "-m", "spikelearn", "sweep", *words]
    found = subprocess.run(command, preexec_fn=full, capture_output=True, text=True, timeout=60)
    assert found.returncode == 2 and "sweep.sqlite: " in found.stderr and "are intact" in found.stderr, found.stderr
    with Store(tmp_path / "store") as store:
        n = len(store.keys())
    assert 0 < n < 200
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    assert sweep.read_table(tmp_path / "store").num_rows == 200


def _command(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def _state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"
