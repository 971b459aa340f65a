"""NEST 3.10 as a live oracle of plasticity: one synapse of any model between a pre and a post neuron that are forced.

Times are stamps in ms on the grid of `resolution`, as in nest_oracle. Delays are dendritic, as all of NEST's are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from oracles.nest_oracle import fresh_kernel, parrot_at, weights_in_order


class Learned(NamedTuple):
    weights: np.ndarray  # at each pre spike, as sent to the target
    state: dict[str, Any]  # of the synapse at the end, by NEST's names; "weight" is as of the last pre spike


def learned(
    model: str,
    pre,
    post,
    *,
    weight: float,
    delay: float,
    neuron: dict[str, float] | None = None,
    resolution: float = 0.1,
    **parameters: Any,
) -> Learned:
    """One synapse of `model` with NEST's parameters. neuron: what the post neuron keeps for it, such as tau_minus."""
    nest = fresh_kernel(resolution)
    pre_neuron = parrot_at(nest, pre, resolution)
    post_neuron = parrot_at(nest, post, resolution)
    post_neuron.set(neuron or {})
    recorder = nest.Create("weight_recorder")
    # What a model keeps once for all of its synapses can be set in a copy only; the rest can be set there too.
    # The sign of its weight must be that of a limit given with it.
    nest.CopyModel(model, "recorded", {"weight_recorder": recorder, "weight": weight, **parameters})
    # On receptor 1 a parrot does not repeat what arrives: the post neuron fires at `post` only.
    specification = {"synapse_model": "recorded", "receptor_type": 1, "weight": weight, "delay": delay}
    nest.Connect(pre_neuron, post_neuron, syn_spec=specification)
    # A spike passes through its synapse in the step after the one in which it was emitted.
    nest.Simulate(max([0.0, *pre]) + 2 * resolution)
    return Learned(weights_in_order(recorder), nest.GetConnections(pre_neuron, post_neuron).get())
