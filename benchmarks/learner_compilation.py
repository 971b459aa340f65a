"""Seconds until a first learner has learned and answered with nothing compiled, and a second one after it.

    python benchmarks/learner_compilation.py --rounds 3 [--first fa --rules bptt brainprop]

Each measurement is a process with an empty cache of machine code. It lets the first learner see and answer a few
examples, which compiles all that it needs, then one of another rule. Times are of the wall, without the import of
spikelearn, and medians over rounds (min to max); the last column is a process in which all is in the cache.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RULES = ("bptt", "fa_spiking", "erbp", "brainprop", "eprop", "burstprop", "microcircuit", "koerding_koenig", "dopamine")


def seconds_of(rules: Sequence[str]) -> list[float]:
    """Until each has learned from few examples and answered one, one after the other in this process."""
    import numpy as np

    from spikelearn.learning.rules import learner_for
    from spikelearn.tasks import yin_yang

    X, y = yin_yang(10, 1)
    found = []
    for rule in rules:
        begun = time.perf_counter()
        learner_for(rule, hidden=(30,), bias=False).partial_fit(X, y, classes=np.arange(3)).predict(X[:1])
        found.append(time.perf_counter() - begun)
    return found


def measured(rules: Sequence[str], cache: str) -> list[float]:
    """The same in a process of its own."""
    code = f"import benchmarks.learner_compilation as own; print(*own.seconds_of({list(rules)!r}))"
    environment = {**os.environ, "SPIKELEARN_CACHE": cache, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )  # fmt: skip
    return [float(each) for each in done.stdout.split()]


def cell(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="default 3")
    parser.add_argument("--first", default="fa", help="default fa")
    parser.add_argument("--rules", nargs="+", default=list(RULES), help="default: one of each kind")
    options = parser.parse_args()
    found: dict[str, list[list[float]]] = {rule: [] for rule in options.rules}
    for _ in range(options.rounds):
        for rule in options.rules:
            with tempfile.TemporaryDirectory() as cache:
                cold = measured([options.first, rule], cache)
                found[rule].append([*cold, measured([rule], cache)[0]])
    print(f"| first: {options.first} | second | s | in the cache |\n|---|---|---|---|")
    for rule, rounds in found.items():
        first, second, warm = (cell(values) for values in zip(*rounds, strict=True))
        print(f"| {first} | {rule} | {second} | {warm} |")


if __name__ == "__main__":
    main()
