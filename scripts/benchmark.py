"""How fast, how soon and how small: spikelearn beside NEST, each number from a process of its own.

    python scripts/benchmark.py [--repeats 5] [--duration 300] [--write]

Brunel's network (12,500 neurons, 15.6 million synapses) runs in spikelearn and in NEST in turn, A B A B, on one thread;
the ratio is taken pair by pair, because the same machine differs by half from hour to hour. Build and compile times
stand apart. Start-up is a whole process that imports, builds 100 neurons and runs 100 ms, with a new cache folder and
with a used one. Memory is the growth of the peak between two sizes, over the growth in synapses.
Without NEST the rest is measured all the same. --write puts the result into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BRUNEL = {"g": 5.0, "eta": 2.0, "V_reset": 0.0}
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "NUMBA", "OPENBLAS")}


def brunel_spikelearn(duration: float, seed: int) -> dict[str, float]:
    """Runs in a process of its own; a first run of one step compiles what is not in the cache."""
    sys.path.insert(0, str(ROOT / "models"))
    import brunel_2000

    begun = time.perf_counter()
    net, exc, _ = brunel_2000.build(brunel_2000.Parameters(**BRUNEL), seed)
    net.build()
    built = time.perf_counter()
    net.run(0.1, progress=False)
    run = net.run(duration, progress=False)
    return {
        "build_s": built - begun,
        "simulate_s": run.wall_s,
        "rate_hz": len(run.spikes(exc).times) / exc.size / (run.duration * 1e-3),
        "synaptic_events": run.synaptic_events,
    }


def brunel_nest(duration: float, seed: int) -> dict[str, float]:
    """Runs in a process of its own."""
    sys.path.insert(0, str(ROOT / "tests" / "reference"))
    from oracles import nest_oracle

    found = nest_oracle.brunel(duration=duration, seed=seed, **BRUNEL)
    return {"build_s": found.build_seconds, "simulate_s": found.simulate_seconds, "rate_hz": found.rate_exc}


def small_network() -> dict[str, float]:
    """100 neurons for 100 ms."""
    import spikelearn as sl

    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(100, sl.LIF(I_e=400.0))
    net.connect(cells, cells, rule=sl.FixedProbability(0.1), weight=10.0, delay=1.5)
    net.record(cells, "spikes")
    return {"spikes": len(net.run(100.0, progress=False).spikes(cells).times)}


def keep_count(trial, phase, counts, release, seen):
    """The callback of `trials`: it reads spikes and releases dopamine."""
    for i in range(len(counts)):
        seen[trial] += counts[i]
    release[0] += 0.01


def trials(n: int) -> dict[str, float]:
    """Microseconds that a presentation of 50 ms to 100 neurons costs over the same time without trials."""
    import numpy as np

    import spikelearn as sl

    seconds = []
    for in_trials in (True, False):
        net = sl.Network(dt=1.0, seed=1)
        dopamine = net.modulator("dopamine", tau=20.0)
        source = net.population(100, sl.Poisson(20.0))
        cells = net.population(100, sl.LIF())
        rule = sl.DopamineSTDP(dopamine, A_plus=0.01, A_minus=0.01)
        learned = net.connect(
            source, cells, rule=sl.FixedProbability(0.1), weight=sl.Uniform(0.0, 50.0), plasticity=rule
        )
        for size in (10, n):
            callback = sl.Callback(keep_count, (cells.counts(), dopamine.release, np.zeros(size)))
            rates = {source: np.full((size, 100), 20.0)}
            phase = sl.Phase(50.0, rates=rates, reset=[cells, learned], callback=callback)
            begun = time.perf_counter()
            if in_trials:
                net.run(trials=sl.Trials([phase], n=size), progress=False)
            else:
                net.run(50.0 * size, progress=False)
            spent = time.perf_counter() - begun
        seconds.append(spent)
    return {"microseconds": (seconds[0] - seconds[1]) / n * 1e6}


def peak_memory(millions: float, heterogeneous: bool) -> dict[str, float]:
    """Peak of a process that builds static synapses and runs a step."""
    import resource

    import spikelearn as sl

    n, in_degree = 10_000, round(millions * 100)
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(n, sl.LIF())
    weight = sl.Normal(10.0, 1.0) if heterogeneous else 10.0
    net.connect(cells, cells, rule=sl.FixedInDegree(in_degree), weight=weight, delay=1.5)
    net.run(0.1, progress=False)
    return {"bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0, "synapses": n * in_degree}


JOBS: dict[str, Callable[..., dict[str, float]]] = {
    each.__name__: each for each in (brunel_spikelearn, brunel_nest, small_network, trials, peak_memory)
}


def apart(job: str, *arguments: float | int | bool, cache: str | None = None) -> dict[str, float]:
    """What a job returns from a process of its own, with the wall seconds of the whole process as `process_s`."""
    environment = os.environ | ONE_THREAD | ({"SPIKELEARN_CACHE": cache} if cache else {})
    if cache:
        environment["NUMBA_CACHE_DIR"] = str(Path(cache) / "numba")
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, "--job", json.dumps([job, *arguments])],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    spent = time.perf_counter() - begun
    if done.returncode != 0:
        raise SystemExit(f"{job}{arguments} failed:\n{done.stderr}")
    return {**json.loads(done.stdout.splitlines()[-1]), "process_s": spent}


def spread(values: list[float], form: str = "{:.2f}") -> str:
    """'median (least to most)'."""
    return f"{form.format(statistics.median(values))} ({form.format(min(values))} to {form.format(max(values))})"


def speed(repeats: int, duration: float) -> list[str]:
    has_nest = importlib.util.find_spec("nest") is not None
    ours, theirs = [], []
    apart("brunel_spikelearn", 1.0, 1)
    for repeat in range(repeats):
        ours.append(apart("brunel_spikelearn", duration, repeat + 1))
        if has_nest:
            theirs.append(apart("brunel_nest", duration, repeat + 1))
    lines = [
        f"Brunel, 12,500 neurons, 15.6 million synapses, dt 0.1 ms, g 5, eta 2, V_reset 0, {duration:g} ms, one "
        f"thread, {repeats} runs each in turn: median (least to most).",
        "",
        "| | wall s per biological s | build s | rate Hz |",
        "|---|---|---|---|",
    ]
    for name, runs in (("spikelearn", ours), ("NEST", theirs)):
        if runs:
            wall = spread([run["simulate_s"] / (duration * 1e-3) for run in runs])
            build, rate = spread([run["build_s"] for run in runs]), spread([run["rate_hz"] for run in runs])
            lines.append(f"| {name} | {wall} | {build} | {rate} |")
    events = statistics.median(run["synaptic_events"] / run["simulate_s"] for run in ours)
    lines += [
        "",
        f"spikelearn: {events * 1e-6:,.0f} million synaptic events a second, those of the Poisson input included.",
    ]
    if has_nest:
        ratios = [b["simulate_s"] / a["simulate_s"] for a, b in zip(ours, theirs, strict=True)]
        lines += [f"NEST takes {spread(ratios, '{:.1f}')} times as long."]
    else:
        lines += ["NEST is not installed (pip install nest-simulator), so there is no ratio."]
    return lines


def start_up(repeats: int) -> list[str]:
    cold, warm = [], []
    for _ in range(max(1, repeats // 2)):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(apart("small_network", cache=cache)["process_s"])
            warm += [apart("small_network", cache=cache)["process_s"] for _ in range(2)]
    return [
        f"Start-up, a process that imports, builds 100 neurons and runs 100 ms: {spread(warm)} s warm, "
        f"{spread(cold)} s with a new cache folder."
    ]


def presentations(repeats: int) -> list[str]:
    found = [apart("trials", 10_000)["microseconds"] for _ in range(repeats)]
    return [
        "10,000 trials of 50 ms, 100 sources and 100 LIF neurons, dt 1 ms, with new rates, a compiled callback and a "
        f"reset of neurons and 1,000 plastic synapses: {spread(found, '{:.1f}')} us each over the simulation itself."
    ]


def memory() -> list[str]:
    lines = []
    for name, heterogeneous in (("one weight", False), ("weights of their own", True)):
        apart("peak_memory", 1.0, heterogeneous)  # a process that compiles has a higher peak
        small, large = (apart("peak_memory", millions, heterogeneous) for millions in (4.0, 16.0))
        each = (large["bytes"] - small["bytes"]) / (large["synapses"] - small["synapses"])
        base = small["bytes"] - each * small["synapses"]
        lines.append(
            f"Memory of static synapses with {name}: {each:.1f} bytes each above a base of {base * 1e-6:.0f} MB."
        )
    return lines


def machine() -> str:
    try:
        model = next(x for x in Path("/proc/cpuinfo").read_text().splitlines() if x.startswith("model name")).split(
            ": "
        )[1]
    except (OSError, StopIteration):
        model = platform.processor()
    versions = []
    for package in ("numpy", "numba", "nest-simulator"):
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{package} missing")
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    return f"{model}, {os.cpu_count()} cores{load}; Python {platform.python_version()}, {', '.join(versions)}."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="runs of each")
    parser.add_argument("--duration", type=float, default=300.0, help="biological ms of a run of Brunel's network")
    parser.add_argument("--only", choices=("speed", "start", "trials", "memory"), help="one part of it")
    parser.add_argument("--write", action="store_true", help="put the result into docs/benchmarks.md")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.job:
        job, *arguments = json.loads(options.job)
        print(json.dumps(JOBS[job](*arguments)))
        return
    parts = {
        "speed": lambda: speed(options.repeats, options.duration),
        "start": lambda: start_up(options.repeats),
        "trials": lambda: presentations(options.repeats),
        "memory": memory,
    }
    chosen = [options.only] if options.only else list(parts)
    lines = [machine(), ""]
    for name in chosen:
        lines += [*parts[name](), ""]
        print("\n".join(lines), flush=True)

    if options.write:
        head = ["# Benchmarks", "", f"    python scripts/benchmark.py {' '.join(sys.argv[1:])}", ""]
        (ROOT / "docs" / "benchmarks.md").write_text("\n".join(head + lines).rstrip() + "\n")


if __name__ == "__main__":
    main()
