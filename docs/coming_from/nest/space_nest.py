"""Two layers on a grid, connected with a probability that falls with distance: degrees and distances."""

import nest
import numpy as np

nest.ResetKernel()
nest.rng_seed = 1
grid = nest.spatial.grid(shape=[30, 30], extent=[3.0, 3.0], edge_wrap=True)
source, target = nest.Create("iaf_psc_alpha", positions=grid), nest.Create("iaf_psc_alpha", positions=grid)
near = 0.8 * nest.spatial_distributions.gaussian(nest.spatial.distance, std=0.2)
mask = {"circular": {"radius": 0.6}}
nest.Connect(source, target, {"rule": "pairwise_bernoulli", "p": near, "mask": mask}, {"weight": 10.0, "delay": 1.0})

found = nest.GetConnections(source, target)
synapses = len(found)
pairs = list(zip(found.source, found.target, strict=True))[::10]
apart = np.mean([nest.Distance(source[s - 1], target[t - 901])[0] for s, t in pairs])
