"""A checkpoint is no interruption: a network that was written and read, in another process, goes on bit for bit."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from unit import every_model

import spikelearn as sl

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


NETWORKS = every_model.networks()


@pytest.fixture(scope="module")
def continued(tmp_path_factory):
    """A folder of all networks, each written after the first half and continued in a new process."""
    folder = tmp_path_factory.mktemp("checkpoints")
    for name, describe in NETWORKS.items():
        describe().run(every_model.HALF).checkpoint(folder / f"{name}.half")
    script(TESTS / "unit" / "every_model.py", folder)
    return folder


@pytest.mark.parametrize("name", NETWORKS)
def test_a_run_through_a_checkpoint_in_a_new_process_is_the_run_without_one(name, continued):
    net = NETWORKS[name]()
    run = net.run(2 * every_model.HALF)
    restored = sl.Network.restore(continued / f"{name}.whole")
    same(every_model.outcome(restored.recorded), every_model.outcome(run), name)
    same(restored.build().arrays(built=True), net.build().arrays(built=True), name)
    assert restored.build().step == net.build().step


@pytest.mark.parametrize("name", NETWORKS)
def test_each_network_of_the_common_test_has_something_to_forget(name, continued):
    restored = sl.Network.restore(continued / f"{name}.half")
    at_start, now = NETWORKS[name]().build().arrays(), restored.build().arrays()
    assert sum(not np.array_equal(at_start[key], now[key]) for key in now) > 5
    assert sum(len(spikes.times) for spikes in restored.recorded.spike_data.values()) > 0
    for projection in restored.projections.values():
        if projection.learns:
            weights = restored.recorded.weights(projection), NETWORKS[name]().run(0).weights(projection.name)
            assert not np.array_equal(*weights), projection.name
