"""Adaptive nodes: the arms of a neuron learn, and with each arm all links that lead to it.

Sardi, S., Vardi, R., Goldental, A., Sheinin, A., Uzan, H. & Kanter, I. (2018). Adaptive nodes enrich nonlinear
cooperative learning beyond traditional adaptation by links. Sci. Rep. 8:5100.

sl.AdaptiveMultiThreshold: the input to arm k is multiplied by gain_k. A hit below the threshold of one arm and a spike
through another, lag ms later, raise the gain of the first by A exp(-lag/tau); a hit that follows the spike lowers it by
the same amount. A is 0.05, tau 15 ms; lags above 50 ms have no effect.

Acceptance criteria of the three experiments:

pairs     One hit and one spike at each lag: the change of the gain follows the formula.
links     After many pairs, a link to the same arm that took no part in them evokes spikes where it evoked none before
          (spike after hit), or none where it did (hit after spike).
events    Random hits below and above threshold on both arms: gains keep moving and stay within their limits.
Control: no adaptation (A = 0). Gains stay at 1, and the effect of the link does not change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.experiments import Control, Goal, Oracle, Outcome, Published, parameter, run_conditions
from spikelearn.plots.panels import empty_panels, letter_panels, new_figure, plain_legend
from spikelearn.plots.style import CONTROL, DASHED, DOTTED, FAINT, INK, PALETTE, clean

SEEDS = 5
TUNED = "nothing: constants of the gain after the paper, stimuli below or above every threshold"


@dataclass(frozen=True)
class Parameters:
    A_gain: float = parameter(0.05, "", "change of a gain by a hit and a spike at the same time")
    tau_gain: float = parameter(15.0, "ms", "time constant of its decay with the lag")
    gain_window: float = parameter(50.0, "ms", "longest lag that counts")
    gain_min: float = parameter(0.5, "", "smallest gain")
    gain_max: float = parameter(2.0, "", "largest gain")
    sigma_th: float = parameter(0.05, "", "standard deviation of a threshold")
    hit: float = parameter(0.5, "", "a stimulus below threshold (thresholds)")
    strong: float = parameter(1.5, "", "a stimulus above threshold")
    lag_reach: float = parameter(70.0, "ms", "pairs: largest lag")
    lag_step: float = parameter(1.0, "ms", "pairs: step of the lags")
    pairs: int = parameter(20, "", "links: training pairs, 120 ms apart")
    pair_lag: float = parameter(5.0, "ms", "links: lag of these pairs, in both orders")
    strengths: tuple[float, ...] = parameter(
        tuple(round(0.2 * k, 1) for k in range(1, 16)), "", "links: strengths of the tested link"
    )
    trials: int = parameter(50, "", "links: cells for each strength")
    events: int = parameter(10_000, "", "events: stimuli of each cell")
    event_cells: int = parameter(5, "", "events: cells")
    event_rate: float = parameter(10.0, "Hz", "events: rate of each of the four sources, weak and strong to each arm")
    event_weak: float = parameter(0.6, "", "events: strength of a weak stimulus")
    dt: float = parameter(0.25, "ms", "time step")
    event_strong: float = parameter(2.5, "", "events: strength of a strong stimulus, above threshold at any gain")
    event_dt: float = parameter(1.0, "ms", "time step of the events experiment")

    def __post_init__(self) -> None:
        for name in ("pairs", "trials", "events", "event_cells"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: expected at least 1, got {getattr(self, name)}")
        if not (0.0 < self.pair_lag < 0.5 * APART and 0.0 < self.lag_step <= self.lag_reach):
            raise ValueError(f"lags: expected 0 < pair_lag < {0.5 * APART:g} ms and 0 < lag_step <= lag_reach")
        if not {BELOW, ABOVE} <= set(self.strengths):
            raise ValueError(f"strengths: expected {BELOW:g} and {ABOVE:g} among them, got {self.strengths}")


QUICK = {"strengths": (0.4, 0.8, 1.2, 2.0), "trials": 20, "events": 2000, "event_cells": 4, "lag_step": 5.0}

APART = 120.0  # ms between two pairs
BELOW, ABOVE = 0.8, 1.2  # strengths that evoke no spike and a spike before any training

_OWN = "chosen here, after the paper's findings"
PUBLISHED = {
    "gain_change_error": Oracle(0.0, high=1e-9, source="A exp(-|lag|/tau) up to 50 ms, 0 beyond"),
    "gain_change_spike_after_hit": Goal("0.05 exp(-5/15)", low=0.0358, high=0.0359, source=_OWN),
    "gain_change_hit_after_spike": Goal("-0.05 exp(-5/15)", low=-0.0359, high=-0.0358, source=_OWN),
    "gain_lowest": Goal("bounded", low=0.5, high=1.0, source=_OWN),
    "gain_highest": Goal("bounded", low=1.0, high=2.0, source=_OWN),
    "gain_moved": Goal("still moves at the end", low=0.01, source=_OWN),
    "link_before": Published(0.0, high=0.05, source="Sardi et al. 2018: adaptation of the node"),
    "link_after_potentiation": Published(1.0, low=0.95, source="Sardi et al. 2018: adaptation of the node"),
    "link_after_depression": Published(0.0, high=0.05, source="Sardi et al. 2018: adaptation of the node"),
    "control_gain_moved": Control(0.0, low=0.0, high=0.0, source="ablation: no adaptation"),
    "control_link_after_potentiation": Control(0.0, high=0.05, source="ablation: no adaptation"),
    "control_link_after_depression": Control(1.0, low=0.95, source="ablation: no adaptation"),
}


class Changed(NamedTuple):
    """lags (k,) ms, the spike's time minus the hit's; changes (k,) of the gain; expected (k,)."""

    lags: np.ndarray
    changes: np.ndarray
    expected: np.ndarray


class Wandering(NamedTuple):
    """times (t,) ms; gains (t, cells, 2); stimuli of each cell (cells,)."""

    times: np.ndarray
    gains: np.ndarray
    stimuli: np.ndarray


def cell(p: Parameters, A_gain: float) -> Any:
    return sl.AdaptiveMultiThreshold(
        A_gain=A_gain, tau_gain=p.tau_gain, gain_window=p.gain_window, gain_min=p.gain_min, gain_max=p.gain_max,
        sigma_th=p.sigma_th,
    )  # fmt: skip


def stimulus(net: sl.Network, cells: Any, port: str, times: np.ndarray, strengths: Any, name: str) -> None:
    """Stimulate cell i at times[i], the times of arrival; times: (n, k) ms, NaN for none."""
    ids = np.repeat(np.arange(len(times)), times.shape[1])
    given = np.isfinite(times.ravel())
    source = net.population(len(times), sl.SpikeList(times.ravel()[given] - net.dt, ids[given]), name=name)
    net.connect(source, cells, port, sl.OneToOne(), weight=strengths, delay=net.dt)


def pair(p: Parameters, seed: int, A_gain: float, progress: bool | None = None) -> tuple[sl.Run, Changed | None]:
    """One hit on arm 1 and one spike through arm 2, a cell for each lag."""
    reach = int(p.lag_reach / p.lag_step + 1e-6)
    lags = p.lag_step * np.arange(-reach, reach + 1)
    at = 10.0 + p.lag_reach
    net = sl.Network(dt=p.dt, seed=seed)
    cells = net.population(len(lags), cell(p, A_gain), name="cells")
    stimulus(net, cells, "arm_1", np.full((len(lags), 1), at), p.hit, "hits")
    stimulus(net, cells, "arm_2", at + lags[:, None], p.strong, "spikes")
    net.record(cells, "gain_1")
    run = net.run(at + p.lag_reach + 5.0, progress=progress)
    if run.interrupted:
        return run, None
    near = np.abs(lags) <= p.gain_window + 1e-6
    expected = np.where(lags >= 0, 1.0, -1.0) * A_gain * np.exp(-np.abs(lags) / p.tau_gain) * near
    return run, Changed(lags, run.trace(cells, "gain_1").values[-1] - 1.0, expected)


def link(
    p: Parameters, seed: int, A_gain: float, sink: Any = None, progress: bool | None = None
) -> tuple[sl.Run, dict[str, np.ndarray]]:
    """Fraction of the cells in which a link of each strength evokes a spike, by the preceding pairs.

    The link leads to arm 1 and is used once, at the end: in cells without pairs, with the spike after the hit, and with
    the hit after the spike.
    """
    conditions = {"before": np.nan, "potentiation": p.pair_lag, "depression": -p.pair_lag}
    each = len(p.strengths) * p.trials
    lag = np.repeat(list(conditions.values()), each)
    begin = 50.0 + APART * np.arange(p.pairs)
    test = begin[-1] + 2.0 * APART
    net = sl.Network(dt=p.dt, seed=seed)
    cells = net.population(len(lag), cell(p, A_gain), name="cells")
    stimulus(net, cells, "arm_2", np.broadcast_to(begin, (len(lag), p.pairs)).copy(), p.strong, "spikes")
    stimulus(net, cells, "arm_1", begin - lag[:, None], p.hit, "hits")
    strengths = np.tile(np.repeat(p.strengths, p.trials), len(conditions))
    stimulus(net, cells, "arm_1", np.full((len(lag), 1), test), strengths, "link")
    net.record(cells)
    shown = [k * each for k in range(len(conditions))]
    net.record(cells[shown], ["gain_1", "V_1", "V_2"], every=max(1.0, p.dt))
    run = net.run(test + 10.0, sink=sink, progress=progress)
    spikes = run.spikes(cells)
    fired = np.bincount(spikes.ids[spikes.times > test - 0.5 * p.dt], minlength=len(lag)) > 0
    shares = fired.reshape(len(conditions), len(p.strengths), p.trials).mean(axis=2)
    return run, dict(zip(conditions, shares, strict=True))


def wander(p: Parameters, seed: int, A_gain: float, progress: bool | None = None) -> tuple[sl.Run, Wandering | None]:
    """Weak and strong Poisson stimuli to both arms of each cell, until the requested number is reached."""
    duration = 1e3 * p.events / (4.0 * p.event_rate)
    duration += 5.0 * np.sqrt(p.events) * 1e3 / (4.0 * p.event_rate)  # so that no cell has fewer
    net = sl.Network(dt=p.event_dt, seed=seed)
    cells = net.population(p.event_cells, cell(p, A_gain), name="cells")
    sources = []
    for arm in (1, 2):
        for name, strength in (("weak", p.event_weak), ("strong", p.event_strong)):
            source = net.population(p.event_cells, sl.Poisson(p.event_rate), name=f"{name} to arm {arm}")
            net.connect(source, cells, f"arm_{arm}", sl.OneToOne(), weight=strength, delay=p.event_dt)
            net.record(source)
            sources.append(source)
    net.record(cells, ["gain_1", "gain_2"], every=max(100.0 * p.event_dt, round(duration / 2000.0) * p.event_dt))
    run = net.run(round(duration / p.event_dt) * p.event_dt, progress=progress)
    if run.interrupted:
        return run, None
    stimuli = sum(np.bincount(run.spikes(source).ids, minlength=p.event_cells) for source in sources)
    gains = np.stack([run.trace(cells, f"gain_{arm}").values for arm in (1, 2)], axis=2)
    return run, Wandering(run.trace(cells, "gain_1").times, gains, stimuli)


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """Run the three experiments, each with its control; the returned run is that of the links."""
    p = parameters
    done = run_conditions(
        link=lambda: link(p, seed, p.A_gain, sink, progress),
        control_link=lambda: link(p, seed, 0.0, progress=progress),
        pair=lambda: pair(p, seed, p.A_gain, progress),
        control_pair=lambda: pair(p, seed, 0.0, progress),
        events=lambda: wander(p, seed, p.A_gain, progress),
        control_events=lambda: wander(p, seed, 0.0, progress),
    )
    data = done.results
    metrics: dict[str, Any] = dict.fromkeys(PUBLISHED)
    if (changed := data["pair"]) is not None:
        metrics["gain_change_error"] = float(np.abs(changed.changes - changed.expected).max())
        for name, at in (("spike_after_hit", p.pair_lag), ("hit_after_spike", -p.pair_lag)):
            metrics[f"gain_change_{name}"] = float(changed.changes[np.argmin(np.abs(changed.lags - at))])
    below, above = (p.strengths.index(strength) for strength in (BELOW, ABOVE))
    for prefix in ("", "control_"):
        if (shares := data[f"{prefix}link"]) is not None:
            metrics[f"{prefix}link_before"] = float(shares["before"][below])
            metrics[f"{prefix}link_after_potentiation"] = float(shares["potentiation"][below])
            metrics[f"{prefix}link_after_depression"] = float(shares["depression"][above])
        if (found := data[f"{prefix}events"]) is not None:
            last = found.gains[3 * len(found.gains) // 4 :]
            metrics[f"{prefix}gain_lowest"] = float(found.gains.min())
            metrics[f"{prefix}gain_highest"] = float(found.gains.max())
            metrics[f"{prefix}gain_moved"] = float(last.std(axis=0).min())
            metrics["fewest_events"] = int(found.stimuli.min())
    return done.outcome(metrics)


def figure(parameters: Parameters, outcome: Outcome) -> Figure:
    """Change of the gain by lag (a), the link before and after (b), gains over random events (c)."""
    whole = new_figure(7.2, 5.6, w_pad=0.08, h_pad=0.08)
    upper, lower = whole.subfigures(2, 1)
    axes = [clean(ax) for ax in (*upper.subplots(1, 2), lower.subplots())]
    p, data = parameters, outcome.data
    if data["control_pair"] is not None:
        _draw_pairs(axes[0], data["pair"], data["control_pair"])
    if data["control_link"] is not None:
        _draw_links(axes[1], p, data["link"], data["control_link"])
    if data["control_events"] is not None:
        _draw_events(axes[2], p, data["events"], data["control_events"])
    letter_panels(axes)
    empty_panels(axes)
    return whole


def _draw_pairs(ax: Any, found: Changed, control: Changed) -> None:
    for side in (found.lags < 0, found.lags >= 0):
        first = side[0]
        ax.plot(found.lags[side], found.expected[side], color=INK, lw=1.0, zorder=3, label="formula" if first else None)
    ax.plot(found.lags, found.changes, "o", color=PALETTE[1], ms=2.6, label="adaptive arms")
    ax.plot(control.lags, control.changes, "s", color=CONTROL, mfc="white", ms=2.2, mew=0.6, label="no adaptation")
    ax.set(xlabel="spike through arm 2 after hit on arm 1 (ms)", ylabel="change of the gain of arm 1")
    plain_legend(ax, borderaxespad=0.1, loc="upper left")


def _draw_links(ax: Any, p: Parameters, found: dict[str, np.ndarray], control: dict[str, np.ndarray]) -> None:
    looks = {
        "depression": (PALETTE[0], "v", DASHED, "after hits following spikes"),
        "before": (INK, "o", "-", "without pairs"),
        "potentiation": (PALETTE[1], "^", DASHED, "after spikes following hits"),
    }
    for name, (shade, marker, line, label) in looks.items():
        ax.plot(p.strengths, found[name], color=shade, marker=marker, ms=3.2, ls=line, lw=1.1, label=label)
    for name, label in (("potentiation", "no adaptation, after either"), ("depression", None)):
        ax.plot(p.strengths, control[name], "s", color=CONTROL, mfc="none", ms=5.5, mew=0.6, label=label)
    ax.set(xlabel="strength of an untrained link (thresholds)", ylabel="probability of a spike")
    ax.set(ylim=(-0.03, 1.62), yticks=[0.0, 0.5, 1.0])
    plain_legend(ax, borderaxespad=0.1, loc="upper left")


def _draw_events(ax: Any, p: Parameters, found: Wandering, control: Wandering) -> None:
    number = found.times / found.times[-1] * found.stimuli.mean() / 1e3
    for limit in (p.gain_min, p.gain_max):
        ax.axhline(limit, color=FAINT, lw=2.0)
    for arm, line in ((0, "-"), (1, DASHED)):
        ax.plot(number, found.gains[:, 0, arm], color=PALETTE[arm], ls=line, lw=1.0, label=f"gain of arm {arm + 1}")
    ax.plot(number, control.gains[:, 0, 0], color=CONTROL, lw=1.0, ls=DOTTED, label="no adaptation")
    ax.set(xlabel="stimuli to the cell (thousands)", xlim=(0.0, number[-1]))
    ax.set(ylabel="gain", ylim=(p.gain_min - 0.05, p.gain_max + 0.05))
    plain_legend(ax, borderaxespad=0.1, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3)
