"""
An f-I curve
============

One population, a current of its own for each neuron: a parameter may be an array.
"""

import matplotlib.pyplot as plt
import numpy as np

import spikelearn as sl

currents = np.linspace(0, 1000, 101)  # pA
_, axes = plt.subplots(figsize=(5, 3), layout="constrained")
for t_ref in (0, 2, 10):
    net = sl.Network(dt=0.1)
    cells = net.population(101, sl.LIF(I_e=currents, t_ref=t_ref), name="cells")
    net.record(cells)
    spikes = net.run(1000).spikes(cells)
    axes.plot(currents, sl.analysis.rates_per_neuron(spikes, 101, 0, 1000), label=f"{t_ref} ms")
axes.set(xlabel="current (pA)", ylabel="rate (Hz)")
axes.legend(title="refractory period", frameon=False)
plt.show()
