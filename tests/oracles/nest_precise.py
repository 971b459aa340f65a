"""NEST's precise-time neurons as a live oracle: spikes off the grid (Morrison et al. 2007; Krishnan et al. 2018).

Times are in ms. Delays must be multiples of NEST's resolution.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from oracles.nest_oracle import fresh_kernel


class Spikes(NamedTuple):
    """In order of time."""

    times: np.ndarray
    ids: np.ndarray


def network(
    model: str,
    n: int,
    params: dict[str, float],
    *,
    starts: np.ndarray,
    synapses: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    inputs: tuple[np.ndarray, np.ndarray, np.ndarray],
    delay: float,
    duration: float,
    resolution: float = 0.1,
) -> Spikes:
    """n neurons of a precise-time model, which start at potentials `starts` (n,).

    synapses: (pre, post, weight, delay), (m,) each. inputs: (neuron, time, weight), (k,) each: spikes from outside,
    sent at `time`, that arrive `delay` later. Weights are negative for inhibition.
    """
    nest = fresh_kernel(resolution)
    neurons = nest.Create(model, n, params=params)
    neurons.V_m = list(starts)
    targets, times, weights = (np.asarray(values) for values in inputs)
    for i in range(n):
        mine = np.flatnonzero(targets == i)
        if len(mine):
            mine = mine[np.argsort(times[mine])]
            generator = nest.Create(
                "spike_generator",
                params={
                    "precise_times": True,
                    "spike_times": times[mine].astype(float),
                    "spike_weights": weights[mine].astype(float),
                },
            )
            nest.Connect(generator, neurons[i], syn_spec={"weight": 1.0, "delay": delay})
    first = neurons[0].global_id
    pre, post, weight, delays = (np.asarray(values) for values in synapses)
    if len(pre):
        nest.Connect(
            pre.astype(int) + first, post.astype(int) + first, "one_to_one",
            {"weight": weight.astype(float), "delay": delays.astype(float)},
        )  # fmt: skip
    recorder = nest.Create("spike_recorder")
    nest.Connect(neurons, recorder, syn_spec={"delay": resolution})
    nest.Simulate(duration + resolution)
    events = recorder.get("events")
    order = np.argsort(events["times"], kind="stable")
    times, ids = np.asarray(events["times"])[order], np.asarray(events["senders"])[order] - first
    within = times <= duration
    return Spikes(times[within], ids[within])
