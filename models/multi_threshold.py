"""A neuron with a threshold for each arm: inputs to two arms do not add up, and the spike reveals its arm of origin.

Sardi, S., Vardi, R., Sheinin, A., Goldental, A. & Kanter, I. (2017). New types of experiments reveal that a neuron
functions as multiple independent threshold units. Sci. Rep. 7:18036.

sl.multi_threshold: tau_m V_k' = -V_k for each arm k, each with its own noisy threshold, 1 +- 5 %. The first arm to
cross its threshold fires the axon, with that arm's waveform, and only this arm is reset. Strengths are in thresholds.

Acceptance criteria of the three experiments, in which each cell is one trial:

summation    0.8 on one arm evokes no spike, nor does 0.8 on each of two arms; twice 0.8 on one arm always does.
inhibition   1.2 on one arm evokes a spike, even if -0.6 arrives at the other at the same time.
waveform     From the axon's potential after a spike alone, a classifier infers which arm was stimulated. It compares
             the peak and the width with their means over half of the cells, and is tested on the others.
Control: the usual neuron, with one threshold on the sum of all inputs (the same model with one arm). It sums the inputs
to two arms, inhibition cancels excitation wherever it arrives, and all its spikes look the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.experiments import Control, Goal, Outcome, Published, parameter, run_conditions
from spikelearn.plots.panels import colour_bar, empty_panels, letter_panels, new_figure, plain_legend, plain_title
from spikelearn.plots.style import CONTROL, DASHED, DOTTED, INK, PALETTE, TEXT_SIZE, clean

SEEDS = 5
TUNED = "nothing: stimuli are below the threshold alone and above it together, or above it alone"


@dataclass(frozen=True)
class Parameters:
    arms: int = parameter(2, "", "arms of the neuron, 2 to 4; the first two are stimulated together")
    trials: int = parameter(1000, "", "cells of each protocol, each one trial")
    strength: float = parameter(0.8, "", "a stimulus below threshold")
    excitation: float = parameter(1.2, "", "a stimulus above threshold, to one arm")
    inhibition: float = parameter(-0.6, "", "simultaneous stimulus to the other arm")
    sigma_th: float = parameter(0.05, "", "standard deviation of a threshold")
    tau_th: float = parameter(10.0, "ms", "its correlation time")
    tau_m: float = parameter(10.0, "ms", "time constant of an arm")
    sigma_waveform: float = parameter(0.05, "", "standard deviation of the logarithms of peak and width of a spike")
    onset: float = parameter(5.0, "ms", "when stimuli arrive")
    duration: float = parameter(40.0, "ms", "simulated time")
    dt: float = parameter(0.05, "ms", "time step")
    map_step: float = parameter(0.05, "", "step of the strengths of the map")
    map_highest: float = parameter(1.5, "", "largest strength of the map, on either arm")
    map_trials: int = parameter(20, "", "cells for each pair of strengths of the map")

    def __post_init__(self) -> None:
        if self.arms not in (2, 3, 4):
            raise ValueError(f"arms: expected 2, 3 or 4, got {self.arms}")
        if self.trials < 4 or self.map_trials < 1:
            raise ValueError("trials and map_trials: expected at least 4 and 1")
        if not self.onset + WAVEFORM < self.duration:
            raise ValueError(f"duration: expected more than onset + {WAVEFORM:g} ms, got {self.duration:g} ms")
        if not 0.0 < self.map_step <= self.map_highest:
            raise ValueError(f"map_step: expected more than 0 and at most map_highest, got {self.map_step:g}")


QUICK = {"trials": 200, "map_step": 0.15, "map_trials": 10}

WAVEFORM = 3.0  # ms after a spike used by the classifier

_OWN = "chosen here, after the paper's findings"
PUBLISHED = {
    "one_arm_probability": Goal(0.0, high=0.05, source=_OWN),
    "two_arms_probability": Published(0.0, high=0.05, source="Sardi et al. 2017: no summation across arms"),
    "same_arm_probability": Published(1.0, low=0.95, source="Sardi et al. 2017: summation within an arm"),
    "excitation_inhibition_probability": Goal(1.0, low=0.95, source=_OWN),
    "waveform_accuracy": Published("the waveform reveals the arm", low=0.99, source="Sardi et al. 2017"),
    "control_one_arm_probability": Control(0.0, high=0.05, source="one threshold on the sum"),
    "control_two_arms_probability": Control(1.0, low=0.95, source="one threshold on the sum"),
    "control_same_arm_probability": Control(1.0, low=0.95, source="one threshold on the sum"),
    "control_excitation_inhibition_probability": Control(0.0, high=0.05, source="one threshold on the sum"),
    "control_waveform_accuracy": Control("chance: 1/arms", high=0.65, source="one threshold on the sum"),
}


class Stimuli(NamedTuple):
    """first, second: (n, 2), the arm (from 0) and the strength of each stimulus of each cell."""

    first: np.ndarray
    second: np.ndarray


class Map(NamedTuple):
    """strengths (k,); probabilities (k, k) of a spike: a row per strength on arm 2, a column per strength on arm 1."""

    strengths: np.ndarray
    probabilities: np.ndarray


class Waveforms(NamedTuple):
    """times (t,) ms after the spike; traces (n, t) mV of the axon; arms (n,) that were stimulated; accuracy."""

    times: np.ndarray
    traces: np.ndarray
    arms: np.ndarray
    accuracy: float


def protocols(p: Parameters) -> dict[str, tuple[tuple[int, float], tuple[int, float]]]:
    """Protocol -> (arm, strength) of its two stimuli, which arrive together."""
    return {
        "one_arm": ((0, p.strength), (0, 0.0)),
        "two_arms": ((0, p.strength), (1, p.strength)),
        "same_arm": ((0, p.strength), (0, p.strength)),
        "excitation_inhibition": ((0, p.excitation), (1, p.inhibition)),
    }


def stimulate(
    p: Parameters, seed: int, arms: int, stimuli: Stimuli, record: bool, sink: Any = None, progress: bool | None = None
) -> tuple[sl.Run, np.ndarray]:
    """The run, and the number of spikes of each cell. With one arm, all stimuli go to that arm.

    record: whether to record the potentials of the axons.
    """
    model = sl.multi_threshold(arms)
    n = len(stimuli.first)
    stationary = {f"noise_{k + 1}": sl.Normal(0.0, p.sigma_th) for k in range(arms) if p.sigma_th > 0}
    cell = model(tau_m=p.tau_m, sigma_th=p.sigma_th, tau_th=p.tau_th, sigma_waveform=p.sigma_waveform)
    net = sl.Network(dt=p.dt, seed=seed)
    cells = net.population(n, cell, name="cells", initial=stationary)
    for name, given in (("first", stimuli.first), ("second", stimuli.second)):
        source = net.population(n, sl.SpikeList(np.full(n, p.onset - p.dt), np.arange(n)), name=f"{name} stimulus")
        to = np.minimum(given[:, 0].astype(int), arms - 1)
        for arm in np.unique(to):
            ids = np.flatnonzero((to == arm) & (given[:, 1] != 0.0))
            if len(ids):
                net.connect(source, cells, f"arm_{arm + 1}", sl.Pairs(ids, ids), weight=given[ids, 1], delay=p.dt)
    net.record(cells)
    if record:
        net.record(cells, ["V_axon", "arm"])
    run = net.run(p.duration, sink=sink, progress=progress)
    return run, np.bincount(run.spikes(cells).ids, minlength=n)


def probabilities(
    p: Parameters, seed: int, arms: int, sink: Any = None, progress: bool | None = None
) -> tuple[sl.Run, dict[str, float]]:
    """Protocol -> fraction of the cells that fire."""
    both = [np.repeat([stimuli[k] for stimuli in protocols(p).values()], p.trials, axis=0) for k in range(2)]
    run, counts = stimulate(p, seed, arms, Stimuli(*both), False, sink, progress)
    return run, dict(zip(protocols(p), (counts.reshape(-1, p.trials) > 0).mean(axis=1), strict=True))


def classify_waveforms(
    p: Parameters, seed: int, arms: int, progress: bool | None = None
) -> tuple[sl.Run, Waveforms | None]:
    """Stimulate each arm of some cells at twice the subthreshold strength, and infer the arm from the axon."""
    target = np.repeat(np.arange(p.arms), p.trials)
    stimulus = np.stack([target, np.full(len(target), p.strength)], axis=1)
    run, _ = stimulate(p, seed, arms, Stimuli(stimulus, stimulus), True, progress=progress)
    if run.interrupted:
        return run, None
    spikes = run.spikes("cells")
    ids, first = np.unique(spikes.ids, return_index=True)
    trace = run.trace("cells", "V_axon")
    begins = np.searchsorted(trace.times, spikes.times[first] - 0.5 * p.dt)
    steps = np.arange(round(WAVEFORM / p.dt))
    whole = begins + len(steps) <= len(trace.times)
    ids, begins = ids[whole], begins[whole]
    traces = trace.values[begins[:, None] + steps, ids[:, None]]
    return run, Waveforms(p.dt * steps, traces, target[ids], nearest_mean(traces, target[ids]))


def nearest_mean(traces: np.ndarray, labels: np.ndarray) -> float:
    """Fraction of the odd traces classified correctly by the nearest mean of the even ones, by peak and width.

    The area of an alpha function is e times its peak times its width, so area over peak measures the width.
    """
    peak = traces.max(axis=1)
    features = np.log(np.stack([peak, traces.sum(axis=1) / peak], axis=1))
    learn, test = slice(0, None, 2), slice(1, None, 2)
    known = np.unique(labels[learn])
    means = np.array([features[learn][labels[learn] == label].mean(axis=0) for label in known])
    deviations = features[learn] - means[np.searchsorted(known, labels[learn])]
    scaled = (features[test][:, None] - means) / deviations.std(axis=0)
    return float((known[np.argmin((scaled**2).sum(axis=2), axis=1)] == labels[test]).mean())


def respond(p: Parameters, seed: int, arms: int, progress: bool | None = None) -> tuple[sl.Run, Map | None]:
    """Fraction of cells that fire for each pair of strengths on arms 1 and 2."""
    strengths = np.arange(0.0, p.map_highest + 1e-9, p.map_step)
    second, first = (np.repeat(grid.ravel(), p.map_trials) for grid in np.meshgrid(strengths, strengths, indexing="ij"))
    stimuli = Stimuli(np.stack([0.0 * first, first], axis=1), np.stack([0.0 * second + 1.0, second], axis=1))
    run, counts = stimulate(p, seed, arms, stimuli, False, progress=progress)
    if run.interrupted:
        return run, None
    return run, Map(strengths, (counts > 0).reshape(len(strengths), len(strengths), -1).mean(axis=2))


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """Run the protocols, the waveforms and the map, each with its control; returns the run of the protocols."""
    p = parameters
    done = run_conditions(
        probabilities=lambda: probabilities(p, seed, p.arms, sink, progress),
        control_probabilities=lambda: probabilities(p, seed, 1, progress=progress),
        waveforms=lambda: classify_waveforms(p, seed, p.arms, progress),
        control_waveforms=lambda: classify_waveforms(p, seed, 1, progress),
        map=lambda: respond(p, seed, p.arms, progress),
        control_map=lambda: respond(p, seed, 1, progress),
    )
    data = done.results
    metrics: dict[str, Any] = dict.fromkeys(PUBLISHED)
    for prefix in ("", "control_"):
        for protocol, share in (data[f"{prefix}probabilities"] or {}).items():
            metrics[f"{prefix}{protocol}_probability"] = float(share)
        if data[f"{prefix}waveforms"] is not None:
            metrics[f"{prefix}waveform_accuracy"] = data[f"{prefix}waveforms"].accuracy
    return done.outcome(metrics)


LINES = ("-", DASHED, DOTTED, "-.")


def figure(parameters: Parameters, outcome: Outcome) -> Figure:
    """Spikes by strength on two arms (a) and in the control (b), the protocols (c), and the axon by arm (d)."""
    whole = new_figure(7.2, 6.0, w_pad=0.08, h_pad=0.08)
    axes = [clean(ax) for ax in whole.subplots(2, 2, height_ratios=(1.15, 1.0)).ravel()]
    data, p = outcome.data, parameters
    titles = ("a threshold for each arm", "control: one threshold on the sum")
    for ax, name, title in zip(axes, ("map", "control_map"), titles, strict=False):
        if data[name] is not None:
            image = _draw_map(ax, data[name])
            plain_title(ax, title)
            if name == "control_map":
                colour_bar(image, axes[:2], "probability of a spike", shrink=0.8, pad=0.02)
    if data["control_probabilities"] is not None:
        _draw_protocols(axes[2], p, data["probabilities"], data["control_probabilities"])
    if data["waveforms"] is not None:
        _draw_waveforms(axes[3], data["waveforms"])
    letter_panels(axes)
    empty_panels(axes)
    return whole


def _draw_map(ax: Any, found: Map) -> Any:
    half = 0.5 * (found.strengths[1] - found.strengths[0]) if len(found.strengths) > 1 else 0.5
    low, high = found.strengths[0] - half, found.strengths[-1] + half
    image = ax.imshow(
        found.probabilities, origin="lower", extent=(low, high, low, high), cmap="Greys", vmin=0.0, vmax=1.0
    )
    ax.set(xlabel="strength on arm 1 (thresholds)", ylabel="strength on arm 2 (thresholds)")
    return image


def _draw_protocols(ax: Any, p: Parameters, multi: dict[str, float], single: dict[str, float]) -> None:
    names = (
        f"{p.strength:g}\none arm", f"{p.strength:g} + {p.strength:g}\ntwo arms",
        f"{p.strength:g} + {p.strength:g}\none arm", f"{p.excitation:g}, {p.inhibition:g}\ntwo arms",
    )  # fmt: skip
    place = np.arange(len(names))
    for shift, values, shade, label in (
        (-0.2, multi, PALETTE[0], "a threshold for each arm"), (0.2, single, "white", "one threshold on the sum"),
    ):  # fmt: skip
        heights = [values[name] for name in protocols(p)]
        ax.bar(place + shift, heights, 0.36, color=shade, ec=PALETTE[0] if shade != "white" else CONTROL, label=label)
        for x, height in zip(place + shift, heights, strict=True):
            ax.text(x, height + 0.02, f"{height:.2f}", ha="center", va="bottom", size=TEXT_SIZE - 1, color=INK)
    ax.set_xticks(place, names, size=TEXT_SIZE)
    ax.set(ylim=(0.0, 1.6), yticks=[0.0, 0.5, 1.0], ylabel="probability of a spike")
    plain_legend(ax, loc="upper left", borderaxespad=0.1)


def _draw_waveforms(ax: Any, found: Waveforms) -> None:
    for arm in np.unique(found.arms):
        mine = found.traces[found.arms == arm]
        options = {"color": PALETTE[int(arm)], "ls": LINES[int(arm)]}
        ax.plot(found.times, mine[:25].T, lw=0.4, alpha=0.35, **options)
        ax.plot(found.times, mine.mean(axis=0), lw=1.8, label=f"arm {int(arm) + 1}", **options)
    ax.set(xlabel="time after the spike (ms)", xlim=(0.0, found.times[-1]), ylabel="potential of the axon (mV)")
    ax.set_ylim(bottom=0.0)
    plain_legend(ax, loc="upper right", title=f"arm classified correctly: {100 * found.accuracy:.1f} %")
