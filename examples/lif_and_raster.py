"""
A neuron model and a raster
===========================

A hundred integrate-and-fire neurons under Poisson input.
"""

import matplotlib.pyplot as plt

import spikelearn as sl

net = sl.Network(dt=0.1, seed=1)  # ms
inputs = net.population(200, sl.Poisson(rate=20), name="inputs")  # Hz
cells = net.population(100, sl.LIF(), name="cells")
net.connect(inputs, cells, "exc", rule=sl.FixedProbability(0.2), weight=180, delay=1.0)  # pA, ms
net.record(inputs)
net.record(cells)
run = net.run(500)
print(f"{sl.analysis.rate(run.spikes(cells), cells.size, 0, 500):.1f} spikes per second")

_, axes = plt.subplots()
sl.plots.raster(run, ax=axes)
plt.show()
