"""Working memory in facilitated synapses: what was shown is not in the spikes, but a weak signal brings it back.

Mongillo, G., Barak, O. & Tsodyks, M. (2008). Synaptic theory of working memory. Science 319:1543. Parameters are those
of its Table S1.

8000 excitatory and 2000 inhibitory integrate-and-fire neurons. Five groups of 800 excitatory neurons each are coupled
strongly within and weakly to all else; the synapses among excitatory neurons facilitate (1.5 s) and are depleted
(0.2 s). A cue, 15 % more input to one group for 350 ms, makes it fire. What follows depends on the background input
(mV), the same for all: at 22.7 the group falls silent, but its synapses stay facilitated, and a weak readout signal,
5 % more input to all excitatory neurons 1.1 s after the cue began, makes it and no other group fire; at 23.7 it fires
in population spikes again and again; at 24.1 it keeps on firing. All trials begin afresh.

Acceptance criteria: at 22.7, for each of the five groups, a population spike (10 ms of 15 Hz or more) of the cued group
alone in the readout; at 23.7 at least five within 2 s; at 24.1 at least 5 Hz from 1 to 2 s after the cue, five times as
much as the other groups. The control at 22.7, synapses that facilitate for 20 ms only, has no memory to read out.

Weights are given as the peak of the postsynaptic potential, here of currents that decay with 2 ms; each neuron has a
fixed number of inputs, and noise is held for 1 ms. The potentials of inhibitory synapses and those of selective onto
inhibitory neurons are those of a membrane of 10 ms, of the others of 15 ms. All this is as in a public program for NEST
(gmtiddia/working_memory_spiking_network), from which this differs: its step is 0.05 ms, membranes begin at 0, the cue
comes after 3 s. The quick form has half of the neurons and synapses that are twice as strong.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.experiments import Control, Outcome, Published, finished, parameter, run_conditions
from spikelearn.plots.panels import letter_panels, new_figure, plain_title
from spikelearn.plots.style import CONTROL, FAINT, INK, PALETTE, TEXT_SIZE, clean

GROUPS = 5
C_M = 250.0
TAU_E, TAU_I, TAU_SYN = 15.0, 10.0, 2.0
BEFORE, CUE, DELAY, READOUT, AFTER = 1000.0, 350.0, 750.0, 250.0, 1150.0
LENGTH = BEFORE + CUE + DELAY + READOUT + AFTER
BIN, SPIKE = 10.0, 15.0
"""Width of bins, ms, and rate of a population spike, Hz."""
BACKGROUNDS = (22.7, 23.7, 24.1)


@dataclass(frozen=True)
class Parameters:
    size: int = parameter(10_000, "", "number of neurons; a fifth are inhibitory")
    readouts: int = parameter(GROUPS, "", "trials at the lowest background, each with another group as the cued one")
    tau_F: float = parameter(1500.0, "ms", "time constant of facilitation")
    tau_F_control: float = parameter(20.0, "ms", "that of the control")

    def __post_init__(self) -> None:
        if self.size < 2000 or self.size % 1000 or not 1 <= self.readouts <= GROUPS:
            raise ValueError("expected a size of 2000 or more in thousands, and 1 to 5 readouts")


QUICK = {"size": 5000, "readouts": 1}
SEEDS = 5
TUNED = "nothing: constants of Table S1, and what it leaves open as in a public program; not so the quick form"

PUBLISHED = {
    "readout_only_cued": Published("always", low=1.0, source="Mongillo et al. 2008, Fig. 2A"),
    "population_spikes_23_7": Published("about 5 in 2 s", low=5, source="Mongillo et al. 2008, Fig. 2B"),
    "sustained_hz_24_1": Published("it goes on", low=5.0, source="Mongillo et al. 2008, Fig. 2C"),
    "sustained_ratio_24_1": Published("the cued group only", low=5.0, source="Mongillo et al. 2008, Fig. 2C"),
    "control_readout": Control(0.0, high=0.0, source="control: no facilitation", of="readout_only_cued"),
}


def current_of(psp: float, tau_m: float) -> float:
    """The current, pA, that decays with TAU_SYN and whose potential peaks at psp, mV."""
    ratio = tau_m / TAU_SYN
    peak = ratio ** (-tau_m / (tau_m - TAU_SYN)) - ratio ** (-TAU_SYN / (tau_m - TAU_SYN))
    return psp * C_M * (TAU_SYN - tau_m) / (tau_m * TAU_SYN * peak)


def build(p: Parameters, tau_F: float, seed: int) -> tuple[sl.Network, Any, int]:
    """The network at the lowest background; its excitatory population, and the size of a group."""
    n_E, n_I = p.size * 4 // 5, p.size // 5
    size, scale = n_E // 10, 10_000 / p.size
    net = sl.Network(dt=0.1, seed=seed)
    cell = {"E_L": 0.0, "V_th": 20.0, "C_m": C_M, "t_ref": 2.0, "tau_syn_exc": TAU_SYN, "tau_syn_inh": TAU_SYN}
    excitatory = net.population(
        n_E, sl.LIF(V_reset=16.0, tau_m=TAU_E, **cell), name="excitatory", initial={"V_m": sl.Uniform(14.0, 20.0)}
    )
    inhibitory = net.population(
        n_I, sl.LIF(V_reset=13.0, tau_m=TAU_I, **cell), name="inhibitory", initial={"V_m": sl.Uniform(10.0, 20.0)}
    )
    groups = [excitatory[k * size : (k + 1) * size] for k in range(GROUPS)]
    selective, others = excitatory[: GROUPS * size], excitatory[GROUPS * size :]
    facilitating = sl.Mongillo(U=0.19, tau_D=200.0, tau_F=tau_F)
    base, strong = current_of(0.10, TAU_E), current_of(0.45, TAU_E)

    def connect(source: Any, target: Any, inputs: float, weight: float, synapse: Any = None) -> None:
        rule, port = sl.FixedInDegree(round(inputs)), "exc" if weight > 0.0 else "inh"
        net.connect(source, target, port, rule, weight=scale * weight, delay=sl.Uniform(0.1, 1.0), synapse=synapse)

    for source, target in itertools.product(groups, groups):
        connect(source, target, 0.2 * size, strong if source is target else base, facilitating)
    for group in groups:
        connect(group, others, 0.2 * size, base, facilitating)
    for target in (*groups, others):
        connect(others, target, 0.9 * 0.2 * others.size, base, facilitating)
        connect(others, target, 0.1 * 0.2 * others.size, strong, facilitating)
    connect(selective, inhibitory, 0.2 * selective.size, current_of(0.135, TAU_I))
    connect(others, inhibitory, 0.2 * others.size, current_of(0.135, TAU_E))
    connect(inhibitory, excitatory, 0.2 * n_I, current_of(-0.25, TAU_I))
    connect(inhibitory, inhibitory, 0.2 * n_I, current_of(-0.20, TAU_I))
    for population, mean, tau_m in ((excitatory, BACKGROUNDS[0], TAU_E), (inhibitory, 20.5, TAU_I)):
        noise = sl.NoiseCurrent(mean=mean * C_M / tau_m, std=math.sqrt(2.0 / tau_m) * C_M, interval=1.0)
        net.drive(population, noise)
    net.record(excitatory)
    return net, excitatory, size


class Trial(NamedTuple):
    background: float
    cued: int


def remember(
    p: Parameters, tau_F: float, trials: list[Trial], seed: int, sink: Any, progress: bool | None
) -> tuple[sl.Run, np.ndarray]:
    """Trials of one network. Returns the rates: (trials, bins, groups and others) in Hz."""
    net, excitatory, size = build(p, tau_F, seed)
    background = np.array([trial.background for trial in trials])
    readout = background == BACKGROUNDS[0]
    cued = np.array([trial.cued for trial in trials])
    more = np.repeat((background - BACKGROUNDS[0])[:, None], excitatory.size, axis=1)
    group = np.minimum(np.arange(excitatory.size) // size, GROUPS)
    cue = more + 0.15 * background[:, None] * (group == cued[:, None])
    read = more + 0.05 * (background * readout)[:, None]
    phases = [
        sl.Phase(duration, currents={(excitatory, "exc"): mV * C_M / TAU_E}, fresh=k == 0)
        for k, (duration, mV) in enumerate(
            [(BEFORE, more), (CUE, cue), (DELAY, more), (READOUT, read), (AFTER, more)]
        )
    ]  # fmt: skip
    run = finished(net.run(trials=sl.Trials(phases, len(trials)), sink=sink, progress=progress))
    spikes, n_bins = run.spikes("excitatory"), round(LENGTH / BIN)
    bins = (np.rint(spikes.times / run.dt).astype(np.int64) - 1) // round(BIN / run.dt)
    counts = np.bincount(bins * (GROUPS + 1) + group[spikes.ids], minlength=len(trials) * n_bins * (GROUPS + 1))
    return run, counts.reshape(len(trials), n_bins, GROUPS + 1) / (np.bincount(group) * BIN * 1e-3)


def between(rates: np.ndarray, start: float, stop: float) -> np.ndarray:
    """The bins from start to stop, ms from the start of trials."""
    return rates[..., round(start / BIN) : round(stop / BIN), :]


def population_spikes(rates: np.ndarray) -> np.ndarray:
    """(..., groups): how often rates, (..., bins, groups), rise above SPIKE."""
    above = rates >= SPIKE
    return above[..., 0, :] + np.sum(above[..., 1:, :] & ~above[..., :-1, :], axis=-2)


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    """All backgrounds, then the control. A run that Ctrl-C ended is not measured."""
    p = parameters
    trials = [Trial(BACKGROUNDS[0], k) for k in range(p.readouts)] + [Trial(each, 0) for each in BACKGROUNDS[1:]]
    done = run_conditions(
        network=lambda: remember(p, p.tau_F, trials, seed, sink, progress),
        control=lambda: remember(p, p.tau_F_control, trials[: p.readouts], seed, None, progress),
    )
    metrics: dict[str, float | int | None] = {}
    rates, control = done.results["network"], done.results["control"]
    start = BEFORE + CUE + DELAY
    if rates is not None:
        found = population_spikes(between(rates[: p.readouts], start, start + READOUT)) > 0
        metrics["readout_only_cued"] = float(np.mean(np.all(found == np.eye(GROUPS + 1)[: p.readouts], axis=1)))
        after = BEFORE + CUE + 50.0
        metrics["population_spikes_23_7"] = int(population_spikes(between(rates[-2], after, after + 2000.0))[0])
        late = between(rates[-1], BEFORE + CUE + 1000.0, BEFORE + CUE + 2000.0).mean(axis=0)
        metrics["sustained_hz_24_1"] = float(late[0])
        metrics["sustained_ratio_24_1"] = float(late[0] / max(late[1:GROUPS].mean(), 1e-9))
        silent = between(rates[: p.readouts], BEFORE + CUE + 150.0, start)
        metrics["delay_hz_22_7"] = float(np.mean([silent[k, :, k].mean() for k in range(p.readouts)]))
        metrics["before_hz_22_7"] = float(between(rates[: p.readouts], 500.0, BEFORE)[..., :GROUPS].mean())
    if control is not None:
        found = population_spikes(between(control, start, start + READOUT)) > 0
        metrics["control_readout"] = float(np.mean([found[k, k] for k in range(p.readouts)]))
    return done.outcome(metrics)


def figure(parameters: Parameters, outcome: Outcome) -> Figure:
    """Rates of all groups in a trial at each background, and in the control."""
    p, rates, control = parameters, outcome.data["network"], outcome.data["control"]
    drawn = new_figure(7.2, 5.0)
    axes = [clean(ax) for ax in drawn.subplots(4, 1, sharex=True)]
    shown = [None] * 4 if rates is None else [rates[0], rates[-2], rates[-1], None if control is None else control[0]]
    titles = [f"background {each:g} mV" for each in BACKGROUNDS]
    titles += [f"background {BACKGROUNDS[0]:g} mV, facilitation of {p.tau_F_control:g} ms"]
    for ax, values, title in zip(axes, shown, titles, strict=True):
        ax.axvspan(0.0, CUE, color=FAINT, alpha=0.6, lw=0)
        if BACKGROUNDS[0] == float(title.split()[1]):
            ax.axvspan(CUE + DELAY, CUE + DELAY + READOUT, color=FAINT, alpha=0.3, lw=0)
        if values is not None:
            times = BIN * np.arange(len(values)) - BEFORE
            ax.plot(times, values[:, 1:GROUPS], color=CONTROL, lw=0.5)
            ax.plot(times, values[:, 0], color=PALETTE[1], lw=1.0)
        ax.axhline(SPIKE, color=INK, lw=0.4, ls=":")
        ax.set(ylabel="rate (Hz)", xlim=(-500.0, LENGTH - BEFORE), ylim=(0.0, None))
        plain_title(ax, title, loc="right")
    for text, middle in (("cue", CUE / 2), ("readout", CUE + DELAY + READOUT / 2)):
        place = axes[0].get_xaxis_transform()
        axes[0].text(middle, 1.02, text, ha="center", va="bottom", size=TEXT_SIZE, transform=place)
    axes[-1].set_xlabel("time since the cue began (ms)")
    letter_panels(axes)
    return drawn
