"""Cells with a graded response that tell each other changes, beside the same step by step."""

from __future__ import annotations

import math

import numpy as np
from tolerances import ULP

import spikelearn as sl
from cases.case import Case

DT, STEPS, N = 1.0, 200, 4
TAU_M, STRENGTH = 1.5, 0.7


def _cells(quantum):
    """V_m, r and change of four cells that are nudged, of which one is clamped, and the same by the equations."""
    generator = np.random.default_rng(4)
    weights = generator.normal(0.0, 2.0, (N, N))
    teacher = np.repeat(generator.random((STEPS // 20, N)), 20, axis=0)
    clamped = np.zeros((STEPS, N))
    clamped[50:120, 1] = 1.0
    net = sl.Network(dt=DT)
    cells = net.population(N, sl.GradedResponse(tau_m=TAU_M, quantum=quantum), name="cells")
    net.connect(cells, cells, weight=weights, delay=DT, on="rate", payload="change")
    times = np.arange(STEPS) * DT
    for port, values in (("teacher", teacher), ("clamped", clamped), ("nudging", np.full((STEPS, N), STRENGTH))):
        net.drive(cells, sl.StepCurrent(times, values), port)
    net.record(cells, ["V_m", "r", "change"])
    run = net.run(STEPS * DT)
    measured = np.array([run.trace(cells, name).values for name in ("V_m", "r", "change")])

    V, r, told, expected = np.zeros(N), np.full(N, 0.5), np.zeros(N), []
    for step in range(STEPS):
        total = told @ weights  # of all that was told before this step
        V = V + (1.0 - math.exp(-DT / TAU_M)) * (total + STRENGTH * (teacher[step] - r) - V)
        r = np.where(clamped[step] > 0.0, teacher[step], 1.0 / (1.0 + np.exp(-V)))
        change = quantum * np.round((r - told) / quantum) if quantum else r - told
        told = told + change
        expected.append([V, r, change])
    return measured.ravel(), np.moveaxis(np.array(expected), 1, 0).ravel()


CASES: tuple[Case, ...] = tuple(
    Case(
        "GradedResponse", f"V_m, r and change of four cells, quantum {quantum:g}, 200 steps", "the same step by step",
        ULP(100_000, 10.0), "ULP(100,000)", lambda quantum=quantum: _cells(quantum),
    )
    for quantum in (0.0, 0.02)
)  # fmt: skip
