"""Synapses with STDP from ten sources onto a neuron that fires at given times: their weights at the end."""

import numpy as np

import spikelearn as sl

net = sl.Network(dt=0.1)
trains = [np.append(np.arange(10.0 + k, 950.0, 20.0 + k), 995.0) for k in range(10)]
ids = np.repeat(np.arange(10), [len(train) for train in trains])
sources = net.population(10, sl.SpikeList(np.concatenate(trains) + 1.0, ids), name="sources")
teacher = net.population(1, sl.SpikeList(np.arange(30.0, 980.0, 25.0)), name="teacher")
neuron = net.population(1, sl.LIFAlpha(), name="neuron")
net.connect(teacher, neuron, "exc", weight=3000.0, delay=1.0)
rule = sl.STDP(W_max=60.0, lambda_=0.01, alpha=0.4, tau_plus=15.0, tau_minus=30.0, mu_plus=0.0, mu_minus=0.0)
made = net.connect(sources, neuron, "exc", weight=30.0, dendritic_delay=1.0, plasticity=rule)
run = net.run(1000.0)

weights = run.synapses(made).weight
