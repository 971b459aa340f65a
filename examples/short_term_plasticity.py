"""
Short-term plasticity
=====================

The same spikes through a synapse that depresses, one that facilitates and one that does neither.
"""

import matplotlib.pyplot as plt
import numpy as np

import spikelearn as sl

net = sl.Network(dt=0.1)
source = net.population(1, sl.SpikeList([*np.arange(50.0, 450.0, 50.0), 900.0]), name="source")
synapses = {
    "depressing": sl.TsodyksMarkram(U=0.6, tau_rec=500, tau_fac=5),
    "facilitating": sl.TsodyksMarkram(U=0.1, tau_rec=50, tau_fac=700),
    "static": None,
}
targets = {}
for name, synapse in synapses.items():
    targets[name] = net.population(1, sl.LIF(V_th=0), name=name)
    net.connect(source, targets[name], weight=400, delay=1.0, synapse=synapse)
    net.record(targets[name], "V_m")
run = net.run(1000)

_, axes = plt.subplots(3, figsize=(5, 4.5), sharex=True, layout="constrained")
for ax, (name, target) in zip(axes, targets.items(), strict=True):
    ax.plot(run.trace(target, "V_m").times, run.trace(target, "V_m").values)
    ax.set_title(name, loc="left")
axes[1].set_ylabel("V_m (mV)")
axes[-1].set_xlabel("time (ms)")
plt.show()
