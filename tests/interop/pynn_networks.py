"""Connectors, spaces, views, assemblies, recording, several runs: PyNN's common code with a back-end."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from pyNN.connectors import IndexBasedExpression
from pyNN.random import NumpyRNG, RandomDistribution
from pyNN.space import Grid2D, Space
from pynn_case import DT, NEST, Script, backend, begin, run_until_change, spikes, trace, train
from pynn_cells import LINEAR, NINE, SAME, SOLVER, SYNAPTIC
from tolerances import METHOD

CELL = LINEAR | SYNAPTIC | {"tau_m": 15.0, "i_offset": 0.0}


def rng(seed):
    return NumpyRNG(seed=seed, parallel_safe=True)


def drawn(distribution, seed, **parameters):
    return RandomDistribution(distribution, rng=rng(seed), **parameters)


def table(projection, *names):
    """Its synapses, sorted: pre, post and attributes."""
    return np.array(sorted(projection.get(list(names or ("weight", "delay")), format="list")), float)


# Connectors


def grid(sim, n, **more):
    return sim.Population(
        n, sim.IF_curr_exp(**CELL), structure=Grid2D(aspect_ratio=4 / 3, dx=1.0, dy=1.5, z=0.5), **more
    )


def listed(sim):
    pairs = [(0, 1, 0.1, 0.5), (5, 3, 0.7, 2.0), (2, 2, 0.3, 0.125), (5, 3, 0.2, 1.0)]
    return sim.FromListConnector(pairs, column_names=["weight", "delay"])


class _EveryThird(IndexBasedExpression):
    def __call__(self, i, j):
        return np.array((i + 2 * j) % 3 == 0, float)


CONNECTORS = {
    "AllToAllConnector": lambda sim: sim.AllToAllConnector(allow_self_connections=False),
    "OneToOneConnector": lambda sim: sim.OneToOneConnector(),
    "FixedProbabilityConnector": lambda sim: sim.FixedProbabilityConnector(0.3, rng=rng(1)),
    "DistanceDependentProbabilityConnector": lambda sim: sim.DistanceDependentProbabilityConnector(
        "exp(-d/2.0)", rng=rng(2)
    ),
    "IndexBasedProbabilityConnector": lambda sim: sim.IndexBasedProbabilityConnector(_EveryThird(), rng=rng(3)),
    "DisplacementDependentProbabilityConnector": lambda sim: sim.DisplacementDependentProbabilityConnector(
        lambda d: np.exp(-np.abs(d[0]) - 0.5 * np.abs(d[1])), rng=rng(4)
    ),
    "FromListConnector": listed,
    "FixedNumberPreConnector": lambda sim: sim.FixedNumberPreConnector(4, rng=rng(5)),
    "FixedNumberPostConnector": lambda sim: sim.FixedNumberPostConnector(4, with_replacement=True, rng=rng(6)),
    "FixedTotalNumberConnector": lambda sim: sim.FixedTotalNumberConnector(40, rng=rng(7)),
    "ArrayConnector": lambda sim: sim.ArrayConnector(np.random.default_rng(9).random((12, 12)) < 0.3),
}


def connected(name, weight="0.1 + 0.02*d", delay="0.125 + 0.25*d"):
    """The synapses between cells on a grid, with weights and delays that depend on distance unless they are listed."""

    def run(sim):
        begin(sim, max_delay=20.0)
        cells = grid(sim, 12)
        given = {} if name == "FromListConnector" else {"weight": weight, "delay": delay}
        synapses = sim.Projection(
            cells, cells, CONNECTORS[name](sim), sim.StaticSynapse(**given), receptor_type="excitatory", space=Space()
        )
        found = table(synapses)
        sim.end()
        return {"pairs": found[:, :2], "weight": found[:, 2], "delay in steps": np.round(found[:, 3] / DT)}

    return run


SYNAPSE_TABLE = {"pairs": SAME, "weight": NINE, "delay in steps": SAME}


def cloned(sim):
    begin(sim)
    a, b = (sim.Population(6, sim.IF_curr_exp(**CELL)) for _ in range(2))
    first = sim.Projection(a, b, sim.FixedProbabilityConnector(0.5, rng=rng(1)), sim.StaticSynapse(weight=0.1))
    second = sim.Projection(
        a, b, sim.CloneConnector(first), sim.StaticSynapse(weight=drawn("uniform", 2, low=0.1, high=1))
    )
    found = table(second)
    sim.end()
    return {"pairs": found[:, :2], "weight": found[:, 2], "delay in steps": np.round(found[:, 3] / DT)}


def saved(sim):
    """Synapses that are written to a file and made from it."""
    begin(sim, max_delay=20.0)
    cells = grid(sim, 12)
    synapse = sim.StaticSynapse(weight="0.1 + 0.02*d", delay="0.125 + 0.25*d")
    first = sim.Projection(
        cells, cells, sim.FixedProbabilityConnector(0.3, rng=rng(1)), synapse, receptor_type="excitatory"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "synapses.txt")
        first.save(["weight", "delay"], path, gather=False)
        second = sim.Projection(cells, cells, sim.FromFileConnector(path), receptor_type="excitatory")
        found = table(second)
    sim.end()
    return {"pairs": found[:, :2], "weight": found[:, 2], "delay in steps": np.round(found[:, 3] / DT)}


def views_and_assemblies(sim):
    """A view onto an assembly of a population and a view, with self-connections left out; and what arrives."""
    begin(sim)
    a, b = sim.Population(8, sim.IF_curr_exp(**CELL), label="a"), sim.Population(5, sim.IF_curr_exp(**CELL), label="b")
    assembly = a[2:7] + b
    synapses = sim.Projection(
        a[1::2], assembly, sim.AllToAllConnector(allow_self_connections=False),
        sim.StaticSynapse(weight=0.9, delay=1.0), receptor_type="excitatory",
    )  # fmt: skip
    source = sim.Population(8, sim.SpikeSourceArray(spike_times=[[5.0 + k, 30.0] for k in range(8)]))
    sim.Projection(source, a, sim.OneToOneConnector(), sim.StaticSynapse(weight=8.0, delay=0.5))
    assembly.record("v")
    a[1::2].record("spikes")
    sim.run(60.0)
    data = assembly.get_data().segments[-1].analogsignals
    found = {
        "pairs": table(synapses)[:, :2],
        "v": np.concatenate([np.asarray(signal.magnitude) for signal in data], axis=1),
        "counts": [a[1::2].get_spike_counts()[int(cell)] for cell in a[1::2].all_cells],
        "mean count": a[1::2].mean_spike_count(),
    }
    sim.end()
    return found


# Parameters, initial values, several runs


def given_values(sim):
    """Parameters and initial values as numbers, lists, distributions and functions, read back and in their effect."""
    begin(sim)
    cells = sim.Population(6, sim.IF_curr_exp(**CELL), initial_values={"v": drawn("uniform", 1, low=-64.0, high=-58.0)})
    cells.set(
        tau_m=drawn("normal", 2, mu=15.0, sigma=1.0), i_offset=lambda i: 0.1 * i, cm=[1.0, 1.1, 1.2, 1.3, 1.4, 1.5]
    )
    cells[2:4].set(v_rest=-60.0)
    cells[4].tau_refrac = 5.0
    cells.record(["v", "spikes"])
    run_until_change(sim, 40.0)
    cells[::2].set(i_offset=0.9)
    cells[5:].set(v_thresh=-62.0)
    sim.run_until(80.0)
    found = {
        "v": trace(cells, "v")[1:], "spikes": spikes(cells),
        "tau_m": cells.get("tau_m"), "cm": cells.get("cm"), "i_offset": cells.get("i_offset"),
        "tau_refrac": cells.get("tau_refrac"), "v_thresh": cells.get("v_thresh"),
    }  # fmt: skip
    sim.end()
    return found


def changed_synapses(sim):
    """Weights set between runs, when no spike is on its way: as a number, as an array and one by one."""
    begin(sim, max_delay=5.0)
    times = [np.concatenate([train(k, 10, t + 1.0, t + 34.0) for t in (0.0, 40.0, 80.0)]) for k in range(3)]
    source = sim.Population(3, sim.SpikeSourceArray(spike_times=times))
    cells = sim.Population(4, sim.IF_curr_exp(**CELL))
    synapses = sim.Projection(
        source, cells, sim.AllToAllConnector(),
        sim.StaticSynapse(weight=drawn("uniform", 1, low=0.2, high=0.8), delay=drawn("uniform", 2, low=0.5, high=4.0)),
    )  # fmt: skip
    cells.record("v")
    run_until_change(sim, 40.0)
    synapses.set(weight=0.5)
    run_until_change(sim, 80.0)
    synapses.set(weight=np.linspace(0.1, 1.2, 12).reshape(3, 4))
    for connection in synapses.connections:
        if connection.presynaptic_cell == source[2] and connection.postsynaptic_cell in (cells[0], cells[3]):
            connection.weight = 0.05
    sim.run_until(120.0)
    found = {"v": trace(cells, "v"), "weight": synapses.get("weight", format="array")}
    sim.end()
    return found


def resets(sim):
    """Three segments: a run, one after a reset with another current, and one from other potentials."""
    begin(sim, t_flush=200.0)
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[[10.0, 20.0], [15.0]]))
    cells = sim.Population(2, sim.IF_curr_exp(**CELL))
    sim.Projection(source, cells, sim.OneToOneConnector(), sim.StaticSynapse(weight=3.0, delay=1.0))
    current = sim.DCSource(amplitude=0.2, start=12.0, stop=25.0)
    current.inject_into(cells)
    cells.record(["v", "spikes"])
    sim.run(30.0)
    sim.reset()
    cells.set(i_offset=0.4)
    sim.run(25.0)
    sim.reset()
    cells.initialize(v=-58.0)
    sim.run(20.0)
    found = {f"v, segment {k}": trace(cells, "v", k) for k in range(3)}
    found["spikes"] = np.concatenate([spikes(cells, k) for k in range(3)])
    found["time"] = sim.get_current_time()
    sim.end()
    return found


def without_flush(sim):
    """As `resets`, run by run anew: what no segment may differ from."""
    values = {}
    for k, (offset, v, stop) in enumerate([(0.0, -65.0, 30.0), (0.4, -65.0, 25.0), (0.4, -58.0, 20.0)]):
        begin(sim)
        source = sim.Population(2, sim.SpikeSourceArray(spike_times=[[10.0, 20.0], [15.0]]))
        cells = sim.Population(2, sim.IF_curr_exp(**(CELL | {"i_offset": offset})), initial_values={"v": v})
        sim.Projection(source, cells, sim.OneToOneConnector(), sim.StaticSynapse(weight=3.0, delay=1.0))
        current = sim.DCSource(amplitude=0.2, start=12.0, stop=25.0)
        current.inject_into(cells)
        cells.record(["v", "spikes"])
        sim.run(stop)
        values[f"v, segment {k}"] = trace(cells, "v")
        values.setdefault("spikes", []).append(spikes(cells))
        sim.end()
    values["spikes"] = np.concatenate(values["spikes"])
    values["time"] = 20.0
    return values


# Recording


def recorded(sim, clear=True):
    """Some cells of a population by a view, every 0.5 ms, with data taken out in between."""
    begin(sim)
    cells = sim.Population(5, sim.IF_cond_exp(**(LINEAR | SYNAPTIC | {"tau_m": 15.0, "i_offset": 0.0})))
    source = sim.Population(5, sim.SpikeSourceArray(spike_times=[train(k, 20, 2.0, 80.0) for k in range(5)]))
    sim.Projection(source, cells, sim.OneToOneConnector(), sim.StaticSynapse(weight=0.02, delay=1.0))
    cells[1:4].record(["v", "gsyn_exc"], sampling_interval=0.5)
    cells[3:].record("spikes")
    sim.run(40.0)
    parts = [cells.get_data(clear=True).segments[-1]] if clear else []
    sim.run(40.0)
    parts.append(cells.get_data().segments[-1])
    found = {}
    for variable in ("v", "gsyn_exc"):
        signals = [part.filter(name=variable)[0] for part in parts]
        found[variable] = np.concatenate([np.asarray(each.magnitude)[k > 0 :] for k, each in enumerate(signals)])
        found[f"times of {variable}"] = np.concatenate(
            [np.asarray(each.times.rescale("ms").magnitude)[k > 0 :] for k, each in enumerate(signals)]
        )
        found["channels"] = np.asarray(signals[-1].array_annotations["channel_index"])
    trains = [
        np.concatenate([each.rescale("ms").magnitude for each in of])
        for of in zip(*(p.spiketrains for p in parts), strict=True)
    ]
    found["spikes"] = np.concatenate(trains)
    sim.end()
    return found


def written(sim):
    """What write_data puts into a file, as Neo reads it."""
    from neo.io import PickleIO

    begin(sim)
    cells = sim.Population(3, sim.IF_curr_exp(**(CELL | {"i_offset": [0.8, 0.9, 1.0]})))
    cells.record(["v", "spikes"])
    sim.run(50.0)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "cells.pkl")
        cells.write_data(path, variables=["v", "spikes"], annotations={"note": "kept"})
        (block,) = PickleIO(path).read()
    part = block.segments[0]
    found = {
        "v": np.asarray(part.analogsignals[0].magnitude),
        "spikes": np.concatenate([np.asarray(each.rescale("ms").magnitude) for each in part.spiketrains]),
        "annotation": block.annotations["note"] == "kept",
        "unit": part.analogsignals[0].units.dimensionality.string == "mV",
    }
    sim.end()
    return found


def controlled(sim):
    """run_until, callbacks, times, and what setup was told."""
    begin(sim, min_delay=0.5, max_delay=4.0)
    cells = sim.Population(1, sim.IF_curr_exp(**(CELL | {"i_offset": 0.6})))
    cells.record("v")
    seen = []

    def every_ten(t):
        seen.append(t)
        return t + 10.0

    sim.run_until(20.0)
    at = [sim.get_current_time()]
    sim.run(30.0, callbacks=[every_ten])
    at.append(sim.get_current_time())
    sim.run_for(10.0)
    at.append(sim.get_current_time())
    found = {
        "v": trace(cells, "v"), "times": at, "callbacks": seen,
        "setup": [sim.get_time_step(), sim.get_min_delay(), sim.get_max_delay(), sim.rank(), sim.num_processes()],
    }  # fmt: skip
    sim.end()
    return found


def procedural(sim):
    """The functions of PyNN's procedural interface."""
    begin(sim)
    cells = sim.create(sim.IF_curr_exp(**CELL), n=4)
    source = sim.create(sim.SpikeSourceArray(spike_times=train(3, 15, 2.0, 60.0)))
    sim.connect(source, cells, weight=1.5, delay=1.0)
    sim.set(cells, tau_m=12.0)
    sim.initialize(cells, v=-60.0)
    cells.record(["v", "spikes"])
    sim.run(70.0)
    found = {"v": trace(cells, "v"), "spikes": spikes(cells)}
    sim.end()
    return found


def network(sim):
    """40 cells that excite and inhibit each other, with distributed weights and delays: who fires when."""
    begin(sim, max_delay=10.0)
    cells = sim.Population(
        40,
        sim.IF_curr_exp(**(CELL | {"i_offset": 0.85})),
        initial_values={"v": drawn("uniform", 1, low=-65.0, high=-56.0)},
    )
    for part, kind, low, high, seed in (
        (cells[:32], "excitatory", 0.1, 0.5, 2),
        (cells[32:], "inhibitory", -2.0, -0.5, 3),
    ):
        synapse = sim.StaticSynapse(
            weight=drawn("uniform", seed, low=low, high=high), delay=drawn("uniform", seed + 10, low=0.25, high=5.0)
        )
        sim.Projection(part, cells, sim.FixedProbabilityConnector(0.3, rng=rng(seed + 20)), synapse, receptor_type=kind)
    cells.record("spikes")
    cells[:2].record("v")
    sim.run(300.0)
    found = {"spikes": spikes(cells), "v": trace(cells, "v")[1:]}
    sim.end()
    return found


WRITTEN = {"annotation": SAME, "unit": SAME}
NETWORKS: tuple[Script, ...] = (
    *(Script(name, "12 cells on a grid", connected(name), SYNAPSE_TABLE) for name in CONNECTORS),
    Script("CloneConnector", "of 21 synapses", cloned, SYNAPSE_TABLE),
    Script("Projection.save, FromFileConnector", "48 synapses", saved, SYNAPSE_TABLE),
    Script(
        "PopulationView, Assembly", "a view onto an assembly of a view and a population", views_and_assemblies,
        {"pairs": SAME, "v": NINE, "counts": SAME, "mean count": SAME},
    ),
    Script(
        "Population.set, initialize", "numbers, lists, distributions, functions; between runs", given_values,
        {"v": NINE, "spikes": SAME} | dict.fromkeys(("tau_m", "cm", "i_offset", "tau_refrac", "v_thresh"), NINE),
    ),
    Script("StaticSynapse, Projection.set", "weights between runs", changed_synapses, {"v": NINE, "weight": NINE}),
    Script(
        "reset", "three segments", resets,
        {f"v, segment {k}": NINE for k in range(3)} | {"spikes": SAME, "time": SAME},
        lambda: without_flush(backend(NEST)), "pyNN.nest, set up anew",
    ),
    Script(
        "record", "views, a sampling interval, data that is cleared", recorded,
        {"v": (METHOD(2, DT), "METHOD(2, dt)"), "gsyn_exc": SOLVER, "channels": SAME, "times of v": NINE,
         "times of gsyn_exc": NINE, "spikes": NINE},
        lambda: recorded(backend(NEST), clear=False), "pyNN.nest, in one piece",
    ),
    Script("write_data", "a file of pickles, read by Neo", written, dict.fromkeys(("v", "spikes"), NINE) | WRITTEN),
    Script(
        "run_until, run, callbacks", "three ways to go on", controlled,
        dict.fromkeys(("v", "times", "callbacks", "setup"), NINE),
    ),
    Script("create, connect, set, initialize", "the procedural interface", procedural, {"v": NINE, "spikes": SAME}),
    Script("a network", "40 cells, distributed weights and delays, 300 ms", network, {"spikes": SAME, "v": NINE}),
)  # fmt: skip
