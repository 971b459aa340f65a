"""The HTM neuron: dendritic segments recognise sparse patterns by a few synapses each, and hardly ever a wrong one.

Hawkins, J. & Ahmad, S. (2016). Why neurons have thousands of synapses, a theory of sequence memory in neocortex. Front.
Neural Circuits 10:23, Eq. 1 and figure 1.

Of n cells a are active. A segment (sl.DendriticSegment) has synapses from s of the n; theta active ones make a plateau,
which depolarises its neuron, so that it will fire before others. With synapses and activity drawn at random, the
number of active synapses has a hypergeometric distribution, and the probability of a plateau is

    p = sum over b from theta to s of C(s, b) C(n - s, a - b) / C(n, a);     1 - (1 - p)^K for a neuron of K segments.

n = 200,000, a = 2,000, s = theta = 10 gives p = 9.8e-21. Where p can be measured (n = 200), random patterns are shown
to random segments, and to neurons that are each a population of segments whose plateaus go to it.

What must come out of the four experiments:

random     The share of plateaus is p within binomial error, for all thresholds and activities.
neurons    The share of depolarised neurons is 1 - (1 - p)^K within binomial error.
noise      A segment whose synapses are from its pattern still recognises it when many active cells are replaced.
           Control: a segment with as many synapses from anywhere does not recognise it at any noise.
cell       After a plateau, a volley of inputs makes the neuron fire earlier. Control: without plateau it does not.
Control of all: a threshold of one synapse, with which most segments answer most patterns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.experiments import Outcome, Published, parameter
from spikelearn.plots.style import INK, PALETTE, TEXT_SIZE, clean

SEEDS = 5


@dataclass(frozen=True)
class Parameters:
    n: int = parameter(200, "", "cells that patterns are made of")
    active: tuple[int, ...] = parameter((10, 20, 40), "", "active cells of a pattern; the second is that of all but a")
    s: int = parameter(10, "", "synapses of a segment")
    thetas: tuple[int, ...] = parameter((1, 2, 3, 4, 5, 6, 7), "", "thresholds of the random experiment")
    theta: int = parameter(3, "", "threshold of the segments whose share is a metric")
    patterns: int = parameter(1000, "", "random patterns for each number of active cells")
    segments: int = parameter(300, "", "segments for each threshold")
    neuron_thetas: tuple[int, ...] = parameter((3, 4, 5), "", "thresholds of the segments of neurons")
    segments_per_neuron: tuple[int, ...] = parameter((1, 2, 5, 10, 20, 50), "", "K")
    neurons: int = parameter(40, "", "neurons for each threshold and K")
    neuron_patterns: int = parameter(250, "", "patterns that are shown to them")
    noise: tuple[float, ...] = parameter(
        tuple(round(0.1 * k, 1) for k in range(11)),
        "",
        "shares of the active cells of a known pattern that are replaced",
    )
    noise_thetas: tuple[int, ...] = parameter((4, 6, 8), "", "thresholds of the segments that know a pattern")
    known: int = parameter(20, "", "known patterns, each with 10 segments for each threshold")
    repeats: int = parameter(10, "", "how often each is shown with each noise")
    tau_syn: float = parameter(2.0, "ms", "time for which a synapse is active")
    t_plateau: float = parameter(20.0, "ms", "how long a plateau lasts")
    interval: float = parameter(40.0, "ms", "time between two patterns")
    dt: float = parameter(1.0, "ms", "time step; a tenth of it for the cell")
    large_n: int = parameter(200_000, "", "closed form: cells")
    large_active: int = parameter(2000, "", "closed form: active ones")
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
            raise ValueError(
                f"t_plateau: expected less than the interval of {self.interval:g} ms, got {self.t_plateau:g}"
            )


QUICK = {"patterns": 200, "segments": 100, "neuron_patterns": 60, "segments_per_neuron": (1, 5, 20), "repeats": 3}

_PAPER = "Hawkins & Ahmad 2016, Eq. 1"
PUBLISHED = {
    "false_positive_probability": Published(9.78e-21, low=9.775e-21, high=9.785e-21, source=_PAPER),
    "largest_deviation": Published("within binomial error", high=5.0, source=_PAPER),
    "largest_deviation_of_neurons": Published("within binomial error", high=5.0, source="1 - (1 - p)^K"),
    "largest_deviation_with_noise": Published("within binomial error", high=5.0, source=_PAPER),
    "recognised_with_noise": Published("robust to 30 % noise", low=0.9, source="Hawkins & Ahmad 2016"),
    "advance_ms": Published("a predicted neuron fires earlier", low=1.0, source="Hawkins & Ahmad 2016"),
    "control_probability_of_one_synapse": Published("most patterns", low=0.5, source="control: theta = 1"),
    "control_recognised_shuffled": Published("as any pattern", high=0.1, source="control: synapses from anywhere"),
    "control_advance_ms": Published(0.0, low=0.0, high=0.0, source="control: no plateau"),
}

NOISE = 0.3  # share of replaced cells of which recognised_with_noise is
PER_PATTERN = 10  # segments that know a pattern
FEWEST = 20.0  # plateaus to be expected, or their absence, for a share to be compared with its probability
WEIGHT = 100.0  # pA, of a plateau
TAU_DISTAL = 5.0  # ms, of the current that tells whether a neuron is depolarised


class Shares(NamedTuple):
    """What was counted: share of cases, expected probability, and number of cases, arrays of one shape."""

    share: np.ndarray
    expected: np.ndarray
    cases: int

    @property
    def deviations(self) -> np.ndarray:
        """From what is expected, in standard errors of a binomial, where enough can be expected."""
        p = self.expected
        enough = self.cases * np.minimum(p, 1.0 - p) >= FEWEST
        return (self.share - p)[enough] / np.sqrt(p * (1.0 - p) / self.cases)[enough]


class Cell(NamedTuple):
    """times (t,) ms; V_m (t, 2) mV, of a neuron with a plateau and one without; their spikes, ms."""

    times: np.ndarray
    V_m: np.ndarray
    spikes: tuple[np.ndarray, np.ndarray]


def overlap_probability(population: int, marked: int, drawn: int, at_least: int) -> float:
    """That of `drawn` out of a population at least so many are marked: exact, rounded once."""
    ways = sum(comb(marked, b) * comb(population - marked, drawn - b) for b in range(at_least, min(marked, drawn) + 1))
    return float(Fraction(ways, comb(population, drawn)))


def show(net: sl.Network, p: Parameters, patterns: Sequence[np.ndarray]) -> Any:
    """The cells, of which pattern k is active (k + 1) intervals from the start."""
    times = np.repeat(p.interval * np.arange(1, len(patterns) + 1), [len(pattern) for pattern in patterns])
    return net.population(p.n, sl.SpikeList(times, np.concatenate(patterns)), name="cells")


def segments_of(net: sl.Network, p: Parameters, thetas: np.ndarray, name: str = "segments") -> Any:
    return net.population(
        len(thetas), sl.DendriticSegment(theta=thetas, tau_syn=p.tau_syn, t_ref=p.t_plateau), name=name
    )  # fmt: skip


def answered(p: Parameters, run: sl.Run, segments: Any, n_patterns: int) -> np.ndarray:
    """(patterns, segments): whether each pattern made a plateau of each segment."""
    plateaus = run.spikes(segments, "plateau")
    shown = np.floor(plateaus.times / p.interval + 1e-6).astype(int) - 1
    found = np.zeros((n_patterns, len(segments)), bool)
    found[shown, plateaus.ids] = True
    return found


def random_patterns(p: Parameters, seed: int, sink: Any, progress: bool | None) -> tuple[sl.Run, Shares | None]:
    """Shares (active, thetas) of plateaus: patterns of each number of active cells, segments of each threshold."""
    generator = np.random.default_rng((seed, 0))
    patterns = [generator.choice(p.n, a, replace=False) for a in p.active for _ in range(p.patterns)]
    net = sl.Network(dt=p.dt, seed=seed)
    cells = show(net, p, patterns)
    segments = segments_of(net, p, np.repeat(np.array(p.thetas, float), p.segments))
    net.connect(cells, segments, rule=sl.FixedInDegree(p.s, multapses=False), weight=1.0, delay=p.dt)
    net.record(segments, "plateaus")
    net.record(segments[:: p.segments], "n_active", every=p.dt)
    run = net.run(p.interval * (len(patterns) + 1), sink=sink, progress=progress)
    if run.interrupted:
        return run, None
    found = answered(p, run, segments, len(patterns))
    share = found.reshape(len(p.active), p.patterns, len(p.thetas), p.segments).mean(axis=(1, 3))
    expected = np.array([[overlap_probability(p.n, p.s, a, theta) for theta in p.thetas] for a in p.active])
    return run, Shares(share, expected, p.patterns * p.segments)


def neurons_of_segments(p: Parameters, seed: int, progress: bool | None) -> tuple[sl.Run, Shares | None]:
    """Shares (thetas, K) of neurons that a random pattern depolarises."""
    generator = np.random.default_rng((seed, 1))
    a = p.active[1]
    net = sl.Network(dt=p.dt, seed=seed)
    cells = show(net, p, [generator.choice(p.n, a, replace=False) for _ in range(p.neuron_patterns)])
    neuron = sl.lif_with_receptors({"proximal": "exponential", "distal": "exponential"})
    groups = [(theta, K) for theta in p.neuron_thetas for K in p.segments_per_neuron]
    neurons = net.population(len(groups) * p.neurons, neuron(tau_syn_distal=TAU_DISTAL), name="neurons")
    owner = np.concatenate(
        [np.repeat(g * p.neurons + np.arange(p.neurons), K) for g, (_, K) in enumerate(groups)]
    )  # fmt: skip
    thetas = np.array([groups[of // p.neurons][0] for of in owner], float)
    segments = segments_of(net, p, thetas)
    net.connect(cells, segments, rule=sl.FixedInDegree(p.s, multapses=False), weight=1.0, delay=p.dt)
    pairs = sl.Pairs(np.arange(len(owner)), owner)
    net.connect(segments, neurons, "distal", pairs, on="plateau", weight=WEIGHT, delay=p.dt)
    net.record(neurons, "I_syn_distal", every=p.dt * round(p.interval / p.dt / 8))
    run = net.run(p.interval * (p.neuron_patterns + 1), progress=progress)
    if run.interrupted:
        return run, None
    trace = run.trace(neurons, "I_syn_distal")
    shown = np.floor((trace.times - 0.5 * p.dt) / p.interval).astype(int) - 1
    highest = np.zeros((p.neuron_patterns, len(neurons)))
    inside = shown >= 0
    np.maximum.at(highest, shown[inside], trace.values[inside])
    # Between two samples a current of WEIGHT falls by a factor of 3 at most, until the next pattern by one of 3,000.
    depolarised = (highest > 0.2 * WEIGHT).reshape(p.neuron_patterns, len(groups), p.neurons)
    p_of = {theta: overlap_probability(p.n, p.s, a, theta) for theta in p.neuron_thetas}
    expected = np.array([1.0 - (1.0 - p_of[theta]) ** K for theta, K in groups])
    shape = len(p.neuron_thetas), len(p.segments_per_neuron)
    share = depolarised.mean(axis=(0, 2))
    return run, Shares(share.reshape(shape), expected.reshape(shape), p.neuron_patterns * p.neurons)


def noisy_patterns(p: Parameters, seed: int, shuffled: bool, progress: bool | None) -> tuple[sl.Run, Shares | None]:
    """Shares (thetas, noise) of known patterns that are recognised; shuffled: by segments with any synapses."""
    generator = np.random.default_rng((seed, 2))
    a, n = p.active[1], p.n
    known = [generator.choice(n, a, replace=False) for _ in range(p.known)]
    patterns = []
    for share in p.noise:
        for _ in range(p.repeats):
            for pattern in known:
                kept = generator.choice(pattern, a - round(share * a), replace=False)
                others = np.setdiff1d(np.arange(n), pattern)
                patterns.append(np.concatenate([kept, generator.choice(others, a - len(kept), replace=False)]))
    owner = np.repeat(np.arange(p.known), PER_PATTERN * len(p.noise_thetas))
    thetas = np.tile(np.repeat(np.array(p.noise_thetas, float), PER_PATTERN), p.known)
    chosen = [generator.choice(n if shuffled else known[of], p.s, replace=False) for of in owner]
    net = sl.Network(dt=p.dt, seed=seed)
    cells = show(net, p, patterns)
    segments = segments_of(net, p, thetas)
    pairs = sl.Pairs(np.concatenate(chosen), np.repeat(np.arange(len(owner)), p.s))
    net.connect(cells, segments, rule=pairs, weight=1.0, delay=p.dt)
    net.record(segments, "plateaus")
    run = net.run(p.interval * (len(patterns) + 1), progress=progress)
    if run.interrupted:
        return run, None
    found = answered(p, run, segments, len(patterns)).reshape(len(p.noise), p.repeats, p.known, -1)
    own = np.stack([found[:, :, k, owner == k] for k in range(p.known)], axis=2)
    share = own.reshape(len(p.noise), p.repeats * p.known, len(p.noise_thetas), PER_PATTERN).mean(axis=(1, 3)).T
    expected = [
        [overlap_probability(n if shuffled else a, a if shuffled else a - round(x * a), p.s, theta) for x in p.noise]
        for theta in p.noise_thetas
    ]
    return run, Shares(share, np.array(expected), p.repeats * p.known * PER_PATTERN)


def cell(p: Parameters, seed: int, plateau: bool, progress: bool | None) -> tuple[sl.Run, Cell | None]:
    """A volley at 30 ms to two neurons; at 10 ms a pattern that the segment of the first knows, if `plateau`."""
    dt = 0.1 * p.dt
    net = sl.Network(dt=dt, seed=seed)
    pattern = net.population(p.theta, sl.SpikeList(np.full(p.theta, 10.0), np.arange(p.theta)), name="pattern")
    segment = net.population(
        1, sl.DendriticSegment(theta=p.theta, tau_syn=p.tau_syn, t_ref=p.t_plateau), name="segment"
    )
    if plateau:
        net.connect(pattern, segment, weight=1.0, delay=dt)
    neuron = sl.lif_with_receptors({"proximal": "exponential", "distal": "exponential"})
    neurons = net.population(2, neuron(tau_syn_proximal=10.0, tau_syn_distal=50.0), name="neurons")
    net.connect(segment, neurons[:1], "distal", on="plateau", weight=3.0 * WEIGHT, delay=dt)
    volley = net.population(1, sl.SpikeList([30.0]), name="volley")
    net.connect(volley, neurons, "proximal", weight=1150.0, delay=dt)
    net.record(neurons, ["spikes", "V_m"])
    run = net.run(70.0, progress=progress)
    if run.interrupted:
        return run, None
    spikes, trace = run.spikes(neurons), run.trace(neurons, "V_m")
    return run, Cell(trace.times, trace.values, (spikes.times[spikes.ids == 0], spikes.times[spikes.ids == 1]))


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """The four experiments and the controls; the run that comes back is that of the random patterns.

    After Ctrl-C no further experiment is begun, and the metrics of those without a result are None.
    """
    p = parameters
    run, shares = random_patterns(p, seed, sink, progress)
    data: dict[str, Any] = {"random": shares}
    others: list[sl.Run] = []
    experiments: dict[str, Callable[[], tuple[sl.Run, Any]]] = {
        "neurons": lambda: neurons_of_segments(p, seed, progress),
        "noise": lambda: noisy_patterns(p, seed, False, progress),
        "control_noise": lambda: noisy_patterns(p, seed, True, progress),
        "cell": lambda: cell(p, seed, True, progress),
        "control_cell": lambda: cell(p, seed, False, progress),
    }
    for name, experiment in experiments.items():
        data[name] = None
        if not any(each.interrupted for each in (run, *others)):
            other, data[name] = experiment()
            others.append(other)

    metrics: dict[str, Any] = dict.fromkeys(PUBLISHED)
    large = p.large_n, p.large_s, p.large_active, p.large_theta
    metrics["false_positive_probability"] = overlap_probability(*large)
    if shares is not None:
        at = 1, p.thetas.index(p.theta)
        metrics["simulated_false_positive_probability"] = float(shares.share[at])
        metrics["expected_false_positive_probability"] = float(shares.expected[at])
        metrics["control_probability_of_one_synapse"] = float(shares.share[1, p.thetas.index(1)])
    for name, metric in (
        ("random", "largest_deviation"), ("neurons", "largest_deviation_of_neurons"),
        ("noise", "largest_deviation_with_noise"),
    ):  # fmt: skip
        if data[name] is not None:
            metrics[metric] = float(np.abs(data[name].deviations).max(initial=0.0))
    level = int(np.argmin(np.abs(np.array(p.noise) - NOISE)))
    for name, metric in (("noise", "recognised_with_noise"), ("control_noise", "control_recognised_shuffled")):
        if data[name] is not None:
            metrics[metric] = float(data[name].share[0, level])
    for prefix in ("", "control_"):
        if (found := data[f"{prefix}cell"]) is not None and all(len(times) for times in found.spikes):
            metrics[f"{prefix}advance_ms"] = float(found.spikes[1][0] - found.spikes[0][0])
    return Outcome(run, metrics, data, tuple(others))


CONTROL = "#7a7a7a"
LINES = ("-", (0, (5.0, 1.5)), (0, (3.0, 1.2)), (0, (1.0, 1.0)))
MARKERS = "os^D"


def figure(parameters: Parameters, outcome: Outcome) -> Figure:
    """False positives of segments (a) and of neurons (b), recognition under noise (c), and a neuron's potential (d).

    Lines are closed forms, points are what was simulated.
    """
    whole = Figure(figsize=(7.4, 6.2), layout="constrained", facecolor="white")
    whole.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
    axes = [clean(ax) for ax in whole.subplots(2, 2).ravel()]
    p, data = parameters, outcome.data
    if data["random"] is not None:
        _draw_random(axes[0], p, data["random"])
    if data["neurons"] is not None:
        _draw_neurons(axes[1], p, data["neurons"])
    if data["control_noise"] is not None:
        _draw_noise(axes[2], p, data["noise"], data["control_noise"])
    if data["control_cell"] is not None:
        _draw_cell(axes[3], data["cell"])
    for letter, ax in zip("abcd", axes, strict=True):
        ax.annotate(
            letter, (0, 1), xycoords="axes fraction", xytext=(-34, 6), textcoords="offset points",
            weight="bold", size=TEXT_SIZE + 3, color=INK,
        )  # fmt: skip
        if not ax.has_data():
            ax.set(xticks=[], yticks=[])
    return whole


def _label(ax: Any, x: str, y: str, **key: Any) -> None:
    ax.set_xlabel(x, size=TEXT_SIZE + 1, color=INK)
    ax.set_ylabel(y, size=TEXT_SIZE + 1, color=INK)
    options = {"frameon": False, "fontsize": TEXT_SIZE, "borderaxespad": 0.1, "title_fontsize": TEXT_SIZE, **key}
    ax.legend(**options)


def _positive(values: np.ndarray) -> np.ndarray:
    """What can be drawn on a logarithmic axis."""
    return np.where(values > 0, values, np.nan)


def _draw_random(ax: Any, p: Parameters, found: Shares) -> None:
    thetas = np.arange(1, p.s + 1)
    for k, a in enumerate(p.active):
        look = {"color": PALETTE[k % 8], "ls": LINES[k % 4]}
        line = [overlap_probability(p.n, p.s, a, int(theta)) for theta in thetas]
        ax.plot(thetas / p.s, line, lw=1.0, label=f"{100 * a / p.n:g} %", **look)
        ax.plot(
            np.array(p.thetas) / p.s, _positive(found.share[k]), MARKERS[k % 4], color=PALETTE[k % 8], ms=4, mfc="white"
        )
    sparse = [overlap_probability(p.large_n, p.large_s, p.large_active, theta) for theta in range(1, p.large_s + 1)]
    at = np.arange(1, p.large_s + 1) / p.large_s
    label = f"{100 * p.large_active / p.large_n:g} % of {p.large_n:,}"
    ax.plot(at, sparse, color=INK, lw=1.0, ls=LINES[3], label=label)
    ax.plot(at[-1:], sparse[-1:], "*", color=INK, ms=7)
    ax.annotate(f"{sparse[-1]:.1e}", (at[-1], sparse[-1]), xytext=(-8, -1), textcoords="offset points", ha="right",
                va="center",
                size=TEXT_SIZE, color=INK)  # fmt: skip
    ax.set_yscale("log")
    _label(ax, r"threshold / synapses  $\theta/s$", "false positives of a segment", title="active", loc="lower left")


def _draw_neurons(ax: Any, p: Parameters, found: Shares) -> None:
    K = np.unique(np.round(np.geomspace(1, max(p.segments_per_neuron), 60)))
    for k, theta in enumerate(p.neuron_thetas):
        one = overlap_probability(p.n, p.s, p.active[1], theta)
        ax.plot(K, 1.0 - (1.0 - one) ** K, color=PALETTE[k % 8], ls=LINES[k % 4], lw=1.0, label=rf"$\theta$ = {theta}")
        ax.plot(
            p.segments_per_neuron, _positive(found.share[k]), MARKERS[k % 4], color=PALETTE[k % 8], ms=4, mfc="white"
        )
    ax.set_xscale("log")
    ax.set_yscale("log")
    _label(ax, "segments of a neuron $K$", "false positives of a neuron", loc="lower right")


def _draw_noise(ax: Any, p: Parameters, found: Shares, shuffled: Shares) -> None:
    level = 100.0 * np.array(p.noise)
    for k, theta in enumerate(p.noise_thetas):
        ax.plot(level, found.expected[k], color=PALETTE[k % 8], ls=LINES[k % 4], lw=1.0, label=rf"$\theta$ = {theta}")
        ax.plot(level, found.share[k], MARKERS[k % 4], color=PALETTE[k % 8], ms=4, mfc="white")
    label = rf"shuffled, $\theta$ = {p.noise_thetas[0]}"
    ax.plot(level, shuffled.share[0], "x", color=CONTROL, ms=4, mew=0.9, label=label)
    ax.set_ylim(-0.04, 1.06)
    _label(ax, "replaced active cells (%)", "known patterns recognised", loc="upper right", bbox_to_anchor=(1.0, 0.97))


def _draw_cell(ax: Any, found: Cell) -> None:
    for k, (shade, line, label) in enumerate(((PALETTE[1], "-", "with plateau"), (CONTROL, LINES[2], "without"))):
        ax.plot(found.times, found.V_m[:, k], color=shade, ls=line, lw=1.1, label=label)
        ax.vlines(found.spikes[k], -55.0, -45.0, color=shade, lw=1.4, ls=line)
    for time, what in ((10.0, "pattern"), (30.0, "volley")):
        ax.annotate(what, (time, -70.4), xytext=(time, -73.2), ha="center", va="top", size=TEXT_SIZE, color=INK,
                    arrowprops={"arrowstyle": "-|>", "lw": 0.8, "color": INK})  # fmt: skip
    ax.set_xlim(0.0, found.times[-1])
    ax.set_ylim(-76.0, -43.0)
    _label(ax, "time (ms)", "potential of the neuron (mV)", loc="upper left")
