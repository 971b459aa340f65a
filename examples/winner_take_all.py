"""
Winner take all
===============

Three groups inhibit each other: the one with a little more input silences the others.
"""

import matplotlib.pyplot as plt

import spikelearn as sl

net = sl.Network(dt=0.1, seed=1)
rates = {
    "first": [44, 40, 40],
    "second": [40, 40, 44],
    "third": [40, 44, 40],
}  # Hz, for 400 ms each
groups = []
for name, own in rates.items():
    inputs = net.population(200, sl.Poisson(sl.Timed(own, 400)), name=f"input of the {name}")
    groups.append(net.population(40, sl.LIF(), name=name))
    net.connect(inputs, groups[-1], rule=sl.FixedInDegree(100), weight=60, delay=1.0)
    net.record(groups[-1])
for one in groups:
    for other in groups:
        if one is not other:
            net.connect(one, other, "inh", sl.FixedProbability(0.5), weight=-80, delay=1.0)
run = net.run(1200)

_, axes = plt.subplots(2, figsize=(6, 5), height_ratios=(2, 1), layout="constrained")
sl.plots.raster(run, groups, rates=True, bin=20, ax=axes)
plt.show()
