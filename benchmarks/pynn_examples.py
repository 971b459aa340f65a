"""Time PyNN's VAbenchmarks.py, unchanged, on spikelearn and on back-ends of PyNN.

    PYNN_SOURCE=pynn-0.13.0 python benchmarks/pynn_examples.py time OUT.jsonl nest brian2   # one round; append
    python benchmarks/pynn_examples.py table OUT.jsonl

The times are those that the example prints: of making populations and projections, and of `run`, in which spikelearn
also makes its network. 4,000 cells, 319,000 synapses, 1 s, one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

OURS = "spikelearn"
PRINTED = {"rate": "Excitatory rate", "build": "Build time", "run": "Simulation time"}


def measure(source: Path, backend: str, benchmark: str) -> dict[str, Any]:
    """One run of the example: what it prints."""
    start = [sys.executable, *(["-m", "spikelearn.pynn"] if backend == OURS else [])]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Results").mkdir()
        command = [*start, str(source / "examples/VAbenchmarks.py"), backend, benchmark]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=os.environ)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}:\n{done.stderr[-2000:]}")
    found = {name: re.search(rf"{label}\s*: ([0-9.]+)", done.stdout) for name, label in PRINTED.items()}
    return {"backend": backend, "benchmark": benchmark} | {name: float(m[1]) for name, m in found.items() if m}


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
    parser.add_argument("what", choices=["time", "table"])
    parser.add_argument("file", type=Path)
    parser.add_argument("backends", nargs="*", help="of PyNN, such as nest and brian2")
    parser.add_argument("--benchmarks", nargs="+", default=["CUBA", "COBA"])
    arguments = parser.parse_args()
    if arguments.what == "time":
        source = Path(os.environ.get("PYNN_SOURCE", "")).resolve()
        if not (source / "examples/VAbenchmarks.py").is_file():
            parser.error("PYNN_SOURCE is no folder with PyNN's examples")
        with arguments.file.open("a") as file:
            for benchmark in arguments.benchmarks:
                for backend in (OURS, *arguments.backends):
                    file.write(json.dumps(measure(source, backend, benchmark)) + "\n")
                    file.flush()
    print(table([json.loads(line) for line in arguments.file.read_text().splitlines()]))


if __name__ == "__main__":
    main()
