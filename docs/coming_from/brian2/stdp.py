"""Spike-timing-dependent plasticity from traces, on sources and a target that fire at given times."""

import numpy as np

import spikelearn as sl

random = np.random.default_rng(1)
times, ids = np.sort(random.choice(9000, 400, replace=False)) * 0.1 + 10.0, random.integers(0, 20, 400)
taught = np.arange(15.05, 900.0, 20.0).round(1)
net = sl.Network(dt=0.1)
sources = net.population(20, sl.SpikeList(times, ids), name="sources")
teacher = net.population(1, sl.SpikeList(taught), name="teacher")
Target = sl.NeuronModel.from_equations(
    "dv/dt = -v/(10*ms) : 1\nignored : 1", method="exact", threshold="v > 1", reset="v = 0",
    ports={"taught": "v", "learned": "ignored"},
)  # fmt: skip
target = net.population(1, Target(), name="target")
net.connect(teacher, target, "taught", weight=2.0, delay=0.2)
equations = """
w : 1
darrivals/dt = -arrivals/tau : 1 (event-driven)
dspikes/dt = -spikes/tau : 1 (event-driven)
"""
on_pre = "arrivals += 0.05\nw = clip(w + spikes, 0, 1)"
on_post = "spikes -= 0.0525\nw = clip(w + arrivals, 0, 1)"
Rule = sl.PlasticityRule.from_equations(
    equations, on_pre=on_pre, on_post=on_post, parameters={"tau": (20, "ms"), "W_min": 0, "W_max": 1}
)
made = net.connect(sources, target, "learned", weight=0.5, plasticity=Rule())
run = net.run(1000.0)

weights = run.synapses(made).weight
