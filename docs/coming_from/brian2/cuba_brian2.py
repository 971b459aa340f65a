"""A network of excitatory and inhibitory neurons with exponential currents (CUBA, Vogels & Abbott 2005): its rate."""

from brian2 import NeuronGroup, SpikeMonitor, Synapses, defaultclock, ms, mV, run, seed

defaultclock.dt = 0.1 * ms
seed(1)
equations = """
dv/dt = (ge + gi - (v + 49*mV))/(20*ms) : volt (unless refractory)
dge/dt = -ge/(5*ms) : volt
dgi/dt = -gi/(10*ms) : volt
"""
cells = NeuronGroup(4000, equations, threshold="v > -50*mV", reset="v = -60*mV", refractory=5 * ms, method="exact")
cells.v = "-60*mV + rand()*10*mV"
for group, variable, weight in ((cells[:3200], "ge", 1.62 * mV), (cells[3200:], "gi", -9 * mV)):
    synapses = Synapses(group, cells, on_pre=f"{variable}_post += jump", namespace={"jump": weight})
    synapses.connect(p=0.02)
    globals()[f"synapses_{variable}"] = synapses
spikes = SpikeMonitor(cells)
run(1000 * ms)

rate = spikes.num_spikes / 4000
