"""
Neurons and synapses
====================

What a neuron does with its input, what a synapse does to a neuron, and where excitation and
inhibition balance.
"""

import matplotlib.pyplot as plt
import numpy as np

import spikelearn as sl

# %%
# One neuron
# ----------
#
# `sl.LIF` is a leaky integrate-and-fire neuron. Its potential follows
#
# .. math:: \tau_m \frac{dV_m}{dt} = -(V_m - E_L) + \frac{\tau_m I}{C_m}
#
# until it reaches the threshold; then it spikes, and is held at its reset for a refractory period.
# A constant current of 400 pA is enough to reach the threshold:

net = sl.Network(dt=0.1, seed=1)  # ms
cell = net.population(1, sl.LIF(I_e=400), name="cell")  # pA
net.record(cell)
net.record(cell, "V_m")
run = net.run(100)
_, axes = plt.subplots(figsize=(6, 2.2), layout="constrained")
sl.plots.voltage(run, cell, ax=axes)
plt.show()

# %%
# The interval between its spikes has a closed form, and the simulation agrees with it to a step,
# since LIF neurons are integrated exactly:

drive = 400 * 10 / 250  # mV, tau_m I / C_m
expected = 2 + 10 * np.log(drive / (drive - 15))  # ms, t_ref and the way of 15 mV to the threshold
print(f"expected {expected:.2f} ms, found {np.diff(run.spikes(cell).times)[0]:.1f} ms")

# %%
# One synapse
# -----------
#
# A spike of the source arrives after the delay of the synapse, at a *port* of the target. The
# weight, in pA at this port, is the jump of a current that decays with `tau_syn_exc`. In
# conductance-based neurons weights are in nS.

net = sl.Network(dt=0.1, seed=1)
source = net.population(1, sl.SpikeList([10.0, 30.0, 35.0, 40.0]), name="source")
current = net.population(1, sl.LIF(), name="current-based")
conductance = net.population(1, sl.LIFConductance(), name="conductance-based")
net.connect(source, current, "exc", weight=500, delay=1.5)  # pA
net.connect(source, conductance, "exc", weight=10, delay=1.5)  # nS
for each in (current, conductance):
    net.record(each, "V_m")
run = net.run(80)

_, axes = plt.subplots(figsize=(6, 2.5), layout="constrained")
for each in (current, conductance):
    trace = run.trace(each, "V_m")
    axes.plot(trace.times, trace.values[:, 0], label=each.name)
axes.set(xlabel="time (ms)", ylabel="V_m (mV)")
axes.legend(frameon=False)
plt.show()

# %%
# Many neurons, many synapses
# ---------------------------
#
# A connection rule says which pairs are connected; weights and delays are numbers, arrays,
# distributions or text. Here 400 excitatory and 100 inhibitory neurons are connected at random,
# and driven from outside.

net = sl.Network(dt=0.1, seed=1)
excitatory = net.population(400, sl.LIF(), name="excitatory")
inhibitory = net.population(100, sl.LIF(), name="inhibitory")
for target in (excitatory, inhibitory):
    net.drive(target, sl.PoissonInput(5000), weight=45)  # Hz, pA
    net.connect(
        excitatory,
        target,
        "exc",
        sl.FixedInDegree(40),
        weight=sl.Normal(45, 9),
        delay=sl.Uniform(1, 2),
    )
    net.connect(inhibitory, target, "inh", sl.FixedInDegree(10), weight=-350, delay=1.0)
net.record(excitatory)
net.record(inhibitory)
run = net.run(500)
print(run.summary())

_, axes = plt.subplots(figsize=(6, 3.5), layout="constrained")
sl.plots.raster(run, ax=axes)
plt.show()

# %%
# The network itself can be drawn, too:

_, axes = plt.subplots(figsize=(6, 3), layout="constrained")
net.plot(axes)
plt.show()

# %%
# What to try
# -----------
#
# - Make inhibition weaker, `weight=-150`, and look at `sl.analysis.synchrony`.
# - Record `["V_m", "I_syn_exc"]` of three cells, and plot them with `sl.plots.voltage`.
# - Give each neuron a time constant of its own: `sl.LIF(tau_m=np.linspace(5, 20, 400))`.
