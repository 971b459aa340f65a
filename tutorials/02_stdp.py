"""
Spike-timing-dependent plasticity
=================================

Synapses that learn from the order of spikes: what a pair does, what many pairs do, and a control.
"""

import matplotlib.pyplot as plt
import numpy as np

import spikelearn as sl

# %%
# A rule is data
# --------------
#
# `sl.STDP` with its parameters is a description, which `net.connect` takes. `help(sl.STDP)` shows
# its equations and where they are published. Weights stay between `W_min` and `W_max`; `mu_plus`
# and `mu_minus` say how the size of a change depends on the weight.

print(sl.models("STDP"))

# %%
# One pair
# --------
#
# To see what a rule does, give it spikes. `sl.Parrot` neurons repeat what arrives at their first
# port; the plastic synapse ends at their port "ignored", so that it learns but causes nothing. The
# teacher makes the target fire 10 ms after the arrival.

net = sl.Network(dt=0.1)
source = net.population(1, sl.SpikeList([50.0, 150.0, 250.0]), name="source")
teacher = net.population(1, sl.SpikeList([60.0, 140.0]), name="teacher")
target = net.population(1, sl.Parrot(), name="target")
net.connect(teacher, target, delay=1.0)
learned = net.connect(source, target, "ignored", weight=50, delay=1.0, plasticity=sl.STDP())
net.record(learned, ["weight", "K_plus"], every=1)
run = net.run(300)

_, axes = plt.subplots(2, figsize=(6, 3.5), sharex=True, layout="constrained")
for ax, name in zip(axes, ("K_plus", "weight"), strict=True):
    trace = run.trace(learned, name)
    ax.plot(trace.times, trace.values)
    ax.set_ylabel(name)
axes[-1].set_xlabel("time (ms)")
plt.show()

# %%
# At 61 ms the target fires after the arrival at 51 ms: the weight grows, by what is left of the
# trace `K_plus`. At 151 ms an arrival comes after the spike at 141 ms: the weight shrinks.
#
# Many pairs
# ----------
#
# A neuron with 200 inputs. Half of them fire together now and then, half independently, all at the
# same rate.

net = sl.Network(dt=0.1, seed=1)
together = net.population(100, sl.CorrelatedPoisson(rate=15, correlation=0.3), name="together")
alone = net.population(100, sl.Poisson(rate=15), name="alone")
cell = net.population(1, sl.LIF(), name="cell")
rule = sl.STDP(lambda_=0.005, alpha=1.1, mu_plus=0.1, mu_minus=0.1, W_max=200)
groups = [
    net.connect(inputs, cell, weight=sl.Uniform(60, 100), delay=1.0, plasticity=rule)
    for inputs in (together, alone)
]
for group in groups:
    net.record(group, "weight", every=500)
net.record(cell)
run = net.run(30_000)

_, axes = plt.subplots(1, 2, figsize=(7, 3), layout="constrained")
for group, name in zip(groups, ("together", "alone"), strict=True):
    trace = run.trace(group, "weight")
    axes[0].plot(trace.times / 1000, trace.values.mean(axis=1), label=name)
    axes[1].hist(run.weights(group), bins=np.linspace(0, 200, 26), alpha=0.6)
axes[0].set(xlabel="time (s)", ylabel="mean weight (pA)")
axes[0].legend(frameon=False)
axes[1].set(xlabel="weight (pA)", ylabel="synapses")
plt.show()

# %%
# A control
# ---------
#
# Is it the correlation? The same network, with inputs that are all independent, must treat both
# groups alike:

net = sl.Network(dt=0.1, seed=1)
inputs = net.population(200, sl.Poisson(rate=15), name="inputs")
cell = net.population(1, sl.LIF(), name="cell")
control = net.connect(inputs, cell, weight=sl.Uniform(60, 100), delay=1.0, plasticity=rule)
weights = net.run(30_000).weights(control)
print(f"with correlation {[round(float(run.weights(each).mean()), 1) for each in groups]} pA")
print(f"without {weights[:100].mean():.1f} and {weights[100:].mean():.1f} pA")

# %%
# What to try
# -----------
#
# - `mu_plus=0, mu_minus=0`: the additive rule drives weights to their limits.
# - `sl.TripletSTDP` depends on frequency, too; `sl.Clopath` on the potential of the target.
# - `plastic=False` freezes a projection without changing anything else.
