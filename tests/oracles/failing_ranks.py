"""Ranks of which one does something else, for tests/reference/test_mpi.py: `python failing_ranks.py CASE`."""

import os
import sys

import spikelearn as sl
from spikelearn.backends.nest.simulator import OnNEST
from spikelearn.backends.nest.synapses import NestSynapses

RANK = next((int(os.environ[name]) for name in ("OMPI_COMM_WORLD_RANK", "PMI_RANK") if name in os.environ), 0)


def network(seed=1):
    net = sl.Network(dt=0.1, seed=seed)
    cells = net.population(10, sl.LIF(), name="cells")
    net.connect(cells, cells, rule=sl.FixedInDegree(2), weight=1.0, delay=1.0, name="synapses")
    net.record(cells)
    return net


def out_of_memory(*arguments):
    raise MemoryError("no room here")


def main(case):
    engine = sl.NEST(native_rules=True, virtual_processes=3 if case == "division" else None)
    net = network(seed=RANK + 1 if case == "seed" else 1)
    if case == "build" and RANK == 1:
        NestSynapses.connect = out_of_memory
    run = net.run(2.0 + (RANK if case == "duration" else 0), engine=engine)
    if RANK == 1:
        if case == "script":
            raise ValueError("a mistake in the script of this rank")
        if case == "ended":
            return
        if case == "exit":
            sys.exit(3)
    if case == "reading":
        if RANK == 0:
            run.weights("synapses")
        return
    if case == "simulate" and RANK == 1:
        OnNEST._feed = out_of_memory
    net.run(2.0, engine=engine)


if __name__ == "__main__":
    main(sys.argv[1])
