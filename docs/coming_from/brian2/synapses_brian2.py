"""A neuron that fires excites others, with weights and delays that grow with their number (second tutorial)."""

import numpy as np
from brian2 import NeuronGroup, StateMonitor, Synapses, defaultclock, ms, run

defaultclock.dt = 0.1 * ms
equations = """
dv/dt = (drive - v)/tau : 1
drive : 1
tau : second
"""
cells = NeuronGroup(4, equations, threshold="v > 1", reset="v = 0", method="exact")
cells.drive = [2.0, 0.0, 0.0, 0.0]
cells.tau = np.array([10.0, 100.0, 100.0, 100.0]) * ms
synapses = Synapses(cells, cells, "w : 1", on_pre="v_post += w")
synapses.connect(i=0, j=[1, 2, 3])
synapses.w = "j*0.02"
synapses.delay = "j*2*ms"
monitor = StateMonitor(cells, "v", record=True)
run(100 * ms)

v = np.asarray(monitor.v).T
