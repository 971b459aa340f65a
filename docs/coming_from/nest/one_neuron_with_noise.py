"""A neuron with an excitatory and an inhibitory Poisson input: the distribution of its potential."""

import spikelearn as sl

net = sl.Network(dt=0.1, seed=1)
neuron = net.population(1, sl.LIFAlpha(I_e=0.0))
net.drive(neuron, sl.PoissonInput(80000.0), "exc", weight=1.2)
net.drive(neuron, sl.PoissonInput(15000.0), "inh", weight=-1.0)
net.record(neuron, "V_m", every=1.0)
run = net.run(100000.0)

V_m = run.trace(neuron, "V_m").values[100:, 0]
mean, deviation = V_m.mean(), V_m.std()
