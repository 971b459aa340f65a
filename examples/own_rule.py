"""
A plasticity rule of your own
=============================

Hebb with a limit: at each arrival the weight moves toward how active the target has been.
"""

import matplotlib.pyplot as plt

import spikelearn as sl

Hebb = sl.PlasticityRule.from_equations(
    "dactivity/dt = -activity/tau : 1 (event-driven)",
    on_pre="w += eta*(gain*activity - w)",
    on_post="activity += 1",
    parameters={"tau": (50, "ms"), "eta": 0.02, "gain": 20, "W_min": 0, "W_max": 100},
    name="Hebb",
)
net = sl.Network(dt=0.1, seed=1)
inputs = net.population(100, sl.Poisson(20), name="inputs")
cells = net.population(20, sl.LIF(), name="cells")
net.drive(cells, sl.PoissonInput(4000), weight=40)
learned = net.connect(
    inputs, cells, weight=sl.Uniform(20, 60), delay=1.0, plasticity=Hebb(gain=10, eta=0.05)
)
net.record(learned, "weight", every=50)
run = net.run(3000)

weights = run.trace(learned, "weight")
_, axes = plt.subplots(figsize=(5, 3), layout="constrained")
axes.plot(weights.times, weights.values[:, ::67], lw=0.7)
axes.set(xlabel="time (ms)", ylabel="weight (pA)")
plt.show()
