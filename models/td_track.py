"""Temporal differences in spikes: the value of places on a track, and dopamine that moves from the reward to the cue.

Fremaux, N., Sprekeler, H. & Gerstner, W. (2013). Reinforcement learning using a continuous time actor-critic framework
with spiking neurons. PLoS Computational Biology 9:e1003024. The critic of that paper; the agent runs by itself.

In each trial the agent runs along a track at a constant speed and finds a reward at its end. Place cells tell where it
is, and excite the cells of a critic. Filtered with kappa(t) = (exp(-t/tau_kappa) - exp(-t/nu_kappa))/(tau_kappa -
nu_kappa), the critic's spikes are the value V = nu rho + V_0, with rho the mean rate (Eq. 8), and dopamine signals how
wrong this value is, delta = V' - V/tau_r + r (Eq. 7). A synapse learns by w' = eta delta e, with an eligibility e of
the target's spikes times the potential that its own arrivals cause, filtered with kappa too (Eq. 17).

Acceptance criteria, in the last 20 trials with a reward. The value follows the discounted reward that is still to come,
with a correlation of at least 0.9 and a root-mean-square error of at most 0.15 of the peak, and V(0)/V(T), the first
fifth of the track against the last, is what it should be within 20 %. The response of dopamine moves from the reward
to the cue, as Schultz found, and where a reward is left out dopamine falls below its baseline. Controls: delta = r, so
that the reward itself is learned, and the value grows to where the weights end; and place fields that are others in
each trial, so that there is nothing to learn about a place and the value is flat (it still rises after the cue, so its
correlation is no good measure). And an ablation: an eligibility that jumps and then decays is not in step with V', so
that errors are learned by the wrong places.

What differs from the paper: the length of the track, 3 s, and tau_r, 2 s. V is as late as kappa is long, 250 ms. Reward
arrives as kappa(t), as in the paper, and the value expected is that of reward as it arrives. The cells of the critic
are SRM0 neurons with the paper's escape rate; the potential that an arrival causes is not reset at a spike of the
target. The learning rate was chosen with seeds 101 and 102.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

import spikelearn as sl
from spikelearn.experiments import Control, Goal, Outcome, Published, finished, parameter, run_conditions

LEAD = 3000.0
"""ms before the first trial, in which the rate of the critic settles, unlearned."""
AFTER = 1500.0
"""ms after a reward that still belong to its trial."""
WINDOW = 800
"""ms from the cue or the reward on in which the response of dopamine is averaged."""


@dataclass(frozen=True)
class Parameters:
    n_trials: int = parameter(240, "", "trials with a reward")
    measured: int = parameter(20, "", "the last so many of them are measured, and half as many first ones")
    omissions: int = parameter(10, "", "trials without a reward, after all others")
    running: float = parameter(3000.0, "ms", "how long the agent runs along the track")
    tau_r: float = parameter(2000.0, "ms", "time constant of discounting")
    tau_kappa: float = parameter(200.0, "ms", "time constant with which kappa decays")
    nu_kappa: float = parameter(50.0, "ms", "time constant with which it rises")
    n_places: int = parameter(41, "", "place cells, evenly along the track")
    place_rate: float = parameter(500.0, "Hz", "rate of all place cells together")
    place_width: float = parameter(0.05, "", "standard deviation of a place field, in lengths of the track")
    n_critic: int = parameter(100, "", "cells of the critic")
    nu: float = parameter(0.02, "1/Hz", "value for each Hz of their mean rate")
    baseline: float = parameter(20.0, "Hz", "their rate at which the value is 0: V_0 = -nu baseline")
    background: float = parameter(20.0, "Hz", "rate of each of 25 sources that drive the critic between trials")
    weight: float = parameter(1.0, "mV", "from a source to a critic cell at the start; 10 % either way")
    W_max: float = parameter(3.0, "mV", "largest weight")
    eta: float = parameter(2e-5, "mV", "learning rate")


QUICK = {"n_trials": 20, "measured": 5, "omissions": 2}
SEEDS = 5
TUNED = "the learning rate, on seeds 101 and 102; the controls have the same"
PUBLISHED = {
    "value_correlation": Goal("at least 0.9", low=0.9, source="chosen here; Fremaux et al. 2013, Fig. 3"),
    "value_rmse": Goal("at most 0.15 of the peak", high=0.15, source="chosen here"),
    "value_ratio": Goal("1: V(0)/V(T) as expected, within 20 %", low=0.8, high=1.2, source="chosen here"),
    "delta_reward_ratio": Published("at most 0.3 of what it was", low=-0.5, high=0.3, source="Schultz et al. 1997"),
    "delta_cue": Published("at least 0.3 /s", low=0.3, source="Schultz et al. 1997"),
    "delta_omission": Published("below 0", high=-0.1, source="Schultz et al. 1997"),
    "control_delta_cue": Control("none", low=-0.1, high=0.1, source="control: delta = r"),
    "control_value_rmse": Control("above 0.3 of the peak", low=0.3, source="control: delta = r"),
    "ablated_value_correlation": Control("below 0.9", high=0.9, source="ablation: the eligibility does not rise"),
    "shuffled_value_ratio": Control("at least 1.5: flat", low=1.5, source="control: other places each trial"),
}


class Built(NamedTuple):
    network: sl.Network
    starts: np.ndarray


def build(p: Parameters, seed: int, delta_is_reward: bool = False, shuffled: bool = False, rises: bool = True) -> Built:
    """The network and the times at which the agent starts along the track, 3 to 5 s after it has arrived."""
    random = np.random.default_rng(seed)
    pauses = random.integers(3000, 5000, p.n_trials + p.omissions)
    starts = LEAD + np.cumsum(pauses + p.running) - p.running - pauses[0]
    times = np.arange(0.0, starts[-1] + p.running + AFTER, 10.0)
    trial = np.maximum(np.searchsorted(starts, times, side="right") - 1, 0)
    position = (times - starts[trial]) / p.running
    runs = (position >= 0.0) & (position < 1.0)
    away = np.clip(position, 0.0, 1.0)[:, None] - np.linspace(0.0, 1.0, p.n_places)
    fields = np.exp(-0.5 * (away / p.place_width) ** 2)
    rates = np.where(runs[:, None], p.place_rate * fields / fields.sum(axis=1, keepdims=True), 0.0)
    if shuffled:
        others = np.stack([random.permutation(p.n_places) for _ in starts])
        rates = np.take_along_axis(rates, others[trial], axis=1)

    net = sl.Network(dt=1.0, seed=seed)
    places = net.population(p.n_places, sl.Poisson(rate=sl.Timed(rates, 10.0)), name="places")
    resting = sl.Timed(np.where(runs, 0.0, p.background), 10.0)
    background = net.population(25, sl.Poisson(rate=resting), name="background")
    cell = sl.SRM0(E_L=0.0, V_th=16.0, Delta_V=5.0, rho_0=60.0, eta_0=5.0, tau_eta=20.0, tau_m=20.0)
    critic = net.population(p.n_critic, cell, name="critic")
    found = net.population(1, sl.SpikeList(starts[: p.n_trials] + p.running), name="rewards")

    kappa = {"tau": p.tau_kappa, "tau_rise": p.nu_kappa}
    value = net.readout(critic, weights=p.nu / p.n_critic, name="value", **kappa)
    reward = net.readout(found, weights=1.0, name="reward", **kappa)  # kappa(t) in 1/s
    delta = net.modulator("delta", tau=math.inf)
    net.follow(delta, reward)
    if not delta_is_reward:
        per_second = 1e3 / p.tau_r
        net.follow(delta, value, weight=-per_second, derivative=1e3, offset=per_second * p.nu * p.baseline)
    rule = sl.DopamineSTDP(
        delta, A_plus=p.eta, A_minus=0.0, tau_plus=20.0, tau_c=p.tau_kappa, tau_rise=p.nu_kappa if rises else 0.0,
        W_min=0.0, W_max=p.W_max,
    )  # fmt: skip
    weight = sl.Uniform(0.9 * p.weight, 1.1 * p.weight)
    net.connect(places, critic, weight=weight, plasticity=rule, name="learned")
    net.connect(background, critic, weight=p.weight, name="at rest")
    net.record(value)
    net.record(delta, "n", every=1.0)
    return Built(net, starts)


def expected_value(p: Parameters) -> np.ndarray:
    """(running,) the discounted reward to come, V(t) = integral of kappa(s - T) exp((t - s)/tau_r) ds, in each ms."""
    to_go = p.running - np.arange(round(p.running))
    integrals = [tau / (1.0 + tau / p.tau_r) for tau in (p.tau_kappa, p.nu_kappa)]
    return np.exp(-to_go / p.tau_r) * (integrals[0] - integrals[1]) / (p.tau_kappa - p.nu_kappa)


class Courses(NamedTuple):
    """Means over trials, to AFTER the reward: the value, and delta of early, late and unrewarded trials."""

    value: np.ndarray
    early: np.ndarray
    late: np.ndarray
    unrewarded: np.ndarray


def courses(p: Parameters, run: sl.Run, starts: np.ndarray) -> Courses:
    length = round(p.running + AFTER)
    value = run.trace("value", "value").values[:, 0] - p.nu * p.baseline
    delta = run.trace("delta", "n").values[:, 0]

    def mean(of: np.ndarray, trials: np.ndarray) -> np.ndarray:
        return np.stack([of[start : start + length] for start in trials.astype(int)]).mean(axis=0)

    rewarded, unrewarded = starts[: p.n_trials], starts[p.n_trials :]
    early, late = rewarded[: max(1, p.measured // 2)], rewarded[-p.measured :]
    return Courses(mean(value, late), *(mean(delta, each) for each in (early, late, unrewarded)))


def value_metrics(p: Parameters, found: Courses) -> dict[str, float]:
    """The value compared with what it should be, in bins of 50 ms; V(0) begins 250 ms after the cue, as kappa takes."""
    expected = expected_value(p)
    value = found.value[: len(expected)]
    fifth, passed = len(expected) // 5, round(p.tau_kappa + p.nu_kappa)
    measured, due = (each[: len(each) // 50 * 50].reshape(-1, 50).mean(axis=1) for each in (value, expected))
    of_each = [each[passed : passed + fifth].mean() / each[-fifth:].mean() for each in (value, expected)]
    return {
        "value_correlation": float(np.corrcoef(measured, due)[0, 1]),
        "value_rmse": float(np.sqrt(np.mean((measured - due) ** 2)) / due.max()),
        "value_ratio": float(of_each[0] / of_each[1]),
    }


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    p = parameters

    def condition(**how: bool) -> Any:
        def made() -> tuple[sl.Run, Courses]:
            built = build(p, seed, **how)
            duration = float(built.starts[-1] + p.running + AFTER)
            run = finished(built.network.run(duration, sink=None if how else sink, progress=progress))
            return run, courses(p, run, built.starts)

        return made

    done = run_conditions(
        learned=condition(), control=condition(delta_is_reward=True), shuffled=condition(shuffled=True),
        ablated=condition(rises=False),
    )  # fmt: skip
    found = done.results
    metrics: dict[str, Any] = dict.fromkeys(PUBLISHED)
    if (learned := found["learned"]) is not None:
        cue, reward = slice(0, WINDOW), slice(round(p.running), round(p.running) + WINDOW)
        metrics |= value_metrics(p, learned)
        metrics["delta_reward_ratio"] = float(learned.late[reward].mean() / learned.early[reward].mean())
        metrics["delta_cue"] = float(learned.late[cue].mean())
        metrics["delta_omission"] = float(learned.unrewarded[reward].mean())
        metrics["delta_cue_before"] = float(learned.early[cue].mean())
    if (control := found["control"]) is not None:
        metrics["control_delta_cue"] = float(control.late[:WINDOW].mean())
        metrics["control_value_rmse"] = value_metrics(p, control)["value_rmse"]
    if (ablated := found["ablated"]) is not None:
        metrics |= {f"ablated_{name}": value for name, value in value_metrics(p, ablated).items()}
    if (shuffled := found["shuffled"]) is not None:
        metrics |= {f"shuffled_{name}": value for name, value in value_metrics(p, shuffled).items()}
    return done.outcome(metrics, courses=found)


def figure(parameters: Parameters, outcome: Outcome) -> Any:
    """The value along the track beside its controls, and dopamine in early, late and unrewarded trials."""
    from spikelearn.plots.panels import panels, plain_legend
    from spikelearn.plots.style import CONTROL, DASHED, DOTTED, FAINT, INK, TEXT_SIZE, colour

    p, found = parameters, outcome.data["courses"]
    value, delta = panels(None, 1, 2, (7.4, 3.0), width_ratios=[1.0, 1.25])
    at = np.arange(round(p.running)) * 1e-3
    handles = value.plot(at, expected_value(p), color=INK, lw=1.0, ls=DASHED, label="reward to come")
    for name, label, look in (
        ("learned", "learned", {"color": colour(0), "lw": 1.4}),
        ("shuffled", "other places each trial", {"color": CONTROL, "lw": 1.0, "ls": DOTTED}),
        ("control", "delta = r", {"color": colour(1), "lw": 1.0}),
    ):
        if found[name] is not None:
            handles += value.plot(at, found[name].value[: len(at)], label=label, **look)
    value.set_ylim(-0.2, 1.2)
    value.set_xlabel("time from the cue (s)")
    value.set_ylabel("value")
    plain_legend(value, handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
    if found["learned"] is not None:
        after = np.arange(len(found["learned"].late)) * 1e-3
        lines = []
        for course, label, look in (
            (found["learned"].early, f"first {max(1, p.measured // 2)} trials", {"color": FAINT, "lw": 1.2}),
            (found["learned"].late, f"last {p.measured} trials", {"color": colour(0), "lw": 1.4}),
            (found["learned"].unrewarded, "no reward", {"color": colour(1), "lw": 1.2, "ls": DASHED}),
        ):
            lines += delta.plot(after, np.convolve(course, np.full(50, 0.02), "same"), label=label, **look)
        delta.axhline(0.0, color=INK, lw=0.5)
        delta.axvline(p.running * 1e-3, color=INK, lw=0.6, ls=DOTTED)
        delta.text(p.running * 1e-3, delta.get_ylim()[1], " reward", va="top", size=TEXT_SIZE, color=INK)
        delta.set_xlabel("time from the cue (s)")
        delta.set_ylabel("dopamine, delta (1/s)")
        plain_legend(delta, handles=lines, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
    return value.figure
