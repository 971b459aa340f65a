"""Rules of e-prop and Oja, in steps and in closed form, against derivatives, closed forms and principal components."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from tolerances import METHOD, ULP

import spikelearn as sl
from cases.case import Case
from spikelearn.plasticity import Trace
from spikelearn.units import ms, number, weight

DT, STEPS, N = 1.0, 400, 6
ALPHA, RHO, KAPPA, BETA, V_TH = math.exp(-1 / 20), math.exp(-1 / 200), math.exp(-1 / 10), 0.3, 1.0


class AdaptiveParameters(NamedTuple):
    beta: number = BETA


def _adaptive(v, a, z, psi, apical, in_exc, in_taught, I_taught, beta):
    v = ALPHA * v + in_exc - V_TH * z
    a = RHO * a + z
    psi = 0.3 * max(0.0, 1.0 - abs(v - V_TH - beta * a))
    z = 1.0 if v >= V_TH + beta * a else 0.0
    return v, a, z, psi, I_taught, np.uint8(z)


Adaptive = sl.NeuronModel(
    "Adaptive", AdaptiveParameters, lambda p, dt: {"beta": p.beta}, _adaptive,
    state=dict.fromkeys(("v", "a", "z", "psi", "apical"), "1"), ports={"exc": "1", "taught": "1"}, currents=("taught",),
    initial=lambda p: {},
)  # fmt: skip
"""What arrives at `taught` does nothing, so that weights can learn while others of the same start drive it."""


@dataclass(frozen=True)
class Dual:
    """A number and its derivatives by all weights of its neuron."""

    value: float
    by: np.ndarray

    def __add__(self, other):
        other = other if isinstance(other, Dual) else Dual(other, 0.0 * self.by)
        return Dual(self.value + other.value, self.by + other.by)

    def __mul__(self, factor):
        return Dual(self.value * factor, self.by * factor)


def _spike(v, threshold):
    """1 or 0; its derivative is that of Bellec et al. in place of none."""
    margin = v + threshold * -1.0
    psi = 0.3 * max(0.0, 1.0 - abs(margin.value))
    return Dual(float(margin.value >= 0.0), psi * margin.by)


def _gradient(rule, beta):
    """(change of the weights, minus the derivative of sum L y by them): y passes spikes through the readout's filter.

    What a spike takes from the potential counts as given, as in the paper.
    """
    generator = np.random.default_rng(3)
    sent, L = generator.random((STEPS, N)) < 0.15, generator.normal(0.0, 1.0, (STEPS, 2))
    weights = generator.normal(0.25, 0.15, (N, 2))
    net = sl.Network(dt=DT)
    at, ids = np.nonzero(sent)
    source = net.population(N, sl.SpikeList(at * DT, ids))  # the spike of step k arrives in step k + 1
    cells = net.population(2, Adaptive(beta=beta))
    net.drive(cells, sl.StepCurrent(np.arange(STEPS) * DT, L), "taught")
    net.connect(source, cells, "exc", weight=weights, delay=DT)
    learning = net.connect(source, cells, "taught", weight=weights, delay=DT, plasticity=rule)
    net.record(cells)
    run = net.run(STEPS * DT)
    expected, n_spikes = np.zeros((N, 2)), 0
    for j in range(2):
        zero = Dual(0.0, np.zeros(N))
        w = [Dual(weights[i, j], np.eye(N)[i]) for i in range(N)]
        v = a = y = total = z = zero
        for step in range(STEPS):
            v = v * ALPHA + -V_TH * z.value
            for i in np.flatnonzero(sent[step]):
                v = v + w[i]
            a = a * RHO + z
            z = _spike(v, a * beta + V_TH)
            y = y * KAPPA + z
            total = total + y * L[step, j]
            n_spikes += z.value
        expected[:, j] = -total.by
    if n_spikes < 20 or n_spikes != len(run.spikes(cells).times):
        raise ValueError(f"{len(run.spikes(cells).times)} spikes, {n_spikes} expected")
    found = run.synapses(learning)
    return found.weight - weights[found.pre, found.post], expected[found.pre, found.post]


def _adaptive_rule():
    return sl.EProp(eta=1.0, beta=BETA, tau_m=20.0, tau_a=200.0, tau_out=10.0, W_min=-1e6, W_max=1e6)


class FilteredParameters(NamedTuple):
    tau_m: ms = 20.0
    tau_c: ms = 10.0
    W_min: weight = -1e6
    W_max: weight = 1e6


def _filtered(psi, event):
    return -psi


Filtered = sl.SignalRule(
    "Filtered", FilteredParameters, (Trace("eps_v", "tau_m"),), ("psi",), _filtered, lambda p, dt: {},
    modulated_by="apical",
)  # fmt: skip
"""e-prop for neurons that do not adapt: the eligibility passes the readout's filter, whose time constant is tau_c."""


class LinearParameters(NamedTuple):
    pass


def _linear(y, in_exc, in_taught, I_exc):
    y = in_exc + I_exc
    return y, np.uint8(16)


Linear = sl.NeuronModel(
    "Linear", LinearParameters, lambda p, dt: {}, _linear, state={"y": "1"}, ports={"exc": "1", "taught": "1"},
    currents=("exc",), initial=lambda p: {}, kinds=("rate",),
)  # fmt: skip


def _relaxation():
    """Weights between constant x and y, from 0 on: each step takes them nearer to x/y, by a part of eta dt y^2."""
    x, y, eta, dt = np.array([0.8, -0.3]), np.array([0.5, 1.0, -0.7]), 0.02, 0.5
    net = sl.Network(dt=dt)
    source, target = net.population(2, Linear()), net.population(3, Linear())
    net.drive(source, sl.StepCurrent([0.0], [x]))
    net.drive(target, sl.StepCurrent([0.0], [y]))
    learning = net.connect(
        source, target, "taught", on="rate", payload="y", weight=0.0, delay=dt, plasticity=sl.Oja(eta=eta)
    )
    steps = 200  # and one before the first value arrives
    found = net.run((steps + 1) * dt).synapses(learning)
    expected = x[:, None] / y * (1.0 - (1.0 - eta * dt * y * y) ** steps)
    return found.weight, expected[found.pre, found.post]


_ETA = 2e-4


def _component():
    """(weights of a linear neuron, the first principal component of its inputs), after 40,000 random inputs."""
    generator = np.random.default_rng(5)
    mixing, steps = generator.normal(0.0, 1.0, (5, 5)) * [1.5, 0.7, 0.6, 0.5, 0.4], 40_000
    x = generator.normal(0.0, 1.0, (steps, 5)) @ mixing.T / 2.0
    net = sl.Network(dt=DT)
    source, target = net.population(5, Linear()), net.population(1, Linear())
    net.drive(source, sl.StepCurrent(np.arange(steps) * DT, x))
    learning = net.connect(
        source, target, "exc", on="rate", payload="y", weight=0.3, delay=DT, plasticity=sl.Oja(eta=_ETA)
    )
    weights = net.run(steps * DT).weights(learning)
    component = np.linalg.eigh(x.T @ x)[1][:, -1]
    return weights, component * np.sign(component @ weights)


CASES: tuple[Case, ...] = (
    # 400 steps, each of which adds to weights of up to 100
    Case(
        "EProp", "changes of 12 weights of two adaptive neurons, 400 steps", "automatic differentiation (forward)",
        ULP(10_000, 100.0), "ULP(10,000)", lambda: _gradient(_adaptive_rule(), BETA),
    ),
    # integrals are up to exp(8) times as large as what they differ by
    Case(
        "SignalRule", "modulated_by: changes of 12 weights of two neurons that do not adapt, 400 steps",
        "automatic differentiation (forward)", ULP(4_500_000, 100.0), "ULP(4,500,000)",
        lambda: _gradient(Filtered(), 0.0),
    ),
    Case(
        "Oja", "6 weights between constant activities, 200 steps", "closed form", ULP(1_000, 2.0), "ULP(1,000)",
        _relaxation,
    ),
    # weights follow the last 1/eta inputs, so they fluctuate by some sqrt(eta)
    Case(
        "Oja", "5 weights of a linear neuron, 40,000 random inputs", "closed form: the first principal component",
        METHOD(1, _ETA**0.5, 5.0), "METHOD(1, sqrt(eta))", _component,
    ),
)  # fmt: skip
