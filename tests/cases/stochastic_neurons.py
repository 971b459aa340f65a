"""Neurons that fire at random: beside closed forms, two-sample tests beside NEST, and what they become without noise.

A two-sample test compares the distance of Kolmogorov and Smirnov, times the root of n m / (n + m), with 0: it is the
largest of a Brownian bridge, which is more than 2.7 once in a million (2 exp(-2 2.7^2)); as STAT, 5 deviations of 0.54.
"""

from __future__ import annotations

import numpy as np
from given_spikes import steps_of
from oracles import nest_oracle
from tolerances import EXACT, NINE_DIGITS, STAT

import spikelearn as sl
from cases.case import Case
from cases.neurons import (
    CURRENT,
    MEMBRANE,
    RANDOM,
    SYN_TAUS,
    beside_nest,
    on_exc,
    random_inputs,
    simulate,
    spikes_and_potential,
)  # fmt: skip

DT = 0.1
KOLMOGOROV = STAT(1, 0.54)


def spikes_of(neuron, n, duration, *, current=None, seed=1, dt=DT):
    """(steps, neurons) of the spikes of n neurons that are alike."""
    net = sl.Network(dt=dt, seed=seed)
    cells = net.population(n, neuron)
    if current is not None:
        net.drive(cells, sl.StepCurrent(*current))
    net.record(cells)
    found = net.run(duration).spikes(cells)
    return steps_of(found.times, dt), np.asarray(found.ids)


def distance(one, other):
    """The two-sample statistic of Kolmogorov and Smirnov, scaled as said above."""
    one, other = np.sort(one), np.sort(other)
    at = np.unique(np.concatenate([one, other]))
    apart = np.searchsorted(one, at, "right") / len(one) - np.searchsorted(other, at, "right") / len(other)
    return np.abs(apart).max() * np.sqrt(len(one) * len(other) / (len(one) + len(other)))


def intervals(steps, ids):
    """All intervals between spikes of the same neuron."""
    order = np.lexsort((steps, ids))
    steps, ids = steps[order], ids[order]
    return np.diff(steps)[np.diff(ids) == 0]


def spike_number(k, steps, ids, n):
    """The step of spike k of each neuron, counted from 0; neurons that have not as many are left out."""
    order = np.lexsort((steps, ids))
    steps, ids = steps[order], ids[order]
    first = np.searchsorted(ids, np.arange(n))
    has = np.searchsorted(ids, np.arange(n), "right") - first > k
    return steps[first[has] + k]


def difference_of_means(one, other):
    """The difference of two means in units of its standard error."""
    return (np.mean(one) - np.mean(other)) / np.sqrt(np.var(one) / len(one) + np.var(other) / len(other))


def counts(ids, n):
    return np.bincount(ids, minlength=n)


# Escape noise

N = 20_000


def _survivors(model):
    """The share of neurons that have not fired, every 5 ms after a current is switched on, and exp(-sum of hazards)."""
    neuron = model(I_e=450.0, V_th=-55.0, Delta_V=2.0, rho_0=200.0)
    p = neuron.parameters
    steps, ids = spikes_of(neuron, N, 60.0, seed=11)
    first = np.full(N, 10**6)
    np.minimum.at(first, ids, steps)
    at = np.arange(50, 601, 50)
    t = np.arange(1, 601) * DT
    V = p.E_L + p.I_e * p.tau_m / p.C_m * -np.expm1(-t / p.tau_m)
    hazard = p.rho_0 * 1e-3 * np.exp((V - p.V_th) / p.Delta_V)
    return [(first > k).mean() for k in at], np.exp(-np.cumsum(hazard * DT))[at - 1]


def _renewal():
    """Intervals at a constant hazard: t_ref and a geometric number of steps. Their mean, in standard errors."""
    neuron = sl.EscapeNoiseLIF(V_th=-70.0, rho_0=300.0, t_ref=3.0)
    found = intervals(*spikes_of(neuron, 200, 1000.0, seed=12))
    p = -np.expm1(-300.0 * 1e-3 * DT)
    return (found.mean() - (30 + 1 / p)) / (np.sqrt(1 - p) / p) * np.sqrt(len(found)), 0.0


PP = {"tau_m": 10.0, "C_m": 250.0, "I_e": 450.0}


def _beside_point_process(what):
    """500 neurons of ours (seed 13) and of NEST (seed 3) for a second; NEST's V_m is counted from rest."""
    neuron = sl.EscapeNoiseLIF(**PP, E_L=0.0, V_reset=0.0, V_th=20.0, rho_0=200.0, Delta_V=2.0, t_ref=0.0)
    ours = spikes_of(neuron, 500, 1000.0, seed=13)
    hazard = {"c_1": 0.0, "c_2": 200.0 * np.exp(-20.0 / 2.0), "c_3": 1.0 / 2.0}
    times, ids = nest_oracle.population_spikes(
        "pp_psc_delta", 500, params=PP | hazard | {"dead_time": 0.0, "with_reset": True}, duration=1000.0, seed=3
    )
    steps, ids = np.unique(np.stack([steps_of(times, DT), ids]), axis=1)  # several spikes in a step are one here
    if what == "rate":
        return difference_of_means(counts(ours[1], 500), counts(ids, 500)), 0.0
    return distance(intervals(*ours), intervals(steps, ids)), 0.0


def _without_width():
    inputs = on_exc(*random_inputs(1.0, seed=1))
    return tuple(
        simulate(neuron, inputs, duration=200.0, dt=DT, delay=1.5, current=CURRENT)[1]
        for neuron in (sl.EscapeNoiseLIF(**MEMBRANE, Delta_V=1e-6), sl.LIFDelta(**MEMBRANE))
    )


# GIF

ADAPTATION = {
    "q_stc_1": 56.7, "tau_stc_1": 57.8, "q_stc_2": -6.9, "tau_stc_2": 218.2,
    "q_sfa_1": 11.7, "tau_sfa_1": 53.8, "q_sfa_2": 1.8, "tau_sfa_2": 640.0,
}  # fmt: skip
GIF = {
    "E_L": -67.0, "V_T_star": -39.6, "V_reset": -36.7, "C_m": 83.1, "g_L": 3.7, "t_ref": 4.0, "lambda_0": 1.0,
    "Delta_V": 1.4, "tau_syn_exc": 10.0, "tau_syn_inh": 10.0,
}  # fmt: skip


def nest_gif(params):
    """The parameters of a GIF by NEST's names."""
    pairs = {"q_stc", "tau_stc", "q_sfa", "tau_sfa"}
    rest = {
        k.replace("syn_exc", "syn_ex").replace("syn_inh", "syn_in"): v for k, v in params.items() if k[:-2] not in pairs
    }
    return rest | {name: [params[f"{name}_1"], params[f"{name}_2"]] for name in pairs}


def _gif_without_width():
    ours = {name: MEMBRANE[name] for name in ("C_m", "E_L", "V_reset", "t_ref")} | SYN_TAUS
    ours |= {"g_L": MEMBRANE["C_m"] / MEMBRANE["tau_m"], "V_T_star": MEMBRANE["V_th"], "Delta_V": 1e-6}
    ours |= ADAPTATION | {"q_sfa_1": 2.0, "q_sfa_2": 0.5}
    found, (spikes, V_m) = beside_nest(sl.GIF, ours, "gif_psc_exp", nest_gif(ours), scale=300.0, delay=1.6)
    V_m[spikes - 1] = ours["V_reset"]  # NEST resets it one step after the spike
    return found, (spikes, V_m)


def _gif_below_threshold():
    ours = GIF | ADAPTATION | {"V_T_star": 0.0}
    times, weights = random_inputs(30.0, seed=1)
    inputs = [("exc" if w > 0 else "inh", t, w) for t, w in zip(times, weights, strict=True)]
    traces, spikes = simulate(sl.GIF(**ours), inputs, duration=200.0, dt=DT, delay=1.5, current=CURRENT)
    assert len(spikes) == 0
    nest = nest_oracle.lif(
        "gif_psc_exp", times, weights, delay=1.6, params=nest_gif(ours) | {"V_m": -67.0}, duration=200.0,
        current_times=CURRENT[0], current_amplitudes=CURRENT[1],
    )  # fmt: skip
    return traces["V_m"], nest.V_m


STEPS_OF_CURRENT = ([50.0, 400.0], [200.0, 140.0])


def _beside_gif(what, k=0):
    """800 neurons of ours (seed 14) and of NEST (seed 4) for 0.8 s under a stepped current."""
    params = GIF | ADAPTATION
    ours = spikes_of(sl.GIF(**params), 800, 800.0, current=STEPS_OF_CURRENT, seed=14)
    times, ids = nest_oracle.population_spikes(
        "gif_psc_exp", 800, params=nest_gif(params) | {"V_m": -67.0}, duration=800.0, seed=4,
        current_times=STEPS_OF_CURRENT[0], current_amplitudes=STEPS_OF_CURRENT[1],
    )  # fmt: skip
    nest = steps_of(times, DT), ids
    if what == "rate":
        return difference_of_means(counts(ours[1], 800), counts(ids, 800)), 0.0
    return distance(*(spike_number(k, *found, 800) for found in (ours, nest))), 0.0


CASES: tuple[Case, ...] = (
    *(
        Case(
            model.name, f"share of {N:,} neurons that have not fired after 5 to 60 ms of current, seed 11",
            "closed form: exp of minus the summed hazard", STAT(N, 0.5), "STAT(20,000)",
            lambda model=model: _survivors(model),
        )
        for model in (sl.EscapeNoiseLIF, sl.SRM0)
    ),
    Case(
        "EscapeNoiseLIF", "mean interval at a constant hazard, in standard errors, seed 12",
        "closed form: t_ref and a geometric number of steps", STAT(1), "STAT", _renewal,
    ),
    Case(
        "EscapeNoiseLIF", "rate, 500 neurons, in standard errors, seeds 13 and 3", "NEST live: pp_psc_delta", STAT(1),
        "STAT", lambda: _beside_point_process("rate"),
    ),
    Case(
        "EscapeNoiseLIF", "intervals, 500 neurons, two-sample test, seeds 13 and 3", "NEST live: pp_psc_delta",
        KOLMOGOROV, "STAT", lambda: _beside_point_process("intervals"),
    ),
    Case(
        "EscapeNoiseLIF", f"spikes with a hazard of no width, {RANDOM}", "LIFDelta", EXACT, "EXACT", _without_width
    ),
    Case(
        "GIF", f"V_m below threshold, {RANDOM}", "NEST live: gif_psc_exp", NINE_DIGITS, "1e-9 relative",
        _gif_below_threshold,
    ),
    *spikes_and_potential(
        "GIF", f"with adaptation and a hazard of no width, {RANDOM}", "NEST live: gif_psc_exp", _gif_without_width
    ),
    Case(
        "GIF", "rate, 800 neurons under a stepped current, in standard errors, seeds 14 and 4",
        "NEST live: gif_psc_exp", STAT(1), "STAT", lambda: _beside_gif("rate"),
    ),
    *(
        Case(
            "GIF", f"times of {which} spikes, 800 neurons under a stepped current, two-sample test, seeds 14 and 4",
            "NEST live: gif_psc_exp", KOLMOGOROV, "STAT", lambda k=k: _beside_gif("spike", k),
        )
        for k, which in ((0, "first"), (1, "second"), (7, "eighth"))
    ),
)  # fmt: skip
