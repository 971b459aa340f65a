"""NEST's aeif_psc_delta_clopath and clopath_synapse, live. Conventions as in nest_oracle."""

from typing import NamedTuple

import numpy as np

from oracles.nest_oracle import fresh_kernel, parrot_at, weights_in_order

RECORDED = ("V_m", "u_bar_minus", "u_bar_plus", "w", "z", "V_th")


class Clopath(NamedTuple):
    weights: np.ndarray  # at each pre spike, as sent to the target
    spike_times: np.ndarray
    recorded: dict[str, np.ndarray]  # RECORDED, at resolution, 2 resolution, ..., duration


def clopath(
    pre, inputs=(), input_weights=80.0, *, neuron=None, synapse=None, w0=0.5, delay=0.1, duration, current_times=(),
    current_amplitudes=(), resolution=0.1,
) -> Clopath:  # fmt: skip
    """One clopath_synapse onto one neuron that other input makes fire.

    pre: times of pre spikes; the delay is dendritic. inputs: times at which jumps of V_m (mV) arrive. neuron, synapse:
    NEST's parameters. The current changes to current_amplitudes[i] at current_times[i], as felt by the neuron.
    """
    nest = fresh_kernel(resolution)
    post = nest.Create("aeif_psc_delta_clopath", params={"V_m": -70.6, **(neuron or {})})
    recorder = nest.Create("weight_recorder")
    nest.CopyModel("clopath_synapse", "recorded_clopath", {"weight_recorder": recorder})
    how = {"synapse_model": "recorded_clopath", "weight": w0, "delay": delay, **(synapse or {})}
    nest.Connect(parrot_at(nest, pre, resolution), post, syn_spec=how)
    if len(inputs):
        emitted = np.round(np.asarray(inputs, float) / resolution - 1) * resolution
        weights = np.broadcast_to(np.asarray(input_weights, float), emitted.shape)
        generator = nest.Create("spike_generator", params={"spike_times": emitted, "spike_weights": weights})
        nest.Connect(generator, post, syn_spec={"weight": 1.0, "delay": resolution})
    if len(current_times):
        current = nest.Create(
            "step_current_generator",
            params={
                "amplitude_times": np.asarray(current_times, float) - resolution,
                "amplitude_values": np.asarray(current_amplitudes, float),
            },
        )
        nest.Connect(current, post, syn_spec={"delay": resolution})
    multimeter = nest.Create("multimeter", params={"record_from": list(RECORDED), "interval": resolution})
    nest.Connect(multimeter, post, syn_spec={"delay": resolution})
    spikes = nest.Create("spike_recorder")
    nest.Connect(post, spikes, syn_spec={"delay": resolution})
    nest.Simulate(duration + max(delay, 2 * resolution))
    events = multimeter.get("events")
    within = events["times"] < duration + resolution / 2
    times = np.asarray(spikes.get("events")["times"])
    return Clopath(
        weights_in_order(recorder),
        times[times < duration + resolution / 2],
        {name: np.asarray(events[name])[within] for name in RECORDED},
    )
