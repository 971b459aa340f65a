"""
Gap junctions
=============

Electrical coupling pulls twenty oscillating neurons into one phase. Graded synapses send values,
not events.
"""

import matplotlib.pyplot as plt
import numpy as np

import spikelearn as sl

Cell = sl.NeuronModel.from_equations(
    """
    dv/dt = (1.05 - v + gap)/(10*ms) : 1
    gap : 1
    """,
    threshold="v > 1",
    reset="v = 0",
    method="exact",
    ports={"gap": "gap = weight"},
)
Junction = sl.GradedSynapse.from_equations("gap_post = w*(v_pre - v_post) : 1 (summed)")
net = sl.Network(dt=0.1)
cells = net.population(20, Cell(), name="cells", initial={"v": np.linspace(0, 0.5, 20)})
net.connect(cells, cells, "gap", weight=0.1, synapse=Junction())
net.record(cells)
run = net.run(600)

_, axes = plt.subplots(figsize=(6, 3), layout="constrained")
sl.plots.raster(run, ax=axes)
plt.show()
