"""Networks whose gradients are compared: models with a margin, readouts, and networks of them."""

import math
from typing import NamedTuple

import numpy as np

import spikelearn as sl
from spikelearn.units import number


class UnitParameters(NamedTuple):
    beta: number = 0.9
    theta: number = 1.0


def unit_step(u, in_ff, in_fb, I_ff, beta, theta):
    u = beta * u + (1.0 - beta) * (in_ff + I_ff) + in_fb
    fired = u >= theta
    u = u - theta if fired else u
    return u, np.uint8(fired)


def unit_margin(u, in_ff, in_fb, I_ff, beta, theta):
    return beta * u + (1.0 - beta) * (in_ff + I_ff) + in_fb - theta


Unit = sl.NeuronModel(
    "Unit", UnitParameters, lambda p, dt: {"beta": p.beta, "theta": p.theta}, unit_step, state={"u": "1"},
    ports={"ff": "1", "fb": "1"}, currents=("ff",), initial=lambda p: {}, margin=unit_margin,
)  # fmt: skip


class ReadoutParameters(NamedTuple):
    kappa: number = 0.8


def readout_step(u, e, in_ff, I_ff, kappa):
    u = kappa * u + (1.0 - kappa) * (in_ff + I_ff)
    e = 1.0 / (1.0 + math.exp(-u))
    return u, e, np.uint8(16)


Readout = sl.NeuronModel(
    "Readout", ReadoutParameters, lambda p, dt: {"kappa": p.kappa}, readout_step, state={"u": "1", "e": "1"},
    ports={"ff": "1"}, currents=("ff",), initial=lambda p: {}, kinds=("rate",),
)  # fmt: skip


def layered(sizes, seed=0, recurrent=False, feedback=False, delays=(1.0, 1.0, 1.0), **network):
    """(network, populations, projections): graded input, layers of Unit, a Readout. Each layer may be recurrent, with a
    delay of 3 steps; the readout may send its e back to the first hidden layer, with a delay of 2."""
    net = sl.Network(dt=1.0, seed=1, threads=1, **network)
    generator = np.random.default_rng([seed, 7])
    populations = [net.population(sizes[0], sl.PerfectIntegrator(interval=1.0), name="input")]
    populations += [net.population(n, Unit(), name=f"hidden_{k}") for k, n in enumerate(sizes[1:-1])]
    populations += [net.population(sizes[-1], Readout(), name="output")]
    projections = []
    for k, (source, target) in enumerate(zip(populations, populations[1:], strict=False)):
        weight = generator.uniform(-1.0, 1.5, (source.size, target.size)) * 6.0 / math.sqrt(source.size)
        sent = {"on": "rate", "payload": "r"} if k == 0 else {}
        projections.append(net.connect(source, target, "ff", weight=weight, delay=delays[k], name=f"up_{k}", **sent))
    for k, layer in enumerate(populations[1:-1] if recurrent else []):
        weight = generator.normal(0.0, 0.3, (layer.size, layer.size))
        projections.append(net.connect(layer, layer, "fb", weight=weight, delay=3.0, name=f"recurrent_{k}"))
    if feedback:
        weight = generator.normal(0.0, 0.1, (sizes[-1], sizes[1]))
        projections.append(
            net.connect(
                populations[-1], populations[1], "fb", weight=weight, delay=2.0, on="rate", payload="e", name="fb"
            )
        )
    return net, populations, projections


def presented(populations, X, steps=20):
    """Trials with one phase each, that present X, (n, inputs)."""
    phase = sl.Phase(
        float(steps), currents={(populations[0], "exc"): X}, reset=list(populations), discard_events=True
    )  # fmt: skip
    return sl.Trials([phase], n=len(X))
