"""Brunel's (2000) network of excitatory and inhibitory neurons, a tenth of its size: rates."""

import numpy as np

import spikelearn as sl

net = sl.Network(dt=0.1, seed=1)
order, J, g, eta, delay = 250, 1.0, 5.0, 2.0, 1.5
cell = sl.LIFDelta(C_m=1.0, tau_m=20.0, t_ref=2.0, E_L=0.0, V_reset=10.0, V_th=20.0)
excitatory = net.population(4 * order, cell, name="excitatory", initial={"V_m": 0.0})
inhibitory = net.population(order, cell, name="inhibitory", initial={"V_m": 0.0})
rate = 1000.0 * eta * cell.parameters.V_th / (J * cell.parameters.tau_m)
for target in (excitatory, inhibitory):
    net.drive(target, sl.PoissonInput(rate), weight=J)
    net.connect(excitatory, target, rule=sl.FixedInDegree(100), weight=J, delay=delay)
    net.connect(inhibitory, target, rule=sl.FixedInDegree(25), weight=-g * J, delay=delay)
    net.record(target)
run = net.run(1000.0)

rates = np.array([len(run.spikes(cells).times) for cells in (excitatory, inhibitory)]) / (4 * order, order)
