"""Helmholtz machine: a network learns to recognise while it dreams, and to dream while it is awake.

Hinton, G. E., Dayan, P., Frey, B. J. & Neal, R. M. (1995). The "wake-sleep" algorithm for unsupervised neural networks.
Science 268:1158.

16 pixels, 8 hidden units and one on top are `HelmholtzUnit`s, 0 or 1, connected both ways, the circuit and the phases
of the learner `WakeSleep` (see `spikelearn.learning.helmholtz`), without its labels. Awake, a picture is given,
recognition weights draw the layers above it, one per step, and generative weights learn to predict each layer from the
one above: dG = eta (s - p_G) s_above. Asleep, generative weights draw all layers from the top down, and recognition
weights learn to find what a dream was made from: dR = eta (s_above - p_R) s. All are trials of 8 steps.

The pictures are those of the paper, 4 x 4 pixels with bars that are vertical with probability 2/3, otherwise
horizontal, each of the four there with probability 0.2: 30 pictures, of which the empty one has probability 0.41. The
probabilities of the model are known exactly, by a sum over all states of its units. Acceptance criteria, chosen here:
the Kullback-Leibler divergence from them falls by 70 %, to at most 0.6 nats, and 90 % of the dreams are pictures with
bars of one direction. Controls: without sleep, so that recognition stays as it was drawn; and biases alone.

Left to itself the machine ends in a local optimum, in which some hidden units take two bars at once and others none: 69
to 86 % of its dreams were legal after 400,000 pictures (seeds 1 to 5), 73 to 91 % after two million (seeds 101 to 106),
and gradient descent of the exact divergence from the same weights ends in such optima as well (0.2 to 1.1 nats, seeds
101 to 108), so neither longer runs nor smaller rates help. Ours, and what it takes to get out: generative weights onto
pixels are excitatory, W >= 0, and a homeostatic bias keeps each hidden unit on for 12 % of the time at first; its
learning rate falls to 0 in the middle of the run. With either alone (`excitatory`, `homeostasis`) 56 to 89 % are legal
after 400,000 pictures, with both 93 % and more, but for one seed in ten or so that ends in such an optimum (seeds 101
to 112).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.experiments import Control, Goal, Outcome, finished, parameter, run_conditions
from spikelearn.plots.panels import letter_panels, new_figure, plain_legend, plain_title
from spikelearn.plots.style import CONTROL, INK, PALETTE, clean

SIZE = 4
SIZES = (SIZE * SIZE, 8, 1)


@dataclass(frozen=True)
class Parameters:
    examples: int = parameter(600_000, "", "pictures to learn from")
    control_examples: int = parameter(100_000, "", "pictures for each control")
    checks: int = parameter(20, "", "times at which the divergence is computed")
    eta: float = parameter(0.1, "", "learning rate of weights and biases at first")
    decay: float = parameter(0.03, "", "factor of the learning rates at the end")
    share: float = parameter(0.12, "", "of the time in which hidden units are on while homeostasis lasts")
    excitatory: bool = parameter(True, "", "whether generative weights onto pixels are at least 0")
    homeostasis: bool = parameter(True, "", "whether hidden units are kept on for that share at first")
    weight_std: float = parameter(0.3, "", "standard deviation of the weights at first")
    b_pixels: float = parameter(-3.0, "", "biases of pixels at first")
    b_hidden: float = parameter(-2.0, "", "biases of hidden units at first")
    dreams: int = parameter(5000, "", "dreams of which the share of pictures with bars is measured")

    def __post_init__(self) -> None:
        if not 1 <= self.checks <= min(self.examples, self.control_examples):
            raise ValueError(f"checks: expected from 1 to the number of pictures, got {self.checks}")


QUICK = {"examples": 40_000, "control_examples": 10_000, "checks": 10, "decay": 0.3, "dreams": 2000}
SEEDS = 5
TUNED = "homeostasis and rates, on seeds 101 to 112"

_OWN = "chosen here"
PUBLISHED = {
    "kl": Goal("near 0", high=0.6, source=_OWN),
    "kl_fall": Goal("most of it", low=0.7, source=_OWN),
    "dreams_legal": Goal("nearly all", low=0.9, source=_OWN),
    "control_kl_no_sleep": Control("not learned", low=1.0, source="recognition as drawn", of="kl"),
    "control_kl_biases": Control("not learned", low=1.0, source="no generative weights", of="kl"),
}


class Learned(NamedTuple):
    """divergence: (checks + 1,). probabilities: (30,) that the model dreams each picture. fields: (8, 16), generative
    weights of hidden units. dreams: (n, 16), 0 or 1."""

    divergence: np.ndarray
    probabilities: np.ndarray
    fields: np.ndarray
    dreams: np.ndarray


def build(p: Parameters, seed: int, weights: bool) -> tuple[sl.Network, sl.learning.HelmholtzMachine]:
    """weights: whether there are generative weights, beside biases."""
    net = sl.Network(dt=1.0, seed=seed, threads=1)
    machine = sl.learning.helmholtz_machine(
        net, SIZES, np.random.default_rng([seed, 1]), p.weight_std, [p.b_pixels, p.b_hidden, 0.0], [p.eta, p.eta],
        excitatory=p.excitatory, weights=weights, share=p.share if p.homeostasis else 0.0,
    )  # fmt: skip
    return net, machine


def probabilities(run: sl.Run, machine: sl.learning.HelmholtzMachine, pictures: np.ndarray) -> np.ndarray:
    """(n,) that the model dreams each picture after a run: the sum over all states of the hidden units and the top."""
    biases = [run.synapses(each).matrix((1, each.target_size)) for each in machine.generative_biases]
    onto = [np.zeros((high, low)) for low, high in zip(SIZES, SIZES[1:], strict=False)]
    for k, each in enumerate(machine.generative):
        onto[k] = run.synapses(each).matrix(onto[k].shape)
    hidden, top = (np.arange(2**n)[:, None] >> np.arange(n) & 1 for n in SIZES[1:])
    p_top = np.exp(log_bernoulli(biases[2], top))
    p_hidden = p_top @ np.exp(log_bernoulli(top @ onto[1] + biases[1], hidden))
    return (p_hidden @ np.exp(log_bernoulli(hidden @ onto[0] + biases[0], pictures)))[0]


def log_bernoulli(x: np.ndarray, states: np.ndarray) -> np.ndarray:
    """(rows of x, states): log probability of states, of units that are on with probability logistic(x)."""
    return -np.logaddexp(0.0, -x) @ states.T - np.logaddexp(0.0, x) @ (1.0 - states).T


PICTURES, SHARES = sl.tasks.bars_distribution(SIZE)


def divergence(probabilities: np.ndarray) -> float:
    """Kullback-Leibler divergence of the model's probabilities of the pictures from the true ones, in nats."""
    return float(np.sum(SHARES * np.log(SHARES / probabilities)))


def keep(trial: int, phase: int, z: Any, dreams: Any) -> None:
    for k in range(len(z)):
        dreams[trial, k] = z[k]


def learn(
    p: Parameters, seed: int, examples: int, sleep: bool = True, weights: bool = True, progress: bool | None = None,
    sink: Any = None,
) -> tuple[list[sl.Run], Learned]:  # fmt: skip
    """From so many examples, with and without sleep, with and without generative weights."""
    net, machine = build(p, seed, weights)
    found, runs = [], []
    ends = np.linspace(0, examples, p.checks + 1).astype(int)
    pictures = sl.tasks.bars(examples, seed, SIZE)[0]
    course = np.linspace(0.0, 1.0, examples)
    learning = [*machine.learn_awake, *(machine.learn_asleep if sleep else ())]
    factors = dict.fromkeys(learning, p.decay**course)
    factors |= dict.fromkeys(machine.homeostasis, np.maximum(1.0 - 2.0 * course, 0.0))
    parts = [(machine.present(pictures[:1], dict.fromkeys(learning, np.zeros(1))), 1)]
    for first, last in zip(ends, ends[1:], strict=False):
        now = {each: factor[first:last] for each, factor in factors.items()}
        parts.append((machine.present(pictures[first:last], now), int(last - first)))
    for phases, n in parts:
        trials = sl.Trials(phases, n)
        runs.append(finished(net.run(trials=trials, sink=None if runs else sink, progress=progress)))
        found.append(probabilities(runs[-1], machine, PICTURES))
    dreams = np.zeros((p.dreams, SIZES[0]))
    *before, last = machine.dream()
    shown = sl.Callback(keep, (machine.layers[0].state("z"), dreams))
    phases = [*before, sl.Phase(1.0, currents=last.currents, plastic=[], callback=shown)]
    runs.append(finished(net.run(trials=sl.Trials(phases, p.dreams), progress=progress)))
    fields = np.zeros((SIZES[1], SIZES[0]))
    if weights:
        fields = runs[-1].synapses(machine.generative[0]).matrix(fields.shape)
    return runs, Learned(np.array([divergence(each) for each in found]), found[-1], fields, dreams)


def legal(dreams: np.ndarray) -> np.ndarray:
    """(n,) whether each is one of the pictures."""
    powers = 2 ** np.arange(SIZES[0])
    return np.isin(dreams.astype(int) @ powers, PICTURES.astype(int) @ powers)


def simulate(p: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """The machine and its controls; the run is a first presentation, before anything is learned."""
    done = run_conditions(
        learned=lambda: learn(p, seed, p.examples, progress=progress, sink=sink),
        no_sleep=lambda: learn(p, seed, p.control_examples, sleep=False, progress=progress),
        biases=lambda: learn(p, seed, p.control_examples, weights=False, progress=progress),
    )
    data, metrics = done.results, dict.fromkeys(PUBLISHED)
    if data["learned"] is not None:
        course = data["learned"].divergence
        metrics |= {"kl": float(course[-1]), "kl_fall": float(1.0 - course[-1] / course[0])}
        metrics["dreams_legal"] = float(legal(data["learned"].dreams).mean())
    for name in ("no_sleep", "biases"):
        if data[name] is not None:
            metrics[f"control_kl_{name}"] = float(data[name].divergence[-1])
    return done.outcome(metrics)


LOOKS = {
    "learned": {"color": PALETTE[0], "ls": "-", "label": "wake and sleep"},
    "no_sleep": {"color": PALETTE[1], "ls": "--", "label": "no sleep"},
    "biases": {"color": CONTROL, "ls": ":", "label": "biases alone"},
}


def figure(p: Parameters, outcome: Outcome) -> Figure:
    """Divergence while it learns (a), generative weights of hidden units (b), pictures (c) and dreams (d)."""
    data = outcome.data
    whole = new_figure(7.2, 5.2, w_pad=0.08, h_pad=0.08)
    axes = whole.subplots(2, 2).ravel()
    clean(axes[0])
    for name, look in LOOKS.items():
        if data[name] is not None:
            course = data[name].divergence
            seen = p.examples if name == "learned" else p.control_examples
            axes[0].plot(np.linspace(0, seen / 1e3, len(course)), course, lw=1.4, **look)
    axes[0].axhline(PUBLISHED["kl"].high, color=INK, lw=0.8, ls=":")
    axes[0].set(xlabel="pictures seen (thousands)", ylabel="divergence (nats)", yscale="log")
    axes[0].set_yticks([0.2, 0.5, 1.0, 2.0, 5.0], ["0.2", "0.5", "1", "2", "5"])
    axes[0].minorticks_off()
    plain_legend(axes[0], loc="upper right")
    if data["learned"] is not None:
        fields, dreams = data["learned"].fields, data["learned"].dreams[:SHOWN]
        largest = np.abs(fields).max()
        _draw_pictures(axes[1], fields, "generative weights of the hidden units", 4, "RdBu_r", (-largest, largest))
        _draw_pictures(axes[2], sl.tasks.bars(SHOWN, 0, SIZE)[0], "pictures")
        _draw_pictures(axes[3], dreams, "dreams (orange: not legal)")
        _frame(axes[3], np.flatnonzero(~legal(dreams)))
    letter_panels(axes, (-20, 4))
    return whole


SHOWN, COLUMNS = 48, 8


def _draw_pictures(
    ax: Any, pictures: np.ndarray, title: str, columns: int = COLUMNS, colours: str = "Greys",
    limits: tuple[float, float] = (0.0, 1.3),
) -> None:  # fmt: skip
    rows = len(pictures) // columns
    page = np.full((rows * (SIZE + 1) + 1, columns * (SIZE + 1) + 1), np.nan)
    for k, picture in enumerate(pictures):
        row, column = divmod(k, columns)
        page[row * (SIZE + 1) + 1 :, column * (SIZE + 1) + 1 :][:SIZE, :SIZE] = picture.reshape(SIZE, SIZE)
    ax.imshow(page, cmap=colours, vmin=limits[0], vmax=limits[1], interpolation="nearest")
    ends = {"xlim": (0, page.shape[1] - 1), "ylim": (page.shape[0] - 1, 0)}
    ax.hlines(np.arange(rows + 1) * (SIZE + 1), *ends["xlim"], color=CONTROL, lw=0.5)
    ax.vlines(np.arange(columns + 1) * (SIZE + 1), *ends["ylim"], color=CONTROL, lw=0.5)
    ax.set(xticks=[], yticks=[], **ends)
    ax.spines[:].set_visible(False)
    plain_title(ax, title)


def _frame(ax: Any, which: np.ndarray) -> None:
    for k in which:
        row, column = divmod(int(k), COLUMNS)
        x, y, side = column * (SIZE + 1) + 0.35, row * (SIZE + 1) + 0.35, SIZE + 0.3
        ax.plot([x, x + side, x + side, x, x], [y, y, y + side, y + side, y], color=PALETTE[1], lw=1.4)
