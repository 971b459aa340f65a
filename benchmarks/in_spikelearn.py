"""The networks in spikelearn, through its public interface; those in models/ are built by their files."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import spikelearn as sl
from benchmarks.job import peak_bytes, save_spikes, starts
from benchmarks.networks import model


def vogels_abbott(numbers: dict[str, Any], populations: dict[str, int], seed: int, threads: int) -> sl.Network:
    file = model("vogels_abbott_2005")
    return file.build(file.Parameters(**numbers["model"], threads=threads), seed)[0]


def brunel(numbers: dict[str, Any], populations: dict[str, int], seed: int, threads: int) -> sl.Network:
    file = model("brunel_2000")
    rule = {"static": None, "stdp": stdp, "dopamine": dopamine_stdp}[numbers["rule"]]
    learns = None if rule is None else lambda net: rule(net, numbers)
    return file.build(file.Parameters(**numbers["model"], threads=threads), seed, learns)[0]


def stdp(net: sl.Network, numbers: dict[str, Any]) -> Any:
    return sl.STDP(mu_plus=0.0, mu_minus=0.0, **numbers["stdp"])


def dopamine_stdp(net: sl.Network, numbers: dict[str, Any]) -> Any:
    """Each release adds 1/tau_n to the concentration, as a spike does in NEST."""
    p = numbers["dopamine"]
    dopamine = net.modulator("dopamine", tau=p["tau_n"])
    net.release(dopamine, p["every"] * np.arange(1.0, 1000.0), 1.0 / p["tau_n"])
    names = ("A_plus", "A_minus", "tau_plus", "tau_minus", "tau_c", "W_max")
    return sl.DopamineSTDP(dopamine, **{name: p[name] for name in names})


def izhikevich(numbers: dict[str, Any], populations: dict[str, int], seed: int, threads: int) -> sl.Network:
    net = sl.Network(dt=numbers["dt"], seed=seed, threads=threads)
    rule = dopamine_stdp(net, numbers)
    n_exc, n_inh = populations.values()
    a, d = (np.repeat(numbers[name], (n_exc, n_inh)) for name in ("a", "d"))
    model = sl.Izhikevich(a=a, b=numbers["b"], c=numbers["c"], d=d, V_peak=numbers["V_peak"])
    neurons = net.population(n_exc + n_inh, model, "neurons")
    exc, inh, out = neurons[:n_exc], neurons[n_exc:], sl.FixedOutDegree(numbers["targets"], multapses=False)
    weight_exc, weight_inh = numbers["weights"]
    net.connect(exc, neurons, rule=out, weight=weight_exc, delay=numbers["delay"], plasticity=rule)
    net.connect(inh, exc, rule=out, weight=weight_inh, delay=numbers["delay"])
    net.drive(neurons, sl.NoiseCurrent(**numbers["noise"]))
    net.record(neurons, "spikes")
    return net


def microcircuit(numbers: dict[str, Any], populations: dict[str, int], seed: int, threads: int) -> sl.Network:
    file = model("potjans_diesmann_2014")
    return file.build(file.Parameters(**numbers["model"], threads=threads), seed)[0]


def events(numbers: dict[str, Any], populations: dict[str, int], seed: int, threads: int) -> sl.Network:
    """Every spike of a neuron's own Poisson input makes it fire; other spikes change V_m by less than 0.01 mV."""
    net = sl.Network(dt=numbers["dt"], seed=seed, threads=threads)
    cells = net.population(populations["all"], sl.LIF(t_ref=2.0), name="all")
    weight = sl.Uniform(1e-4, 2e-4) if numbers["own_weights"] else 1e-4
    net.connect(cells, cells, rule=sl.FixedInDegree(numbers["in_degree"]), weight=weight, delay=numbers["delay"])
    net.drive(cells, sl.PoissonInput(numbers["rate"]), port="exc", weight=4_000.0)
    net.record(cells, "spikes")
    return net


FAMILIES: dict[str, Callable[..., sl.Network]] = {
    "cuba": vogels_abbott, "coba": vogels_abbott, "brunel": brunel, "izhikevich": izhikevich,
    "microcircuit": microcircuit, "events": events,
}  # fmt: skip


def build(request: dict[str, Any]) -> sl.Network:
    return FAMILIES[request["family"]](
        request["numbers"], request["populations"], request["seed"], request["threads"]
    )  # fmt: skip


def prepare(request: dict[str, Any]) -> dict[str, float]:
    """A run that fills the cache with the kernels of this network."""
    begun = time.perf_counter()
    net = build(request)
    net.run(2 * net.dt, progress=False)
    return {"compile_s": time.perf_counter() - begun}


def run(request: dict[str, Any]) -> dict[str, float]:
    """The first step, in which kernels are loaded, is not timed."""
    begun = time.perf_counter()
    net = build(request)
    net.build()
    built = time.perf_counter()
    net.run(net.dt, progress=False)
    begun_run = time.perf_counter()
    run = net.run(request["duration"] - net.dt, progress=False)
    ended = time.perf_counter()
    times, ids = [], []
    for first, name in zip(starts(request["populations"]), net.populations, strict=False):
        found = run.spikes(name)
        times.append(found.times)
        ids.append(first + np.asarray(found.ids, np.int64))
    save_spikes(request["spikes"], np.concatenate(times), np.concatenate(ids))
    return {
        "build_s": built - begun, "simulate_s": ended - begun_run, "synaptic_events": run.synaptic_events,
        "peak_bytes": peak_bytes(),
    }  # fmt: skip


def start_up(request: dict[str, Any]) -> dict[str, float]:
    """100 neurons for 100 ms."""
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(100, sl.LIF(I_e=400.0))
    net.connect(cells, cells, rule=sl.FixedProbability(0.1), weight=10.0, delay=1.5)
    net.record(cells, "spikes")
    return {"spikes": len(net.run(100.0, progress=False).spikes(cells).times)}


def memory(request: dict[str, Any]) -> dict[str, float]:
    """Peak memory of a process that builds 10,000 neurons with synapses of a kind and uses all of them, since memory
    that is only reserved does not count."""
    net = sl.Network(dt=0.1, seed=1, threads=1)
    cells = net.population(10_000, sl.LIF())
    rule = None
    if request["kind"] == "stdp":
        rule = sl.STDP()
    elif request["kind"] == "dopamine":
        rule = sl.DopamineSTDP(net.modulator("dopamine", tau=200.0))
    weight = 10.0 if request["kind"] == "static, one weight" else sl.Normal(10.0, 1.0)
    number = sl.FixedInDegree(request["in_degree"])
    net.connect(cells, cells, rule=number, weight=weight, delay=1.5, plasticity=rule)
    net.drive(cells, sl.StepCurrent([0.0], [1000.0]), port="exc")
    net.run(30.0, progress=False)
    return {"peak_bytes": peak_bytes(), "synapses": 10_000 * request["in_degree"]}


def keep_count(trial, phase, counts, release, seen):
    """The callback of `trials`: it reads spikes and releases dopamine."""
    for i in range(len(counts)):
        seen[trial] += counts[i]
    release[0] += 0.01


def trials(request: dict[str, Any]) -> dict[str, float]:
    """Overhead in microseconds of a presentation of 50 ms to 100 neurons, relative to the same time without trials."""
    n, seconds = request["n"], []
    for in_trials in (True, False):
        net = sl.Network(dt=1.0, seed=1, threads=1)
        dopamine = net.modulator("dopamine", tau=20.0)
        source = net.population(100, sl.Poisson(20.0))
        cells = net.population(100, sl.LIF())
        rule = sl.DopamineSTDP(dopamine, A_plus=0.01, A_minus=0.01)
        learned = net.connect(
            source, cells, rule=sl.FixedProbability(0.1), weight=sl.Uniform(0.0, 50.0), plasticity=rule
        )
        for size in (10, n):
            callback = sl.Callback(keep_count, (cells.counts(), dopamine.release, np.zeros(size)))
            rates = {source: np.full((size, 100), 20.0)}
            phase = sl.Phase(50.0, rates=rates, reset=[cells, learned], callback=callback)
            begun = time.perf_counter()
            if in_trials:
                net.run(trials=sl.Trials([phase], n=size), progress=False)
            else:
                net.run(50.0 * size, progress=False)
            spent = time.perf_counter() - begun
        seconds.append(spent)
    return {"microseconds": (seconds[0] - seconds[1]) / n * 1e6}
