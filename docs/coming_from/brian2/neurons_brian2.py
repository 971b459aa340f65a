"""Neurons with other drives, refractory, as in Brian2's first tutorial: how often each fires."""

import numpy as np
from brian2 import NeuronGroup, SpikeMonitor, defaultclock, ms, run

defaultclock.dt = 0.1 * ms
equations = """
dv/dt = (drive - v)/(10*ms) : 1 (unless refractory)
drive : 1
"""
cells = NeuronGroup(100, equations, threshold="v > 0.8", reset="v = 0", refractory="5*ms", method="exact")
cells.drive = np.linspace(0.0, 3.0, 100)
spikes = SpikeMonitor(cells)
run(1000 * ms)

rates = np.asarray(spikes.count) / 1.0
