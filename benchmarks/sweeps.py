"""One sweep in spikelearn, NEST and Brian2, each in its own style: wall time per point, lines of code, and rates.

    python -m benchmarks.sweeps [--repeats 3] [--workers 2] [--seeds 1,3] [--write]

sweep_in_spikelearn.py, sweep_in_nest.py and sweep_in_brian2.py are everything that a user writes. Whole processes are
timed, from the command to the table on disk, simulators in turn within each round; a first, uncounted round compiles
whatever is compiled once. Different numbers of seeds separate the time of a further point from that of starting a
sweep. --write puts the numbers into docs/sweeps.md.
"""

from __future__ import annotations

import argparse
import ast
import csv
import importlib.metadata
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.agreement import OTHER_WAYS, spread
from benchmarks.report import machine_line
from benchmarks.session import ROOT, machine

HERE = Path(__file__).resolve().parent
PAGE = ROOT / "docs" / "sweeps.md"
BEGIN, END = "<!-- measured by benchmarks/sweeps.py -->", "<!-- end of what was measured -->"
FILES = {name: HERE / f"sweep_in_{name}.py" for name in ("spikelearn", "nest", "brian2")}
TITLES = {"spikelearn": "spikelearn", "nest": "NEST, pool of processes", "brian2": "Brian2 (Cython), pool of processes"}
PACKAGES = ("spikelearn", "nest-simulator", "brian2")
GRID = ("g=4.5,5,6,7,8", "eta=1.5,2,3,4")
POINTS = 20
LIMIT_S = 1800.0
STANDARD_ERRORS = 5.0

Rates = Mapping[tuple[float, float], Sequence[float]]
"""(g, eta) -> rates of all seeds, Hz."""


def code_lines(path: Path) -> int:
    """Number of lines of a Python file that are not blank, comment or docstring."""
    text = path.read_text()
    docstrings: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node, clean=False):
            docstrings.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    lines = enumerate(text.splitlines(), 1)
    return sum(bool(line.strip()) and not line.strip().startswith("#") and k not in docstrings for k, line in lines)


def command(simulator: str, folder: Path, workers: int, seeds: int) -> list[str]:
    if simulator == "spikelearn":
        return [
            sys.executable, "-m", "spikelearn", "sweep", str(FILES[simulator]), "--grid", *GRID, "--replicates",
            str(seeds), "--workers", str(workers), "--out", str(folder), "--quiet",
        ]  # fmt: skip
    return [sys.executable, str(FILES[simulator]), str(folder / "rates.csv"), str(workers), str(seeds)]


def rates_in(folder: Path) -> Rates:
    """The rates in the folder of a sweep, from a table of either kind."""
    if (folder / "rates.csv").exists():
        with (folder / "rates.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
    else:
        from spikelearn.sweep import read_table

        rows = read_table(folder).to_pylist()
    found: dict[tuple[float, float], list[float]] = {}
    for row in rows:
        found.setdefault((float(row["g"]), float(row["eta"])), []).append(float(row["rate"]))
    return found


def measure(simulator: str, workers: int, seeds: int) -> tuple[float, Rates]:
    """Wall seconds of a whole sweep, and its rates. Raises SystemExit if it fails."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    with tempfile.TemporaryDirectory() as name:
        begun = time.perf_counter()
        done = subprocess.run(
            command(simulator, Path(name), workers, seeds), cwd=name, env=environment, capture_output=True, text=True,
            check=False, timeout=LIMIT_S,
        )  # fmt: skip
        spent = time.perf_counter() - begun
        if done.returncode:
            raise SystemExit(f"{simulator}: ended with {done.returncode}: {done.stderr[-2000:]}")
        found = rates_in(Path(name))
    if len(found) != POINTS or any(len(each) != seeds for each in found.values()):
        raise SystemExit(f"{simulator}: expected {POINTS} points with {seeds} seeds, got {len(found)}")
    return spent, found


def tolerance(every: Sequence[Rates]) -> float:
    """The allowed difference between two simulators at a point, relative to the rate: chance plus 2 %.

    Chance is five standard errors of the difference of means. The deviation is that between seeds, over all points and
    simulators; with one seed it is unknown, and the tolerance is infinite.
    """
    seeds = min(len(each) for rates in every for each in rates.values())
    if seeds < 2:
        return math.inf
    variances = [np.var(each, ddof=1) / np.mean(each) ** 2 for rates in every for each in rates.values()]
    return STANDARD_ERRORS * float(np.sqrt(np.mean(variances) * 2.0 / seeds)) + OTHER_WAYS


def differences(ours: Rates, theirs: Rates) -> np.ndarray:
    """(theirs - ours) / ours at each point, of the means over seeds."""
    return np.array([np.mean(theirs[point]) / np.mean(ours[point]) - 1.0 for point in ours])


def versions() -> str:
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)


def page(
    seconds: Mapping[tuple[str, int], Sequence[float]], rates: Mapping[str, Rates], workers: int, load: float
) -> str:
    """The table in Markdown.

    seconds: (simulator, seeds) -> wall seconds of whole sweeps. rates: of the sweeps with most seeds. load: of the
    machine before it began.
    """
    numbers = sorted({seeds for _, seeds in seconds})
    head = [f"ms per point, {POINTS * seeds:,} points" for seeds in numbers]
    if len(numbers) > 1:
        head.append("ms per further point")
    lines = [
        f"{machine_line(machine())} {versions()}. {workers} workers; medians of {len(next(iter(seconds.values())))} "
        f"rounds (min to max); load of the machine at the start: {load:.1f}.", "",
        f"| | lines of code | {' | '.join(head)} | rates |", "|---" * (len(head) + 3) + "|",
    ]  # fmt: skip
    allowed = tolerance(list(rates.values()))
    for simulator, title in TITLES.items():
        cells = [spread([1e3 * s / POINTS / n for s in seconds[simulator, n]], "{:.0f}") for n in numbers]
        if len(numbers) > 1:
            first, last = numbers[0], numbers[-1]
            pairs = zip(seconds[simulator, first], seconds[simulator, last], strict=True)
            further = statistics.median((b - a) / POINTS / (last - first) for a, b in pairs)
            cells.append(f"{1e3 * further:.0f}")
        agrees = "the reference"
        if simulator != "spikelearn":
            off = differences(rates["spikelearn"], rates[simulator])
            word = "agree" if np.all(np.abs(off) <= allowed) else "DIFFER"
            agrees = f"{word}: {100 * off.mean():+.1f} % on average, {100 * np.abs(off).max():.1f} % at most"
        lines.append(f"| {title} | {code_lines(FILES[simulator])} | {' | '.join(cells)} | {agrees} |")
    lines += ["", f"Tolerance of a rate at a point: {100 * allowed:.1f} %."]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seeds", default="1,3", help="comma-separated numbers of seeds")
    parser.add_argument("--write", action="store_true", help="into docs/sweeps.md")
    options = parser.parse_args(arguments)
    numbers = sorted(int(each) for each in options.seeds.split(","))
    seconds: dict[tuple[str, int], list[float]] = {}
    rates: dict[str, Rates] = {}
    load = os.getloadavg()[0]
    for simulator in FILES:
        print(f"preparing {simulator}", file=sys.stderr)
        measure(simulator, options.workers, numbers[0])
    for k in range(options.repeats):
        for seeds in numbers:
            for simulator in list(FILES)[:: 1 if k % 2 else -1]:
                spent, rates[simulator] = measure(simulator, options.workers, seeds)
                seconds.setdefault((simulator, seeds), []).append(spent)
                print(f"round {k + 1}: {simulator}, {seeds} seeds, {spent:.1f} s", file=sys.stderr, flush=True)
    text = page(seconds, rates, options.workers, load)
    print(text)
    if options.write:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
