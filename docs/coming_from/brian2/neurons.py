"""Neurons with other drives, refractory, as in Brian2's first tutorial: how often each fires."""

import numpy as np

import spikelearn as sl

equations = """
dv/dt = (drive - v)/(10*ms) : 1 (unless refractory)
drive : 1
"""
Cell = sl.NeuronModel.from_equations(
    equations, threshold="v > 0.8", reset="v = 0", refractory=4.9, method="exact", parameters={"drive": 0.0}
)
net = sl.Network(dt=0.1)
cells = net.population(100, Cell(drive=np.linspace(0.0, 3.0, 100)), name="cells")
net.record(cells)
run = net.run(1000.0)

rates = np.bincount(run.spikes(cells).ids, minlength=100) / 1.0
