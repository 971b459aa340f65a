"""Cells and rules of the dendritic error microcircuit, beside numpy and closed forms."""

from __future__ import annotations

import functools
import math
from dataclasses import replace

import numpy as np
from given_spikes import steps_of
from naive import dendritic_microcircuit
from tolerances import EXACT, ULP

import spikelearn as sl
from cases.case import Case
from spikelearn.learning.dendritic_microcircuit import Microcircuit, build, present, starting_weights, weights_of

LEARNING = {"up 1": 2.0, "up 2": 0.01, "ip 1": 0.05, "pi 1": 0.02}
SMALL = Microcircuit((4, 7, 3), spikes=False, settle=3.0, learn=5.0, tau_syn=2.0, dt=0.5)
THOUSANDS_OF_STEPS = ULP(4_500_000, 30.0)
"""1e-9 of the largest potential: hundreds of steps, of a loop that feeds its rounding back; weights in closed form."""


@functools.cache
def _circuit(prospective):
    """Both: weights at the end, u of output cells and v_A of hidden cells in every step; all synapses learn."""
    m = replace(SMALL, prospective=prospective)
    points, labels = sl.tasks.yin_yang(40, 5)
    weights = starting_weights(m, 1.0, 3.0, 1)
    circuit = build(m, weights, 1, LEARNING)
    circuit.network.record(circuit.output, "u")
    circuit.network.record(circuit.layers[1], "v_A")
    run = present(circuit, points, labels, learn=True).run
    ours = weights_of(circuit, run), run.trace("output", "u").values, run.trace("hidden 1", "v_A").values
    return ours, dendritic_microcircuit.run(m, weights, points, labels, LEARNING)


def _circuit_of(what, prospective):
    ours, reference = _circuit(prospective)
    if what == "weights":
        return tuple(np.concatenate([found[0][name].ravel() for name in LEARNING]) for found in (ours, reference))
    return ours[what], reference[what]


G = {"g_L": 0.1, "g_B": 0.9, "g_A": 0.4, "g_som": 0.2}
RATE = {"theta": 0.2, "Delta_u": 0.6}
ARRIVING = {"basal": 1.3, "apical": -2.1, "soma": 0.7, "nudging": 0.3}


def _steady(prospective):
    """u, v_B, v_A and r of a cell reached by everything for a second, by rates and by spikes, in one step each."""
    found = []
    for on, payload in (("rate", "r"), ("spike", None)):
        net = sl.Network(dt=0.5)
        source = net.population(1, sl.PerfectIntegrator(interval=0.5, I_e=1.0))
        model = sl.ThreeCompartment(interval=0.5, I_e=0.15, prospective=prospective, **RATE, **G)
        cell = net.population(1, model, name="cell")
        for port, weight in ARRIVING.items():
            net.connect(source, cell, port, weight=weight, on=on, payload=payload, name=port)
        net.record(cell, ["u", "v_B", "v_A", "r"])
        run = net.run(1000.0)
        found += [run.trace(cell, variable).values[-1, 0] for variable in ("u", "v_B", "v_A", "r")]
    pulled = G["g_B"] * ARRIVING["basal"] + G["g_A"] * ARRIVING["apical"] + ARRIVING["soma"] + 0.15
    u = pulled / (sum(G.values()) + ARRIVING["nudging"])
    return found, [u, ARRIVING["basal"], ARRIVING["apical"], _rate(u)] * 2


def _rate(u):
    return 1.0 / (1.0 + math.exp((RATE["theta"] - u) / RATE["Delta_u"]))


def _learned():
    """The weight after 400 steps of a synapse that learns, onto a dendrite that does not act on the soma."""
    net = sl.Network(dt=0.5)
    source = net.population(1, sl.PerfectIntegrator(interval=0.5, I_e=1.0))
    cell = net.population(1, sl.ThreeCompartment(interval=0.5, g_B=0.9, g_A=0.0, I_e=0.8, **RATE), name="cell")
    net.connect(source, cell, "basal", weight=1.3, on="rate", payload="r")
    rule = sl.DendriticPrediction(eta=0.01, interval=0.5, attenuation=0.7, **RATE)
    made = net.connect(source, cell, "apical", weight=0.5, on="rate", payload="r", plasticity=rule)
    before, after = (net.run(duration).synapses(made).weight[0] for duration in (1000.0, 200.0))
    return [after - before], [0.01 * 200.0 * (_rate(0.9 * 1.3 + 0.8) - _rate(0.7 * 1.3))]


def _arriving(port, variable):
    """What one spike adds to the soma, over 20 ms."""
    net = sl.Network(dt=0.1)
    source = net.population(1, sl.SpikeList([1.0]))
    cell = net.population(1, sl.ThreeCompartment(interval=0.5, tau_syn=7.0, tau_syn_soma=3.0))
    net.connect(source, cell, port, weight=0.8, delay=1.0)
    net.record(cell, [variable])
    keep = math.exp(-0.1 / 3.0)
    return net.run(22.0).trace(cell, variable).values[19:219, 0], 0.8 * 5.0 * (1.0 - keep) * keep ** np.arange(200)


def _regular(make, rate):
    """Steps of spikes of a cell at a rate, in 0.1 ms with interval 1 ms: the k-th when k intervals/rate have passed."""
    net = sl.Network(dt=0.1)
    cell = net.population(1, make(), initial={"phase": 0.35})
    net.record(cell)
    spikes = steps_of(net.run(400.0).spikes(cell).times, 0.1)
    expected = [math.ceil((k - 0.35) / (0.1 * rate)) for k in range(1, round(400.0 * rate) + 2)]
    return spikes, [step for step in expected if step <= 4000]


def _late(prospective):
    """The rate of a cell in the step after its input has changed: with latent equilibrium it is at the new one."""
    net = sl.Network(dt=0.1)
    p = {"C_m": 100.0, "g_L": 10.0, "g_B": 0.0, "g_A": 0.0}
    cell = net.population(1, sl.ThreeCompartment(prospective=prospective, **p))
    net.drive(cell, sl.StepCurrent([5.0], [20.0]), port="soma")
    net.record(cell, ["r"])
    r = net.run(30.0).trace(cell, "r").values[50:, 0]
    passed = 0.1 * np.arange(1, len(r) + 1)
    u = 2.0 if prospective else 2.0 * (1.0 - np.exp(-passed / 10.0))
    return r, 1.0 / (1.0 + np.exp(-u * np.ones(len(r))))


PARTS = "ThreeCompartment, PerfectIntegrator, DendriticPrediction, ApicalSilencing"
REFERENCE = "numpy, one line for each equation"
RATES = "40 points with a teacher, all synapses learn, as rates"
CASES = [
    *(
        Case(PARTS, f"{name}, {RATES}{form}", REFERENCE, THOUSANDS_OF_STEPS, "1e-9",
             lambda what=what, prospective=prospective: _circuit_of(what, prospective))
        for prospective, form in ((1.0, ""), (0.0, ", no latent equilibrium"))
        for what, name in (("weights", "weights"), (1, "potential of output cells"), (2, "apical potential"))
    ),
    *(
        Case("ThreeCompartment", f"steady state, {form}, by rates and by spikes", "closed form", ULP(10_000, 2.0),
             "ULP", lambda prospective=prospective: _steady(prospective))
        for prospective, form in ((1.0, "latent equilibrium"), (0.0, "rates that follow the membrane"))
    ),
    *(
        Case("ThreeCompartment", f"rate after a step of current, {form}", "closed form", ULP(10_000, 2.0), "ULP",
             lambda prospective=prospective: _late(prospective))
        for prospective, form in ((1.0, "latent equilibrium"), (0.0, "rates that follow the membrane"))
    ),
    *(
        Case("ThreeCompartment", f"a spike that arrives at {port}", "closed form", ULP(1000, 1.0), "ULP",
             lambda port=port, variable=variable: _arriving(port, variable))
        for port, variable in (("soma", "I_nudge"), ("nudging", "g_nudge"))
    ),
    Case("DendriticPrediction", "weight after 400 steps of constant rates", "closed form", ULP(100_000, 1.0), "ULP",
         _learned),
    Case("PerfectIntegrator", "spikes at a rate of 0.377", "closed form", EXACT, "EXACT",
         lambda: _regular(lambda: sl.PerfectIntegrator(I_1=2.0, I_e=0.754), 0.377)),
    Case("ThreeCompartment", "spikes at the rate of rest, 1/(1 + exp(0.5))", "closed form", EXACT, "EXACT",
         lambda: _regular(lambda: sl.ThreeCompartment(theta=0.5), 1.0 / (1.0 + math.exp(0.5)))),
]  # fmt: skip
