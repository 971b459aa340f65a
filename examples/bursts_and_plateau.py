"""
A burst and its plateau
=======================

A pulse to the soma makes one spike; together with a pulse to the apical dendrite it makes a burst.
"""

import matplotlib.pyplot as plt
import numpy as np

import spikelearn as sl

t = np.arange(0, 120, 0.1)
soma = np.where((t >= 30) & (t < 35), 2000.0, 0)  # pA
after = np.maximum(t - 30, 0)
dendrite = 1500 * (1 - np.exp(-after / 2)) * np.exp(-after / 8)
nothing = np.zeros_like(t)

net = sl.Network(dt=0.1)
cells = net.population(3, sl.Pyramidal(), name="cells")
net.drive(cells, sl.StepCurrent(t, np.stack([soma, nothing, soma], axis=1)), port="soma")
net.drive(cells, sl.StepCurrent(t, np.stack([nothing, dendrite, dendrite], axis=1)), port="apical")
net.record(cells, ["spikes", "bursts"])
net.record(cells, ["V_s", "V_d"])
run = net.run(120)
counts = np.bincount(run.spikes(cells).ids, minlength=3)

_, axes = plt.subplots(1, 3, figsize=(8, 2.6), sharey=True, layout="constrained")
for k, title in enumerate(("soma", "dendrite", "both")):
    for name, label in (("V_s", "soma"), ("V_d", "dendrite")):
        axes[k].plot(run.trace(cells, name).times, run.trace(cells, name).values[:, k], label=label)
    axes[k].set(title=f"{title}: {counts[k]} spikes", xlabel="time (ms)")
axes[0].set_ylabel("potential (mV)")
axes[0].legend(frameon=False)
plt.show()
