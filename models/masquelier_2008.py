"""A neuron finds a pattern of spikes that returns among noise, and learns to fire when it begins (Masquelier 2008).

Masquelier, T., Guyonneau, R. & Thorpe, S. J. (2008). Spike timing dependent plasticity finds the start of repeating
patterns in continuous spike trains. PLoS ONE 3:e1377. The rule is that of the replication by Hathway & Goodman (2018),
ReScience 4(1).

2,000 afferents fire at 64 Hz. During a quarter of the time, in windows of 50 ms at random, half of them repeat one
pattern: spikes at a mean of 54 Hz, drawn once and shifted by 1 ms of jitter each time, with 10 Hz of noise. Rates tell
nothing of it. A spike response neuron gets all afferents through additive STDP in which only neighbouring spikes pair
(reduced symmetric). Each of its spikes makes afferents stronger that fired just before, and so it fires ever earlier in
the pattern, until it has come to its beginning.

Criteria, from the paper: in the last third the neuron fires in more than 98 % of the windows, never outside (10 ms
after their end count as inside), and less than 10 ms after their beginning. Control, in the same network: a neuron that
gets the same trains, each with a delay of its own of up to half a second, so that every afferent still repeats its
spikes but the pattern has no common time. With another pairing of spikes, all with all, the neuron falls silent
(`all_to_all_hit_rate`).

Afferents have constant rates, where those of the paper vary. In the replication's code the input of 450 s is one of 150
s three times, here all is new; patterns are a piece of that input; a spike after the end of a window is a false alarm,
and latency is the mean of all spikes, here of the first in each window; hits are counted over the last two thirds; and
a neuron fires above threshold unless it did within 1 ms, here when it rises through it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.experiments import Control, Outcome, Published, parameter
from spikelearn.plots.panels import new_figure, plain_legend
from spikelearn.plots.style import CONTROL, FAINT, INK, PALETTE, clean
from spikelearn.units import ms, number

WINDOW = 50.0
"""ms: length of the pattern."""
LATE = 10.0
"""ms after the end of the pattern in which a spike still counts as an answer to it."""


@dataclass(frozen=True)
class Parameters:
    duration: float = parameter(450_000.0, "ms", "length of the run; the last third is measured")
    afferents: int = parameter(1000, "", "afferents of the pattern; there are as many others")
    rate: float = parameter(54.0, "Hz", "mean rate in the pattern, and of the noise that it replaces")
    noise: float = parameter(10.0, "Hz", "rate of noise that goes on during the pattern")
    share: float = parameter(0.25, "", "of the time with the pattern")
    jitter: float = parameter(1.0, "ms", "standard deviation of a spike's time in the pattern")
    threshold: float = parameter(500.0, "", "threshold, in units of the largest postsynaptic potential")
    w0: float = parameter(0.475, "", "weights at the start; the largest is 1")
    A_plus: float = parameter(2.0**-5, "", "potentiation by a pair")
    depression: float = parameter(0.85, "", "ratio of depression to potentiation")
    delay_step: float = parameter(50.0, "ms", "delays of the control are 1 to 10 times this")
    dt: float = parameter(0.1, "ms", "time step")


QUICK = {"duration": 45_000.0}
SEEDS = 5
TUNED = "nothing: constants of the replication by Hathway & Goodman"

PUBLISHED = {
    "hit_rate": Published("above 0.98", low=0.98, source="Masquelier et al. 2008, criterion of success"),
    "false_alarms_hz": Published(0.0, high=0.0, source="Masquelier et al. 2008, criterion of success"),
    "latency_ms": Published("below 10", high=10.0, source="Masquelier et al. 2008, criterion of success"),
    "control_hit_rate": Control("chance", high=0.2, source="control"),
}


class CellParameters(NamedTuple):
    tau_m: Annotated[ms, "time constant of the membrane"] = 10.0
    tau_s: Annotated[ms, "time constant of synapses"] = 2.5
    threshold: Annotated[number, "it fires when it rises through this"] = 500.0


def cell_constants(p: CellParameters, dt: float) -> dict[str, float]:
    """K makes the largest postsynaptic potential 1. A spike replaces all of them by an after-potential, which starts at
    twice the threshold T and undershoots: T (2 exp(-t / tau_m) - 4 (exp(-t / tau_m) - exp(-t / tau_s)))."""
    peak = math.log(p.tau_m / p.tau_s) * p.tau_m * p.tau_s / (p.tau_m - p.tau_s)
    K = 1.0 / (math.exp(-peak / p.tau_m) - math.exp(-peak / p.tau_s))
    return {
        "P_m": math.exp(-dt / p.tau_m), "P_s": math.exp(-dt / p.tau_s), "K": K, "threshold": p.threshold,
        "m_after": -2.0 * p.threshold / K, "s_after": -4.0 * p.threshold / K,
    }  # fmt: skip


def cell_step(V_m, m, s, in_exc, P_m, P_s, K, threshold, m_after, s_after):
    m = m * P_m + in_exc
    s = s * P_s + in_exc
    V = K * (m - s)
    fired = V >= threshold and V_m < threshold
    return V, m_after if fired else m, s_after if fired else s, np.uint8(fired)


SpikeResponse = sl.NeuronModel(
    "SpikeResponse", CellParameters, cell_constants, cell_step, state={"V_m": "1", "m": "1", "s": "1"},
    ports={"exc": "1"}, initial=lambda p: {},
)  # fmt: skip


def windows_of(p: Parameters, random: np.random.Generator) -> np.ndarray:
    """(windows,) bool: those with the pattern, of which no two follow one another; not the first two or the last."""
    chosen = np.zeros(round(p.duration / WINDOW), bool)
    for k in random.permutation(np.arange(2, len(chosen) - 1)):
        if chosen.sum() >= p.share * len(chosen):
            break
        chosen[k] = not (chosen[k - 1] or chosen[k + 1])
    return chosen


def pattern_spikes(p: Parameters, onsets: np.ndarray, random: np.random.Generator) -> sl.SpikeList:
    """The pattern at each onset (ms), jittered; a neuron fires at most once in a step."""
    ids = np.repeat(np.arange(p.afferents), random.poisson(p.rate * WINDOW * 1e-3, p.afferents))
    times = random.uniform(0.0, WINDOW, len(ids))
    jittered = onsets[:, None] + times + random.normal(0.0, p.jitter, (len(onsets), len(ids)))
    steps = np.rint(jittered / p.dt).astype(np.int64)
    steps, ids = np.divmod(np.unique(steps * p.afferents + ids), p.afferents)
    return sl.SpikeList(steps * p.dt, ids)


class Answers(NamedTuple):
    """Spikes of a neuron and how they lie relative to the pattern.

    times: (spikes,) ms. after: (spikes,) ms since the pattern began last; inf before the first. The rest is of a late
    part: the share of windows with a spike, spikes per second outside, and the mean of the first spike's `after`.
    """

    times: np.ndarray
    after: np.ndarray
    hit_rate: float | None
    false_alarms_hz: float | None
    latency: float | None


def answers_of(times: np.ndarray, onsets: np.ndarray, start: float, stop: float) -> Answers:
    """The late part is from start to stop, in ms."""
    last = np.searchsorted(onsets, times, "right") - 1
    after = np.where(last >= 0, times - np.append(onsets, 0.0)[last], np.inf)
    late = (onsets > start) & (onsets + WINDOW + LATE <= stop)
    inside = after < WINDOW + LATE
    answered, first = np.unique(last[inside], return_index=True)
    answered, latencies = answered[late[answered]], after[inside][first][late[answered]]
    if not late.any():
        return Answers(times, after, None, None, None)
    alarms = np.sum(~inside & (times > start)) / (stop - start) * 1e3
    latency = float(latencies.mean()) if len(latencies) else None
    return Answers(times, after, float(len(answered) / late.sum()), float(alarms), latency)


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """All neurons in one network. An interrupted run is measured as far as it went."""
    p, n = parameters, parameters.afferents
    random = np.random.default_rng(seed)
    windows = windows_of(p, random)
    onsets = np.flatnonzero(windows) * WINDOW
    net = sl.Network(dt=p.dt, seed=seed, threads=1)
    rates = sl.Timed(np.where(windows, p.noise, p.rate + p.noise), WINDOW)
    noise = net.population(n, sl.Poisson(rates), name="noise of afferents")
    pattern = net.population(n, pattern_spikes(p, onsets, random), name="pattern")
    inside = net.population(n, sl.Parrot(), name="afferents of the pattern")
    outside = net.population(n, sl.Poisson(p.rate + p.noise), name="other afferents")
    for source in (noise, pattern):
        net.connect(source, inside, rule=sl.OneToOne(), delay=p.dt)
    how = {
        "tau_plus": 16.8, "tau_minus": 33.7, "lambda_": p.A_plus, "alpha": p.depression, "mu_plus": 0.0,
        "mu_minus": 0.0, "W_max": 1.0,
    }  # fmt: skip
    delays = random.integers(1, 11, (2, n, 1)) * p.delay_step
    cells, synapses = {}, {}
    at_once = [p.dt, p.dt]
    for name, rule, delay in (
        ("neuron", sl.ReducedSTDP, at_once), ("control", sl.ReducedSTDP, delays), ("all to all", sl.STDP, at_once),
    ):  # fmt: skip
        cells[name] = net.population(1, SpikeResponse(threshold=p.threshold), name=name)
        synapses[name] = [
            net.connect(source, cells[name], weight=p.w0, delay=late, plasticity=rule(**how), name=f"{which}, {name}")
            for source, which, late in ((inside, "inside", delay[0]), (outside, "outside", delay[1]))
        ]
        net.record(cells[name])
    run = net.run(p.duration, sink=sink, progress=progress)

    late = run.t_stop * 2 / 3, run.t_stop
    answers = {name: answers_of(run.spikes(cell).times, onsets, *late) for name, cell in cells.items()}
    found = answers["neuron"]
    metrics = {
        "hit_rate": found.hit_rate, "false_alarms_hz": found.false_alarms_hz, "latency_ms": found.latency,
        "control_hit_rate": answers["control"].hit_rate,
        "control_false_alarms_hz": answers["control"].false_alarms_hz,
        "all_to_all_hit_rate": answers["all to all"].hit_rate,
    }  # fmt: skip
    weights = [run.weights(each) for each in synapses["neuron"]]
    return Outcome(run, metrics, {"answers": answers, "weights": weights})


def figure(parameters: Parameters, outcome: Outcome) -> Figure:
    """When each spike comes relative to the pattern, in time, and the weights at the end."""
    p, answers = parameters, outcome.data["answers"]
    drawn = new_figure(7.2, 2.8)
    course, histogram = (clean(ax) for ax in drawn.subplots(1, 2, width_ratios=(1.8, 1.0)))
    seconds = outcome.run.t_stop * 1e-3
    outside = WINDOW + LATE
    for name, look in (
        ("control", {"color": CONTROL, "marker": "x", "ms": 3}),
        ("neuron", {"color": PALETTE[1], "marker": "."}),
    ):
        times, after = answers[name].times, answers[name].after
        shown = np.where(after < outside, after, outside + (10.0 if name == "neuron" else 16.0))
        course.plot(times * 1e-3, shown, ls="", mew=0.5, rasterized=True, label=name, **{"ms": 2, **look})
    course.axhspan(0.0, WINDOW, color=FAINT, alpha=0.4, lw=0)
    course.set(xlabel="time (s)", ylabel="time since pattern began (ms)", xscale="log", xlim=(0.1, max(seconds, 1.0)))
    course.set_yticks([0, 10, 20, 30, 40, 50, outside + 13.0], ["0", "10", "20", "30", "40", "50", "outside"])
    course.xaxis.set_major_formatter("{x:g}")
    plain_legend(course, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, markerscale=2.5)
    edges = np.linspace(0.0, 1.0, 21)
    for weights, label, look in zip(
        outcome.data["weights"], ("in the pattern", "others"),
        ({"color": PALETTE[1], "alpha": 0.7}, {"color": INK, "histtype": "step"}), strict=True,
    ):  # fmt: skip
        histogram.hist(weights, edges, weights=np.full(len(weights), 100.0 / p.afferents), label=label, **look)
    histogram.set(xlabel="weight (1)", ylabel="afferents (%)", xlim=(0.0, 1.0))
    plain_legend(histogram, loc="upper center", title="afferents")
    return drawn
