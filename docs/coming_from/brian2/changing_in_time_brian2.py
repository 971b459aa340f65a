"""A neuron with a sine and a recorded current as its input, as in the third tutorial."""

import numpy as np
from brian2 import NeuronGroup, StateMonitor, TimedArray, defaultclock, ms, run

defaultclock.dt = 0.1 * ms
recorded = TimedArray(np.random.default_rng(1).uniform(0.0, 2.5, 100), dt=2 * ms)
equations = """
dv/dt = (current - v)/(5*ms) : 1
current = recorded(t) + 1.25*sin(2*pi*10*Hz*t) : 1
"""
cell = NeuronGroup(1, equations, threshold="v > 1", reset="v = 0", method="euler")
monitor = StateMonitor(cell, "v", record=True)
run(200 * ms)

v = np.asarray(monitor.v).T
