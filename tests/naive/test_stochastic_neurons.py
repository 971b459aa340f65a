"""Neurons that fire at random, one by one in plain Python with the numbers that the engine draws for each."""

import math

import numpy as np
from forced import steps_of
from tolerances import EXACT

import spikelearn as sl
from spikelearn.kernels.random import stream, uniform

DT, STEPS, SEED = 0.5, 200, 5
SHARED = {"E_L": -70.0, "V_reset": -72.0, "tau_m": 10.0, "C_m": 250.0, "t_ref": 2.0, "I_e": 400.0}


def drawn(thing, neuron, step):
    """The number of one neuron in one step."""
    with np.errstate(over="ignore"):
        start, increment = (np.uint64(part) for part in stream(SEED, thing * 4 + 3, step))
        return float(uniform(start, increment, neuron))


def fired_by_twin(thing, V_th):
    """(step, neuron) of every spike of a population with these thresholds, sorted."""
    found = []
    for neuron, threshold in enumerate(V_th):
        V, silent_until = SHARED["E_L"], 0
        for step in range(1, STEPS + 1):
            if step <= silent_until:
                continue
            V_inf = SHARED["E_L"] + SHARED["I_e"] * SHARED["tau_m"] / SHARED["C_m"]
            V = V_inf + (V - V_inf) * math.exp(-DT / SHARED["tau_m"])
            rho = 1.0 * math.exp((V - threshold) / 2.0)  # rho_0 = 1000 Hz, Delta_V = 2 mV
            if drawn(thing, neuron, step) < 1.0 - math.exp(-rho * DT):
                found.append((step, neuron))
                V, silent_until = SHARED["V_reset"], step + 4
    return np.array(sorted(found))


def test_each_neuron_of_each_population_fires_by_numbers_of_its_own():
    net = sl.Network(dt=DT, seed=SEED)
    thresholds = [np.linspace(-58.0, -50.0, 7), np.full(5, -55.0)]
    populations = [
        net.population(len(V_th), sl.EscapeNoiseLIF(**SHARED, V_th=V_th, Delta_V=2.0)) for V_th in thresholds
    ]
    for population in populations:
        net.record(population)
    run = net.run(DT * STEPS)
    for population, V_th in zip(populations, thresholds, strict=True):
        spikes = run.spikes(population)
        order = np.lexsort((spikes.ids, steps_of(spikes.times, DT)))
        found = np.stack([steps_of(spikes.times, DT), spikes.ids], axis=1)[order]
        assert len(found) > 10
        EXACT.check(found, fired_by_twin(population.thing, V_th))
