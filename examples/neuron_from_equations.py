"""
A neuron from equations
=======================

FitzHugh and Nagumo's oscillator, in Brian2's syntax; it is compiled like any other model.
"""

import matplotlib.pyplot as plt

import spikelearn as sl

FitzHughNagumo = sl.NeuronModel.from_equations(
    """
    dv/dt = (v - v**3/3 - w + I)/tau : 1
    dw/dt = 0.08*(v + 0.7 - 0.8*w)/tau : 1
    """,
    threshold="v > 1",
    refractory="v > 0",
    ports={"exc": "v"},
    parameters={"tau": (1, "ms", "time constant of v"), "I": 0.0},
    initial={"v": -1.2, "w": -0.6},
    method="rk4",
)
net = sl.Network(dt=0.05)
cells = net.population(3, FitzHughNagumo(I=[0.0, 0.35, 0.8]), name="cells")
net.record(cells, ["spikes", "v"])
run = net.run(300)
print(run.spikes(cells).times)

_, axes = plt.subplots(figsize=(6, 3), layout="constrained")
axes.plot(run.trace(cells, "v").times, run.trace(cells, "v").values, label=["I = 0", "0.35", "0.8"])
axes.set(xlabel="time (ms)", ylabel="v")
axes.legend(frameon=False, ncols=3, loc="upper right")
plt.show()
