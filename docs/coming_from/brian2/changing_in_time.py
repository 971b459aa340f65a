"""A neuron with a sine and a recorded current as its input, as in the third tutorial."""

import numpy as np

import spikelearn as sl

recorded = sl.Timed(np.random.default_rng(1).uniform(0.0, 2.5, 100), 2)
equations = """
dv/dt = (current - v)/(5*ms) : 1
current = recorded(t) + 1.25*sin(2*pi*10*Hz*t) : 1
"""
Cell = sl.NeuronModel.from_equations(
    equations, threshold="v > 1", reset="v = 0", method="euler", parameters={"recorded": 0.0}
)
net = sl.Network(dt=0.1)
cell = net.population(1, Cell(recorded=recorded), name="cell")
net.record(cell, "v")
run = net.run(200.0)

v = run.trace(cell, "v").values
