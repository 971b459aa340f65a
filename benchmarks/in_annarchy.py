"""CUBA and COBA in ANNarchy 5. Compiled once, as for Brian2.

Delays of one step are ANNarchy's default: it accepts no shorter ones, and such synapses need no queue.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.job import peak_bytes, save_spikes

MEMBRANES = {
    "cuba": "tau_m * dV_m/dt = E_L - V_m + tau_m/C_m * (g_exc + g_inh) : exponential",
    "coba": "tau_m * dV_m/dt = E_L - V_m + g_exc * (E_exc - V_m) + g_inh * (E_inh - V_m) : exponential",
}
"""Conductances are in units of the leak's: names that begin with g_ are kept for inputs."""


def network(request: dict[str, Any]) -> tuple[Any, Any]:
    """The network, compiled or loaded, and the monitor of its spikes."""
    # It looks for cmake and Python on the PATH; use those next to this interpreter.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    import ANNarchy as ann

    numbers, (n_exc, n_inh) = request["numbers"], request["populations"].values()
    constants = {name: x for name, x in numbers["neuron"].items() if name not in ("t_ref", "g_L")}
    weights = [weight / numbers["neuron"].get("g_L", 1.0) for weight in numbers["weights"]]
    neuron = ann.Neuron(
        parameters="\n".join(f"{name} = {x} : population" for name, x in constants.items()),
        equations=f"""
            {MEMBRANES[request["family"]]}
            tau_syn_exc * dg_exc/dt = -g_exc : exponential
            tau_syn_inh * dg_inh/dt = -g_inh : exponential
        """,
        spike="V_m > V_th", reset="V_m = V_reset", refractory=numbers["neuron"]["t_ref"],
    )  # fmt: skip
    net = ann.Network(dt=numbers["dt"], seed=request["seed"])
    net.config(num_threads=request["threads"])
    cells = net.create(n_exc + n_inh, neuron)
    random = np.random.default_rng(request["seed"])
    cells.V_m = random.uniform(*numbers["V_start"], n_exc + n_inh)
    for source, target, number, weight in zip(
        (cells[:n_exc], cells[n_exc:]), ("exc", "inh"), numbers["in_degrees"], weights, strict=True
    ):
        net.connect(source, cells, target).fixed_number_pre(number, weights=weight, allow_self_connections=True)
    if kick := numbers.get("kick"):
        during = f"ite(t < {kick['start']}, 0.0, ite(t < {kick['stop']}, {kick['rate']}, 0.0))"
        noise = net.create(ann.PoissonPopulation(kick["n"], rates=during))
        net.connect(noise, cells[: kick["n"]], "exc").one_to_one(weights=weights[0])
    monitor = net.monitor(cells, "spike")
    net.compile(directory=request["folder"] + "/annarchy", silent=True)
    return net, monitor


def prepare(request: dict[str, Any]) -> dict[str, float]:
    begun = time.perf_counter()
    Path(request["folder"]).mkdir(parents=True, exist_ok=True)
    network(request)
    return {"compile_s": time.perf_counter() - begun}


def run(request: dict[str, Any]) -> dict[str, float]:
    """The first step is not timed. Building includes a check whether the compiled code is up to date."""
    begun = time.perf_counter()
    net, monitor = network(request)
    dt = request["numbers"]["dt"]
    net.simulate(dt)
    built = time.perf_counter()
    net.simulate(request["duration"] - dt)
    ended = time.perf_counter()
    found = monitor.get("spike")
    times = np.concatenate([np.asarray(steps, float) for steps in found.values()]) * dt
    ids = np.repeat(np.fromiter(found, np.int64), [len(steps) for steps in found.values()])
    save_spikes(request["spikes"], times, ids)
    return {"build_s": built - begun, "simulate_s": ended - built, "peak_bytes": peak_bytes()}
