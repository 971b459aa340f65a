"""Sweeps on a Dask cluster: the same results, and a worker that is killed in the middle."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from sweep_model_file import write_model

from spikelearn import cli, sweep
from spikelearn.errors import ExperimentError
from spikelearn.sweep import dask_cluster

# What Dask's own threads warn of when a worker is killed is Dask's.
pytestmark = pytest.mark.filterwarnings("ignore")
SAME = ["x", "replicate", "seed", "value", "spikes", "status", "error"]


@pytest.fixture(scope="module")
def cluster():
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as found:
        yield found


def test_a_worker_of_a_cluster_that_is_killed_in_the_middle_loses_nothing(cluster, tmp_path):
    model = write_model(tmp_path)
    grid, settings = {"x": list(range(30))}, {"wait": 0.1}
    whole = sweep.run(model, tmp_path / "whole", grid=grid, settings=settings, workers=2, silent=True)
    killed = []

    def kill():
        time.sleep(1.0)
        pid = next(iter(cluster.workers.values())).pid
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)

    executor, workers, close = dask_cluster(cluster.scheduler_address)
    assert workers == 2
    thread = threading.Thread(target=kill)
    thread.start()
    done = sweep.run(
        model, tmp_path / "store", grid=grid, settings=settings, executor=executor, workers=workers, silent=True
    )
    thread.join()
    close()
    assert killed and done.statuses == {"done": 30}
    assert done.table().select(SAME).equals(whole.table().select(SAME))


def test_the_command_runs_on_the_scheduler_that_it_is_given_and_says_if_there_is_none(cluster, tmp_path, capsys):
    model = write_model(tmp_path)
    words = ["sweep", str(model), "--grid", "x=1,2,3", "--out", str(tmp_path / "store")]
    assert cli.main([*words, "--dask", cluster.scheduler_address]) == 0
    assert sweep.read_table(tmp_path / "store").to_pydict()["status"] == ["done"] * 3
    with pytest.raises(ExperimentError, match="no scheduler answers at 'tcp://127.0.0.1:1'"):
        dask_cluster("tcp://127.0.0.1:1", timeout_s=1.0)


def test_two_schedulers_share_one_store(tmp_path):
    """Two hosts are stood for by two schedulers, each with a worker and a process that gives it work.

    Points last long enough that the first to start leaves some to the other, however busy the machine is.
    """
    model = write_model(tmp_path)
    (tmp_path / "notes").mkdir()
    settings = "wait=0.5", f"folder={tmp_path / 'notes'}"
    words = [
        sys.executable,
        "-m",
        "spikelearn",
        "sweep",
        str(model),
        "--grid",
        "x=0:23:24",
        "--set",
        *settings,
        "--json",
    ]
    words += ["--dask", "--workers", "1", "--out", str(tmp_path / "store")]
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    output = [process.communicate(timeout=90) for process in both]
    assert [process.returncode for process in both] == [0, 0], output
    shares = [json.loads(printed)["computed"] for printed, _ in output]
    seeds = [line.split()[0] for line in (tmp_path / "notes" / "computed").read_text().splitlines()]
    assert sum(shares) == 24 == len(seeds) == len(set(seeds)) and min(shares) > 0
    assert sweep.read_table(tmp_path / "store").to_pydict()["status"] == ["done"] * 24


def test_jobs_of_a_queue_compute_a_sweep_where_the_queue_is_a_script_that_starts_them(tmp_path, monkeypatch):
    """SLURM's commands are stood for by scripts: sbatch starts the job here, scancel ends it."""
    handler = signal.getsignal(signal.SIGINT)
    from dask_jobqueue import SLURMCluster

    signal.signal(signal.SIGINT, handler)  # the import sets one of its own

    for name, text in {
        "sbatch": f'cp "$1" {tmp_path}/job.sh; setsid sh {tmp_path}/job.sh > {tmp_path}/job.log 2>&1 &'
        f" echo $! >> {tmp_path}/jobs; echo Submitted batch job 7",
        "scancel": f"for job in $(cat {tmp_path}/jobs); do kill -- -$job; done",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    model = write_model(tmp_path)
    with SLURMCluster(
        cores=1, processes=1, memory="1GB", walltime="00:10:00", queue="long", interface=None,
        scheduler_options={"dashboard_address": None}, local_directory=str(tmp_path), log_directory=str(tmp_path),
    ) as cluster:  # fmt: skip
        assert "#SBATCH -p long" in cluster.job_script() and "#SBATCH -t 00:10:00" in cluster.job_script()
        cluster.scale(jobs=1)
        with cluster.get_client() as client:
            executor = client.get_executor(pure=False)
            done = sweep.run(
                model, tmp_path / "store", grid={"x": [1, 2, 3]}, executor=executor, workers=1, silent=True
            )
    assert done.statuses == {"done": 3} and (tmp_path / "job.sh").exists()
