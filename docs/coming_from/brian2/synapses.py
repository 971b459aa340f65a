"""A neuron that fires excites others, with weights and delays that grow with their number (second tutorial)."""

import numpy as np

import spikelearn as sl

equations = """
dv/dt = (drive - v)/tau : 1
drive : 1
tau : second
"""
Cell = sl.NeuronModel.from_equations(
    equations, threshold="v > 1", reset="v = 0", method="exact",
    parameters={"drive": 0.0, "tau": (100.0, "ms")}, ports={"jump": "v"},
)  # fmt: skip
net = sl.Network(dt=0.1)
cells = net.population(4, Cell(drive=[2.0, 0.0, 0.0, 0.0], tau=[10.0, 100.0, 100.0, 100.0]), name="cells")
j = np.arange(1, 4)
net.connect(cells, cells, "jump", sl.Pairs([0, 0, 0], j), weight=0.02 * j, delay=2.0 * j)
net.record(cells, "v")
run = net.run(100.0)

v = run.trace(cells, "v").values
