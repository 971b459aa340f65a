"""A network of excitatory and inhibitory neurons with exponential currents (CUBA, Vogels & Abbott 2005): its rate."""

import spikelearn as sl

equations = """
dv/dt = (ge + gi - (v + 49*mV))/(20*ms) : volt (unless refractory)
dge/dt = -ge/(5*ms) : volt
dgi/dt = -gi/(10*ms) : volt
"""
Cell = sl.NeuronModel.from_equations(
    equations, threshold="v > -50*mV", reset="v = -60*mV", refractory=4.9, method="exact",
    ports={"exc": "ge", "inh": "gi"},
)  # fmt: skip
net = sl.Network(dt=0.1, seed=1)
cells = net.population(4000, Cell(), name="cells", initial={"v": sl.Uniform(-60.0, -50.0)})
for group, port, weight in ((cells[:3200], "exc", 1.62), (cells[3200:], "inh", -9.0)):
    net.connect(group, cells, port, sl.FixedProbability(0.02), weight=weight)
net.record(cells)
run = net.run(1000.0)

rate = len(run.spikes(cells).times) / 4000
