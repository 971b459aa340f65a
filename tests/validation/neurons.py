"""Neuron models beside their oracles."""

from __future__ import annotations

import numpy as np
from forced import steps_of
from oracles import nest_oracle
from tolerances import EXACT, NINE_DIGITS

import spikelearn as sl
from validation.case import Case

MEMBRANE = {"C_m": 200.0, "tau_m": 15.0, "E_L": -65.0, "V_th": -62.0, "V_reset": -66.0, "t_ref": 1.2}
CURRENT = ([50.0, 70.3, 120.0], [60.0, -20.0, 0.0])


def simulate(neuron, inputs=(), *, duration, dt, delay=None, current=None, record=("V_m",), initial=None):
    """One neuron. inputs: (port, time, weight), arriving `delay` later; current: (times, values).

    Gives {variable: samples, one a step} and the steps of its spikes.
    """
    net = sl.Network(dt=dt)
    cell = net.population(1, neuron, initial=initial)
    for port in sorted({port for port, _, _ in inputs}):
        mine = [(time, weight) for name, time, weight in inputs if name == port]
        sources = net.population(len(mine), sl.SpikeList([time for time, _ in mine], np.arange(len(mine))))
        pairs = sl.Pairs(np.arange(len(mine)), np.zeros(len(mine), int))
        net.connect(sources, cell, port, pairs, weight=np.array([weight for _, weight in mine]), delay=delay)
    if current is not None:
        net.drive(cell, sl.StepCurrent(*current))
    net.record(cell, ["spikes", *record])
    run = net.run(duration)
    return {name: run.trace(cell, name).values[:, 0] for name in record}, steps_of(run.spikes(cell).times, dt)


def random_inputs(scale, seed, n=150):
    """n (time in ms, weight), positive and negative."""
    generator = np.random.default_rng(seed)
    return np.sort(generator.integers(5, 1900, n)) * 0.1, generator.normal(0.4 * scale, scale, n)


def on_ports(times, weights):
    """Positive weights to port exc, negative ones to port inh."""
    return [("exc" if w > 0 else "inh", t, w) for t, w in zip(times, weights, strict=True)]


def _current_based(model, nest_model, taus):
    times, weights = random_inputs(150.0 if model is sl.LIF else 100.0, seed=1)
    traces, spikes = simulate(
        model(**MEMBRANE, tau_syn_exc=taus[0], tau_syn_inh=taus[1]), on_ports(times, weights), duration=200.0, dt=0.1,
        delay=1.5, current=CURRENT,
    )  # fmt: skip
    nest = nest_oracle.lif(
        nest_model, times, weights, delay=1.5,
        params=MEMBRANE | {"tau_syn_ex": taus[0], "tau_syn_in": taus[1], "V_m": -65.0},
        duration=200.0, current_times=CURRENT[0], current_amplitudes=CURRENT[1],
    )  # fmt: skip
    return (spikes, traces["V_m"]), (steps_of(nest.spike_times, 0.1), nest.V_m)


CASES: tuple[Case, ...] = tuple(
    Case(
        model.name,
        f"{what}, 150 random inputs and a stepped current, {how}",
        f"NEST live: {nest_model}",
        tolerance,
        name,
        lambda args=(model, nest_model, taus), k=k: tuple(found[k] for found in _current_based(*args)),
    )
    for model, nest_model in ((sl.LIF, "iaf_psc_exp"), (sl.LIFAlpha, "iaf_psc_alpha"))
    for taus, how in (((3.0, 7.0), "tau_syn 3 and 7 ms"), ((15.0, 2.0), "tau_syn = tau_m"))
    for k, (what, tolerance, name) in enumerate((("spikes", EXACT, "EXACT"), ("V_m", NINE_DIGITS, "1e-9 relative")))
)
