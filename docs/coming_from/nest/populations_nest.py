"""Two populations with a parameter and a state that differ from neuron to neuron, coupled at random."""

import nest
import numpy as np

nest.ResetKernel()
nest.rng_seed = 1
n, every = 200, {"rule": "fixed_indegree", "indegree": 20}
excitatory = nest.Create("iaf_psc_alpha", n, params={"I_e": nest.random.uniform(450.0, 550.0)})
inhibitory = nest.Create("iaf_psc_alpha", n, params={"I_e": 150.0, "tau_m": 20.0})
excitatory.V_m = nest.random.uniform(-70.0, -55.0)
nest.Connect(excitatory, inhibitory, every, {"weight": 20.0, "delay": 1.5})
nest.Connect(inhibitory, excitatory, every, {"weight": -2.0, "delay": 1.5})
recorders = nest.Create("spike_recorder", 2)
nest.Connect(excitatory, recorders[0])
nest.Connect(inhibitory, recorders[1])
nest.Simulate(2000.0)

rates = np.array(recorders.n_events) / n / 2.0
