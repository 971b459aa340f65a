"""A neuron with an excitatory and an inhibitory Poisson input: the distribution of its potential."""

import nest

nest.ResetKernel()
nest.rng_seed = 1
neuron = nest.Create("iaf_psc_alpha", params={"I_e": 0.0})
inputs = nest.Create("poisson_generator", 2, params={"rate": [80000.0, 15000.0]})
nest.Connect(inputs[0], neuron, syn_spec={"weight": 1.2, "delay": 1.0})
nest.Connect(inputs[1], neuron, syn_spec={"weight": -1.0, "delay": 1.0})
voltmeter = nest.Create("voltmeter", params={"interval": 1.0})
nest.Connect(voltmeter, neuron)
nest.Simulate(100000.0)

V_m = voltmeter.events["V_m"][100:]
mean, deviation = V_m.mean(), V_m.std()
