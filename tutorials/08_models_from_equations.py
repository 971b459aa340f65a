"""
Models from equations
=====================

Neurons, synapses and rules in Brian2's syntax, with names and units checked, compiled like the
models that come with spikelearn.
"""

import matplotlib.pyplot as plt
import numpy as np

import spikelearn as sl

# %%
# A neuron
# --------
#
# Equations, a threshold, a reset, a refractory period. A *port* says what an arrival does: here it
# adds to the current `I_syn`. Parameters have a default, a unit and, if you like, a meaning, which
# `help` shows.

Adaptive = sl.NeuronModel.from_equations(
    """
    dV_m/dt = (E_L - V_m + R*(I_syn + I - w))/tau_m : volt (unless refractory)
    dw/dt = -w/tau_w : amp
    dI_syn/dt = -I_syn/tau_syn : amp
    """,
    threshold="V_m > V_th",
    reset="V_m = E_L; w += b",
    refractory="t_ref",
    ports={"exc": "I_syn"},
    currents={"exc": "I"},
    parameters={
        "E_L": (-70, "mV", "leak reversal potential"),
        "V_th": (-50, "mV", "threshold"),
        "R": (100, "Mohm", "input resistance"),
        "tau_m": (10, "ms", "membrane time constant"),
        "tau_w": (100, "ms", "time constant of the adaptation"),
        "tau_syn": (5, "ms", "time constant of the synaptic current"),
        "b": (20, "pA", "step of the adaptation at a spike"),
        "t_ref": (2, "ms", "refractory period"),
    },
    name="Adaptive",
)
net = sl.Network(dt=0.1)
cells = net.population(2, Adaptive(b=[0.0, 40.0]), name="cells")
net.drive(cells, sl.StepCurrent([0, 50, 450], [0, 300, 0]))
net.record(cells, ["spikes", "V_m", "w"])
run = net.run(500)

_, axes = plt.subplots(2, figsize=(7, 4), sharex=True, layout="constrained")
for ax, name in zip(axes, ("V_m", "w"), strict=True):
    ax.plot(
        run.trace(cells, name).times, run.trace(cells, name).values, label=["b = 0", "b = 40 pA"]
    )
    ax.set_ylabel(name)
axes[0].legend(frameon=False, loc="upper right")
axes[-1].set_xlabel("time (ms)")
plt.show()

# %%
# How it is integrated
# --------------------
#
# Linear equations are integrated exactly, others with the method that you name. What is compiled
# can be read, and saved as a module to edit:

print(Adaptive.source[:1200])

# %%
# An error points at the cause, before anything is simulated:

try:
    sl.NeuronModel.from_equations(
        "dv/dt = (E - v)/tau : volt", parameters={"E": (0, "ms"), "tau": (10, "ms")}
    )
except sl.errors.SpikelearnError as error:
    print(error)

# %%
# A synapse
# ---------
#
# `sl.SynapseModel.from_equations` is for release that depends on the source: what arrives is the
# weight times `released`.

Depressing = sl.SynapseModel.from_equations(
    "dx/dt = (1 - x)/tau_rec : 1 (event-driven)",
    on_pre="released = U*x; x -= U*x",
    parameters={"tau_rec": (300, "ms"), "U": 0.5},
    initial={"x": 1},
)
net = sl.Network(dt=0.1)
source = net.population(1, sl.SpikeList(np.arange(20.0, 400.0, 40.0)), name="source")
cell = net.population(1, Adaptive(), name="cell")
net.connect(source, cell, weight=200, delay=1.0, synapse=Depressing())
net.record(cell, "V_m")
run = net.run(450)
_, axes = plt.subplots(figsize=(6, 2.5), layout="constrained")
axes.plot(run.trace(cell, "V_m").times, run.trace(cell, "V_m").values)
axes.set(xlabel="time (ms)", ylabel="V_m (mV)")
plt.show()

# %%
# What to try
# -----------
#
# - `sl.GradedSynapse.from_equations` sends values instead of events, such as gap junctions.
# - `sl.PlasticityRule.from_equations` is in the next tutorial.
# - `engine="brian2"` in `net.run` has Brian2 itself run the same equations.
