"""Networks of one projection, "made", of each kind of synapse, for tests of weights that are read and set."""

from typing import NamedTuple

import numpy as np

import spikelearn as sl
from spikelearn.plasticity import Trace
from spikelearn.units import ms, weight

N, M = 12, 5
PAIRS = np.random.default_rng(3).integers(0, (N, M), (30, 2)).T
FIRST = np.random.default_rng(1).uniform(50.0, 150.0, (N, M))
SECOND = np.random.default_rng(2).uniform(50.0, 150.0, (N, M))


class ForgettingParameters(NamedTuple):
    tau: ms = 100.0
    tau_m: ms = 20.0
    W_min: weight = 0.0
    W_max: weight = 200.0


def _forget(weight, x, V_m, kept):
    return weight * kept + 1e-3 * x * (V_m + 70.0)


Forgetting = sl.StepRule(
    "Forgetting", ForgettingParameters, _forget, lambda p, dt: {"kept": float(np.exp(-dt / p.tau))},
    pre=(Trace("x", "tau_m"),), reads=("V_m",),
)  # fmt: skip
KINDS = {
    "static": {},
    "short-term": {"synapse": sl.TsodyksMarkram()},
    "payload": {"on": "spike", "payload": "V_m"},
    "frozen": {"plasticity": sl.STDP(W_max=200.0), "plastic": False},
    "STDP": {"plasticity": sl.STDP(W_max=200.0, lambda_=0.1)},
    "STDP on a dendrite": {
        "plasticity": sl.STDP(W_max=200.0, lambda_=0.01, mu_plus=0.0, mu_minus=0.0),
        "delay": None,
        "dendritic_delay": 1.5,
    },
    "Clopath": {"plasticity": sl.Clopath(W_max=200.0, A_LTD=0.05, A_LTP=0.05, theta_plus=-62.0)},
    "DopamineSTDP": {"plasticity": lambda dopamine: sl.DopamineSTDP(dopamine, W_max=200.0, A_plus=5.0, b=0.01)},
    "StepRule": {"plasticity": Forgetting()},
}


def in_unit(kind, weights):
    """Those of a projection that carries potentials are per mV."""
    return weights / -70.0 if kind == "payload" else weights


def network(kind, weights, rule=None, threads=1):
    """A projection "made" of each kind onto cells that fire, which learns if it can."""
    net = sl.Network(dt=0.1, seed=5, threads=threads)
    dopamine = net.modulator("dopamine", tau=30.0)
    net.release(dopamine, [10.0, 25.0, 50.0], 0.1)
    source = net.population(N, sl.LIF() if kind == "payload" else sl.Poisson(80.0), name="source")
    cells = net.population(M, sl.LIF(I_e=np.linspace(420.0, 480.0, M)), name="cells")
    if kind == "payload":
        net.drive(source, sl.PoissonInput(3000.0), weight=40.0)
    options = dict(KINDS[kind])
    if callable(options.get("plasticity")):
        options["plasticity"] = options["plasticity"](dopamine)
    if "delay" not in options:
        options["delay"] = 0.5
    net.connect(source, cells, "exc", rule, weight=in_unit(kind, weights), name="made", **options)
    net.record(cells, ["spikes", "V_m"])
    return net


def result(run):
    found = [*run.spikes("cells"), run.trace("cells", "V_m").values, run.weights("made")]
    return np.concatenate([np.ravel(each) for each in found])
