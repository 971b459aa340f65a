"""The command line of fits: `spikelearn fit MODEL --target METRIC=VALUE --search ...`. Only arguments and printing."""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spikelearn import experiments as ex
from spikelearn import sweep
from spikelearn.cli.arguments import add_model
from spikelearn.cli.sweep import add_common, pairs, working
from spikelearn.errors import ExperimentError
from spikelearn.sweep.optuna_trials import SAMPLERS
from spikelearn.sweep.store import TABLE

_ERRORS_SHOWN = 5


def add_fit(commands: Any) -> None:
    """Add `fit` to the subcommands."""
    usage = "spikelearn fit MODEL --target METRIC=VALUE [...] --search NAME=VALUES [...] [--trials N] [options]"
    fit = commands.add_parser(
        "fit", usage=usage, help="search for parameters at which a model's metrics reach targets", allow_abbrev=False,
        epilog="VALUES: LOW:HIGH, LOW:HIGH:log, or A,B,C. Minimizes the sum of squared relative errors "
        "of the targets (absolute errors where a target is 0). The same command run again continues.",
    )  # fmt: skip
    add_model(fit)
    fit.add_argument(
        "--target", nargs="+", action="extend", default=[], metavar="METRIC=VALUE", help="target value of a metric"
    )
    fit.add_argument("--minimize", metavar="METRIC", help="minimize a metric instead")
    fit.add_argument("--maximize", metavar="METRIC", help="maximize a metric instead")
    fit.add_argument(
        "--search", nargs="+", action="extend", default=[], metavar="NAME=VALUES", help="range or values to search"
    )
    fit.add_argument(
        "--trials",
        type=int,
        default=100,
        metavar="N",
        help="total number of trials, including existing ones (default 100)",
    )
    fit.add_argument("--replicates", type=int, default=1, metavar="N", help="runs per trial, with different seeds")
    fit.add_argument("--sampler", choices=SAMPLERS, default="tpe", help="sampler that proposes trials (default: tpe)")
    fit.add_argument("--no-pruning", action="store_true", help="compute all replicates even of hopeless trials")
    add_common(fit, "out/MODEL_fit")
    fit.set_defaults(action=_fit)


def _fit(options: argparse.Namespace) -> int:
    experiment = ex.load_experiment(options.model)
    targets = {name: _number(text, f"--target {name}") for name, text in pairs(options.target, "--target")}
    search = dict(pairs(options.search, "--search"))
    with working(options, experiment, Path("out") / f"{experiment.name}_fit") as common:
        found = sweep.fit(
            experiment.path, search=search, targets=targets, minimize=options.minimize, maximize=options.maximize,
            trials=options.trials, replicates=options.replicates, seed=options.seed, sampler=options.sampler,
            pruning=not options.no_pruning, **common,
        )  # fmt: skip
    return _report(options, found)


def _report(options: argparse.Namespace, found: sweep.Fitted) -> int:
    """Report the result; return 1 if there is none."""
    table = found.directory / TABLE
    trials = found.ended + found.failed + found.pruned
    if options.json:
        print(json.dumps({
            "best": {name: ex.json_value(value) for name, value in found.best.items()},
            found.objective.name: ex.json_value(found.value),
            "metrics": {name: ex.json_value(list(values)) for name, values in found.metrics.items()},
            "command": found.command, "table": str(table), "trials": trials, "failed": found.failed,
            "pruned": found.pruned, "computed": found.computed, "seconds": found.seconds,
        }))  # fmt: skip
    else:
        print(
            f"{trials:,} trials, {found.failed:,} of them failed, {found.pruned:,} pruned; {found.computed:,} points "
            f"computed now; {table}"
        )
    if found.errors:
        print(
            f"{found.failed:,} trials failed; --retry computes again those that raised or crashed. The first:",
            file=sys.stderr,
        )
    for error in found.errors[:_ERRORS_SHOWN]:
        print(f"  {error}", file=sys.stderr)
    if not found.best:
        print("no trial returned a number, so there is no best one", file=sys.stderr)
        return 1
    if not options.json:
        print(f"best: {', '.join(f'{name}={value}' for name, value in found.best.items())}")
        if found.objective.targets:
            print(f"  loss {found.value:.5g}")
        for name in found.objective.metrics:
            wanted = found.objective.targets.get(name)
            target = "" if wanted is None else f", target {wanted:g}"
            print(f"  {name} {_over_replicates(found.metrics[name])}{target}")
        print(found.command)
    return 0


def _over_replicates(values: Sequence[float]) -> str:
    if len(values) == 1:
        return f"{values[0]:.5g}"
    mean, spread = statistics.fmean(values), statistics.stdev(values)
    return f"{mean:.5g} (standard deviation {spread:.2g} over {len(values)} replicates)"


def _number(text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ExperimentError(f"{what}: expected a finite number, got {text!r}")
    return value
