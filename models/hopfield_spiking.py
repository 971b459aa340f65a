"""Attractor memory in spikes: half of a pattern recalls all of it, and keeps it after the cue is gone.

Hopfield, J. J. (1982). Neural networks and physical systems with emergent collective computational abilities. PNAS
79:2554. Amit, D. J., Gutfreund, H. & Sompolinsky, H. (1985). Storing infinite numbers of patterns in a spin-glass model
of neural networks. Phys. Rev. Lett. 55:1530: the capacity is 0.138 patterns per neuron.

In spikes, with Dale's law: 1,000 excitatory integrate-and-fire neurons, each active in a tenth of the patterns, and 250
inhibitory ones that all excite and that inhibit all. Excitatory weights are max(0, J0 / (f (1 - f) N) sum (xi - f)(xi -
f) + 2 J0 / N), with xi the patterns of 0 and 1 and f = 0.1 (Tsodyks & Feigelman 1988); synaptic currents of 50 ms carry
activity over the silence between spikes. For 150 ms a current goes into half of the neurons of a pattern; 350 to 850 ms
after it has ended, the rates are correlated with all patterns: the overlaps. Without the cue the network is silent.

Criteria, chosen here: overlap with the cued pattern at least 0.95 of 10 and of 20 patterns, at most 0.2 with any other,
at most 0.2 Hz without a cue. Control, with 20 patterns and the same parameters: each neuron's outgoing weights go to
other neurons, at random; the overlap is at most 0.2. With 40 patterns recall begins to mix them, and 60 are too many.

The reference is the rate network of binary units, updated one at a time from patterns of which a tenth of the units are
flipped: its overlaps by load fall at 0.138 (`reference_overlap_0_10` and `_0_20`, 500 units).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.experiments import Control, Goal, Outcome, Published, finished, parameter, run_conditions
from spikelearn.plots.panels import letter_panels, new_figure, plain_legend
from spikelearn.plots.style import CONTROL, DASHED, FAINT, INK, PALETTE, TEXT_SIZE, clean

STORED = (20, 10, 40, 60)
"""Numbers of patterns that are stored, each in a network of its own."""
BEFORE, CUE, AFTER = 300.0, 150.0, 850.0
"""ms of each trial: before, during and after the cue."""
READ = 350.0, 850.0
"""ms after the cue between which rates are read."""
LOADS = (0.05, 0.08, 0.10, 0.12, 0.138, 0.15, 0.17, 0.20)


@dataclass(frozen=True)
class Parameters:
    size: int = parameter(1000, "", "excitatory neurons; there are a quarter as many inhibitory ones", minimum=4)
    share: float = parameter(0.1, "", "of the neurons that are active in a pattern")
    cues: int = parameter(8, "", "patterns that are cued, one in each trial; in one more there is no cue")
    J_0: float = parameter(0.7, "pA", "strength of recurrent excitation; membranes have 1 GOhm, so 1 pA is 1 mV")
    inhibition: float = parameter(11.5, "pA", "from each inhibitory neuron, times the number of excitatory ones")
    bias: float = parameter(0.97, "pA", "constant current into excitatory neurons, whose threshold is 1 mV")
    strength: float = parameter(0.6, "pA", "of the cue, into half of the neurons of a pattern")
    noise: float = parameter(0.12, "mV", "standard deviation of potentials of excitatory neurons by noise alone")
    dt: float = parameter(0.5, "ms", "time step")
    units: int = parameter(500, "", "units of the rate network")


QUICK = {"cues": 2}
SEEDS = 5
TUNED = "weights and currents, by hand in a prototype, of which the seeds are not on record"

_OURS = "threshold chosen here"
PUBLISHED = {
    "overlap_10": Goal("near 1", low=0.95, source=_OURS),
    "overlap_20": Goal("near 1", low=0.95, source=_OURS),
    "other_overlap_20": Goal("near 0", high=0.2, source=_OURS),
    "no_cue_hz": Goal("silent", high=0.2, source=_OURS),
    "shuffled_overlap": Control("0", high=0.2, source="control", of="overlap_20"),
    "reference_overlap_0_10": Published("near 1", low=0.97, source="Amit et al. 1985: below the capacity"),
    "reference_overlap_0_20": Published("lost", high=0.7, source="Amit et al. 1985: above the capacity"),
}


def weights_of(patterns: np.ndarray, J_0: float) -> np.ndarray:
    """(N, N) in pA, from patterns (P, N) of 0 and 1, all with the same number of 1."""
    n, f = patterns.shape[1], patterns[0].mean()
    found = np.maximum(0.0, J_0 / (f * (1 - f) * n) * (patterns - f).T @ (patterns - f) + 2.0 * J_0 / n)
    np.fill_diagonal(found, 0.0)
    return found


def recall(
    p: Parameters, seed: int, n_patterns: int, shuffled: bool = False, **how: Any
) -> tuple[sl.Run, tuple[np.ndarray, np.ndarray]]:
    """The run; (trials, patterns), overlaps of each trial with all patterns, of which the last trial has no cue; and
    the patterns (patterns, neurons)."""
    random = np.random.default_rng(seed)
    active = round(p.share * p.size)
    patterns = np.zeros((n_patterns, p.size))
    for pattern in patterns:
        pattern[random.choice(p.size, active, replace=False)] = 1.0
    weights = weights_of(patterns, p.J_0)
    if shuffled:
        weights = random.permuted(weights, axis=1)
    pre, post = np.nonzero(weights)

    net = sl.Network(dt=p.dt, seed=seed)
    common = {"E_L": 0.0, "V_th": 1.0, "V_reset": 0.0}
    start = {"V_m": sl.Uniform(0.0, 0.9)}
    exc = net.population(p.size, sl.LIF(
        **common, C_m=20.0, tau_m=20.0, t_ref=2.0, tau_syn_exc=50.0, tau_syn_inh=10.0, I_e=p.bias
    ), name="exc", initial=start)  # fmt: skip
    inh = net.population(p.size // 4, sl.LIF(
        **common, C_m=10.0, tau_m=10.0, t_ref=1.0, tau_syn_exc=5.0, tau_syn_inh=5.0, I_e=0.6
    ), name="inh", initial=start)  # fmt: skip
    net.connect(exc, exc, "exc", sl.Pairs(pre, post), weight=weights[pre, post], delay=p.dt)
    net.connect(exc, inh, "exc", weight=10.0 / p.size, delay=p.dt)
    net.connect(inh, exc, "inh", weight=-p.inhibition / p.size, delay=p.dt)
    net.drive(exc, sl.NoiseCurrent(std=p.noise * math.sqrt(2 * 20.0 / p.dt)))
    net.drive(inh, sl.NoiseCurrent(std=0.3 * math.sqrt(2 * 10.0 / p.dt)))
    net.record(exc)
    cues = np.zeros((p.cues + 1, p.size))
    for cue, pattern in zip(cues[:-1], patterns, strict=False):
        cue[np.flatnonzero(pattern)[: active // 2]] = p.strength
    phases = [
        sl.Phase(BEFORE, reset=(exc, inh), discard_events=True),
        sl.Phase(CUE, currents={(exc, "exc"): cues}),
        sl.Phase(AFTER),
    ]
    run = finished(net.run(trials=sl.Trials(phases, len(cues)), **how))
    spikes = run.spikes(exc)
    overlaps = []
    for trial in range(len(cues)):
        rates = rates_between(spikes, p.size, trial, *READ)
        overlaps.append([correlation(rates, pattern) for pattern in patterns])
    return run, (np.array(overlaps), patterns)


def rates_between(spikes: Any, n: int, trial: int, start: float, stop: float) -> np.ndarray:
    """(n,) Hz, between two times (ms) after the cue of a trial has ended."""
    end = trial * (BEFORE + CUE + AFTER) + BEFORE + CUE
    within = (spikes.times > end + start) & (spikes.times <= end + stop)
    return np.bincount(spikes.ids[within], minlength=n) / (stop - start) * 1e3


def correlation(rates: np.ndarray, pattern: np.ndarray) -> float:
    """0 if all rates are equal."""
    return float(np.corrcoef(rates, pattern)[0, 1]) if rates.std() > 0 else 0.0


def of_cues(found: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(cues,) each, from what `recall` finds: the overlap with the cued pattern, and the highest with any other."""
    overlaps = found[0][:-1]
    cued = np.eye(*overlaps.shape, dtype=bool)
    return overlaps[cued], np.where(cued, -1.0, overlaps).max(axis=1)


def settle(weights: np.ndarray, states: np.ndarray, random: np.random.Generator, sweeps: int = 20) -> list[np.ndarray]:
    """States (S, N) of -1 and 1 after each sweep in which every unit is updated once, until none changes."""
    found = [states.copy()]
    for _ in range(sweeps):
        states = states.copy()
        for i in random.permutation(states.shape[1]):
            states[:, i] = np.where(states @ weights[i] >= 0.0, 1.0, -1.0)
        found.append(states)
        if np.array_equal(found[-1], found[-2]):
            break
    return found


def binary(patterns: np.ndarray) -> np.ndarray:
    """(N, N): Hebbian weights of patterns (P, N) of -1 and 1."""
    weights = patterns.T @ patterns / patterns.shape[1]
    np.fill_diagonal(weights, 0.0)
    return weights


def capacity_curve(units: int, random: np.random.Generator) -> np.ndarray:
    """(loads,): mean overlap of recalled patterns with stored ones, a tenth of whose units were flipped."""
    means = []
    for load in LOADS:
        patterns = random.choice([-1.0, 1.0], (round(load * units), units))
        cues = patterns[:30]
        flipped = np.argsort(random.random(cues.shape), axis=1) < units // 10
        last = settle(binary(patterns), np.where(flipped, -cues, cues), random)[-1]
        means.append(float(np.mean(last * cues)))
    return np.array(means)


class Landscape(NamedTuple):
    """Energy per unit of mixtures of three patterns, and ways down; all in shares (..., 3) of the three."""

    shares: np.ndarray
    energy: np.ndarray
    ways: np.ndarray


def landscape(units: int, random: np.random.Generator, n: int = 24, draws: int = 8) -> Landscape:
    patterns = random.choice([-1.0, 1.0], (max(3, units // 20), units))
    weights = binary(patterns)

    def mixtures(shares: np.ndarray) -> np.ndarray:
        """(len(shares), units): each unit has the state that it has in one of the patterns, drawn by share."""
        which = (random.random((len(shares), units, 1)) > np.cumsum(shares, axis=1)[:, None, :2]).sum(axis=2)
        return patterns[which, np.arange(units)]

    a, b = np.meshgrid(np.arange(n + 1), np.arange(n + 1))
    inside = a + b <= n
    shares = np.stack([a[inside], b[inside], n - a[inside] - b[inside]], axis=1) / n
    energy = np.zeros(len(shares))
    for _ in range(draws):
        states = mixtures(shares)
        energy -= 0.5 * np.einsum("sn,sn->s", states @ weights, states) / units / draws
    ways = np.array(settle(weights, mixtures(random.dirichlet(np.ones(3), 12)), random))
    overlaps = np.maximum(ways @ patterns[:3].T / units, 0.0)
    return Landscape(shares, energy, overlaps / overlaps.sum(axis=2, keepdims=True))


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """Each network in turn; those that Ctrl-C ended, or kept from starting, are not measured."""
    p = parameters
    networks = {str(n): partial(recall, p, seed, n, progress=progress) for n in STORED}
    networks["20"] = partial(recall, p, seed, 20, sink=sink, progress=progress)
    networks["shuffled"] = partial(recall, p, seed, 20, shuffled=True, progress=progress)
    done = run_conditions(**networks)
    cued = {name: of_cues(found) for name, found in done.results.items() if found is not None}
    metrics: dict[str, float | None] = {
        metric: float(cued[name][0].mean()) if name in cued else None
        for metric, name in {**{f"overlap_{n}": str(n) for n in STORED}, "shuffled_overlap": "shuffled"}.items()
    }
    metrics |= {"other_overlap_20": None, "no_cue_hz": None}
    if "20" in cued:
        silent = rates_between(done.runs[0].spikes("exc"), p.size, p.cues, -CUE - BEFORE, AFTER)
        metrics |= {"other_overlap_20": float(cued["20"][1].max()), "no_cue_hz": float(silent.mean())}
    random = np.random.default_rng(seed)
    curve = capacity_curve(p.units, random)
    metrics |= {f"reference_overlap_0_{100 * load:.0f}": float(curve[LOADS.index(load)]) for load in (0.10, 0.20)}
    return done.outcome(metrics, cued=cued, curve=curve, landscape=landscape(p.units, random))


def figure(parameters: Parameters, outcome: Outcome) -> Figure:
    """Spikes of the first trial, overlaps of all networks, the capacity of the rate network and its energy."""
    drawn = new_figure(7.4, 5.2, w_pad=0.08, h_pad=0.08)
    axes = [clean(ax) for ax in drawn.subplots(2, 2).flat]
    draw_recall(axes[0], parameters, outcome)
    draw_overlaps(axes[1], outcome.data["cued"])
    axes[2].plot(LOADS, outcome.data["curve"], "o-", ms=3, lw=1.0, color=PALETTE[0])
    axes[2].axvline(0.138, color=INK, lw=0.8, ls=DASHED)
    axes[2].annotate("0.138", (0.138, 0.05), (3, 0), textcoords="offset points", size=TEXT_SIZE, color=INK)
    axes[2].set(xlabel="load (patterns per unit)", ylabel="overlap, rate network", ylim=(0.0, 1.05))
    draw_landscape(axes[3], outcome.data["landscape"])
    letter_panels(axes)
    return drawn


def draw_recall(ax: Axes, p: Parameters, outcome: Outcome) -> None:
    if outcome.data["20"] is None:
        return
    spikes, pattern = outcome.run.spikes("exc"), outcome.data["20"][1][0]
    row = np.argsort(np.argsort(-pattern, kind="stable"))
    shown = (spikes.times <= BEFORE + CUE + AFTER) & (row[spikes.ids] < 3 * pattern.sum())
    ax.plot(spikes.times[shown], row[spikes.ids[shown]] + 1, ".", ms=1.2, mew=0, color=INK, rasterized=True)
    ax.axvspan(BEFORE, BEFORE + CUE, color=FAINT, alpha=0.6, lw=0)
    ax.axhline(pattern.sum() + 0.5, color=PALETTE[1], lw=0.8)
    ax.set(xlabel="time (ms)", ylabel="neuron (pattern first)", xlim=(0.0, BEFORE + CUE + AFTER))


def draw_overlaps(ax: Axes, cued: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Of each cue: with the pattern that was cued, and the highest with another one."""
    looks = {"cued": ("o", PALETTE[1], PALETTE[1]), "any other": ("^", PALETTE[0], "none")}
    for n in sorted(STORED):
        for (name, (marker, edge, face)), overlaps in zip(looks.items(), cued.get(str(n), ()), strict=False):
            x = n + np.linspace(-1.5, 1.5, len(overlaps))
            ax.plot(x, overlaps, marker, ms=4, color=edge, mfc=face, mew=0.8, label=name if n == 20 else None)
    if "shuffled" in cued:
        overlaps = cued["shuffled"][0]
        x = 20 + np.linspace(-1.5, 1.5, len(overlaps))
        ax.plot(x, overlaps, "x", ms=4, color=CONTROL, mew=1.0, label="shuffled")
    ax.set(xlabel="stored patterns", ylabel="overlap, spiking network", ylim=(-0.15, 1.3), xticks=sorted(STORED))
    plain_legend(ax, loc="upper center", ncols=3, columnspacing=1.0, handletextpad=0.1)


def draw_landscape(ax: Axes, found: Landscape) -> None:
    """Energy in the triangle between three patterns, with ways down to its corners."""
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, math.sqrt(0.75)]])
    x, y = (found.shares @ corners).T
    filled = ax.tricontourf(x, y, found.energy, levels=12, cmap="Greys_r")
    for way in np.swapaxes(found.ways @ corners, 0, 1):
        ax.plot(*way.T, "-", lw=1.0, color=PALETTE[1])
        ax.plot(*way[0], "o", ms=3, color=PALETTE[1], mfc="white", mew=0.8)
    for k, (corner, shift) in enumerate(zip(corners, (-12, -12, 5), strict=True), start=1):
        ax.annotate(
            f"pattern {k}", corner, (0, shift), textcoords="offset points", ha="center", size=TEXT_SIZE, color=INK
        )
    ax.set(xticks=[], yticks=[], xlim=(-0.18, 1.18), ylim=(-0.08, 1.0), aspect="equal")
    ax.spines[:].set_visible(False)
    bar = ax.figure.colorbar(filled, ax=ax, shrink=0.8, pad=0.02)
    bar.set_label("energy per unit (1)", size=TEXT_SIZE, color=INK)
    bar.ax.tick_params(labelsize=TEXT_SIZE)
