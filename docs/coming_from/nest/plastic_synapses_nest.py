"""Synapses with STDP from ten sources onto a neuron that fires at given times: their weights at the end."""

import nest
import numpy as np

nest.ResetKernel()
trains = [np.append(np.arange(10.0 + k, 950.0, 20.0 + k), 995.0) for k in range(10)]
sources = nest.Create("spike_generator", 10, params=[{"spike_times": train} for train in trains])
relays = nest.Create("parrot_neuron", 10)
teacher = nest.Create("spike_generator", params={"spike_times": np.arange(30.0, 980.0, 25.0)})
neuron = nest.Create("iaf_psc_alpha", params={"tau_minus": 30.0})
nest.Connect(sources, relays, "one_to_one", {"delay": 1.0})
nest.Connect(teacher, neuron, syn_spec={"weight": 3000.0, "delay": 1.0})
rule = {"synapse_model": "stdp_synapse", "weight": 30.0, "delay": 1.0, "Wmax": 60.0, "lambda": 0.01, "alpha": 0.4}
nest.Connect(relays, neuron, "all_to_all", {**rule, "tau_plus": 15.0, "mu_plus": 0.0, "mu_minus": 0.0})
nest.Simulate(1000.0)

weights = np.array(nest.GetConnections(relays, neuron).weight)
