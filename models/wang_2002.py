"""Decisions by slow reverberation: two populations integrate noisy evidence until one of them wins (Wang 2002).

Wang, X.-J. (2002). Probabilistic decision making by slow reverberation in cortical circuits. Neuron 36:955. The numbers
of the network are those of its Experimental Procedures.

1600 excitatory and 400 inhibitory neurons, all connected to all. Two groups of 240 excitatory neurons are selective for
a motion to the left or to the right; synapses within a group are stronger (1.7) and those between the groups weaker.
Recurrent excitation is mostly through NMDA receptors, whose slow gates integrate. During the stimulus the two groups
get Poisson input at 40 (1 + c) and 40 (1 - c) Hz, c being the coherence, drawn anew every 50 ms with a standard
deviation of 4 Hz. Each trial begins afresh. A decision is made when the rate of a group, in a window of 50 ms, reaches
15 Hz; trials without a decision count as half right.

Acceptance criteria: at least 95 % right at a coherence of 51.2 %, 70 to 95 % at 12.8 %; at the end of the stimulus the
winner fires at more than 15 Hz, the loser at less than 5. Decisions take longer the lower the coherence. The control,
at the highest coherence, has a constant current in place of the synapses among excitatory neurons, by which they fire
as much before the stimulus: it has the evidence, but decides nothing, so it is right in half of the trials.

Two things differ from the paper: the step is 0.1 ms, and the stimulus lasts for 2 s, since within 1 s some decisions at
low coherence are not made. The examples of Brian2 (2 s) and NEST (1 s) have the same numbers, but their stimulus begins
after 1 s, here 0.5 s, with a delay of at most 0.1 ms, here 0.5 ms, and membranes at -52 or -70 mV, here at -60 to -50.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.experiments import Control, Outcome, Published, finished, parameter, run_conditions
from spikelearn.plots.panels import letter_panels, new_figure, plain_legend
from spikelearn.plots.style import CONTROL, DASHED, FAINT, INK, PALETTE, TEXT_SIZE, clean

COHERENCES = (3.2, 6.4, 12.8, 25.6, 51.2)
GROUP = 240
BIN = 5.0
"""ms, of rates."""


@dataclass(frozen=True)
class Parameters:
    trials: int = parameter(40, "", "trials of each coherence")
    coherences: tuple[float, ...] = parameter(COHERENCES, "%", "coherences of the motion")
    stimulus: float = parameter(2000.0, "ms", "length of the stimulus")
    before: float = parameter(500.0, "ms", "time before it, from the start of a trial")
    dt: float = parameter(0.1, "ms", "step")
    w_plus: float = parameter(1.7, "", "relative weight of synapses within a group")
    rate: float = parameter(40.0, "Hz", "mean rate of the input to both groups")
    sd: float = parameter(4.0, "Hz", "standard deviation of each rate, drawn every 50 ms")
    threshold: float = parameter(15.0, "Hz", "rate at which a decision is made")
    instead: float = parameter(280.0, "pA", "current of the control, in place of recurrent excitation")

    def __post_init__(self) -> None:
        if self.trials < 1 or not self.coherences or self.stimulus < 300.0 or self.stimulus % 50.0 or self.before % BIN:
            raise ValueError(
                "expected trials, coherences, a stimulus of 300 ms or more in multiples of 50 ms, and 5 ms"
            )


QUICK = {"trials": 3, "coherences": (51.2,), "stimulus": 1000.0}
SEEDS = 3
TUNED = "nothing: constants of the paper; the stimulus is longer, since within 1 s some decisions were not made"

PUBLISHED = {
    "correct_51_2": Published("nearly always", low=0.95, source="Wang 2002, Fig. 5A"),
    "correct_12_8": Published("about 0.85", low=0.7, high=0.95, source="Wang 2002, Fig. 5A"),
    "winner_hz": Published("more than 15", low=15.0, source="Wang 2002, Fig. 3"),
    "loser_hz": Published("less than 5", high=5.0, source="Wang 2002, Fig. 3"),
    "no_recurrence_correct": Control(0.5, high=0.6, source="control: no decisions", of="correct_51_2"),
}


class Decisions(NamedTuple):
    """coherence: (trials,) in %. correct: 1, 0, or 0.5 without a decision. time: ms from the start of the stimulus, NaN
    without a decision. rates: (trials, bins, 2) in Hz, in windows of 50 ms that end with the bins.
    """

    coherence: np.ndarray
    correct: np.ndarray
    time: np.ndarray
    rates: np.ndarray
    last: np.ndarray
    """(trials, 2) Hz, of the last 300 ms of the stimulus."""


def set_rates(trial, phase, left, right, shown):
    """At the end of a phase, set the rates of the next one. shown: (trials, phases, 2)."""
    left[:] = shown[trial, phase, 0]
    right[:] = shown[trial, phase, 1]


def decide(p: Parameters, seed: int, recurrent: bool, sink: Any, progress: bool | None) -> tuple[sl.Run, Decisions]:
    """All trials of one network. recurrent: whether excitatory neurons excite each other."""
    net = sl.Network(dt=p.dt, seed=seed)
    start = {"V_m": sl.Uniform(-60.0, -50.0)}
    cell = sl.LIFNMDA(I_e=0.0 if recurrent else p.instead)
    excitatory = net.population(1600, cell, name="excitatory", initial=start)
    inhibitory = net.population(400, sl.LIFNMDA(C_m=200.0, g_L=20.0, t_ref=1.0), name="inhibitory", initial=start)
    left, right, others = excitatory[:GROUP], excitatory[GROUP : 2 * GROUP], excitatory[2 * GROUP :]
    share = GROUP / excitatory.size
    w_minus = 1.0 - share * (p.w_plus - 1.0) / (1.0 - share)

    def excite(source: Any, target: Any, ampa: float, nmda: float) -> None:
        net.connect(source, target, "exc", weight=ampa, delay=0.5)
        net.connect(source, target, "nmda", weight=nmda, delay=0.5, synapse=sl.NMDA())

    groups = (left, right, others)
    for source, target in itertools.product(groups, groups) if recurrent else ():
        relative = 1.0 if target is others else p.w_plus if source is target else w_minus
        excite(source, target, 0.05 * relative, 0.165 * relative)
    excite(excitatory, inhibitory, 0.04, 0.13)
    net.connect(inhibitory, excitatory, "inh", weight=1.3, delay=0.5)
    net.connect(inhibitory, inhibitory, "inh", weight=1.0, delay=0.5)
    net.drive(excitatory, sl.PoissonInput(2400.0), "exc", weight=2.1)
    net.drive(inhibitory, sl.PoissonInput(2400.0), "exc", weight=1.62)
    inputs = net.population(2 * GROUP, sl.Poisson(0.0), name="inputs")
    net.connect(inputs, excitatory[: 2 * GROUP], "exc", sl.OneToOne(), weight=2.1, delay=0.5)
    net.record(excitatory[: 2 * GROUP])

    coherence = np.tile(p.coherences, p.trials)
    parts = round(p.stimulus / 50.0)
    shown = np.zeros((len(coherence), parts + 1, 2))
    means = p.rate * (1.0 + np.outer(coherence / 100.0, [1.0, -1.0]))
    shown[:, :parts] = means[:, None] + np.random.default_rng(seed).normal(0.0, p.sd, (len(coherence), parts, 2))
    show = sl.Callback(set_rates, (inputs[:GROUP].rates, inputs[GROUP:].rates, np.maximum(shown, 0.0)))
    phases = [sl.Phase(p.before, fresh=True, callback=show), *([sl.Phase(50.0, callback=show)] * parts)]
    run = net.run(trials=sl.Trials(phases, len(coherence)), sink=sink, progress=progress)
    return run, decisions(p, coherence, finished(run).spikes("excitatory"))


def decisions(p: Parameters, coherence: np.ndarray, spikes: sl.Spikes) -> Decisions:
    n_bins = round((p.before + p.stimulus) / BIN)
    step = np.rint(spikes.times / p.dt).astype(np.int64) - 1
    bins = step // round(BIN / p.dt)
    counts = np.bincount(2 * bins + spikes.ids // GROUP, minlength=2 * n_bins * len(coherence))
    counts = counts.reshape(len(coherence), n_bins, 2)
    total = np.cumsum(np.pad(counts, ((0, 0), (10, 0), (0, 0))), axis=1)
    rates = (total[:, 10:] - total[:, :-10]) / (GROUP * 0.05)
    first = round(p.before / BIN)
    reached = rates[:, first:] >= p.threshold
    when = np.where(reached.any(axis=1), reached.argmax(axis=1), n_bins)
    decided = when.min(axis=1) < n_bins
    correct = np.where(when[:, 0] == when[:, 1], 0.5, when[:, 0] < when[:, 1])
    time = np.where(decided, (when.min(axis=1) + 1) * BIN, np.nan)
    return Decisions(coherence, correct, time, rates, counts[:, -60:].sum(axis=1) / (GROUP * 0.3))


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """All coherences, then the highest one without recurrence. A run that Ctrl-C ended is not measured."""
    p = parameters
    done = run_conditions(
        network=lambda: decide(p, seed, True, sink, progress),
        control=lambda: decide(replace(p, coherences=(max(p.coherences),)), seed, False, None, progress),
    )
    metrics: dict[str, float | None] = {}
    network, control = done.results["network"], done.results["control"]
    for c in COHERENCES:
        of_it = network is not None and network.coherence == c
        name = f"{c:g}".replace(".", "_")
        measured = network is not None and np.any(of_it)
        metrics[f"correct_{name}"] = float(network.correct[of_it].mean()) if measured else None
        times = network.time[of_it & (network.correct == 1.0)] if measured else np.zeros(0)
        metrics[f"decision_{name}_ms"] = float(times.mean()) if len(times) else None
    if network is not None:
        metrics |= {
            "winner_hz": float(network.last.max(axis=1).mean()),
            "loser_hz": float(network.last.min(axis=1).mean()),
            "undecided": float(np.isnan(network.time).mean()),
        }
    if control is not None:
        metrics["no_recurrence_correct"] = float(control.correct.mean())
        metrics["no_recurrence_hz"] = float(control.last[:, 0].mean())
    return done.outcome(metrics)


def figure(parameters: Parameters, outcome: Outcome) -> Figure:
    """Rates of both groups in some trials, and how often and how fast decisions are right, by coherence."""
    p, network, control = parameters, outcome.data["network"], outcome.data["control"]
    drawn = new_figure(7.4, 2.8)
    course, psychometric, chronometric = axes = [clean(ax) for ax in drawn.subplots(1, 3, width_ratios=(1.5, 1, 1))]
    coherences = np.array(p.coherences)
    if network is not None:
        chosen = coherences[np.argmin(np.abs(coherences - 12.8))]
        times = BIN * np.arange(1, network.rates.shape[1] + 1) - p.before
        for n, trial in enumerate(np.flatnonzero(network.coherence == chosen)[:3]):
            for group, (name, ls) in enumerate((("favoured", "-"), ("other", DASHED))):
                label = f"{name}, {chosen:g} %" if n == 0 else None
                course.plot(times, network.rates[trial, :, group], lw=0.8, color=PALETTE[group], ls=ls, label=label)
        plain_legend(course, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
        correct = [network.correct[network.coherence == c].mean() for c in coherences]
        n = np.array([np.sum(network.coherence == c) for c in coherences])
        error = np.sqrt(np.multiply(correct, np.subtract(1.0, correct)) / n)
        psychometric.errorbar(coherences, correct, error, fmt="o-", ms=4, lw=1.0, color=PALETTE[0])
        spread = [network.time[(network.coherence == c) & (network.correct == 1.0)] for c in coherences]
        mean = [each.mean() if len(each) else np.nan for each in spread]
        sem = [each.std() / np.sqrt(len(each)) if len(each) else np.nan for each in spread]
        chronometric.errorbar(coherences, mean, sem, fmt="o-", ms=4, lw=1.0, color=PALETTE[0])
    if control is not None:
        place = control.coherence[0], control.correct.mean()
        psychometric.plot(*place, "s", ms=5, color=CONTROL, mfc="white", zorder=3)
        psychometric.annotate(
            "no recurrence", place, (4, -6), textcoords="offset points", ha="right", va="top", size=TEXT_SIZE
        )
    course.axhline(p.threshold, color=INK, lw=0.5)
    course.axvspan(0.0, p.stimulus, color=FAINT, alpha=0.3, lw=0)
    course.set(
        xlabel="time since stimulus began (ms)", ylabel="rate (Hz)", xlim=(-p.before, p.stimulus), ylim=(0, None)
    )
    psychometric.axhline(0.5, color=INK, lw=0.5)
    psychometric.set(ylabel="share right", ylim=(0.35, 1.03))
    chronometric.set(ylabel="decision time (ms)", ylim=(0.0, None))
    for ax in (psychometric, chronometric):
        ax.set_xscale("log")
        ax.set_xticks(coherences, [f"{c:g}" for c in coherences])
        ax.minorticks_off()
        ax.set_xlabel("coherence (%)")
    letter_panels(axes)
    return drawn
