"""The command line of sweeps: `spikelearn sweep MODEL ... --out DIR`. Only arguments and printing."""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spikelearn import experiments as ex
from spikelearn import sweep
from spikelearn.cli.arguments import add_model, add_settings
from spikelearn.cli.arguments import path as path_argument
from spikelearn.cli.arguments import seed as seed_argument
from spikelearn.errors import ExperimentError, StoreError
from spikelearn.sweep import design as points
from spikelearn.sweep.progress import Best
from spikelearn.sweep.store import DATABASE, TABLE, Store

_BYTES = {"": 1.0, "m": 1.0, "mb": 1.0, "g": 1024.0, "gb": 1024.0}


def add_sweep(commands: Any) -> None:
    """Add `sweep` to the subcommands."""
    usage = "spikelearn sweep MODEL [--grid NAME=VALUES ...] [--replicates N] [--out DIR] [options]"
    sweep = commands.add_parser(
        "sweep", usage=usage, help="run a model at many parameter points and store each result", allow_abbrev=False,
        epilog="VALUES: START:STOP:NUMBER, START:STOP:NUMBER:log, or A,B,C (A;B if values contain commas). Grids, "
        "samples and tables are crossed. The same command run again computes missing points.",
    )  # fmt: skip
    add_model(sweep)
    sweep.add_argument("--grid", nargs="+", action="extend", default=[], metavar="NAME=VALUES", help="every value")
    for how, text in (("random", "random"), ("sobol", "Sobol"), ("latin", "Latin hypercube")):
        sweep.add_argument(f"--{how}", nargs="+", action="extend", default=[], metavar="NAME=LOW:HIGH[:log]",
                           help=f"{text} points within ranges")  # fmt: skip
    sweep.add_argument("--points", type=int, metavar="N", help="number of random, Sobol or Latin hypercube points")
    sweep.add_argument(
        "--table", type=path_argument, metavar="FILE", help="points from a file: .csv, .json or .parquet"
    )
    sweep.add_argument("--replicates", type=int, default=1, metavar="N", help="runs per point, with different seeds")
    sweep.add_argument("--best", metavar="METRIC[:min]", help="report the highest (or lowest) value of a metric")
    add_common(sweep, "out/MODEL_sweep")
    sweep.set_defaults(action=_sweep)


def add_common(parser: Any, directory: str) -> None:
    """Add the arguments common to all commands that compute points. directory: the default store."""
    add_settings(parser, "set parameters in all points")
    parser.add_argument("--quick", action="store_true", help="the model's short form")
    parser.add_argument("--seed", type=seed_argument, default=1, metavar="N", help="root seed (default 1)")
    parser.add_argument("--out", type=path_argument, metavar="DIR", help=f"the store (default: {directory})")
    parser.add_argument(
        "--metrics", metavar="FILE.py:FUNCTION", help="function Run -> {name: number}, instead of the model's metrics"
    )
    parser.add_argument("--keep", nargs="+", default=["none"], metavar="all|first|NAME=VALUE",
                        help="which runs keep their spikes: all, the first replicates, or these")  # fmt: skip
    parser.add_argument("--workers", type=int, metavar="N", help="points to run in parallel (default: all cores)")
    parser.add_argument("--dask", nargs="?", const="", metavar="ADDRESS",
                        help="use a Dask scheduler; without ADDRESS, a local cluster")  # fmt: skip
    parser.add_argument("--time-limit", metavar="T", help="time limit per point: 90s, 5min, 2h")
    parser.add_argument("--memory-limit", metavar="SIZE", help="memory limit per worker: 500MB, 2GB")
    parser.add_argument("--resume", action="store_true", help="continue an existing store (the default)")
    parser.add_argument("--fresh", action="store_true", help="remove an existing store and start over; asks first")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--retry", action="store_true", help="recompute points that failed")
    parser.add_argument("--accept-changes", action="store_true", help="continue even if the model file has changed")
    parser.add_argument("--quiet", action="store_true", help="log lines instead of a progress bar")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def _sweep(options: argparse.Namespace) -> int:
    experiment = ex.load_experiment(options.model)
    grid = {name: points.values_of(text, f"--grid {name}") for name, text in pairs(options.grid, "--grid")}
    rows = points.read_rows(options.table) if options.table else ()
    wanted = points.Design(grid, _sample(options), rows, options.replicates, options.seed)
    best = _best(options.best, experiment)
    with working(options, experiment, Path("out") / f"{experiment.name}_sweep") as common:
        done = sweep.run(experiment.path, design=wanted, best=best, **common)
    return report(options, done)


@contextmanager
def working(options: argparse.Namespace, experiment: ex.Experiment, default: Path) -> Iterator[dict[str, Any]]:
    """The arguments common to all commands on a store; a cluster opened here is closed at the end of the block.

    default: the default store.
    """
    directory = options.out or default
    if options.fresh and options.resume:
        raise ExperimentError("--fresh starts over and --resume continues: give only one")
    keep = options.keep[0] if options.keep[0] in ("none", "all", "first") else dict(pairs(options.keep, "--keep"))
    common: dict[str, Any] = {
        "out": directory, "settings": dict(pairs(options.settings, "--set")), "quick": options.quick,
        "metrics": _function(options.metrics), "keep": keep, "workers": options.workers,
        "time_limit": None if options.time_limit is None else ex.parse_time(options.time_limit, "--time-limit") * 1e-3,
        "memory_limit": _megabytes(options.memory_limit), "accept_changes": options.accept_changes,
        "retry": options.retry, "progress": False if options.quiet else None,
        "fresh": options.fresh and _agreed(directory, options.yes),
    }  # fmt: skip
    print(f"{experiment.name}: {experiment.summary}\nstore: {directory}", file=sys.stderr)
    before = signal.signal(signal.SIGTERM, _as_interrupt)
    close: Callable[[], None] = lambda: None  # noqa: E731
    try:
        if options.dask is not None:
            from spikelearn.sweep.executors import dask_cluster

            executor, workers, close = dask_cluster(options.dask or None, options.workers)
            common |= {"executor": executor, "workers": workers}
        yield common
    finally:
        close()
        signal.signal(signal.SIGTERM, before)


def report(options: argparse.Namespace, done: sweep.Summary) -> int:
    """Report the outcome; return 1 if points failed."""
    table = done.directory / TABLE
    if options.json:
        report = {
            "table": str(table),
            "points": done.points,
            "computed": done.computed,
            "statuses": dict(done.statuses),
        }
        print(json.dumps(report | {"failed": done.failed, "seconds": done.seconds}))
    else:
        counted = "1 point" if done.points == 1 else f"{done.points:,} points"
        print(f"{counted}, {done.computed:,} of them computed now; {table}")
    if done.failed:
        with Store(done.directory) as store:
            failed = [each for each in store.results() if each["status"] not in ("done", "nan")]
        print(f"{done.failed:,} points failed; --retry computes them again. The first:", file=sys.stderr)
        for each in failed[:5]:
            where = ", ".join(f"{name}={value}" for name, value in each["settings"])
            print(f"  {where} (replicate {each['replicate']}): {each['status']}: {each['error']}", file=sys.stderr)
    if nan := done.statuses.get("nan", 0):
        print(
            f"{nan:,} points have metrics that are not finite (status nan; the column error names them)",
            file=sys.stderr,
        )
    return 1 if done.failed else 0


def pairs(texts: list[str], option: str) -> list[tuple[str, str]]:
    found = [text.partition("=") for text in texts]
    for name, equals, _ in found:
        if not equals or not name:
            raise ExperimentError(f"{option}: expected NAME=VALUE, got {name!r}")
    names = [name for name, _, _ in found]
    for name in names:
        if names.count(name) > 1:
            raise ExperimentError(f"{option}: {name!r} is given twice")
    return [(name, value) for name, _, value in found]


def _sample(options: argparse.Namespace) -> points.Sample | None:
    given = {how: getattr(options, how) for how in points.SAMPLES if getattr(options, how)}
    if not given:
        if options.points is not None:
            raise ExperimentError("--points needs a sample: give --random, --sobol or --latin NAME=LOW:HIGH too")
        return None
    if len(given) > 1:
        raise ExperimentError(f"expected only one kind of sample, got {' and '.join('--' + how for how in given)}")
    ((how, texts),) = given.items()
    if options.points is None:
        raise ExperimentError(f"--{how} needs a number of points: give --points N too")
    ranges = {name: points.range_of(text, f"--{how} {name}") for name, text in pairs(texts, f"--{how}")}
    return points.Sample(how, ranges, options.points)


def _function(text: str | None) -> Callable[..., Mapping[str, Any]] | None:
    if text is None:
        return None
    path, colon, name = text.rpartition(":")
    if not colon or Path(path).suffix != ".py" or not Path(path).is_file():
        raise ExperimentError(f"--metrics: expected FILE.py:FUNCTION with a file that exists, got {text!r}")
    spec = importlib.util.spec_from_file_location("sweep_metrics", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with ex.user_code(Path(path), "--metrics"):
        spec.loader.exec_module(module)
    found = getattr(module, name, None)
    if not callable(found):
        raise ExperimentError(f"--metrics: {path} has no function {name!r}")
    return found


def _best(text: str | None, experiment: ex.Experiment) -> Best | None:
    if text is None:
        first = next(iter(experiment.published), None)
        return None if first is None else Best(first, required=False)
    name, _, way = text.partition(":")
    if way not in ("", "min", "max") or not name:
        raise ExperimentError(f"--best: expected METRIC, METRIC:min or METRIC:max, got {text!r}")
    return Best(name, way == "min")


def _megabytes(text: str | None) -> float | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*([a-zA-Z]*)", text.strip(), re.ASCII)
    if match is None or match[2].lower() not in _BYTES:
        raise ExperimentError(f"--memory-limit: expected a size such as 500MB or 2GB, got {text!r}")
    return float(match[1]) * _BYTES[match[2].lower()]


def _agreed(directory: Path, yes: bool) -> bool:
    """Whether a store may be removed. Asks for confirmation unless it is empty."""
    if not (directory / DATABASE).exists() or yes:
        return True
    try:
        with Store(directory) as store:
            n = sum(store.counts().values())
        what = f"{n:,} points of {directory}"
    except StoreError:
        n, what = 1, f"the contents of {directory}"
    if not n:
        return True
    if not sys.stdin.isatty():
        raise ExperimentError(f"--fresh would remove {what}; confirm with --yes, as standard input is not a terminal")
    if input(f"remove {what}? [y/N] ").strip().lower() not in ("y", "yes"):
        raise ExperimentError("nothing was removed")
    return True


def _as_interrupt(number: int, frame: Any) -> None:
    """End as after Ctrl-C, also where that is ignored, as in a job in the background."""
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):
        raise KeyboardInterrupt
    handler(signal.SIGINT, frame)
