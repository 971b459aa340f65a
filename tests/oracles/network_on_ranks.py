"""What each rank runs in tests/reference/test_mpi.py: `python network_on_ranks.py FOLDER KIND...`.

Of each kind the network is run in two pieces on NEST with as many virtual processes as KIND says, "rules:4", and what
the rank then holds is written to FOLDER as hashes.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

import spikelearn as sl

OPTIONS = {
    "given": {},
    "rules": {"native_rules": True},
    "sources": {"native_rules": True, "native_sources": True},
}


FIRST, SECOND = 8.0, 4.0
"""ms of its two pieces: ranks that share few cores exchange spikes slowly."""


def network():
    """A network of 110 cells with every kind of source, and every rule of connection and distribution of NEST."""
    net = sl.Network(dt=0.1, seed=3)
    cells = net.population(80, sl.LIF(tau_m=sl.Normal(10.0, 1.0)), name="cells")
    others = net.population(20, sl.LIFDelta(), name="others")
    source = net.population(10, sl.Poisson(rate=300.0), name="source")
    net.connect(source, cells, rule=sl.FixedProbability(0.3), weight=400.0, delay=1.5)
    net.connect(cells, cells, rule=sl.FixedInDegree(10), weight=sl.Uniform(0, 50), delay=sl.Uniform(1.0, 2.0))
    net.connect(cells, others, rule=sl.FixedOutDegree(5), weight=sl.Normal(5.0, 1.0, low=0.0), delay=1.0)
    net.connect(others, cells, port="inh", rule=sl.FixedTotalNumber(200), weight=-50.0, delay=1.0)
    rule, delays = sl.FixedInDegree(5), {"axonal_delay": 0.0, "dendritic_delay": 1.0}
    net.connect(cells, cells, rule=rule, weight=sl.Uniform(1, 20), plasticity=sl.STDP(), name="plastic", **delays)
    net.drive(cells, sl.PoissonInput(2000.0), weight=30.0)
    net.drive(others, sl.PoissonInput(2000.0), weight=0.3)
    net.drive(cells, sl.NoiseCurrent(mean=200.0, std=100.0))
    for part in (cells, others, source):
        net.record(part)
    net.record(cells[3:30], "V_m", every=0.5)
    net.record(cells[3], "V_m", every=1.0, name="one")
    return net


def held(run):
    """Name of a result -> its hash, or the number of it."""
    found = {f"spikes of {name}": run.spikes(name) for name in ("cells", "others", "source")}
    told = {name: [len(spikes.times), _hash(spikes.times, spikes.ids)] for name, spikes in found.items()}
    told["V_m"] = _hash(*(trace.values for trace in run.trace_data.values()))
    told["synapses"] = [info.n_synapses for info in run.projections.values()]
    told["weights"] = [_hash(run.weights(name)) for name in run.projections]
    return told


def _hash(*arrays):
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()[:12]


def main(folder, kinds):
    told = {}
    for kind in kinds:
        name, _, number = kind.partition(":")
        net = network()
        engine = sl.NEST(virtual_processes=int(number), **OPTIONS[name])
        first, second = net.run(FIRST, engine=engine), net.run(SECOND, engine=engine)
        told[kind] = [held(first), held(second)]
    from mpi4py import MPI

    Path(folder, f"rank_{MPI.COMM_WORLD.rank}.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
