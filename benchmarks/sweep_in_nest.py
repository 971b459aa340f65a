"""The sweep of sweep_in_spikelearn.py as NEST users would write it: a loop over the points in a pool of processes.

python benchmarks/sweep_in_nest.py OUT.csv WORKERS SEEDS
"""

import csv
import itertools
import sys
from multiprocessing import Pool

import nest

N_EXC, N_INH, C_EXC, C_INH = 1000, 250, 100, 25
J, V_TH, TAU_M = 0.3, 20.0, 20.0  # mV, mV, ms
FROM, DURATION = 100.0, 500.0  # ms


def simulate(point):
    g, eta, seed = point
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.SetKernelStatus({"resolution": 0.1, "rng_seed": seed, "local_num_threads": 1, "print_time": False})
    neuron = {"C_m": 1.0, "E_L": 0.0, "V_th": V_TH, "V_reset": 10.0, "V_m": 0.0, "tau_m": TAU_M, "t_ref": 2.0}
    exc = nest.Create("iaf_psc_delta", N_EXC, params=neuron)
    inh = nest.Create("iaf_psc_delta", N_INH, params=neuron)
    noise = nest.Create("poisson_generator", params={"rate": eta * V_TH / (J * TAU_M) * 1e3})
    recorder = nest.Create("spike_recorder", params={"start": FROM})
    from_exc = {"weight": J, "delay": 1.5}
    from_inh = {"weight": -g * J, "delay": 1.5}
    nest.Connect(noise, exc + inh, syn_spec=from_exc)
    nest.Connect(exc, exc + inh, {"rule": "fixed_indegree", "indegree": C_EXC}, from_exc)
    nest.Connect(inh, exc + inh, {"rule": "fixed_indegree", "indegree": C_INH}, from_inh)
    nest.Connect(exc, recorder)
    nest.Simulate(DURATION)
    return g, eta, seed, recorder.n_events / N_EXC / (DURATION - FROM) * 1e3


if __name__ == "__main__":
    out, workers, seeds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    points = list(itertools.product([4.5, 5.0, 6.0, 7.0, 8.0], [1.5, 2.0, 3.0, 4.0], range(1, seeds + 1)))
    with Pool(workers) as pool:
        rows = pool.map(simulate, points, chunksize=1)
    with open(out, "w", newline="") as file:
        csv.writer(file).writerows([("g", "eta", "seed", "rate"), *rows])
