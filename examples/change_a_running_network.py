"""
Change a network that runs
==========================

Parameters, weights and lesions between two runs; everything else goes on from where it is.
"""

import matplotlib.pyplot as plt

import spikelearn as sl

net = sl.Network(dt=0.1, seed=1)
inputs = net.population(100, sl.Poisson(20), name="inputs")
cells = net.population(50, sl.LIF(), name="cells")
made = net.connect(inputs, cells, "exc", weight=sl.Uniform(0, 200), delay=1.5)
net.record(cells)
runs = [net.run(300)]

net.set(inputs, rate=30)  # more input
runs += [net.run(300)]

net.set_weights(made, 0.5 * net.weights(made))  # weaker synapses
runs += [net.run(300)]

net.switch_off(made)  # a lesion
net.set(cells[:25], I_e=400)  # and a current into half of the cells
runs += [net.run(300)]

_, axes = plt.subplots(figsize=(6, 3), layout="constrained")
for run in runs:
    axes.plot(run.spikes(cells).times, run.spikes(cells).ids, "|", ms=3)
axes.set(xlabel="time (ms)", ylabel="cell")
plt.show()
