"""BAC firing: a burst of a pyramidal cell signals that its soma and its apical dendrite were excited together.

Larkum, M. E., Zhu, J. J. & Sakmann, B. (1999). A new cellular mechanism for coupling inputs arriving at different
cortical layers. Nature 398:338. Larkum, M. E., Senn, W. & Luescher, H.-R. (2004). Top-down dendritic input increases
the gain of layer 5 pyramidal neurons. Cereb. Cortex 14:1059. The cell is that of Naud & Sprekeler 2018
(Pyramidal).

A spike propagates back into the apical dendrite (c_d). If the dendrite is already depolarised, the two together trigger
a plateau, whose current into the soma (g_s) causes a burst.

Acceptance criteria of the two experiments:

coincidence   One cell, no noise, a pulse to the soma and one to the dendrite. The pulse to the soma alone evokes 1
              spike, the one to the dendrite alone none, both within 10 ms a burst, and 15 ms or more apart 1 spike.
gain          Rates under noise against the current into the soma, for several currents into the dendrite: these make
              the curve steeper, rather than only shifting it.
Control: without the back-propagating spike (c_d = 0) there is no burst at any lag, and the slope does not change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.experiments import Control, Goal, Outcome, Published, finished, parameter, run_conditions
from spikelearn.plots.panels import empty_panels, letter_panels, new_figure, plain_legend, plain_title, with_control
from spikelearn.plots.style import DASHED, FAINT, PALETTE, clean

SEEDS = 5
TUNED = "nothing of the cell: constants of Naud & Sprekeler 2018; for the currents of the experiments not on record"


@dataclass(frozen=True)
class Parameters:
    """Other constants of the cell are the defaults of `Pyramidal`, taken from the paper."""

    c_d: float = parameter(2600.0, "pA", "the cell: current of the back-propagating spike into the dendrite")
    g_d: float = parameter(1200.0, "pA", "the cell: regenerative current of the dendrite")
    g_s: float = parameter(1300.0, "pA", "the cell: current from a fully active dendrite into the soma")
    t_ref: float = parameter(3.0, "ms", "the cell: refractory period")
    soma_current: float = parameter(2000.0, "pA", "pulse into the soma")
    soma_duration: float = parameter(5.0, "ms", "duration of that pulse")
    dendrite_current: float = parameter(
        1500.0, "pA", "pulse into the dendrite: this times (1 - exp(-t/dendrite_rise)) exp(-t/dendrite_decay)"
    )
    dendrite_rise: float = parameter(2.0, "ms", "rise of that pulse")
    dendrite_decay: float = parameter(8.0, "ms", "decay of that pulse")
    lag_first: float = parameter(-25.0, "ms", "first lag of the dendritic pulse behind the somatic one")
    lag_last: float = parameter(25.0, "ms", "last lag")
    lag_step: float = parameter(1.0, "ms", "step of the lags")
    shown_lag: float = parameter(0.0, "ms", "lag of the pair whose spikes are counted and plotted")
    dt: float = parameter(0.05, "ms", "time step of the coincidence experiment")
    gain_soma: tuple[float, ...] = parameter(tuple(100.0 * k for k in range(11)), "pA", "gain: currents into the soma")
    gain_dendrite: tuple[float, ...] = parameter((0.0, 100.0, 200.0, 300.0, 400.0), "pA", "gain: into the dendrite")
    gain_noise: float = parameter(200.0, "pA", "standard deviation of the noise into soma and dendrite")
    gain_noise_tau: float = parameter(2.0, "ms", "its time constant")
    gain_cells: int = parameter(20, "", "cells for each pair of currents")
    gain_duration: float = parameter(1000.0, "ms", "time over which spikes are counted, after 200 ms")
    gain_dt: float = parameter(0.1, "ms", "time step of the gain experiment")

    def __post_init__(self) -> None:
        if not (self.lag_first <= 0.0 <= self.lag_last and self.lag_step > 0.0):
            lags = f"{self.lag_first:g}, {self.lag_last:g} and {self.lag_step:g}"
            raise ValueError(f"lags: expected lag_first <= 0 <= lag_last and lag_step > 0 ms, got {lags}")
        if len(set(self.gain_soma)) < 2 or len(set(self.gain_dendrite)) < 2:
            raise ValueError("gain_soma and gain_dendrite: expected at least two different currents each")
        for name in ("soma_duration", "dendrite_rise", "dendrite_decay", "gain_duration"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name}: expected more than 0 ms, got {getattr(self, name):g}")


QUICK = {"gain_soma": (0.0, 250.0, 500.0, 750.0, 1000.0), "gain_cells": 8}

_OWN = "prototype with the same cell and pulses"
PUBLISHED = {
    "spikes_soma_alone": Published(1, low=1, high=1, source="Larkum et al. 1999"),
    "spikes_dendrite_alone": Published(0, low=0, high=0, source="Larkum et al. 1999"),
    "spikes_paired": Goal(3, low=2, source=_OWN),
    "window_ms": Goal("burst up to 10 ms apart, 1 spike from 15 ms on", low=20.0, high=30.0, source=_OWN),
    "lags_against_rule": Goal(0, low=0, high=0, source="burst up to 10 ms, 1 spike from 15 ms on"),
    "max_V_d_soma_alone": Goal("below -35 mV", high=-35.0, source=_OWN),
    "max_V_d_paired": Goal("above 0 mV", low=0.0, source=_OWN),
    "gain_ratio": Published("steeper", low=1.3, source="Larkum et al. 2004: 'increases the gain'"),
    "control_spikes_paired": Control(1, low=1, high=1, source="ablation: c_d = 0"),
    "control_window_ms": Control(0, low=0, high=0, source="ablation: c_d = 0"),
    "control_gain_ratio": Control("as steep as without", low=0.85, high=1.15, source="ablation: c_d = 0"),
}

ONSET = 30.0  # ms, of the pulse into the soma; later, if a lag is longer
AFTER = 120.0  # ms simulated after the last onset
SETTLING = 200.0  # ms before spikes of the gain experiment are counted


class Coincidence(NamedTuple):
    """Cell 0 receives the pulse at its soma, cell 1 at its dendrite, cell 2 + k receives both, lags[k] apart.

    onset: ms. lags: (k,) ms, onset at the dendrite minus onset at the soma. together: the cell whose lag is nearest to
    shown_lag. spikes: (2 + k,) numbers; two or more are a burst. max_V_d: (2 + k,) mV. Currents: (steps, 2 + k) pA.
    """

    run: sl.Run
    onset: float
    lags: np.ndarray
    together: int
    spikes: np.ndarray
    max_V_d: np.ndarray
    soma_current: np.ndarray
    dendrite_current: np.ndarray


class Gain(NamedTuple):
    """rates: (dendrite, soma) Hz, a row per current. slopes: (dendrite,) Hz/nA, of lines fitted to the rows."""

    rates: np.ndarray
    slopes: np.ndarray


def pulses(parameters: Parameters) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """Onset at the soma (ms), lags (k,) ms, and the currents into soma and dendrite, (steps, 2 + k) pA."""
    p = parameters
    lags = p.lag_step * np.arange(
        np.ceil(p.lag_first / p.lag_step - 1e-6), np.floor(p.lag_last / p.lag_step + 1e-6) + 1
    )
    onset = max(ONSET, 5.0 - lags[0])
    t = p.dt * np.arange(round((onset + lags[-1] + AFTER) / p.dt))
    given = (t > onset - p.dt / 2) & (t < onset + p.soma_duration - p.dt / 2)
    soma = np.repeat(np.where(given, p.soma_current, 0.0)[:, None], 2 + len(lags), axis=1)
    since = np.maximum(t[:, None] - onset - np.concatenate([[0.0, 0.0], lags]), 0.0)
    dendrite = p.dendrite_current * -np.expm1(-since / p.dendrite_rise) * np.exp(-since / p.dendrite_decay)
    soma[:, 1], dendrite[:, 0] = 0.0, 0.0
    return onset, lags, soma, dendrite


def coincide(
    parameters: Parameters, cell: Any, sink: Any = None, progress: bool | None = None
) -> tuple[sl.Run, Coincidence]:
    """Pulses to soma and dendrite, alone and together at many lags, one cell for each, without noise."""
    p = parameters
    onset, lags, soma, dendrite = pulses(p)
    t = p.dt * np.arange(len(soma))
    net = sl.Network(dt=p.dt)
    cells = net.population(soma.shape[1], cell, name="pyramidal")
    net.drive(cells, sl.StepCurrent(t, soma), port="soma")
    net.drive(cells, sl.StepCurrent(t, dendrite), port="apical")
    net.record(cells, ["spikes", "V_s", "V_d"])
    run = finished(net.run(p.dt * len(t), sink=sink, progress=progress))
    number = np.bincount(run.spikes(cells).ids, minlength=len(cells))
    together = 2 + int(np.argmin(np.abs(lags - p.shown_lag)))
    highest = run.trace(cells, "V_d").values.max(axis=0)
    return run, Coincidence(run, onset, lags, together, number, highest, soma, dendrite)


def gain(parameters: Parameters, seed: int, cell: Any, progress: bool | None = None) -> tuple[sl.Run, Gain]:
    """Rates under noise for each current into the soma and each into the dendrite, all in one population."""
    p = parameters
    dendrite, soma = (grid.ravel() for grid in np.meshgrid(p.gain_dendrite, p.gain_soma, indexing="ij"))
    net = sl.Network(dt=p.gain_dt, seed=seed)
    cells = net.population(len(soma) * p.gain_cells, cell, name="pyramidal")
    for port, current in (("soma", soma), ("apical", dendrite)):
        net.drive(cells, sl.NoiseCurrent(std=p.gain_noise, tau=p.gain_noise_tau), port=port)
        net.drive(cells, sl.StepCurrent([0.0], np.repeat(current, p.gain_cells)[None]), port=port)
    net.record(cells)
    run = finished(net.run(SETTLING + p.gain_duration, progress=progress))
    spikes = run.spikes(cells)
    counted = np.bincount(spikes.ids[spikes.times > SETTLING] // p.gain_cells, minlength=len(soma))
    rates = (counted / (p.gain_cells * p.gain_duration * 1e-3)).reshape(len(p.gain_dendrite), len(p.gain_soma))
    return run, Gain(rates, np.polyfit(np.asarray(p.gain_soma) * 1e-3, rates.T, 1)[0])


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """Run both experiments and their controls; the returned run is that of the pulses."""
    p = parameters
    cell = sl.Pyramidal(c_d=p.c_d, g_d=p.g_d, g_s=p.g_s, t_ref=p.t_ref)
    passive = sl.Pyramidal(c_d=0.0, g_d=p.g_d, g_s=p.g_s, t_ref=p.t_ref)
    done = run_conditions(
        pulses=lambda: coincide(p, cell, sink, progress),
        control_pulses=lambda: coincide(p, passive, progress=progress),
        gain=lambda: gain(p, seed, cell, progress),
        control_gain=lambda: gain(p, seed, passive, progress),
    )
    data = done.results
    metrics: dict[str, Any] = dict.fromkeys(PUBLISHED)
    if data["pulses"] is not None:
        metrics |= _of_pulses(data["pulses"])
    if data["control_pulses"] is not None:
        control = _of_pulses(data["control_pulses"])
        metrics |= {f"control_{name}": control[name] for name in ("spikes_paired", "window_ms")}
    for prefix in ("", "control_"):
        if (found := data[f"{prefix}gain"]) is not None:
            least, most = np.argmin(p.gain_dendrite), np.argmax(p.gain_dendrite)
            steep = found.slopes[least] > 0
            metrics[f"{prefix}gain_ratio"] = float(found.slopes[most] / found.slopes[least]) if steep else None
            metrics[f"{prefix}gain_without_dendrite"] = float(found.slopes[least])
            metrics[f"{prefix}gain_with_dendrite"] = float(found.slopes[most])
    return done.outcome(metrics)


def _of_pulses(paired: Coincidence) -> dict[str, float]:
    """window_ms: from the first to the last lag with a burst. first_, last_lag_with_burst: None if there is none."""
    near, far = np.abs(paired.lags) <= 10.0 + 1e-6, np.abs(paired.lags) >= 15.0 - 1e-6
    bursts, single = paired.spikes[2:] >= 2, paired.spikes[2:] == 1
    with_burst = paired.lags[bursts]
    return {
        "spikes_soma_alone": int(paired.spikes[0]),
        "spikes_dendrite_alone": int(paired.spikes[1]),
        "spikes_paired": int(paired.spikes[paired.together]),
        "window_ms": float(np.ptp(with_burst)) if bursts.any() else 0.0,
        "lags_against_rule": int(np.sum(near & ~bursts) + np.sum(far & ~single)),
        "first_lag_with_burst": float(with_burst[0]) if bursts.any() else None,
        "last_lag_with_burst": float(with_burst[-1]) if bursts.any() else None,
        "max_V_d_soma_alone": float(paired.max_V_d[0]),
        "max_V_d_paired": float(paired.max_V_d[paired.together]),
    }


SOMA, DENDRITE = PALETTE[:2]
MARKERS = "os^Dv"
CELLS = "full cell", "no back-propagating spike"


def figure(parameters: Parameters, outcome: Outcome) -> Figure:
    """Pulses and potentials (a), spikes by lag (b), rates by current (c), and their slopes (d), with the control."""
    whole = new_figure(7.6, 6.2, w_pad=0.06, h_pad=0.06)
    upper, lower = whole.subfigures(2, 1, height_ratios=(1.15, 1.0))
    cells = upper.subplots(2, 3, sharex=True, sharey="row", height_ratios=(1, 2.6))
    window, curves, slopes = lower.subplots(1, 3, width_ratios=(1.15, 1.25, 1.0))
    for ax in whole.axes:
        clean(ax)
    data = outcome.data
    if data["pulses"] is not None:
        _draw_cells(cells, data["pulses"])
    if data["control_pulses"] is not None:
        _draw_window(window, data["pulses"], data["control_pulses"])
    if data["gain"] is not None:
        _draw_curves(curves, parameters, data["gain"])
    if data["control_gain"] is not None:
        _draw_slopes(slopes, parameters, data["gain"], data["control_gain"])
    letter_panels([cells[0, 0], window, curves, slopes])
    empty_panels(whole.axes)
    return whole


def _legend(ax: Any, **options: Any) -> None:
    plain_legend(ax, handlelength=1.6, borderaxespad=0.2, labelspacing=0.3, **options)


def _draw_cells(axes: Any, c: Coincidence) -> None:
    V_s, V_d = (c.run.trace("pyramidal", variable) for variable in ("V_s", "V_d"))
    spikes = c.run.spikes("pyramidal")
    at = V_s.times - c.onset
    t = c.run.dt * np.arange(len(c.soma_current)) - c.onset
    lag = c.lags[c.together - 2]
    both = "both" if lag == 0 else f"dendrite {lag:+g} ms"
    for column, (cell, title) in enumerate(((0, "soma alone"), (1, "dendrite alone"), (c.together, both))):
        top, below = axes[:, column]
        top.plot(t, c.soma_current[:, cell] * 1e-3, color=SOMA, lw=1.1)
        top.plot(t, c.dendrite_current[:, cell] * 1e-3, color=DENDRITE, ls=DASHED, lw=1.1)
        below.plot(at, V_d.values[:, cell], color=DENDRITE, ls=DASHED, lw=1.1, label="dendrite $V_d$")
        below.plot(at, V_s.values[:, cell], color=SOMA, lw=1.0, label="soma $V_s$")
        below.vlines(spikes.times[spikes.ids == cell] - c.onset, -50.0, 25.0, color=SOMA, lw=1.0)
        number = int(c.spikes[cell])
        plain_title(top, f"{title}: {number} spike{'' if number == 1 else 's'}")
        below.set_xlabel("time (ms)")
    axes[0, 0].set_ylabel("pulse (nA)")
    axes[1, 0].set(xlim=(min(-10.0, lag - 5.0), max(70.0, lag + 50.0)), ylabel="potential (mV)", yticks=[-80, -40, 0])
    _legend(axes[1, 1], loc="upper right")


def _draw_window(ax: Any, full: Coincidence, passive: Coincidence) -> None:
    highest = max(4, int(full.spikes.max()))
    ax.axvspan(-10, 10, ymax=0.8, color=FAINT, alpha=0.35, lw=0, label="burst expected")
    with_control(ax, full.lags, full.spikes[2:], passive.spikes[2:], CELLS, ms=3, lw=(0.8, 0.8), ds="steps-mid")
    ax.set(xlabel="dendrite after soma (ms)", ylabel="spikes", ylim=(0, 1.45 * highest), yticks=range(highest + 1))
    _legend(ax, loc="upper left")


def _draw_curves(ax: Any, p: Parameters, full: Gain) -> None:
    """Rates by current into the soma, darker for more current into the dendrite."""
    soma = np.asarray(p.gain_soma) * 1e-3
    for k, (current, rates) in enumerate(zip(p.gain_dendrite, full.rates, strict=True)):
        pale = np.linspace(0.75, 0.0, len(p.gain_dendrite))[k]
        shade = tuple(np.array(to_rgb(DENDRITE)) * (1 - pale) + pale)
        ax.plot(soma, rates, color=shade, marker=MARKERS[k % 5], ms=3.2, lw=1.1, label=f"{current:g} pA")
    ax.set(xlabel="current into the soma (nA)", ylabel="rate (Hz)")
    ax.set_ylim(bottom=0)
    _legend(ax, loc="upper left", title="into the dendrite")


def _draw_slopes(ax: Any, p: Parameters, full: Gain, passive: Gain) -> None:
    with_control(ax, p.gain_dendrite, full.slopes, passive.slopes, CELLS, lw=(1.1, 0.9))
    ax.set(xlabel="current into the dendrite (pA)", ylabel="gain: slope of c (Hz/nA)")
    ax.set_ylim(0, 1.35 * max(full.slopes.max(), passive.slopes.max()))
    _legend(ax, loc="upper left")
