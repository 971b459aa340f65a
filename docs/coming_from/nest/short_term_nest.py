"""A depressing synapse of Tsodyks & Markram from a neuron that fires regularly: the potential that it causes."""

import nest

nest.ResetKernel()
source = nest.Create("spike_generator", params={"spike_times": [50.0 + 50.0 * k for k in range(10)] + [1000.0]})
relay = nest.Create("parrot_neuron")
neuron = nest.Create("iaf_psc_exp", params={"tau_m": 40.0, "tau_syn_ex": 3.0, "V_th": 0.0})
nest.Connect(source, relay, syn_spec={"delay": 1.0})
synapse = {"synapse_model": "tsodyks2_synapse", "U": 0.67, "u": 0.67, "x": 1.0, "tau_rec": 450.0, "tau_fac": 10.0}
nest.Connect(relay, neuron, syn_spec={**synapse, "weight": 250.0, "delay": 1.0})
voltmeter = nest.Create("voltmeter", params={"interval": 0.1})
nest.Connect(voltmeter, neuron)
nest.Simulate(1200.0)

times, V_m = voltmeter.events["times"], voltmeter.events["V_m"]
