"""The networks in NEST 3.10, built by its connection rules with the most compact synapse models that apply."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.job import peak_bytes, save_spikes


def fresh_kernel(dt: float, threads: int, seed: int) -> ModuleType:
    """NEST without the banner that it writes to file descriptor 1."""
    sys.stdout.flush()
    standard_output, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    import nest

    os.dup2(standard_output, 1)
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.local_num_threads = threads
    nest.resolution = dt
    nest.rng_seed = seed
    return nest


def in_names_of_nest(neuron: dict[str, float]) -> dict[str, float]:
    renamed = {"tau_syn_exc": "tau_syn_ex", "tau_syn_inh": "tau_syn_in", "E_exc": "E_ex", "E_inh": "E_in"}
    return {renamed.get(name, name): value for name, value in neuron.items()}


def cuba(nest: ModuleType, numbers: dict[str, Any], sizes: list[int]) -> list[Any]:
    return vogels_abbott(nest, "iaf_psc_exp", numbers["neuron"], numbers["weights"], numbers, sizes)


def coba(nest: ModuleType, numbers: dict[str, Any], sizes: list[int]) -> list[Any]:
    """NEST takes a negative weight as that of an inhibitory synapse."""
    neuron = {name: x for name, x in numbers["neuron"].items() if name != "tau_m"}
    exc, inh = numbers["weights"]
    found = vogels_abbott(nest, "iaf_cond_exp", neuron, [exc, -inh], numbers, sizes)
    kick = numbers["kick"]
    noise = nest.Create("poisson_generator", params={name: kick[name] for name in ("rate", "start", "stop")})
    nest.Connect(noise, found[0][: kick["n"]], syn_spec={"weight": exc, "delay": numbers["delay"]})
    return found


def vogels_abbott(
    nest: ModuleType, model: str, neuron: dict[str, float], weights: list[float], numbers: dict[str, Any],
    sizes: list[int],
) -> list[Any]:  # fmt: skip
    found = [nest.Create(model, n, params=in_names_of_nest(neuron)) for n in sizes]
    everyone = found[0] + found[1]
    everyone.V_m = nest.random.uniform(*numbers["V_start"])
    for source, in_degree, weight in zip(found, numbers["in_degrees"], weights, strict=True):
        synapse = shared(nest, weight) | {"delay": numbers["delay"]}
        nest.Connect(source, everyone, {"rule": "fixed_indegree", "indegree": in_degree}, synapse)
    return found


def brunel(nest: ModuleType, numbers: dict[str, Any], sizes: list[int]) -> list[Any]:
    neuron = {"C_m": 1.0, "V_m": 0.0, **numbers["neuron"]}
    exc, inh = (nest.Create("iaf_psc_delta", n, params=neuron) for n in sizes)
    delay, external = numbers["delay"], numbers["external"]
    noise = nest.Create("poisson_generator", params={"rate": external["n"] * external["rate"]})
    nest.Connect(noise, exc + inh, syn_spec={"weight": numbers["weights"][0], "delay": delay})
    for source, in_degree, weight in zip((exc, inh), numbers["in_degrees"], numbers["weights"], strict=True):
        static = shared(nest, weight)
        for target in (exc, inh):
            synapse = static
            if source is exc and target is exc and numbers["rule"] != "static":
                synapse = plastic(nest, numbers, weight)
                exc.tau_minus = numbers[numbers["rule"]]["tau_minus"]
            degree = {"rule": "fixed_indegree", "indegree": in_degree}
            nest.Connect(source, target, degree, synapse | {"delay": delay})
    return [exc, inh]


def shared(nest: ModuleType, weight: float) -> dict[str, Any]:
    """Static synapses with one weight."""
    name = f"static{weight:g}"
    nest.CopyModel("static_synapse_hom_w", name, {"weight": weight})
    return {"synapse_model": name}


def plastic(nest: ModuleType, numbers: dict[str, Any], weight: float) -> dict[str, Any]:
    """The synapse model of a plastic projection, with all parameters shared."""
    if numbers.get("rule") == "stdp":
        p = numbers["stdp"]
        common = {"tau_plus": p["tau_plus"], "lambda": p["lambda_"], "alpha": p["alpha"], "Wmax": p["W_max"]}
        nest.CopyModel("stdp_synapse_hom", "plastic", common | {"mu_plus": 0.0, "mu_minus": 0.0})
    else:
        nest.CopyModel("stdp_dopamine_synapse", "plastic", dopamine(nest, numbers["dopamine"], numbers["delay"]))
    return {"synapse_model": "plastic", "weight": weight}


def dopamine(nest: ModuleType, p: dict[str, Any], delay: float) -> dict[str, Any]:
    """Spikes at regular times reach all plastic synapses through a volume transmitter."""
    generator = nest.Create("spike_generator", params={"spike_times": p["every"] * np.arange(1.0, 1000.0)})
    neuron = nest.Create("parrot_neuron")
    # In units of the smallest delay.
    transmitter = nest.Create("volume_transmitter", params={"deliver_interval": round(p["deliver_every"] / delay)})
    nest.Connect(generator, neuron, syn_spec={"delay": delay})
    nest.Connect(neuron, transmitter, syn_spec={"delay": delay})
    common = {name: p[name] for name in ("A_plus", "A_minus", "tau_plus", "tau_c", "tau_n")}
    return common | {"volume_transmitter": transmitter, "Wmin": 0.0, "Wmax": p["W_max"], "b": 0.0}


def izhikevich(nest: ModuleType, numbers: dict[str, Any], sizes: list[int]) -> list[Any]:
    exc, inh = (
        nest.Create("izhikevich", n, params={
            "a": a, "b": numbers["b"], "c": numbers["c"], "d": d, "V_th": numbers["V_peak"], "V_m": numbers["V_start"],
            "U_m": numbers["b"] * numbers["V_start"], "consistent_integration": True,
            "tau_minus": numbers["dopamine"]["tau_minus"],
        })
        for n, a, d in zip(sizes, numbers["a"], numbers["d"], strict=True)
    )  # fmt: skip
    delay, noise = numbers["delay"], numbers["noise"]
    generator = nest.Create("noise_generator", params={"std": noise["std"], "dt": noise["interval"]})
    nest.Connect(generator, exc + inh, syn_spec={"delay": delay})
    degree = {"rule": "fixed_outdegree", "outdegree": numbers["targets"], "allow_multapses": False}
    nest.Connect(exc, exc + inh, degree, plastic(nest, numbers, numbers["weights"][0]) | {"delay": delay})
    nest.Connect(inh, exc, degree, {"weight": numbers["weights"][1], "delay": delay})
    return [exc, inh]


def microcircuit(nest: ModuleType, numbers: dict[str, Any], sizes: list[int]) -> list[Any]:
    common = numbers["neuron"] | {"tau_syn_ex": numbers["tau_syn"], "tau_syn_in": numbers["tau_syn"]}
    found, external = [], numbers["external"]
    for k, n in enumerate(sizes):
        population = nest.Create("iaf_psc_exp", n, params=common | {"I_e": numbers["I_e"][k]})
        population.V_m = nest.random.normal(*numbers["V_start"][k])
        noise = nest.Create("poisson_generator", params={"rate": external["n"][k] * external["rate"]})
        nest.Connect(noise, population, syn_spec={"weight": external["weight"], "delay": numbers["dt"]})
        found.append(population)
    for j, target in enumerate(found):
        for i, source in enumerate(found):
            if numbers["synapses"][j][i] == 0:
                continue
            mean, delay = numbers["weights"][j][i], numbers["delays"][i]
            low, high = (-np.inf, 0.0) if mean < 0 else (0.0, np.inf)
            weight = nest.random.normal(mean, numbers["weight_deviations"][j][i] * abs(mean))
            delays = nest.random.normal(delay, numbers["delay_deviation"] * delay)
            nest.Connect(
                source, target, {"rule": "fixed_total_number", "N": numbers["synapses"][j][i]},
                {
                    "weight": nest.math.redraw(weight, min=low, max=high),
                    "delay": nest.math.redraw(delays, min=numbers["dt"], max=np.inf),
                },
            )  # fmt: skip
    return found


FAMILIES: dict[str, Callable[..., list[Any]]] = {
    each.__name__: each for each in (cuba, coba, brunel, izhikevich, microcircuit)
}


def run(request: dict[str, Any]) -> dict[str, float]:
    """The first interval of the smallest delay, in which tables are sorted, is not timed."""
    numbers = request["numbers"]
    nest = fresh_kernel(numbers["dt"], request["threads"], request["seed"])
    begun = time.perf_counter()
    populations = FAMILIES[request["family"]](nest, numbers, list(request["populations"].values()))
    recorder = nest.Create("spike_recorder")
    for population in populations:
        nest.Connect(population, recorder)
    nest.Prepare()
    first = nest.min_delay
    nest.Run(first)
    built = time.perf_counter()
    nest.Run(request["duration"] - first)
    ended = time.perf_counter()
    nest.Cleanup()
    found = recorder.get("events")
    save_spikes(request["spikes"], found["times"], consecutive(found["senders"], populations))
    return {"build_s": built - begun, "simulate_s": ended - built, "peak_bytes": peak_bytes()}


def consecutive(senders: np.ndarray, populations: list[Any]) -> np.ndarray:
    """NEST's node IDs, which also include generators, as neuron numbers from 0 on."""
    everyone = np.concatenate([np.asarray(population.global_id) for population in populations])
    return np.searchsorted(everyone, senders)


def start_up(request: dict[str, Any]) -> dict[str, float]:
    """100 neurons for 100 ms."""
    nest = fresh_kernel(0.1, 1, 1)
    cells = nest.Create("iaf_psc_exp", 100, params={"I_e": 400.0})
    nest.Connect(cells, cells, {"rule": "pairwise_bernoulli", "p": 0.1}, {"weight": 10.0, "delay": 1.5})
    recorder = nest.Create("spike_recorder")
    nest.Connect(cells, recorder)
    nest.Simulate(100.0)
    return {"spikes": int(recorder.n_events)}


def memory(request: dict[str, Any]) -> dict[str, float]:
    """Peak memory of a process that builds 10,000 neurons with synapses of a kind and runs some steps."""
    nest = fresh_kernel(0.1, 1, 1)
    cells = nest.Create("iaf_psc_exp", 10_000)
    synapse: dict[str, Any] = {"weight": 10.0, "delay": 1.5}
    if request["kind"] == "stdp":
        nest.CopyModel("stdp_synapse_hom", "plastic")
        synapse["synapse_model"] = "plastic"
    elif request["kind"] == "dopamine":
        nest.CopyModel("stdp_dopamine_synapse", "plastic", {"volume_transmitter": nest.Create("volume_transmitter")})
        synapse["synapse_model"] = "plastic"
    elif request["kind"] == "static, own weights":
        synapse["weight"] = nest.random.normal(10.0, 1.0)
    else:
        synapse = shared(nest, 10.0) | {"delay": 1.5}
    nest.Connect(cells, cells, {"rule": "fixed_indegree", "indegree": request["in_degree"]}, synapse)
    nest.Simulate(3.0)
    return {"peak_bytes": peak_bytes(), "synapses": 10_000 * request["in_degree"]}
