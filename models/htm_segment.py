"""The HTM neuron: dendritic segments recognise sparse patterns with few synapses and hardly any false positives.

Hawkins, J. & Ahmad, S. (2016). Why neurons have thousands of synapses, a theory of sequence memory in neocortex. Front.
Neural Circuits 10:23, Eq. 1 and figure 1.

Of n cells a are active. A segment (sl.DendriticSegment) has synapses from s of the n; theta active ones trigger a
plateau, which depolarises its neuron, so that it fires before others. If synapses and activity are random, the number
of active synapses is hypergeometric; the probability p of a plateau is 9.8e-21 for n = 200,000, a = 2,000 and
s = theta = 10. Acceptance criteria, for n = 200:

random     The fraction of plateaus is p within binomial error, for all thresholds and activities.
           Control: with a threshold of one synapse most segments respond to most patterns.
neurons    The fraction of depolarised neurons, with K segments each, is 1 - (1 - p)^K within binomial error.
noise      A segment with synapses from its pattern still recognises it when many active cells are replaced.
           Control: a segment with as many random synapses does not recognise it at any noise level.
cell       After a plateau, a volley of inputs makes the neuron fire earlier. Control: without a plateau it does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.analysis import Shares, overlap_probability
from spikelearn.experiments import Control, Oracle, Outcome, Published, finished, parameter, run_conditions
from spikelearn.plots.panels import draw_measured, empty_panels, letter_panels, new_figure, plain_legend
from spikelearn.plots.style import CONTROL, DASHED, DOTTED, INK, PALETTE, TEXT_SIZE, clean


@dataclass(frozen=True)
class Parameters:
    n: int = parameter(200, "", "number of cells")
    active: tuple[int, ...] = parameter((10, 20, 40), "", "active cells of a pattern; panels b to d use the second")
    s: int = parameter(10, "", "synapses of a segment")
    thetas: tuple[int, ...] = parameter((1, 2, 3, 4, 5, 6, 7), "", "thresholds of the random experiment")
    theta: int = parameter(3, "", "threshold of the segments in the metrics")
    patterns: int = parameter(1000, "", "random patterns for each number of active cells")
    segments: int = parameter(300, "", "segments for each threshold")
    neuron_thetas: tuple[int, ...] = parameter((3, 4, 5), "", "thresholds of the segments of neurons")
    segments_per_neuron: tuple[int, ...] = parameter((1, 2, 5, 10, 20, 50), "", "K")
    neurons: int = parameter(40, "", "neurons for each threshold and K")
    neuron_patterns: int = parameter(250, "", "patterns shown to them")
    noise: tuple[float, ...] = parameter(tuple(round(0.1 * k, 1) for k in range(11)), "", "fractions of cells replaced")
    noise_thetas: tuple[int, ...] = parameter((4, 6, 8), "", "thresholds of segments with known patterns")
    known: int = parameter(20, "", "known patterns, each with 10 segments for each threshold")
    repeats: int = parameter(10, "", "presentations of each at each noise level")
    tau_syn: float = parameter(2.0, "ms", "time for which a synapse is active")
    t_plateau: float = parameter(20.0, "ms", "how long a plateau lasts")
    interval: float = parameter(40.0, "ms", "time between two patterns")
    dt: float = parameter(1.0, "ms", "time step; a tenth of it for the cell")
    large_n: int = parameter(200_000, "", "closed form: cells")
    large_active: int = parameter(2000, "", "closed form: active cells")
    large_s: int = parameter(10, "", "closed form: synapses")
    large_theta: int = parameter(10, "", "closed form: threshold")

    def __post_init__(self) -> None:
        if len(self.active) < 2 or not all(0 < a <= self.n // 2 for a in self.active):
            raise ValueError(f"active: expected at least two numbers from 1 to n/2, got {self.active}")
        if not self.s <= min(self.n, self.active[1]):
            raise ValueError(f"s: expected at most {self.active[1]}, the active cells of a known pattern, got {self.s}")
        for name in ("thetas", "neuron_thetas", "noise_thetas"):
            if not all(1 <= theta <= self.s for theta in getattr(self, name)):
                raise ValueError(f"{name}: expected 1 to s = {self.s}, got {getattr(self, name)}")
        if not {1, self.theta} <= set(self.thetas):
            raise ValueError(f"thetas: expected 1, the control, and theta = {self.theta} among them, got {self.thetas}")
        if not self.t_plateau < self.interval:
            raise ValueError(f"t_plateau: expected less than the interval of {self.interval:g}, got {self.t_plateau:g}")


QUICK = {"patterns": 200, "segments": 100, "neuron_patterns": 60, "segments_per_neuron": (1, 5, 20), "repeats": 3}
SEEDS = 5
TUNED = "nothing: what is counted is compared with closed forms, at sizes with which it can be counted"
_PAPER = "Hawkins & Ahmad 2016, Eq. 1"
PUBLISHED = {
    "false_positive_probability": Published(9.78e-21, low=9.775e-21, high=9.785e-21, source=_PAPER),
    "largest_deviation": Published("within binomial error", high=5.0, source=_PAPER),
    "largest_deviation_of_neurons": Oracle("within binomial error", high=5.0, source="1 - (1 - p)^K"),
    "largest_deviation_with_noise": Published("within binomial error", high=5.0, source=_PAPER),
    "recognised_with_noise": Published("robust to 30 % noise", low=0.9, source="Hawkins & Ahmad 2016"),
    "advance_ms": Published("a predicted neuron fires earlier", low=1.0, source="Hawkins & Ahmad 2016"),
    "control_probability_of_one_synapse": Control("most", low=0.5, source="theta = 1", of="false_positive_probability"),
    "control_recognised_shuffled": Control("hardly", high=0.1, source="random synapses", of="recognised_with_noise"),
    "control_advance_ms": Control(0.0, low=0.0, high=0.0, source="control: no plateau"),
}

PER_PATTERN = 10  # segments for each known pattern
WEIGHT, TAU_DISTAL = 100.0, 5.0  # pA of a plateau; ms of the current that shows whether a neuron is depolarised
LINES, MARKERS = ("-", (0, (5.0, 1.5)), DASHED, DOTTED), "os^D"
NEURON = sl.LIF.with_receptors(proximal=sl.ExponentialCurrent(), distal=sl.ExponentialCurrent())


class Cell(NamedTuple):
    """times (t,) ms; V_m (t, 2) mV, of a neuron with a plateau and one without; their spikes, ms."""

    times: np.ndarray
    V_m: np.ndarray
    spikes: tuple[np.ndarray, np.ndarray]


def network(p: Parameters, seed: int, patterns: Any, thetas: Any, rule: Any, neurons: Any = None) -> tuple[Any, ...]:
    """Segments, and neurons, (n, model), if any. Pattern k is active (k + 1) intervals from the start."""
    net = sl.Network(dt=p.dt, seed=seed)
    times = np.repeat(p.interval * np.arange(1, len(patterns) + 1), [len(pattern) for pattern in patterns])
    cells = net.population(p.n, sl.SpikeList(times, np.concatenate(patterns)), name="cells")
    added = net.population(*neurons, name="neurons") if neurons else None
    segment = sl.DendriticSegment(theta=np.asarray(thetas, float), tau_syn=p.tau_syn, t_ref=p.t_plateau)
    segments = net.population(len(thetas), segment, name="segments")
    net.connect(cells, segments, rule=rule, weight=1.0, delay=p.dt)
    return net, segments, added


def recognised(p: Parameters, net: sl.Network, segments: Any, n: int, **how: Any) -> tuple[sl.Run, np.ndarray]:
    """(n, segments): whether each of the n patterns triggered a plateau of each segment."""
    net.record(segments, "plateaus")
    run = finished(net.run(p.interval * (n + 1), **how))
    plateaus = run.spikes(segments, "plateau")
    shown = np.floor(plateaus.times / p.interval + 1e-6).astype(int) - 1
    found = np.zeros((n, len(segments)), bool)
    found[shown, plateaus.ids] = True
    return run, found


def random_patterns(p: Parameters, seed: int, sink: Any, progress: bool | None) -> tuple[sl.Run, Shares]:
    """Fractions (active, thetas) of plateaus: patterns of each number of active cells, segments of each threshold."""
    generator = np.random.default_rng((seed, 0))
    patterns = [generator.choice(p.n, a, replace=False) for a in p.active for _ in range(p.patterns)]
    rule = sl.FixedInDegree(p.s, multapses=False)
    net, segments, _ = network(p, seed, patterns, np.repeat(p.thetas, p.segments), rule)
    net.record(segments[:: p.segments], "n_active", every=p.dt)
    run, found = recognised(p, net, segments, len(patterns), sink=sink, progress=progress)
    share = found.reshape(len(p.active), p.patterns, len(p.thetas), p.segments).mean(axis=(1, 3))
    expected = np.array([[overlap_probability(p.n, p.s, a, theta) for theta in p.thetas] for a in p.active])
    return run, Shares(share, expected, p.patterns * p.segments)


def neurons_of_segments(p: Parameters, seed: int, progress: bool | None) -> tuple[sl.Run, Shares]:
    """Fractions (thetas, K) of neurons that a random pattern depolarises."""
    generator = np.random.default_rng((seed, 1))
    patterns = [generator.choice(p.n, p.active[1], replace=False) for _ in range(p.neuron_patterns)]
    groups = [(theta, K) for theta in p.neuron_thetas for K in p.segments_per_neuron]
    owner = np.concatenate([np.repeat(g * p.neurons + np.arange(p.neurons), K) for g, (_, K) in enumerate(groups)])
    thetas = [groups[of // p.neurons][0] for of in owner]
    rule, model = sl.FixedInDegree(p.s, multapses=False), NEURON(tau_syn_distal=TAU_DISTAL)
    net, segments, neurons = network(p, seed, patterns, thetas, rule, (len(groups) * p.neurons, model))
    pairs = sl.Pairs(np.arange(len(owner)), owner)
    net.connect(segments, neurons, "distal", pairs, on="plateau", weight=WEIGHT, delay=p.dt)
    net.record(neurons, "I_syn_distal", every=p.dt * round(p.interval / p.dt / 8))
    run = finished(net.run(p.interval * (p.neuron_patterns + 1), progress=progress))
    trace = run.trace(neurons, "I_syn_distal")
    shown = np.floor((trace.times - 0.5 * p.dt) / p.interval).astype(int) - 1
    highest = np.zeros((p.neuron_patterns, len(neurons)))
    np.maximum.at(highest, shown[shown >= 0], trace.values[shown >= 0])
    # A current of WEIGHT falls by at most a factor of 3 between samples, and by a factor of 3,000 between patterns.
    depolarised = (highest > 0.2 * WEIGHT).reshape(p.neuron_patterns, len(groups), p.neurons)
    one = [overlap_probability(p.n, p.s, p.active[1], theta) for theta in p.neuron_thetas]
    expected = np.array([[1.0 - (1.0 - each) ** K for K in p.segments_per_neuron] for each in one])
    share = depolarised.mean(axis=(0, 2)).reshape(expected.shape)
    return run, Shares(share, expected, p.neuron_patterns * p.neurons)


def noisy_patterns(p: Parameters, seed: int, shuffled: bool, progress: bool | None) -> tuple[sl.Run, Shares]:
    """Fractions (thetas, noise) of known patterns recognised; shuffled: by segments with random synapses."""
    generator = np.random.default_rng((seed, 2))
    a, n = p.active[1], p.n
    known = [generator.choice(n, a, replace=False) for _ in range(p.known)]
    patterns = []
    for share, pattern in ((share, each) for share in p.noise for _ in range(p.repeats) for each in known):
        kept = generator.choice(pattern, a - round(share * a), replace=False)
        others = np.setdiff1d(np.arange(n), pattern)
        patterns.append(np.concatenate([kept, generator.choice(others, a - len(kept), replace=False)]))
    owner = np.repeat(np.arange(p.known), PER_PATTERN * len(p.noise_thetas))
    chosen = [generator.choice(n if shuffled else known[of], p.s, replace=False) for of in owner]
    pairs = sl.Pairs(np.concatenate(chosen), np.repeat(np.arange(len(owner)), p.s))
    net, segments, _ = network(p, seed, patterns, np.tile(np.repeat(p.noise_thetas, PER_PATTERN), p.known), pairs)
    run, found = recognised(p, net, segments, len(patterns), progress=progress)
    found = found.reshape(len(p.noise), p.repeats, p.known, -1)
    own = np.stack([found[:, :, k, owner == k] for k in range(p.known)], axis=2)
    share = own.reshape(len(p.noise), p.repeats * p.known, len(p.noise_thetas), PER_PATTERN).mean(axis=(1, 3)).T
    left = [(n, a) if shuffled else (a, a - round(x * a)) for x in p.noise]
    expected = [[overlap_probability(*each, p.s, theta) for each in left] for theta in p.noise_thetas]
    return run, Shares(share, np.array(expected), p.repeats * p.known * PER_PATTERN)


def cell(p: Parameters, seed: int, plateau: bool, progress: bool | None) -> tuple[sl.Run, Cell]:
    """A volley at 30 ms to two neurons; if `plateau`, at 10 ms a pattern known to the segment of the first."""
    net = sl.Network(dt=0.1 * p.dt, seed=seed)
    pattern = net.population(p.theta, sl.SpikeList(np.full(p.theta, 10.0), np.arange(p.theta)), name="pattern")
    model = sl.DendriticSegment(theta=p.theta, tau_syn=p.tau_syn, t_ref=p.t_plateau)
    segment = net.population(1, model, name="segment")
    if plateau:
        net.connect(pattern, segment, weight=1.0, delay=net.dt)
    neurons = net.population(2, NEURON(tau_syn_proximal=10.0, tau_syn_distal=50.0), name="neurons")
    net.connect(segment, neurons[:1], "distal", on="plateau", weight=3.0 * WEIGHT, delay=net.dt)
    volley = net.population(1, sl.SpikeList([30.0]), name="volley")
    net.connect(volley, neurons, "proximal", weight=1150.0, delay=net.dt)
    net.record(neurons, ["spikes", "V_m"])
    run = finished(net.run(70.0, progress=progress))
    spikes, trace = run.spikes(neurons), run.trace(neurons, "V_m")
    return run, Cell(trace.times, trace.values, (spikes.times[spikes.ids == 0], spikes.times[spikes.ids == 1]))


def simulate(p: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """Run the four experiments and the controls; the returned run is that of the random patterns."""
    done = run_conditions(
        random=lambda: random_patterns(p, seed, sink, progress),
        neurons=lambda: neurons_of_segments(p, seed, progress),
        noise=lambda: noisy_patterns(p, seed, False, progress),
        control_noise=lambda: noisy_patterns(p, seed, True, progress),
        cell=lambda: cell(p, seed, True, progress),
        control_cell=lambda: cell(p, seed, False, progress),
    )
    data = done.results
    metrics: dict[str, Any] = dict.fromkeys(PUBLISHED)
    metrics["false_positive_probability"] = overlap_probability(p.large_n, p.large_s, p.large_active, p.large_theta)
    if (shares := data["random"]) is not None:
        at = 1, p.thetas.index(p.theta)
        metrics["simulated_false_positive_probability"] = float(shares.share[at])
        metrics["expected_false_positive_probability"] = float(shares.expected[at])
        metrics["control_probability_of_one_synapse"] = float(shares.share[1, p.thetas.index(1)])
    for name, metric in (("random", ""), ("neurons", "_of_neurons"), ("noise", "_with_noise")):
        if data[name] is not None:
            metrics[f"largest_deviation{metric}"] = float(np.abs(data[name].deviations).max(initial=0.0))
    level = int(np.argmin(np.abs(np.array(p.noise) - 0.3)))
    for name, metric in (("noise", "recognised_with_noise"), ("control_noise", "control_recognised_shuffled")):
        if data[name] is not None:
            metrics[metric] = float(data[name].share[0, level])
    for prefix in ("", "control_"):
        if (found := data[f"{prefix}cell"]) is not None and all(len(times) for times in found.spikes):
            metrics[f"{prefix}advance_ms"] = float(found.spikes[1][0] - found.spikes[0][0])
    return done.outcome(metrics)


def figure(p: Parameters, outcome: Outcome) -> Figure:
    """Segments (a), neurons (b), recognition under noise (c), one neuron (d); lines: closed forms."""
    whole = new_figure(7.4, 6.2, w_pad=0.08, h_pad=0.08)
    axes = [clean(ax) for ax in whole.subplots(2, 2).ravel()]
    draw_measured(
        (_draw_random, (axes[0], p), [outcome.data["random"]]),
        (_draw_neurons, (axes[1], p), [outcome.data["neurons"]]),
        (_draw_noise, (axes[2], p), [outcome.data["noise"], outcome.data["control_noise"]]),
        (_draw_cell, (axes[3],), [outcome.data["cell"]]),
    )
    letter_panels(axes)
    empty_panels(axes)
    return whole


def _compare(ax: Any, k: int, x: Any, closed_form: Any, at: Any, share: np.ndarray, label: str) -> None:
    """The k-th closed form and the simulated values; on a log axis only those above 0."""
    ax.plot(x, closed_form, color=PALETTE[k % 8], ls=LINES[k % 4], lw=1.0, label=label)
    values = np.where(share > 0, share, np.nan) if ax.get_yscale() == "log" else share
    ax.plot(at, values, MARKERS[k % 4], color=PALETTE[k % 8], ms=4, mfc="white")


def _draw_random(ax: Any, p: Parameters, found: Shares) -> None:
    ax.set(xlabel=r"threshold / synapses  $\theta/s$", ylabel="false positives of a segment", yscale="log")
    at, thetas = np.array(p.thetas) / p.s, range(1, p.s + 1)
    for k, a in enumerate(p.active):
        line = [overlap_probability(p.n, p.s, a, theta) for theta in thetas]
        _compare(ax, k, np.array(thetas) / p.s, line, at, found.share[k], f"{100 * a / p.n:g} %")
    sparse = [overlap_probability(p.large_n, p.large_s, p.large_active, theta) for theta in range(1, p.large_s + 1)]
    label = f"{100 * p.large_active / p.large_n:g} % of {p.large_n:,}"
    ax.plot(np.arange(1, p.large_s + 1) / p.large_s, sparse, color=INK, lw=1.0, ls=DOTTED, label=label)
    ax.plot([1.0], sparse[-1:], "*", color=INK, ms=7)
    font = {"ha": "right", "va": "center", "size": TEXT_SIZE, "color": INK}
    ax.annotate(f"{sparse[-1]:.1e}", (1.0, sparse[-1]), (-8, -1), textcoords="offset points", **font)
    plain_legend(ax, borderaxespad=0.1, title="active", loc="lower left")


def _draw_neurons(ax: Any, p: Parameters, found: Shares) -> None:
    ax.set(xlabel="segments of a neuron $K$", ylabel="false positives of a neuron", xscale="log", yscale="log")
    K = np.unique(np.round(np.geomspace(1, max(p.segments_per_neuron), 60)))
    for k, theta in enumerate(p.neuron_thetas):
        line = 1.0 - (1.0 - overlap_probability(p.n, p.s, p.active[1], theta)) ** K
        _compare(ax, k, K, line, p.segments_per_neuron, found.share[k], rf"$\theta$ = {theta}")
    plain_legend(ax, borderaxespad=0.1, loc="lower right")


def _draw_noise(ax: Any, p: Parameters, found: Shares, shuffled: Shares) -> None:
    ax.set(xlabel="replaced active cells (%)", ylabel="known patterns recognised", ylim=(-0.04, 1.06))
    level, theta_0 = 100.0 * np.array(p.noise), p.noise_thetas[0]
    for k, theta in enumerate(p.noise_thetas):
        _compare(ax, k, level, found.expected[k], level, found.share[k], rf"$\theta$ = {theta}")
    ax.plot(level, shuffled.share[0], "x", color=CONTROL, ms=4, mew=0.9, label=rf"shuffled, $\theta$ = {theta_0}")
    plain_legend(ax, borderaxespad=0.1, loc="upper right", bbox_to_anchor=(1.0, 0.97))


def _draw_cell(ax: Any, found: Cell) -> None:
    for k, (shade, line, label) in enumerate(((PALETTE[1], "-", "with plateau"), (CONTROL, DASHED, "without"))):
        ax.plot(found.times, found.V_m[:, k], color=shade, ls=line, lw=1.1, label=label)
        ax.vlines(found.spikes[k], -55.0, -45.0, color=shade, lw=1.4, ls=line)
    arrow = {"ha": "center", "va": "top", "arrowprops": {"arrowstyle": "-|>", "lw": 0.8, "color": INK}}
    for time, what in ((10.0, "pattern"), (30.0, "volley")):
        ax.annotate(what, (time, -70.4), xytext=(time, -73.2), size=TEXT_SIZE, color=INK, **arrow)
    ax.set(xlabel="time (ms)", ylabel="potential of the neuron (mV)", xlim=(0.0, found.times[-1]), ylim=(-76.0, -43.0))
    plain_legend(ax, borderaxespad=0.1, loc="upper left")
