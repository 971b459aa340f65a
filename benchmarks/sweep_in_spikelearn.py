"""A small Brunel network: the model file of a sweep of g and eta, which is all that a user writes.

spikelearn sweep benchmarks/sweep_in_spikelearn.py --grid g=4.5,5,6,7,8 eta=1.5,2,3,4 --workers 2 --out DIR
"""

from dataclasses import dataclass

import spikelearn as sl
from spikelearn.experiments import Outcome, parameter


@dataclass(frozen=True)
class Parameters:
    g: float = parameter(5.0, "", "ratio of inhibition to excitation")
    eta: float = parameter(2.0, "", "ratio of the external rate to the rate needed to reach threshold")


QUICK: dict = {}
PUBLISHED: dict = {}
N_EXC, N_INH, C_EXC, C_INH = 1000, 250, 100, 25
J, V_TH, TAU_M = 0.3, 20.0, 20.0  # mV, mV, ms
FROM, DURATION = 100.0, 500.0  # ms


def simulate(parameters, seed, sink=None, progress=None):
    net = sl.Network(dt=0.1, seed=seed, threads=1)
    cell = sl.LIFDelta(E_L=0.0, V_th=V_TH, V_reset=10.0, tau_m=TAU_M, t_ref=2.0)
    exc = net.population(N_EXC, cell, name="excitatory", initial={"V_m": 0.0})
    inh = net.population(N_INH, cell, name="inhibitory", initial={"V_m": 0.0})
    for target in (exc, inh):
        net.connect(exc, target, rule=sl.FixedInDegree(C_EXC), weight=J, delay=1.5)
        net.connect(inh, target, rule=sl.FixedInDegree(C_INH), weight=-parameters.g * J, delay=1.5)
        rate = parameters.eta * V_TH / (J * C_EXC * TAU_M) * 1e3  # Hz
        net.drive(target, sl.PoissonInput(rate, n=C_EXC), port="exc", weight=J)
    net.record(exc)
    run = net.run(DURATION, sink=sink, progress=progress)
    return Outcome(run, {"rate": sl.analysis.rate(run.spikes(exc), N_EXC, FROM, DURATION)})


def figure(parameters, outcome):
    return sl.plots.raster(outcome.run).figure
