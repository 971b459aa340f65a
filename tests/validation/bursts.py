"""The two-compartment cell, its rule at bursts, and the parrot, beside Brian2, a slow twin and NEST."""

from __future__ import annotations

import numpy as np
from forced import steps_of
from naive.twins import ModulatedByMean
from tolerances import EXACT, METHOD, ULP

import spikelearn as sl
from validation.case import Case

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
    """(a network whose cells burst and learn, its source, its cells, the projection, its twin once it has run)."""
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
    twin = ModulatedByMean(synapses, 0, DT, **rule, tau_n=100.0, released={100: 0.05, 240: 0.05})
    twin.run(spikes(source, "spike"), spikes(cells, "burst"), STEPS)
    numbers = len(spikes(cells, "burst")), len(spikes(cells, "spike"))
    return before.weight, run.weights(projection), twin.weights, numbers


CASES: tuple[Case, ...] = (
    # Heun's method beside fourth order: V'' is about I / (C tau_syn), some mV/ms^2
    Case(
        "Pyramidal", "V_s and V_d below threshold, arrivals at three ports and a current", "Brian2 live: its equations",
        METHOD(1, 0.05), "METHOD(1, dt)", lambda: (_pyramidal("compiled"), _pyramidal(sl.Brian2(method="rk4"))),
    ),
    Case(
        "Parrot", "times of 20 neurons that repeat Poisson spikes, delays .1 to 5 ms, seed 4",
        "NEST live: parrot_neuron",
        EXACT, "EXACT", lambda: (_parrots("compiled"), _parrots("nest")),
    ),
    Case(
        "DopamineBursts", "weights after 200 ms of bursts and two releases, seed 4",
        "a loop in which all moves in every step",
        ULP(1_000_000, 100.0), "ULP(1,000,000)", lambda: dopamine_at_bursts()[1:3],
    ),
)  # fmt: skip
