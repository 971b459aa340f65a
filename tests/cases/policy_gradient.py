"""The policy gradient beside the derivative of the likelihood itself, from plain sums."""

from __future__ import annotations

import math

import numpy as np
from tolerances import METHOD, ULP

import spikelearn as sl
from cases.case import Case

DT = 0.5
FOR_EVER = 1e12
"""ms: a time constant of eligibilities that do not decay within a test."""
H = 1e-4
"""Step of the central differences, mV. They are off by H^2/6 times the third derivative, which is below 1e3."""


def log_likelihood(weights, pre_steps, post_steps, n_steps, p):
    """Of the spikes of one SRM0 neuron: plain sums, from the definition of the model."""
    total = 0.0
    h, eta, held = 0.0, 0.0, 0
    for step in range(1, n_steps + 1):
        h = h * math.exp(-DT / p.tau_m) + sum(w for w, steps in zip(weights, pre_steps, strict=True) if step in steps)
        eta *= math.exp(-DT / p.tau_eta)
        fired = step in post_steps
        if held > 0:
            held -= 1
            continue
        expected = p.rho_0 * 1e-3 * DT * math.exp((p.E_L + h + eta - p.V_th) / p.Delta_V)
        total += math.log(-math.expm1(-expected)) if fired else -expected
        if fired:
            eta -= p.eta_0
            held = math.ceil(p.t_ref / DT - 1e-6)
    return total


def eligibility_and_derivative():
    """(c, derivative) of six synapses onto one neuron that fires a few times."""
    n, n_steps = 6, 600
    generator = np.random.default_rng(1)
    neuron = sl.SRM0(V_th=-55.0, Delta_V=5.0, rho_0=400.0, t_ref=1.0)
    arrivals = [set(generator.choice(np.arange(2, n_steps), 40, replace=False).tolist()) for _ in range(n)]
    weights = generator.normal(1.5, 2.0, n)
    net = sl.Network(dt=DT, seed=3)
    spikes = sorted((step - 1, i) for i, steps in enumerate(arrivals) for step in steps)
    source = net.population(n, sl.SpikeList([s * DT for s, _ in spikes], [i for _, i in spikes]))
    cell = net.population(1, neuron)
    reward = net.modulator("reward", tau=100.0)
    rule = sl.PolicyGradient(reward, Delta_V=5.0, tau_c=FOR_EVER)
    synapses = net.connect(source, cell, weight=weights[:, None], delay=DT, plasticity=rule)
    net.record(cell)
    net.record(synapses, "c", every=n_steps * DT)
    run = net.run(n_steps * DT)
    fired = set(np.round(run.spikes(cell).times / DT).astype(int).tolist())
    assert len(fired) > 5
    derivative = [
        (
            log_likelihood(weights + H * unit, arrivals, fired, n_steps, neuron.parameters)
            - log_likelihood(weights - H * unit, arrivals, fired, n_steps, neuron.parameters)
        )
        / (2 * H)
        for unit in np.eye(n)
    ]
    assert np.ptp(derivative) > 0.3
    return run.trace(synapses, "c").values[-1], derivative


def eligibility_that_rises():
    """(c of six synapses in every step, what a low-pass filter with tau_rise makes of c that does not rise)."""
    n, tau_c, tau_rise = 6, 60.0, 25.0
    net = sl.Network(dt=DT, seed=4)
    source = net.population(n, sl.Poisson(60.0))
    cell = net.population(1, sl.SRM0(V_th=-55.0, Delta_V=5.0, rho_0=400.0))
    reward = net.modulator("reward", tau=100.0)
    rules = [sl.PolicyGradient(reward, Delta_V=5.0, tau_c=tau_c, tau_rise=rise) for rise in (tau_rise, 0.0)]
    made = [net.connect(source, cell, weight=1.5, delay=DT, plasticity=rule) for rule in rules]
    for synapses in made:
        net.record(synapses, "c", every=DT)
    net.record(cell)
    run = net.run(300.0)
    assert len(run.spikes(cell).times) > 5
    risen, at_once = (run.trace(synapses, "c").values for synapses in made)
    assert np.ptp(risen) > 0.3
    # c decays within a step, over which the filter integrates it
    taken = (math.exp(-DT / tau_c) - math.exp(-DT / tau_rise)) / (1.0 - tau_rise / tau_c)
    filtered = [np.zeros(n)]
    for c in at_once[:-1]:
        filtered.append(filtered[-1] * math.exp(-DT / tau_rise) + taken * c)
    return risen, np.array(filtered)


CASES: tuple[Case, ...] = (
    Case(
        "PolicyGradient",
        "eligibility of 6 synapses after 300 ms, as the derivative of the log-likelihood of the target's spikes",
        "finite differences of the likelihood",
        METHOD(2, H, 1e3),
        "METHOD(2, 1e-4)",
        eligibility_and_derivative,
    ),
    Case(
        "PolicyGradient",
        "eligibility that rises, in every step of 300 ms",
        "low-pass filter, in closed form",
        ULP(1_000_000, 1.0),
        "ULP(1,000,000, 1)",
        eligibility_that_rises,
    ),
)
