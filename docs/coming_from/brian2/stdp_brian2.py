"""Spike-timing-dependent plasticity from traces, on sources and a target that fire at given times."""

import numpy as np
from brian2 import NeuronGroup, SpikeGeneratorGroup, Synapses, defaultclock, ms, run

defaultclock.dt = 0.1 * ms
random = np.random.default_rng(1)
times, ids = np.sort(random.choice(9000, 400, replace=False)) * 0.1 + 10.0, random.integers(0, 20, 400)
taught = np.arange(15.05, 900.0, 20.0).round(1)
sources, teacher = SpikeGeneratorGroup(20, ids, times * ms), SpikeGeneratorGroup(1, np.zeros(len(taught)), taught * ms)
target = NeuronGroup(1, "dv/dt = -v/(10*ms) : 1", method="exact", threshold="v > 1", reset="v = 0")
to_target = Synapses(teacher, target, on_pre="v_post += 2")
to_target.connect()
equations = """
w : 1
darrivals/dt = -arrivals/(20*ms) : 1 (event-driven)
dspikes/dt = -spikes/(20*ms) : 1 (event-driven)
"""
on_pre = "arrivals += 0.05\nw = clip(w + spikes, 0, 1)"
on_post = "spikes -= 0.0525\nw = clip(w + arrivals, 0, 1)"
synapses = Synapses(sources, target, equations, on_pre=on_pre, on_post=on_post)
synapses.connect()
synapses.w = 0.5
run(1000 * ms)

weights = np.asarray(synapses.w)
