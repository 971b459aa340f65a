"""The sweep of sweep_in_spikelearn.py as Brian2 users would write it: a loop over the points in a pool of processes.

    python benchmarks/sweep_in_brian2.py OUT.csv WORKERS SEEDS

g and eta are in the namespace rather than in the equations, so that Cython compiles once. Input to a refractory neuron
is lost, as in NEST. Brian2 adds arrivals after testing thresholds, so delays are a step shorter.
"""

import csv
import itertools
import sys
from multiprocessing import Pool

from brian2 import Network, NeuronGroup, SpikeMonitor, Synapses, defaultclock, ms, mV, second, seed

N_EXC, N_INH, C_EXC, C_INH = 1000, 250, 100, 25
J, V_TH, TAU_M = 0.3, 20.0, 20.0  # mV, mV, ms
FROM, DURATION = 100.0, 500.0  # ms


def simulate(point):
    g, eta, number = point
    seed(number)
    defaultclock.dt = 0.1 * ms
    constants = {
        "J": J * mV, "g": g, "V_th": V_TH * mV, "V_reset": 10 * mV, "tau_m": TAU_M * ms,
        "per_step": eta * V_TH / (J * TAU_M) * 0.1,
    }  # fmt: skip
    cells = NeuronGroup(
        N_EXC + N_INH, "dv/dt = -v/tau_m : volt (unless refractory)", threshold="v >= V_th", reset="v = V_reset",
        refractory=2 * ms, method="exact", namespace=constants,
    )  # fmt: skip
    cells.run_regularly("v += J*poisson(per_step)*int(not_refractory)", when="synapses")
    exc, inh = cells[:N_EXC], cells[N_EXC:]
    from_exc = Synapses(exc, cells, on_pre="v_post += J*int(not_refractory_post)", delay=1.4 * ms, namespace=constants)
    from_exc.connect(i=f"int(rand()*{N_EXC}) for _k in range({C_EXC})")
    from_inh = Synapses(
        inh, cells, on_pre="v_post -= g*J*int(not_refractory_post)", delay=1.4 * ms, namespace=constants
    )
    from_inh.connect(i=f"int(rand()*{N_INH}) for _k in range({C_INH})")
    spikes = SpikeMonitor(exc)
    Network(cells, from_exc, from_inh, spikes).run(DURATION * ms)
    return g, eta, number, float((spikes.t >= FROM * ms).sum() / N_EXC / ((DURATION - FROM) * ms) * second)


if __name__ == "__main__":
    out, workers, seeds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    points = list(itertools.product([4.5, 5.0, 6.0, 7.0, 8.0], [1.5, 2.0, 3.0, 4.0], range(1, seeds + 1)))
    with Pool(workers) as pool:
        rows = pool.map(simulate, points, chunksize=1)
    with open(out, "w", newline="") as file:
        csv.writer(file).writerows([("g", "eta", "seed", "rate"), *rows])
