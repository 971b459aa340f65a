"""Instructions: the cell that sends cargo, the cell that stores it, and inverse tagging, beside their equations."""

from __future__ import annotations

import math

import numpy as np
from given_spikes import steps_of
from tolerances import METHOD, ULP

import spikelearn as sl
from cases.case import Case

DT, LENGTH = 1.0, 900.0
FAST = {"tau_message": 2000.0, "k_active": 8.0, "tau_p": 150.0, "t_active": 120.0, "packet": 20.0}
SPIKES, INSTRUCTIONS = [100.0, 150.0, 400.0, 410.0], [(60.0, 1.5), (300.0, 0.7)]


def _instructed():
    """(run, cell): its spikes are forced, and what arrives through `instruction` too."""
    net = sl.Network(dt=DT)
    cell = net.population(1, sl.LIFInstructed(**FAST), name="cell")
    net.connect(net.population(1, sl.SpikeList(np.array(SPIKES) - DT)), cell, "exc", weight=100.0, delay=DT)
    for time, amount in INSTRUCTIONS:
        net.connect(net.population(1, sl.SpikeList([time - DT])), cell, "instruction", weight=amount, delay=DT)
    net.record(cell, ["m", "p"])
    net.record(cell, ["spikes", "instructions"])
    return net.run(LENGTH), cell


def _closed_form():
    """(t, m and p, integral of p in ms) at the end of each step, piece by piece between all that happens."""
    idle, k, protein = 1.0 / FAST["tau_message"], FAST["k_active"] * 1e-3, 1.0 / FAST["tau_p"]
    active = [(100.0, 270.0), (400.0, 530.0)]  # until 120 ms after 150 and 410
    times = np.arange(1, int(LENGTH / DT) + 1) * DT
    edges = sorted({0.0, LENGTH, *(t for span in active for t in span), *(t for t, _ in INSTRUCTIONS), *times})
    m = p = total = 0.0
    found = {}
    for begin, end in zip(edges[:-1], edges[1:], strict=True):
        reading = any(a <= begin < b for a, b in active)
        a, kk, length = idle + (k if reading else 0.0), (k if reading else 0.0), end - begin
        made = kk * m / (protein - a)
        total += made * -math.expm1(-a * length) / a + (p - made) * -math.expm1(-protein * length) / protein
        p = made * math.exp(-a * length) + (p - made) * math.exp(-protein * length)
        m = m * math.exp(-a * length) + sum(amount for time, amount in INSTRUCTIONS if time == end)
        found[end] = (m, p, total)
    return np.array([found[t] for t in times])


def _stored():
    run, cell = _instructed()
    return [run.trace(cell, name).values[:, 0] for name in "mp"], _closed_form()[:, :2].T


def _packets():
    run, cell = _instructed()
    times = run.spikes(cell, "instruction").times
    return _closed_form()[steps_of(times, DT) - 1, 2], FAST["packet"] * np.arange(1, len(times) + 1)


def _cargo():
    """(step, cargo) of each instruction of a cell whose spikes are forced, and the same by hand."""
    generator = np.random.default_rng(2)
    steps = np.unique(np.concatenate([s + np.cumsum(generator.integers(3, 30, 12)) for s in range(10, 3000, 400)]))
    net = sl.Network(dt=DT)
    cell = net.population(1, sl.LIFCargo(tau_store=700.0, capacity=2.0), name="cell")
    net.connect(net.population(1, sl.SpikeList((steps - 1) * DT)), cell, weight=100.0, delay=DT)
    taker = net.population(1, sl.Parrot(), name="taker")
    net.connect(cell, taker, "ignored", on="instruction", payload="cargo", weight=1.0, delay=3 * DT)
    net.record(taker, "ignored")
    run = net.run(4000.0)
    arrived = run.trace(taker, "ignored").values[:, 0]
    recent, store, before, expected = 0.0, 2.0, 0, np.zeros(len(arrived))
    for step in steps:
        elapsed = (step - before) * DT
        recent = recent * math.exp(-elapsed / 50.0) + 1.0
        store = 2.0 + (store - 2.0) * math.exp(-elapsed / 700.0)
        if recent >= 3.0:
            expected[step + 3 - 1], recent, store = store, 0.0, 0.0
        before = step
    assert np.count_nonzero(expected) > 10
    return arrived, expected


def _tagging():
    """Weights after instructions, beside a loop in which every tag moves in every step."""
    generator = np.random.default_rng(3)
    n, steps, rule = 6, 3000, sl.InverseTagging(eta=0.05, tau_up=200.0, tau_tag=600.0, t_act=80.0)
    arrivals = {(int(s), int(i)) for s, i in generator.integers((2, 0), (steps, n), (60, 2))}
    events = set(generator.choice(np.arange(2, steps), 40, replace=False).tolist())
    net = sl.Network(dt=DT)
    ordered = sorted(arrivals)
    source = net.population(n, sl.SpikeList([(s - 1) * DT for s, _ in ordered], [i for _, i in ordered]))
    cell = net.population(1, sl.Parrot())
    net.connect(net.population(1, sl.SpikeList([(s - 1) * DT for s in sorted(events)])), cell, delay=DT)
    start = generator.uniform(1.0, 5.0, n)
    synapses = net.connect(
        source, cell, "ignored", weight=start[:, None], delay=DT, plasticity=rule, learns_from="spike"
    )
    run = net.run(steps * DT)
    weights = start.copy()
    for i in range(n):
        T, last = 0.0, -math.inf
        for step in range(1, steps + 1):
            acting = step - last <= 80
            rate = (1 / 200.0 if acting else 0.0) + 1 / 600.0
            goal = 1 / 200.0 / rate if acting else 0.0
            T = goal + (T - goal) * math.exp(-rate * DT)
            last = step if (step, i) in arrivals else last
            if step in events:
                weights[i] *= math.exp(-0.05 * (1.0 - T))
    return run.weights(synapses), weights


CASES: tuple[Case, ...] = (
    Case(
        "LIFInstructed", "message and protein, two instructions and four spikes in 900 ms", "closed form, by pieces",
        ULP(10_000, 1.0), "ULP(10,000)", _stored,
    ),
    # p goes up to 1 and changes by as much in 150 ms: 900 steps, each off by dt^3 p''/12 at most, p'' below 1e-3 /ms^2;
    # and an event comes at the end of the step in which it is due, in which the integral grows by up to p dt = 1 ms
    Case(
        "LIFInstructed", "integral of the protein at each of its own instructions", "closed form, by pieces",
        METHOD(1, DT), "METHOD(1, dt)", _packets,
    ),
    Case(
        "LIFCargo", "what 3 s of random bursts send, and when", "the same, spike by spike",
        ULP(1000, 1.0), "ULP(1,000)", _cargo,
    ),
    Case(
        "InverseTagging", "weights after 40 events and 60 arrivals in 3 s", "a loop in which all moves in every step",
        ULP(10_000, 1.0), "ULP(10,000)", _tagging,
    ),
)  # fmt: skip
