"""Learning by dendritic prediction: models/urbanczik_senn.py compared with the same experiment in NEST.

    python -m benchmarks.dendritic_prediction [--repeats 100] [--rounds 3]

One neuron, 200 plastic inputs, a teacher with two conductances, as in NEST's example of urbanczik_synapse, with the
same patterns for both. spikelearn also records potentials and conductances every ms, NEST only spikes. Times are CPU
seconds of the simulation alone, after a first run of spikelearn that compiles; the two alternate in one process, so
that other load on the machine affects both.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from typing import Any

import numpy as np

from spikelearn.experiments import load_experiment


def model() -> Any:
    return sys.modules[load_experiment("urbanczik_senn").simulate.__module__]


def in_spikelearn(parameters: Any, seed: int) -> tuple[float, int]:
    """CPU seconds of the simulation, and spikes of the soma."""
    net, cells, _ = model().describe(parameters, seed, conditions=("taught",))
    net.build("compiled")
    begun = time.process_time()
    run = net.run((parameters.repeats + 2 * parameters.untaught) * parameters.pattern, progress=False)
    return time.process_time() - begun, len(run.spikes(cells["taught"]).times)


def in_nest(parameters: Any, seed: int) -> tuple[float, int]:
    """The same for NEST's neuron and synapse, with one spike_generator for each conductance of the teacher."""
    from spikelearn.backends.nest.simulator import import_nest

    p, nest = parameters, import_nest()
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution, nest.rng_seed = p.dt, seed
    cell = nest.Create("pp_cond_exp_mc_urbanczik")
    ports = cell.get("receptor_types")
    steps, n = round(p.pattern / p.dt), p.repeats + 2 * p.untaught
    at, ids = model().pattern_of(p, np.random.default_rng(seed))
    sources, parrots = nest.Create("spike_generator", p.n_inputs), nest.Create("parrot_neuron", p.n_inputs)
    for k, source in enumerate(sources):
        repeated = (at[ids == k] + np.arange(n)[:, None] * steps).ravel()
        source.spike_times = np.sort(repeated) * p.dt
    nest.Connect(sources, parrots, "one_to_one", {"delay": p.dt})
    nest.Connect(
        parrots, cell, "all_to_all",
        {"synapse_model": "urbanczik_synapse", "receptor_type": ports["dendritic_exc"], "weight": p.w0, "delay": p.dt,
         "eta": p.eta, "tau_Delta": p.tau_c, "Wmax": p.W_max},
    )  # fmt: skip
    taught = p.untaught * steps + np.arange(p.repeats * steps)
    up = p.g_exc_offset + p.g_exc_amplitude * np.sin(2 * np.pi * taught * p.dt / p.period)
    for port, jumps in (("soma_exc", up), ("soma_inh", np.full(len(taught), p.g_inh))):
        teacher = nest.Create("spike_generator", params={"spike_times": taught * p.dt, "spike_weights": jumps})
        nest.Connect(teacher, cell, syn_spec={"receptor_type": ports[port], "delay": p.dt, "weight": p.dt / 0.1})
    spikes = nest.Create("spike_recorder")
    nest.Connect(cell, spikes)
    nest.Prepare()
    begun = time.process_time()
    nest.Run(n * p.pattern)
    spent = time.process_time() - begun
    nest.Cleanup()
    return spent, int(spikes.n_events)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=100, help="repeats of the pattern with the teacher")
    parser.add_argument("--rounds", type=int, default=3, help="number of measurements of each")
    options = parser.parse_args(arguments)
    parameters = dataclasses.replace(model().Parameters(), cells=1, repeats=options.repeats)
    in_spikelearn(dataclasses.replace(parameters, repeats=1), 1)
    ratios = []
    for seed in range(1, options.rounds + 1):
        (ours, our_spikes), (theirs, their_spikes) = in_spikelearn(parameters, seed), in_nest(parameters, seed)
        ratios.append(theirs / ours)
        print(
            f"seed {seed}: spikelearn {ours:.2f} s of CPU, {our_spikes} spikes; NEST {theirs:.2f} s, {their_spikes} "
            f"spikes; NEST takes {theirs / ours:.1f} times as long"
        )
    print(f"median: NEST takes {np.median(ratios):.1f} times as long")


if __name__ == "__main__":
    main()
