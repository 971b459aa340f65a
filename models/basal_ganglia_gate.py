"""A gate in the basal ganglia decides what a working memory stores: fixed, and learned from dopamine.

Gurney, K., Prescott, T. J. & Redgrave, P. (2001). A computational model of action selection in the basal ganglia. Biol.
Cybern. 84:401. O'Reilly, R. C. & Frank, M. J. (2006). Making working memory work. Neural Comput. 18:283. The weights
are ours.

In each of three channels cortex excites D1, D2, STN and thalamus. SNr fires tonically and silences the thalamus. D1
cells inhibit the SNr of their channel; STN excites that of all channels, so that the others stay shut. Where SNr falls
silent, cortex reaches the memory through the thalamus, and there recurrent NMDA synapses keep what was shown.

fixed     Cortex of one channel is salient, or none is: then one is a little above the rest. The gate should open for
          the salient channel only, and the memory hold a channel if and only if its gate opened.
learned   An item is shown in one channel, with one of two contexts: it is to be stored in one of them and ignored in
          the other. Only dopamine at the end of a trial says so: 1 if the memory was right and 0 if not, minus the mean
          of past trials. Synapses from contexts to D1 learn (`DopamineSTDP`; only potentiation leaves an eligibility),
          and items alone do not open the gate. Two assumptions were needed. An open gate excites its D1 cells through
          the thalamus, so that trials in which it stayed shut leave little eligibility. And at first it opens in both
          contexts: a channel that stays shut is never taught (from weights of 30 pA, two of eight seeds reached 0.75).

Acceptance criteria, ours: SNr of the salient channel falls below 0.3 of its tonic rate, and in no other channel below
0.8; at least 0.9 of the trials end with the memory right, of the learned gate in the last third. Controls: without
synapses from D1 to SNr the gate stays shut and nothing is stored; with dopamine for the contexts of other trials the
learned gate is right in less than 0.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.experiments import Control, Goal, Outcome, finished, parameter, run_conditions
from spikelearn.plots.panels import draw_measured, empty_panels, letter_panels, new_figure, plain_legend, plain_title
from spikelearn.plots.style import CONTROL, DASHED, FAINT, INK, PALETTE, clean

CHANNELS, STORE = 3, 0
SPARSE = 0.3  # probability of a synapse between two cells
REST, WEAK, SALIENT = 3.0, 10.0, 25.0  # Hz, of cortex; contexts are as strong as the salient channel
ERASED, TONIC, ITEM, DELAY = 300.0, 300.0, 500.0, 700.0  # ms, of the phases of a trial
SHOWN, LENGTH = ERASED + TONIC, ERASED + TONIC + ITEM + DELAY
HELD = 20.0  # Hz, rate of a channel of the memory from which on it holds its item


@dataclass(frozen=True)
class Parameters:
    trials: int = parameter(60, "", "trials of the fixed gate")
    learned_trials: int = parameter(240, "", "trials of the gate that learns")
    n: int = parameter(40, "", "cells of each nucleus and channel")
    cortex_to_D1: float = parameter(75.0, "pA", "weight of an item, fixed gate")
    item_to_D1: float = parameter(30.0, "pA", "weight of an item, gate that learns")
    thalamus_to_D1: float = parameter(40.0, "pA", "weight of the thalamus of an open gate, gate that learns")
    context_to_D1: float = parameter(42.0, "pA", "weight of a context before learning")
    W_max: float = parameter(90.0, "pA", "largest weight of a context")
    A_plus: float = parameter(0.04, "pA/ms", "step of the eligibility at a spike of a D1 cell")
    tau_c: float = parameter(1000.0, "ms", "time constant of the eligibility")

    def __post_init__(self) -> None:
        if min(self.trials, self.learned_trials) < 8:
            raise ValueError("trials and learned_trials: expected at least 8")


QUICK = {"trials": 16, "learned_trials": 90}
SEEDS = 5
TUNED = "weights of contexts to D1 on eight seeds, whose numbers are not on record; for all else not on record"
PUBLISHED = {
    "salient_over_tonic": Goal("the gate opens", high=0.3, source="chosen here"),
    "others_over_tonic": Goal("the others stay shut", low=0.8, source="chosen here"),
    "stored_iff_open": Goal(1.0, low=0.9, source="chosen here"),
    "lesion_salient_over_tonic": Control(1.0, low=0.8, source="control: no synapses from D1 to SNr"),
    "lesion_stored": Control(0.0, high=0.1, source="control: no synapses from D1 to SNr"),
    "learned_correct": Goal(1.0, low=0.9, source="chosen here"),
    "shuffled_learned_correct": Control("chance, 0.5", high=0.7, source="control: dopamine of other trials"),
}


class Fixed(NamedTuple):
    """salient: (trials,) channel, or -1. SNr: (trials, 3) of the tonic rate. stored: (trials, 3) Hz of the memory."""

    salient: np.ndarray
    SNr: np.ndarray
    stored: np.ndarray


class Learned(NamedTuple):
    """(trials,) each, 1 or 0: whether the item was to be stored, whether it was, and whether the memory was right."""

    store: np.ndarray
    stored: np.ndarray
    right: np.ndarray


NUCLEI = {"D1": 100.0, "D2": 100.0, "STN": 190.0, "GPe": 260.0, "SNr": 260.0, "thalamus": 180.0}
"""Name -> constant current, pA."""
WITHIN = (
    ("cortex", "D2", 50.0), ("cortex", "STN", 4.0), ("cortex", "thalamus", 25.0), ("D2", "GPe", -12.0),
    ("GPe", "STN", -4.0), ("GPe", "SNr", -3.0), ("STN", "SNr", 2.0), ("STN", "GPe", 2.0), ("D1", "SNr", -40.0),
    ("SNr", "thalamus", -18.0), ("thalamus", "memory", 3.0),
)  # fmt: skip
"""Source, target and weight (pA; nS onto the memory) of synapses within channels, the same in both gates."""
ACROSS = (("D1", "D1", -12.0), ("D2", "D2", -12.0), ("STN", "SNr", 1.5))


def build(p: Parameters, seed: int, learns: bool, lesion: bool = False) -> tuple[sl.Network, dict[str, Any], Any]:
    """The network, its populations and dopamine. learns: whether contexts reach D1, by synapses that learn."""
    n, random = p.n, np.random.default_rng([seed, 1])
    net = sl.Network(dt=1.0, seed=seed)
    cells = {
        "cortex": net.population(CHANNELS * n, sl.Poisson(REST), name="cortex"),
        "contexts": net.population(2 * n, sl.Poisson(0.0), name="contexts"),
        "memory": net.population(CHANNELS * n, sl.LIFNMDA(I_e=340.0), name="memory"),
    }
    membrane = {"V_th": -50.0, "V_reset": -60.0, "C_m": 200.0, "tau_m": 20.0, "tau_syn_exc": 5.0, "tau_syn_inh": 8.0}
    for name, current in NUCLEI.items():
        cells[name] = net.population(CHANNELS * n, sl.LIF(I_e=current, **membrane), name=name)
    for name in (*NUCLEI, "memory"):
        net.drive(cells[name], sl.NoiseCurrent(std={"thalamus": 30.0, "memory": 100.0}.get(name, 60.0), tau=5.0))
        net.record(cells[name])

    def connect(source: str, target: str, weight: float, port: str = "", across: bool = False, **of: Any) -> None:
        """Within channels, or across them; all pairs of the memory, of others a random share."""
        pairs = np.kron(np.eye(CHANNELS) != across, np.ones((n, n), bool))
        if source != "memory":
            pairs &= random.random(pairs.shape) < SPARSE
        to = cells[target], port or ("exc" if weight > 0 else "inh"), sl.Pairs(*np.nonzero(pairs))
        net.connect(cells[source], *to, weight=weight, delay=2.0, **of)

    for each in WITHIN:
        if not (lesion and each[:2] == ("D1", "SNr")):
            connect(*each)
    for each in ACROSS:
        connect(*each, across=True)
    connect("cortex", "D1", p.item_to_D1 if learns else p.cortex_to_D1)
    connect("memory", "memory", 1.3, "nmda", synapse=sl.NMDA())
    connect("memory", "memory", 0.3, "inh", across=True)
    dopamine = net.modulator("dopamine", tau=100.0)
    if learns:
        connect("thalamus", "D1", p.thalamus_to_D1)
        net.connect(
            cells["contexts"], cells["D1"], "exc", sl.FixedInDegree(round(2 * n * SPARSE), multapses=False),
            weight=p.context_to_D1, delay=2.0,
            plasticity=sl.DopamineSTDP(dopamine, A_plus=p.A_plus, A_minus=0.0, tau_c=p.tau_c, W_max=p.W_max),
        )  # fmt: skip
    return net, cells, dopamine


def phases(cells: Any, cortex: np.ndarray, contexts: Any = 0.0, callback: Any = None) -> list[sl.Phase]:
    """cortex: (trials, 3 n) Hz while an item is shown, contexts: (trials, 2 n) Hz."""
    rest = {cells["cortex"]: REST}
    return [
        sl.Phase(ERASED, rates=rest, currents={(cells["memory"], "exc"): -600.0}),
        sl.Phase(TONIC, rates=rest),
        sl.Phase(ITEM, rates={cells["cortex"]: cortex, cells["contexts"]: contexts}),
        sl.Phase(DELAY, rates=rest, callback=callback),
    ]


def rates_in(p: Parameters, run: sl.Run, name: str, t_start: float, t_stop: float) -> np.ndarray:
    """(trials, 3) Hz of the channels of a nucleus between two times of each trial."""
    times, ids = run.spikes(name)
    trial = ((times - 1e-6) // LENGTH).astype(int)
    since = times - trial * LENGTH
    bins = (trial * CHANNELS + ids // p.n)[(since > t_start) & (since <= t_stop)]
    counts = np.bincount(bins, minlength=p.trials * CHANNELS)
    return counts.reshape(p.trials, CHANNELS) / (p.n * (t_stop - t_start) * 1e-3)


def run_fixed(p: Parameters, seed: int, lesion: bool, sink: Any, progress: bool | None) -> tuple[sl.Run, Fixed]:
    random = np.random.default_rng([seed, 2])
    salient = random.permutation(np.arange(p.trials) % (CHANNELS + 1)) - 1
    channel = np.where(salient >= 0, salient, random.integers(0, CHANNELS, p.trials))[:, None]
    rates = np.where(np.arange(CHANNELS) == channel, np.where(salient >= 0, SALIENT, WEAK)[:, None], REST)
    net, cells, _ = build(p, seed, False, lesion)
    schedule = sl.Trials(phases(cells, np.repeat(rates, p.n, axis=1)), p.trials)
    run = finished(net.run(trials=schedule, sink=sink, progress=progress))
    tonic = rates_in(p, run, "SNr", ERASED, SHOWN).mean(axis=0)
    opened = rates_in(p, run, "SNr", SHOWN + 0.2 * ITEM, SHOWN + ITEM) / tonic
    return run, Fixed(salient, opened, rates_in(p, run, "memory", LENGTH - 0.5 * DELAY, LENGTH))


def judge(trial, phase, counts, wanted, held, release, mean, share, stored):
    """Called at the end of a trial, compiled: dopamine for what the memory holds.

    counts: (3 n,) spikes of the memory in the delay. wanted: (trials,) channel that earns the reward, -1 for none.
    held: spikes of a channel that holds its item. mean: (1,) past reward, of which a trial has a share.
    """
    n, most, stored[trial] = len(counts) // 3, held, -1
    for channel in range(3):
        spikes = np.sum(counts[channel * n : (channel + 1) * n])
        if spikes >= most:
            most, stored[trial] = spikes, channel
    delta = (1.0 if stored[trial] == wanted[trial] else 0.0) - mean[0]
    release[0] += delta
    mean[0] += share * delta


def run_learned(p: Parameters, seed: int, shuffled: bool, progress: bool | None = None) -> tuple[sl.Run, Learned]:
    """shuffled: dopamine is given as if the contexts were those of other trials."""
    random = np.random.default_rng([seed, 3])
    items = random.integers(0, CHANNELS, p.learned_trials)
    contexts = random.permutation(np.arange(p.learned_trials) % 2)
    wanted = np.where((random.permutation(contexts) if shuffled else contexts) == STORE, items, -1)
    cortex = np.repeat(np.where(np.eye(CHANNELS)[items] > 0, SALIENT, REST), p.n, axis=1)
    of_context = SALIENT * np.repeat(np.eye(2)[contexts], p.n, axis=1)
    (net, cells, dopamine), stored = build(p, seed, True), np.zeros(p.learned_trials, np.int64)
    counts, held, mean = cells["memory"].counts(), HELD * p.n * DELAY * 1e-3, np.full(1, 0.5)
    callback = sl.Callback(judge, (counts, wanted, held, dopamine.release, mean, 0.05, stored))
    schedule = phases(cells, cortex, of_context, callback)
    run = finished(net.run(trials=sl.Trials(schedule, p.learned_trials), progress=progress))
    right = stored == np.where(contexts == STORE, items, -1)
    return run, Learned(contexts == STORE, 1.0 * (stored == items), 1.0 * right)


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """The fixed gate, with its lesion, and the one that learns, with its control; the run is that of the first."""
    p = parameters
    done = run_conditions(
        fixed=lambda: run_fixed(p, seed, False, sink, progress),
        lesion=lambda: run_fixed(p, seed, True, None, progress),
        learned=lambda: run_learned(p, seed, False, progress),
        shuffled=lambda: run_learned(p, seed, True, progress),
    )
    metrics: dict[str, Any] = dict.fromkeys(PUBLISHED)
    for name, prefix in (("fixed", ""), ("lesion", "lesion_")):
        if (fixed := done.results[name]) is not None:
            metrics |= {prefix + metric: value for metric, value in of_fixed(fixed).items()}
    for name, prefix in (("learned", ""), ("shuffled", "shuffled_")):
        if (learned := done.results[name]) is not None:
            metrics[f"{prefix}learned_correct"] = float(learned.right[-(len(learned.right) // 3) :].mean())
    return done.outcome(metrics)


def of_fixed(found: Fixed) -> dict[str, float]:
    """others_over_tonic: the smallest ratio of a channel that is not salient, on average over trials."""
    shown = found.salient >= 0
    is_salient = np.arange(CHANNELS) == found.salient[shown, None]
    holds = np.where(found.stored.max(axis=1) >= HELD, found.stored.argmax(axis=1), -1)
    return {
        "salient_over_tonic": float(found.SNr[shown][is_salient].mean()),
        "others_over_tonic": float(np.where(is_salient, np.inf, found.SNr[shown]).min(axis=1).mean()),
        "stored_iff_open": float(np.mean(holds == found.salient)),
        "stored": float(np.mean((holds == found.salient)[shown])),
    }


def figure(parameters: Parameters, outcome: Outcome) -> Figure:
    """A trial with a salient channel (a), memory by SNr in all trials (b), and the gate that learns (c)."""
    data, whole = outcome.data, new_figure(9.6, 3.0, w_pad=0.06)
    axes = [clean(ax) for ax in whole.subplots(1, 3)]
    draw_measured(
        (_draw_trial, (axes[0], parameters, outcome.run), [data["fixed"]]),
        (_draw_stored, (axes[1],), [data["fixed"], data["lesion"]]),
        (_draw_learning, (axes[2],), [data["learned"], data["shuffled"]]),
    )
    letter_panels(axes, (-36, 6))
    empty_panels(axes)
    return whole


def _draw_trial(ax: Any, p: Parameters, run: sl.Run, fixed: Fixed) -> None:
    trial, rows = int(np.argmax(fixed.salient >= 0)), ("memory", *reversed(NUCLEI))
    for row, name in enumerate(rows):
        times, ids = run.spikes(name)
        inside = (times > trial * LENGTH) & (times <= (trial + 1) * LENGTH)
        shades = np.where(ids // p.n == fixed.salient[trial], PALETTE[1], CONTROL)[inside]
        place = row + 0.1 + 0.8 * ids[inside] / (CHANNELS * p.n)
        ax.scatter(times[inside] - trial * LENGTH, place, s=0.6, c=shades, lw=0)
    ax.axvspan(SHOWN, SHOWN + ITEM, color=FAINT, alpha=0.5, lw=0, zorder=0)
    ax.set_yticks(np.arange(len(rows)) + 0.5, rows)
    ax.set(xlabel="time in a trial (ms)", xlim=(0.0, LENGTH), ylim=(0.0, len(rows)))
    plain_title(ax, "salient channel in colour, item in grey")


def _draw_stored(ax: Any, fixed: Fixed, lesion: Fixed) -> None:
    for found, marker, label in ((fixed, "o", "salient"), (lesion, "x", "salient, no D1 to SNr")):
        is_salient = np.arange(CHANNELS) == found.salient[:, None]
        ax.plot(found.SNr[is_salient], found.stored[is_salient], marker, ms=4, color=PALETTE[0], label=label)
    others = np.arange(CHANNELS) != fixed.salient[:, None]
    ax.plot(fixed.SNr[others], fixed.stored[others], "s", ms=3, mfc="none", color=CONTROL, label="others, weak items")
    ax.axhline(HELD, color=INK, lw=0.7, ls=":")
    ax.set(xlabel="rate of SNr over tonic rate", ylabel="rate of the memory (Hz)", xlim=(0.0, None))
    plain_legend(ax, loc="upper right")


def _draw_learning(ax: Any, learned: Learned, shuffled: Learned) -> None:
    n_trials = len(learned.right)
    every, width = np.arange(n_trials), max(2, n_trials // 10)
    curves: list[Any] = [
        (every, learned.right, width, {"color": PALETTE[0], "label": "right"}),
        (every, shuffled.right, width, {"color": CONTROL, "ls": DASHED, "label": "right, control"}),
    ]
    for trials, label, dashes in ((learned.store, "opens to store", ":"), (~learned.store, "opens to ignore", "-.")):
        look = {"color": PALETTE[1], "ls": dashes, "label": label}
        curves.append((every[trials], learned.stored[trials], width // 2, look))
    for trials, values, over, look in curves:
        ax.plot(trials[over - 1 :] + 1, sl.analysis.running_mean(values, over)[over - 1 :], lw=1.4, **look)
    ax.set(xlabel="trial", ylabel="share of trials", xlim=(0.0, n_trials), ylim=(0.0, 1.5), yticks=(0.0, 0.5, 1.0))
    plain_legend(ax, loc="upper center", ncols=2, columnspacing=1.0)
