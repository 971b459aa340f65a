"""Rules that learn from the potential of the target, and their neuron, beside their oracles."""

from __future__ import annotations

import functools

import numpy as np
from given_spikes import steps_of
from given_traces import replay
from oracles import nest_clopath
from tolerances import EXACT, METHOD, NINE_DIGITS

import spikelearn as sl
from cases.case import Case
from spikelearn.plasticity import Trace, clopath

DT = 0.1
NEURON = {"V_reset": -49.6, "b": 0.0805}
"""Where the pairing experiments differ from NEST's defaults."""
RULE = {"delay_u_bars": 4.0}
A_LTD, A_LTP, W_MAX = 4e-3, 8e-4, 3.0
CURRENT = ((100.0, 300.0), (300.0, -100.0))
NO_CURRENT = ((100.0,), (0.0,))

SJOSTROM = {
    "post then pre, 10 Hz": ([19, 119, 219, 319, 419], [29, 129, 229, 329, 429], 57.82638722),
    "post then pre, 30 Hz": ([19, 52.3, 85.7, 119, 152.3], [29, 62.3, 95.7, 129, 162.3], 72.16730112),
    "post then pre, 50 Hz": ([19, 39, 59, 79, 99], [29, 49, 69, 89, 109], 149.43359357),
    "pre then post, 10 Hz": ([139, 239, 339, 439, 539, 639], [129, 229, 329, 429, 529, 629], 103.30408341),
    "pre then post, 30 Hz": ([72.3, 105.6, 139, 172.3, 205.6, 239], [62.3, 95.6, 129, 162.3, 195.6, 229], 124.03640668),
    "pre then post, 50 Hz": ([59, 79, 99, 119, 139, 159], [49, 69, 89, 109, 129, 149], 157.02882555),
}
"""name -> (post, pre, reported): when the generators of NEST's own test fire, in ms, and 100 + 1500 dw/w0."""


def pairing(post, pre, neuron=None, rule=None):
    """100 + 1500 dw/w0 when the last pre spike arrives. The neuron feels 80 mV, and the parrot fires, a step later."""
    net = sl.Network(dt=DT)
    source = net.population(1, sl.SpikeList(np.array(pre) + DT))
    force = net.population(1, sl.SpikeList(np.array(post, float)))
    cell = net.population(1, sl.AdExClopath(**(neuron or {})))
    net.connect(force, cell, weight=80.0, delay=DT)
    synapse = net.connect(source, cell, weight=0.5, dendritic_delay=DT, plasticity=sl.Clopath(**(rule or {})))
    run = net.run(pre[-1] + 2 * DT)
    return 100.0 + 1500.0 * (run.weights(synapse)[0] - 0.5) / 0.5


def nest_pairing(post, pre):
    nest = nest_clopath.clopath(
        np.array(pre) + DT, np.array(post) + DT, neuron=NEURON | RULE, duration=max(pre[-1], post[-1]) + 10.0
    )
    return 100.0 + 1500.0 * (nest.weights[-1] - 0.5) / 0.5


def _read(name):
    """The rule with averages that are given, as NEST's neuron has them, in place of its own."""
    return sl.SignalRule(
        name,
        clopath.ClopathParameters,
        pre=(Trace("x_bar", "tau_x"),),
        reads=("V_m", "u_bar_minus", "u_bar_plus"),
        delayed={"u_bar_minus": "delay_u_bars", "u_bar_plus": "delay_u_bars"},
        signal=clopath.signal,
        on_pre=clopath.on_pre,
        seen=("u_bar_minus",),
        constants=clopath.constants,
    )


GivenAverages = _read("Clopath of given averages")


@functools.cache
def _protocol(seed, delay=0.1, n_pre=50, current=CURRENT):
    """NEST's neuron under 60 random inputs, some of which make it fire, and so many pre spikes: what it did."""
    generator = np.random.default_rng(seed)
    pre = np.sort(generator.choice(np.arange(60, 4900), n_pre, replace=False)) * DT
    inputs = np.sort(generator.choice(np.arange(60, 4900), 60, replace=False)) * DT
    jumps = np.where(generator.random(60) < 0.4, 80.0, generator.normal(0.0, 5.0, 60))
    nest = nest_clopath.clopath(
        pre, inputs, jumps, neuron=NEURON | RULE | {"A_LTD": A_LTD, "A_LTP": A_LTP}, synapse={"Wmax": W_MAX}, w0=2.0,
        delay=delay, duration=500.0, current_times=current[0], current_amplitudes=current[1],
    )  # fmt: skip
    return pre, inputs, jumps, nest


def _rule_alone(seed, delay):
    """Weights sent by our rule, given NEST's potential and averages, and by NEST."""
    pre, _, _, nest = _protocol(seed, delay)
    net = sl.Network(dt=DT)
    source = net.population(1, sl.SpikeList(pre))
    given = {name: nest.recorded[name][:, None] for name in ("V_m", "u_bar_minus", "u_bar_plus")}
    target = replay(net, 1, set(), **given)
    rule = GivenAverages(A_LTD=A_LTD, A_LTP=A_LTP, W_max=W_MAX)
    net.connect(source, target, "ignored", weight=2.0, dendritic_delay=delay, plasticity=rule)
    net.record(target, "ignored")
    sent = net.run(500.0).trace(target, "ignored").values[:, 0]
    return sent[steps_of(pre + delay, DT) - 1], nest.weights


@functools.cache
def _neuron(seed, current):
    """(ours, NEST's) for V_m, w and the times of spikes, under 60 random inputs and a current."""
    _, inputs, jumps, nest = _protocol(seed, n_pre=0, current=current)
    net = sl.Network(dt=DT)
    source = net.population(len(inputs), sl.SpikeList(inputs - DT, np.arange(len(inputs))))
    cell = net.population(1, sl.AdExClopath())
    net.connect(source, cell, weight=jumps[:, None], delay=DT)
    net.drive(cell, sl.StepCurrent(*current))
    net.record(cell, ["spikes", "V_m", "w"])
    run = net.run(500.0)
    return {
        "spikes": (run.spikes(cell).times, nest.spike_times),
        **{name: (run.trace(cell, name).values[:, 0], nest.recorded[name]) for name in ("V_m", "w")},
    }


def _spikes(seed, current):
    return tuple(steps_of(times, DT) for times in _neuron(seed, current)["spikes"])


def _dendritic():
    """Weights sent by the rule that reads V_d of a bursting cell, and by Clopath given the same as V_m."""
    generator = np.random.default_rng(6)
    pre = np.sort(generator.choice(np.arange(60, 4900), 60, replace=False)) * DT
    parameters = {"A_LTD": A_LTD, "A_LTP": A_LTP, "W_max": W_MAX}

    def connect(net, target, port, rule):
        source = net.population(1, sl.SpikeList(pre))
        synapse = net.connect(source, target, port, weight=2.0, dendritic_delay=DT, plasticity=rule(**parameters))
        net.record(synapse, "weight", every=DT)
        return synapse

    net = sl.Network(dt=DT)
    cell = net.population(1, sl.Pyramidal(I_e_apical=250.0, I_e_soma=500.0))
    synapse = connect(net, cell, "apical", sl.DendriticClopath)
    net.record(cell, "V_d")
    run = net.run(500.0)
    V_d, ours = run.trace(cell, "V_d").values, run.trace(synapse, "weight").values[:, 0]
    other = sl.Network(dt=DT)
    synapse = connect(other, replay(other, 1, set(), V_m=V_d), "ignored", sl.Clopath)
    assert np.ptp(ours) > 0.5
    return ours, other.run(500.0).trace(synapse, "weight").values[:, 0]


def _homeostatic():
    """Weights sent under a potential that wanders and jumps, and what plain sums over steps make of it."""
    generator = np.random.default_rng(7)
    steps, late = 4000, 40
    V = -60.0 + generator.normal(0.0, 5.0, steps)
    V[generator.choice(steps, 60, replace=False)] = 30.0
    arrivals = np.sort(generator.choice(np.arange(10, steps), 50, replace=False))
    p = sl.HomeostaticClopath(A_LTD=2e-3, A_LTP=1e-4, W_max=50.0, tau_u_bar_bar=80.0, theta_minus=-69.0).parameters
    net = sl.Network(dt=DT)
    target = replay(net, 1, set(), V_m=V[:, None])
    rule = sl.HomeostaticClopath(**p._asdict())
    net.connect(
        net.population(1, sl.SpikeList((arrivals - 1) * DT)), target, "ignored", weight=20.0, delay=DT, plasticity=rule
    )
    net.record(target, "ignored")
    sent = net.run(steps * DT).trace(target, "ignored").values[arrivals - 1, 0]
    minus, plus, bar = [-70.0], [-70.0], [0.0]  # at the end of each step; the one before lasts through a step
    x, w, expected = 0.0, 20.0, []
    for step in range(1, steps + 1):
        x *= np.exp(-DT / p.tau_x)
        if step in arrivals:
            depression = p.A_LTD * bar[-1] ** 2 / p.u_ref_squared
            w -= depression * max(0.0, minus[max(0, step - 1 - late)] - p.theta_minus)
            expected.append(w)
            x += 1.0
        before = V[step - 2] if step > 1 else -70.0
        for average, tau, value in (
            (minus, p.tau_u_bar_minus, before),
            (plus, p.tau_u_bar_plus, before),
            (bar, p.tau_u_bar_bar, max(0.0, before - p.theta_minus)),
        ):
            average.append(value + (average[-1] - value) * np.exp(-DT / tau))
        rise = max(0.0, V[step - 1] - p.theta_plus) * max(0.0, plus[max(0, step - late)] - p.theta_minus)
        w += p.A_LTP / p.tau_x * x * rise * DT
    assert np.ptp(expected) > 1.0 and 0.0 < min(expected) and max(expected) < 50.0
    return sent, expected


NEAR_THRESHOLD = METHOD(2, DT, 10.0)
"""0.1 mV: NEST integrates to 1e-6 in steps of its own. Where an input leaves V_m next to V_th, the error of our step
grows by a factor e in each C_m/g_L of the time that V_m stays there."""

CASES: tuple[Case, ...] = (
    *(
        case
        for current, how in ((NO_CURRENT, "no current"), (CURRENT, "a stepped current"))
        for case in (
            Case(
                "AdExClopath",
                f"steps of spikes, 60 random inputs (seed 5) and {how}",
                "NEST live: aeif_psc_delta_clopath",
                EXACT,
                "EXACT",
                functools.partial(_spikes, 5, current),
            ),
            Case(
                "AdExClopath",
                f"V_m, 60 random inputs (seed 5) and {how}",
                "NEST live: aeif_psc_delta_clopath",
                NEAR_THRESHOLD,
                "METHOD(2, dt)",
                lambda current=current: _neuron(5, current)["V_m"],
            ),
        )
    ),
    *(
        Case(
            "Clopath",
            f"weights sent, 50 random pre spikes, NEST's potential and averages given; delay {delay} ms, seed {seed}",
            "NEST live: clopath_synapse",
            NINE_DIGITS,
            "1e-9 relative",
            functools.partial(_rule_alone, seed, delay),
        )
        for seed, delay in ((1, 0.1), (2, 1.5))
    ),
    Case(
        "DendriticClopath",
        "weights in every step, 60 random pre spikes onto the dendrite of a bursting cell, seed 6",
        "Clopath, given the same potential",
        NINE_DIGITS,
        "1e-9 relative",
        _dendritic,
    ),
    Case(
        "HomeostaticClopath",
        "weights sent, 50 random pre spikes under a random potential, seed 7",
        "sums over steps, from the definition",
        NINE_DIGITS,
        "1e-9 relative",
        _homeostatic,
    ),
    *(
        Case(
            "Clopath and AdExClopath",
            f"100 + 1500 dw/w0 of Sjostrom's pairing, {name}",
            "NEST's test of clopath_synapse",
            METHOD(1, DT, 30.0),
            "3 of 100",
            lambda post=post, pre=pre, reported=reported: (pairing(post, pre), reported),
        )
        for name, (post, pre, reported) in SJOSTROM.items()
    ),
)
