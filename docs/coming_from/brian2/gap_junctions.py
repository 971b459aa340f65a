"""Ten oscillating neurons that gap junctions couple, from phases that differ."""

import numpy as np

import spikelearn as sl

equations = """
dv/dt = (1.05 - v + gap)/(10*ms) : 1
gap : 1
"""
Cell = sl.NeuronModel.from_equations(
    equations, threshold="v > 1", reset="v = 0", method="exact", ports={"gap": "gap = weight"}
)
net = sl.Network(dt=0.1)
cells = net.population(10, Cell(), name="cells", initial={"v": np.linspace(0.0, 1.0, 10)})
Junction = sl.GradedSynapse.from_equations("gap_post = w*(v_pre - v_post) : 1 (summed)")
net.connect(cells, cells, "gap", weight=0.02, synapse=Junction())
net.record(cells, "v")
run = net.run(300.0)

v = run.trace(cells, "v").values
