"""Units in discrete time, which surrogate gradients train, beside the same step by step."""

from __future__ import annotations

import math

import numpy as np
from scipy.linalg import expm
from tolerances import ULP

import spikelearn as sl
from cases.case import Case

STEPS = 200
BETA = 0.9


def driven(model, currents, ports):
    """({variable: (steps, 1)}, spikes): one neuron at dt = 1 ms. currents, ports: name -> what it gets in each step."""
    net = sl.Network(dt=1.0, seed=1)
    cell = net.population(1, model, name="cell")
    for port, values in currents.items():
        net.drive(cell, sl.StepCurrent(np.arange(STEPS), values), port)
    for port, values in ports.items():
        # what an integrator at the rate r sends in a step is r, one step later
        source = net.population(1, sl.PerfectIntegrator(), name=f"to {port}")
        net.drive(source, sl.StepCurrent(np.arange(STEPS - 1), values[1:]))
        net.connect(source, cell, port, on="rate", payload="r", weight=1.0)
    net.record(cell, list(model.model.state), every=1.0)
    if "spike" in model.model.kinds:
        net.record(cell)
    run = net.run(float(STEPS))
    return {name: run.trace(cell, name).values[:, 0] for name in model.model.state}, run


def inputs():
    """Of each step, at least 0; nothing arrives in the first."""
    generator = np.random.default_rng(5)
    given = generator.exponential(1.2, (5, STEPS))
    given[:, 0] = 0.0
    return given


def _soft_reset():
    soma, apical, noise, current, _ = inputs()
    current = current - 0.5
    found, run = driven(sl.LIFSoftReset(), {"soma": current}, {"soma": soma, "apical": apical, "noise": noise})
    V, activity, expected, spikes = 0.0, 0.0, [], []
    for k in range(STEPS):
        V = BETA * V + (1.0 - BETA) * (soma[k] + noise[k] + current[k])
        margin = V - 1.0
        activity = BETA * activity + (margin >= 0.0)
        if margin >= 0.0:
            V -= 1.0
            spikes.append(k + 1.0)
        psi = 1.0 / (1.0 + 3.0 * abs(margin)) ** 2
        expected.append([V, margin, psi, apical[k], psi * apical[k], noise[k], activity])
    assert 10 < len(spikes) < STEPS / 2
    measured = np.stack(
        [found[name] for name in ("V_m", "margin", "psi", "apical", "error", "noise", "activity")], axis=1
    )
    return np.append(measured, run.spikes("cell").times), np.append(expected, spikes)


def _readout():
    soma, _, noise, current, _ = inputs()
    current = current - 2.5
    teacher, learning = np.arange(STEPS) % 3 == 0, np.arange(STEPS) % 50 > 20
    found, _ = driven(
        sl.LeakyReadout(gain=2.0),
        {"soma": current, "teacher": teacher * 1.0, "learning": learning * 1.0},
        {"soma": soma, "noise": noise},
    )
    V = V_sum = loss = 0.0
    expected = []
    for k in range(STEPS):
        V = BETA * V + (1.0 - BETA) * (soma[k] + noise[k] + current[k])
        V_sum += V
        p = 1.0 / (1.0 + math.exp(-2.0 * V))
        loss -= learning[k] * (math.log(p) if teacher[k] else math.log(1.0 - p))
        expected.append([V, V_sum, learning[k] * (p - teacher[k]), loss, noise[k]])
    return np.stack([found[name] for name in ("V_m", "V_sum", "error", "loss", "noise")], axis=1), np.array(expected)


def _resonator():
    """With a complex potential, as the paper writes it, in its unit of time: 100 steps."""
    soma, current, frequency, damping, _ = inputs()
    soma, frequency, damping = 60.0 * soma, 0.05 * frequency, 0.002 * damping
    current = current - 1.0
    parameters = {"omega": 0.3, "b_offset": 0.004, "V_th": 1.2, "tau_m": 100.0, "tau_q": -1.0 / math.log(0.9)}
    found, run = driven(
        sl.Resonator(**parameters), {"soma": current, "frequency": frequency, "damping": damping}, {"soma": soma}
    )
    z, q, dt, expected, spikes = 0j, 0.0, 0.01, [], []
    for k in range(STEPS):
        omega = 100.0 * (0.3 + frequency[k])
        b = (-1.0 + math.sqrt(1.0 - (dt * omega) ** 2)) / dt - 100.0 * (0.004 + damping[k]) - q
        z += dt * ((b + 1j * omega) * z + soma[k] + current[k])
        margin = z.real - 1.2 - q
        spikes += [k + 1.0] if margin >= 0.0 else []
        q = 0.9 * q + (margin >= 0.0)
        expected.append([z.real, z.imag, q, margin])
    assert 10 < len(spikes) < STEPS / 2
    measured = np.stack([found[name] for name in ("u", "v", "q", "margin")], axis=1)
    return np.append(measured, run.spikes("cell").times), np.append(expected, spikes)


def _threshold_unit():
    arriving, current, *_ = inputs()
    found, run = driven(sl.McCullochPitts(theta=2.0), {"exc": current}, {"exc": arriving})
    spikes = np.flatnonzero(arriving + current >= 2.0) + 1.0
    assert 50 < len(spikes) < STEPS - 50
    return np.append(found["x"], run.spikes("cell").times), np.append(arriving + current, spikes)


CUBA = {"E_L": -1.0, "R": 3.0, "tau_m": 7.0, "tau_syn": 3.0, "w_in": 1.5, "I_e": 0.5}


def _cuba_exact():
    """By the exponential of the matrix of (I_syn, V_m, S, E_L), with S held for a step."""
    arriving, current, *_ = inputs()
    found, _ = driven(sl.CubaLI(**CUBA), {"exc": current}, {"exc": arriving})
    a, b, R, w_in, E_L = 1.0 / 3.0, 1.0 / 7.0, 3.0, 1.5, -1.0
    step = expm(np.array([[-a, 0.0, a * w_in, 0.0], [b * R, -b, 0.0, b], [0.0] * 4, [0.0] * 4]))
    state, expected = np.array([0.0, E_L]), []
    for S in arriving + current + 0.5:
        state = (step @ np.array([*state, S, E_L]))[:2]
        expected.append(state)
    return np.stack([found["I_syn"], found["V_m"]], axis=1), np.array(expected)


def _cuba_sequential():
    """With spikes: one variable after the other, the time constants those of decays of 0.6 and 0.8."""
    arriving, current, *_ = inputs()
    tau_syn, tau_m = -1.0 / math.log(0.6), -1.0 / math.log(0.8)
    own = CUBA | {"tau_m": tau_m, "tau_syn": tau_syn, "sequential": 1.0, "V_th": 8.0, "V_reset": -2.0}
    found, run = driven(sl.CubaLIF(**own), {"exc": current}, {"exc": arriving})
    I_syn, V, expected, spikes = 0.0, -1.0, [], []
    for k, S in enumerate(arriving + current + 0.5):
        I_syn = 0.6 * I_syn + 0.4 * 1.5 * S
        V = 0.8 * V + 0.2 * (-1.0 + 3.0 * I_syn)
        if V >= 8.0:
            V = -2.0
            spikes.append(k + 1.0)
        expected.append([I_syn, V])
    assert 10 < len(spikes) < STEPS / 2
    measured = np.stack([found["I_syn"], found["V_m"]], axis=1)
    return np.append(measured, run.spikes("cell").times), np.append(expected, spikes)


CASES: tuple[Case, ...] = (
    Case(
        "LIFSoftReset", "all of its state and its spikes, 200 steps, inputs through every port and a current",
        "the same step by step", ULP(10_000, 10.0), "ULP(10,000)", _soft_reset,
    ),
    Case(
        "LeakyReadout", "all of its state, 200 steps, inputs, a teacher and learning that stops and goes on",
        "the same step by step", ULP(10_000, 100.0), "ULP(10,000)", _readout,
    ),
    Case(
        "Resonator", "all of its state and its spikes, 200 steps, inputs, other frequencies and damping",
        "the paper's complex equations step by step", ULP(10_000, 10.0), "ULP(10,000)", _resonator,
    ),
    Case(
        "McCullochPitts", "its input and its spikes, 200 steps, inputs through its port and a current",
        "the same step by step", ULP(10, 10.0), "ULP(10)", _threshold_unit,
    ),
    Case(
        "CubaLI", "all of its state, 200 steps, inputs through its port and a current",
        "closed form: the exponential of its matrix", ULP(10_000, 10.0), "ULP(10,000)", _cuba_exact,
    ),
    Case(
        "CubaLIF", "all of its state and its spikes, 200 steps, sequential, inputs through its port and a current",
        "the same step by step", ULP(10_000, 10.0), "ULP(10,000)", _cuba_sequential,
    ),
)  # fmt: skip
