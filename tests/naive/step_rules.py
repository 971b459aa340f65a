"""A slow, obvious reference for rules that are a function of each synapse and step: one synapse at a time.

In step k, in this order: traces decay, and take up what arrives; what arrives is sent on with the weight of before; the
rule sees the target at the end of the step, and as it was at the end of the last one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

import spikelearn as sl
from spikelearn.kernels import random
from spikelearn.kernels.step_rule import FIRST_DRAW
from spikelearn.plasticity import Trace
from spikelearn.units import ms, number, weight


class CellParameters(NamedTuple):
    decay: number = 0.9
    V_th: number = 1.0


def _cell(V, y, psi, apical, received, in_exc, I_exc, drawn, decay, V_th):
    V = decay * V + 0.05 * in_exc + I_exc + 0.3 * (drawn - 0.5)
    fired = V >= V_th
    psi = 0.3 * max(0.0, 1.0 - abs(V - V_th))
    apical = V - 0.4
    y = 0.5 * V
    return V - V_th if fired else V, y, psi, apical, in_exc, np.uint8(16) + np.uint8(fired)


Cell = sl.NeuronModel(
    "Cell", CellParameters, lambda p, dt: {"decay": p.decay, "V_th": p.V_th}, _cell,
    state=dict.fromkeys(("V", "y", "psi", "apical", "received"), "1"), ports={"exc": "1"}, currents=("exc",),
    random=("drawn",), initial=lambda p: {"V": 0.5, "y": 0.25}, kinds=("spike", "rate"),
)  # fmt: skip
READS = ("V", "y", "psi", "apical", "received")


class EverythingParameters(NamedTuple):
    tau_x: ms = 8.0
    tau_z: ms = 3.0
    eta: number = 0.02
    W_min: weight = -0.5
    W_max: weight = 0.8


def _everything(weight, a, b, x, arrives, z, V, y_before, payload, u, v, g, n, eta, half):
    a = 0.9 * a + x * V - half * arrives
    b = math.sin(b + a + payload)
    noise = (1.0 if u > 0.3 else -1.0) + g * v
    return weight + eta * (noise + b * y_before - z * weight + 5.0 * n), a, b


Everything = sl.StepRule(
    "Everything", EverythingParameters, _everything, lambda p, dt: {"eta": p.eta, "half": 0.5},
    pre=(Trace("x", "tau_x"), Trace("z", "tau_z", "set")), reads=("V",), reads_before={"y_before": "y"},
    state=("a", "b"), initial=lambda p: {"b": 0.25}, random=("u", "v"), normal=("g",), modulated=True,
)  # fmt: skip


class NoiseParameters(NamedTuple):
    W_min: weight = -10.0
    W_max: weight = 10.0


def _wander(weight, g):
    return weight + 0.1 * g


Wander = sl.StepRule("Wander", NoiseParameters, _wander, lambda p, dt: {}, normal=("g",))
"""The least that a rule can be."""

DRAW = {"uniform": random.uniform, "normal": random.normal}


@dataclass
class Given:
    """What a projection meets.

    sent: {(step, source): value}. reads: variable -> (steps, n), at the end of each step; start: variable -> (n,).
    n: (steps,), of its modulator. factor: of a step, 0 where it is not plastic. reset: steps that begin with one.
    """

    sent: dict
    reads: dict
    start: dict
    n: np.ndarray
    seed: int
    factor: Callable[[int], float] = lambda step: 1.0
    reset: set = field(default_factory=set)


def learned(projection, synapses, weights, dt, steps, given):
    """(variable -> (steps, synapses), inputs (steps, n)) of a projection. synapses: as a run tells them."""
    rule, p = projection.plasticity.rule, projection.plasticity.parameters
    constants = rule.constants(p, dt)
    names = list(rule.variables)
    values = {name: np.zeros((steps, len(weights))) for name in names}
    inputs = np.zeros((steps, projection.target.size))
    draws = [*((name, "uniform") for name in rule.random), *((name, "normal") for name in rule.normal)]
    for k, (source, target, duration) in enumerate(zip(synapses.pre, synapses.post, synapses.delay, strict=True)):
        delay, now_weight = round(duration / dt), float(weights[k])
        state, x = rule.initial_state(p), {trace.name: 0.0 for trace in rule.pre}
        before = {v: given.start[v][target] for v in given.start}
        for step in range(1, steps + 1):
            if step in given.reset:
                state, x = rule.initial_state(p), dict.fromkeys(x, 0.0)
                before = {v: given.start[v][target] for v in given.start}
            value = given.sent.get((step - delay, source))
            for trace in rule.pre:
                x[trace.name] *= math.exp(-dt / getattr(p, trace.tau))
                if value is not None:
                    x[trace.name] = value if trace.jump == "set" else x[trace.name] + value
            if value is not None:
                inputs[step - 1, target] += now_weight * value
            now = {v: each[step - 1, target] for v, each in given.reads.items()}
            start, increment = map(np.uint64, random.stream(given.seed, random.noise_key(projection.uid), step))
            known = {
                "weight": now_weight, **state, **x, "t": step * dt, **constants, "n": given.n[step - 1],
                "arrives": 0.0 if value is None else 1.0, "payload": 0.0 if value is None else value,
                **{name: now[v] for name, v in rule.read.items()},
                **{name: before[v] for name, v in rule.reads_before.items()},
                **{
                    name: DRAW[kind](start, increment, FIRST_DRAW + len(draws) * k + draw)
                    for draw, (name, kind) in enumerate(draws)
                },
            }  # fmt: skip
            factor = given.factor(step)
            due = not rule.every or step % round(getattr(p, rule.every) / dt) == 0
            if due and (factor != 0.0 or rule.state_goes_on):
                found = getattr(rule.step, "py_func", rule.step)(*(known[name] for name in rule.takes))
                new, *rest = found if rule.state else (found,)
                state = dict(zip(state, rest, strict=True))
                new = new if factor == 1.0 else now_weight + factor * (new - now_weight)
                now_weight = min(max(new, p.W_min), p.W_max) if factor != 0.0 else now_weight
            before = now
            for name in names:
                values[name][step - 1, k] = {"weight": now_weight, **state, **x}[name]
    return values, inputs
