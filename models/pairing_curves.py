"""Frequency and pairing curves of two rules: triplets of spikes, and the potential of the target.

Pfister, J.-P. & Gerstner, W. (2006). Triplets of spikes in a model of spike timing-dependent plasticity. J. Neurosci.
26:9673. Clopath, C., Buesing, L., Vasilaki, E. & Gerstner, W. (2010). Connectivity reflects coding: a model of
voltage-based STDP with homeostasis. Nature Neurosci. 13:344.

Both explain what pairs of spikes do in visual cortex (Sjostrom, Turrigiano & Nelson 2001) and no rule for pairs can: at
low frequencies post before pre depresses and pre before post does little, at high frequencies both potentiate.

Triplet: 60 pairs in one train, the fit to visual cortex, all to all; the change of the weight, relative. Clopath: 5
pairs, the change at the last pre spike, times 15 for the 75 pairs of the experiment; with pre before post a sixth pre
spike reads the weight. Each pair of a curve is a synapse of its own, onto a neuron of its own, in one network.

What must come out: the numbers of specs/reference_numbers.md, those of the triplet within .002, those of Clopath
(NEST's own test, in percent of the weight at the start) within 3. The curves below the frequency curves are against
the time between the spikes of a pair, at one frequency.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import spikelearn as sl
from spikelearn.experiment import Outcome, Published, parameter

SHIFT = 10.0
"""ms between the spikes of a pair in the frequency curves."""
ORDERS = {"pre_post": SHIFT, "post_pre": -SHIFT}
TRIPLET_FREQUENCIES = (0.1, 5.0, 10.0, 20.0, 25.0, 31.25, 40.0, 50.0)
CLOPATH_FREQUENCIES = (5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0)
SHIFTS = (2.0, 4.0, 6.0, 8.0, 10.0, 13.0, 16.0, 20.0)
REPORTED = {
    "triplet": {
        "pre_post": {0.1: 0.0, 10.0: 0.132, 20.0: 0.247, 40.0: 0.534, 50.0: 0.741},
        "post_pre": {0.1: -0.312, 10.0: -0.334, 20.0: -0.352, 40.0: 0.155, 50.0: 0.727},
    },
    "clopath": {
        "pre_post": {10.0: 103.304, 30.0: 124.036, 50.0: 157.029},
        "post_pre": {10.0: 57.826, 30.0: 72.167, 50.0: 149.434},
    },
}
"""rule -> order -> frequency -> change: specs/reference_numbers.md."""
WITHIN = {"triplet": 0.002, "clopath": 3.0}


@dataclass(frozen=True)
class Parameters:
    triplet_set: str = parameter("visual cortex full", "", "name of a set of sl.TRIPLET_SETS, all to all")
    triplet_pairs: int = parameter(60, "", "pairs of a train for the triplet rule")
    clopath_pairs: int = parameter(5, "", "pairs of a train for Clopath's rule")
    clopath_factor: float = parameter(15.0, "", "how often they would be repeated in the experiment")
    t_clamp: float = parameter(2.0, "ms", "Clopath's neuron: the potential is held at its peak for so long")
    delay_u_bars: float = parameter(4.0, "ms", "Clopath's rule: the averages are seen so late")
    window_frequency: float = parameter(20.0, "Hz", "frequency of the curves against the time between two spikes")


QUICK: dict[str, Any] = {}

PUBLISHED = {
    f"{rule}_{order}_{frequency:g}": Published(
        value, value - WITHIN[rule], value + WITHIN[rule],
        "specs/reference_numbers.md: Pfister & Gerstner 2006, full set"
        if rule == "triplet"
        else "specs/reference_numbers.md: NEST's own test of clopath_synapse",
    )
    for rule, orders in REPORTED.items()
    for order, values in orders.items()
    for frequency, value in values.items()
}  # fmt: skip

Pairs = list[tuple[float, float]]
"""(frequency in Hz, time from the pre to the post spike in ms) of each synapse."""


def pairs_of(frequencies: tuple[float, ...], window_frequency: float) -> Pairs:
    """Those of the frequency curves, then those of the curve against the time between two spikes."""
    curves = [(frequency, shift) for shift in ORDERS.values() for frequency in frequencies]
    return curves + [(window_frequency, sign * shift) for sign in (1.0, -1.0) for shift in SHIFTS]


def _spikes(trains: list[np.ndarray]) -> sl.SpikeList:
    return sl.SpikeList(np.concatenate(trains), np.repeat(np.arange(len(trains)), [len(train) for train in trains]))


def triplet_changes(parameters: Parameters, pairs: Pairs, progress: bool | None) -> tuple[np.ndarray, sl.Run]:
    """Relative change of the weight of each synapse, whose pre and post spikes are given."""
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
    run = net.run(max(train[-1] for train in pre + post) + 10.0, progress=progress)
    return run.weights(synapses) - 1.0, run


def clopath_changes(
    parameters: Parameters, pairs: Pairs, sink: Any, progress: bool | None
) -> tuple[np.ndarray, sl.Run]:
    """100 + 100 clopath_factor dw/w0 for each synapse. A post spike is made by a jump of 80 mV, one step before it."""
    p, dt, weight = parameters, 0.1, 0.5
    n = np.arange(p.clopath_pairs + 1)
    trains = [np.round(30.0 + n * 1000.0 / frequency, 1) for frequency, _ in pairs]
    pre = [train if shift > 0 else train[:-1] for train, (_, shift) in zip(trains, pairs, strict=True)]
    post = [train[:-1] + shift for train, (_, shift) in zip(trains, pairs, strict=True)]
    net = sl.Network(dt=dt)
    source = net.population(len(pairs), _spikes(pre), name="pre")
    cells = net.population(len(pairs), sl.AdExClopath(t_clamp=p.t_clamp), name="cells")
    force = net.population(len(pairs), _spikes([train - dt for train in post]), name="force")
    net.connect(force, cells, rule=sl.OneToOne(), weight=80.0, delay=dt)
    synapses = net.connect(
        source, cells, rule=sl.OneToOne(), weight=weight, dendritic_delay=dt, name="synapses",
        plasticity=sl.Clopath(delay_u_bars=p.delay_u_bars),
    )  # fmt: skip
    net.record(cells)
    shown = [pairs.index((50.0, shift)) for shift in ORDERS.values()]
    net.record(cells[shown], "V_m")
    run = net.run(max(train[-1] for train in pre + post) + 30.0, sink=sink, progress=progress)
    return 100.0 + 100.0 * p.clopath_factor * (run.weights(synapses) - weight) / weight, run


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """Nothing here is random: the seed makes no difference. A run that was cut short is not measured."""
    p = parameters
    pairs = {
        "triplet": pairs_of(TRIPLET_FREQUENCIES, p.window_frequency),
        "clopath": pairs_of(CLOPATH_FREQUENCIES, p.window_frequency),
    }
    clopath, run = clopath_changes(p, pairs["clopath"], sink, progress)
    triplet, other = triplet_changes(p, pairs["triplet"], progress)
    changes = {"triplet": triplet, "clopath": clopath}
    whole = {"triplet": not other.interrupted, "clopath": not run.interrupted}
    metrics: dict[str, float | None] = {}
    for rule, orders in REPORTED.items():
        for order, values in orders.items():
            for frequency in values:
                place = pairs[rule].index((frequency, ORDERS[order]))
                metrics[f"{rule}_{order}_{frequency:g}"] = float(changes[rule][place]) if whole[rule] else None
    return Outcome(run, metrics, data={"pairs": pairs, "changes": changes}, other_runs=(other,))


def figure(parameters: Parameters, outcome: Outcome) -> Any:
    """Change against frequency, above, and against the time between two spikes, below; rings are what was reported."""
    from spikelearn.plots.style import INK, TEXT_SIZE, colour, panels

    axes = panels(None, 2, 2, (7.2, 5.6))
    titles = {"triplet": "triplets of spikes", "clopath": "potential of the target"}
    for column, (rule, title) in enumerate(titles.items()):
        pairs = np.array(outcome.data["pairs"][rule])
        changes = outcome.data["changes"][rule]
        if rule == "triplet":
            changes = 100.0 + 100.0 * changes
        above, below = axes[column], axes[2 + column]
        n_curve = len(pairs) - 2 * len(SHIFTS)
        handles: list[Any] = []
        for k, (order, shift) in enumerate(ORDERS.items()):
            of_curve = np.flatnonzero(pairs[:n_curve, 1] == shift)
            label = "pre before post" if order == "pre_post" else "post before pre"
            handles += above.plot(
                pairs[of_curve, 0], changes[of_curve], color=colour(k), lw=1.3, marker=".", ms=4, label=label
            )
            reported = REPORTED[rule][order]
            shown = [100.0 + 100.0 * v if rule == "triplet" else v for v in reported.values()]
            above.plot(list(reported), shown, "o", mfc="none", mec=colour(k), ms=8, mew=0.9)
        handles += above.plot([], [], "o", mfc="none", mec=INK, ms=8, mew=0.9, label="reported")
        above.set_xlabel("frequency of pairs (Hz)")
        above.set_title(title, loc="left", size=TEXT_SIZE + 1, color=INK)
        in_order = n_curve + np.argsort(pairs[n_curve:, 1])
        for side in (in_order[: len(SHIFTS)], in_order[len(SHIFTS) :]):
            below.plot(pairs[side, 1], changes[side], color=INK, lw=1.3, marker=".", ms=4)
        below.axvline(0.0, color=INK, lw=0.6)
        below.set_xlabel(f"post minus pre (ms), {parameters.window_frequency:g} Hz")
        for ax in (above, below):
            ax.axhline(100.0, color=INK, lw=0.6)
        if column == 0:
            for ax in (above, below):
                ax.set_ylabel("weight (% of the start)")
            above.legend(handles=handles, loc="upper left", frameon=False, fontsize=TEXT_SIZE)
    return axes[0].figure
