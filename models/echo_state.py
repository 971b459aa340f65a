"""Echo state network: rate units, the limit of a spiking reservoir, read out by regression and by reward.

Jaeger, H. & Haas, H. (2004). Harnessing nonlinearity: predicting chaotic systems and saving energy in wireless
communication. Science 304:78; and for reward Hoerzer, Legenstein & Maass (2014), see `hoerzer_2014`.

400 units r = tanh(x), sparsely connected at random, and one output z = w r that is fed back to all of them. By
regression: the network is shown the Mackey-Glass series (delay 17), from which it gets echoes that fade; the weights
are found once, by ridge regression on 2,000 steps, to give the next value of the series. Then its own output takes the
place of the series, so that it predicts from its own predictions. By reward: the same units, slower and connected more
strongly, learn a sine of 1 Hz without ever being shown it, as in `hoerzer_2014`.

Acceptance criteria: 84 steps ahead, the root of the mean squared error over 50 predictions is at most a tenth of the
standard deviation of the series. Learned by reward, the sine goes on by itself for 20 s and has a correlation with the
target of at least 0.9, at the best lag within half a period.

Controls: the same regression without recurrent connections, where nothing but the leak of the units remembers; and
reward at random. Differs from the paper: 400 units instead of 1,000, a step of the series is a step of 1 ms, and
there are 2,000 samples instead of 3,000; the series enters as tanh(y - 1), as there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

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

AHEAD = 84
"""Steps of a prediction."""
SHOWN = 100
"""Steps of the series that are shown before each prediction."""
WASHOUT = 200
"""Steps of the series before the first sample."""
EVERY = 5.0
"""ms between samples of what is learned by reward."""


@dataclass(frozen=True)
class Parameters:
    size: int = parameter(400, "", "number of units")
    density: float = parameter(0.1, "", "probability of a connection")
    radius: float = parameter(0.9, "", "largest modulus of an eigenvalue of the recurrent weights, for regression")
    tau: float = parameter(1.5, "ms", "time constant of the units, for regression")
    bias: float = parameter(0.2, "", "half the width of the uniform constant input")
    samples: int = parameter(2000, "", "samples of the regression")
    P0: float = parameter(1e9, "", "inverse of the regularisation")
    predictions: int = parameter(50, "", "predictions that are tested")
    duration: float = parameter(1_000_000.0, "ms", "length of learning by reward; then comes a test of 20 s")
    slow_tau: float = parameter(50.0, "ms", "time constant of the units, for reward")
    gain: float = parameter(1.2, "", "of the recurrent weights, for reward; with 1 the radius is about 1")

    def __post_init__(self) -> None:
        if self.size < 10 or self.samples < 10 or self.predictions < 2 or self.duration < 1000.0:
            raise ValueError("expected 10 units or more, 10 samples or more, 2 predictions or more and 1000 ms or more")


QUICK = {"size": 200, "samples": 1000, "predictions": 10, "duration": 50_000.0}
SEEDS = 5
TUNED = "size, gain, time constants and length of learning are ours, chosen on seeds not on record"

PUBLISHED = {
    "regression_nrmse": Published("10^-4.2 with 1,000 units", high=0.1, source="Jaeger & Haas 2004, Fig. 1"),
    "no_recurrence_nrmse": Control("more than 0.5", low=0.5, source="control", of="regression_nrmse"),
    "reward_best_lag_correlation": Published("close to 1", low=0.9, source="Hoerzer et al. 2014, Fig. 2"),
    "shuffled_best_lag_correlation": Control(
        "at most 0.3", high=0.3, source="control: reward at random", of="reward_best_lag_correlation"
    ),
}


class Predictions(NamedTuple):
    """predicted, series: (predictions, AHEAD), in units of tanh(y - 1). sd: standard deviation of the series."""

    predicted: np.ndarray
    series: np.ndarray
    sd: float

    @property
    def nrmse(self) -> float:
        return float(np.sqrt(np.mean((self.predicted - self.series)[:, -1] ** 2)) / self.sd)


def mackey_glass(n: int, seed: int, delay: float = 17.0, dt: float = 0.1) -> np.ndarray:
    """(n,) samples at whole times of y' = 0.2 y_delayed / (1 + y_delayed^10) - 0.1 y, by Runge and Kutta's method."""
    back, per_sample, skipped = round(delay / dt), round(1.0 / dt), 1000
    y = np.full(back + 1 + (n + skipped) * per_sample, 1.2)
    y[: back + 1] += np.random.default_rng(seed).uniform(-0.1, 0.1)

    def slope(now: float, late: float) -> float:
        return 0.2 * late / (1.0 + late**10) - 0.1 * now

    for k in range(back, len(y) - 1):
        late, next_late = y[k - back], y[k - back + 1]
        middle = 0.5 * (late + next_late)
        a = slope(y[k], late)
        b = slope(y[k] + 0.5 * dt * a, middle)
        c = slope(y[k] + 0.5 * dt * b, middle)
        d = slope(y[k] + dt * c, next_late)
        y[k + 1] = y[k] + dt / 6.0 * (a + 2.0 * b + 2.0 * c + d)
    return y[back::per_sample][skipped : skipped + n]


def reservoir(net: sl.Network, p: Parameters, tau: float, seed: int, radius: float | None) -> sl.Population:
    """The units, connected at random. radius: None for weights with a standard deviation that the gain gives."""
    random = np.random.default_rng(seed)
    units = net.population(p.size, sl.TanhRate(tau=tau, noise=0.05 if radius is None else 0.0), name="units")
    pre, post = np.nonzero(random.random((p.size, p.size)) < p.density)
    weights = np.zeros((p.size, p.size))
    weights[pre, post] = random.normal(0.0, p.gain / math.sqrt(p.density * p.size), len(pre))
    if radius is not None:
        weights *= radius / np.abs(np.linalg.eigvals(weights)).max()
    net.connect(units, units, rule=sl.Pairs(pre, post), weight=weights[pre, post], delay=1.0, on="rate", payload="r")
    return units


def show(step, shown, output, series, by_itself):
    """Called in every step, compiled: what the units get in the next one."""
    shown[0] = output[0] if by_itself[0] != 0 else series[step]


def switch(trial, phase, by_itself):
    """At the end of a phase, compiled: the next one is a prediction if this one was not."""
    by_itself[0] = 1 - by_itself[0]


def predict(p: Parameters, seed: int, radius: float, sink: Any, progress: bool | None) -> tuple[sl.Run, Predictions]:
    """Regression, and the predictions after it."""
    period = SHOWN + AHEAD
    learned = WASHOUT + p.samples
    series = np.tanh(mackey_glass(learned + p.predictions * period + 1, seed) - 1.0)
    random = np.random.default_rng([seed, 1])
    net = sl.Network(dt=1.0, seed=seed)
    units = reservoir(net, p, p.tau, seed, radius)
    net.drive(units, sl.StepCurrent([0.0], [random.uniform(-p.bias, p.bias, p.size)]))
    learning = sl.Ridge(P0=p.P0, start=float(WASHOUT), stop=float(learned))
    output = net.readout(units, variable="r", learning=learning, target=series, name="output")
    shown, by_itself = net.signal("shown"), np.zeros(1, np.int64)
    net.on_step(show, shown.values, output.values, series, by_itself)
    net.feed(shown, units, weights=random.uniform(-1.0, 1.0, p.size))
    net.record(output)
    finished(net.run(learned, progress=progress))
    callback = sl.Callback(switch, (by_itself,))
    phases = [sl.Phase(SHOWN, callback=callback), sl.Phase(AHEAD, callback=callback)]
    run = finished(net.run(trials=sl.Trials(phases, p.predictions), sink=sink, progress=progress))
    predicted = run.trace(output, "value").values[:, 0].reshape(-1, period)[:, SHOWN:]
    wanted = series[learned + 1 :][: p.predictions * period].reshape(-1, period)[:, SHOWN:]
    return run, Predictions(predicted, wanted, float(series.std()))


def sine(step, target):
    """Called in every step, compiled."""
    target[0] = math.sin(2e-3 * math.pi * step)


def reward(p: Parameters, seed: int, shuffled: bool, progress: bool | None) -> tuple[sl.Run, dict[str, np.ndarray]]:
    """A sine learned from reward: the action and the target in the test."""
    net = sl.Network(dt=1.0, seed=seed)
    units = reservoir(net, p, p.slow_tau, seed, None)
    target = net.signal("target")
    net.on_step(sine, target.values)
    rule = RewardHebb(p.duration, exploration=0.5, eta=5e-4, eta_half=150_000.0, keep=0.8, shuffled=shuffled)
    _, action = learn_by_reward(net, units, "r", target, rule, seed)
    net.feed(action, units, weights=np.random.default_rng([seed, 1]).uniform(-1.0, 1.0, p.size))
    for signal in (action, target):
        net.record(signal, every=EVERY, start=p.duration)
    run = finished(net.run(p.duration + 20_000.0, progress=progress))
    return run, {name: run.trace(name, "value").values[:, 0] for name in ("action", "target")}


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """Regression with and without recurrent connections, then learning by reward, and by reward at random."""
    p = parameters
    done = run_conditions(
        regression=lambda: predict(p, seed, p.radius, sink, progress),
        no_recurrence=lambda: predict(p, seed, 0.0, None, progress),
        reward=lambda: reward(p, seed, False, progress),
        shuffled=lambda: reward(p, seed, True, progress),
    )

    def best(found: dict[str, np.ndarray] | None) -> float | None:
        if found is None or np.ptp(found["action"]) == 0.0:
            return None
        return sl.analysis.best_lag_correlation(found["action"], found["target"], round(500.0 / EVERY))

    def error(found: Predictions | None) -> float | None:
        return None if found is None else found.nrmse

    metrics = {
        "regression_nrmse": error(done.results["regression"]),
        "no_recurrence_nrmse": error(done.results["no_recurrence"]),
        "reward_best_lag_correlation": best(done.results["reward"]),
        "shuffled_best_lag_correlation": best(done.results["shuffled"]),
    }
    return done.outcome(metrics)


def figure(p: Parameters, outcome: Outcome) -> Figure:
    """A prediction, the error by how far it goes, and the end of the test of what was learned by reward."""
    drawn = new_figure(7.4, 2.5)
    prediction, growth, learned = (clean(ax) for ax in drawn.subplots(1, 3))
    looks = {
        "regression": {"color": PALETTE[0], "label": "recurrent"},
        "no_recurrence": {"color": CONTROL, "ls": DASHED, "label": "no recurrence"},
    }
    steps = np.arange(1, AHEAD + 1)
    for name, look in looks.items():
        found = outcome.data[name]
        if found is not None:
            prediction.plot(steps, found.predicted[0], lw=1.0, **look)
            error = np.sqrt(np.mean((found.predicted - found.series) ** 2, axis=0)) / found.sd
            growth.semilogy(steps, error, lw=1.0, **look)
    if outcome.data["regression"] is not None:
        prediction.plot(steps, outcome.data["regression"].series[0], color=INK, lw=0.9, ls=":", label="series")
    prediction.set(xlabel="steps ahead", ylabel="tanh(y - 1)", ylim=(-0.7, 1.1))
    growth.axhline(0.1, color=INK, lw=0.6)
    growth.set(xlabel="steps ahead", ylabel="error / standard deviation")
    found = outcome.data["reward"]
    if found is not None:
        times = np.arange(round(2000.0 / EVERY)) * EVERY * 1e-3
        learned.plot(times, found["target"][-len(times) :], color=INK, lw=0.9, ls=DASHED, label="target")
        learned.plot(times, found["action"][-len(times) :], color=PALETTE[1], lw=1.0, label="by reward")
    learned.set(xlabel="time (s)", ylabel="output", ylim=(-1.2, 2.2))
    for ax in (prediction, learned):
        plain_legend(ax, loc="upper left")
    letter_panels((prediction, growth, learned))
    return drawn
