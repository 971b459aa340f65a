"""Frequency and pairing curves of the triplet STDP rule.

Pfister, J.-P. & Gerstner, W. (2006). Triplets of spikes in a model of spike timing-dependent plasticity. J. Neurosci.
26:9673.

The rule explains pairing experiments in visual cortex (Sjostrom, Turrigiano & Nelson 2001), which no rule for pairs
can: at low frequencies post before pre depresses and pre before post does little, at high frequencies both potentiate.
So does a rule that reads the potential of the target: clopath_pairing.

The relative change of the weight by a train of 60 pairs, with the all-to-all fit to visual cortex. Each point of a
curve is a separate synapse onto a separate neuron in one network. Acceptance criteria: the reference values of the full
parameter set within 0.002. The second panel shows the change against the time between the spikes of a pair, at one
frequency. Control, by --set: the fit to hippocampus does not reproduce the values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import spikelearn as sl
from spikelearn.experiments import Outcome, Published, parameter

SEEDS = 1
TUNED = "nothing: constants of the paper (all-to-all fit to visual cortex)"
SHIFT = 10.0
"""ms between the spikes of a pair in the frequency curves."""
ORDERS = {"pre_post": SHIFT, "post_pre": -SHIFT}
FREQUENCIES = (0.1, 5.0, 10.0, 20.0, 25.0, 31.25, 40.0, 50.0)
SHIFTS = (2.0, 4.0, 6.0, 8.0, 10.0, 13.0, 16.0, 20.0)
REPORTED = {
    "pre_post": {0.1: 0.0, 10.0: 0.132, 20.0: 0.247, 40.0: 0.534, 50.0: 0.741},
    "post_pre": {0.1: -0.312, 10.0: -0.334, 20.0: -0.352, 40.0: 0.155, 50.0: 0.727},
}
"""order -> frequency -> change, with the full parameter set of Pfister & Gerstner 2006."""
WITHIN = 0.002


@dataclass(frozen=True)
class Parameters:
    triplet_set: str = parameter("visual cortex full", "", "name of a parameter set in sl.TRIPLET_SETS, all to all")
    triplet_pairs: int = parameter(60, "", "pairs of a train", minimum=1)
    window_frequency: float = parameter(20.0, "Hz", "frequency of the curve against the time between two spikes")


QUICK: dict[str, Any] = {}

PUBLISHED = {
    f"triplet_{order}_{frequency:g}": Published(
        value, value - WITHIN, value + WITHIN, "Pfister & Gerstner 2006, full set"
    )
    for order, values in REPORTED.items()
    for frequency, value in values.items()
}

Pairs = list[tuple[float, float]]
"""(frequency in Hz, time from the pre to the post spike in ms) of each synapse."""


def pairs_of(frequencies: tuple[float, ...], window_frequency: float) -> Pairs:
    """The pairs of the frequency curves, then those of the curve against the time between two spikes."""
    curves = [(frequency, shift) for shift in ORDERS.values() for frequency in frequencies]
    return curves + [(window_frequency, sign * shift) for sign in (1.0, -1.0) for shift in SHIFTS]


def _spikes(trains: list[np.ndarray]) -> sl.SpikeList:
    return sl.SpikeList(np.concatenate(trains), np.repeat(np.arange(len(trains)), [len(train) for train in trains]))


def triplet_changes(
    parameters: Parameters, pairs: Pairs, sink: Any, progress: bool | None
) -> tuple[np.ndarray, sl.Run]:
    """Relative change of the weight of each synapse for prescribed pre and post spikes."""
    p = parameters
    pre = [30.0 + np.round(np.arange(p.triplet_pairs) * 1000.0 / frequency) for frequency, _ in pairs]
    post = [train + round(shift) for train, (_, shift) in zip(pre, pairs, strict=True)]
    net = sl.Network(dt=1.0)
    source = net.population(len(pairs), _spikes(pre), name="pre")
    target = net.population(len(pairs), sl.Parrot(), name="post")
    net.connect(net.population(len(pairs), _spikes([train - 1.0 for train in post])), target, rule=sl.OneToOne())
    rule = sl.TripletSTDP(**sl.TRIPLET_SETS[p.triplet_set], W_min=-100.0, W_max=100.0)
    synapses = net.connect(
        source, target, "ignored", sl.OneToOne(), weight=1.0, axonal_delay=1.0, dendritic_delay=1.0, plasticity=rule
    )
    run = net.run(max(train[-1] for train in pre + post) + 10.0, sink=sink, progress=progress)
    return run.weights(synapses) - 1.0, run


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """Run all pairs. Nothing is random, so the seed has no effect. An interrupted run is not measured."""
    pairs = pairs_of(FREQUENCIES, parameters.window_frequency)
    changes, run = triplet_changes(parameters, pairs, sink, progress)
    metrics: dict[str, float | None] = {}
    for order, values in REPORTED.items():
        for frequency in values:
            place = pairs.index((frequency, ORDERS[order]))
            metrics[f"triplet_{order}_{frequency:g}"] = None if run.interrupted else float(changes[place])
    return Outcome(run, metrics, data={"pairs": pairs, "changes": changes})


def figure(parameters: Parameters, outcome: Outcome) -> Any:
    """Change against frequency, and against the time between two spikes; rings are the reported values."""
    from spikelearn.plots.panels import panels
    from spikelearn.plots.style import INK, TEXT_SIZE, colour

    above, beside = panels(None, 1, 2, (7.2, 3.0))
    pairs, changes = np.array(outcome.data["pairs"]), 100.0 + 100.0 * outcome.data["changes"]
    n_curve = len(pairs) - 2 * len(SHIFTS)
    for k, (order, shift) in enumerate(ORDERS.items()):
        of_curve = np.flatnonzero(pairs[:n_curve, 1] == shift)
        label = "pre before post" if order == "pre_post" else "post before pre"
        above.plot(pairs[of_curve, 0], changes[of_curve], color=colour(k), lw=1.3, marker=".", ms=4, label=label)
        reported = [100.0 + 100.0 * value for value in REPORTED[order].values()]
        above.plot(list(REPORTED[order]), reported, "o", mfc="none", mec=colour(k), ms=8, mew=0.9)
    above.plot([], [], "o", mfc="none", mec=INK, ms=8, mew=0.9, label="reported")
    above.set_xlabel("frequency of pairs (Hz)")
    above.legend(loc="upper left", frameon=False, fontsize=TEXT_SIZE)
    in_order = n_curve + np.argsort(pairs[n_curve:, 1])
    for side in (in_order[: len(SHIFTS)], in_order[len(SHIFTS) :]):
        beside.plot(pairs[side, 1], changes[side], color=INK, lw=1.3, marker=".", ms=4)
    beside.axvline(0.0, color=INK, lw=0.6)
    beside.set_xlabel(f"post minus pre (ms), {parameters.window_frequency:g} Hz")
    for ax in (above, beside):
        ax.axhline(100.0, color=INK, lw=0.6)
        ax.set_ylabel("weight (% of the start)")
    return above.figure
