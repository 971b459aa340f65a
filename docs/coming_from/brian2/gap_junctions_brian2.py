"""Ten oscillating neurons that gap junctions couple, from phases that differ."""

import numpy as np
from brian2 import NeuronGroup, StateMonitor, Synapses, defaultclock, ms, run

defaultclock.dt = 0.1 * ms
equations = """
dv/dt = (1.05 - v + gap)/(10*ms) : 1
gap : 1
"""
cells = NeuronGroup(10, equations, threshold="v > 1", reset="v = 0", method="exact")
cells.v = np.linspace(0.0, 1.0, 10)
junctions = Synapses(cells, cells, "w : 1\ngap_post = w*(v_pre - v_post) : 1 (summed)")
junctions.connect()
junctions.w = 0.02
monitor = StateMonitor(cells, "v", record=True)
run(300 * ms)

v = np.asarray(monitor.v).T
