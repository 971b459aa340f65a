"""Tune the rules of `spikelearn compare`, and their controls, all with the same budget, on validation examples only.

    python scripts/tune_learners.py --rules fa bptt --task yin_yang --out out/tuning

For each rule and control it tries as many settings, each with the same learner seeds, which are not those of
comparisons. The first is the rule's default; in the others both learning rates are multiplied by random factors, by
default from 1/4 to 4, and the decay is one of a few. It prints the table of the best, by mean accuracy on validation
examples, with what the default reached. What is to be kept is copied to `spikelearn/learning/tuned.py`. It resumes
where it stopped. With --examples and --epochs learners that take long are tuned on less than they will learn.
"""

from __future__ import annotations

import argparse
import os
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

CONTROLS = ("none", "frozen", "linear")
SEEDS = (101, 102)
DECAYS = (0.8, 0.9, 0.95)


def options_of(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", nargs="+", metavar="RULE", help="default: all")
    parser.add_argument("--task", default="yin_yang", help="default yin_yang")
    parser.add_argument("--settings", type=int, default=12, metavar="N", help="of each rule and control (default 12)")
    parser.add_argument(
        "--factors",
        nargs=2,
        type=float,
        default=(0.25, 4.0),
        metavar=("MIN", "MAX"),
        help="of learning rates (default 0.25 4)",
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS, metavar="SEED", help="default 101 102")
    parser.add_argument("--examples", type=int, default=0, metavar="N", help="learn from the first N only")
    parser.add_argument("--tests", type=int, default=0, metavar="N", help="test on the first N only")
    parser.add_argument("--epochs", type=int, default=0, metavar="N", help="default: the rule's own number")
    parser.add_argument("--hidden", nargs="+", type=int, default=(), metavar="N", help="default: the task's own")
    parser.add_argument("--mnist", default="", metavar="DIR", help="folder of MNIST's files")
    parser.add_argument("--controls", nargs="+", default=CONTROLS, choices=CONTROLS, help="default: all")
    parser.add_argument("--out", type=Path, default=Path("out/tuning"), help="folder of the store (default out/tuning)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="default: all cores")
    return parser.parse_args(arguments)


def settings_of(
    rule: str, task: str, control: str, n: int, factors: Sequence[float] = (0.25, 4.0)
) -> list[dict[str, Any]]:
    """Learning rates and decay. Drawn from the names alone, so that more settings begin with the same ones."""
    from spikelearn.learning.rules import learner_for

    own = learner_for(rule)
    generator = np.random.default_rng(zlib.crc32(f"{rule} {task} {control}".encode()))
    found = [{"learning_rate": own.rates, "decay": float(own.decay)}]
    for _ in range(n - 1):
        drawn = np.exp(generator.uniform(*np.log(factors), 2))
        rates = tuple(float(f"{rate * factor:.2g}") for rate, factor in zip(own.rates, drawn, strict=True))
        found.append({"learning_rate": rates, "decay": float(generator.choice(DECAYS))})
    return found


def table_of(points: Sequence[dict[str, Any]], tried: dict[tuple[str, str], list[dict[str, Any]]]) -> list[str]:
    """Lines of Markdown: the best of each rule and control."""
    lines = [
        "| rule | control | settings | best: rates | decay | validation accuracy | default |",
        "|---|---|---|---|---|---|---|",
    ]
    for (rule, control), settings in tried.items():
        means = []
        for setting in settings:
            there = [
                point["test_accuracy"] for point in points
                if (point["rule"], point["control"]) == (rule, control) and _is(point, setting)
                and point["test_accuracy"] is not None
            ]  # fmt: skip
            means.append(float(np.mean(there)) if there else float("nan"))
        best = int(np.nanargmax(means))
        rates = ", ".join(f"{rate:g}" for rate in settings[best]["learning_rate"])
        lines.append(
            f"| {rule} | {control} | {len(settings)} | {rates} | {settings[best]['decay']:g} | {means[best]:.3f} "
            f"| {means[0]:.3f} |"
        )
    return lines


def _is(point: dict[str, Any], setting: dict[str, Any]) -> bool:
    rates = tuple(float(rate) for rate in str(point["learning_rate"]).split(","))
    return rates == setting["learning_rate"] and float(point["decay"]) == setting["decay"]


def main(arguments: list[str] | None = None) -> int:
    from spikelearn import sweep
    from spikelearn.errors import SpikelearnError
    from spikelearn.learning.rules import RULES

    options = options_of(arguments)
    low, high = options.factors
    if not 0.0 < low < high:
        print(f"--factors: expected two positive numbers, the smaller first, got {low:g} and {high:g}", file=sys.stderr)
        return 1
    try:
        tried = {
            (rule, control): settings_of(rule, options.task, control, options.settings, options.factors)
            for rule in options.rules or RULES
            for control in options.controls
        }
        rows = [
            {"rule": rule, "task": options.task, "control": control, "learner_seed": seed, **setting}
            for (rule, control), settings in tried.items()
            for setting in settings
            for seed in options.seeds
        ]
        fixed: dict[str, Any] = {"validation": True, "angles": False}
        given = {name: getattr(options, name) for name in ("examples", "tests", "epochs", "mnist")}
        given["hidden"] = tuple(options.hidden)
        fixed |= {name: value for name, value in given.items() if value}
        done = sweep.run(
            "credit_assignment", options.out, sweep.Design(rows=rows), settings=fixed, workers=options.workers
        )
        print("\n".join(table_of(done.table().to_pylist(), tried)))
    except SpikelearnError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
