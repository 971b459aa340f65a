"""A neuron model that takes up input late, and synapses that run statements, written by hand: all parts of both."""

import math
from typing import NamedTuple

import numpy as np

import spikelearn as sl
from spikelearn.neurons.regularly import Regularly
from spikelearn.synapses.statements import Action, StatementSynapse
from spikelearn.units import ms, number

DT, N, N_SOURCES = 0.5, 12, 6


class Parameters(NamedTuple):
    tau: ms = 8.0
    threshold: number = 1.0


def constants(p, dt):
    return {"P": np.exp(-dt / p.tau), "threshold": p.threshold}


def step(v, g, total, x, refractory, t, i, P, threshold):
    """Until it fires: g drives v, total is a sum over synapses, and x is set regularly."""
    refractory = refractory - 1.0 if refractory > 0.0 else 0.0
    held = refractory > 0.0
    v = v if held else P * v + 0.1 * g + 0.01 * total + 0.001 * x + 0.02 * (1.0 + 0.1 * i + 0.001 * t)
    g = 0.8 * g
    fired = v > threshold and not held
    refractory = 2.0 if fired else refractory
    return v, g, total, x, refractory, np.uint8(fired)


def at_event(v, g, total, x, refractory, t, i, P, threshold):
    return 0.1 * v, g + 0.01, total, x, refractory


def regularly(v, g, total, x, refractory, t, i, P, threshold):
    return v, g, total, x + 1.0 + i, refractory


LATE = sl.NeuronModel(
    "late", Parameters, constants, step, {"v": "1", "g": "1", "total": "1", "x": "1", "refractory": "1"},
    {"v": "1", "g": "1"}, added_to={"v": "v", "g": "g"}, lost_while={"v": "refractory"}, late_input=True,
    at_event=at_event, regular=(Regularly(regularly, 3, 2, 7),), reads=("t", "i"), initial=lambda p: {},
)  # fmt: skip


def on_pre(w, trace, last, v_pre, g_post, t, j, eta):
    trace = trace * math.exp(-(t - last) / 20.0) + 1.0
    w = min(max(w + eta * (v_pre - 0.1 * j), -1.0), 1.0)
    return w, trace, t, g_post + 0.1 * w


def on_source(w, trace, last, v_post, refractory_post, t):
    trace = trace * math.exp(-(t - last) / 20.0)
    return trace + 1.0, t, v_post + 0.05 * w if refractory_post <= 0.0 else v_post


def on_post(w, trace, last, v_post, t):
    trace = trace * math.exp(-(t - last) / 20.0)
    return w + 0.02 * trace + 0.001 * v_post, trace, t


def each_step(w):
    return (0.999 * w,)


def summed(w, v_pre, v_post):
    return w * (v_pre - v_post)


def statements(n, pre_of_neurons, later=None, draws=False):
    """The synapses of a projection with n synapses, from neurons or from sources. later: delays of on_post, ms."""
    names = ("w", "trace", "last")
    start = {"w": np.linspace(-0.5, 0.8, n), "trace": np.zeros(n), "last": np.zeros(n)}
    actions = [Action("before", each_step, ("w",), sets=("w",))]
    if pre_of_neurons:
        actions.insert(0, Action("sum", summed, ("w",), ("v",), ("v",), into="total_post"))
        actions.append(Action("pre", on_pre, names, ("v",), ("g",), (*names, "g_post"), (), ("t", "j"), ("eta",)))
    else:
        sets = ("trace", "last", "v_post")
        actions.append(Action("pre", on_source, names, (), ("v", "refractory"), sets, (), ("t",)))
    actions.append(Action("post", on_post, names, (), ("v",), names, (), ("t",), delays=later))
    return StatementSynapse("by hand", dict.fromkeys(names, "1"), start, {"eta": 0.05}, tuple(actions))


def pairs(generator, n_pre, n_post, n):
    flat = generator.choice(n_pre * n_post, n, replace=False)
    return flat // n_post, flat % n_post


def network(seed=1, threads=None):
    """All of it: (net, cells, projections, spikes of the sources, delays in steps of each projection)."""
    generator = np.random.default_rng(seed)
    net = sl.Network(dt=DT, seed=seed, threads=threads)
    at, of = generator.integers(1, 120, 150), generator.integers(0, N_SOURCES, 150)
    spikes = sorted({*zip(at.tolist(), of.tolist(), strict=True)})
    given = sl.SpikeList([s * DT for s, _ in spikes], [i for _, i in spikes])
    sources = net.population(N_SOURCES, given, name="sources")
    cells = net.population(N, LATE(tau=np.linspace(6.0, 10.0, N)), name="cells", initial={"v": np.linspace(0, 1, N)})
    made, delays = {}, {}
    for name, source, port, size, n, weight in (
        ("to v", sources, "v", N_SOURCES, 30, 0.3), ("to g", cells, "g", N, 50, "own"),
        ("between", cells, "v", N, 40, -0.2),
    ):  # fmt: skip
        pre, post = pairs(generator, size, N, n)
        steps = generator.integers(0, 4, n)
        weight = generator.uniform(-0.3, 0.6, n) if weight == "own" else weight
        rule = sl.Pairs(pre, post)
        made[name] = net.connect(source, cells, port, rule=rule, weight=weight, delay=steps * DT, name=name)
        delays[name] = pre, post, steps, np.broadcast_to(weight, n)
    for name, source, size, n in (("learning", cells, N, 60), ("from sources", sources, N_SOURCES, 40)):
        pre, post = pairs(generator, size, N, n)
        steps, later = generator.integers(0, 3, n), generator.integers(0, 3, n)
        model = statements(n, source is cells, later * DT)
        made[name] = net.connect(source, cells, rule=sl.Pairs(pre, post), synapse=model(), delay=steps * DT, name=name)
        delays[name] = pre, post, steps, later
    return net, cells, made, spikes, delays


def recorded(net, cells, made):
    """Everything that may be recorded of it."""
    net.record(cells, "spikes")
    for when in ("beginning", "start", "input", "end"):
        net.record(cells, ["v", "g", "total", "x"], when=when, name=when)
    net.record(cells, "v", at="spike", when="input")
    for name in ("learning", "from sources"):
        net.record(made[name], ["w", "trace"], every=DT, when="start", synapses=[0, 7, 20])
    return net
