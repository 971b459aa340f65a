"""Ocular dominance: a cell with inputs from both eyes comes to listen to one, since each eye's inputs fire together.

Song, S., Miller, K. D. & Abbott, L. F. (2000). Competitive Hebbian learning through spike-timing-dependent synaptic
plasticity. Nature Neurosci. 3:919: additive STDP keeps inputs that are correlated and loses the others. Here there are
two groups that are alike, as with the eyes of Miller, Keller & Stryker (1989, Science 245:605).

Each of the cells, integrate-and-fire with conductances, has inputs of its own: `inputs` Poisson trains from each eye,
of which any two of one eye have the given correlation and two of different eyes none. All synapses start alike and have
additive STDP among all pairs of spikes, with depression 2.2 times potentiation; with 1.05 times no cell chooses an eye.
The index of a cell is (left - right) / (left + right) of its mean weights.

Criteria, chosen here: at least 7 of 8 cells have an index of at least 0.9 in absolute value, and each eye wins some
cells. Controls: without correlation there is no preference (`control_index`, the mean absolute value), with a larger
limit of the weights, since at the other one such cells are silent and nothing could come out; and with everything as in
the experiment, correlated groups of the same size, but each with half of its inputs from either eye
(`mixed_control_index`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.experiments import Control, Goal, Outcome, Published, parameter
from spikelearn.plots.panels import new_figure, plain_legend, plain_title
from spikelearn.plots.style import CONTROL, DASHED, INK, PALETTE, clean, time_axis


@dataclass(frozen=True)
class Parameters:
    duration: float = parameter(400_000.0, "ms", "length of the run")
    cells: int = parameter(16, "", "cells of each condition")
    inputs: int = parameter(100, "", "inputs of a cell from each eye")
    rate: float = parameter(10.0, "Hz", "rate of each input")
    correlation: float = parameter(0.1, "", "of the trains of one eye")
    g_max: float = parameter(0.06, "nS", "largest weight; the leak is 1 nS")
    g_max_uncorrelated: float = parameter(0.1, "nS", "largest weight where there is no correlation")
    A_plus: float = parameter(0.005, "", "potentiation by a pair, of the largest weight")
    depression: float = parameter(2.2, "", "ratio of depression to potentiation")

    def __post_init__(self) -> None:
        if self.cells < 1 or self.inputs < 2 or self.inputs % 2:
            raise ValueError("expected at least 1 cell and an even number of inputs")


QUICK = {"cells": 6, "duration": 250_000.0}
SEEDS = 5
TUNED = "depression over potentiation and largest weight, by hand in a prototype; its seeds are not on record"

PUBLISHED = {
    "share_above_09": Goal("nearly all", low=7 / 8, source="threshold chosen here"),
    "cells_of_rarer_eye": Published("either eye wins", low=1, source="Miller, Keller & Stryker 1989"),
    "control_index": Control("no preference", high=0.2, source="without correlation"),
    "mixed_control_index": Control("no preference", high=0.2, source="groups across both eyes"),
}
CONDITIONS = {"eyes": "eyes", "mixed": "groups across eyes", "uncorrelated": "no correlation"}


class Condition(NamedTuple):
    correlation: float
    g_max: float
    eye: np.ndarray
    """(inputs of one cell,): 1 for the left eye, -1 for the right one."""


def conditions(p: Parameters) -> dict[str, Condition]:
    """The first half of the inputs of each cell is one correlated group, the second half the other."""
    eyes = np.repeat([1.0, -1.0], p.inputs)
    mixed = np.tile(np.repeat([1.0, -1.0], p.inputs // 2), 2)
    return {
        "eyes": Condition(p.correlation, p.g_max, eyes),
        "mixed": Condition(p.correlation, p.g_max, mixed),
        "uncorrelated": Condition(0.0, p.g_max_uncorrelated, eyes),
    }


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """All conditions in one network. An interrupted run is measured as far as it went."""
    p, n = parameters, 2 * parameters.inputs * parameters.cells
    net = sl.Network(dt=1.0, seed=seed)
    cell = sl.LIFConductance(
        E_L=-74.0, V_th=-54.0, V_reset=-60.0, C_m=20.0, g_L=1.0, t_ref=2.0, E_exc=0.0, tau_syn_exc=5.0
    )
    own = sl.Pairs(np.arange(n), np.repeat(np.arange(p.cells), 2 * p.inputs))
    synapses = {}
    for name, each in conditions(p).items():
        source = sl.CorrelatedPoisson(p.rate, each.correlation, groups=2 * p.cells)
        inputs = net.population(n, source, name=f"inputs, {name}")
        cells = net.population(p.cells, cell, name=name)
        rule = sl.STDP(lambda_=p.A_plus, alpha=p.depression, mu_plus=0.0, mu_minus=0.0, W_max=each.g_max)
        synapses[name] = net.connect(
            inputs, cells, "exc", own, weight=sl.Uniform(0.4 * each.g_max, 0.6 * each.g_max), plasticity=rule,
            name=f"synapses, {name}",
        )  # fmt: skip
        net.record(synapses[name], "weight", every=p.duration / 50)
        net.record(cells)
    run = net.run(p.duration, sink=sink, progress=progress)

    courses, metrics = {}, {}
    for name, each in conditions(p).items():
        trace = run.trace(synapses[name], "weight")
        weights = trace.values.reshape(len(trace.times), p.cells, 2 * p.inputs)
        courses[name] = trace.times, (weights @ each.eye) / weights.sum(axis=2)
        metrics[f"rate_{name}_hz"] = (
            sl.analysis.rate(run.spikes(name), p.cells, 0.0, run.t_stop) if run.t_stop else None
        )
    index = {name: values[-1] if len(values) else np.full(p.cells, np.nan) for name, (_, values) in courses.items()}
    metrics |= {
        "share_above_09": float(np.mean(np.abs(index["eyes"]) >= 0.9)),
        "cells_of_rarer_eye": int(min(np.sum(index["eyes"] >= 0.9), np.sum(index["eyes"] <= -0.9))),
        "control_index": float(np.abs(index["uncorrelated"]).mean()),
        "mixed_control_index": float(np.abs(index["mixed"]).mean()),
    }
    return Outcome(run, metrics, {"courses": courses, "weights": run.weights(synapses["eyes"]), "index": index})


def figure(parameters: Parameters, outcome: Outcome) -> Figure:
    """The index of each cell in time, and the weights of two of them at the end."""
    p, courses = parameters, outcome.data["courses"]
    drawn = new_figure(7.2, 2.8)
    course, last = (clean(ax) for ax in drawn.subplots(1, 2, width_ratios=(1.6, 1.0)))
    for name, look in (
        ("eyes", {"color": PALETTE[1]}), ("mixed", {"color": PALETTE[0]}),
        ("uncorrelated", {"color": CONTROL, "ls": DASHED}),
    ):  # fmt: skip
        times, values = courses[name]
        lines = course.plot(times, values, lw=0.8, **look)
        lines[0].set_label(CONDITIONS[name])
    course.axhline(0.0, color=INK, lw=0.5)
    course.set(ylabel="index (left 1, right -1)", ylim=(-1.05, 1.05))
    time_axis(course, 0.0, max(outcome.run.t_stop, 1.0))
    plain_legend(course, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    weights = np.sort(outcome.data["weights"].reshape(p.cells, 2, p.inputs), axis=2)[..., ::-1]
    rank = np.arange(1, p.inputs + 1)
    last.plot(rank, weights[0, 0], "o", ms=3, color=PALETTE[1], mew=0, label="left eye")
    last.plot(rank, weights[0, 1], "^", ms=3, color=PALETTE[0], mfc="none", mew=0.6, label="right eye")
    last.set(xlabel="input, by weight", ylabel="weight (nS)", ylim=(-0.02 * p.g_max, 1.05 * p.g_max))
    plain_title(last, "first cell, at the end")
    plain_legend(last, loc="center left")
    return drawn
