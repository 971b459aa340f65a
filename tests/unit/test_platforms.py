"""What is missing on other systems is done without, or refused by name: their modules and calls are taken away here."""

import os
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

import spikelearn
from spikelearn import system
from spikelearn.errors import ExperimentError
from spikelearn.sweep.task_spec import TaskSpec

SOME = "fcntl|resource|pwd|grp|termios|tty|pty|msvcrt|winreg|_winapi"
WINDOWS = """
import ctypes, fcntl, subprocess, sys, tempfile, types
locked = []


def lock_file(handle, flags, reserved, low, high, place):
    assert (flags, reserved, low, high) == (3, 0, 1, 0)
    if place._obj[2] < 1 << 40:
        locked.append("a byte that a file may have")
    try:
        fcntl.flock(handle.value, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return 0
    return 1


sys.modules["msvcrt"] = types.SimpleNamespace(get_osfhandle=lambda descriptor: descriptor)
ctypes.WinDLL = lambda name, use_last_error: types.SimpleNamespace(LockFileEx=lock_file)
ctypes.get_last_error = lambda: 33
"""
ELSEWHERE = """
import multiprocessing, os, signal, sys
from pathlib import Path

for module in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[module] = None
for call in ("sched_getaffinity", "process_cpu_count", "getuid", "geteuid", "fork", "register_at_fork", "mkfifo",
             "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY", "fchmod", "killpg", "setsid"):
    if hasattr(os, call):
        delattr(os, call)
for call in ("SIGALRM", "setitimer", "SIGKILL", "SIGHUP", "pthread_kill", "pthread_sigmask"):
    if hasattr(signal, call):
        delattr(signal, call)
multiprocessing.get_all_start_methods = lambda: ["spawn"]

import spikelearn as sl
from spikelearn import analysis, cli, io, plots, sweep, system, tasks
from spikelearn.sweep.executors import LocalProcesses

system.WINDOWS, system._PROC = True, Path("/nowhere/self")
net = sl.Network(dt=0.1, seed=1)
cells = net.population(20, sl.Poisson(rate=100.0))
net.record(cells)
run = net.run(50.0, progress=False)
folder = Path(sys.argv[1])
run.checkpoint(folder / "state")
sl.Network.restore(folder / "state")
io.save(run, folder / "run.h5")
assert io.load(folder / "run.h5").spikes(cells.name).times.tobytes() == run.spikes(cells).times.tobytes()
assert sorted(path.name for path in folder.iterdir()) == ["run.h5", "state"], list(folder.iterdir())
with LocalProcesses(1) as processes:
    assert processes.submit(divmod, 7, 2).result() == (3, 1)
assert locked == [], locked
print(run.spikes(cells).times.tobytes().hex())
"""
HERE = """
import spikelearn as sl
net = sl.Network(dt=0.1, seed=1)
cells = net.population(20, sl.Poisson(rate=100.0))
net.record(cells)
print(net.run(50.0, progress=False).spikes(cells).times.tobytes().hex())
"""


def test_a_network_runs_and_is_saved_without_what_other_systems_lack(tmp_path):
    scripts = [
        subprocess.Popen(
            [sys.executable, "-B", "-W", "error", "-c", script, str(tmp_path)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for script in (HERE, WINDOWS + ELSEWHERE)
    ]  # fmt: skip
    (here, complaints), (elsewhere, errors) = (script.communicate() for script in scripts)
    assert complaints == errors == ""
    assert elsewhere == here and len(here) > 100


@pytest.fixture
def without_proc(monkeypatch, tmp_path):
    monkeypatch.setattr(system, "_PROC", tmp_path / "nowhere" / "self")


def lacks(monkeypatch, *names: str) -> None:
    for name in names:
        module, _, call = name.partition(".")
        if call:
            monkeypatch.delattr(sys.modules[module], call, raising=False)
        else:
            monkeypatch.setitem(sys.modules, module, None)


@pytest.mark.parametrize("lacking", [(), ("os.process_cpu_count",), ("os.process_cpu_count", "os.sched_getaffinity")])
def test_there_is_always_a_number_of_cores(lacking, monkeypatch):
    lacks(monkeypatch, *lacking)
    assert 1 <= system.cores() <= (os.cpu_count() or 1)
    for call in ("process_cpu_count", "cpu_count"):
        monkeypatch.setattr(os, call, lambda: None, raising=False)
    lacks(monkeypatch, "os.sched_getaffinity")
    assert system.cores() == 1


@pytest.mark.parametrize("lacking", ["signal.setitimer", "signal.SIGALRM"])
def test_a_time_limit_is_refused_at_once_where_there_are_no_timers(lacking, monkeypatch):
    lacks(monkeypatch, lacking)
    with pytest.raises(ExperimentError, match=r"time limit: .* this system \(\w+\)"):
        TaskSpec("brunel_2000", time_limit=1.0)
    with pytest.raises(ExperimentError, match="time limit"), system.time_limit(1.0):
        pass
    TaskSpec("brunel_2000")


@pytest.mark.parametrize("lacking", ["resource", "resource.RLIMIT_DATA", "/proc"])
def test_a_memory_limit_is_refused_at_once_where_there_are_none(lacking, monkeypatch, request):
    pytest.importorskip("resource")
    if lacking == "/proc":
        request.getfixturevalue("without_proc")
    else:
        lacks(monkeypatch, lacking)
    with pytest.raises(ExperimentError, match=r"memory limit: .* this system \(\w+\)"):
        TaskSpec("brunel_2000", memory_limit=1000.0)
    with pytest.raises(ExperimentError, match="memory limit"), system.memory_limit(1 << 40):
        pass


def test_the_peak_of_memory_is_known_or_not_a_number(without_proc, monkeypatch):
    system.forget_peak_memory()
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrusage", lambda who: types.SimpleNamespace(ru_maxrss=5 << 20))
    assert system.peak_memory() == 5 << 30
    monkeypatch.setattr(sys, "platform", "darwin")
    assert system.peak_memory() == 5 << 20
    lacks(monkeypatch, "resource")
    assert system.peak_memory() != system.peak_memory()


def test_a_process_is_known_by_its_start_without_proc_too(without_proc):
    pytest.importorskip("psutil")
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    found = system.started(child.pid)
    assert found and found == system.started(child.pid)
    child.communicate(b"\n")
    assert system.started(child.pid) == ""


def test_a_file_is_locked_by_one_and_where_there_are_no_locks_by_all(tmp_path, monkeypatch):
    import filelock

    with (tmp_path / "file").open("wb") as one, (tmp_path / "file").open("wb") as other:
        assert system.lock(one.fileno()) and not system.lock(other.fileno())

        def missing(descriptor: int, blocking: bool) -> bool:
            raise OSError(38, "Function not implemented")

        monkeypatch.setattr(filelock, "lock_descriptor", missing)
        assert system.lock(other.fileno())


def test_a_file_is_locked_on_windows_where_it_can_still_be_written(tmp_path):
    """Windows itself is not here: LockFileEx is played by flock, and what it is asked for is what is tested."""
    script = WINDOWS + (
        "from spikelearn import system\n"
        "system.WINDOWS = True\n"
        "one, other = (open(sys.argv[1], 'ab') for _ in range(2))\n"
        "assert system.lock(one.fileno()) and not system.lock(other.fileno())\n"
        "one.close()\n"
        "assert system.lock(other.fileno()) and locked == []\n"
        "ctypes.get_last_error = lambda: 1\n"
        "third = open(sys.argv[1], 'ab')\n"
        "assert system.lock(third.fileno()), 'where nothing can be locked all may write'\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "file")], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_but_system_asks_for_what_only_some_systems_have():
    """The modules that exist on Linux, or on Windows, alone are imported where they are done without."""
    folder = Path(spikelearn.__file__).parent
    allowed = {"system.py": {"resource", "msvcrt"}, "cache_folder.py": {"pwd"}}
    found = {}
    for path in folder.rglob("*.py"):
        names = set(re.findall(rf"\bimport[ (]\"?({SOME})\b", path.read_text(encoding="utf-8")))
        if names - allowed.get(path.name, set()):
            found[path.name] = names
    assert found == {}
