"""Burst multiplexing: one spike train carries two messages, one from the soma and one from the dendrite.

Naud & Sprekeler 2018, Sparse bursts optimize information transmission in a multiplexed neural code,
PNAS 115:E6329.

A pyramidal cell answers input to its soma with single spikes. Each spike runs back into the apical dendrite;
where that is depolarised too, it answers with a long current into the soma, and the spike becomes
a burst. An event is an isolated spike or the first of a burst. Counted so, the spikes of a population tell
two things at once: the rate of events follows the input to the soma; the share of events that are bursts, the
burst probability, follows the input to the dendrites. Short-term plasticity tells them apart again.

What must come out of the three experiments; bac_firing.py shows the burst itself, in one cell without noise:

multiplexing  4000 cells under noise; steps of current into the somata, others, shifted, into the dendrites.
              In windows of 20 ms, event rate and burst probability each follow their own input alone.
              Control: the dendrites get no steps; then the burst probability does not follow them.
decoding      The same spikes, through depressing and facilitating synapses onto two readouts. What arrives in
              a window follows the event rate and the burst rate, their ratio the burst probability.
sweep         Constant currents into the dendrite: the burst probability rises at least 20 times, the event
              rate stays within 10 %. Control: without the back-propagating spike it does not stay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.analysis import binned_rate, burst_probability, classify_events, correlation
from spikelearn.experiments import Outcome, Published, parameter
from spikelearn.plots.style import INK, PALETTE, TEXT_SIZE, clean


@dataclass(frozen=True)
class Parameters:
    """All that can be set. Constants of the cell are the defaults of `Pyramidal`, those of the paper."""

    N: int = parameter(4000, "", "cells of the multiplexing experiment")
    duration: float = parameter(2000.0, "ms", "multiplexing experiment: part that is analysed, whole cycles of 200 ms")
    burn_in: float = parameter(200.0, "ms", "time before that")
    dt: float = parameter(0.1, "ms", "time step")
    window: float = parameter(20.0, "ms", "window in which rates and burst probability are taken")
    noise_tau: float = parameter(2.0, "ms", "time constant of the background current, soma and dendrite")
    noise_std: float = parameter(450.0, "pA", "standard deviation of the background current, soma and dendrite")
    soma_mean: float = parameter(70.0, "pA", "mean of the background current of the soma")
    dendrite_mean: float = parameter(-270.0, "pA", "mean of the background current of the dendrite")
    soma_low: float = parameter(220.0, "pA", "current into the soma, for 100 ms")
    soma_high: float = parameter(280.0, "pA", "current into the soma, for the next 100 ms")
    dendrite_low: float = parameter(-210.0, "pA", "current into the dendrite, for 85 ms")
    dendrite_high: float = parameter(140.0, "pA", "current into the dendrite, for the next 115 ms")
    lag: float = parameter(65.0, "ms", "the dendrite's cycle begins this long after the soma's")
    sweep_N: int = parameter(2000, "", "cells for each current of the sweep")
    sweep_duration: float = parameter(2000.0, "ms", "part of the sweep that is analysed")
    sweep_currents: tuple[float, ...] = parameter(
        (-200.0, -100.0, 0.0, 100.0, 200.0, 300.0, 400.0),
        "pA",
        "currents into the dendrite; first and last are compared",
    )
    sweep_soma: float = parameter(250.0, "pA", "current into the soma during the sweep")

    def __post_init__(self) -> None:
        if self.duration < 200.0:
            raise ValueError(f"duration: expected at least one cycle of 200 ms, got {self.duration:g} ms")
        if len(self.sweep_currents) < 2:
            raise ValueError("sweep_currents: expected at least two")


SEEDS = 5

# Half as many cells for half as long, and a tenth of the sweep.
QUICK = {"N": 2000, "duration": 1200.0, "sweep_N": 400, "sweep_duration": 1000.0}

_OWN = "prototype, same protocol"
PUBLISHED = {
    "corr_event_rate_soma": Published(0.933, low=0.90, source=_OWN),
    "corr_burst_probability_dendrite": Published(0.896, low=0.85, source=_OWN),
    "max_abs_cross_corr": Published(0.11, high=0.20, source=_OWN),
    "mean_event_rate": Published(5.8, source=_OWN),
    "mean_burst_probability": Published(0.09, source=_OWN),
    "burst_probability_gain": Published("69 (.007 to .485)", low=20.0, source=_OWN),
    "event_rate_change": Published("0.054 (5.89 to 5.57 Hz)", high=0.10, source=_OWN),
    "corr_depressing_event_rate": Published(0.971, low=0.93, source=_OWN),
    "corr_facilitating_burst_rate": Published(0.834, low=0.75, source=_OWN),
    "corr_ratio_burst_probability": Published(0.778, low=0.70, source=_OWN),
    # Not nought: the steps of both currents are correlated themselves (-.17), and 100 windows scatter by .1.
    "control_corr_burst_probability_no_steps": Published("vanishes", low=-0.50, high=0.50, source="ablation"),
    "control_event_rate_change_no_backpropagation": Published("above 0.1", low=0.10, source="ablation"),
}

CYCLE = 200.0  # ms
SOMA_HALF = 100.0  # ms of the lower current into the soma
DENDRITE_LOW = 85.0  # ms of the lower current into the dendrite
SETTLING = 200.0  # ms before the sweep is analysed
BURST_WINDOW = 16.0  # ms within which a second spike makes a burst

DEPRESSING = sl.ReleaseFirst(U=0.9, f=0.1, tau_D=20.0, tau_F=1000.0)
FACILITATING = sl.ReleaseFirst(U=0.02, f=0.1, tau_D=100.0, tau_F=100.0)


class Multiplexed(NamedTuple):
    """The multiplexing experiment in windows: edges (k + 1,) ms, all else (k,), pA or Hz.

    decoded: readout -> what arrives, in whole releases a second of one synapse.
    """

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
    """Each cell's own noise into soma and dendrite, in the place of the network around it."""
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
    """Times and values of the steps of current into the soma, and of those into the dendrite."""
    p = parameters
    return (
        switching(p.soma_low, p.soma_high, SOMA_HALF, p.burn_in, t_stop),
        switching(p.dendrite_low, p.dendrite_high, DENDRITE_LOW, p.burn_in + p.lag, t_stop),
    )


def means_between(times: np.ndarray, values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Mean of a current that steps at `times` to `values`, between consecutive edges."""
    charge = np.concatenate([[0.0], np.cumsum(values[:-1] * np.diff(times))])
    at = np.searchsorted(times, edges, "right") - 1
    return np.diff(charge[at] + values[at] * (edges - times[at])) / np.diff(edges)


def multiplex(
    parameters: Parameters, seed: int, steps: bool = True, sink: Any = None, progress: bool | None = None
) -> tuple[sl.Run, Multiplexed | None]:
    """The multiplexing and decoding experiment; `steps`: whether the current into the dendrites changes.

    Of an interrupted run, the windows that were simulated whole; None if there is none.
    """
    p = parameters
    cycles = int(p.duration / CYCLE + 1e-6)
    t_stop = p.burn_in + cycles * CYCLE
    edges = p.burn_in + p.window * np.arange(int(cycles * CYCLE / p.window + 1e-6) + 1)
    soma, dendrite = currents(p, t_stop)

    net = sl.Network(dt=p.dt, seed=seed)
    cells = net.population(p.N, sl.Pyramidal(), name="pyramidal")
    background(net, cells, p)
    net.drive(cells, sl.StepCurrent(*soma), port="soma")
    if steps:
        net.drive(cells, sl.StepCurrent(*dendrite), port="apical")
    # A readout never fires, and its current lasts no longer than a step: a sample is what arrived in it.
    readouts = {}
    for name, synapse in (("depressing", DEPRESSING), ("facilitating", FACILITATING)):
        readouts[name] = net.population(1, sl.LIF(V_th=1e6, tau_syn_exc=p.dt / 100), name=name)
        net.connect(cells, readouts[name], port="exc", weight=1.0 / p.N, delay=p.dt, synapse=synapse)
        net.record(readouts[name], "I_syn_exc")
    net.record(cells, ["spikes", "bursts"])
    net.record(cells[: min(3, p.N)], ["V_s", "V_d"], every=max(0.5, p.dt))
    # A burst in the last window is known only at its second spike.
    run = net.run(t_stop + BURST_WINDOW + p.window, sink=sink, progress=progress)
    edges = edges[edges <= run.t_stop - BURST_WINDOW + 1e-6]
    if len(edges) < 2:
        return run, None

    spikes = run.spikes(cells)
    found = classify_events(spikes.times, spikes.ids, BURST_WINDOW)
    decoded = {}
    for name, readout in readouts.items():
        trace = run.trace(readout, "I_syn_exc")
        arrived = np.concatenate([[0.0], np.cumsum(trace.values[:, 0])])
        decoded[name] = np.diff(arrived[np.searchsorted(trace.times, edges + 1e-6)]) / (p.window * 1e-3)
    return run, Multiplexed(
        edges,
        means_between(*soma, edges),
        means_between(*dendrite, edges),
        binned_rate(found.event_times, p.N, edges),
        binned_rate(found.burst_times, p.N, edges),
        burst_probability(found.burst_times, found.event_times, edges),
        decoded,
    )


def sweep(parameters: Parameters, seed: int, cell: Any, progress: bool | None = None) -> tuple[sl.Run, Swept | None]:
    """Event rate and burst probability under constant currents into the dendrite, all in one population."""
    p, currents = parameters, np.asarray(parameters.sweep_currents)
    t_stop = SETTLING + p.sweep_duration
    net = sl.Network(dt=p.dt, seed=seed)
    cells = net.population(p.sweep_N * len(currents), cell, name="pyramidal")
    background(net, cells, p)
    net.drive(cells, sl.StepCurrent([0.0], [p.sweep_soma]), port="soma")
    net.drive(cells, sl.StepCurrent([0.0], np.repeat(currents, p.sweep_N)[None]), port="apical")
    net.record(cells, "spikes")
    run = net.run(t_stop + BURST_WINDOW, progress=progress)
    if run.interrupted:
        return run, None

    spikes = run.spikes(cells)
    found = classify_events(spikes.times, spikes.ids, BURST_WINDOW)
    number = []
    for times, ids in ((found.event_times, found.event_ids), (found.burst_times, found.burst_ids)):
        inside = (times >= SETTLING) & (times < t_stop)
        number.append(np.bincount(ids[inside] // p.sweep_N, minlength=len(currents)))
    events, bursts = number
    share = np.divide(bursts, events, out=np.full(len(currents), np.nan), where=events > 0)
    return run, Swept(currents, events / (p.sweep_N * p.sweep_duration * 1e-3), share)


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """All three experiments and their controls; the run that comes back is that of the multiplexing one.

    After Ctrl-C no further experiment is begun, and the metrics of those without a result are None.
    """
    passive = sl.Pyramidal(c_d=0.0)
    half = replace(parameters, sweep_N=max(1, parameters.sweep_N // 2))
    run, signals = multiplex(parameters, seed, sink=sink, progress=progress)
    others: list[sl.Run] = []
    data: dict[str, Any] = {"signals": signals}
    experiments: dict[str, Callable[[], tuple[sl.Run, Any]]] = {
        "steady": lambda: multiplex(parameters, seed, steps=False, progress=progress),
        "swept": lambda: sweep(parameters, seed, sl.Pyramidal(), progress),
        "swept_passive": lambda: sweep(half, seed, passive, progress),
    }
    for name, experiment in experiments.items():
        data[name] = None
        if not any(each.interrupted for each in (run, *others)):
            other, found = experiment()
            others.append(other)
            data[name] = None if other.interrupted else found

    metrics: dict[str, Any] = dict.fromkeys(PUBLISHED)
    if signals is not None:
        metrics |= _of_signals(signals)
    if (swept := data["swept"]) is not None:
        metrics["burst_probability_gain"] = float(_share(swept.burst_probability[-1:], swept.burst_probability[:1])[0])
        # The largest departure anywhere in the sweep, not only at its end.
        metrics["event_rate_change"] = _largest_change(swept.event_rate)
    if (steady := data["steady"]) is not None:
        metrics["control_corr_burst_probability_no_steps"] = _correlation(
            steady.burst_probability, steady.dendrite_current
        )
    if (swept := data["swept_passive"]) is not None:
        metrics["control_event_rate_change_no_backpropagation"] = _largest_change(swept.event_rate)
    return Outcome(run, {k: _known(v) for k, v in metrics.items()}, data, tuple(others))


def _of_signals(signals: Multiplexed) -> dict[str, float]:
    ratio = _share(signals.decoded["facilitating"], signals.decoded["depressing"])
    return {
        "corr_event_rate_soma": _correlation(signals.event_rate, signals.soma_current),
        "corr_burst_probability_dendrite": _correlation(signals.burst_probability, signals.dendrite_current),
        "max_abs_cross_corr": max(
            abs(_correlation(signals.event_rate, signals.dendrite_current)),
            abs(_correlation(signals.burst_probability, signals.soma_current)),
        ),
        "mean_event_rate": float(signals.event_rate.mean()),
        "mean_burst_probability": float(_share(signals.burst_rate.sum(), signals.event_rate.sum())),
        "corr_depressing_event_rate": _correlation(signals.decoded["depressing"], signals.event_rate),
        "corr_facilitating_burst_rate": _correlation(signals.decoded["facilitating"], signals.burst_rate),
        "corr_ratio_burst_probability": _correlation(ratio, signals.burst_probability),
    }


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Over the windows in which both are defined: one without events has no burst probability. Else NaN."""
    both = np.isfinite(a) & np.isfinite(b)
    a, b = a[both], b[both]
    return correlation(a, b) if a.size > 1 and np.ptp(a) > 0 and np.ptp(b) > 0 else float("nan")


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)


def _largest_change(rates: np.ndarray) -> float:
    return float(np.max(np.abs(rates / rates[0] - 1.0))) if rates[0] > 0 else float("nan")


def _known(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else value


def figure(parameters: Parameters, outcome: Outcome) -> Figure:
    """Multiplexing and decoding over time (a to d), and the sweep (e, f).

    What an interrupted run did not measure is left empty.
    """
    whole = Figure(figsize=(7.6, 6.0), layout="constrained", facecolor="white")
    whole.get_layout_engine().set(w_pad=0.06, h_pad=0.04)
    left, right = whole.subfigures(1, 2, width_ratios=(1.85, 1.0))
    signals = left.subplots(4, 1, sharex=True, height_ratios=(0.8, 1, 1, 1))
    if outcome.data["signals"] is not None:
        _draw_signals(signals, parameters, outcome.metrics, outcome.data["signals"])
    sweeps = right.subplots(2, 1, sharex=True)
    if outcome.data["swept_passive"] is not None:
        _draw_sweep(sweeps, outcome.data["swept"], outcome.data["swept_passive"])
    for letter, ax in zip("abcdef", [*signals, *sweeps], strict=True):
        ax.annotate(
            letter, (0, 1), xycoords="axes fraction", xytext=(-40, 6), textcoords="offset points",
            weight="bold", size=TEXT_SIZE + 3, color=INK,
        )  # fmt: skip
    for ax in whole.axes:
        if not ax.has_data():
            clean(ax).set(xticks=[], yticks=[])
    whole.align_ylabels(signals)
    return whole


SOMA, DENDRITE, CONTROL = PALETTE[0], PALETTE[1], "#7a7a7a"
DASHED = (0, (3.0, 1.2))
PASSIVE = "no back-propagating spike"


def _label(ax: Any, x: str, y: str) -> None:
    ax.set_xlabel(x, size=TEXT_SIZE + 1, color=INK)
    ax.set_ylabel(y, size=TEXT_SIZE + 1, color=INK)


def _key(ax: Any, **more: Any) -> None:
    options = {"loc": "lower right", "bbox_to_anchor": (1.0, 0.97), "ncols": 2, **more}
    ax.legend(frameon=False, fontsize=TEXT_SIZE, borderaxespad=0.1, handlelength=1.6, columnspacing=1.2, **options)


def _draw_signals(axes: Any, parameters: Parameters, metrics: Any, m: Multiplexed) -> None:
    shown = min(len(m.event_rate), round(4 * CYCLE / parameters.window))
    edges = m.edges[: shown + 1] - m.edges[0]
    for ax in axes:
        clean(ax)
    soma, dendrite = currents(parameters, m.edges[-1])
    for (times, values), name, shade, line in (
        (soma, "soma $I_s$", SOMA, "-"),
        (dendrite, "dendrite $I_d$", DENDRITE, DASHED),
    ):
        at = np.append(times, m.edges[-1]) - m.edges[0]
        axes[0].stairs(values, at, baseline=None, color=shade, ls=line, lw=1.2, label=name)
    axes[0].set_yticks([-200, 0, 200])
    _label(axes[0], "", "current (pA)")
    to_soma, to_dendrite = (
        f" ($r$ = {metrics[name] or np.nan:.2f} with {of})"
        for name, of in (("corr_event_rate_soma", "$I_s$"), ("corr_burst_probability_dendrite", "$I_d$"))
    )
    share = _share(m.decoded["facilitating"], m.decoded["depressing"])
    rows = (
        ("event rate (Hz)", m.event_rate, to_soma, "depressing synapse", m.decoded["depressing"], SOMA),
        ("burst rate (Hz)", m.burst_rate, "", "facilitating synapse", m.decoded["facilitating"], PALETTE[2]),
        ("burst probability", m.burst_probability, to_dendrite, "ratio of both", share, DENDRITE),
    )
    for ax, (name, counted, with_input, how, decoded, shade) in zip(axes[1:], rows, strict=True):
        line = _scaled(decoded, counted)[:shown]
        label = f"{how} ($r$ = {_correlation(decoded, counted):.2f})"
        ax.stairs(counted[:shown], edges, color=shade, lw=0, fill=True, alpha=0.3, label=f"counted{with_input}")
        ax.plot(edges[:-1] + parameters.window / 2, line, color=INK, marker="o", ms=2.4, lw=0.8, label=label)
        ax.set_ylim(bottom=min(0.0, 1.2 * np.nanmin(line)))
        _label(ax, "", name)
    for ax in axes:
        _key(ax)
    axes[-1].set_xlim(0, edges[-1])
    axes[-1].set_xlabel("time (ms)", size=TEXT_SIZE + 1, color=INK)


def _scaled(decoded: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """The straight line of `decoded` that is nearest to `counted`; for drawing both on one axis."""
    known = np.isfinite(counted) & np.isfinite(decoded)
    if known.sum() < 2 or np.ptp(decoded[known]) == 0:
        return decoded
    return np.polyval(np.polyfit(decoded[known], counted[known], 1), decoded)


def _draw_sweep(axes: Any, full: Swept, passive: Swept) -> None:
    for ax, name, what in (
        (axes[0], "burst probability", "burst_probability"),
        (axes[1], "event rate (Hz)", "event_rate"),
    ):
        clean(ax)
        ax.plot(full.currents, getattr(full, what), color=INK, marker="o", ms=4, lw=1.2, label="full cell")
        values = getattr(passive, what)
        ax.plot(passive.currents, values, color=CONTROL, marker="s", ms=4, mfc="white", lw=1.0, label=PASSIVE)
        ax.set_ylim(bottom=0)
        _label(ax, "", name)
    axes[0].set_ylim(top=max(0.01, 1.2 * np.nan_to_num(full.burst_probability).max()))
    axes[1].set_ylim(top=1.15 * max(full.event_rate.max(), passive.event_rate.max()))
    _key(axes[0], loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=1)
    _label(axes[1], "current into the dendrite $I_d$ (pA)", "event rate (Hz)")
