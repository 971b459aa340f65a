"""
A balanced network
==================

Brunel's network with 1,250 neurons: inhibition six times as strong as excitation keeps it
irregular.
"""

import matplotlib.pyplot as plt

import spikelearn as sl

g, J, n_exc, n_inh = 6.0, 0.5, 1000, 250  # J: mV
net = sl.Network(dt=0.1, seed=1)
model = sl.LIFDelta(E_L=0, V_reset=10, V_th=20, tau_m=20, t_ref=2)
cells = net.population(n_exc + n_inh, model, name="cells")
exc, inh = cells[:n_exc], cells[n_exc:]
net.drive(cells, sl.PoissonInput(2 * 20 / (J * 20e-3)), weight=J)  # twice the rate to threshold
net.connect(exc, cells, rule=sl.FixedInDegree(100), weight=J, delay=1.5)
net.connect(inh, cells, rule=sl.FixedInDegree(25), weight=-g * J, delay=1.5)
net.record(cells)
run = net.run(500)
spikes = run.spikes(cells)
rate = sl.analysis.rate(spikes, n_exc + n_inh, 0, 500)
print(f"{rate:.1f} Hz, CV of intervals {sl.analysis.cv_isi(spikes):.2f}")

_, axes = plt.subplots(2, figsize=(6, 4), height_ratios=(3, 1), layout="constrained")
sl.plots.raster(run, cells[::25], rates=True, bin=2, ax=axes)
plt.show()
