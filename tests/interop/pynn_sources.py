"""PyNN's spike sources and current sources: beside closed forms where something is drawn, else pyNN.nest."""

from __future__ import annotations

import numpy as np
from pynn_case import DT, Script, begin, run_until_change, spikes, trace
from pynn_cells import LINEAR, NINE, SAME, SYNAPTIC
from tolerances import STAT, ULP

# Spike sources

MANY, START, DURATION, STOP = 300, 50.0, 400.0, 500.0


def statistics(sim, source, n=MANY, stop=STOP):
    """The spikes of n sources of a kind: (source, time in ms)."""
    begin(sim)
    cells = sim.Population(n, source(sim))
    cells.record("spikes")
    sim.run(stop)
    found = spikes(cells) * [1.0, DT]
    sim.end()
    return found


def intervals(found):
    """Those between the spikes of one source, in ms."""
    return np.diff(found[:, 1])[np.diff(found[:, 0]) == 0]


def poisson(sim):
    rates = np.repeat([5.0, 20.0, 80.0], MANY // 3)
    found = statistics(sim, lambda s: s.SpikeSourcePoisson(rate=rates, start=START, duration=DURATION))
    counts = np.bincount(found[:, 0].astype(int), minlength=MANY).reshape(3, -1)
    outside = (found[:, 1] < START) | (found[:, 1] > START + DURATION + 2.5 * DT)
    return {
        "spikes, 5, 20 and 80 Hz": counts.mean(axis=1) / np.sqrt(rates[:: MANY // 3] * DURATION * 1e-3),
        "Fano factor": counts.var(axis=1).mean() / counts.mean(axis=1).mean(),
        "spikes before start and after stop": outside.sum(),
    }


def poisson_expected():
    means = np.array([5.0, 20.0, 80.0]) * DURATION * 1e-3
    return {
        "spikes, 5, 20 and 80 Hz": np.sqrt(means), "Fano factor": 1.0, "spikes before start and after stop": 0.0
    }  # fmt: skip


def changed_rate(sim):
    """Spikes in three runs, between which the rate of half of the sources changes."""
    begin(sim)
    cells = sim.Population(MANY, sim.SpikeSourcePoisson(rate=40.0))
    cells.record("spikes")
    for rate in (40.0, 160.0, 0.0):
        cells[: MANY // 2].set(rate=rate)
        sim.run(200.0)
    found = spikes(cells) * [1.0, DT]
    sim.end()
    changed = found[:, 0] < MANY // 2
    counts = [np.histogram(found[which, 1], [0.0, 200.05, 400.05, 600.05])[0] for which in (changed, ~changed)]
    return {"spikes a source": np.array(counts) / (MANY // 2)}


def refractory(sim):
    found = intervals(
        statistics(sim, lambda s: s.SpikeSourcePoissonRefractory(rate=50.0, tau_refrac=12.0), MANY // 3, 1500.0)
    )
    return {
        "mean interval": found.mean(),
        "deviation": found.std(),
        "intervals below tau_refrac": (found < 11.95).sum(),
    }


def gamma(sim):
    found = intervals(statistics(sim, lambda s: s.SpikeSourceGamma(alpha=4.0, beta=400.0), MANY // 3, 1000.0))
    return {"mean interval": found.mean(), "coefficient of variation": found.std() / found.mean()}


def inhomogeneous_gamma(sim):
    """Shape 3 with a mean of 10 ms, from 300 ms on shape 1 with one of 5 ms."""
    parts = {"a": [3.0, 1.0], "b": [0.010 / 3.0, 0.005], "tbins": [0.0, 300.0]}

    def source(s):
        given = {name: s_sequence(values) for name, values in parts.items()}
        return s.SpikeSourceInhGamma(**given, start=0.0, duration=600.0)

    found = statistics(sim, source, MANY, 800.0)
    early, late = (found[(found[:, 1] > a) & (found[:, 1] <= b)] for a, b in ((50.0, 300.0), (350.0, 600.0)))
    rates = [len(part) / MANY / 250.0 for part in (early, late)]
    return {
        "rate (kHz)": rates,
        "coefficient of variation": intervals(early).std() / intervals(early).mean(),
        "spikes after stop": (found[:, 1] > 600.0).sum(),
    }


def s_sequence(values):
    from pyNN.parameters import Sequence

    return Sequence(values)


def changed_times(sim):
    """Spike times that are given anew between runs."""
    begin(sim)
    cells = sim.Population(2, sim.SpikeSourceArray(spike_times=[[5.0, 15.5], [7.0]]))
    cells.record("spikes")
    sim.run(20.0)
    cells.set(spike_times=[s_sequence([21.0, 30.25]), s_sequence([25.0, 26.125, 39.875])])
    sim.run(20.0)
    cells[:1].set(spike_times=s_sequence([45.0]))
    sim.run(20.0)
    found = spikes(cells)
    sim.end()
    return {"spikes": found}


def n_intervals(rate, n, duration):
    return int(rate * 1e-3 * n * duration)


SOURCES: tuple[Script, ...] = (
    Script(
        "SpikeSourcePoisson", f"{MANY} sources of 3 rates, from {START:g} ms on for {DURATION:g} ms", poisson,
        {"spikes, 5, 20 and 80 Hz": (STAT(MANY // 3), "STAT(100)"),
         "Fano factor": (STAT(MANY, 2.0**0.5), "STAT(300)"), "spikes before start and after stop": SAME},
        poisson_expected, "closed form",
    ),
    Script(
        "SpikeSourcePoisson", "a rate that changes between runs", changed_rate,
        {"spikes a source": (STAT(MANY // 2, 32.0**0.5), "STAT(150)")},
        lambda: {"spikes a source": np.array([[8.0, 32.0, 0.0], [8.0, 8.0, 8.0]])}, "closed form",
    ),
    Script(
        "SpikeSourcePoissonRefractory", "100 sources, 50 Hz, 12 ms", refractory,
        {"mean interval": (STAT(n_intervals(50.0, 100, 1400.0), 8.0), "STAT(7,000)"),
         "deviation": (STAT(n_intervals(50.0, 100, 1400.0), 2.0**0.5 * 8.0), "STAT(7,000)"),
         "intervals below tau_refrac": SAME},
        lambda: {"mean interval": 20.0, "deviation": 8.0, "intervals below tau_refrac": 0.0}, "closed form",
    ),
    Script(
        "SpikeSourceGamma", "100 sources, shape 4, mean 10 ms", gamma,
        {"mean interval": (STAT(n_intervals(100.0, 100, 900.0), 5.0), "STAT(9,000)"),
         "coefficient of variation": (STAT(n_intervals(100.0, 100, 900.0), 0.5), "STAT(9,000)")},
        lambda: {"mean interval": 10.0, "coefficient of variation": 0.5}, "closed form",
    ),
    Script(
        "SpikeSourceInhGamma", f"{MANY} sources whose shape and scale change at 300 ms", inhomogeneous_gamma,
        {"rate (kHz)": (STAT(MANY, 0.03), "STAT(300)"),
         "coefficient of variation": (STAT(MANY * 24, 0.6), "STAT(7,200)"), "spikes after stop": SAME},
        lambda: {"rate (kHz)": [0.1, 0.2], "coefficient of variation": 3.0**-0.5, "spikes after stop": 0.0},
        "closed form",
    ),
    Script("SpikeSourceArray", "times that are given anew between runs", changed_times, {"spikes": SAME}),
)  # fmt: skip


# Current sources


def injected(make, change=None, record=False, min_delay=DT):
    """Cells with a current each, and with that of a source; the potential, and what the source says of its current.

    pyNN.nest begins no current before the minimal delay has passed, so none begins at 0.
    make: from a back-end to sources, each injected into cells of its own and the last also into the first cell.
    change: called with the sources after 60 ms of 120.
    """

    def run(sim):
        begin(sim, min_delay=min_delay)
        sources = make(sim)
        cells = sim.Population(
            len(sources) + 1, sim.IF_curr_exp(**{**LINEAR, **SYNAPTIC, "tau_m": 12.0, "i_offset": 0.1})
        )
        for k, source in enumerate(sources):
            source.inject_into(cells[k : k + 1])
        sources[-1].inject_into(cells[:1])
        cells.record(["v", "spikes"])
        if record:
            for source in sources:
                source.record()
        if change is not None:
            run_until_change(sim, 60.0, lags=3)
            change(sources)
        sim.run_until(120.0)
        found = {"v": trace(cells, "v"), "spikes": spikes(cells)}
        if record:
            found["current"] = np.array([np.asarray(source.get_data().magnitude).ravel() for source in sources])
        sim.end()
        return found

    return run


def constant(sim):
    return [sim.DCSource(amplitude=0.9, start=10.0, stop=40.25), sim.DCSource(amplitude=0.4, start=55.5, stop=100.0)]


def change_constant(sources):
    sources[0].stop = 90.0
    sources[0].set_parameters(amplitude=-0.5, start=70.0)
    sources[1].amplitude = 0.8


def alternating(sim):
    return [
        sim.ACSource(amplitude=1.2, offset=0.8, frequency=40.0, phase=30.0, start=5.0, stop=100.25),
        sim.ACSource(amplitude=0.3, frequency=15.0, start=1.0, stop=1e9),
    ]


def change_alternating(sources):
    sources[0].frequency = 80.0
    sources[0].amplitude = 0.2
    sources[1].phase = 90.0


def stepped(sim):
    return [
        sim.StepCurrentSource(times=[5.0, 20.0, 30.25, 70.0], amplitudes=[1.6, -0.4, 1.2, 0.0]),
        sim.StepCurrentSource(times=[1.0, 59.875, 60.125, 90.0], amplitudes=[0.2, 0.9, 0.1, 0.6]),
    ]


def change_stepped(sources):
    sources[0].set_parameters(times=[60.0, 65.0, 80.0], amplitudes=[0.3, 1.0, 0.0])


TAU, R = 20.0, 20.0  # ms, megaohm


def noisy(interval):
    """Mean and deviation of the potentials of cells that have a source each."""

    def run(sim):
        begin(sim)
        cells = sim.Population(MANY, sim.IF_curr_exp(tau_m=TAU, cm=TAU / R, v_thresh=0.0))
        for cell in cells:
            sim.NoisyCurrentSource(mean=0.5, stdev=0.8, start=0.0, dt=interval).inject_into([cell])
        cells.record("v", sampling_interval=5.0)
        sim.run(150.0)
        v = trace(cells, "v")[-1]
        sim.end()
        return {"mean": v.mean(), "deviation": v.std()}

    def expected():
        decay = np.exp(-interval / TAU)
        return {"mean": -65.0 + R * 0.5, "deviation": R * 0.8 * np.sqrt((1.0 - decay) / (1.0 + decay))}

    deviation = expected()["deviation"]
    return Script(
        "NoisyCurrentSource", f"{MANY} sources, a new value every {interval:g} ms", run,
        {"mean": (STAT(MANY, deviation), "STAT(300)"), "deviation": (STAT(2 * MANY, deviation), "STAT(600)")},
        expected, "closed form",
    )  # fmt: skip


def noise_that_is_shared(sim):
    """One source in two cells, and another one: the first two are alike; and the window of the noise."""
    begin(sim)
    cells = sim.Population(3, sim.IF_curr_exp(v_thresh=0.0))
    sources = [sim.NoisyCurrentSource(mean=0.0, stdev=1.0, start=20.0, stop=60.0, dt=1.0) for _ in range(2)]
    sources[0].inject_into(cells[:2])
    sources[1].inject_into(cells[2:])
    cells.record("v")
    sim.run(100.0)
    v = trace(cells, "v")
    sim.end()
    return {
        "before start": np.abs(v[:160] + 65.0).max(),
        "decay after stop": (v[640] + 65.0) / (v[496] + 65.0),
        "two sources": np.abs(v[480, 0] - v[480, 2]) > 1e-3,
    }


V = {"v": NINE, "spikes": SAME}
SINE = (ULP(1000, 2.0), "ULP(1,000)")
CURRENTS: tuple[Script, ...] = (
    Script("DCSource", "two, into one cell and into two", injected(constant), V),
    Script("DCSource", "changed between two runs", injected(constant, change_constant), V),
    Script("DCSource", "as recorded", injected(constant, record=True), V | {"current": NINE}),
    Script("DCSource", "with a minimal delay of 1 ms", injected(constant, min_delay=1.0), V),
    Script("ACSource", "two, into one cell and into two", injected(alternating), V),
    Script("ACSource", "changed between two runs", injected(alternating, change_alternating), V),
    Script("ACSource", "as recorded", injected(alternating, record=True), V | {"current": SINE}),
    Script("StepCurrentSource", "two, into one cell and into two", injected(stepped), V),
    Script("StepCurrentSource", "changed between two runs", injected(stepped, change_stepped), V),
    Script("StepCurrentSource", "as recorded", injected(stepped, record=True), V | {"current": NINE}),
    noisy(DT),
    noisy(2.0),
    Script(
        "NoisyCurrentSource", "its window; two sources differ", noise_that_is_shared,
        {"before start": SAME, "decay after stop": NINE, "two sources": SAME},
        lambda: {"before start": 0.0, "decay after stop": np.exp(-18.0 / 20.0) * np.ones(3), "two sources": 1.0},
        "closed form",
    ),
)  # fmt: skip
