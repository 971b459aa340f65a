"""Homeostasis and rewiring beside closed forms."""

from __future__ import annotations

import numpy as np
from tolerances import STAT, ULP

import spikelearn as sl
from cases.case import Case


def sums_of_what_learns(rule, **how):
    """Sums of the weights onto 12 targets (from 30 sources) that learn for a second, and what they should be."""
    net = sl.Network(dt=0.5, seed=1)
    dopamine = net.modulator(tau=50.0)
    net.release(dopamine, [200.0, 600.0], 0.05)
    source, cells = net.population(30, sl.Poisson(30.0)), net.population(12, sl.LIF())
    net.drive(cells, sl.NoiseCurrent(mean=400.0, std=300.0, tau=5.0))
    projection = net.connect(source, cells, "exc", weight=sl.Uniform(20.0, 60.0), delay=1.0, plasticity=rule(dopamine))
    n = 30 if how.get("per") == "source" else 12
    totals = np.linspace(35.0, 45.0, n) * (12 if n == 30 else 30)
    net.homeostasis(projection, sl.Normalisation(totals, every=100.0, **how))
    found = net.run(1000.0).synapses(projection)
    assert np.ptp(found.weight) > 10.0 and found.weight.min() > 0.0 and found.weight.max() < 1000.0
    return np.bincount(found.pre if n == 30 else found.post, found.weight), totals


def scaled(spikes, goal=20.0, tau=500.0, beta=0.2, every=50.0, duration=2000.0):
    """ln(w(T)/w(0)) of a neuron that fires at given times, and beta (goal T - tau (a(0) - a(T)) - number of spikes)."""
    net = sl.Network(dt=0.5)
    cell = net.population(1, sl.Parrot())
    force = net.population(1, sl.SpikeList(np.asarray(spikes, float) - 0.5))
    net.connect(force, cell, "exc", weight=1.0, delay=0.5)
    projection = net.connect(
        net.population(3, sl.SpikeList([])), cell, "ignored", weight=np.array([[1.0], [2.0], [3.0]])
    )
    net.homeostasis(projection, sl.SynapticScaling(goal, tau=tau, beta=beta, every=every))
    found = net.run(duration).weights(projection)
    a = goal * np.exp(-duration / tau) + np.sum(1000.0 / tau * np.exp((np.asarray(spikes) - duration) / tau))
    expected = beta * (0.001 * (goal * duration - tau * (goal - a)) - len(spikes))
    return np.log(found / [1.0, 2.0, 3.0]), np.full(3, expected)


def targets_of_moves():
    """Shares of the ten targets among synapses that moved, and a tenth."""
    net = sl.Network(dt=0.5, seed=2)
    source, cells = net.population(20, sl.SpikeList([])), net.population(10, sl.Parrot())
    projection = net.connect(source, cells, "ignored", sl.FixedOutDegree(300), weight=1.0)
    before = net.run(0.0).synapses(projection).post
    net = sl.Network(dt=0.5, seed=2)
    source, cells = net.population(20, sl.SpikeList([])), net.population(10, sl.Parrot())
    projection = net.connect(source, cells, "ignored", sl.FixedOutDegree(300), weight=1.0)
    net.homeostasis(projection, sl.Rewiring(below=1.0, weight=1.0, every=0.5))
    after = net.run(0.5).synapses(projection).post
    assert np.all(before != after)
    return np.bincount(after, minlength=10) / 6000, np.full(10, 0.1)


_RULES = (
    ("STDP", lambda dopamine: sl.STDP(lambda_=0.002, W_max=1000.0)),
    ("DopamineSTDP", lambda dopamine: sl.DopamineSTDP(dopamine, tau_c=100.0, A_plus=1.0, A_minus=1.0, W_max=1000.0)),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            "Normalisation", f"sums of weights that learn by {name}, {what}", "closed form", ULP(200), "ULP(200)",
            lambda rule=rule, how=how: sums_of_what_learns(rule, **how),
        )
        for name, rule in _RULES
        for what, how in (
            ("onto each target", {}), ("onto each target, subtractive", {"subtractive": True}),
            ("from each source", {"per": "source"}),
        )
    ),
    Case(
        "SynapticScaling", "2 s of silence, every 50 ms", "closed form", ULP(200), "ULP(200)", lambda: scaled([]),
    ),
    Case(
        "SynapticScaling", "2 s at 50 Hz, target rate 20 Hz, every 50 ms", "closed form", ULP(1000), "ULP(1000)",
        lambda: scaled(np.arange(10.0, 2000.0, 20.0)),
    ),
    Case(
        "Rewiring", "targets of 6,000 synapses that moved, seed 2", "closed form: uniform", STAT(6000, 0.3),
        "STAT(6000)", targets_of_moves,
    ),
)  # fmt: skip
