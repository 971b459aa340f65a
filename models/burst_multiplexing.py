"""Burst multiplexing: one spike train carries two signals, one from the soma and one from the dendrite.

Naud & Sprekeler 2018, Sparse bursts optimize information transmission in a multiplexed neural code, PNAS 115:E6329.

A pyramidal cell responds to input to its soma with single spikes. Each propagates back into the apical dendrite; if
that is depolarised too, it responds with a long current into the soma, and the spike becomes a burst. An event is an
isolated spike or the first of a burst. The event rate follows the input to the soma; the burst probability, the
fraction of events that are bursts, follows the input to the dendrites. Short-term plasticity separates them again. The
cell, `Pyramidal`, has the paper's constants; in a program of its group (apayeur/auryn, NaudGroup) the threshold moves,
nothing is refractory, the back-propagating current begins at once, and noise is Poisson input.

Acceptance criteria of the three experiments (bac_firing.py shows the burst itself, in one cell without noise):

multiplexing  4000 cells under noise; steps of current into the somata, and others, shifted, into the dendrites. In
              windows of 20 ms, event rate and burst probability each follow only their own input.
              Control: without steps into the dendrites, the burst probability does not follow them.
decoding      The same spikes through depressing and facilitating synapses onto two readouts. Their input in a window
              follows the event rate and the burst rate, and its ratio the burst probability.
sweep         Constant currents into the dendrite: the burst probability rises at least 20-fold, the event rate stays
              within 10 %. Control: without the back-propagating spike the event rate changes by more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn import analysis
from spikelearn.experiments import Control, Goal, Outcome, build_coarsely, finished, finite, parameter, run_conditions
from spikelearn.plots.panels import empty_panels, letter_panels, new_figure, plain_legend, with_control
from spikelearn.plots.style import DASHED, INK, PALETTE, clean


@dataclass(frozen=True)
class Parameters:
    N: int = parameter(4000, "", "cells of the multiplexing experiment")
    duration: float = parameter(2000.0, "ms", "multiplexing experiment: analysed part, whole cycles of 200 ms")
    burn_in: float = parameter(200.0, "ms", "time before the analysed part")
    dt: float = parameter(0.1, "ms", "time step")
    window: float = parameter(20.0, "ms", "window in which rates and burst probability are measured")
    noise_tau: float = parameter(2.0, "ms", "time constant of the background current, soma and dendrite")
    noise_std: float = parameter(450.0, "pA", "standard deviation of the background current, soma and dendrite")
    soma_mean: float = parameter(70.0, "pA", "mean of the background current of the soma")
    dendrite_mean: float = parameter(-270.0, "pA", "mean of the background current of the dendrite")
    soma_low: float = parameter(220.0, "pA", "current into the soma, for 100 ms")
    soma_high: float = parameter(280.0, "pA", "current into the soma, for the next 100 ms")
    dendrite_low: float = parameter(-210.0, "pA", "current into the dendrite, for 85 ms")
    dendrite_high: float = parameter(140.0, "pA", "current into the dendrite, for the next 115 ms")
    lag: float = parameter(65.0, "ms", "delay of the dendrite's cycle after the soma's")
    sweep_N: int = parameter(2000, "", "cells for each current of the sweep")
    sweep_duration: float = parameter(2000.0, "ms", "analysed part of the sweep")
    sweep_currents: tuple[float, ...] = parameter(tuple(100.0 * k for k in range(-2, 5)), "pA", "into the dendrite")
    sweep_soma: float = parameter(250.0, "pA", "current into the soma during the sweep")

    def __post_init__(self) -> None:
        if self.duration < 200.0:
            raise ValueError(f"duration: expected at least one cycle of 200 ms, got {self.duration:g} ms")
        if len(self.sweep_currents) < 2:
            raise ValueError("sweep_currents: expected at least two")


SEEDS = 5
TUNED = "nothing of the cell: constants of Naud & Sprekeler 2018; for the currents of the experiments not on record"
QUICK = {"N": 2000, "duration": 1200.0, "sweep_N": 400, "sweep_duration": 1000.0}
_OWN = "prototype with the same protocol"
PUBLISHED = {
    "corr_event_rate_soma": Goal(0.933, low=0.90, source=_OWN),
    "corr_burst_probability_dendrite": Goal(0.896, low=0.85, source=_OWN),
    "max_abs_cross_corr": Goal(0.11, high=0.20, source=_OWN),
    "mean_event_rate": Goal(5.8, source=_OWN),
    "mean_burst_probability": Goal(0.09, source=_OWN),
    "burst_probability_gain": Goal("69 (0.007 to 0.485)", low=20.0, source=_OWN),
    "event_rate_change": Goal("0.054 (5.89 to 5.57 Hz)", high=0.10, source=_OWN),
    "corr_depressing_event_rate": Goal(0.971, low=0.93, source=_OWN),
    "corr_facilitating_burst_rate": Goal(0.834, low=0.75, source=_OWN),
    "corr_ratio_burst_probability": Goal(0.778, low=0.70, source=_OWN),
    # Not 0: the steps of the two currents are themselves correlated (-0.17), and 100 windows scatter by 0.1.
    "control_corr_burst_probability_no_steps": Control(0, -0.5, 0.5, "ablation", of="corr_burst_probability_dendrite"),
    "control_event_rate_change_no_backpropagation": Control(0.1, low=0.10, source="ablation", of="event_rate_change"),
}

CYCLE = 200.0  # ms
SOMA_LOW, DENDRITE_LOW = 100.0, 85.0  # ms of the lower current in each cycle
SETTLING = 200.0  # ms before the sweep is analysed
BURST_WINDOW = 16.0  # ms within which a second spike makes a burst

DEPRESSING = sl.ReleaseFirst(U=0.9, f=0.1, tau_D=20.0, tau_F=1000.0)
FACILITATING = sl.ReleaseFirst(U=0.02, f=0.1, tau_D=100.0, tau_F=100.0)
SOMA, DENDRITE, BOTH = PALETTE[:3]
LEGEND = {"borderaxespad": 0.1, "handlelength": 1.6, "columnspacing": 1.2}


class Multiplexed(NamedTuple):
    """Per window: edges (k + 1,) ms, all else (k,), pA or Hz. decoded: readout -> releases per second of a synapse."""

    edges: np.ndarray
    soma_current: np.ndarray
    dendrite_current: np.ndarray
    event_rate: np.ndarray
    burst_rate: np.ndarray
    burst_probability: np.ndarray
    decoded: dict[str, np.ndarray]


class Swept(NamedTuple):
    """currents: (k,) pA into the dendrite; rates (k,) Hz and burst probabilities (k,) under each."""

    currents: np.ndarray
    event_rate: np.ndarray
    burst_probability: np.ndarray


def background(net: sl.Network, cells: Any, parameters: Parameters) -> None:
    """Independent noise into soma and dendrite of each cell, in place of the surrounding network."""
    for port, mean in (("soma", parameters.soma_mean), ("apical", parameters.dendrite_mean)):
        net.drive(cells, sl.NoiseCurrent(mean=mean, std=parameters.noise_std, tau=parameters.noise_tau), port=port)


def switching(low: float, high: float, low_for: float, lag: float, t_stop: float) -> tuple[np.ndarray, np.ndarray]:
    """Times (ms) and values (pA) of a current that is `low` at the start of each cycle and then `high`."""
    starts = np.arange(-CYCLE, t_stop + CYCLE, CYCLE) + lag % CYCLE
    times = np.stack([starts, starts + low_for], axis=1).ravel()
    values = np.tile([low, high], len(starts))
    first, last = np.flatnonzero(times <= 0)[-1], np.flatnonzero(times < t_stop)[-1]
    return np.concatenate([[0.0], times[first + 1 : last + 1]]), values[first : last + 1]


def currents(parameters: Parameters, t_stop: float) -> tuple[Any, Any]:
    """Times and values of the current steps into the soma, and of those into the dendrite."""
    p = parameters
    soma = switching(p.soma_low, p.soma_high, SOMA_LOW, p.burn_in, t_stop)
    return soma, switching(p.dendrite_low, p.dendrite_high, DENDRITE_LOW, p.burn_in + p.lag, t_stop)


def multiplex(
    parameters: Parameters, seed: int, steps: bool = True, sink: Any = None, progress: bool | None = None
) -> tuple[sl.Run, Multiplexed | None]:
    """steps: whether the current into the dendrites changes. An interrupted run returns its complete windows."""
    p, analysed = parameters, CYCLE * int(parameters.duration / CYCLE + 1e-6)
    edges = p.burn_in + p.window * np.arange(int(analysed / p.window + 1e-6) + 1)
    soma, dendrite = currents(p, p.burn_in + analysed)
    net = sl.Network(dt=p.dt, seed=seed)
    cells = net.population(p.N, sl.Pyramidal(), name="pyramidal")
    background(net, cells, p)
    net.drive(cells, sl.StepCurrent(*soma), port="soma")
    if steps:
        net.drive(cells, sl.StepCurrent(*dendrite), port="apical")
    # A readout never fires, and its current decays within a step: a sample is the input of that step.
    readouts = {}
    for name, synapse in (("depressing", DEPRESSING), ("facilitating", FACILITATING)):
        readouts[name] = net.population(1, sl.LIF(V_th=1e6, tau_syn_exc=p.dt / 100), name=name)
        net.connect(cells, readouts[name], port="exc", weight=1.0 / p.N, delay=p.dt, synapse=synapse)
        net.record(readouts[name], "I_syn_exc")
    net.record(cells, ["spikes", "bursts"])
    net.record(cells[: min(3, p.N)], ["V_s", "V_d"], every=max(0.5, p.dt))
    build_coarsely(net)
    # A burst in the last window is known only at its second spike.
    run = net.run(p.burn_in + analysed + BURST_WINDOW + p.window, sink=sink, progress=progress)
    edges = edges[edges <= run.t_stop - BURST_WINDOW + 1e-6]
    if len(edges) < 2:
        return run, None

    spikes = run.spikes(cells)
    found = analysis.classify_events(spikes, BURST_WINDOW)
    decoded = {}
    for name, readout in readouts.items():
        trace = run.trace(readout, "I_syn_exc")
        arrived = np.concatenate([[0.0], np.cumsum(trace.values[:, 0])])
        decoded[name] = np.diff(arrived[np.searchsorted(trace.times, edges + 1e-6)]) / (p.window * 1e-3)
    counted = analysis.binned_rate(found.event_times, p.N, edges), analysis.binned_rate(found.burst_times, p.N, edges)
    probability = analysis.burst_probability(found.burst_times, found.event_times, edges)
    into_soma, into_dendrite = analysis.mean_of_steps(*soma, edges), analysis.mean_of_steps(*dendrite, edges)
    return run, Multiplexed(edges, into_soma, into_dendrite, *counted, probability, decoded)


def sweep(parameters: Parameters, seed: int, cell: Any, progress: bool | None = None) -> tuple[sl.Run, Swept]:
    """Event rate and burst probability under constant currents into the dendrite."""
    p, currents, t_stop = parameters, np.asarray(parameters.sweep_currents), SETTLING + parameters.sweep_duration
    net = sl.Network(dt=p.dt, seed=seed)
    cells = net.population(p.sweep_N * len(currents), cell, name="pyramidal")
    background(net, cells, p)
    net.drive(cells, sl.StepCurrent([0.0], [p.sweep_soma]), port="soma")
    net.drive(cells, sl.StepCurrent([0.0], np.repeat(currents, p.sweep_N)[None]), port="apical")
    net.record(cells, "spikes")
    run = finished(net.run(t_stop + BURST_WINDOW, progress=progress))
    spikes = run.spikes(cells)
    found = analysis.classify_events(spikes, BURST_WINDOW)
    events, bursts = (
        np.bincount(ids[(times >= SETTLING) & (times < t_stop)] // p.sweep_N, minlength=len(currents))
        for times, ids in ((found.event_times, found.event_ids), (found.burst_times, found.burst_ids))
    )
    return run, Swept(currents, events / (p.sweep_N * p.sweep_duration * 1e-3), analysis.ratio(bursts, events))


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """Run all three experiments and their controls; the returned run is the multiplexing one."""
    p = parameters
    half = replace(p, sweep_N=max(1, p.sweep_N // 2))
    done = run_conditions(
        signals=lambda: multiplex(p, seed, sink=sink, progress=progress),
        steady=lambda: multiplex(p, seed, steps=False, progress=progress),
        swept=lambda: sweep(p, seed, sl.Pyramidal(), progress),
        swept_passive=lambda: sweep(half, seed, sl.Pyramidal(c_d=0.0), progress),
        partial=("signals",),
    )
    signals, steady, swept, passive = done.results.values()
    metrics: dict[str, Any] = dict.fromkeys(PUBLISHED)
    if signals is not None:
        metrics |= _of_signals(signals)
    if steady is not None:
        no_steps = analysis.known_correlation(steady.burst_probability, steady.dendrite_current)
        metrics["control_corr_burst_probability_no_steps"] = no_steps
    if swept is not None:
        first, *_, last = swept.burst_probability
        metrics["burst_probability_gain"] = float(analysis.ratio(last, first))
        metrics["event_rate_change"] = _largest_change(swept.event_rate)
    if passive is not None:
        metrics["control_event_rate_change_no_backpropagation"] = _largest_change(passive.event_rate)
    return done.outcome({name: finite(value) for name, value in metrics.items()})


def _of_signals(m: Multiplexed) -> dict[str, float]:
    r, depressing, facilitating = analysis.known_correlation, m.decoded["depressing"], m.decoded["facilitating"]
    crossed = r(m.event_rate, m.dendrite_current), r(m.burst_probability, m.soma_current)
    return {
        "corr_event_rate_soma": r(m.event_rate, m.soma_current),
        "corr_burst_probability_dendrite": r(m.burst_probability, m.dendrite_current),
        "max_abs_cross_corr": max(map(abs, crossed)),
        "mean_event_rate": float(m.event_rate.mean()),
        "mean_burst_probability": float(analysis.ratio(m.burst_rate.sum(), m.event_rate.sum())),
        "corr_depressing_event_rate": r(depressing, m.event_rate),
        "corr_facilitating_burst_rate": r(facilitating, m.burst_rate),
        "corr_ratio_burst_probability": r(analysis.ratio(facilitating, depressing), m.burst_probability),
    }


def _largest_change(rates: np.ndarray) -> float:
    return float(np.max(np.abs(rates / rates[0] - 1.0))) if rates[0] > 0 else float("nan")


def figure(parameters: Parameters, outcome: Outcome) -> Figure:
    """Multiplexing and decoding over time (a to d), and the sweep (e, f)."""
    whole = new_figure(7.6, 6.0, w_pad=0.06, h_pad=0.04)
    left, right = whole.subfigures(1, 2, width_ratios=(1.85, 1.0))
    signals = left.subplots(4, 1, sharex=True, height_ratios=(0.8, 1, 1, 1))
    sweeps = right.subplots(2, 1, sharex=True)
    for ax in whole.axes:
        clean(ax)
    if outcome.data["signals"] is not None:
        _draw_signals(signals, parameters, outcome.data["signals"])
    if outcome.data["swept_passive"] is not None:
        _draw_sweep(sweeps, outcome.data["swept"], outcome.data["swept_passive"])
    letter_panels([*signals, *sweeps], (-40, 6))
    empty_panels(whole.axes)
    whole.align_ylabels(signals)
    return whole


def _draw_signals(axes: Any, p: Parameters, m: Multiplexed) -> None:
    """Four cycles: the current steps, and the counted and decoded signals in each window."""
    shown, r = min(len(m.event_rate), round(4 * CYCLE / p.window)), analysis.known_correlation
    edges = m.edges[: shown + 1] - m.edges[0]
    looks = ("soma $I_s$", SOMA, "-"), ("dendrite $I_d$", DENDRITE, DASHED)
    for (times, values), (name, shade, line) in zip(currents(p, m.edges[-1]), looks, strict=True):
        at = np.append(times, m.edges[-1]) - m.edges[0]
        axes[0].stairs(values, at, baseline=None, color=shade, ls=line, lw=1.2, label=name)
    axes[0].set(ylabel="current (pA)", yticks=[-200, 0, 200])
    to_soma = f" ($r$ = {r(m.event_rate, m.soma_current):.2f} with $I_s$)"
    to_dendrite = f" ($r$ = {r(m.burst_probability, m.dendrite_current):.2f} with $I_d$)"
    depressing, facilitating = m.decoded["depressing"], m.decoded["facilitating"]
    both = analysis.ratio(facilitating, depressing)
    rows = (
        ("event rate (Hz)", m.event_rate, to_soma, "depressing synapse", depressing, SOMA),
        ("burst rate (Hz)", m.burst_rate, "", "facilitating synapse", facilitating, BOTH),
        ("burst probability", m.burst_probability, to_dendrite, "ratio of both", both, DENDRITE),
    )
    for ax, (name, counted, with_input, how, decoded, shade) in zip(axes[1:], rows, strict=True):
        line, label = analysis.fitted_line(decoded, counted)[:shown], f"{how} ($r$ = {r(decoded, counted):.2f})"
        ax.stairs(counted[:shown], edges, color=shade, lw=0, fill=True, alpha=0.3, label=f"counted{with_input}")
        ax.plot(edges[:-1] + p.window / 2, line, color=INK, marker="o", ms=2.4, lw=0.8, label=label)
        ax.set(ylabel=name)
        ax.set_ylim(bottom=min(0.0, 1.2 * np.nanmin(line)))
    for ax in axes:
        plain_legend(ax, **LEGEND, loc="lower right", bbox_to_anchor=(1.0, 0.97), ncols=2)
    axes[-1].set(xlabel="time (ms)", xlim=(0, edges[-1]))


def _draw_sweep(axes: Any, full: Swept, passive: Swept) -> None:
    labels = "full cell", "no back-propagating spike"
    probability, rate = axes
    with_control(probability, full.currents, full.burst_probability, passive.burst_probability, labels)
    with_control(rate, full.currents, full.event_rate, passive.event_rate, labels)
    probability.set(ylabel="burst probability", ylim=(0, max(0.01, 1.2 * np.nan_to_num(full.burst_probability).max())))
    rate.set(xlabel="current into the dendrite $I_d$ (pA)", ylabel="event rate (Hz)")
    rate.set_ylim(0, 1.15 * max(full.event_rate.max(), passive.event_rate.max()))
    plain_legend(probability, **LEGEND, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=1)
