"""Time, tables, random numbers, refractory conditions and graded synapses, neuron by neuron in plain Python."""

import math

import numpy as np
import pytest
from given_spikes import steps_of
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.kernels.random import normal, stream, uniform
from spikelearn.timed import averaged

DT, STEPS, SEED, N = 0.5, 200, 5, 4
EQUATIONS = """
dv/dt = (drive(t, i) + sin(2*pi*20*Hz*t) - v)/tau : 1 (unless refractory)
du/dt = -u/(20*ms) : 1
"""
DRIVE = np.array([[1.0, 2.0, 3.0, 0.5], [2.5, 0.0, 1.0, 3.0], [1.5, 1.5, 2.0, 2.5]])


def drawn(thing, step, number):
    """(uniform, normal) number of an object in one step."""
    with np.errstate(over="ignore"):
        start, increment = (np.uint64(part) for part in stream(SEED, thing * 4 + 3, step))
        return float(uniform(start, increment, number)), float(normal(start, increment, number))


def in_plain_python(thing):
    """v after each step (steps, N), and (step, neuron) of every spike. Euler's method."""
    values, spikes = np.zeros((STEPS, N)), []
    for i in range(N):
        v = u = refractory = 0.0
        for step in range(1, STEPS + 1):
            t = (step - 1) * DT
            held = refractory > 0.0 and u > 0.4
            row = DRIVE[min(int(t // 30.0), 2), i]
            dv = 0.0 if held else (row + math.sin(2.0 * math.pi * 0.02 * t) - v) / 10.0
            v, u = v + DT * dv, u + DT * (-u / 20.0)
            refractory = 1.0 if held else 0.0
            chance, amount = drawn(thing, step, 2 * i)[0], drawn(thing, step, 2 * i + 1)[1]
            if v > 1.0 and chance < 0.3 + i / N / 2.0 and not held:
                spikes.append((step, i))
                v, u, refractory = 0.1 * amount, u + 1.0, 1.0
            values[step - 1, i] = v
    return values, np.array(sorted(spikes))


def make():
    return sl.NeuronModel.from_equations(
        EQUATIONS, threshold="v > 1 and rand() < 0.3 + i/N/2", reset="v = 0.1*randn(); u += 1", refractory="u > 0.4",
        parameters={"drive": 0.0, "tau": (10.0, "ms")}, method="euler",
    )  # fmt: skip


def test_each_neuron_at_each_time():
    net = sl.Network(dt=DT, seed=SEED)
    net.population(3, sl.LIF())
    cells = net.population(N, make()(drive=sl.Timed(DRIVE, 30.0)))
    net.record(cells, ["spikes", "v"])
    run = net.run(DT * STEPS)
    values, expected = in_plain_python(cells.uid)
    spikes = run.spikes(cells)
    assert len(expected) > 10
    found = np.stack([steps_of(spikes.times, DT), spikes.ids], axis=1)
    EXACT.check(found[np.lexsort((found[:, 1], found[:, 0]))], expected)
    ULP(STEPS * 10, 1.0).check(run.trace(cells, "v").values, values)


def test_a_gap_junction_is_a_sum_over_pairs():
    """v' = I, I = sum of w (v_pre + s - v_post), by Euler; s of each source decays and is set by its spikes."""
    net = sl.Network(dt=DT, seed=SEED)
    model = sl.NeuronModel.from_equations(
        "dv/dt = (I_gap + I_other + 0.2)/(10*ms) : 1\nI_gap : 1\nI_other : 1", threshold="v > 1", reset="v = 0",
        ports={"gap": "I_gap = weight", "other": "I_other = weight"}, method="euler",
    )  # fmt: skip
    synapse = sl.GradedSynapse.from_equations(
        "I_gap_post = w*(v_pre + gain*s - v_post) : 1 (summed)\nds/dt = -s/tau : 1 (clock-driven)", on_pre="s += 1",
        parameters={"gain": 0.3, "tau": (5.0, "ms")}, method="euler",
    )  # fmt: skip
    cells = net.population(N, model, initial={"v": np.array([0.0, 0.3, 0.6, 0.9])})
    weights = np.random.default_rng(1).uniform(0.0, 0.2, (N, N))
    net.connect(cells, cells, "gap", weight=weights, delay=1.5, synapse=synapse())
    net.record(cells, ["spikes", "v", "I_gap"])
    run = net.run(DT * STEPS)

    v, s, fired = np.array([0.0, 0.3, 0.6, 0.9]), np.zeros(N), []
    current = np.array([sum(weights[i, j] * (v[i] - v[j]) for i in range(N)) for j in range(N)])
    traces, currents = np.zeros((STEPS, N)), np.zeros((STEPS, N))
    for step in range(1, STEPS + 1):
        v = v + DT * (current + 0.2) / 10.0
        s = s - DT * s / 5.0
        for at, i in fired:
            s[i] += 1.0 if at == step - 3 else 0.0
        for i in np.flatnonzero(v > 1.0):
            fired.append((step, i))
            v[i] = 0.0
        current = np.array([sum(weights[i, j] * (v[i] + 0.3 * s[i] - v[j]) for i in range(N)) for j in range(N)])
        traces[step - 1], currents[step - 1] = v, current
    assert len(fired) > 6
    spikes = run.spikes(cells)
    EXACT.check(np.stack([steps_of(spikes.times, DT), spikes.ids], axis=1), np.array(fired))
    ULP(STEPS * 20, 1.0).check(run.trace(cells, "v").values, traces)
    ULP(STEPS * 20, 1.0).check(run.trace(cells, "I_gap").values, currents)


@pytest.mark.parametrize("interval", [0.25, 0.5, 0.7, 1.0, 3.3])
def test_means_over_steps(interval):
    """The mean over each step of values that change within steps, by a sum over a hundredth of a step."""
    values = np.random.default_rng(2).normal(size=(40, 2))
    steps, rows = averaged(np.round(np.arange(40) * interval, 9), values)
    assert np.all(np.diff(steps) > 0)
    assert np.all(steps == np.floor(steps))
    fine = np.minimum((np.round((np.arange(2000) + 0.5) / 100.0, 9) / interval).astype(int), 39)
    expected = values[fine].reshape(20, 100, 2).mean(axis=1)
    found = rows[np.searchsorted(steps, np.arange(20), side="right") - 1]
    ULP(1000, 1.0).check(found, expected)
