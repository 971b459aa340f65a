"""Spiking temporal memory: dendritic spikes predict the next element of a sequence from its context, and replay it.

Bouhadjar, Y., Wouters, D. J., Diesmann, M. & Tetzlaff, T. (2022). Sequence learning, prediction, and replay in networks
of spiking neurons. PLoS Comput. Biol. 18:e1010233; after Hawkins & Ahmad 2016.

Each symbol has 150 excitatory cells and one inhibitory cell, which joins in once some 17 of them fire together. An
element that is shown excites all cells of its symbol; those whose dendrite has spiked, and so holds them depolarised (a
plateau), fire first, and the inhibitory cell silences the others. Synapses between the cells are many and silent; each
has a permanence that grows where its target fires after its source, and transmits once that has passed a threshold. A
homeostatic term keeps every cell near one plateau an episode: its time constant is the duration of an episode.

Two sets of sequences share elements, so that one element alone does not tell the next: ADBE and FDBC, and six of five
elements. What must come out: before learning all cells of a symbol fire; after it some 17 to 20 do, others in each
context, and before the last element of each sequence enough cells of that one, and of no other, hold a plateau: the
prediction error is 0 (set I by episode 40 in every seed, set II by 60 in the median). Rates of learning are the paper's
for each set. Replay: all cells are depolarised, so that a plateau alone makes them fire, and a first element is enough.

Controls: dendrites that cannot spike; permanences that are frozen; the elements of each sequence in a new order in each
episode, so that there is nothing to predict; no homeostasis; replay without depolarisation, and by the frozen network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

import spikelearn as sl
from spikelearn.experiments import Outcome, Published, parameter
from spikelearn.plots.style import INK, PALETTE, TEXT_SIZE, clean

START = 10.0
"""ms before the first element."""
SETTLE = 60.0
"""ms of depolarisation before the cue of a replay."""
PLATEAU = sl.LIFDendriticSpike().parameters.tau_dAP
"""ms that a plateau lasts unless a spike ends it."""
REPLAYS = 2
"""How often each sequence is cued after it was learned, or not: with depolarisation and without."""
VOLLEY = 5.0
"""ms within which the cells of a symbol fire together, in a replay."""


@dataclass(frozen=True)
class Parameters:
    set1: str = parameter("ADBE FDBC", "", "sequences of set I")
    set2: str = parameter("ENDIJ LNDIK GJMCN FJMCI BCKHI ACKHF", "", "sequences of set II; empty to leave it out")
    episodes_1: int = parameter(60, "", "times that set I is shown")
    episodes_2: int = parameter(60, "", "times that set II is shown")
    cells: int = parameter(150, "", "excitatory cells of each symbol")
    connection_probability: float = parameter(0.2, "", "in-degree of a cell as a share of all cells")
    element_interval: float = parameter(40.0, "ms", "from one element to the next")
    sequence_interval: float = parameter(100.0, "ms", "from the last element of a sequence to the first of the next")
    initial_permanence: float = parameter(8.0, "", "permanences start uniform from 0 to this")
    lambda_plus_1: float = parameter(0.08, "", "potentiation rate, set I")
    lambda_minus_1: float = parameter(0.0015, "", "depression rate, set I")
    lambda_h_1: float = parameter(0.014, "", "homeostasis rate, set I")
    lambda_plus_2: float = parameter(0.28, "", "potentiation rate, set II")
    lambda_minus_2: float = parameter(0.0061, "", "depression rate, set II")
    lambda_h_2: float = parameter(0.024, "", "homeostasis rate, set II")
    J_EX: float = parameter(4112.20, "pA", "weight of an element onto its cells")
    J_IE: float = parameter(581.19, "pA", "weight of excitatory onto inhibitory cells")
    J_EI: float = parameter(-12915.49, "pA", "weight of inhibitory onto excitatory cells")
    predicted_by: int = parameter(10, "", "cells with a plateau that predict their symbol")
    replay_current: float = parameter(
        315.0, "pA", "current in a replay: with 12.6 mV the 8 of a plateau reach threshold"
    )
    dt: float = parameter(0.1, "ms", "time step")


QUICK = {"set2": "", "episodes_1": 40}
SEEDS = 5
PUBLISHED = {
    "set1_episodes_to_zero": Published("<= 40", 0, 40, "bar, in every seed; 24 to 25 in the reference run"),
    "set2_episodes_to_zero": Published("<= 60", 0, 60, "bar, in the median over seeds; 36 to 39 in the reference run"),
    "set1_final_error": Published(0.0, 0.0, 0.0, "Bouhadjar et al. 2022"),
    "set2_final_error": Published(0.0, 0.0, 0.0, "bar, in the median over seeds"),
    "active_fraction": Published("0.11 to 0.12", 0.09, 0.17, "reference run; every cell fires before learning"),
    "replay_correct": Published(1.0, 0.9, 1.0, "Bouhadjar et al. 2022: all sequences"),
    "control_error_without_dendritic_spikes": Published(1.0, 0.9, None, "nothing is predicted"),
    "control_error_frozen": Published(1.0, 0.9, None, "nothing is predicted"),
    "control_error_shuffled": Published("> 0.5", 0.5, None, "nothing can be predicted"),
    "control_replay_frozen": Published(0.0, 0.0, 0.1, "nothing was learned"),
    "control_replay_without_depolarisation": Published(0.0, 0.0, 0.1, "plateaus alone do not fire cells"),
}


@dataclass(frozen=True)
class Task:
    """Sequences and when each element is shown. shown: (episodes, sequences, length), symbols; onsets: the same, ms.

    symbols: all of them, in the order of their populations. t_stop: ms, the end of the last episode.
    """

    sequences: tuple[str, ...]
    symbols: str
    shown: np.ndarray
    onsets: np.ndarray
    episode: float
    t_stop: float


@dataclass(frozen=True)
class Memory:
    """A network that holds or has held sequences."""

    task: Task
    network: sl.Network
    cells: Any
    inhibitory: Any
    synapses: Any


@dataclass(frozen=True)
class Learned:
    """A run, and for each of its episodes the prediction error, (episodes,): how far the symbols predicted before the
    last element are from that element, as 0 or 1 each, by Euclid, in the mean over sequences; and `active`, the share
    of the last symbol's cells that fire, (episodes, sequences).
    """

    run: sl.Run
    memory: Memory
    error: np.ndarray
    active: np.ndarray

    @property
    def episodes_to_zero(self) -> int | None:
        """Episodes before the error is zero and stays so; None if it is not zero at the end."""
        wrong = np.flatnonzero(self.error > 0.0)
        if not len(wrong):
            return 0
        return int(wrong[-1]) + 1 if wrong[-1] + 1 < len(self.error) else None


@dataclass(frozen=True)
class Replay:
    """Spikes after each cue, and the symbols whose cells then fired together, in order, as text."""

    run: sl.Run
    begins: np.ndarray
    replayed: tuple[str, ...]
    correct: float


def present(p: Parameters, sequences: str, episodes: int, seed: int, shuffled: bool = False) -> Task:
    """When each element is shown. shuffled: the elements of a sequence in a new order in each episode."""
    each = tuple(sequences.split())
    symbols = "".join(sorted(set("".join(each))))
    length = len(each[0])
    generator = np.random.default_rng([seed, 77])
    shown = np.array([[[symbols.index(c) for c in sequence] for sequence in each] for _ in range(episodes)])
    if shuffled:
        shown = generator.permuted(shown, axis=2)
    lasts = (length - 1) * p.element_interval + p.sequence_interval
    starts = START + lasts * np.arange(episodes * len(each)).reshape(episodes, len(each), 1)
    onsets = starts + p.element_interval * np.arange(length)
    return Task(each, symbols, shown, onsets, lasts * len(each), float(starts[-1, -1, 0] + lasts))


def replay_duration(p: Parameters, task: Task) -> float:
    return SETTLE + p.element_interval * len(task.sequences[0])


def build(p: Parameters, task: Task, rule: dict[str, float], seed: int, plastic: bool = True, **cell: float) -> Memory:
    """Cells of all symbols, shown what the task says and, after that, the first element of each sequence as a cue."""
    M, n = len(task.symbols), p.cells
    cues = task.t_stop + SETTLE + replay_duration(p, task) * np.arange(REPLAYS * len(task.sequences))
    cued = [task.symbols.index(sequence[0]) for sequence in task.sequences] * REPLAYS
    times, shown = np.append(task.onsets, cues), np.append(task.shown, cued)
    net = sl.Network(dt=p.dt, seed=seed, threads=1)
    elements = net.population(M, sl.SpikeList(times, shown), name="elements")
    cells = net.population(M * n, sl.LIFDendriticSpike(tau_h=task.episode, **cell), name="cells")
    neuron = sl.LIF(E_L=0.0, V_th=15.0, V_reset=0.0, tau_m=5.0, t_ref=2.0, tau_syn_exc=0.5)
    inhibitory = net.population(M, neuron, name="inhibitory")
    every, symbol = np.arange(M * n), np.repeat(np.arange(M), n)
    net.connect(elements, cells, "exc", sl.Pairs(symbol, every), weight=p.J_EX, delay=0.1)
    net.connect(cells, inhibitory, "exc", sl.Pairs(every, symbol), weight=p.J_IE, delay=0.1)
    net.connect(inhibitory, cells, "inh", sl.Pairs(symbol, every), weight=p.J_EI, delay=0.1)
    synapses = net.connect(
        cells, cells, "dendrite", sl.FixedInDegree(round(p.connection_probability * M * n), autapses=False),
        weight=sl.Uniform(0.0, p.initial_permanence), dendritic_delay=2.0, plasticity=sl.StructuralSTDP(**rule),
        plastic=plastic, name="permanences",
    )  # fmt: skip
    net.record(cells, ["spikes", "plateaus"])
    return Memory(task, net, cells, inhibitory, synapses)


def learn(p: Parameters, memory: Memory, sink: Any = None, progress: bool | None = False) -> Learned:
    """Show all episodes; then judge each from its spikes and plateaus. No episodes are judged of an interrupted run."""
    run = memory.network.run(memory.task.t_stop, sink=sink, progress=progress)
    task = memory.task
    episodes, sequences = task.shown.shape[:2]
    error, active = np.zeros((episodes, sequences)), np.zeros((episodes, sequences))
    if not run.interrupted:
        spikes, plateaus = run.spikes(memory.cells), run.spikes(memory.cells, "plateau")
        for episode in range(episodes):
            for k in range(sequences):
                last, at = task.shown[episode, k, -1], task.onsets[episode, k, -1]
                held = np.bincount(holding(spikes, plateaus, at) // p.cells, minlength=len(task.symbols))
                wrong = (held >= p.predicted_by) != (np.arange(len(task.symbols)) == last)
                error[episode, k] = np.sqrt(wrong.sum())
                fired = np.unique(during(spikes, at, at + 0.5 * p.element_interval).ids)
                active[episode, k] = np.sum(fired // p.cells == last) / p.cells
    return Learned(run, memory, error.mean(axis=1), active)


def during(events: Any, t_start: float, t_stop: float) -> Any:
    """Events in [t_start, t_stop)."""
    low, high = np.searchsorted(events.times, [t_start, t_stop])
    return events._replace(times=events.times[low:high], ids=events.ids[low:high])


def holding(spikes: Any, plateaus: Any, at: float) -> np.ndarray:
    """Cells that hold a plateau at a time: it began less than its duration ago, and no spike has ended it since."""
    recent, ended = (during(events, at - PLATEAU, at) for events in (plateaus, spikes))
    begun = dict(zip(recent.ids.tolist(), recent.times.tolist(), strict=True))
    for time, cell in zip(ended.times.tolist(), ended.ids.tolist(), strict=True):
        if begun.get(cell, np.inf) <= time:
            del begun[cell]
    return np.array(sorted(begun), np.int64)


def replay(p: Parameters, memory: Memory, current: float) -> Replay:
    """Cue each sequence by its first element, with a current into all cells, and read which symbols fire after it."""
    task, n = memory.task, len(memory.task.sequences)
    phase = sl.Phase(
        replay_duration(p, task), currents={(memory.cells, "exc"): current}, plastic=(),
        reset=[memory.cells, memory.inhibitory],
    )  # fmt: skip
    run = memory.network.run(trials=sl.Trials([phase], n), progress=False)
    begins = run.t_start + replay_duration(p, task) * np.arange(n)
    replayed = tuple(
        volleys(during(run.spikes(memory.cells), begin + SETTLE, begin + replay_duration(p, task)), p, task.symbols)
        for begin in begins
    )
    correct = float(np.mean([one == other for one, other in zip(replayed, task.sequences, strict=True)]))
    return Replay(run, begins, replayed, correct)


def volleys(spikes: Any, p: Parameters, symbols: str) -> str:
    """The symbols of which enough cells fire within VOLLEY ms, in the order in which they do, as often as they do."""
    found = []
    for k, symbol in enumerate(symbols):
        times = spikes.times[spikes.ids // p.cells == k]
        begun = 0
        while begun + p.predicted_by <= len(times):
            end = int(np.searchsorted(times, times[begun] + VOLLEY))
            if end - begun >= p.predicted_by:
                found.append((times[begun], symbol))
                begun = end
            else:
                begun += 1
    return "".join(symbol for _, symbol in sorted(found))


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """Both sets, and on set I the controls. The run that comes back is that of learning set I.

    After Ctrl-C nothing more is begun, and the metrics of what has no result are None.
    """
    p = parameters
    rule = {"lambda_plus": p.lambda_plus_1, "lambda_minus": p.lambda_minus_1, "lambda_h": p.lambda_h_1}
    rule_2 = {"lambda_plus": p.lambda_plus_2, "lambda_minus": p.lambda_minus_2, "lambda_h": p.lambda_h_2}
    task = present(p, p.set1, p.episodes_1, seed)
    first = learn(p, build(p, task, rule, seed), sink, progress)
    data: dict[str, Any] = {"set1": first}
    others: list[sl.Run] = []
    metrics: dict[str, Any] = dict.fromkeys(PUBLISHED)

    def also(name: str, task: Task, rule: dict[str, float], **how: Any) -> Learned | None:
        """Another network that learns; None once something was interrupted."""
        if any(run.interrupted for run in (first.run, *others)):
            return None
        found = learn(p, build(p, task, rule, seed, **how))
        others.append(found.run)
        data[name] = found
        return None if found.run.interrupted else found

    second = also("set2", present(p, p.set2, p.episodes_2, seed), rule_2) if p.set2 else None
    frozen = also("frozen", task, rule, plastic=False)
    silent = also("silent", task, rule, theta_dAP=1e9)
    shuffled = also("shuffled", present(p, p.set1, p.episodes_1, seed, shuffled=True), rule)
    unstable = also("no homeostasis", task, {**rule, "lambda_h": 0.0})
    if not first.run.interrupted:
        metrics |= {
            "set1_episodes_to_zero": first.episodes_to_zero,
            "set1_final_error": float(first.error[-1]),
            "active_fraction": float(first.active[-5:].mean()),
            "active_fraction_untrained": float(first.active[0].mean()),
        }
    if second is not None:
        metrics |= {
            "set2_episodes_to_zero": second.episodes_to_zero,
            "set2_final_error": float(second.error[-1]),
            "active_fraction_set2": float(second.active[-5:].mean()),
        }
    for name, control in (
        ("error_frozen", frozen), ("error_without_dendritic_spikes", silent), ("error_shuffled", shuffled),
        ("error_without_homeostasis", unstable),
    ):  # fmt: skip
        if control is not None:
            metrics[f"control_{name}"] = float(control.error[-10:].mean())
    if unstable is not None and frozen is not None:
        learners = [each for each in (first, second) if each is not None]
        replays = [replay(p, each.memory, p.replay_current) for each in learners]
        without = [replay(p, each.memory, 0.0) for each in learners]
        untrained = replay(p, frozen.memory, p.replay_current)
        data["replays"] = replays
        others += [each.run for each in (*replays, *without, untrained)]
        of_all = [len(each.replayed) for each in replays]
        metrics |= {
            "replay_correct": float(np.average([each.correct for each in replays], weights=of_all)),
            "control_replay_without_depolarisation": float(np.mean([each.correct for each in without])),
            "control_replay_frozen": untrained.correct,
        }
    return Outcome(first.run, metrics, data, tuple(others))


def figure(parameters: Parameters, outcome: Outcome) -> Figure:
    """One sequence before and after learning, with plateaus (a, b), its replay (c), and the course of learning (d)."""
    p, first = parameters, outcome.data["set1"]
    task, run = first.memory.task, first.run
    whole = Figure(figsize=(9.2, 6.2), layout="constrained", facecolor="white")
    upper, lower = whole.subfigures(2, 1, height_ratios=(1.25, 1.0))
    rasters = upper.subplots(1, 3, sharey=True)
    length = task.onsets[0, 0, -1] - task.onsets[0, 0, 0]
    shown = list(task.sequences[0])
    for ax, episode, title in ((rasters[0], 0, "before learning"), (rasters[1], -1, "after learning")):
        onsets = task.onsets[episode, 0]
        _raster(ax, p, run, task.symbols, onsets[0], length + p.element_interval, title)
        _elements(ax, onsets - onsets[0], shown)
    _label(rasters[0], "time after the first element (ms)", "cells of each symbol")
    if "replays" in outcome.data:
        again = outcome.data["replays"][0]
        title = "replay: the first element alone"
        _raster(rasters[2], p, again.run, task.symbols, again.begins[0] + SETTLE, length + p.element_interval, title)
        _elements(rasters[2], [0.0], shown[:1])
    else:
        clean(rasters[2])
    for ax in rasters[1:]:
        _label(ax, "time after the first element (ms)", "")
    _course(lower.subplots(), outcome)
    for letter, ax in zip("abcd", whole.axes, strict=True):
        ax.annotate(
            letter, (0, 1), xycoords="axes fraction", xytext=(-26, 16), textcoords="offset points", weight="bold",
            size=TEXT_SIZE + 3, color=INK,
        )  # fmt: skip
    return whole


def _label(ax: Any, x: str, y: str) -> None:
    ax.set_xlabel(x, size=TEXT_SIZE + 1, color=INK)
    ax.set_ylabel(y, size=TEXT_SIZE + 1, color=INK)


def _elements(ax: Any, times: Any, symbols: list[str]) -> None:
    """What is shown, above a raster, at its time."""
    for time, symbol in zip(times, symbols, strict=True):
        ax.annotate(
            symbol, (time, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 5), textcoords="offset points",
            ha="center", size=TEXT_SIZE, color=INK, arrowprops=None,
        )  # fmt: skip
        ax.axvline(time, color=INK, lw=0.5, ls=(0, (1, 2)), zorder=0)


def _raster(ax: Any, p: Parameters, run: sl.Run, symbols: str, begin: float, duration: float, title: str) -> None:
    """Spikes as dots and plateaus as lines, until a spike ends them; one colour for each symbol."""
    clean(ax)
    spikes, plateaus = run.spikes("cells"), run.spikes("cells", "plateau")
    fired, held = during(spikes, begin, begin + duration), during(plateaus, begin - PLATEAU, begin + duration)
    ends = []
    for time, cell in zip(held.times, held.ids, strict=True):
        later = spikes.times[(spikes.ids == cell) & (spikes.times > time) & (spikes.times < time + PLATEAU)]
        ends.append(later[0] if len(later) else time + PLATEAU)
    for k in range(len(symbols)):
        shade = PALETTE[k % len(PALETTE)]
        mine = held.ids // p.cells == k
        low, high = held.times[mine] - begin, np.array(ends)[mine] - begin
        ax.hlines(held.ids[mine], low, high, color=shade, lw=0.5, alpha=0.35)
        mine = fired.ids // p.cells == k
        ax.plot(fired.times[mine] - begin, fired.ids[mine], ls="", marker="o", ms=1.6, mew=0, color=shade)
    for k in range(1, len(symbols)):
        ax.axhline(k * p.cells - 0.5, color="0.85", lw=0.5, zorder=0)
    ax.set_yticks((np.arange(len(symbols)) + 0.5) * p.cells, list(symbols))
    ax.set(xlim=(-8.0, duration), ylim=(-0.5, len(symbols) * p.cells - 0.5))
    ax.set_title(title, size=TEXT_SIZE + 1, color=INK, pad=16)


def _course(ax: Any, outcome: Outcome) -> None:
    """Prediction error by episode, with controls, and the share of cells that fire."""
    clean(ax)
    drawn = (
        ("set1", "error, set I", {"color": PALETTE[0], "lw": 1.8}),
        ("set2", "error, set II", {"color": PALETTE[1], "lw": 1.8, "ls": (0, (5, 1.5))}),
        ("shuffled", "control: elements in a new order each time", {"color": "0.45", "lw": 1.0}),
        ("silent", "control: dendrites cannot spike", {"color": "0.2", "lw": 1.0, "ls": (0, (1, 1.5))}),
    )
    for name, label, how in drawn:
        found = outcome.data.get(name)
        if found is not None and not found.run.interrupted:
            ax.plot(1 + np.arange(len(found.error)), found.error, label=label, **how)
    first = outcome.data["set1"]
    if not first.run.interrupted:
        share, how = first.active.mean(axis=1), {"color": PALETTE[2], "lw": 1.0, "marker": ".", "ms": 4}
        ax.plot(1 + np.arange(len(share)), share, label="share of cells active, set I", **how)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(ylim=(-0.03, None), xlim=(0.5, None))
    _label(ax, "episode", "prediction error, share of cells")
    if ax.lines:
        ax.legend(frameon=False, fontsize=TEXT_SIZE, loc="center left", bbox_to_anchor=(1.0, 0.5))
