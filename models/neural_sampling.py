"""Neural sampling: spikes of a recurrent network are samples from a Boltzmann machine.

Buesing, L., Bill, J., Nessler, B. & Maass, W. (2011). Neural dynamics as sampling: a model for stochastic computation
in recurrent networks of spiking neurons. PLoS Comput. Biol. 7(11):e1002211.

A unit counts as on, z = 1, for tau after each spike, and is refractory for as long. It fires with probability
sigma(V - ln(tau/dt)) in each step, V = b + sum_j W_j z_j (`SamplingNeuron`). Then states occur as often as in the
Boltzmann machine p(z) proportional to exp(b z + z W z / 2), which is known exactly for five units. Weights and biases
are drawn for each seed. Acceptance criteria, chosen here: the Kullback-Leibler divergence of the states in a million
steps from p is at most 0.002 nats; with one unit kept on, that of the others from the posterior at most 0.004. As all
units are updated together, there is an error that is of first order in dt/tau, in the divergence of second.
Controls: the same network with its weights shuffled among pairs of units, without weights (its biases such that each
unit is on as often as it should be), and with units that do not allow for the duration of a spike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.experiments import Control, Goal, Oracle, Outcome, finished, parameter, run_conditions
from spikelearn.plots.panels import empty_panels, letter_panels, new_figure, plain_legend
from spikelearn.plots.style import CONTROL, INK, PALETTE, clean

UNITS = 5


@dataclass(frozen=True)
class Parameters:
    W_std: float = parameter(0.6, "", "standard deviation of the weights")
    b_mean: float = parameter(-0.5, "", "mean of the biases")
    b_std: float = parameter(0.6, "", "standard deviation of the biases")
    tau: float = parameter(20.0, "ms", "for which a unit is on after a spike")
    steps: int = parameter(1_000_000, "", "steps from which states are counted")
    finer: tuple[int, ...] = parameter((2, 4, 8, 16, 32), "", "steps in tau for which the error is compared")
    dt: float = parameter(0.5, "ms", "time step")

    def __post_init__(self) -> None:
        if self.steps < 1000:
            raise ValueError(f"steps: expected at least 1000, got {self.steps}")
        if len(self.finer) < 2 or min(self.finer) < 1:
            raise ValueError(f"finer: expected at least two whole numbers from 1 on, got {self.finer}")


QUICK = {"finer": (4, 16)}
SEEDS = 5
TUNED = "nothing: weights are drawn for each seed, and what they must give is known exactly"

_OWN = "chosen here"
PUBLISHED = {
    "kl": Goal("0: the same distribution", high=2e-3, source=_OWN),
    "kl_posterior": Goal("0: the same distribution", high=4e-3, source=_OWN),
    "error_order": Oracle("2 for small dt/tau", low=1.2, high=2.4, source="updates are of first order"),
    "control_kl_shuffled": Control("another distribution", low=0.02, source="weights shuffled", of="kl"),
    "control_kl_independent": Control("another distribution", low=0.02, source="no weights", of="kl"),
    "control_kl_duration_ignored": Control("another distribution", low=0.02, source="sigma(V) in each step", of="kl"),
}


class Machine(NamedTuple):
    """W: (5, 5), symmetric. b: (5,)."""

    W: np.ndarray
    b: np.ndarray


class Sampled(NamedTuple):
    """shares: (32,) of the steps in each state. states: the number of the state in each step; unit k is bit k."""

    shares: np.ndarray
    states: np.ndarray


STATES = np.arange(2**UNITS)[:, None] >> np.arange(UNITS) & 1
PAIRS = np.triu_indices(UNITS, 1)


def draw_machine(p: Parameters, seed: int) -> Machine:
    generator = np.random.default_rng([seed, 1])
    return Machine(symmetric(generator.normal(0.0, p.W_std, len(PAIRS[0]))), generator.normal(p.b_mean, p.b_std, UNITS))


def symmetric(of_pairs: np.ndarray) -> np.ndarray:
    W = np.zeros((UNITS, UNITS))
    W[PAIRS] = of_pairs
    return W + W.T


def probabilities(machine: Machine, on: int | None = None) -> np.ndarray:
    """(32,) of the states of the Boltzmann machine. on: a unit that is given to be on."""
    p = np.exp(0.5 * np.einsum("si,ij,sj->s", STATES, machine.W, STATES) + STATES @ machine.b)
    p = p if on is None else p * STATES[:, on]
    return p / p.sum()


def divergence(shares: np.ndarray, p: np.ndarray) -> float:
    """Kullback-Leibler divergence of shares from p, in nats."""
    seen = shares > 0
    with np.errstate(divide="ignore"):
        return float(np.sum(shares[seen] * np.log(shares[seen] / p[seen])))


def keep_state(step: int, z: Any, states: Any) -> None:
    state = 0
    for unit in range(len(z)):
        state += int(z[unit]) << unit
    states[step] = state


def sample(
    machine: Machine, tau: float, dt: float, steps: int, seed: int, progress: bool | None = None, sink: Any = None,
    on: int | None = None, record: bool = False,
) -> tuple[sl.Run, Sampled]:  # fmt: skip
    """The network runs for as many steps. on: a unit that is kept on."""
    net = sl.Network(dt=dt, seed=seed, threads=1)
    units = net.population(UNITS, sl.SamplingNeuron(tau=tau, b=machine.b), name="units")
    everyone = sl.AllToAll(autapses=False)
    net.connect(units, units, "soma", everyone, weight=machine.W, delay=dt, on="rate", payload="change")
    if on is not None:
        for port in ("clamp", "given"):
            net.drive(units, sl.StepCurrent([0.0], np.eye(UNITS)[on : on + 1]), port)
    if record:
        net.record(units)
    states = np.zeros(steps + 1, np.uint8)
    net.on_step(keep_state, units.state("z"), states)
    run = finished(net.run(steps * dt, sink=sink, progress=progress))
    begun = round(5 * tau / dt)  # from all off
    kept = states[begun:steps]
    return run, Sampled(np.bincount(kept, minlength=len(STATES)) / len(kept), kept)


def simulate(p: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """The network, with one unit kept on, with coarser steps, and the controls; the run is that of the network."""
    machine = draw_machine(p, seed)
    shuffled = np.random.default_rng([seed, 2]).permutation(machine.W[PAIRS])
    expected = probabilities(machine)
    marginals = expected @ STATES
    others = {
        "shuffled": Machine(symmetric(shuffled), machine.b),
        "independent": Machine(np.zeros_like(machine.W), np.log(marginals / (1.0 - marginals))),
        "duration_ignored": Machine(machine.W, machine.b + np.log(p.tau / p.dt)),
    }

    def finer() -> tuple[list[sl.Run], np.ndarray]:
        """The divergence for each number of steps in tau."""
        found = [sample(machine, n * p.dt, p.dt, p.steps, seed, progress) for n in p.finer]
        return [run for run, _ in found], np.array([divergence(each.shares, expected) for _, each in found])

    def of(other: Machine) -> tuple[sl.Run, Sampled]:
        return sample(other, p.tau, p.dt, p.steps, seed, progress)

    done = run_conditions(
        network=lambda: sample(machine, p.tau, p.dt, p.steps, seed, progress, sink, record=True),
        posterior=lambda: sample(machine, p.tau, p.dt, p.steps, seed, progress, on=0),
        finer=finer,
        **{name: lambda other=other: of(other) for name, other in others.items()},
    )
    data, metrics = done.results, dict.fromkeys(PUBLISHED)
    if data["network"] is not None:
        metrics["kl"] = divergence(data["network"].shares, expected)
    if data["posterior"] is not None:
        metrics["kl_posterior"] = divergence(data["posterior"].shares[1::2], probabilities(machine, on=0)[1::2])
    if data["finer"] is not None:
        metrics["error_order"] = error_order(p, data["finer"])
    for name in others:
        if data[name] is not None:
            metrics[f"control_kl_{name}"] = divergence(data[name].shares, expected)
    return done.outcome(metrics, expected=expected)


def error_order(p: Parameters, found: np.ndarray) -> float:
    """The exponent with which the divergence falls with the steps in tau, for 4 to 16 of them if there are such.

    With fewer it has not yet begun to fall as a power; with more, chance is what is left after a million steps.
    """
    n = np.array(p.finer)
    used = (n >= 4) & (n <= 16) if np.sum((n >= 4) & (n <= 16)) > 1 else n > 0
    return -float(np.polyfit(np.log(n[used]), np.log(found[used]), 1)[0])


LOOKS = {
    "network": {"color": PALETTE[0], "ls": "-", "label": "network"},
    "shuffled": {"color": PALETTE[1], "ls": "--", "label": "weights shuffled"},
    "independent": {"color": CONTROL, "ls": ":", "label": "no weights"},
    "duration_ignored": {"color": PALETTE[6], "ls": "-.", "label": "duration ignored"},
}


def figure(p: Parameters, outcome: Outcome) -> Figure:
    """Units that are on (a), states beside their probabilities (b), divergence by steps (c) and by steps in tau (d)."""
    data = outcome.data
    whole = new_figure(7.2, 5.0, w_pad=0.08, h_pad=0.08)
    axes = [clean(ax) for ax in whole.subplots(2, 2).flat]
    if data["network"] is not None:
        _draw_states(axes[0], p, data["network"].states)
        _draw_probabilities(axes[1], data["expected"], data["network"].shares)
    _draw_course(axes[2], data)
    if data["finer"] is not None:
        axes[3].plot(p.finer, data["finer"], "o-", color=PALETTE[0], ms=4.0, lw=1.2, label="network")
        middle = len(p.finer) // 2
        guide = data["finer"][middle] * (np.array(p.finer) / p.finer[middle]) ** -2.0
        axes[3].plot(p.finer, guide, ":", color=INK, lw=0.9, label="falls with the square")
        axes[3].set(xlabel="steps for which a unit is on", ylabel="divergence (nats)", xscale="log", yscale="log")
        axes[3].set_xticks(p.finer, [str(n) for n in p.finer])
        axes[3].minorticks_off()
        plain_legend(axes[3], loc="lower left")
    letter_panels(axes, (-38, 4))
    empty_panels(axes)
    return whole


SHOWN = 1000.0  # ms


def _draw_states(ax: Any, p: Parameters, states: np.ndarray) -> None:
    shown = STATES[states[: round(SHOWN / p.dt)]]
    for unit in range(UNITS):
        times = p.dt * np.arange(len(shown))
        ax.fill_between(times, unit + 0.65, unit + 1.35, where=shown[:, unit] > 0, step="post", color=PALETTE[0], lw=0)
    ax.set(xlabel="time (ms)", ylabel="unit that is on", yticks=range(1, UNITS + 1), xlim=(0.0, SHOWN))


def _draw_probabilities(ax: Any, expected: np.ndarray, shares: np.ndarray) -> None:
    order = np.argsort(-expected)
    place = np.arange(len(order))
    ax.bar(place, shares[order], 0.8, color=PALETTE[0], alpha=0.45, label="share of the steps")
    ax.plot(place, expected[order], "_", color=INK, ms=6.0, mew=1.4, label="Boltzmann machine")
    ax.set(xlabel="state, by its probability", ylabel="probability", xticks=[0, 10, 20, 30])
    plain_legend(ax, loc="upper right")


def _draw_course(ax: Any, data: dict[str, Any]) -> None:
    for name, look in LOOKS.items():
        if data[name] is None:
            continue
        states = data[name].states
        counted = np.unique(np.geomspace(1000, len(states), 30).astype(int))
        shares = [np.bincount(states[:n], minlength=len(STATES)) / n for n in counted]
        ax.plot(counted, [divergence(each, data["expected"]) for each in shares], lw=1.4, **look)
    ax.axhline(PUBLISHED["kl"].high, color=INK, lw=0.8, ls=":")
    ax.set(xlabel="steps", ylabel="divergence from the\nBoltzmann machine (nats)", xscale="log", yscale="log")
    plain_legend(ax, loc="lower left")
