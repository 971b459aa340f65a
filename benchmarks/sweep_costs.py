"""The cost of a sweep beyond its simulations: two workers versus one, overhead per point, resuming a large store.

    python -m benchmarks.sweep_costs [--points 400] [--repeats 3] [--large 100000]

Run it on an otherwise idle machine. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from spikelearn import experiments as ex
from spikelearn import sweep
from spikelearn.sweep import Design, Store
from spikelearn.sweep import design as points
from spikelearn.sweep.point import Result, source_of
from spikelearn.sweep.task_spec import Work, agree
from spikelearn.version import versions

SMALL = {"order": 200, "duration": 2000.0, "epsilon": 0.1}
"""A Brunel network of 1,000 neurons for 2 s: a point of about 80 ms."""


def timed(folder: Path, n: int, workers: int) -> tuple[float, list[dict]]:
    """Wall seconds of a sweep of n points, and its table."""
    begun = time.perf_counter()
    grid = {"g": [3.0 + 5.0 * k / n for k in range(n)]}
    done = sweep.run("brunel_2000", folder, grid=grid, settings=SMALL, workers=workers, silent=True)
    return time.perf_counter() - begun, done.table().to_pylist()


def scaling(folder: Path, n: int, repeats: int) -> list[str]:
    """Two workers versus one, in turn, and the time of a point beyond the steps of its network."""
    ratios, shares, overheads, beyond = [], [], [], []
    timed(folder / "first", 4, 2)
    for k in range(repeats):
        one, rows = timed(folder / f"one {k}", n, 1)
        two, _ = timed(folder / f"two {k}", n, 2)
        ratios.append(one / two)
        shares.append(one / n)
        overheads.append((one - sum(row["wall_s"] for row in rows)) / n)
        beyond.append(statistics.median(row["wall_s"] - row["metric.wall_s"] for row in rows))
    return [
        f"| speed-up of two workers, {n} points of {1e3 * statistics.median(shares):.0f} ms | {_three(ratios)} times |",
        f"| overhead of a sweep (start, communication, store, table), per point | {_three(overheads, 1e3)} ms |",
        f"| overhead of a point (building the network, metrics, loading) | {_three(beyond, 1e3)} ms |",
    ]


def resume(folder: Path, n: int) -> str:
    """The command on a store with all of n points, from start to end of its process."""
    experiment = ex.load_experiment("brunel_2000")
    grid = {"g": [k / 100 for k in range(n // 10)], "eta": [k / 10 for k in range(10)]}
    design, made_by = Design(grid).checked(experiment, {}), versions()
    with Store(folder, create=True) as store:
        agree(store, experiment, Work("brunel_2000"), 1, False)
        source, metrics = source_of(experiment), {"rate_hz": 1.0, "cv_isi": 0.5}
        results = []
        for each in design.points(experiment):
            key, seed = points.key_of(each, 0, 1), points.seed_of(each, 0, 1)
            results.append(
                Result(
                    key, each, 0, seed, source, "done", dict(each), metrics, wall_s=0.1, peak_mb=100.0, versions=made_by
                )
            )
        store.add(results)
    grids = f"g=0:{(n // 10 - 1) / 100}:{n // 10}", "eta=0:0.9:10"
    words = [sys.executable, "-m", "spikelearn", "sweep", "brunel_2000", "--grid", *grids, "--out", str(folder)]
    subprocess.run(words, check=True, capture_output=True)
    begun = time.perf_counter()
    printed = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    spent = time.perf_counter() - begun
    assert printed.startswith(f"{n:,} points, 0 of them computed now"), printed
    return f"| resume a complete store of {n:,} points, including the start of the process | {spent:.2f} s |"


def _three(values: list[float], unit: float = 1.0) -> str:
    shown = sorted(value * unit for value in values)
    return f"{statistics.median(shown):.2f} ({shown[0]:.2f} to {shown[-1]:.2f})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--large", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = scaling(Path(folder), arguments.points, arguments.repeats)
        lines.append(resume(Path(folder) / "large", arguments.large))
    print("\n".join(["| what | median (min to max) |", "|---|---|", *lines]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
