"""Time PyNN's examples, unchanged, on spikelearn and on back-ends of PyNN.

    PYNN_SOURCE=pynn-0.13.0 python benchmarks/pynn_examples.py time OUT.jsonl nest brian2   # one round; append
    PYNN_SOURCE=pynn-0.13.0 python benchmarks/pynn_examples.py small OUT.jsonl nest brian2  # the small ones; append
    python benchmarks/pynn_examples.py table OUT.jsonl

The times of VAbenchmarks.py are those that it prints: of making populations and projections, and of `run`, in which
spikelearn also makes its network. 4,000 cells, 319,000 synapses, 1 s, one thread. Those of the small examples are
seconds of the processor for the whole command, which are mostly imports; what was compiled before stays compiled.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

OURS = "spikelearn"
SMALL = (
    "HH_cond_exp2 Izhikevich StepCurrentSource brunel cell_type_demonstration connections current_injection "
    "distrib_example gif_neuron inhomogeneous_network monolith_vs_composed multi_synapse multiquantal_synapses "
    "parameter_changes random_distributions random_numbers simpleRandomNetwork simple_STDP small_network "
    "specific_network stdp_network stochastic_deterministic_comparison stochastic_synapses stochastic_tsodyksmarkram "
    "synaptic_input tsodyksmarkram update_spike_source_array varying_poisson"
).split()
LONGEST = 300.0
"""s, after which a small example is stopped."""
PRINTED = {"rate": "Excitatory rate", "build": "Build time", "run": "Simulation time"}


def ended(source: Path, backend: str, example: str, *more: str, longest: float | None = None) -> Any:
    """What subprocess.run returns of one run of an example, in a folder of its own."""
    start = [sys.executable, *(["-m", "spikelearn.pynn"] if backend == OURS else [])]
    command = [*start, str(source / f"examples/{example}.py"), backend, *more]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Results").mkdir()
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=longest)


def measure(source: Path, backend: str, benchmark: str) -> dict[str, Any]:
    """One run of VAbenchmarks.py: what it prints."""
    done = ended(source, backend, "VAbenchmarks", benchmark)
    if done.returncode:
        raise SystemExit(f"{' '.join(done.args)}:\n{done.stderr[-2000:]}")
    found = {name: re.search(rf"{label}\s*: ([0-9.]+)", done.stdout) for name, label in PRINTED.items()}
    return {"backend": backend, "benchmark": benchmark} | {name: float(m[1]) for name, m in found.items() if m}


def measure_small(source: Path, backend: str, example: str) -> dict[str, Any]:
    """One run of a small example: seconds of the processor, or how it ended."""
    row: dict[str, Any] = {"backend": backend, "example": example}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = ended(source, backend, example, longest=LONGEST)
    except subprocess.TimeoutExpired:
        return row | {"ended": f"over {LONGEST:g}"}
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        return row | {"ended": "an error", "error": (done.stderr.strip().splitlines() or ["no message"])[-1][:100]}
    return row | {"cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}


def small_table(rows: list[dict[str, Any]]) -> str:
    """Medians of the processor's seconds of each back-end, and how many times those of spikelearn they are.

    Examples that do not run on spikelearn are left out.
    """
    times, ends = defaultdict(list), {}
    for row in rows:
        key = row["example"], row["backend"]
        times[key] += [row["cpu_s"]] if "cpu_s" in row else []
        ends[key] = row.get("ended", "")
    others = [each for each in dict.fromkeys(row["backend"] for row in rows) if each != OURS]
    lines = [f"| example | {OURS} (s) | " + " | ".join(f"{each} (s), ratio" for each in others) + " |"]
    lines.append("|---" * (len(others) + 2) + "|")
    for example in dict.fromkeys(row["example"] for row in rows):
        if not times[example, OURS]:
            continue
        ours = statistics.median(times[example, OURS])
        cells = [example, f"{ours:.1f}"]
        for each in others:
            median = statistics.median(times[example, each]) if times[example, each] else None
            cells.append(ends.get((example, each), "") if median is None else f"{median:.1f}, {median / ours:.1f}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def table(rows: list[dict[str, Any]]) -> str:
    """Medians (smallest to largest), and how many times as long as spikelearn each takes."""
    groups = defaultdict(list)
    for row in rows:
        groups[row["benchmark"], row["backend"]].append(row)

    def median(of: list[dict[str, Any]], name: str) -> float:
        return statistics.median(row[name] for row in of)

    lines = ["| example | back-end | rate (Hz) | build (s) | run (s) | build, ratio | run, ratio |", "|---" * 7 + "|"]
    for (benchmark, backend), of in groups.items():
        ours = groups[benchmark, OURS]
        cells = [f"VAbenchmarks {benchmark}", backend, f"{median(of, 'rate'):.2f}"]
        for name in ("build", "run"):
            values = [row[name] for row in of]
            cells.append(f"{median(of, name):.2f} ({min(values):.2f} to {max(values):.2f})")
        cells += [f"{median(of, name) / median(ours, name):.1f}" for name in ("build", "run")]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["time", "small", "table"])
    parser.add_argument("file", type=Path)
    parser.add_argument("backends", nargs="*", help="of PyNN, such as nest and brian2")
    parser.add_argument("--benchmarks", nargs="+", default=["CUBA", "COBA"])
    arguments = parser.parse_args()
    if arguments.what != "table":
        source = Path(os.environ.get("PYNN_SOURCE", "")).resolve()
        if not (source / "examples/VAbenchmarks.py").is_file():
            parser.error("PYNN_SOURCE is no folder with PyNN's examples")
        one, names = (measure, arguments.benchmarks) if arguments.what == "time" else (measure_small, SMALL)
        with arguments.file.open("a") as file:
            for name in names:
                for backend in (OURS, *arguments.backends):
                    file.write(json.dumps(one(source, backend, name)) + "\n")
                    file.flush()
    rows = [json.loads(line) for line in arguments.file.read_text().splitlines()]
    for kind, show in (("benchmark", table), ("example", small_table)):
        if of_kind := [row for row in rows if kind in row]:
            print(show(of_kind))


if __name__ == "__main__":
    main()
