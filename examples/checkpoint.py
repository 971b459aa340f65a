"""
A checkpoint
============

A network goes on from a file, in this or another process, with the same bits.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import spikelearn as sl

net = sl.Network(dt=0.1, seed=1)
cells = net.population(100, sl.LIF(), name="cells")
net.drive(cells, sl.PoissonInput(4000), weight=45)
net.connect(cells, cells, rule=sl.FixedInDegree(20), weight=20, delay=1.5, plasticity=sl.STDP())
net.record(cells)
run = net.run(200)
with tempfile.TemporaryDirectory() as folder:
    run.checkpoint(Path(folder) / "state")
    again = sl.Network.restore(Path(folder) / "state")
on, restored = net.run(200), again.run(200)
same = np.array_equal(on.spikes("cells").times, restored.spikes("cells").times)
print("the same spikes:", same)

_, axes = plt.subplots(figsize=(6, 3), layout="constrained")
sl.plots.raster(run.joined(restored), ax=axes)
axes.axvline(200, color="0.5")
plt.show()
