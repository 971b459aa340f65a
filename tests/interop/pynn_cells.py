"""PyNN's standard cells, driven by spikes of both signs and a current, beside pyNN.nest."""

from __future__ import annotations

import numpy as np
from pyNN.parameters import ArrayParameter
from pynn_case import DT, NEST, Script, backend, begin, spikes, trace, train
from tolerances import EXACT, METHOD, NINE_DIGITS

SAME = (EXACT, "EXACT")
NINE = (NINE_DIGITS, "1e-9 relative")
SOLVER = (METHOD(1, 1e-6), "1e-6, NEST's solver")
"""What is an exponential here is integrated there, with an adaptive step that is told to err by as much."""
BOTH = ("excitatory", "inhibitory")


def inputs(sim, cells, weights, kinds, sources=6):
    """Sources with trains, weights and delays of their own: one population of them for each kind of receptor.

    weights: their scale, of the first kind and of all others.
    """
    for seed, kind in enumerate(kinds, 1):
        scale = weights[min(seed, 2) - 1]
        generator = np.random.default_rng(seed)
        stimulus = sim.Population(
            sources, sim.SpikeSourceArray(spike_times=[train(100 * seed + k, 15, 2.0, 180.0) for k in range(sources)])
        )
        given = scale * generator.uniform(0.5, 1.5, (sources, cells.size))
        delays = DT * generator.integers(1, 40, (sources, cells.size))
        pairs = [(i, j, given[i, j], delays[i, j]) for i in range(sources) for j in range(cells.size)]
        connector = sim.FromListConnector(pairs, column_names=["weight", "delay"])
        sim.Projection(stimulus, cells, connector, sim.StaticSynapse(), receptor_type=kind)


def driven(
    make, weights, variables, parameters, duration=200.0, dt=DT, kinds=BOTH, highest=None, spiking=True, between=False
):
    """Three cells with parameters that differ, and what they do.

    make: from a back-end to a cell type. variables: {name: name in the back-end}. highest: to which v is cut, for
    cells whose potential goes to infinity in a spike. spiking: whether they fire. between: leave v out at spikes, at
    which NEST's GIF has not yet reset it.
    """

    def run(sim):
        begin(sim, dt)
        cells = sim.Population(3, make(sim)(**parameters))
        inputs(sim, cells, weights, kinds)
        cells.record(["spikes", *variables.values()])
        sim.run(duration)
        found = {"spikes": spikes(cells, dt=dt)} | {name: trace(cells, theirs) for name, theirs in variables.items()}
        if not spiking:
            del found["spikes"]
        if between:
            cell, step = found["spikes"].astype(int).T
            found["v"][step, cell] = 0.0
        if highest is not None:
            found["v"] = np.minimum(found["v"], highest)
        sim.end()
        return found

    return run


def firing(sim):
    """Number of spikes and mean interval (ms) of three Hodgkin-Huxley cells."""
    begin(sim, DT / 5)
    cells = sim.Population(3, sim.HH_cond_exp(i_offset=[0.2, 0.4, 0.6]))
    cells.record("spikes")
    sim.run(100.0)
    fired = spikes(cells, dt=DT / 5)
    sim.end()
    times = [fired[fired[:, 0] == k, 1] * DT / 5 for k in range(3)]
    return {"number": [len(each) for each in times], "mean interval": [np.diff(each).mean() for each in times]}


def named(name):
    return lambda sim: getattr(sim, name)


def mended(name, variables, factors):
    """A cell type of pyNN.nest that lacks variables, or has them by another name than PyNN: their names in NEST."""

    def make(sim):
        cell = getattr(sim, name)
        return type(name, (cell,), {"variable_map": variables, "scale_factors": factors})

    return make


def on_nest(*arguments, **more):
    return lambda: driven(*arguments, **more)(backend(NEST))


WHAT = "3 cells, 12 trains to both receptors, a current"


def beside_nest(name, weights, tolerances, parameters, **more):
    """tolerances: {variable: its tolerance}."""
    same = {variable: variable for variable in tolerances}
    return Script(name, WHAT, driven(named(name), weights, same, parameters, **more), {"spikes": SAME} | tolerances)


def beside_mended(name, weights, tolerances, parameters, variables, factors, **more):
    """Beside a model that NEST has, and pyNN.nest cannot record."""
    same = {variable: variable for variable in tolerances}
    return Script(
        name, WHAT, driven(named(name), weights, same, parameters, **more), {"spikes": SAME} | tolerances,
        on_nest(mended(name, variables, factors), weights, same, parameters, **more), "pyNN.nest, mended",
    )  # fmt: skip


LINEAR = {
    "tau_m": [10.0, 20.0, 15.0],
    "v_thresh": -55.0,
    "v_reset": -63.0,
    "tau_refrac": 1.5,
    "i_offset": [0.2, 0.5, 0.8],
}
SYNAPTIC = {"tau_syn_E": 3.0, "tau_syn_I": 7.0}
ADAPTIVE = {"tau_refrac": 2.0, "v_reset": -60.0, "i_offset": [0.3, 0.6, 0.9], "v_spike": 0.0}
SECOND = (METHOD(2, DT), "METHOD(2, dt)")
SYNAPTIC_VARIABLES = {"gsyn_exc": "gsyn_exc", "gsyn_inh": "gsyn_inh"}
BELOW = SYNAPTIC | {"i_offset": [-0.1, -0.2, -0.3]}
FINELY = {"dt": DT / 5, "duration": 50.0, "highest": -45.0}
FINE = (METHOD(2, DT / 5), "METHOD(2, dt)")
STEEP = (METHOD(2, DT / 5, 10.0), "METHOD(2, dt)")
CONDUCTANCES = {"gsyn_exc": SOLVER, "gsyn_inh": SOLVER}
GSFA = LINEAR | SYNAPTIC | {"q_sfa": [15.0, 30.0, 5.0], "i_offset": [1.0, 1.5, 2.0]}

GIF_MEMORY = {
    "tau_eta": ArrayParameter([2.0, 12.0, 80.0]), "a_eta": ArrayParameter([0.2, 0.05, -0.02]),
    "tau_gamma": ArrayParameter([3.0, 15.0, 90.0]), "a_gamma": ArrayParameter([2.0, 1.0, 0.5]),
}  # fmt: skip

ADAPTING = {"v": SECOND, "g_s": SOLVER, "g_r": (METHOD(1, 1e-5), "1e-5, NEST's solver")}
CELLS: tuple[Script, ...] = (
    beside_nest("IF_curr_exp", (1.5, -0.3), {"v": NINE}, LINEAR | SYNAPTIC),
    beside_nest("IF_curr_alpha", (1.5, -0.3), {"v": NINE}, LINEAR | SYNAPTIC),
    beside_mended("IF_curr_delta", (3.0, -2.0), {"v": NINE}, LINEAR, {"v": "V_m"}, {"v": 1.0}),
    beside_nest("IF_cond_exp", (0.02, 0.02), {"v": SECOND} | CONDUCTANCES, LINEAR | SYNAPTIC),
    beside_nest("IF_cond_alpha", (0.02, 0.02), {"v": SECOND} | CONDUCTANCES, LINEAR | SYNAPTIC),
    beside_nest("IF_facets_hardware1", (0.002, 0.002), {"v": SECOND} | CONDUCTANCES, {"g_leak": [20.0, 30.0, 40.0]}),
    beside_mended(
        "IF_cond_exp_gsfa_grr", (0.02, 0.02), ADAPTING | CONDUCTANCES, GSFA,
        {"v": "V_m", "g_s": "g_sfa", "g_r": "g_rr", "gsyn_exc": "g_ex", "gsyn_inh": "g_in"},
        {"v": 1.0, "g_s": 1.0, "g_r": 1.0, "gsyn_exc": 1e-3, "gsyn_inh": 1e-3},
    ),
    beside_nest("EIF_cond_exp_isfa_ista", (0.01, 0.01), {"v": STEEP, "w": FINE} | CONDUCTANCES, ADAPTIVE, **FINELY),
    beside_nest(
        "EIF_cond_alpha_isfa_ista", (0.01, 0.01), {"v": STEEP, "w": FINE} | CONDUCTANCES, ADAPTIVE, **FINELY,
    ),
    Script(
        "HH_cond_exp", "3 cells, 12 trains to both receptors, below threshold",
        driven(named("HH_cond_exp"), (0.001, 0.001), {"v": "v"} | SYNAPTIC_VARIABLES, BELOW, spiking=False),
        {"v": SECOND} | CONDUCTANCES,
    ),
    Script(
        "HH_cond_exp", "spikes of 3 cells, constant currents, dt = 0.025 ms", firing,
        {"number": SAME, "mean interval": (METHOD(1, DT / 5), "METHOD(1, dt)")},
    ),
    # With so sharp a threshold the cell draws no spike that its potential does not decide.
    beside_nest(
        "GIF_cond_exp", (0.02, 0.02), {"v": SECOND, "i_eta": SOLVER, "v_t": SOLVER} | CONDUCTANCES,
        SYNAPTIC | {"delta_v": 1e-6, "tau_m": [10.0, 20.0, 15.0], "v_t_star": -57.0, "i_offset": [0.2, 0.5, 0.8],
                    "tau_refrac": 2.0, "v_reset": -62.0, "lambda0": 1e4, **GIF_MEMORY},
        between=True,
    ),
    beside_nest(
        "Izhikevich", (4.0, -3.0), {"v": NINE, "u": NINE}, {"i_offset": [0.004, 0.008, 0.012], "d": [2.0, 8.0, 4.0]}
    ),
)  # fmt: skip


# Point neurons, composed of a neuron and receptors

LIF_PART = {"tau_m": 15.0, "v_thresh": -55.0, "v_reset": -63.0, "tau_refrac": 1.5, "i_offset": [0.2, 0.5, 0.8]}
FAST, SLOW = {"e_syn": 0.0, "tau_syn": 3.0}, {"e_syn": -70.0, "tau_syn": 7.0}
ONE_PIECE = LIF_PART | SYNAPTIC


def composed(neuron, parameters, receptors):
    """A cell type that needs no more parameters: receptors are {name: (class, parameters)}."""

    def make(sim):
        parts = {name: getattr(sim, kind)(**p) for name, (kind, p) in receptors.items()}
        return lambda: sim.PointNeuron(getattr(sim, neuron)(**parameters), **parts)

    return make


def point(neuron, parameters, receptors, weights, variables, tolerances, reference=None, **more):
    """receptors: {name: (class, parameters)}; their spikes come as in `inputs`, to the first the excitatory ones."""
    kinds = ", ".join(sorted({kind for kind, _ in receptors.values()}))
    mine = driven(composed(neuron, parameters, receptors), weights, variables, {}, kinds=tuple(receptors), **more)
    return Script(f"PointNeuron {neuron} {kinds}", WHAT, mine, {"spikes": SAME} | tolerances, *(reference or ()))


POINT_NEURONS: tuple[Script, ...] = (
    point(
        "LIF", LIF_PART,
        {"a": ("CurrExpPostSynapticResponse", {"tau_syn": 2.0}), "b": ("CurrExpPostSynapticResponse", {"tau_syn": 9.0}),
         "c": ("CurrExpPostSynapticResponse", {"tau_syn": 30.0})},
        (3.0, -0.2), {"v": "v"}, {"v": NINE},
    ),
    point(
        "LIF", LIF_PART,
        {"a": ("CondExpPostSynapticResponse", FAST), "b": ("CondExpPostSynapticResponse", SLOW)},
        (0.02, 0.02), {"v": "v", "exc": "a.gsyn", "inh": "b.gsyn"}, {"v": SECOND, "exc": SOLVER, "inh": SOLVER},
        (on_nest(named("IF_cond_exp"), (0.02, 0.02), {"v": "v", "exc": "gsyn_exc", "inh": "gsyn_inh"}, ONE_PIECE),
         "pyNN.nest: IF_cond_exp"),
    ),
    point(
        "LIF", LIF_PART,
        {"a": ("CondAlphaPostSynapticResponse", FAST), "b": ("CondAlphaPostSynapticResponse", SLOW)},
        (0.02, 0.02), {"v": "v", "exc": "a.gsyn", "inh": "b.gsyn"}, {"v": SECOND, "exc": SOLVER, "inh": SOLVER},
        (on_nest(named("IF_cond_alpha"), (0.02, 0.02), {"v": "v", "exc": "gsyn_exc", "inh": "gsyn_inh"}, ONE_PIECE),
         "pyNN.nest: IF_cond_alpha"),
    ),
    point(
        "AdExp", ADAPTIVE,
        {"a": ("CondAlphaPostSynapticResponse", FAST), "b": ("CondAlphaPostSynapticResponse", SLOW)},
        (0.01, 0.01), {"v": "v", "w": "w", "exc": "a.gsyn", "inh": "b.gsyn"},
        {"v": STEEP, "w": FINE, "exc": SOLVER, "inh": SOLVER}, **FINELY,
    ),
    point(
        "AdExp", ADAPTIVE,
        {"a": ("CondBetaPostSynapticResponse", {"e_syn": 0.0, "tau_rise": 0.5, "tau_decay": 4.0}),
         "b": ("CondBetaPostSynapticResponse", {"e_syn": -80.0, "tau_rise": 1.0, "tau_decay": 9.0})},
        (0.012, 0.01), {"v": "v", "w": "w", "exc": "a.gsyn", "inh": "b.gsyn"},
        {"v": STEEP, "w": FINE, "exc": SOLVER, "inh": SOLVER}, **FINELY,
    ),
    point(
        "AdExp", ADAPTIVE, {"a": ("CondExpPostSynapticResponse", FAST), "b": ("CondExpPostSynapticResponse", SLOW)},
        (0.01, 0.01), {"v": "v", "w": "w", "exc": "a.gsyn", "inh": "b.gsyn"},
        {"v": STEEP, "w": FINE, "exc": SOLVER, "inh": SOLVER},
        (on_nest(named("EIF_cond_exp_isfa_ista"), (0.01, 0.01),
                 {"v": "v", "w": "w", "exc": "gsyn_exc", "inh": "gsyn_inh"},
                 ADAPTIVE | SYNAPTIC | {"e_rev_E": 0.0, "e_rev_I": -70.0}, **FINELY),
         "pyNN.nest: EIF_cond_exp_isfa_ista"), **FINELY,
    ),
)  # fmt: skip
