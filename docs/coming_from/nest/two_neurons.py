"""A neuron that a current drives, and one that it excites."""

import spikelearn as sl

net = sl.Network(dt=0.1)
first = net.population(1, sl.LIFAlpha(I_e=376.0), name="first")
second = net.population(1, sl.LIFAlpha(), name="second")
net.connect(first, second, "exc", weight=20.0, delay=1.0)
net.record(second, "V_m")
run = net.run(1000.0)

times, V_m = run.trace(second, "V_m").times, run.trace(second, "V_m").values[:, 0]
