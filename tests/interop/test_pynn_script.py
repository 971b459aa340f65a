"""Scripts that ask PyNN for a back-end by its name: python -m spikelearn.pynn SCRIPT spikelearn."""

import subprocess
import sys

import pytest

pytest.importorskip("pyNN", reason="needs PyNN: pip install 'spikelearn[pynn]'")

SCRIPT = """
import sys
from pyNN.utility import get_simulator

sim, options = get_simulator(("size", "number of cells"))
from beside import CURRENT

sim.setup(timestep=0.1)
cells = sim.Population(int(options.size), sim.IF_curr_exp(i_offset=CURRENT))
cells.record("spikes")
sim.run(50.0)
print(__name__, sys.argv[1:], sim.__name__, cells.mean_spike_count() > 0)
"""


def run(*arguments, folder):
    command = [sys.executable, "-m", "spikelearn.pynn", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_a_script_runs_unchanged(tmp_path):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/beside.py").write_text("CURRENT = 1.0\n")
    (tmp_path / "scripts/network.py").write_text(SCRIPT)
    done = run("scripts/network.py", "spikelearn", "3", folder=tmp_path)
    assert done.stdout.split("\n")[0] == "__main__ ['spikelearn', '3'] spikelearn.pynn True", done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [([], "usage:"), (["-x"], "usage:"), (["no_such.py", "spikelearn"], "got 'no_such.py', which is no file")],
)
def test_it_says_what_it_needs(tmp_path, arguments, says):
    done = run(*arguments, folder=tmp_path)
    assert done.returncode != 0 and says in done.stderr and "Traceback" not in done.stderr


def test_it_shows_how_it_is_used(tmp_path):
    done = run("--help", folder=tmp_path)
    assert done.returncode == 0 and "usage: python -m spikelearn.pynn SCRIPT" in done.stdout
