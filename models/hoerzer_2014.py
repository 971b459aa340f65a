"""Patterns from reward alone: a Hebbian rule times reward trains the output of a chaotic network (Hoerzer 2014).

Hoerzer, G. M., Legenstein, R. & Maass, W. (2014). Emergence of complex computational structures from chaotic neural
networks through reward-modulated Hebbian learning. Cerebral Cortex 24:677; the rule is also Legenstein et al. 2010.

500 rate units, connected at random so strongly that they are chaotic, are read out by one number z that is fed back to
all of them. While it learns the output explores, a = z + noise, and the only thing that it is told is whether its
performance, -(a - target)^2, is above its recent average. If so, each weight changes by eta (a - mean of a) r, with
eta = 5e-4/(1 + t/20 s). The network never sees the error or its sign; after 500 s it goes on by itself for 20 s.

Acceptance criteria: a sine of 1 Hz whose correlation with the target, at the best lag within half a period, is at least
0.9 over these 20 s. A lag is allowed, since nothing tells the phase any more; a frequency that is off by a hundredth
would already be too much. The control is told at random, half of the time, that it is above average: at most 0.3.

Three things differ from the paper: there is one target, a sine; the noise of the rates is kept on after learning, where
the paper stops it; and the averages forget 0.2 of what they were in each step of 1 ms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.experiments import (
    Control,
    Outcome,
    Published,
    RewardHebb,
    finished,
    learn_by_reward,
    parameter,
    run_conditions,
)
from spikelearn.plots.panels import letter_panels, new_figure, plain_legend
from spikelearn.plots.style import CONTROL, DASHED, INK, PALETTE, clean

EVERY = 5.0
"""ms between samples of the output and the target."""


@dataclass(frozen=True)
class Parameters:
    duration: float = parameter(500_000.0, "ms", "length of learning")
    test: float = parameter(20_000.0, "ms", "length of the test, in which nothing is learned")
    size: int = parameter(500, "", "number of units")
    frequency: float = parameter(1.0, "Hz", "of the target, a sine of amplitude 1")
    tau: float = parameter(50.0, "ms", "time constant of the units")
    gain: float = parameter(1.5, "", "of the recurrent weights; above 1 they are chaotic")
    density: float = parameter(0.1, "", "probability of a connection")
    noise: float = parameter(0.05, "", "half the width of the uniform noise of each rate")
    exploration: float = parameter(0.5, "", "half the width of the uniform noise of the output while it learns")
    eta: float = parameter(5e-4, "", "learning rate at the start")
    eta_half: float = parameter(20_000.0, "ms", "time after which it is half of that")
    keep: float = parameter(0.8, "", "what the averages of output and performance keep in a step")

    def __post_init__(self) -> None:
        if self.size < 10 or self.test < 2000.0 or self.frequency <= 0.0:
            raise ValueError("expected 10 units or more, a test of 2000 ms or more, and a frequency above 0")


QUICK = {"size": 200, "duration": 50_000.0, "test": 10_000.0}
SEEDS = 5
TUNED = "how long averages keep what they were, on seeds not on record; all else as in the paper"

PUBLISHED = {
    "best_lag_correlation": Published("close to 1", low=0.9, source="Hoerzer et al. 2014, Fig. 2"),
    "shuffled_best_lag_correlation": Control("at most 0.3", high=0.3, source="control: reward at random"),
}


def sine(step, target, frequency):
    """Called in every step, compiled."""
    target[0] = math.sin(2e-3 * math.pi * frequency * step)


def train(p: Parameters, seed: int, shuffled: bool, sink: Any, progress: bool | None) -> sl.Run:
    """One network that learns and is tested; its output is the signal "action"."""
    net = sl.Network(dt=1.0, seed=seed)
    units = net.population(
        p.size, sl.TanhRate(tau=p.tau, noise=p.noise), name="units", initial={"x": sl.Normal(0.0, 0.5)}
    )
    net.connect(
        units, units, rule=sl.FixedProbability(p.density), delay=1.0, on="rate", payload="r",
        weight=sl.Normal(0.0, p.gain / math.sqrt(p.density * p.size)),
    )  # fmt: skip
    target = net.signal("target")
    net.on_step(sine, target.values, p.frequency)
    rule = RewardHebb(p.duration, p.exploration, p.eta, p.eta_half, p.keep, shuffled)
    _, action = learn_by_reward(net, units, "r", target, rule, seed)
    net.feed(action, units, weights=np.random.default_rng(seed).uniform(-1.0, 1.0, p.size))
    for signal in (action, target):
        net.record(signal, every=EVERY)
    return net.run(p.duration + p.test, sink=sink, progress=progress)


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """Learning from reward, then the same with reward at random."""
    p = parameters

    def condition(shuffled: bool, sink: Any = None) -> tuple[sl.Run, dict[str, np.ndarray]]:
        run = finished(train(p, seed, shuffled, sink, progress))
        return run, {name: run.trace(name, "value").values[:, 0] for name in ("action", "target")}

    done = run_conditions(rewarded=lambda: condition(False, sink), shuffled=lambda: condition(True))
    first = round(p.duration / EVERY)

    def best(found: dict[str, np.ndarray] | None) -> float | None:
        if found is None or np.ptp(found["action"][first:]) == 0.0:
            return None
        half_period = round(500.0 / p.frequency / EVERY)
        return sl.analysis.best_lag_correlation(found["action"][first:], found["target"][first:], half_period)

    metrics = {
        "best_lag_correlation": best(done.results["rewarded"]),
        "shuffled_best_lag_correlation": best(done.results["shuffled"]),
    }
    return done.outcome(metrics)


def figure(p: Parameters, outcome: Outcome) -> Figure:
    """The error while learning; the output just before its end, with exploration, and at the end of the test."""
    drawn = new_figure(7.2, 3.4)
    grid = drawn.add_gridspec(2, 2, width_ratios=[1.0, 1.6])
    course, last, test = (clean(drawn.add_subplot(at)) for at in (grid[:, 0], grid[0, 1], grid[1, 1]))
    looks = {"rewarded": {"color": PALETTE[0]}, "shuffled": {"color": CONTROL, "ls": DASHED}}
    n, seconds = round(p.duration / EVERY), round(1000.0 / EVERY)
    for name, look in looks.items():
        found = outcome.data[name]
        if found is not None:
            error = (found["action"] - found["target"])[:n] ** 2
            each = error[: n // seconds * seconds].reshape(-1, seconds).mean(axis=1)
            course.semilogy(0.5 + np.arange(len(each)), each, lw=0.8, label=name, **look)
    course.set(xlabel="time (s)", ylabel="squared error of the action, mean of 1 s")
    plain_legend(course, loc="center right")
    rewarded = outcome.data["rewarded"]
    for ax, begin, title in (
        (last, n - 2 * seconds, "end of learning, with exploration"), (test, -2 * seconds, "end of the test"),
    ):  # fmt: skip
        if rewarded is not None:
            part = slice(begin, None if begin < 0 else begin + 2 * seconds)
            action, target = rewarded["action"][part], rewarded["target"][part]
            times = np.arange(len(action)) * EVERY * 1e-3
            ax.plot(times, target, color=INK, lw=0.9, ls=DASHED, label="target")
            ax.plot(times, action, color=PALETTE[0], lw=0.9, label="action")
        ax.set(xlabel="time (s)", ylabel="output", xlim=(0.0, 2.0), ylim=(-1.7, 2.3))
        ax.set_title(title, fontsize=8, loc="right")
    plain_legend(test, loc="upper left", ncols=2)
    letter_panels((course, last, test))
    return drawn
