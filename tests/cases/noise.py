"""Models from equations with noise: moments in closed form, weak order of convergence, and Brian2's own update."""

from __future__ import annotations

import functools
import warnings

import numpy as np
from tolerances import METHOD, STAT, ULP

import spikelearn as sl
from cases.case import Case

TAU, SIGMA, MEAN, DT, N = 10.0, 2.0, -60.0, 0.5, 4000
SEED, LAG = 12, 8.0
DECAY = 1.0 - DT / TAU
VARIANCE = SIGMA**2 / (1.0 - DT / (2.0 * TAU))
"""Of Euler's scheme, whose variance v obeys v = DECAY^2 v + 2 SIGMA^2 DT / TAU."""

GROWTH = "dx/dt = -x/tau + a*x*xi : 1"
RATE, A = 1.0 / 20.0, 0.3


@functools.cache
def ornstein_uhlenbeck():
    return sl.NeuronModel.from_equations(
        "dV_m/dt = (E_L - V_m)/tau_m + sigma*(2/tau_m)**0.5*xi : volt",
        parameters={"E_L": (MEAN, "mV"), "tau_m": (TAU, "ms"), "sigma": (SIGMA, "mV")},
        name="OrnsteinUhlenbeck",
    )


@functools.cache
def _samples():
    """V_m of N neurons less its mean after 20 time constants, and LAG later."""
    net = sl.Network(dt=DT, seed=SEED)
    cells = net.population(N, ornstein_uhlenbeck()())
    net.record(cells, "V_m", every=LAG, start=200.0)
    return net.run(200.0 + LAG).trace(cells, "V_m").values - MEAN


@functools.cache
def growing(method):
    return sl.NeuronModel.from_equations(
        GROWTH,
        parameters={"tau": (1.0 / RATE, "ms"), "a": (A, "1/ms**0.5")},
        initial={"x": 1.0},
        method=method,
        name="GeometricBrownianMotion",
    )


def one_step(model, x, normal, dt):
    """The step as plain Python."""
    constants = model.constants(model().parameters, dt).values()
    return model.step.py_func(x, normal, *map(float, constants))[0]


def _mean_after(method, duration, dt):
    """E x(duration) of the scheme, without sampling: a step is linear in x, and a polynomial in its normal number."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(8)
    factor = sum(w * one_step(growing(method), 1.0, z, dt) for z, w in zip(nodes, weights, strict=True))
    return (factor / weights.sum()) ** round(duration / dt)


def _weak_order(method):
    """log2 of the ratio of the errors with dt and dt/2. Brian2's white noise is Stratonovich's where it is a factor."""
    exact = np.exp((-RATE + 0.5 * A**2) * 10.0)
    errors = [abs(_mean_after(method, 10.0, dt) - exact) for dt in (0.1, 0.05)]
    return np.log2(errors[0] / errors[1]), 1.0


def _beside_brian2(equations, parameters, method, start):
    """A path here, and by the code that Brian2's state updater writes, with the same normal numbers."""
    model = sl.NeuronModel.from_equations(
        equations, parameters=parameters, initial=dict(start), method=method, name=f"path by {method}"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from brian2 import Equations
        from brian2.stateupdaters.base import StateUpdateMethod

        code = StateUpdateMethod.stateupdaters[method](Equations(equations), {})
    normals = np.random.default_rng(5).normal(size=(200, len(model.normal)))
    constants = [float(value) for value in model.constants(model().parameters, DT).values()]
    ours, theirs = [list(start.values())], [dict(start)]
    namespace = {name: float(value) for name, (value, _) in parameters.items()} | {"dt": DT, "sqrt": np.sqrt}
    names = [name.removeprefix("normal_") for name in model.normal]
    for each in normals:
        ours.append(list(model.step.py_func(*ours[-1], *map(float, each), *constants)[:-1]))
        # the lines that draw are written by Brian2 in any order
        drawn = {name: np.sqrt(DT) * value for name, value in zip(names, each, strict=True)}
        lines = [line for line in code.splitlines() if "randn()" not in line]
        values = {**namespace, **theirs[-1], **drawn}
        exec("\n".join(lines), {}, values)
        theirs.append({name: values[name] for name in start})
    return np.array(ours), np.array([list(each.values()) for each in theirs])


TWO = "dx/dt = -x/tau + a*x*xi_1 : 1\ndy/dt = (x - y)/tau + b*(1 + x)*xi_2 : 1"
ADDED = "dx/dt = -x/tau + a*xi_1 + b*xi_2 : 1\ndy/dt = (x*y - y)/tau + b*xi_2 : 1"
NUMBERS = {"tau": (10.0, "ms"), "a": (0.2, "1/ms**0.5"), "b": (0.1, "1/ms**0.5")}

CASES: tuple[Case, ...] = (
    Case(
        "NeuronModel.from_equations",
        f"mean of {N} Ornstein-Uhlenbeck processes, Euler, seed {SEED}",
        "closed form",
        STAT(N, VARIANCE**0.5),
        "STAT(4000)",
        lambda: (_samples()[0].mean(), 0.0),
    ),
    Case(
        "NeuronModel.from_equations",
        f"variance of {N} Ornstein-Uhlenbeck processes, Euler, seed {SEED}",
        "closed form",
        STAT(N, 2**0.5 * VARIANCE),
        "STAT(4000)",
        lambda: ((_samples()[0] ** 2).mean(), VARIANCE),
    ),
    Case(
        "NeuronModel.from_equations",
        f"autocorrelation of {N} Ornstein-Uhlenbeck processes at {LAG:g} ms, Euler, seed {SEED}",
        "closed form",
        STAT(N, (1 + DECAY ** (2 * LAG / DT)) ** 0.5),
        "STAT(4000)",
        lambda: ((_samples()[0] * _samples()[1]).mean() / VARIANCE, DECAY ** (LAG / DT)),
    ),
    Case(
        "NeuronModel.from_equations",
        "weak order of Heun's method for noise that is a factor, mean of the scheme without sampling",
        "closed form: 1",
        # what the next order in dt adds to the error
        METHOD(1, 0.1),
        "METHOD(1, dt)",
        lambda: _weak_order("heun"),
    ),
    *(
        Case(
            "NeuronModel.from_equations",
            f"a path with {what}, {method}, 200 steps with given normal numbers",
            "Brian2 live: the code of its state updater",
            ULP(20 * 200, 10.0),
            "ULP",
            lambda args=(equations, method): _beside_brian2(args[0], NUMBERS, args[1], {"x": 1.0, "y": 0.5}),
        )
        for equations, method, what in (
            (ADDED, "euler", "two additive noises"),
            (TWO, "heun", "two noises that are factors"),
            (TWO, "milstein", "two noises that are factors"),
        )
    ),
)
