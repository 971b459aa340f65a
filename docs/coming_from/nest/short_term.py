"""A depressing synapse of Tsodyks & Markram from a neuron that fires regularly: the potential that it causes."""

import spikelearn as sl

net = sl.Network(dt=0.1)
source = net.population(1, sl.SpikeList([51.0 + 50.0 * k for k in range(10)] + [1001.0]), name="source")
neuron = net.population(1, sl.LIF(tau_m=40.0, tau_syn_exc=3.0, V_th=0.0), name="neuron")
synapse = sl.TsodyksMarkram(U=0.67, tau_rec=450.0, tau_fac=10.0)
net.connect(source, neuron, "exc", weight=250.0, delay=1.0, synapse=synapse)
net.record(neuron, "V_m")
run = net.run(1200.0)

times, V_m = run.trace(neuron, "V_m").times, run.trace(neuron, "V_m").values[:, 0]
