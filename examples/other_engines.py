"""
Other engines
=============

One description on the compiled engine, on the exact one, which knows no steps, and on Brian2.
"""

import matplotlib.pyplot as plt

import spikelearn as sl

_, axes = plt.subplots(figsize=(5, 3), layout="constrained")
for k, engine in enumerate(("compiled", "events", "brian2")):
    net = sl.Network(dt=0.1, seed=1)
    source = net.population(1, sl.SpikeList([5.0, 12.0, 15.0, 30.0]), name="source")
    cell = net.population(1, sl.LIFDelta(I_e=300), name="cell")
    net.connect(source, cell, weight=3, delay=1.0)  # mV
    net.record(cell)
    if engine != "events":
        net.record(cell, "V_m")
    run = net.run(60, engine=engine)
    print(engine, run.spikes(cell).times)
    axes.vlines(run.spikes(cell).times, -54, -50, color=f"C{k}", lw=4 - k, label=engine)
    if engine != "events":
        trace = run.trace(cell, "V_m")
        axes.plot(trace.times, trace.values, color=f"C{k}", lw=3 - k)
axes.set(xlabel="time (ms)", ylabel="V_m (mV)")
axes.legend(frameon=False)
plt.show()
