"""Neurons that fire at random, one by one in plain Python with the numbers that the engine draws for each."""

import math
from typing import NamedTuple

import numpy as np
import pytest
from given_spikes import steps_of
from tolerances import EXACT

import spikelearn as sl
from spikelearn.errors import DescriptionError
from spikelearn.kernels.random import stream, uniform
from spikelearn.units import mV

DT, STEPS, SEED = 0.5, 200, 5
SHARED = {"E_L": -70.0, "V_reset": -72.0, "tau_m": 10.0, "C_m": 250.0, "t_ref": 2.0, "I_e": 400.0}


def drawn(thing, neuron, step):
    """The number of one neuron in one step."""
    with np.errstate(over="ignore"):
        start, increment = (np.uint64(part) for part in stream(SEED, thing * 4 + 3, step))
        return float(uniform(start, increment, neuron))


def fired_in_plain_python(thing, V_th):
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
        EXACT.check(found, fired_in_plain_python(population.uid, V_th))


class CounterParameters(NamedTuple):
    threshold: mV = 1.0  # potential of a spike
    rise: mV = 0.3  # in a step


def counter_constants(p, dt):
    return {"threshold": p.threshold, "rise": p.rise}


def counter_step(V_m, chance, in_exc, threshold, rise):
    V_m = V_m + rise + in_exc
    return V_m, chance, np.uint8(V_m > threshold)


def counter_at_event(V_m, chance, one, other, threshold, rise):
    return (V_m - threshold) * one, other


def counter(**more):
    return sl.NeuronModel(
        "Counter", CounterParameters, counter_constants, counter_step, state={"V_m": "mV", "chance": "1"},
        ports={"exc": "mV"}, random=("one", "other"), initial=lambda p: {}, **more,
    )  # fmt: skip


@pytest.mark.parametrize("threads", [1, 3])
def test_what_happens_at_an_event_happens_to_the_neurons_that_had_one_with_numbers_of_their_own(threads):
    n, rises = 40, np.linspace(0.05, 0.4, 40)
    net = sl.Network(dt=DT, seed=SEED, threads=threads)
    cells = net.population(n, counter(at_event=counter_at_event)(rise=rises))
    net.record(cells)
    net.record(cells, ["V_m", "chance"], every=DT)
    run = net.run(DT * STEPS)
    expected, spikes, V_m, chance = np.zeros((2, STEPS, n)), [], np.zeros(n), np.zeros(n)
    for step in range(1, STEPS + 1):
        V_m = V_m + rises
        for i in np.flatnonzero(V_m > 1.0):
            spikes.append((step, i))
            V_m[i] = (V_m[i] - 1.0) * drawn(cells.uid, 2 * i, step)
            chance[i] = drawn(cells.uid, 2 * i + 1, step)
        expected[:, step - 1] = V_m, chance
    found = run.spikes(cells)
    assert len(spikes) > 1000
    EXACT.check(np.stack([steps_of(found.times, DT), found.ids], axis=1), np.array(spikes))
    EXACT.check(np.stack([run.trace(cells, name).values for name in ("V_m", "chance")]), expected)


def test_a_model_whose_function_of_events_takes_other_arguments_is_refused():
    with pytest.raises(DescriptionError, match=r"step of neuron model 'Counter' takes .* random numbers"):
        counter()
    with pytest.raises(DescriptionError, match=r"at_event of .*Counter. takes \(V_m, in_exc\), but its state"):
        counter(at_event=lambda V_m, in_exc: V_m)
