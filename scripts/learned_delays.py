"""Whether learning delays helps where lags between spikes are all that matters (Mészáros, Knight & Nowotny 2025).

    python scripts/learned_delays.py [--seeds 5]

Classes of `sl.tasks.spike_lags` are lags between two spikes. Networks of the same size learn them by EventProp: with
equal delays; with delays drawn at random that stay so; with these and weights that stay instead; with both learned; and
both under a shuffled teacher. All have the same rates. Prints a table.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from spikelearn.learning.examples import examples_of  # noqa: E402
from spikelearn.learning.rules import learner_for  # noqa: E402

NETWORKS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "weights learn, equal delays": ("eventprop", {}),
    "weights learn, random delays": ("eventprop_delays", {"delay_rate": 0.0}),
    "delays learn, random weights": ("eventprop_delays", {"learning_rate": (0.0, 0.0)}),
    "weights and delays learn": ("eventprop_delays", {}),
    "both, shuffled teacher": ("eventprop_delays", {"control": "shuffled_teacher"}),
}
"""What is compared -> its rule and parameters."""


def accuracy(name: str, seed: int, examples: int = 0, epochs: int = 0) -> float:
    """On the examples for the test. examples, epochs: 0 for all of the task's and the learner's own."""
    task = examples_of("lags")
    rule, given = NETWORKS[name]
    learner = learner_for(rule, "lags", **{**dict(task.learner), **given}, seed=seed)
    learner.set_params(epochs=epochs or learner.epochs)
    n = examples or len(task.X)
    return float(learner.fit(task.X[:n], task.y[:n]).score(task.X_test, task.y_test))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="learners of each (default 5)")
    parser.add_argument("--quick", action="store_true", help="one seed, few examples and epochs")
    options = parser.parse_args(arguments)
    seeds = range(1, 2 if options.quick else options.seeds + 1)
    few = {"examples": 50, "epochs": 2} if options.quick else {}
    print(f"| | {' | '.join(f'seed {seed}' for seed in seeds)} | mean |")
    print("|---" * (len(seeds) + 2) + "|")
    for name in NETWORKS:
        reached = [accuracy(name, seed, **few) for seed in seeds]
        print(f"| {name} | {' | '.join(f'{each:.3f}' for each in (*reached, np.mean(reached)))} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
