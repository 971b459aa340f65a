"""The networks in Brian2's C++ standalone mode: compiled once for each network and number of threads, then run.

Only the loop is timed (wall clock), not the building of synapses before it. The process that runs the compiled program
does not import Brian2, whose memory would be counted as that of the program.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.job import peak_bytes, save_spikes

MARK = "simulated in"
CLOCK = "std::chrono::steady_clock::now()"


def prepare(request: dict[str, Any]) -> dict[str, float]:
    """Write and compile the C++ code of this network in the folder of the request."""
    begun = time.perf_counter()
    import brian2 as b2

    from benchmarks.brian2_networks import FAMILIES

    folder, numbers = Path(request["folder"]), request["numbers"]
    b2.set_device("cpp_standalone", build_on_run=False)
    b2.BrianLogger.log_level_error()
    b2.prefs.devices.cpp_standalone.openmp_threads = request["threads"] if request["threads"] > 1 else 0
    b2.defaultclock.dt = numbers["dt"] * b2.ms
    b2.prefs.codegen.cpp.headers = ["<chrono>"]
    b2.prefs.devices.cpp_standalone.extra_make_args_unix = [f"-j{os.cpu_count()}"]
    b2.device.insert_code("before_network_run", f"auto _begun = {CLOCK};")
    seconds = f"std::chrono::duration<double>({CLOCK} - _begun).count()"
    b2.device.insert_code("after_network_run", f'std::cout << "{MARK} " << {seconds} << std::endl;')
    objects = FAMILIES[request["family"]](numbers, list(request["populations"].values()))
    spikes = b2.SpikeMonitor(objects[0])
    network = b2.Network(objects, spikes)
    network.run(request["duration"] * b2.ms, namespace={})
    b2.device.build(directory=str(folder), compile=True, run=False, debug=False)
    files = {name: b2.device.get_array_filename(spikes.variables[name]) for name in ("i", "t")}
    (folder / "files.json").write_text(json.dumps(files))
    return {"compile_s": time.perf_counter() - begun}


def run(request: dict[str, Any]) -> dict[str, float]:
    """Run the program made by `prepare`, each time with a different seed."""
    folder, begun = Path(request["folder"]), time.perf_counter()
    environment = os.environ | {"OMP_NUM_THREADS": str(request["threads"])}
    done = subprocess.run(["./main"], cwd=folder, capture_output=True, text=True, env=environment, check=False)
    spent = time.perf_counter() - begun
    marked = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
    if done.returncode or not marked:
        raise RuntimeError(f"{folder}/main ended with {done.returncode}: {done.stdout[-500:]} {done.stderr[-2000:]}")
    simulated = float(marked[0].split()[-1])
    files = json.loads((folder / "files.json").read_text())
    ids = np.fromfile(folder / "results" / files["i"], np.int32)
    # Brian2 reports the start of the step of a spike.
    times = np.fromfile(folder / "results" / files["t"]) * 1e3 + request["numbers"]["dt"]
    save_spikes(request["spikes"], times, ids)
    return {"build_s": spent - simulated, "simulate_s": simulated, "peak_bytes": peak_bytes(of_children=True)}


def start_up(request: dict[str, Any]) -> dict[str, float]:
    """100 neurons for 100 ms with numpy, the fastest way to start Brian2."""
    import brian2 as b2

    b2.prefs.codegen.target = "numpy"
    b2.BrianLogger.log_level_error()
    b2.defaultclock.dt = 0.1 * b2.ms
    equations = "dv/dt = (2 - v + I)/(10*ms) : 1 (unless refractory)\ndI/dt = -I/(2*ms) : 1"
    cells = b2.NeuronGroup(100, equations, threshold="v > 1", reset="v = 0", refractory=2 * b2.ms, method="exact")
    synapses = b2.Synapses(cells, cells, on_pre="I_post += 0.01", delay=1.5 * b2.ms)
    synapses.connect(p=0.1)
    spikes = b2.SpikeMonitor(cells)
    b2.Network(cells, synapses, spikes).run(100 * b2.ms)
    return {"spikes": int(spikes.num_spikes)}
