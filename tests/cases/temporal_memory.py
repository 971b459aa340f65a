"""The cell and the rule of the spiking temporal memory beside Brian2. NEST has neither, unless they are compiled."""

from __future__ import annotations

import functools

import numpy as np
from given_spikes import steps_of
from naive.parrots import TurningParrot, turning
from tolerances import EXACT, METHOD, NINE_DIGITS

import spikelearn as sl
from cases.case import Case
from spikelearn.equations.brian import import_brian2, quiet

DT, DURATION = 0.1, 400.0


@functools.cache
def cells(engine):
    """Four cells with random input to all ports, and now and then a volley to the dendrite or the soma."""
    generator = np.random.default_rng(5)
    net = sl.Network(dt=DT, seed=1)
    population = net.population(4, sl.LIFDendriticSpike(tau_dAP=23.0), name="cells")
    volleys = np.repeat(np.arange(10.0, DURATION, 45.0), 3)
    for port, weight, rate, times in (
        ("exc", 200.0, 100, np.sort(generator.integers(20, 4000, 6)) * DT),
        ("inh", -150.0, 60, []),
        ("dendrite", 22.0, 150, volleys),
    ):
        steps = generator.integers(1, round(DURATION / DT), rate)
        times = np.concatenate([steps * DT, times])
        source = net.population(len(times), sl.SpikeList(times, np.arange(len(times))), name=f"to {port}")
        strong = np.where(np.arange(len(times)) < rate, weight, 10 * weight if port == "exc" else weight)
        weights = strong[:, None] * generator.uniform(0.5, 1.5, (len(times), 4))
        net.connect(source, population, port, weight=weights, delay=0.5)
    net.record(population, ["spikes", "plateaus", "V_m", "I_dend", "z"])
    run = net.run(DURATION, engine=engine)
    events = [*run.spikes(population), *run.spikes(population, "plateau")]
    assert len(events[0]) >= 8 and len(events[2]) >= 20
    return np.concatenate(events), {name: run.trace(population, name).values for name in ("V_m", "I_dend", "z")}


def beside_brian2(name):
    ours, theirs = cells("compiled"), cells(sl.Brian2(method="rk4"))
    return (ours[0], theirs[0]) if name == "events" else (ours[1][name], theirs[1][name])


RULE = {"lambda_plus": 0.08, "lambda_minus": 0.004, "lambda_h": 0.05, "z_target": 0.5, "P_theta": 8.0}


def learned(dendritic):
    """Permanences of twelve synapses after 200 ms of random spikes, and of the rule in Brian2's words."""
    generator = np.random.default_rng(9)
    steps = [np.unique(generator.integers(2, 2000, n)) for n in (60, 20)]
    ids = [generator.integers(0, n, len(s)) for n, s in zip((4, 3), steps, strict=True)]
    weights = generator.uniform(0.0, 20.0, (4, 3))
    net = sl.Network(dt=DT)
    source = net.population(4, sl.SpikeList(steps[0] * DT, ids[0]))
    force = net.population(3, sl.SpikeList((steps[1] - 1) * DT, ids[1]))
    target = net.population(3, TurningParrot())
    net.connect(force, target, "exc", sl.OneToOne(), weight=1.0, delay=DT)
    learning = net.connect(
        source, target, "ignored", weight=weights, axonal_delay=DT, dendritic_delay=dendritic * DT,
        plasticity=sl.StructuralSTDP(**RULE),
    )  # fmt: skip
    net.record(target)
    run = net.run(210.0)
    assert np.array_equal(steps_of(run.spikes(target).times, DT), steps[1])

    i, j, permanences = by_brian2(steps, ids, weights, dendritic)
    found = run.synapses(learning)
    ours = found.weight[np.lexsort((found.post, found.pre))]
    assert np.abs(ours - weights.ravel()).max() > 1.0 and len(np.unique(ours)) > 6
    return ours, permanences[np.lexsort((j, i))]


def by_brian2(steps, ids, weights, dendritic):
    """(pre, post, permanence) of all synapses in the end; z is that of the step of the target's spike."""
    b2 = import_brian2()
    with quiet():
        z = b2.TimedArray([turning(step) for step in range(2200)], dt=DT * b2.ms)
        pre, post = (
            b2.SpikeGeneratorGroup(n, own, step * DT * b2.ms, dt=DT * b2.ms)
            for n, own, step in zip((4, 3), ids, steps, strict=True)
        )
        lag = dendritic * DT * b2.ms
        synapses = b2.Synapses(
            pre, post, "dx/dt = -x / (20 * ms) : 1 (event-driven)\nP : 1\nlast : second",
            on_pre="P = clip(P - 20 * lambda_minus, 0, 20); x += 1; last = t",
            on_post="""
            paired = int(t - last > 4.00001 * ms) * int(t - last < 79.99999 * ms)
            P = clip(P + paired * 20 * (lambda_plus * x + lambda_h * (z_target - z(t - lag + 0.01 * ms))), 0, 20)
            """,
            namespace={**RULE, "z": z, "lag": lag}, dt=DT * b2.ms,
        )  # fmt: skip
        synapses.connect()
        synapses.P = weights.ravel()
        synapses.last = -1000 * b2.second
        synapses.pre.delay, synapses.post.delay = DT * b2.ms, lag
        b2.Network(pre, post, synapses).run(210.0 * b2.ms)
    return synapses.i[:], synapses.j[:], np.asarray(synapses.P[:])


def paired(delta, z_steps):
    """The change by one pre and one post spike, delta ms later at the synapse, in a fresh synapse of permanence 5."""
    net = sl.Network(dt=DT)
    source = net.population(1, sl.SpikeList([10.0]))
    force = net.population(1, sl.SpikeList([10.0 + delta - DT]))
    target = net.population(1, TurningParrot())
    net.connect(force, target, "exc", weight=1.0, delay=DT)
    learning = net.connect(source, target, "ignored", weight=5.0, delay=DT, plasticity=sl.StructuralSTDP())
    measured = net.run(200.0).weights(learning)[0] - 5.0
    change = 0.08 * np.exp(-(delta - DT) / 20.0) + 0.014 * (1.0 - turning(z_steps))
    return measured, -20.0 * 0.0015 + (20.0 * change if 4.0 < delta - DT < 80.0 else 0.0)


def pairs():
    lags = (0.5, 4.0, 4.3, 12.0, 38.1, 79.9, 80.3, 150.0)
    return tuple(zip(*(paired(lag, round((10.0 + lag) / DT)) for lag in lags), strict=True))


HOW = "4 cells, 400 ms of random input to all ports with volleys"
# between spikes rk4 is of fourth order; what arrives moves I_dend by some 20 pA/ms
CASES: tuple[Case, ...] = (
    Case("LIFDendriticSpike", f"times and ids of spikes and plateaus, {HOW}", "Brian2 live", EXACT, "EXACT",
         lambda: beside_brian2("events")),
    *(
        Case("LIFDendriticSpike", f"{name}, {HOW}", "Brian2 live", METHOD(4, DT, 50.0), "METHOD(4, dt)",
             lambda name=name: beside_brian2(name))
        for name in ("V_m", "I_dend", "z")
    ),
    Case("StructuralSTDP", "change of the permanence by one pair at eight lags", "closed form", NINE_DIGITS,
         "1e-9 relative", pairs),
    *(
        Case("StructuralSTDP", f"permanences after 200 ms of random spikes, dendritic delay {dendritic * DT:g} ms",
             "Brian2 live", NINE_DIGITS, "1e-9 relative", lambda dendritic=dendritic: learned(dendritic))
        for dendritic in (0, 20)
    ),
)  # fmt: skip
