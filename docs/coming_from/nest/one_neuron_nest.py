"""A neuron with a constant current: its potential and its spikes."""

import nest

nest.ResetKernel()
neuron = nest.Create("iaf_psc_alpha", params={"I_e": 376.0})
voltmeter = nest.Create("voltmeter", params={"interval": 1.0})
recorder = nest.Create("spike_recorder")
nest.Connect(voltmeter, neuron)
nest.Connect(neuron, recorder)
nest.Simulate(1000.0)

times, V_m = voltmeter.events["times"], voltmeter.events["V_m"]
spikes = recorder.events["times"]
