"""A neuron with a constant current: its potential and its spikes."""

import spikelearn as sl

net = sl.Network(dt=0.1)
neuron = net.population(1, sl.LIFAlpha(I_e=376.0))
net.record(neuron, "V_m", every=1.0)
net.record(neuron)
run = net.run(1000.0)

times, V_m = run.trace(neuron, "V_m").times, run.trace(neuron, "V_m").values[:, 0]
spikes = run.spikes(neuron).times
