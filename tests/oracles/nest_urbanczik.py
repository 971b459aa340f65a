"""NEST's pp_cond_exp_mc_urbanczik and urbanczik_synapse, live. Conventions as in nest_oracle."""

from typing import NamedTuple

import numpy as np

from oracles.nest_oracle import fresh_kernel, parrot_at, weights_in_order

RECEPTORS = {"soma_exc": 1, "soma_inh": 2, "dend_exc": 3, "dend_inh": 4}
RECORDED = {"V_s": "V_m.s", "V_d": "V_m.p", "g_exc": "g_ex.s", "g_inh": "g_in.s", "I_syn_exc": "I_ex.p"}
"""Ours -> NEST's."""


class Urbanczik(NamedTuple):
    weights: list[np.ndarray]  # of each synapse, at each of its pre spikes, as sent to the target
    spike_times: np.ndarray
    recorded: dict[str, np.ndarray]  # RECORDED, at resolution, 2 resolution, ..., duration


def urbanczik(pre=(), inputs=(), *, neuron=None, synapse=None, w0=90.0, delay=0.1, duration, resolution=0.1, seed=1):
    """One neuron, urbanczik_synapses onto its dendrite, and inputs of fixed weight.

    pre: times of the spikes of each plastic input; the delay is dendritic. inputs: (port, time of arrival, weight); all
    weights are positive, as NEST wants. neuron, synapse: NEST's parameters.
    """
    nest = fresh_kernel(resolution, seed=seed)
    cell = nest.Create("pp_cond_exp_mc_urbanczik", params=neuron or {})
    recorders = []
    for k, times in enumerate(pre):
        recorders.append(nest.Create("weight_recorder"))
        nest.CopyModel("urbanczik_synapse", f"recorded_{k}", {"weight_recorder": recorders[-1]})
        how = {"synapse_model": f"recorded_{k}", "weight": w0, "delay": delay, "receptor_type": RECEPTORS["dend_exc"]}
        nest.Connect(parrot_at(nest, times, resolution), cell, syn_spec=how | (synapse or {}))
    for port in dict.fromkeys(port for port, _, _ in inputs):
        mine = sorted((time, weight) for name, time, weight in inputs if name == port)
        emitted = np.round(np.array([time for time, _ in mine]) / resolution - 1) * resolution
        weights = np.array([weight for _, weight in mine])
        generator = nest.Create("spike_generator", params={"spike_times": emitted, "spike_weights": weights})
        nest.Connect(generator, cell, syn_spec={"weight": 1.0, "delay": resolution, "receptor_type": RECEPTORS[port]})
    meter = nest.Create("multimeter", params={"record_from": list(RECORDED.values()), "interval": resolution})
    nest.Connect(meter, cell, syn_spec={"delay": resolution})
    spikes = nest.Create("spike_recorder")
    nest.Connect(cell, spikes, syn_spec={"delay": resolution})
    nest.Simulate(duration + max(delay, 2 * resolution))
    events, times = meter.get("events"), np.asarray(spikes.get("events")["times"])
    within = events["times"] < duration + resolution / 2
    return Urbanczik(
        [weights_in_order(recorder) for recorder in recorders],
        times[times < duration + resolution / 2],
        {ours: np.asarray(events[theirs])[within] for ours, theirs in RECORDED.items()},
    )
