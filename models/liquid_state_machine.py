"""A liquid of spiking neurons keeps inputs apart: the more two inputs differ, the more do its states (Maass 2002).

Maass, W., Natschlaeger, T. & Markram, H. (2002). Real-time computing without stable states. Neural Computation 14:2531,
Fig. 2 and its appendix.

135 integrate-and-fire neurons on a 3 x 3 x 15 grid, a fifth of them inhibitory, are connected with a probability that
falls with their distance. Synapses are depressing or facilitating, with release, recovery and facilitation of their
own, and weights from an exponential distribution. A spike train of half a second goes to 30 % of the neurons. The state
is the spikes of each neuron filtered with 30 ms. Pairs of trains, Poisson with 20 Hz, have a distance of 0, 0.1, 0.2
or 0.4: the root mean square, over time, of the difference of both, filtered with a Gaussian of 5 ms. Each train is a
trial that begins afresh, with membranes drawn anew, so that states differ even for a distance of 0.

Acceptance criteria: the distance of states, its mean over time, rises with that of the inputs, with gaps of at least
three standard errors over 100 pairs. The control are the same states, each compared with that of a train from another
pair at the same distance: then only chance is left.

The paper's state distances are of one network each; here each seed has a network of its own. Delays are 1.5 ms among
excitatory neurons and 1 ms elsewhere (0.8 in the paper, no multiple of the step). Brian2's example of this figure reads
the paper otherwise: distances of inputs have no root and a kernel of exp(-(t/5 ms)^2), pairs are independent trains,
the input goes to all neurons with one weight and decays with 6 ms at inhibitory ones, background currents are equal,
and the step is 0.1 ms.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.errors import SignWarning
from spikelearn.experiments import Control, Outcome, Published, parameter
from spikelearn.plots.panels import letter_panels, new_figure, plain_legend
from spikelearn.plots.style import CONTROL, DASHED, INK, PALETTE, clean

DISTANCES = (0.0, 0.1, 0.2, 0.4)
DT, LENGTH, SAMPLE = 0.5, 500.0, 10.0
"""ms: the step, the length of a train, and the interval of states."""
SYNAPSES = {
    ("E", "E"): (0.3, 30.0, 0.5, 1100.0, 50.0),
    ("E", "I"): (0.2, 60.0, 0.05, 125.0, 1200.0),
    ("I", "E"): (0.4, -19.0, 0.25, 700.0, 20.0),
    ("I", "I"): (0.1, -19.0, 0.32, 144.0, 60.0),
}
"""(from, to) -> probability at distance 0, mean weight (pA), and means of U, tau_rec and tau_fac (ms)."""


@dataclass(frozen=True)
class Parameters:
    pairs: int = parameter(100, "", "pairs of inputs at each distance")
    length: float = parameter(2.0, "", "distance over which the probability of a connection falls to 1/e, lambda")
    rate: float = parameter(20.0, "Hz", "rate of inputs")
    input_weight: float = parameter(18.0, "pA", "mean weight of inputs to excitatory neurons, twice that to inhibitory")
    tau: float = parameter(30.0, "ms", "time constant of states")

    def __post_init__(self) -> None:
        if self.pairs < 3 or self.length <= 0.0:
            raise ValueError("expected at least 3 pairs and a length of more than 0")


QUICK = {"pairs": 25}
SEEDS = 5
TUNED = "nothing: constants of the paper's appendix"

PUBLISHED = {
    "smallest_gap_sem": Published("states are ordered", low=3.0, source="Maass et al. 2002, Fig. 2"),
    "control_gap_sem": Control("no order", high=3.0, source="control: trains of other pairs", of="smallest_gap_sem"),
}


def train(p: Parameters, random: np.random.Generator) -> np.ndarray:
    """The times of a Poisson train, ms, on the grid of steps."""
    steps = random.integers(3, round(LENGTH / DT), random.poisson(p.rate * LENGTH * 1e-3))
    return DT * np.unique(steps)


def filtered(times: np.ndarray) -> np.ndarray:
    t = np.arange(0.0, LENGTH, 1.0)
    return np.exp(-((t[:, None] - times) ** 2) / (2.0 * 5.0**2)).sum(axis=1)


def pair(p: Parameters, distance: float, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two trains of about this distance: the best of 100 in which some spikes of the first are moved."""
    first = train(p, random)
    best, error = first, np.inf if distance > 0.0 else 0.0
    shape = filtered(first)
    for _ in range(100 if distance > 0.0 else 0):
        moved = (random.random(len(first)) < random.random()) * 2.0 ** random.uniform(1.0, 7.0)
        steps = np.rint((first + moved * random.normal(0.0, 1.0, len(first))) / DT)
        changed = DT * np.unique(np.clip(steps, 3, round(LENGTH / DT) - 1))
        found = abs(np.sqrt(np.mean((filtered(changed) - shape) ** 2)) - distance)
        if found < error:
            best, error = changed, found
    return first, best


def draw_membranes(trial, phase, excitatory, inhibitory, seed):
    """Membranes from 13.5 to 15 mV, other ones in each trial."""
    for i in range(len(excitatory)):
        excitatory[i] = 13.5 + 1.5 * sl.random_uniform(seed, trial, i)
    for i in range(len(inhibitory)):
        inhibitory[i] = 13.5 + 1.5 * sl.random_uniform(seed, trial, len(excitatory) + i)


def build(p: Parameters, trains: list[np.ndarray], seed: int) -> tuple[sl.Network, dict[str, Any]]:
    """The liquid with its inputs; all random numbers of its structure depend on the seed."""
    random = np.random.default_rng(seed)
    net = sl.Network(dt=DT, seed=seed)
    axes = np.meshgrid(np.arange(3.0), np.arange(3.0), np.arange(15.0), indexing="ij")
    places = random.permutation(np.stack(axes, axis=-1).reshape(-1, 3))
    inside = {"E": places[:108], "I": places[108:]}
    cells = {}
    for kind, t_ref in (("E", 3.0), ("I", 2.0)):
        cell = sl.LIF(
            E_L=0.0, V_th=15.0, V_reset=13.5, C_m=30.0, tau_m=30.0, t_ref=t_ref, tau_syn_exc=3.0, tau_syn_inh=6.0,
            I_e=random.uniform(13.5, 14.5, len(inside[kind])),
        )  # fmt: skip
        cells[kind] = net.population(len(inside[kind]), cell, name=kind, positions=inside[kind])
        net.record(cells[kind])
    inhibitory = []
    for (source, target), (probability, weight, U, tau_rec, tau_fac) in SYNAPSES.items():
        own = {"U": U, "tau_rec": tau_rec, "tau_fac": tau_fac}
        drawn = {name: sl.Normal(mean, mean / 2, low=mean / 50, high=2 * mean) for name, mean in own.items()}
        profile = sl.GaussianProfile(probability, sigma=p.length / np.sqrt(2.0))
        size = sl.Exponential(abs(weight))
        with warnings.catch_warnings(action="ignore", category=SignWarning):  # made negative below
            made = net.connect(
                cells[source], cells[target], "exc" if weight > 0.0 else "inh",
                sl.DistanceProbability(profile, autapses=False), weight=size,
                delay=1.5 if (source, target) == ("E", "E") else 1.0, synapse=sl.TsodyksMarkram(**drawn),
            )  # fmt: skip
        if weight < 0.0:
            inhibitory.append(made)
    times = np.concatenate([LENGTH * k + each for k, each in enumerate(trains)])
    stimulus = net.population(1, sl.SpikeList(times), name="input")
    for kind, mean in (("E", p.input_weight), ("I", p.input_weight / 2)):
        chosen = np.flatnonzero(random.random(len(cells[kind])) < 0.3)
        weight = random.exponential(mean, len(chosen))
        net.connect(stimulus, cells[kind], "exc", sl.Pairs(np.zeros_like(chosen), chosen), weight=weight, delay=DT)
    for made in inhibitory:
        net.set_weights(made, -net.weights(made))
    return net, cells


def states(p: Parameters, run: sl.Run, n_trials: int) -> np.ndarray:
    """(trials, times, neurons): spikes filtered with tau, every 10 ms."""
    n_times, found = round(LENGTH / SAMPLE), []
    for kind in ("E", "I"):
        spikes, n = run.spikes(kind), run.populations[kind].size
        bins = (np.rint(spikes.times / DT).astype(np.int64) - 1) // round(SAMPLE / DT)
        decayed = np.exp(-((bins + 1) * SAMPLE - spikes.times) / p.tau)
        added = np.bincount(bins * n + spikes.ids, decayed, n_trials * n_times * n).reshape(n_trials, n_times, n)
        for k in range(1, n_times):
            added[:, k] += np.exp(-SAMPLE / p.tau) * added[:, k - 1]
        found.append(added)
    return np.concatenate(found, axis=2)


def smallest_gap(apart: np.ndarray) -> float:
    """The smallest gap between means of neighbouring distances, in standard errors. apart: (distances, pairs)."""
    mean, variance = apart.mean(axis=1), apart.var(axis=1, ddof=1) / apart.shape[1]
    return float(np.min(np.diff(mean) / np.sqrt(variance[1:] + variance[:-1])))


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """All trains, one after the other, in one run."""
    p, random = parameters, np.random.default_rng([seed, 1])
    pairs = [pair(p, distance, random) for distance in DISTANCES for _ in range(p.pairs)]
    trains = [each for two in pairs for each in two]
    net, cells = build(p, trains, seed)
    draw = sl.Callback(draw_membranes, (cells["E"].state("V_m"), cells["I"].state("V_m"), seed))
    phases = [sl.Phase(DT, fresh=True, callback=draw), sl.Phase(LENGTH - DT)]
    run = net.run(trials=sl.Trials(phases, len(trains)), sink=sink, progress=progress)
    if run.interrupted:
        return Outcome(run, dict.fromkeys(PUBLISHED), {"apart": None})
    x = states(p, run, len(trains)).reshape(len(DISTANCES), p.pairs, 2, -1, len(cells["E"]) + len(cells["I"]))
    apart = np.sqrt(((x[:, :, 0] - x[:, :, 1]) ** 2).sum(axis=-1))
    others = np.sqrt(((x[:, :, 0] - np.roll(x[:, :, 1], 1, axis=1)) ** 2).sum(axis=-1))
    given = np.array([np.sqrt(np.mean((filtered(a) - filtered(b)) ** 2)) for a, b in pairs]).reshape(len(DISTANCES), -1)
    metrics = {
        "smallest_gap_sem": smallest_gap(apart.mean(axis=2)),
        "control_gap_sem": smallest_gap(others.mean(axis=2)),
        "rate_hz": sum(len(run.spikes(kind).times) for kind in cells) / x.shape[-1] / run.t_stop * 1e3,
    }
    for k, distance in enumerate(DISTANCES):
        metrics[f"state_distance_{distance:g}".replace(".", "_")] = float(apart[k].mean())
        metrics[f"input_distance_{distance:g}".replace(".", "_")] = float(given[k].mean())
    return Outcome(run, metrics, {"apart": apart, "others": others})


def figure(parameters: Parameters, outcome: Outcome) -> Figure:
    """The distance of states in time for each distance of inputs, and its mean over time beside the control."""
    drawn = new_figure(7.0, 2.8)
    course, mean = axes = [clean(ax) for ax in drawn.subplots(1, 2, width_ratios=(1.6, 1.0))]
    apart, others = outcome.data["apart"], outcome.data["others"] if outcome.data["apart"] is not None else None
    if apart is not None:
        times = SAMPLE * np.arange(1, apart.shape[2] + 1)
        for k, (distance, ls) in enumerate(zip(DISTANCES, (":", "-.", DASHED, "-"), strict=True)):
            course.plot(times, apart[k].mean(axis=0), color=PALETTE[k], ls=ls, lw=1.2, label=f"{distance:g}")
        plain_legend(course, title="distance of inputs", ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
        for values, look in ((apart, {"color": PALETTE[0], "fmt": "o-"}), (others, {"color": CONTROL, "fmt": "s--"})):
            each = values.mean(axis=2)
            error = each.std(axis=1, ddof=1) / np.sqrt(each.shape[1])
            label = "its pair" if values is apart else "another pair"
            mean.errorbar(DISTANCES, each.mean(axis=1), error, ms=4, lw=1.0, mfc="white", label=label, **look)
        plain_legend(mean, title="compared with", loc="center right", bbox_to_anchor=(1.0, 0.7))
    course.set(xlabel="time (ms)", ylabel="distance of states", xlim=(0.0, LENGTH), ylim=(0.0, None))
    mean.set(xlabel="distance of inputs", ylabel="mean distance of states", ylim=(0.0, None))
    mean.axhline(0.0, color=INK, lw=0.5)
    letter_panels(axes)
    return drawn
