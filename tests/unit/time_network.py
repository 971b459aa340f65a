"""A network with all that models from text have of time and chance, with graded synapses and gap junctions."""

import numpy as np

import spikelearn as sl

RICH = """
dv/dt = (1.2*(1 + sin(2*pi*30*Hz*t)) + level(t, i) + I_gap + g - v)/(10*ms) : 1 (unless refractory)
I_gap : 1
g : 1
"""


def network(threads=None, gaps=True):
    Model = sl.NeuronModel.from_equations(
        RICH, threshold="v > 1 + 0.1*rand()", reset="v = 0.1*randn() - 0.1*i/N", refractory="(1 + extra)*ms",
        ports={"gap": "I_gap = weight", "gate": "g = weight"},
        parameters={"level": 0.0, "extra": 0.5},
    )  # fmt: skip
    Gap = sl.GradedSynapse.from_equations("I_gap_post = w*(v_pre - v_post) : 1 (summed)")
    Gate = sl.GradedSynapse.from_equations(
        "g_post = w*s : 1 (summed)\nds/dt = -s/tau : 1 (clock-driven)", on_pre="s += 0.5*(1 - s)",
        parameters={"tau": (8.0, "ms")},
    )  # fmt: skip
    net = sl.Network(dt=0.1, seed=4, threads=threads)
    table = np.random.default_rng(3).uniform(-0.5, 0.5, (9, 30))
    cells = net.population(30, Model(level=sl.Timed(table, 7.0)), name="cells")
    others = net.population(20, Model(level=0.2), name="others")
    net.drive(net.population(5, sl.LIF()), sl.Timed([0.0, 500.0], 10.0))
    if gaps:
        net.connect(cells, cells, "gap", weight=0.01, synapse=Gap())
        net.connect(others, cells, "gap", sl.FixedInDegree(3), weight=0.01, synapse=Gap())
    net.connect(cells, others, "gate", sl.FixedInDegree(4), weight=0.3, delay=1.5, synapse=Gate())
    for each in (cells, others):
        net.record(each, ["spikes", "v", "I_gap", "g"])
    return net
