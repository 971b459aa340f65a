"""
Checkpoints
===========

Save a network and go on later, in another process, to the same bits; branch from one state;
survive a crash.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import spikelearn as sl

folder = Path(tempfile.mkdtemp())

# %%
# A network that has learned for a while
# --------------------------------------

net = sl.Network(dt=0.1, seed=1)
inputs = net.population(100, sl.Poisson(rate=20), name="inputs")
cells = net.population(50, sl.LIF(), name="cells")
learned = net.connect(
    inputs,
    cells,
    weight=sl.Uniform(60, 160),
    delay=sl.Uniform(1, 5),
    plasticity=sl.STDP(W_max=160),
    name="learned",
)
net.record(cells)
run = net.run(500)
run.checkpoint(folder / "at_500")

# %%
# Everything that the future depends on is in the file: potentials, events on their way, traces,
# weights, and where the random numbers are.
#
# Going on
# --------
#
# A restored network has its populations and projections by name.

restored = sl.Network.restore(folder / "at_500")
here, there = net.run(500), restored.run(500)
print("same spikes: ", np.array_equal(here.spikes("cells").times, there.spikes("cells").times))
print("same weights:", np.array_equal(here.weights("learned"), there.weights("learned")))

# %%
# Branches
# --------
#
# What if? From one state, one network goes on as it is and another with half of its cells
# inhibited:

branch = sl.Network.restore(folder / "at_500")
some = branch.populations["cells"][:25]
branch.set(some, I_e=-150)
runs = {"as it was": there, "half inhibited": branch.run(500)}

_, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained", sharey=True)
for ax, (name, each) in zip(axes, runs.items(), strict=True):
    ax.plot(each.spikes("cells").times, each.spikes("cells").ids, "|", ms=3)
    ax.set(title=name, xlabel="time (ms)")
axes[0].set_ylabel("cell")
plt.show()

# %%
# Long runs
# ---------
#
# `checkpoint_every` writes the file again and again, so that a killed process loses no more than
# that. `after` joins what was recorded before and after.

first = restored.run(300, checkpoint=folder / "long", checkpoint_every=100)
again = sl.Network.restore(folder / "long")
print(again.time, "ms")

# %%
# A checkpoint is code: `restore` executes what the file holds. Restore none whose origin you do
# not trust. To share results, save runs: `sl.io.save(run, "run.h5")` and `sl.io.load`.
