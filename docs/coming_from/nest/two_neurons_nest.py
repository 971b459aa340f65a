"""A neuron that a current drives, and one that it excites."""

import nest

nest.ResetKernel()
first = nest.Create("iaf_psc_alpha", params={"I_e": 376.0})
second = nest.Create("iaf_psc_alpha")
nest.Connect(first, second, syn_spec={"weight": 20.0, "delay": 1.0})
voltmeter = nest.Create("voltmeter", params={"interval": 0.1})
nest.Connect(voltmeter, second)
nest.Simulate(1000.0)

times, V_m = voltmeter.events["times"], voltmeter.events["V_m"]
