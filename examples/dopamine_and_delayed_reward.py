"""
Dopamine that comes late
========================

A pairing leaves an eligibility; dopamine that comes up to seconds later makes a change of it.
"""

import matplotlib.pyplot as plt
import numpy as np

import spikelearn as sl

net = sl.Network(dt=0.1)
dopamine = net.modulator("dopamine", tau=200)
source = net.population(1, sl.SpikeList([100.0]), name="source")
teacher = net.population(1, sl.SpikeList([105.0]), name="teacher")
target = net.population(1, sl.Parrot(), name="target")
net.connect(teacher, target, delay=1.0)
rule = sl.DopamineSTDP(dopamine, tau_c=1000, A_plus=1.0)
learned = net.connect(source, target, "ignored", weight=50, delay=1.0, plasticity=rule)
net.release(dopamine, times=[1000], amounts=0.1)
net.record(dopamine, every=10)
net.record(learned, ["weight", "c"], every=10)
run = net.run(3000)

_, axes = plt.subplots(3, figsize=(5, 4.5), sharex=True, layout="constrained")
for ax, trace, label in zip(
    axes,
    (run.trace(learned, "c"), run.trace(dopamine, "n"), run.trace(learned, "weight")),
    ("eligibility", "dopamine", "weight"),
    strict=True,
):
    ax.plot(trace.times, np.ravel(trace.values))
    ax.set_ylabel(label)
axes[-1].set_xlabel("time (ms)")
plt.show()
