"""Full disks and kills: the process goes on, the error says what is kept, nothing that was whole is lost."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from faults import writers

import spikelearn as sl
from spikelearn.errors import RunFileError
from spikelearn.io import RunWriter, load

TESTS = Path(__file__).parents[1]
QUICK = [kind for kind in writers.KINDS if kind != "output"]
"""An output has figures, which take seconds."""
ENVIRONMENT = os.environ | {"PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS}"}


def command(*words):
    return [sys.executable, "-m", "faults.writers", *map(str, words)]


def check_full_disks(kind, folder, n):
    """In a process of its own, which a failed write must not end."""
    found = subprocess.run(command(kind, folder, n), env=ENVIRONMENT, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert n // 2 < int(found.stdout) < n and found.stderr == ""


@pytest.mark.parametrize("kind", QUICK)
def test_a_full_disk_is_an_error_that_leaves_whole_files(kind, tmp_path):
    check_full_disks(kind, tmp_path, 9)


@pytest.mark.slow
@pytest.mark.parametrize("kind", writers.KINDS)
def test_a_disk_that_is_full_at_any_byte_leaves_whole_files(kind, tmp_path):
    check_full_disks(kind, tmp_path, 120)


def check_kills(kind, folder, n, seed):
    """Processes that write are killed at random instants."""
    generator, last, left = random.Random(seed), 0, 0
    with subprocess.Popen(
        command(kind, folder), env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        a_version_s = float(process.stdout.readline())
        for _ in range(n):
            process.stdin.write("\n")
            process.stdin.flush()
            writer = int(process.stdout.readline())
            time.sleep(generator.uniform(0.0, 3 * a_version_s))
            os.kill(writer, signal.SIGKILL)
            while Path(f"/proc/{writer}").exists():
                time.sleep(0.001)
            lines = (folder.parent / "reported").read_text().split()
            last = int(lines[-1]) if lines else last
            found = (
                writers.KINDS[kind][1](folder) if any(not name.startswith(".") for name in os.listdir(folder)) else 0
            )
            # A run that is streamed replaces the last one as soon as it begins; its first flush may be unreported.
            begun = (kind == "streamed run" and found <= 1 and not lines) or (kind == "output" and found < 0)
            assert found in (last, last + 1) or begun, (found, last)
            last = found
            left += any(name.startswith(".") for name in os.listdir(folder))
        process.stdin.close()
    writers.KINDS[kind][0](folder, last + 1)
    assert not [name for name in os.listdir(folder) if name.startswith(".")]
    return left


@pytest.mark.parametrize("kind", QUICK)
def test_writers_that_are_killed_leave_the_old_file_or_the_new_one(kind, tmp_path):
    (tmp_path / "files").mkdir()
    check_kills(kind, tmp_path / "files", 5, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", writers.KINDS)
def test_a_hundred_kills_lose_nothing_and_leave_nothing(kind, tmp_path):
    (tmp_path / "files").mkdir()
    check_kills(kind, tmp_path / "files", 100, seed=2)


def small_network():
    net = sl.Network(dt=0.1, seed=1, threads=1)
    cells = net.population(200, sl.Poisson(rate=500.0), name="cells")
    net.record(cells)
    return net, cells


def test_a_run_that_fills_the_disk_is_in_the_error_and_the_file_has_its_beginning(tmp_path):
    net, cells = small_network()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, limits[1]))
    try:
        with pytest.raises(
            RunFileError, match=r"run.h5: cannot be written: .*MB free; the file has the run up to"
        ) as caught:
            net.run(1e6, sink=RunWriter(tmp_path / "run.h5"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    run, saved = caught.value.run, load(tmp_path / "run.h5")
    assert 0 < saved.t_stop < run.t_stop == net.time and saved.interrupted
    whole, whole_cells = small_network()
    expected = whole.run(run.t_stop).spikes(whole_cells)
    np.testing.assert_array_equal(run.spikes(cells).times, expected.times)
    np.testing.assert_array_equal(run.spikes(cells).ids, expected.ids)
    np.testing.assert_array_equal(saved.spikes("cells").times, expected.times[expected.times <= saved.t_stop])
    assert os.listdir(tmp_path) == ["run.h5"]
