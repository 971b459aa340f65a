"""Two populations with a parameter and a state that differ from neuron to neuron, coupled at random."""

import numpy as np

import spikelearn as sl

net = sl.Network(dt=0.1, seed=1)
n, every, currents = 200, sl.FixedInDegree(20), np.random.default_rng(1).uniform(450.0, 550.0, 200)
excitatory = net.population(n, sl.LIFAlpha(I_e=currents), name="excitatory", initial={"V_m": sl.Uniform(-70.0, -55.0)})
inhibitory = net.population(n, sl.LIFAlpha(I_e=150.0, tau_m=20.0), name="inhibitory")
net.connect(excitatory, inhibitory, "exc", every, weight=20.0, delay=1.5)
net.connect(inhibitory, excitatory, "inh", every, weight=-2.0, delay=1.5)
net.record(excitatory)
net.record(inhibitory)
run = net.run(2000.0)

rates = np.array([len(run.spikes(cells).times) for cells in (excitatory, inhibitory)]) / n / 2.0
