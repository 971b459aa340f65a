"""The two-compartment cell, its rule at bursts, and the parrot, beside Brian2, a slow reference and NEST."""

from __future__ import annotations

import numpy as np
from given_spikes import steps_of
from naive.given_events import DT as GIVEN_DT
from naive.given_events import STEPS as GIVEN_STEPS
from naive.given_events import engine, scene
from naive.signal_rules import NaiveBurstprop
from naive.step_by_step import ModulatedByMean
from tolerances import EXACT, METHOD, STAT, ULP

import spikelearn as sl
from cases.case import Case

DT, STEPS = 0.5, 400
INPUTS = np.array([10.0, 12.0, 31.0, 55.5])


def _pyramidal(engine):
    """V_s and V_d below threshold, with arrivals at three ports and a current into the dendrite."""
    net = sl.Network(dt=0.05)
    cell = net.population(1, sl.Pyramidal(), name="cell")
    for port, weight in (("soma", 60.0), ("basal", 50.0), ("apical", 80.0)):
        net.connect(net.population(1, sl.SpikeList(INPUTS)), cell, port, weight=weight, delay=1.0)
    net.drive(cell, sl.StepCurrent([20.0, 60.0], [60.0, 0.0]), "apical")
    net.record(cell, ["V_s", "V_d"])
    run = net.run(80.0, engine=engine)
    return [run.trace(cell, name).values for name in ("V_s", "V_d")]


def _threshold():
    """The threshold above V_th of a cell under a strong current, in every step of 300 ms."""
    net = sl.Network(dt=0.1)
    cell = net.population(1, sl.Pyramidal(V_th_jump=1.5, tau_th=40.0, I_e_soma=900.0))
    net.record(cell, ["spikes", "threshold"])
    run = net.run(300.0)
    spikes, at = run.spikes(cell).times, run.trace(cell, "threshold").times
    assert len(spikes) > 5
    passed = at[:, None] - spikes
    expected = np.where(passed > -0.05, 1.5 * np.exp(-passed / 40.0), 0.0).sum(axis=1)
    return run.trace(cell, "threshold").values[:, 0], expected


def _burst_poisson(engine):
    """Both potentials below threshold, with arrivals at all four ports and a current into the dendrite."""
    net = sl.Network(dt=0.05)
    cell = net.population(1, sl.BurstPoisson(), name="cell")
    for port, weight in (("soma_exc", 0.3), ("soma_inh", 0.5), ("apical_exc", 0.4), ("apical_inh", 0.3)):
        net.connect(net.population(1, sl.SpikeList(INPUTS)), cell, port, weight=weight, delay=1.0)
    net.drive(cell, sl.StepCurrent([20.0, 60.0], [60.0, 0.0]), "apical")
    net.record(cell, ["V_s", "V_d"])
    run = net.run(80.0, engine=engine)
    return [run.trace(cell, name).values for name in ("V_s", "V_d")]


DEPOLARISED = np.array([-60.0, -57.0, -50.0])
"""mV, of dendrites that stay there."""


def _burst_probabilities(engine, n=300, duration=1500.0):
    """Events, bursts and spikes of cells whose dendrites rest at the potentials above."""
    net = sl.Network(dt=0.5, seed=6)
    bias = np.repeat((DEPOLARISED + 70.0) * 170.0 / 7.0, n)
    cells = net.population(3 * n, sl.BurstPoisson(a=0.0, b=0.0, I_e_soma=500.0, I_e_apical=bias), name="cells")
    net.record(cells, ["events", "bursts"])
    run = net.run(duration, engine=engine)
    return [np.bincount(run.spikes(cells, kind).ids // n, minlength=3) for kind in ("event", "burst")]


def _shares():
    """Shares of events that became bursts, and the closed form."""
    events, bursts = _burst_probabilities("compiled")
    assert events.min() > 5000
    return bursts / events, 1.0 / (1.0 + np.exp(-(DEPOLARISED + 57.0) / 6.0))


BURSTPROP = {
    "eta": 0.01, "tau_pre": 40.0, "tau_rate": 300.0, "tau_homeostasis": 800.0, "rate_min": 12.0, "rate_max": 30.0,
    "event_rate_start": 10.0, "burst_rate_start": 2.0, "spike_rate_start": 1.0, "W_min": -100.0, "W_max": 100.0,
}  # fmt: skip


def burstprop():
    """Weights that are learned from given events and bursts, and what the equations say of them."""
    found = scene(7)
    pre, spikes, events, bursts, synapses = found
    reference = NaiveBurstprop(synapses, GIVEN_DT, spikes, events, bursts, True, **BURSTPROP)
    reference.run(pre, GIVEN_STEPS)
    return engine(found, **BURSTPROP), reference.weights


def _parrots(engine):
    """Steps in which neurons that repeat Poisson spikes fire, and neurons that repeat those."""
    net = sl.Network(dt=0.1, seed=4)
    source = net.population(10, sl.Poisson(100.0), name="source")
    first, second = (net.population(10, sl.Parrot(), name=name) for name in ("first", "second"))
    net.connect(source, first, "exc", sl.OneToOne(), delay=sl.Uniform(0.1, 5.0))
    net.connect(first, second, "exc", sl.OneToOne(), delay=1.5)
    net.record(first)
    net.record(second)
    run = net.run(200.0, engine=engine)
    return np.concatenate([steps_of(run.spikes(name).times, 0.1) for name in ("first", "second")])


def dopamine_at_bursts():
    """(a network whose cells burst and learn, its source, its cells, the projection, its reference once it has run)."""
    net = sl.Network(dt=DT, seed=4)
    dopamine = net.modulator(tau=100.0)
    net.release(dopamine, [50.0, 120.0], 0.05)
    source = net.population(6, sl.Poisson(60.0))
    cells = net.population(3, sl.Pyramidal(I_e_apical=800.0))
    net.drive(cells, sl.NoiseCurrent(mean=450.0, std=400.0, tau=5.0))
    rule = {"A_plus": 5.0, "tau_plus": 15.0, "tau_c": 80.0, "b": 0.005, "W_max": 100.0}
    projection = net.connect(
        source, cells, "basal", sl.FixedProbability(0.7), weight=sl.Uniform(20, 80), delay=1.5,
        plasticity=sl.DopamineBursts(dopamine, **rule),
    )  # fmt: skip
    net.record(source)
    net.record(cells, ["spikes", "bursts"])
    before = net.run(0.0).synapses(projection)
    run = net.run(STEPS * DT)

    def spikes(population, kind):
        times, ids = run.spikes(population, kind)
        return set(zip(steps_of(times, DT).tolist(), ids.tolist(), strict=True))

    synapses = zip(before.pre, before.post, before.weight, steps_of(before.delay, DT), strict=True)
    reference = ModulatedByMean(synapses, 0, DT, **rule, tau_n=100.0, released={100: 0.05, 240: 0.05})
    reference.run(spikes(source, "spike"), spikes(cells, "burst"), STEPS)
    numbers = len(spikes(cells, "burst")), len(spikes(cells, "spike"))
    return before.weight, run.weights(projection), reference.weights, numbers


CASES: tuple[Case, ...] = (
    # Heun's method beside fourth order: V'' is about I / (C tau_syn), some mV/ms^2
    Case(
        "Pyramidal", "V_s and V_d below threshold, arrivals at three ports and a current", "Brian2 live: its equations",
        METHOD(1, 0.05), "METHOD(1, dt)", lambda: (_pyramidal("compiled"), _pyramidal(sl.Brian2(method="rk4"))),
    ),
    Case(
        "Pyramidal", "threshold that each spike raises, over 300 ms", "closed form", ULP(10_000, 10.0), "ULP(10,000)",
        _threshold,
    ),
    Case(
        "BurstPoisson", "V_s and V_d below threshold, arrivals at four ports and a current",
        "Brian2 live: its equations",
        METHOD(1, 0.05, 5.0), "METHOD(1, dt, 5 mV/ms): 0.3 of the leak towards 0 mV in 5 ms",
        lambda: (_burst_poisson("compiled"), _burst_poisson(sl.Brian2(method="rk4"))),
    ),
    Case(
        "BurstPoisson", "burst probability with dendrites held at -60, -57 and -50 mV, seed 6",
        "1 / (1 + exp(-(V_d - E_d) / D_d))",
        STAT(5000, 0.5), "STAT(5,000, 1/2): each event decides once", _shares,
    ),
    Case(
        "Burstprop", "weights after 1.5 s of given events and bursts, all parts of the rule at work",
        "a loop in which all moves in every step",
        ULP(4_500_000, 1.0), "ULP(4,500,000)", burstprop,
    ),
    Case(
        "Parrot", "times of 20 neurons that repeat Poisson spikes, delays 0.1 to 5 ms, seed 4",
        "NEST live: parrot_neuron",
        EXACT, "EXACT", lambda: (_parrots("compiled"), _parrots("nest")),
    ),
    Case(
        "DopamineBursts", "weights after 200 ms of bursts and two releases, seed 4",
        "a loop in which all moves in every step",
        ULP(1_000_000, 100.0), "ULP(1,000,000)", lambda: dopamine_at_bursts()[1:3],
    ),
)  # fmt: skip
