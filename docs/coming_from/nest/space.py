"""Two layers on a grid, connected with a probability that falls with distance: degrees and distances."""

import numpy as np

import spikelearn as sl

net = sl.Network(dt=0.1, seed=1)
grid = sl.Grid((30, 30), extent=3.0, periodic=True)
source = net.population(900, sl.LIFAlpha(), name="source", positions=grid)
target = net.population(900, sl.LIFAlpha(), name="target", positions=grid)
near = sl.DistanceProbability(sl.GaussianProfile(0.8, sigma=0.2), radius=0.6)
made = net.connect(source, target, "exc", near, weight=10.0, delay=1.0)

synapses, found = len(made), net.run(0.0).synapses(made)
steps = np.abs(source.positions[found.pre] - target.positions[found.post])
apart = np.mean(np.hypot(*np.minimum(steps, 3.0 - steps).T))
