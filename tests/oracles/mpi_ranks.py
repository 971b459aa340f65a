"""A NEST with MPI, and scripts that several ranks run.

It is looked for in the folder that the environment variable SPIKELEARN_NEST_MPI names, which has the package `nest`
(and mpi4py), then where Python finds `nest`. docs/interop/mpi.md says how to build one.
"""

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

VARIABLE = "SPIKELEARN_NEST_MPI"
_ENOUGH_S = 240.0


@functools.cache
def environment():
    """The environment in which ranks find a NEST with MPI; skips the test, saying what is missing, if there is none."""
    missing = missing_part()
    if missing:
        pytest.skip(f"{missing}: to run networks on several ranks, name a folder with such a NEST in {VARIABLE}")
    found = os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
    # Of Open MPI: a machine with fewer cores than ranks, and a user who may be root, as in containers.
    found |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    found |= {"OMPI_MCA_rmaps_base_oversubscribe": "1", "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe"}
    found |= {"OMPI_MCA_mpi_yield_when_idle": "1"}
    root = str(Path(__file__).parents[2])
    found["PYTHONPATH"] = os.pathsep.join(filter(None, [_folder(), root, os.environ.get("PYTHONPATH")]))
    return found


@functools.cache
def missing_part():
    """What keeps ranks from running here, "" if nothing does."""
    if shutil.which("mpirun") is None:
        return "there is no mpirun"
    folder = _folder()
    if not folder and importlib.util.find_spec("nest") is None:
        return "there is no NEST"
    code = "import nest, sys; sys.exit(0 if nest.build_info['have_mpi'] else 3); import mpi4py"
    path = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
    told = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": path}, capture_output=True)
    return {0: "", 3: "this NEST has no MPI"}.get(told.returncode, f"NEST cannot be imported: {told.stderr[-300:]!r}")


def _folder():
    return os.environ.get(VARIABLE, "")


def run_ranks(n, script, *arguments):
    """What came of `mpirun -n n python script arguments`: a CompletedProcess, stdout and stderr as text."""
    command = ["mpirun", "-n", str(n), sys.executable, "-W", "error", str(script), *map(str, arguments)]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=_ENOUGH_S)
