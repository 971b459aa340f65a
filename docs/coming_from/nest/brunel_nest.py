"""Brunel's (2000) network of excitatory and inhibitory neurons, a tenth of its size: rates."""

import nest
import numpy as np

nest.ResetKernel()
nest.rng_seed = 1
order, J, g, eta, delay = 250, 1.0, 5.0, 2.0, 1.5
cell = {"C_m": 1.0, "tau_m": 20.0, "t_ref": 2.0, "E_L": 0.0, "V_reset": 10.0, "V_m": 0.0, "V_th": 20.0}
excitatory = nest.Create("iaf_psc_delta", 4 * order, params=cell)
inhibitory = nest.Create("iaf_psc_delta", order, params=cell)
rate = 1000.0 * eta * cell["V_th"] / (J * cell["tau_m"])
noise = nest.Create("poisson_generator", params={"rate": rate})
nest.Connect(noise, excitatory + inhibitory, syn_spec={"weight": J, "delay": delay})
for source, weight, k in ((excitatory, J, 100), (inhibitory, -g * J, 25)):
    degree = {"rule": "fixed_indegree", "indegree": k}
    nest.Connect(source, excitatory + inhibitory, degree, {"weight": weight, "delay": delay})
recorders = nest.Create("spike_recorder", 2)
nest.Connect(excitatory, recorders[0])
nest.Connect(inhibitory, recorders[1])
nest.Simulate(1000.0)

rates = np.array(recorders.n_events) / (4 * order, order)
