"""Self-sustained networks with current or conductance synapses, or Hodgkin-Huxley neurons (Vogels & Abbott 2005).

Vogels, T. P. & Abbott, L. F. (2005). Signal propagation and logic gating in networks of integrate-and-fire neurons.
J. Neurosci. 25:10786. In the form of Brette, R. et al. (2007), J. Comput. Neurosci. 23:349, benchmarks 1 (COBA),
2 (CUBA) and 3 (COBAHH): 3,200 excitatory and 800 inhibitory neurons, 64 and 16 random inputs each; 50 cells are kicked
by Poisson spikes at 300 Hz from 1 to 51 ms.

Acceptance criteria: irregular activity. In the COBA form it sustains itself after the kick, and needs one to start; in
the CUBA form the resting potential is 1 mV above threshold. CUBA, 0 to 1 s: 4.75 Hz, excitatory and inhibitory
(NEST's cuba.py, where all neurons start at -49 mV, just above threshold: `start`; from uniform potentials it is
4.0 Hz). COBA: 14.0 to 14.5 Hz; activity is metastable and dies out for some seeds. COBAHH, 0 to 500 ms: 31.4 and
29.4 Hz.

Differs from NEST's scripts: coba.py sets no V_m, so that neurons begin at its model's -70 mV, here at E_L; rates are of
all neurons, not of 500 of each kind; cuba.py as it now stands runs for 10 s. In Brian2's COBAHH.py neurons and
conductances begin at random, pairs are connected with probability 0.02, and nothing kicks them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

import spikelearn as sl
from spikelearn.experiments import Form, Oracle, Outcome, Published, parameter

RESTING = {"cuba": -49.0, "coba": -60.0, "cobahh": -60.0}
WEIGHTS = {"cuba": (16.2, -139.5), "coba": (6.0, 67.0), "cobahh": (6.0, 67.0)}
NEURON = {"V_th": -50.0, "V_reset": -60.0, "C_m": 200.0, "t_ref": 5.0, "tau_syn_exc": 5.0, "tau_syn_inh": 10.0}
TAU_M = 20.0
"""ms; in the conductance-based forms it follows from C_m and g_L."""
KICK = (1.0, 51.0)


@dataclass(frozen=True)
class Parameters:
    form: Literal["cuba", "coba", "cobahh"] = parameter(
        "cuba",
        "",
        "synapses: currents (cuba) or conductances (coba); with Hodgkin-Huxley neurons (cobahh)",
    )
    size: int = parameter(4000, "", "number of neurons; a fifth are inhibitory")
    inputs: int = parameter(80, "", "inputs of each neuron; a fifth are inhibitory")
    weight_scale: float = parameter(1.0, "", "factor of all weights")
    inhibition: float = parameter(1.0, "", "further factor of the inhibitory weights")
    start: Literal["rest", "uniform"] = parameter("rest", "", "initial V_m: E_L, or uniform from reset to threshold")
    kicked: int = parameter(50, "", "number of kicked excitatory neurons")
    kick_rate: float = parameter(300.0, "Hz", "rate of each kicked neuron's own Poisson input")
    delay: float = parameter(0.1, "ms", "delay of all synapses")
    duration: float = parameter(1000.0, "ms", "length of the run")
    threads: int = parameter(0, "", "number of threads; 0: as many as are faster")
    rate_from: float = parameter(0.0, "ms", "start of the window for the metrics")
    dt: float = parameter(0.1, "ms", "step")


SEEDS = 8
TUNED = "nothing: constants of NEST's examples of Brette et al. 2007"
QUICK: dict[str, Any] = {}

PUBLISHED = {
    "rate_exc_hz": Oracle(4.75, 4.51, 4.99, "NEST 3.10.0, same form and start, 8 seeds; within 5 %"),
    "rate_inh_hz": Oracle(4.75, 4.51, 4.99, "NEST 3.10.0, same form and start, 8 seeds; within 5 %"),
    "cv_isi": Published("irregular", low=0.5, source="Vogels & Abbott 2005"),
}


def _form(settings: dict[str, Any], rates: type, exc: float, inh: float, within: float, source: str) -> Form:
    hertz = {
        name: rates(rate, (1.0 - within) * rate, (1.0 + within) * rate, f"{source}; within {100 * within:g} %")
        for name, rate in (("rate_exc_hz", exc), ("rate_inh_hz", inh))
    }
    return Form(settings, {**hertz, "cv_isi": PUBLISHED["cv_isi"]})


FORMS = (
    _form({"start": "uniform"}, Oracle, 4.076, 4.076, 0.05, "NEST 3.10.0, same form and start, 8 seeds"),
    _form({"form": "coba"}, Published, 14.25, 14.25, 0.1, "Brette et al. 2007, 14.0 to 14.5"),
    _form({"form": "cobahh", "duration": 500.0}, Oracle, 29.1, 29.2, 0.15, "NEST 3.10.0, 8 seeds"),
)


def weights(parameters: Parameters) -> tuple[float, float]:
    """The weights of an excitatory and an inhibitory synapse: pA (cuba) or nS."""
    p = parameters
    weight_exc, weight_inh = WEIGHTS[p.form]
    return p.weight_scale * weight_exc, p.weight_scale * p.inhibition * weight_inh


def build(parameters: Parameters, seed: int) -> tuple[sl.Network, Any, Any]:
    """The network and its excitatory and inhibitory populations; all spikes and one potential are recorded."""
    p = parameters
    net = sl.Network(dt=p.dt, seed=seed, threads=p.threads or None)
    neuron = {"E_L": RESTING[p.form], **NEURON}
    without_threshold = {name: neuron[name] for name in ("E_L", "C_m", "tau_syn_exc", "tau_syn_inh")}
    cell = {
        "cuba": lambda: sl.LIF(tau_m=TAU_M, **neuron),
        "coba": lambda: sl.LIFConductance(g_L=10.0, **neuron),
        "cobahh": lambda: sl.HodgkinHuxley(g_L=10.0, **without_threshold),
    }[p.form]()
    initial = {"V_m": sl.Uniform(-60.0, -50.0) if p.start == "uniform" else RESTING[p.form]}
    n_inh = p.size // 5
    exc = net.population(p.size - n_inh, cell, name="excitatory", initial=initial)
    inh = net.population(n_inh, cell, name="inhibitory", initial=initial)
    weight_exc, weight_inh = weights(p)
    in_inh = p.inputs // 5
    for target in (exc, inh):
        net.connect(exc, target, "exc", sl.FixedInDegree(p.inputs - in_inh), weight_exc, p.delay)
        net.connect(inh, target, "inh", sl.FixedInDegree(in_inh), weight_inh, p.delay)
        net.record(target, "spikes")
    if p.kicked > 0:
        milliseconds = np.arange(0.0, KICK[1] + 1.0)
        rates = p.kick_rate * ((milliseconds >= KICK[0]) & (milliseconds < KICK[1]))
        net.drive(exc[: p.kicked], sl.PoissonInput(sl.Timed(rates, 1.0)), port="exc", weight=weight_exc)
    net.record(exc[p.kicked : p.kicked + 1], "V_m")
    return net, exc, inh


def simulate(parameters: Parameters, seed: int, sink: Any = None, progress: bool | None = None) -> Outcome:
    p = parameters
    net, exc, inh = build(p, seed)
    run = net.run(p.duration, sink=sink, progress=progress)
    spikes = run.spikes(exc)
    metrics = {
        "rate_exc_hz": sl.analysis.rate(spikes, exc.size, p.rate_from, run.t_stop),
        "rate_inh_hz": sl.analysis.rate(run.spikes(inh), inh.size, p.rate_from, run.t_stop),
        "cv_isi": sl.analysis.cv_isi(sl.analysis.spikes_between(spikes, p.rate_from, np.inf)),
        "last_spike_ms": float(spikes.times[-1]) if len(spikes.times) else np.nan,
    }
    measured = {name: None if np.isnan(value) else value for name, value in metrics.items()}
    shown = [exc[p.kicked : p.kicked + 80], inh[:20]]
    return Outcome(run, measured, data={"shown": shown, "cell": exc[p.kicked : p.kicked + 1]})


def figure(parameters: Parameters, outcome: Outcome) -> Any:
    """Raster of 100 neurons not kicked, the rates of both populations, and the potential of one neuron."""
    from spikelearn.plots.panels import panels
    from spikelearn.plots.style import colour, legend, time_axis

    run = outcome.run
    raster, rates, potential = panels(None, 3, 1, (6.4, 5.4), height_ratios=[2.2, 1.0, 1.2], sharex=True)
    sl.plots.raster(run, outcome.data["shown"], ax=raster)
    edges = np.arange(0.0, run.t_stop + 1e-6, 5.0)
    lines, highest = [], 1.0
    for k, (name, metric) in enumerate((("excitatory", "rate_exc_hz"), ("inhibitory", "rate_inh_hz"))):
        hertz = sl.analysis.binned_rate(run.spikes(name), run.populations[name].size, edges)
        highest = max(highest, *hertz[edges[:-1] >= min(200.0, 0.5 * run.t_stop)])
        style = {"color": colour(k), "lw": 1.1 - 0.2 * k, "ls": ("-", (0, (3, 1)))[k]}
        label = f"{name}, mean {outcome.metrics[metric]:.2f} Hz"
        lines.append(rates.stairs(hertz, edges, baseline=None, label=label, **style))
    # The volleys at the start would dwarf the rest, so the axis ends above the highest rate after them.
    rates.set_ylim(0.0, 1.05 * highest)
    rates.set_ylabel("rate (Hz)")
    legend(rates, lines)
    sl.plots.voltage(run, outcome.data["cell"], ax=potential)
    for ax in (raster, rates):
        ax.set_xlabel("")
        ax.tick_params(labelbottom=False)
    time_axis(potential, 0.0, run.t_stop)
    return raster.figure
