"""Burst-dependent plasticity: weights grow if the target bursts more often than it used to.

Payeur, Guerguiev, Zenke, Richards & Naud 2021, Burst-dependent synaptic plasticity can coordinate learning in
hierarchical circuits, Nature Neuroscience 24:1010, Fig. 2.

Pairs of cells are made to fire events at random, at 5 or 10 Hz, for 100 s. An event becomes a burst with a probability
set by a constant current into the dendrite, different for each pair. The target's running estimate P of its burst
probability starts at 0.2 and follows it with a time constant of 15 s. At an event of the target the weight falls by
eta P times the trace of the source's events, at a burst it grows by eta times that trace (Burstprop, without its
homeostasis): until the estimate is right, the weight moves in the direction of the surprise.

Acceptance criteria: the change of weight crosses 0 at a burst probability of 0.2. Controls: with an estimate that
starts at 0.4 it crosses there; with one that stays at 0, no bursts are expected and it grows at any burst probability.

Differs from the authors' script (apayeur/spikingburstprop, plasticity-protocol): it draws spike trains, here cells are
made to fire; the second spike of a burst comes after 2 to 12 ms, here 5 to 15; it has 20 pairs, steps of 1 ms,
probabilities up to 0.45, and an estimate that may exceed 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.experiments import Control, Outcome, Published, build_coarsely, parameter
from spikelearn.plots.style import FAINT, INK, PALETTE, TEXT_SIZE, clean


@dataclass(frozen=True)
class Parameters:
    """The constants of the cell, except its soma, are the defaults of `BurstPoisson`."""

    rates: tuple[float, ...] = parameter((5.0, 10.0), "Hz", "rates of events, source and target")
    burst_probabilities: tuple[float, ...] = parameter(
        (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5), "", "burst probabilities of both, in order"
    )
    duration: float = parameter(100_000.0, "ms", "time of pairing")
    pairs: int = parameter(60, "", "pairs of cells for each rate and burst probability")
    eta: float = parameter(0.1, "", "learning rate")
    tau_pre: float = parameter(50.0, "ms", "time constant of the trace of the source's events")
    tau_rate: float = parameter(15_000.0, "ms", "time constant of the estimate")
    start: float = parameter(0.2, "", "initial estimate of the burst probability")
    control_start: float = parameter(0.4, "", "the same in the control")
    dt: float = parameter(0.5, "ms", "time step")

    def __post_init__(self) -> None:
        if len(self.burst_probabilities) < 2 or np.any(np.diff(self.burst_probabilities) <= 0):
            raise ValueError("burst_probabilities: expected at least two, in rising order")
        if not all(0.0 <= p < 1.0 for p in self.burst_probabilities):
            raise ValueError("burst_probabilities: expected 0 to less than 1")
        if not self.rates or not all(0.0 < rate < 30.0 for rate in self.rates):
            raise ValueError("rates: expected more than 0 and less than 30 Hz, as events are at least 20 ms apart")


# Published with 20 pairs, where the results scatter by 0.01 to 0.02; with 60 pairs, by 0.6 of that.
SEEDS = 5
TUNED = "nothing: rates, times and estimate are those of the authors' script"
QUICK = {"pairs": 10, "duration": 60_000.0, "dt": 1.0}
PUBLISHED = {
    "sign_change_at": Published(0.2, low=0.15, high=0.25, source="Payeur et al. 2021, Fig. 2: start of the estimate"),
    "sign_change_at_lowest_rate": Published(0.2, low=0.15, high=0.25, source="Payeur et al. 2021, Fig. 2: 5 Hz alone"),
    "sign_change_at_highest_rate": Published(
        0.2, low=0.15, high=0.25, source="Payeur et al. 2021, Fig. 2: 10 Hz alone"
    ),
    "control_sign_change_at": Control(0.4, low=0.35, high=0.45, source="control: start of its estimate"),
    "control_growing_share": Control(1.0, low=1.0, source="control: no bursts are expected, so no weight falls"),
    "slope_ratio": Published("more than 1: more events, steeper", low=1.0, source="Payeur et al. 2021, Fig. 2"),
}

CONDITIONS = ("expected", "more expected", "nothing expected")
FORCE = 20.0
"""Conductance of an input, in units of the leak: it makes the cell fire at once, whatever came before."""
UNFELT = 1e-9
"""Scale of the weights, so small that they do not affect the cells, whose events and bursts are prescribed."""


def bias_of(cell: Any, probability: np.ndarray) -> np.ndarray:
    """The current (pA) into a resting dendrite at which its events become bursts with these probabilities."""
    with np.errstate(divide="ignore"):
        V_d = cell.E_d + cell.D_d * np.maximum(np.log(probability / (1.0 - probability)), -30.0)
    # At rest V_d - E_L = R (w_d + I) with w_d = a (V_d - E_L).
    return (V_d - cell.E_L) * (cell.C_d / cell.tau_d - cell.a)


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """Simulate all pairs at once: cell i of `source` projects to cell i of `target`."""
    p = parameters
    rates, chances, _ = np.meshgrid(p.rates, p.burst_probabilities, np.arange(p.pairs), indexing="ij")
    n = rates.size
    forced = {"tau_s": 1.0, "tau_syn_exc": 0.2, "b": 0.0, "V_th_jump": 0.0}  # a soma without memory
    bias = bias_of(sl.BurstPoisson().parameters, chances.ravel())

    net = sl.Network(dt=p.dt, seed=seed)
    # Events are at least 20 ms apart, so inputs must be slightly more frequent than events.
    wanted = rates.ravel() / (1.0 - rates.ravel() * 0.020)
    cells = {}
    for name in ("source", "target"):
        cells[name] = net.population(n, sl.BurstPoisson(**forced, I_e_apical=bias), name=name)
        force = net.population(n, sl.Poisson(rate=wanted), name=f"force of {name}")
        net.connect(force, cells[name], port="soma_exc", rule=sl.OneToOne(), weight=FORCE)
    limits = {"W_min": -1e6, "W_max": 1e6, "rate_min": 0.0, "rate_max": 1e6}
    learned = {}
    for condition, start in zip(CONDITIONS, (p.start, p.control_start, 0.0), strict=True):
        for k, rate in enumerate(p.rates):
            part = slice(k * n // len(p.rates), (k + 1) * n // len(p.rates))
            rule = sl.Burstprop(
                eta=p.eta * UNFELT, tau_pre=p.tau_pre, tau_rate=p.tau_rate if start else 1e12,
                event_rate_start=rate, burst_rate_start=start * rate, **limits,
            )  # fmt: skip
            learned[condition, k] = net.connect(
                cells["source"][part], cells["target"][part], port="soma_inh", rule=sl.OneToOne(), weight=0.0,
                on="event", plasticity=rule, name=f"{condition}, {rate:g} Hz",
            )  # fmt: skip
    net.record(cells["target"], ["spikes", "events", "bursts"])
    build_coarsely(net)  # the forced soma follows its input within a step
    run = net.run(p.duration, sink=sink, progress=progress)
    shape = len(p.rates), len(p.burst_probabilities), p.pairs
    change = {
        condition: np.concatenate([run.weights(learned[condition, k]) for k in range(len(p.rates))]).reshape(shape)
        / UNFELT
        for condition in CONDITIONS
    }
    seconds = run.duration * 1e-3
    number = {kind: np.bincount(run.spikes("target", kind).ids, minlength=n) for kind in ("event", "burst")}
    with np.errstate(invalid="ignore"):
        measured = (number["burst"] / number["event"]).reshape(shape)
    mean = {condition: change[condition].mean(axis=2) for condition in CONDITIONS}
    at = [zero_crossing(p.burst_probabilities, row) for row in mean["expected"]]
    slopes = [np.polyfit(p.burst_probabilities, row, 1)[0] for row in mean["expected"]]
    whole = zero_crossing(p.burst_probabilities, mean["expected"].mean(axis=0))
    bursting = np.asarray(p.burst_probabilities) > 0
    metrics = {
        "sign_change_at": whole,
        "sign_change_at_lowest_rate": at[0],
        "sign_change_at_highest_rate": at[-1],
        "control_sign_change_at": zero_crossing(p.burst_probabilities, mean["more expected"].mean(axis=0)),
        "control_growing_share": float(np.mean(mean["nothing expected"][:, bursting] > 0)),
        "slope_ratio": float(slopes[-1] / slopes[0]),
        "mean_event_rate": float(number["event"].mean() / seconds),
        "burst_probability_error": float(np.nanmax(np.abs(np.nanmean(measured, axis=2) - p.burst_probabilities))),
    }
    return Outcome(run, metrics, {"change": change, "measured": measured})


def zero_crossing(x: Any, y: np.ndarray) -> float | None:
    """Where a line fitted to all points crosses 0, if it rises and crosses between them; else None.

    The mean change of weight is linear in the burst probability: it is the surprise, summed while the estimate adapts.
    A fit uses all pairs, interpolation between the two points next to 0 only a few.
    """
    slope, level = np.polyfit(x, y, 1)
    at = -level / slope
    return float(at) if slope > 0 and x[0] <= at <= x[-1] else None


def figure(parameters: Parameters, outcome: Outcome) -> Figure:
    """Change of weight against burst probability at each rate (a), and with the controls (b)."""
    p, change = parameters, outcome.data["change"]
    whole = Figure(figsize=(7.6, 3.2), layout="constrained", facecolor="white")
    left, right = whole.subplots(1, 2)
    x = np.asarray(p.burst_probabilities)

    def draw(ax: Any, values: np.ndarray, **style: Any) -> None:
        error = values.std(axis=-1, ddof=1) / np.sqrt(values.shape[-1])
        ax.errorbar(x, values.mean(axis=-1), error, lw=1.3, ms=4, capsize=2, **style)

    for k, rate in enumerate(p.rates):
        draw(
            left, change["expected"][k], color=PALETTE[k % len(PALETTE)], marker="os^D"[k % 4],
            linestyle="-" if k == 0 else (0, (3.0, 1.2)), label=f"{rate:g} Hz",
        )  # fmt: skip
    styles: dict[str, tuple[Any, ...]] = {
        "expected": (INK, "o", "-", f"estimate starts at {p.start:g}"),
        "more expected": ("#7a7a7a", "s", (0, (3.0, 1.2)), f"control: at {p.control_start:g}"),
        "nothing expected": ("#a8a8a8", "^", (0, (1.0, 1.0)), "control: stays at 0"),
    }
    for condition, (shade, marker, line, label) in styles.items():
        draw(right, change[condition].mean(axis=0), color=shade, marker=marker, linestyle=line, label=label)
    lowest, highest = (f(change["expected"].mean(axis=(0, 2))) for f in (np.min, np.max))
    right.set_ylim(3.0 * lowest, 3.5 * highest)
    for ax, letter in ((left, "a"), (right, "b")):
        clean(ax)
        ax.axhline(0.0, color=FAINT, lw=0.8, zorder=0)
        ax.axvline(p.start, color=FAINT, lw=0.8, zorder=0)
        ax.set_xlabel("burst probability", size=TEXT_SIZE + 1, color=INK)
        ax.set_ylabel("change of weight (1)", size=TEXT_SIZE + 1, color=INK)
        ax.legend(frameon=False, fontsize=TEXT_SIZE, loc="upper left")
        ax.set_title(letter, loc="left", weight="bold", size=TEXT_SIZE + 3, color=INK)
    return whole
