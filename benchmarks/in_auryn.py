"""Brunel's network in Auryn, built from its repository: AURYN is the folder with `src` and the library `libauryn.a`.

Auryn counts in float32 and is compiled for this processor, by `prepare` with -O3 -march=native; it runs on several
cores as several processes (MPI), here one for each thread. A delay belongs to a source.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.job import save_spikes

PROGRAM = Path(__file__).with_name("auryn_brunel.cpp")
LIBRARIES = ("boost_mpi", "boost_serialization", "boost_filesystem", "boost_system")


def version() -> str | None:
    """That of the folder AURYN; None if it is not set or has no library."""
    folder = os.environ.get("AURYN")
    if not folder or not (source := Path(folder) / "src/auryn/AurynVersion.cpp").exists() or not _library(folder):
        return None
    return ".".join(re.findall(r"(?:version|subversion|revision_number) = (\d+)", source.read_text()))


def _library(folder: str) -> Path | None:
    return next(Path(folder).rglob("libauryn.a"), None)


def prepare(request: dict[str, Any]) -> dict[str, float]:
    begun = time.perf_counter()
    folder = os.environ["AURYN"]
    command = [
        "mpicxx", "-std=c++14", "-O3", "-march=native", "-ffast-math", str(PROGRAM), f"-I{folder}/src",
        "-o", f"{request['folder']}/brunel", str(_library(folder)), *(f"-l{name}" for name in LIBRARIES),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-3000:]}")
    return {"compile_s": time.perf_counter() - begun}


def run(request: dict[str, Any]) -> dict[str, float]:
    """The first step is not timed. Spikes of all neurons are written to files while the network runs. The peak memory
    is the sum over processes."""
    numbers, folder, begun = request["numbers"], Path(request["folder"]), time.perf_counter()
    n_exc, n_inh = request["populations"].values()
    for old in [*folder.glob("exc.*"), *folder.glob("inh.*")]:
        old.unlink()
    given = arguments(numbers, n_exc, n_inh) | {"seed": request["seed"], "duration": request["duration"] * 1e-3}
    spoken = [text for name, value in given.items() for text in (name, repr(value))]
    several = ["mpirun", "--allow-run-as-root", "--bind-to", "none", "-n", str(request["threads"])]
    done = subprocess.run(
        [*several, "./brunel", ".", numbers["rule"], *spoken], cwd=folder, capture_output=True, text=True, check=False
    )
    spent = time.perf_counter() - begun
    marked = re.search(r"built in (\S+) simulated in (\S+)", done.stdout)
    if done.returncode or not marked:
        raise RuntimeError(f"{folder}/brunel ended with {done.returncode}: {done.stdout[-500:]} {done.stderr[-2000:]}")
    simulated = float(marked[2])
    peak = 1024.0 * sum(float(each) for each in re.findall(r"peak (\d+) KiB", done.stdout))
    times, ids = spikes(folder, numbers["dt"], n_exc)
    save_spikes(request["spikes"], times, ids)
    return {"build_s": spent - simulated, "simulate_s": simulated, "peak_bytes": peak}


def arguments(numbers: dict[str, Any], n_exc: int, n_inh: int) -> dict[str, float]:
    """What the program takes, in mV and s."""
    neuron, plastic = numbers["neuron"], numbers["stdp"]
    step = plastic["lambda_"] * plastic["W_max"]
    return {
        "n_exc": n_exc, "n_inh": n_inh, "dt": numbers["dt"] * 1e-3, "tau_m": neuron["tau_m"] * 1e-3,
        "t_ref": neuron["t_ref"] * 1e-3, "E_L": neuron["E_L"], "V_th": neuron["V_th"], "V_reset": neuron["V_reset"],
        "J": numbers["weights"][0], "J_inh": numbers["weights"][1], "in_degree_exc": numbers["in_degrees"][0],
        "in_degree_inh": numbers["in_degrees"][1],
        "delay_steps": round(numbers["delay"] / numbers["dt"]),
        "external_rate": numbers["external"]["n"] * numbers["external"]["rate"],
        "tau_plus": plastic["tau_plus"] * 1e-3, "tau_minus": plastic["tau_minus"] * 1e-3, "A_plus": step,
        "A_minus": plastic["alpha"] * step, "W_max": plastic["W_max"],
    }  # fmt: skip


def spikes(folder: Path, dt: float, n_exc: int) -> tuple[np.ndarray, np.ndarray]:
    """Times in ms and neurons of all files: pairs of uint32, step and neuron, after a first pair that is none."""
    pairs = []
    for k, name in enumerate(("exc", "inh")):
        for file in sorted(folder.glob(f"{name}.*")):
            found = np.fromfile(file, np.uint32).reshape(-1, 2)[1:].astype(np.int64)
            pairs.append(found + [0, k * n_exc])
    found = np.concatenate(pairs)
    return found[:, 0] * dt, found[:, 1]
