"""
Bursts and dendrites
====================

Pyramidal cells with two compartments send two messages in one spike train: how often events
occur, and how likely an event is a burst.
"""

import matplotlib.pyplot as plt
import numpy as np

import spikelearn as sl

# %%
# Two compartments
# ----------------
#
# `sl.Pyramidal` has a soma that spikes and an apical dendrite with regenerative activity. A spike
# of the soma travels back into the dendrite; if that is depolarised already, it answers with a
# plateau, whose current into the soma makes a burst. Ports "soma" and "basal" reach the soma,
# "apical" the dendrite.

net = sl.Network(dt=0.1, seed=1)
cells = net.population(2, sl.Pyramidal(), name="cells")
net.drive(cells, sl.NoiseCurrent(mean=420, std=300, tau=2), port="soma")
net.drive(cells, sl.StepCurrent([0.0], [[0.0, 400.0]]), port="apical")
net.record(cells, ["spikes", "bursts"])
net.record(cells, ["V_s", "V_d"])
run = net.run(600)
_, axes = plt.subplots(figsize=(7, 4), layout="constrained")
sl.plots.voltage(run, cells, ax=axes)
plt.show()

# %%
# The second cell, with a current into its dendrite, bursts.
#
# Kinds of event
# --------------
#
# A cell emits `"spike"` at every spike, `"event"` at an isolated spike or the first of a burst,
# and `"burst"` at the second spike of a burst. Each kind can be recorded, and a projection carries
# one of them.
#
# Multiplexing
# ------------
#
# Now a population of cells receives two signals, one at the soma and one at the dendrite, which
# alternate at different frequencies.

t = np.arange(0, 2000, 1.0)
to_soma = 320 + 80 * (np.floor(t / 500) % 2)
to_dendrite = 300 * (np.floor(t / 250) % 2)
net = sl.Network(dt=0.1, seed=1)
cells = net.population(800, sl.Pyramidal(), name="cells")
for port, current in (("soma", to_soma), ("apical", to_dendrite)):
    net.drive(cells, sl.StepCurrent(t, current), port=port)
    net.drive(cells, sl.NoiseCurrent(std=300, tau=2), port=port)
net.record(cells, ["spikes", "events", "bursts"])
run = net.run(2000)

width = 62.5  # ms
events, bursts = (
    sl.analysis.counts(run.spikes(cells, kind), 0, 2000, width) for kind in ("event", "burst")
)
middle = np.arange(len(events)) * width + width / 2
_, axes = plt.subplots(2, 2, figsize=(8, 4), sharex=True, layout="constrained")
axes[0, 0].plot(t, to_soma)
axes[0, 0].set_title("current into the soma (pA)")
axes[0, 1].plot(t, to_dendrite)
axes[0, 1].set_title("current into the dendrite (pA)")
axes[1, 0].plot(middle, events / (len(cells) * width / 1000))
axes[1, 0].set(title="event rate (Hz)", xlabel="time (ms)")
axes[1, 1].plot(middle, 100 * bursts / np.maximum(events, 1))
axes[1, 1].set(title="events that are bursts (%)", xlabel="time (ms)", ylim=(0, 100))
plt.show()

# %%
# The burst probability follows the dendrite, and the event rate mostly the soma. The published
# network is `spikelearn run burst_multiplexing`.
#
# Synapses that hear only bursts
# ------------------------------
#
# With `on="burst"` a projection carries bursts alone. A reader of bursts and one of events, each
# with its own kind:

net.reset()
readers = {kind: net.population(50, sl.LIF(), name=f"reads {kind}s") for kind in ("burst", "event")}
for kind, reader in readers.items():
    net.connect(cells, reader, "exc", sl.FixedInDegree(200), weight=300, delay=1.0, on=kind)
    net.record(reader)
run = net.run(1000)
for reader in readers.values():
    print(f"{reader.name}: {sl.analysis.rate(run.spikes(reader), 50, 0, 1000):.1f} Hz")

# %%
# A control
# ---------
#
# Without the back-propagating spike, `c_d=0`, soma and dendrite do not meet, and there are no
# bursts beyond chance:

passive = sl.Network(dt=0.1, seed=1)
control = passive.population(800, sl.Pyramidal(c_d=0.0), name="cells")
for port, current in (("soma", to_soma), ("apical", to_dendrite)):
    passive.drive(control, sl.StepCurrent(t, current), port=port)
    passive.drive(control, sl.NoiseCurrent(std=300, tau=2), port=port)
passive.record(control, ["spikes", "events", "bursts"])
without = passive.run(2000)
found = [len(without.spikes(control, kind).times) for kind in ("event", "burst")]
print(f"bursts: {bursts.sum() / events.sum():.0%} with it, {found[1] / found[0]:.0%} without")
