"""Compare the cost of two checkouts: processor time of whole processes, and of their imports, builds and runs.

    git worktree add ../before <commit>
    python scripts/compare_trees.py ../before . [--rounds 20] [--only small brunel] [--cold 3]

The two are run in turn, each with a cache of machine code of its own that two runs before have filled; --cold N: also N
rounds of the README's network with an empty cache. Besides the networks of the default, --only may name some that
learn, populations of neurons that are reset inside the step, and some that are streamed to a file. Times are those of
the processor (user and system), which other processes on the machine disturb less than wall time. For each part it
prints the medians, and the median, min and max of the ratio second / first within a round.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SMALL = """
cells = net.population(100, sl.LIF(I_e=400.0))
net.connect(cells, cells, rule=sl.FixedProbability(0.1), weight=10.0, delay=1.5)
net.record(cells)
"""
MANY = """
cells = [net.population(10, sl.LIF(I_e=400.0), name=f"cells {k}") for k in range(20)]
for k in range(60):
    target = cells[(k + 1 + k // 20) % 20]
    net.connect(cells[k % 20], target, "exc", sl.FixedInDegree(2), 1.0, 1.5, name=f"synapses {k}")
net.record(cells[0])
"""
BRUNEL = """
cells = net.population(2500, sl.LIFDelta(E_L=0.0, V_th=20.0, V_reset=10.0, tau_m=20.0, t_ref=2.0))
net.connect(cells[:2000], cells, rule=sl.FixedInDegree(200), weight=0.1, delay=1.5)
net.connect(cells[2000:], cells, rule=sl.FixedInDegree(50), weight=-0.5, delay=1.5)
net.drive(cells, sl.PoissonInput(n=200, rate=100.0), weight=0.1)
net.record(cells)
"""
README = """
dopamine = net.modulator("dopamine", tau=200)
inputs = net.population(100, sl.Poisson(rate=20), name="input")
cells = net.population(50, sl.Pyramidal(), name="pyramidal")
net.connect(
    inputs, cells, port="basal", rule=sl.FixedProbability(0.5), weight=sl.Uniform(0, 100), delay=1.5,
    plasticity=sl.DopamineSTDP(dopamine, A_plus=0.1, A_minus=0.12),
)
net.connect(cells, cells, port="apical", on="burst", weight=20, rule=sl.FixedProbability(0.1, autapses=False))
net.drive(cells, sl.NoiseCurrent(mean=70, std=450, tau=2), port="soma")
net.release(dopamine, times=[300, 600], amounts=0.05)
net.record(inputs)
net.record(cells, ["spikes", "bursts"])
net.record(cells[:3], ["V_s", "V_d"], every=0.5)
"""
LEARNING = """
cells = net.population(6250, sl.LIFDelta(E_L=0.0, V_th=20.0, V_reset=0.0, tau_m=20.0, t_ref=2.0))
rule = {rule}
net.connect(cells[:5000], cells[:5000], rule=sl.FixedInDegree(500), weight=0.2, delay=1.5, plasticity=rule)
net.connect(cells[:5000], cells[5000:], rule=sl.FixedInDegree(500), weight=0.2, delay=1.5)
net.connect(cells[5000:], cells, rule=sl.FixedInDegree(125), weight=-1.0, delay=1.5)
net.drive(cells, sl.PoissonInput(n=500, rate=20.0), weight=0.2)
net.record(cells)
"""
DOPAMINE = """sl.DopamineSTDP(dopamine := net.modulator("dopamine", tau=200.0), A_plus=4e-4, A_minus=4.2e-4, W_max=0.4)
net.release(dopamine, 20.0 * numpy.arange(1.0, 50.0), 0.005)"""
PAIRS = """
inputs = net.population(2000, sl.Poisson(rate=20.0))
cells = net.population(1000, sl.LIF(I_e=400.0))
rule = sl.STDP(W_max=20.0)
net.connect(inputs, cells, "exc", sl.FixedProbability(0.2), sl.Uniform(0.0, 20.0), delay=1.5, plasticity=rule)
net.record(cells)
"""
NEURONS = """
cells = net.population(4000, sl.{model}())
net.drive(cells, sl.NoiseCurrent(mean={mean}, std=300.0, interval=1.0))
net.record(cells)
"""
STREAMED = """
cells = net.population(1000, sl.LIF(I_e=400.0))
net.connect(cells, cells, rule=sl.FixedProbability(0.1), weight=5.0, delay=1.5)
net.record(cells)
net.record(cells[:10], ["V_m"])
"""
STREAMED_MANY = """
cells = [net.population(50, sl.LIF(I_e=400.0), name=f"cells {k}") for k in range(28)]
for k in range(28):
    net.connect(cells[k], cells[(k + 1) % 28], "exc", sl.FixedInDegree(5), 1.0, 1.5, name=f"synapses {k}")
    net.record(cells[k])
    net.record(cells[k][:2], ["V_m"])
"""
NETWORKS = {
    "small": (SMALL, 100.0),
    "many": (MANY, 1.0),
    "brunel": (BRUNEL, 200.0),
    "readme": (README, 1000.0),
    "stdp": (LEARNING.format(rule="sl.STDP(lambda_=0.001, alpha=1.05, W_max=0.4)"), 100.0),
    "additive": (LEARNING.format(rule="sl.STDP(lambda_=0.001, alpha=1.05, mu_plus=0, mu_minus=0, W_max=0.4)"), 100.0),
    "dopamine": (LEARNING.format(rule=DOPAMINE), 100.0),
    "pairs": (PAIRS, 500.0),
    "qif": (NEURONS.format(model="QIF", mean=600.0), 500.0),
    "eif": (NEURONS.format(model="EIF", mean=600.0), 500.0),
    "adex": (NEURONS.format(model="AdEx", mean=700.0), 500.0),
    "streamed": (STREAMED, 20_000.0),
    "streamed many": (STREAMED_MANY, 20_000.0),
}
"""name -> (network, ms): 100 neurons; 20 populations and 60 projections; Brunel, 2,500 neurons; the README's; Brunel,
6,250 neurons with three rules; two populations with STDP; 4,000 neurons of three models; 1,000 neurons, and 28
populations of 50, written to a run file during the run."""

JOB = """
import json, time
import numpy
times = [time.process_time()]
import spikelearn as sl
times.append(time.process_time())
net = sl.Network(dt=0.1, seed=1, threads=1)
{network}
net.build()
times.append(time.process_time())
net.run({duration}, progress=False, sink={sink})
times.append(time.process_time())
print(json.dumps([1e3 * (after - before) for before, after in zip(times, times[1:])]))
"""
PARTS = ("import", "build", "run", "process", "wall")
"""Processor time of parts of a process and of all of it, and the wall time of all of it."""


def costs(tree: Path, name: str, cache: Path) -> list[float]:
    """Milliseconds of each of PARTS, in a new process."""
    network, duration = NETWORKS[name]
    sink = "__import__('spikelearn.io').io.RunWriter('run.h5')" if name.startswith("streamed") else None
    environment = os.environ | {"PYTHONPATH": str(tree), "SPIKELEARN_CACHE": str(cache)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    code = JOB.format(network=network, duration=duration, sink=sink)
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, cwd=cache)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{tree}: network {name!r} failed")
    return [*json.loads(printed), 1e3 * (used.ru_utime + used.ru_stime), 1e3 * (time.perf_counter() - began)]


def compare(trees: list[Path], name: str, rounds: int, caches: list[Path] | None) -> None:
    """Print a row for each part. caches: filled ones; None: an empty one for each process."""
    found: list[list[list[float]]] = [[], []]
    for k in range(rounds):
        for which in (0, 1) if k % 2 else (1, 0):
            with tempfile.TemporaryDirectory() as empty:
                cache = Path(empty) if caches is None else caches[which]
                found[which].append(costs(trees[which], name, cache))
    for part, label in enumerate(PARTS):
        first, second = ([each[part] for each in one] for one in found)
        ratios = [b / a for a, b in zip(first, second, strict=True)]
        print(
            f"{name + (', cold' if caches is None else ''):14} {label:8} {statistics.median(first):9.1f} "
            f"{statistics.median(second):9.1f} ms   {statistics.median(ratios):.3f} ({min(ratios):.2f} to "
            f"{max(ratios):.2f})",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trees", nargs=2, type=Path, help="two checkouts; ratios are second / first")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--only", nargs="+", choices=NETWORKS, default=["small", "many", "brunel"])
    parser.add_argument("--cold", type=int, default=0, metavar="N", help="rounds with an empty cache")
    options = parser.parse_args()
    trees = [tree.resolve() for tree in options.trees]
    with tempfile.TemporaryDirectory() as folder:
        caches = [Path(folder) / "first", Path(folder) / "second"]
        for name in options.only if options.rounds else []:
            for tree, cache in zip(trees, caches, strict=True):
                cache.mkdir(exist_ok=True)
                for _ in range(2):
                    costs(tree, name, cache)
            compare(trees, name, options.rounds, caches)
        if options.cold:
            compare(trees, "readme", options.cold, None)


if __name__ == "__main__":
    main()
