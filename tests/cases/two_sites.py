"""Two sites of integration, and what they teach their synapses, beside their equations."""

from __future__ import annotations

import math

import numpy as np
from tolerances import ULP

import spikelearn as sl
from cases.case import Case

DT, STEPS = 1.0, 300


def _f(x):
    return 1.0 / (1.0 + np.exp(-x))


def _products():
    """(A and D, weights up and down) of three cells and two that are taught, and the same step by step.

    Weights change in every step, before anything has settled.
    """
    generator = np.random.default_rng(1)
    up, down = generator.normal(0.0, 1.0, (3, 2)), generator.normal(0.0, 1.0, (2, 3))
    drive, taught = generator.normal(0.0, 2.0, (STEPS, 3)), generator.random((STEPS, 2))
    net = sl.Network(dt=DT)
    low = net.population(3, sl.TwoSiteRate(), name="low")
    high = net.population(2, sl.TwoSiteRate(teaching=1.0), name="high")
    times = np.arange(STEPS) * DT
    net.drive(low, sl.StepCurrent(times, drive), "basal")
    net.drive(high, sl.StepCurrent(times, taught), "apical")
    upwards = net.connect(
        low, high, "basal", on="rate", payload="A", weight=up, delay=DT, plasticity=sl.BottomUpProduct(eta=0.1)
    )
    downwards = net.connect(
        high, low, "apical", on="rate", payload="D", weight=down, delay=2 * DT, plasticity=sl.TopDownProduct(eta=0.2)
    )
    for cells in (low, high):
        net.record(cells, ["A", "D"])
    run = net.run(STEPS * DT)
    measured = [run.trace(cells, name).values for cells in (low, high) for name in "AD"]

    said, errors = [np.zeros(3)], [np.zeros(2), np.zeros(2)]
    expected = []
    for step in range(STEPS):
        first = step == 0
        A_low = _f(drive[step])
        D_low = A_low * (1.0 - A_low) * (0.0 if step < 2 else errors[-2] @ down)
        A_high = _f(np.zeros(2) if first else said[-1] @ up)
        D_high = taught[step] - A_high
        up = up + (0.0 if first else 0.1 * said[-1][:, None] * D_high)
        down = down + (0.0 if step < 2 else 0.2 * errors[-2][:, None] * A_low)
        said.append(A_low)
        errors.append(D_high)
        expected.append([A_low, D_low, A_high, D_high])
    numbers = [np.stack(each) for each in zip(*expected, strict=True)]
    weights = [run.synapses(projection) for projection in (upwards, downwards)]
    ends = [matrix[found.pre, found.post] for matrix, found in zip((up, down), weights, strict=True)]
    return (measured, [found.weight for found in weights]), (numbers, ends)


def _flat(parts):
    return np.concatenate([np.ravel(each) for each in parts])


def _values():
    return tuple(_flat(each[0]) for each in _products())


def _weights():
    return tuple(_flat(each[1]) for each in _products())


def _calcium():
    """(theta and calcium, weights) of a cell that fires at given times, its apical dendrite reached at others."""
    generator = np.random.default_rng(2)
    fired = np.cumsum(generator.integers(4, 20, 25))
    apical = {int(step) for step in generator.integers(2, STEPS, 12)}
    pre = {int(step) for step in generator.integers(2, STEPS, 60)}
    net = sl.Network(dt=DT)
    cell = net.population(1, sl.TwoSite(theta_plus=0.5, rate=50.0), name="cell")
    net.connect(net.population(1, sl.SpikeList((fired - 1) * DT)), cell, weight=1000.0, delay=DT)
    net.connect(net.population(1, sl.SpikeList([s - 1 for s in sorted(apical)])), cell, "apical", weight=15.0, delay=DT)
    synapse = net.connect(
        net.population(1, sl.SpikeList([s - 1 for s in sorted(pre)])), cell, weight=0.5, delay=DT,
        plasticity=sl.CalciumLTP(A_plus=0.01, A_minus=0.012, W_max=5.0),
    )  # fmt: skip
    net.record(cell, ["theta", "calcium"])
    run = net.run(STEPS * DT)
    theta = U = x = 0.0
    weight, expected = 0.5, []
    for step in range(1, STEPS + 1):
        theta -= 0.5 * 50.0 * 1e-3 * DT
        U = U * math.exp(-DT / 20.0) + (15.0 if step in apical else 0.0)
        x = x * math.exp(-DT / 20.0) + (1.0 if step in pre else 0.0)
        spike = step in fired
        calcium = 1.0 if spike and U >= 10.0 else 0.0
        theta += 0.5 if spike else 0.0
        weight += spike * x * (0.01 if calcium else -0.012)
        expected.append([theta, calcium])
    assert 3 < sum(calcium for _, calcium in expected) < 20
    measured = [run.trace(cell, name).values[:, 0] for name in ("theta", "calcium")]
    numbers = np.array(expected)
    return (np.append(measured, run.weights(synapse)), np.append(numbers.T, weight))


CASES: tuple[Case, ...] = (
    Case(
        "TwoSiteRate", "A and D of five cells whose weights change in every step, 300 steps", "the same step by step",
        ULP(10_000, 10.0), "ULP(10,000)", _values,
    ),
    # as in the tests of signal rules: integrals are up to exp(8) times as large as what they differ by
    Case(
        "BottomUpProduct, TopDownProduct", "12 weights after these 300 steps", "the same step by step",
        ULP(4_500_000, 10.0), "ULP(4,500,000)", _weights,
    ),
    Case(
        "TwoSite, CalciumLTP", "threshold, calcium spikes and a weight, 25 spikes in 300 ms", "the same step by step",
        ULP(4_500_000, 10.0), "ULP(4,500,000)", _calcium,
    ),
)  # fmt: skip
