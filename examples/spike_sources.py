"""
Sources of spikes
=================

Random, regular, refractory, correlated, changing in time, or given.
"""

import matplotlib.pyplot as plt
import numpy as np

import spikelearn as sl

net = sl.Network(dt=0.1, seed=1)
sources = {
    "Poisson": sl.Poisson(rate=20),
    "wave": sl.Poisson("20*(1 + sin(2*pi*5*Hz*t))"),
    "steps": sl.Poisson(sl.Timed([5, 60, 5], 200)),
    "gamma": sl.GammaProcess(rate=20, order=8),
    "dead time": sl.PoissonWithDeadTime(rate=20, dead_time=20),
    "correlated": sl.CorrelatedPoisson(rate=20, correlation=0.5),
    "given": sl.SpikeList(np.arange(10.0, 600.0, 20.0), np.arange(30) % 20),
}
populations = [net.population(20, model, name=name) for name, model in sources.items()]
for each in populations:
    net.record(each)
run = net.run(600)
for each in populations:
    print(f"{each.name:10} CV of intervals {sl.analysis.cv_isi(run.spikes(each)):.2f}")

_, axes = plt.subplots(figsize=(6, 5), layout="constrained")
sl.plots.raster(run, ax=axes)
plt.show()
