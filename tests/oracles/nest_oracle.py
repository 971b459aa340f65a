"""NEST 3.10 as a live oracle: each function runs NEST from a fresh kernel and gives back numbers.

Times are NEST's stamps, in ms: the end of the step in which something happened. All of them must lie on the
grid of `resolution`. Potentials are in mV, currents in pA, capacitances in pF, conductances in nS.
"""

import functools
import os
import sys
import time
from types import ModuleType
from typing import NamedTuple

import numpy as np


class DopamineStdp(NamedTuple):
    weights: np.ndarray  # at each pre spike, as sent to the target
    final_weight: float  # at T
    c: float  # eligibility at T
    n: float  # dopamine concentration at T


class Trace(NamedTuple):
    times: np.ndarray  # resolution, 2 resolution, ..., duration
    V_m: np.ndarray  # at `times`, after threshold and reset
    spike_times: np.ndarray
    recorded: dict[str, np.ndarray]  # the further variables asked for, at `times`


class NetworkRun(NamedTuple):
    build_seconds: float
    simulate_seconds: float
    rate_exc: float  # Hz, over all neurons of the population
    rate_inh: float
    spike_times: np.ndarray  # of the first 50 excitatory neurons
    spike_ids: np.ndarray  # 0 to 49
    number_of_synapses: int  # between neurons, without those of generators and recorders


@functools.cache
def import_nest() -> ModuleType:
    """NEST, imported without its banner, which is written by C++ to file descriptor 1."""
    sys.stdout.flush()
    standard_output = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        import nest
    finally:
        sys.stdout.flush()
        os.dup2(standard_output, 1)
        os.close(standard_output)
        os.close(nowhere)
    return nest


def fresh_kernel(resolution: float, *, threads: int = 1, seed: int = 1) -> ModuleType:
    nest = import_nest()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.local_num_threads = threads
    nest.resolution = resolution
    nest.rng_seed = seed
    return nest


def parrot_at(nest: ModuleType, times, resolution: float):
    """A parrot neuron that spikes exactly at `times`, in order, repeated times giving repeated spikes.

    A parrot is needed because plastic synapses refuse generators. It fires one step after its generator, and
    a generator's first stamp is one step: nothing can spike before 2 `resolution`.
    """
    times = np.asarray(times, dtype=float)
    if times.size and times.min() < 1.5 * resolution:
        raise ValueError(f"earliest spike is 2 steps = {2 * resolution} ms, got {times.min()}")
    # NEST refuses a time that is off the grid by more than rounding, so the subtraction is done in steps.
    steps = times / resolution
    if times.size and np.abs(steps - np.round(steps)).max() > 1e-6:
        raise ValueError(f"spike times must be multiples of {resolution} ms")
    generator = nest.Create("spike_generator", params={"spike_times": (np.round(steps) - 1) * resolution})
    parrot = nest.Create("parrot_neuron")
    nest.Connect(generator, parrot, syn_spec={"delay": resolution})
    return parrot


def weights_in_order(recorder) -> np.ndarray:
    events = recorder.get("events")
    return np.asarray(events["weights"])[np.argsort(events["times"], kind="stable")]


def stdp_weights(
    pre,
    post,
    *,
    w0: float = 50.0,
    Wmax: float = 100.0,
    lambda_: float = 0.01,
    alpha: float = 1.0,
    tau_plus: float = 20.0,
    tau_minus: float = 20.0,
    mu_plus: float = 1.0,
    mu_minus: float = 1.0,
    delay: float = 1.0,
    resolution: float = 0.1,
) -> np.ndarray:
    """Weight of one stdp_synapse at each pre spike; the delay is dendritic."""
    nest = fresh_kernel(resolution)
    recorder = nest.Create("weight_recorder")
    nest.CopyModel("stdp_synapse", "recorded_stdp", {"weight_recorder": recorder})
    pre_neuron = parrot_at(nest, pre, resolution)
    post_neuron = parrot_at(nest, post, resolution)
    post_neuron.tau_minus = tau_minus
    # On receptor 1 a parrot does not repeat what arrives: the post neuron fires at `post` only.
    nest.Connect(
        pre_neuron,
        post_neuron,
        syn_spec={
            "synapse_model": "recorded_stdp",
            "receptor_type": 1,
            "weight": w0,
            "Wmax": Wmax,
            "lambda": lambda_,
            "alpha": alpha,
            "tau_plus": tau_plus,
            "mu_plus": mu_plus,
            "mu_minus": mu_minus,
            "delay": delay,
        },
    )
    # A spike passes through its synapse in the step after the one in which it was emitted.
    nest.Simulate(max([0.0, *pre]) + 2 * resolution)
    return weights_in_order(recorder)


def dopamine_stdp(
    pre,
    post,
    dopamine,
    *,
    w0: float = 20.0,
    A_plus: float = 1.0,
    A_minus: float = 1.5,
    tau_plus: float = 20.0,
    tau_minus: float = 20.0,
    tau_c: float = 1000.0,
    tau_n: float = 200.0,
    b: float = 0.0,
    Wmin: float = 0.0,
    Wmax: float = 200.0,
    delay: float = 1.0,
    dopamine_delay: float = 1.0,
    T: float,
    resolution: float = 0.1,
    deliver_interval: float | None = None,
) -> DopamineStdp:
    """One stdp_dopamine_synapse; a dopamine spike acts at emission + dopamine_delay.

    Every `deliver_interval` ms (None: only at T, of which it must be a divisor) the volume transmitter brings
    the synapse up to date. That ends a segment, so it matters to the weight only where the weight is clipped.
    A pre spike at T itself has not passed through the synapse yet.
    """
    nest = fresh_kernel(resolution)
    steps = round(T / resolution)
    interval_steps = steps if deliver_interval is None else round(deliver_interval / resolution)
    if steps % interval_steps:
        raise ValueError(f"deliver_interval {deliver_interval} ms does not divide T = {T} ms")
    pre_neuron = parrot_at(nest, pre, resolution)
    post_neuron = parrot_at(nest, post, resolution)
    post_neuron.tau_minus = tau_minus
    dopamine_neuron = parrot_at(nest, dopamine, resolution)
    # Its unit is the smallest delay of the network, which the parrots' inputs make one step. A longer one
    # would update the synapse past pre spikes that are still on their way to it.
    transmitter = nest.Create("volume_transmitter", params={"deliver_interval": interval_steps})
    nest.Connect(dopamine_neuron, transmitter, syn_spec={"delay": dopamine_delay})
    recorder = nest.Create("weight_recorder")
    nest.CopyModel(
        "stdp_dopamine_synapse",
        "recorded_dopamine_stdp",
        {
            "weight_recorder": recorder,
            "volume_transmitter": transmitter,
            "A_plus": A_plus,
            "A_minus": A_minus,
            "tau_plus": tau_plus,
            "tau_c": tau_c,
            "tau_n": tau_n,
            "b": b,
            "Wmin": Wmin,
            "Wmax": Wmax,
        },
    )
    nest.Connect(
        pre_neuron,
        post_neuron,
        syn_spec={
            "synapse_model": "recorded_dopamine_stdp",
            "receptor_type": 1,
            "weight": w0,
            "delay": delay,
        },
    )
    nest.Simulate(T)
    synapse = nest.GetConnections(pre_neuron, post_neuron)
    if not np.isclose(nest.min_delay, resolution):
        raise RuntimeError(f"smallest delay is {nest.min_delay}, not one step")
    state = synapse.get(["weight", "c", "n"])
    return DopamineStdp(weights_in_order(recorder), state["weight"], state["c"], state["n"])


def short_term(model: str, pre, parameters: dict, *, weight: float = 1.0, resolution: float = 0.1) -> np.ndarray:
    """Amplitude that a synapse of a NEST model with short-term plasticity delivers at each pre spike."""
    nest = fresh_kernel(resolution)
    recorder = nest.Create("weight_recorder")
    nest.CopyModel(model, "recorded", {"weight_recorder": recorder})
    pre_neuron = parrot_at(nest, pre, resolution)
    post_neuron = nest.Create("parrot_neuron")
    specification = {"synapse_model": "recorded", "receptor_type": 1, "weight": weight, "delay": 1.0, **parameters}
    nest.Connect(pre_neuron, post_neuron, syn_spec=specification)
    nest.Simulate(max([0.0, *pre]) + 2 * resolution)
    return weights_in_order(recorder)


def lif(
    model: str,
    input_times,
    input_weights,
    *,
    params: dict[str, object],
    delay=1.0,
    duration: float,
    resolution: float = 0.1,
    record: tuple[str, ...] = (),
    current_times=(),
    current_amplitudes=(),
    receptors: dict[int, np.ndarray] | None = None,
) -> Trace:
    """One neuron under spikes emitted at `input_times`, which arrive `delay` later, and a step current.

    `model` is any of NEST's neurons with a V_m, such as iaf_psc_exp, and `params` are NEST's own names for it: C_m,
    tau_m (g_L where there are conductances), E_L, V_th, V_reset, V_m (at the start), t_ref, I_e, tau_syn_ex, ...
    Weights are the peak of the current in pA (exp, alpha), the jump of V_m in mV (delta), the jump of the
    conductance in nS (cond), and inhibitory when negative. The delay is one for all or one for each input.
    receptors: receptor type -> the weights with which the same inputs reach it, instead of `input_weights`.
    The current changes to current_amplitudes[i] at current_times[i], as seen by the neuron.
    """
    nest = fresh_kernel(resolution)
    neuron = nest.Create(model, params=params)
    input_times = np.asarray(input_times, dtype=float)
    delays = np.broadcast_to(np.asarray(delay, dtype=float), input_times.shape)
    for receptor, values in ({0: input_weights} if receptors is None else receptors).items():
        weights = np.broadcast_to(np.asarray(values, dtype=float), input_times.shape)
        for one in np.unique(delays):
            own = np.flatnonzero(delays == one)
            own = own[np.argsort(input_times[own], kind="stable")]
            generator = nest.Create(
                "spike_generator", params={"spike_times": input_times[own], "spike_weights": weights[own]}
            )
            nest.Connect(generator, neuron, syn_spec={"weight": 1.0, "delay": one, "receptor_type": receptor})
    if len(current_times):
        # A current that is generated for t and sent with a delay of one step is felt from t + one step.
        generated = np.asarray(current_times, dtype=float) - resolution
        current = nest.Create(
            "step_current_generator",
            params={"amplitude_times": generated, "amplitude_values": np.asarray(current_amplitudes, float)},
        )
        nest.Connect(current, neuron, syn_spec={"delay": resolution})
    multimeter = nest.Create("multimeter", params={"record_from": ["V_m", *record], "interval": resolution})
    nest.Connect(multimeter, neuron, syn_spec={"delay": resolution})
    recorder = nest.Create("spike_recorder")
    nest.Connect(neuron, recorder, syn_spec={"delay": resolution})
    # The multimeter is handed the samples of a slice of one smallest delay when that slice is over.
    nest.Simulate(duration + max(delays.max(initial=0.0), 2 * resolution))
    events = multimeter.get("events")
    within = events["times"] < duration + resolution / 2
    spike_times = np.asarray(recorder.get("events")["times"])
    return Trace(
        times=np.asarray(events["times"])[within],
        V_m=np.asarray(events["V_m"])[within],
        spike_times=spike_times[spike_times < duration + resolution / 2],
        recorded={name: np.asarray(events[name])[within] for name in record},
    )


def population_spikes(
    model: str,
    n: int,
    *,
    params: dict[str, object],
    duration: float,
    resolution: float = 0.1,
    seed: int = 1,
    current_times=(),
    current_amplitudes=(),
) -> tuple[np.ndarray, np.ndarray]:
    """(times, neurons from 0) of the spikes of n neurons that are alike, under a step current as in `lif`."""
    nest = fresh_kernel(resolution, seed=seed)
    neurons = nest.Create(model, n, params=params)
    if len(current_times):
        generated = np.asarray(current_times, dtype=float) - resolution
        current = nest.Create(
            "step_current_generator",
            params={"amplitude_times": generated, "amplitude_values": np.asarray(current_amplitudes, float)},
        )
        nest.Connect(current, neurons, syn_spec={"delay": resolution})
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons, recorder, syn_spec={"delay": resolution})
    nest.Simulate(duration + resolution)
    events = recorder.get("events")
    times, ids = np.asarray(events["times"]), np.asarray(events["senders"]) - neurons[0].global_id
    within = times < duration + resolution / 2
    return times[within], ids[within]


def population_rate(recorder, neurons: int, start: float, stop: float) -> float:
    times = np.asarray(recorder.get("events")["times"])
    return float(np.count_nonzero(times > start) / neurons / (stop - start) * 1000.0)


def network_run(
    nest: ModuleType, excitatory, inhibitory, build_start: float, *, duration: float, rates_from: float
) -> NetworkRun:
    """Record every neuron, simulate and count; recurrent synapses are of models excitatory and inhibitory."""
    recorder_exc = nest.Create("spike_recorder")
    recorder_inh = nest.Create("spike_recorder")
    nest.Connect(excitatory, recorder_exc)
    nest.Connect(inhibitory, recorder_inh)
    nest.Prepare()
    build_seconds = time.perf_counter() - build_start

    simulate_start = time.perf_counter()
    nest.Run(duration)
    simulate_seconds = time.perf_counter() - simulate_start
    nest.Cleanup()

    events = recorder_exc.get("events")
    ids = np.asarray(events["senders"]) - excitatory[0].global_id
    first = ids < 50
    return NetworkRun(
        build_seconds=build_seconds,
        simulate_seconds=simulate_seconds,
        rate_exc=population_rate(recorder_exc, len(excitatory), rates_from, duration),
        rate_inh=population_rate(recorder_inh, len(inhibitory), rates_from, duration),
        spike_times=np.asarray(events["times"])[first],
        spike_ids=ids[first],
        number_of_synapses=sum(nest.GetDefaults(model)["num_connections"] for model in ("excitatory", "inhibitory")),
    )


def brunel(
    order: int = 2500,
    g: float = 5.0,
    eta: float = 2.0,
    *,
    duration: float = 1000.0,
    seed: int = 1,
    threads: int = 1,
    V_reset: float = 10.0,
    J: float = 0.1,
    delay: float = 1.5,
    epsilon: float = 0.1,
    tau_m: float = 20.0,
    t_ref: float = 2.0,
    V_th: float = 20.0,
    resolution: float = 0.1,
    rates_from: float = 0.0,
) -> NetworkRun:
    """Brunel (2000), as in NEST's brunel_delta_nest.py, with every neuron recorded.

    4 order excitatory and order inhibitory neurons; each has epsilon of either as inputs, drawn with repeats
    and with itself allowed, and its own Poisson process of rate eta V_th / (J tau_m). Rates leave out the
    first `rates_from` ms.
    """
    nest = fresh_kernel(resolution, threads=threads, seed=seed)
    build_start = time.perf_counter()
    neuron_params = {
        "C_m": 1.0, "tau_m": tau_m, "t_ref": t_ref, "E_L": 0.0, "V_reset": V_reset, "V_m": 0.0, "V_th": V_th,
    }  # fmt: skip
    excitatory = nest.Create("iaf_psc_delta", 4 * order, params=neuron_params)
    inhibitory = nest.Create("iaf_psc_delta", order, params=neuron_params)
    indegree_exc, indegree_inh = int(epsilon * 4 * order), int(epsilon * order)
    rate = 1000.0 * eta * V_th / (J * tau_m)
    noise = nest.Create("poisson_generator", params={"rate": rate})
    nest.CopyModel("static_synapse", "excitatory", {"weight": J, "delay": delay})
    nest.CopyModel("static_synapse", "inhibitory", {"weight": -g * J, "delay": delay})
    everyone = excitatory + inhibitory
    nest.Connect(noise, everyone, syn_spec={"weight": J, "delay": delay})
    nest.Connect(excitatory, everyone, {"rule": "fixed_indegree", "indegree": indegree_exc}, "excitatory")
    nest.Connect(inhibitory, everyone, {"rule": "fixed_indegree", "indegree": indegree_inh}, "inhibitory")
    return network_run(nest, excitatory, inhibitory, build_start, duration=duration, rates_from=rates_from)


def cuba(
    *,
    duration: float = 1000.0,
    seed: int = 1,
    threads: int = 1,
    neurons: int = 4000,
    weight_exc: float = 16.2,
    weight_inh: float = -139.5,
    epsilon: float = 0.02,
    delay: float = 0.1,
    V_m: float | tuple[float, float] = -49.0,
    kicked: int = 50,
    kick_rate: float = 300.0,
    kick_start: float = 1.0,
    kick_stop: float = 51.0,
    resolution: float = 0.1,
    rates_from: float = 0.0,
) -> NetworkRun:
    """The current-based network of Vogels & Abbott (2005) as in Brette et al. (2007) and NEST's cuba.py.

    80 % of the neurons are excitatory; each neuron has epsilon of either population as inputs, drawn with
    repeats and with itself allowed. `kicked` excitatory neurons get Poisson spikes at first. V_m is where all
    neurons start, or the bounds of a uniform distribution; NEST's -49 mV is above threshold, so that all
    spike in the first step.
    """
    nest = fresh_kernel(resolution, threads=threads, seed=seed)
    build_start = time.perf_counter()
    neuron_params = {
        "C_m": 200.0, "tau_m": 20.0, "t_ref": 5.0, "E_L": -49.0, "V_reset": -60.0, "V_th": -50.0,
        "tau_syn_ex": 5.0, "tau_syn_in": 10.0,
    }  # fmt: skip
    neuron_params["V_m"] = nest.random.uniform(*V_m) if isinstance(V_m, tuple) else V_m
    number_exc = round(0.8 * neurons)
    number_inh = neurons - number_exc
    excitatory = nest.Create("iaf_psc_exp", number_exc, params=neuron_params)
    inhibitory = nest.Create("iaf_psc_exp", number_inh, params=neuron_params)
    kick = nest.Create("poisson_generator", params={"rate": kick_rate, "start": kick_start, "stop": kick_stop})
    nest.CopyModel("static_synapse", "excitatory", {"weight": weight_exc, "delay": delay})
    nest.CopyModel("static_synapse", "inhibitory", {"weight": weight_inh, "delay": delay})
    nest.Connect(kick, excitatory[:kicked], syn_spec={"weight": weight_exc, "delay": delay})
    for source, model in ((excitatory, "excitatory"), (inhibitory, "inhibitory")):
        indegree = {"rule": "fixed_indegree", "indegree": round(epsilon * len(source))}
        nest.Connect(source, excitatory + inhibitory, indegree, model)
    return network_run(nest, excitatory, inhibitory, build_start, duration=duration, rates_from=rates_from)
