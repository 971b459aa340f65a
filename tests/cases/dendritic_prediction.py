"""The rule that lets a dendrite predict its soma, and its neuron, beside NEST's."""

from __future__ import annotations

import functools

import numpy as np
from given_spikes import steps_of
from given_traces import replay
from oracles import nest_urbanczik
from tolerances import EXACT, METHOD, NINE_DIGITS, STAT, ULP

import spikelearn as sl
from cases.case import Case
from cases.stochastic_neurons import KOLMOGOROV, difference_of_means, distance, intervals
from spikelearn.experiments import load_experiment

DT = 0.1
NO_WIDTH = {"beta": 1e6, "phi_max": 1e9}
"""With a hazard of no width the neuron fires wherever V_s is above theta; phi_max is ours, in Hz."""
SECOND_ORDER = METHOD(2, DT, 1.0)
"""V_s follows an input of 40 nS, which is worth 3 mV, within 0.4 ms, so V_s'' is up to 20 mV/ms^2, of which a step with
the conductances of its middle misses a twelfth and less. NEST's own integration errs by up to 1e-3 mV."""


@functools.cache
def _inputs(seed):
    """Arrivals at all four ports, of up to 40 nS and 400 pA, and the spikes of three plastic inputs."""
    generator = np.random.default_rng(seed)
    found = []
    for port, n, largest in (("soma_exc", 300, 40.0), ("soma_inh", 300, 40.0), ("dend_exc", 300, 400.0),
                             ("dend_inh", 100, 400.0)):  # fmt: skip
        at = generator.choice(np.arange(10, 4900), n, replace=False) * DT
        found += [(port, t, w) for t, w in zip(at, generator.uniform(0.0, largest, n), strict=True)]
    pre = generator.choice(np.arange(10, 4900), 120, replace=False).reshape(3, 40)
    return found, [np.sort(steps) * DT for steps in pre]


def _connect(net, cells, inputs):
    for port in ("soma_exc", "soma_inh", "dend_exc", "dend_inh"):
        mine = [(t, w if port != "dend_inh" else -w) for name, t, w in inputs if name == port]
        source = net.population(len(mine), sl.SpikeList([t - DT for t, _ in mine], np.arange(len(mine))))
        weights = np.tile([[w] for _, w in mine], cells.size)
        net.connect(source, cells, port, weight=weights, delay=DT)


@functools.cache
def _both_cells():
    """Ours and NEST's, whose spikes are certain: steps of spikes, V_s, V_d."""
    inputs, _ = _inputs(3)
    net = sl.Network(dt=DT)
    cell = net.population(1, sl.PyramidalUrbanczik(**NO_WIDTH))
    _connect(net, cell, inputs)
    net.record(cell, ["spikes", "V_s", "V_d"])
    run = net.run(500.0)
    nest = nest_urbanczik.urbanczik((), inputs, neuron={"beta": 1e6, "phi_max": 1e6}, duration=500.0)
    found = {"spikes": (steps_of(run.spikes(cell).times, DT), steps_of(nest.spike_times, DT))}
    return found | {name: (run.trace(cell, name).values[:, 0], nest.recorded[name]) for name in ("V_s", "V_d")}


def _dendrite():
    """V_d under a constant current, in every step of 50 ms."""
    net = sl.Network(dt=DT)
    model = sl.PyramidalUrbanczik(I_e_dend=40.0)
    cell = net.population(1, model)
    net.record(cell, "V_d")
    trace, p = net.run(50.0).trace(cell, "V_d"), model.parameters
    rise = -np.expm1(-trace.times * p.g_L_dend / p.C_m_dend)
    return trace.values[:, 0], p.E_L_dend + 40.0 / p.g_L_dend * rise


def _rule_alone(seed, delay, W_max):
    """Weights that our rule sends, given what NEST's neuron did, and that NEST sends."""
    inputs, pre = _inputs(seed)
    eta, w0 = 5.0, 500.0
    nest = nest_urbanczik.urbanczik(
        pre, inputs, synapse={"eta": eta, "Wmax": W_max}, w0=w0, delay=delay, duration=500.0, seed=seed
    )
    p = sl.PyramidalUrbanczik().parameters
    V_star = (p.g_L_soma * p.E_L_soma + p.g_sp * nest.recorded["V_d"]) / (p.g_L_soma + p.g_sp)
    odds = p.rate_slope * np.exp(p.beta * (p.theta - V_star))
    given = {"rho_star": p.phi_max / (1.0 + odds), "slope_star": p.beta * odds / (1.0 + odds)}
    spikes = {(int(step), 0) for step in steps_of(nest.spike_times, DT)}
    net = sl.Network(dt=DT)
    target = replay(net, 1, spikes, **{name: values[:, None] for name, values in given.items()})
    source = net.population(3, sl.SpikeList(np.concatenate(pre), np.repeat(np.arange(3), 40)))
    rule = sl.Urbanczik(eta=eta, W_max=W_max)
    net.connect(source, target, "ignored", weight=w0, dendritic_delay=delay, plasticity=rule)
    net.record(target, "ignored")
    sent = net.run(500.0).trace(target, "ignored").values[:, 0]
    # no two pre spikes are simultaneous, so what arrives in a step is the weight of one synapse
    return sent[steps_of(np.concatenate(pre) + delay, DT) - 1], np.concatenate(nest.weights)


@functools.cache
def _firing(engine):
    """Steps and ids of the spikes of 200 neurons for half a second, under a current into the soma."""
    net = sl.Network(dt=DT, seed=8)
    cells = net.population(200, sl.PyramidalUrbanczik(I_e_soma=9000.0))
    net.record(cells)
    found = net.run(500.0, engine=engine).spikes(cells)
    return steps_of(found.times, DT), np.asarray(found.ids)


def _firing_apart(what):
    ours, theirs = _firing("compiled"), _firing("nest")
    if what == "rate":
        return difference_of_means(*(np.bincount(ids, minlength=200) for _, ids in (ours, theirs))), 0.0
    return distance(intervals(*ours), intervals(*theirs)), 0.0


def _learned(what):
    """Ten cells here and ten in NEST, the same patterns and teacher: the 20th repeat, in standard errors."""
    model = load_experiment("urbanczik_senn")
    module = __import__(model.simulate.__module__, fromlist=["describe"])
    p = model.parameters(repeats=20, cells=10)
    found = []
    for engine in ("compiled", "nest"):
        net, _, _ = module.describe(p, 1)
        run = net.run((p.repeats + 2 * p.untaught) * p.pattern, engine=engine, progress=False)
        found.append(getattr(module.measure(p, run, "taught"), what)[19])
    return difference_of_means(*found), 0.0


CASES: tuple[Case, ...] = (
    Case(
        "PyramidalUrbanczik",
        "steps of spikes, a hazard of no width, 1,000 random inputs to all ports (seed 3)",
        "NEST live: pp_cond_exp_mc_urbanczik",
        EXACT,
        "EXACT",
        lambda: _both_cells()["spikes"],
    ),
    Case(
        "PyramidalUrbanczik",
        "V_d under a constant current",
        "closed form",
        ULP(10_000, 100.0),
        "ULP(10,000)",
        _dendrite,
    ),
    *(
        Case(
            "PyramidalUrbanczik",
            f"{name}, a hazard of no width, 1,000 random inputs to all ports (seed 3)",
            "NEST live: pp_cond_exp_mc_urbanczik",
            SECOND_ORDER,
            "METHOD(2, dt)",
            lambda name=name: _both_cells()[name],
        )
        for name in ("V_s", "V_d")
    ),
    *(
        Case(
            "PyramidalUrbanczik",
            f"{what}, 200 neurons under a current into the soma, two-sample test, seed 8",
            "NEST live: pp_cond_exp_mc_urbanczik",
            tolerance,
            "STAT",
            functools.partial(_firing_apart, what),
        )
        for what, tolerance in (("rate", STAT(1)), ("intervals", KOLMOGOROV))
    ),
    *(
        Case(
            "Urbanczik",
            f"weights sent, 3 x 40 random pre spikes, NEST's potential and spikes given; delay {delay} ms, "
            f"W_max {W_max:g}, seed {seed}",
            "NEST live: urbanczik_synapse",
            NINE_DIGITS,
            "1e-9 relative",
            functools.partial(_rule_alone, seed, delay, W_max),
        )
        for seed, delay, W_max in ((1, 0.1, 1e4), (2, 1.5, 1e4), (4, 0.1, 600.0))
    ),
    *(
        Case(
            "Urbanczik and PyramidalUrbanczik",
            f"{name} of the prediction in repeat 20, ten cells each, in standard errors, seed 1",
            "NEST live: the same network on NEST",
            STAT(1),
            "STAT",
            functools.partial(_learned, what),
            slow=True,
        )
        for what, name in (("corr", "correlation"), ("rmse", "error"))
    ),
)
