"""
A closed loop
=============

A cell steers a cart: its spikes push to the right, a spring pulls back, and what it sees of the
position inhibits it.
"""

import matplotlib.pyplot as plt

import spikelearn as sl

net = sl.Network(dt=0.1, seed=1)
eye = net.population(50, sl.Poisson(0.0), name="eye")
cells = net.population(10, sl.LIF(I_e=450), name="cells")
net.connect(eye, cells, "inh", weight=-60, delay=1.0)
net.record(cells)
position, course = 0.0, []


def act(net):
    """Called between two steps, every 10 ms."""
    global position
    position += 0.05 * len(net.spikes(cells).times) - 0.1 * position
    net.set(eye, rate=40 * max(position, 0.0))
    course.append((net.time, position))


net.every(10, act)
run = net.run(1000)

_, axes = plt.subplots(2, figsize=(6, 4), sharex=True, layout="constrained")
sl.plots.raster(run, ax=axes[0])
axes[1].plot(*zip(*course, strict=True))
axes[1].set(xlabel="time (ms)", ylabel="position")
plt.show()
