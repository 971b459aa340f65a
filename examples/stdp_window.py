"""
The window of STDP
==================

A hundred pairs of neurons, each with one arrival and one spike of the target at a lag of its own.
"""

import matplotlib.pyplot as plt
import numpy as np

import spikelearn as sl

lags = np.delete(np.arange(-50, 51), 50)  # ms, spike of the target after the arrival
n = len(lags)
net = sl.Network(dt=0.1)
source = net.population(n, sl.SpikeList(np.full(n, 99.5), np.arange(n)), name="source")
order = np.argsort(lags)
teacher = net.population(n, sl.SpikeList(99.5 + lags[order], order), name="teacher")
target = net.population(n, sl.Parrot(), name="target")
net.connect(teacher, target, rule=sl.OneToOne(), delay=0.5)
rule = sl.STDP(mu_plus=0, mu_minus=0, lambda_=0.01, alpha=1.05)
learned = net.connect(
    source, target, "ignored", rule=sl.OneToOne(), weight=50, delay=0.5, plasticity=rule
)
change = net.run(200).weights(learned) - 50

_, axes = plt.subplots(figsize=(5, 3), layout="constrained")
axes.axhline(0, color="0.8")
axes.plot(lags, change, ".")
axes.set(xlabel="spike of the target after the arrival (ms)", ylabel="change of the weight")
plt.show()
