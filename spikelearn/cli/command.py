"""The command line: `spikelearn run MODEL` and `spikelearn plot WHAT DIR`; other commands have files of their own.

Only arguments and printing. h5py and matplotlib are imported where they are first used.
Exit codes: 0; 2 for wrong usage and for every SpikelearnError; 130 after Ctrl-C; 141 after a broken pipe.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spikelearn import experiments as ex
from spikelearn.atomic_files import reason, replacing
from spikelearn.cli import compare, fit, models, plot_sweep, sweep, view
from spikelearn.cli.arguments import CommandParser, add_model, add_settings
from spikelearn.cli.arguments import path as path_argument
from spikelearn.cli.arguments import seed as seed_argument
from spikelearn.cli.tables import print_table, shown
from spikelearn.errors import DescriptionError, ExperimentError, RunFileError, SpikelearnError
from spikelearn.extras import needed
from spikelearn.parameters import suggest
from spikelearn.results.run import Run

if TYPE_CHECKING:
    from spikelearn.io.run_writer import RunWriter
    from spikelearn.results.sink import RunHeader

# Synapses of larger projections are left out of run.h5: those of a microcircuit take gigabytes.
MOST_SYNAPSES = 1_000_000
# Longer runs, and runs with more spikes, are too dense for one plot: only their end is drawn (ms).
LONGEST_RASTER, MOST_SPIKES, RASTER_SHOWN = 10_000.0, 300_000, 2000.0
RUN_FILE, METRICS_FILE = "run.h5", "metrics.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    try:
        parser = command_parser()
        if "_ARGCOMPLETE" in os.environ:  # a shell asks for completions, and the process ends with them
            needed("argcomplete", "completions of a shell", "completion").autocomplete(parser)
        _check_command(parser, sys.argv[1:] if arguments is None else arguments)
        options = parser.parse_args(arguments)
        code = options.action(options)
        sys.stdout.flush()
        return code
    except SpikelearnError as error:
        lines = (str(error), *getattr(error, "__notes__", ()))
        print(f"spikelearn: error: {' '.join('; '.join(lines).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as interrupt:
        return _interrupted(str(interrupt) or "output may be incomplete")
    except BrokenPipeError:
        # Python would report the error again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def command_parser() -> CommandParser:
    parser = CommandParser(
        prog="spikelearn", description="Spiking networks that learn the way brains might.", allow_abbrev=False
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command", required=True)

    models.add_models(commands)

    # MODEL comes first: after --set it would be parsed as a setting.
    usage = "spikelearn run MODEL [--set NAME=VALUE ...] [--seed N] [--duration T] [--quick] [--out DIR] [--json]"
    run = commands.add_parser(
        "run", usage=usage, help="simulate a model, report and plot it", allow_abbrev=False, add_help=False
    )
    run.add_argument("-h", "--help", action=models.HelpOnModel)
    add_model(run)
    add_settings(run, "set parameters of the model")
    run.add_argument(
        "--seed", type=seed_argument, default=1, metavar="N", help="seed of all random numbers (default 1)"
    )
    run.add_argument("--duration", metavar="T", help="biological time, ms or with a unit: 500ms, 10s")
    run.add_argument("--quick", action="store_true", help="the model's short form")
    run.add_argument("--out", type=path_argument, metavar="DIR", help="output directory (default: out/MODEL)")
    run.add_argument("--json", action="store_true",
                     help="one JSON object of metrics on standard output; files only with --out")  # fmt: skip
    run.set_defaults(action=_run)

    sweep.add_sweep(commands)
    fit.add_fit(commands)
    compare.add_compare(commands)
    view.add_view(commands).set_defaults(action=lambda options: view.view(options, _settings))

    plot = commands.add_parser("plot", help="draw a saved run, or a sweep", allow_abbrev=False)
    kinds = plot.add_subparsers(metavar="raster|voltage|weights|sweep", required=True)
    for kind, help_text in [
        ("raster", "spikes of populations"),
        ("voltage", "recorded voltages"),
        ("weights", "weights of a projection"),
    ]:
        one = kinds.add_parser(kind, help=help_text, allow_abbrev=False)
        one.add_argument("run", type=path_argument, metavar="DIR", help="a directory with a run.h5, or a run file")
        one.add_argument("--out", type=path_argument, metavar="FILE", help=f"default: {kind}.png next to the run file")
        if kind == "weights":
            one.add_argument("--projection", metavar="NAME", help="default: all")
        else:
            if kind == "raster":
                one.epilog = (
                    f"Without --from and --to, the last {RASTER_SHOWN / 1000:g} s are drawn of a run that is longer "
                    f"than {LONGEST_RASTER / 1000:g} s or has more than {MOST_SPIKES:,} spikes."
                )
            one.add_argument("--from", dest="t_start", metavar="MS", help="start of the plotted window")
            one.add_argument("--to", dest="t_stop", metavar="MS", help="end of the plotted window")
            one.add_argument("--population", nargs="+" if kind == "raster" else 1, metavar="NAME",
                             help="default: all recorded ones")  # fmt: skip
        one.set_defaults(action=_plot, kind=kind)
    plot_sweep.add_plot(kinds).set_defaults(action=_plot_sweep)
    parser.commands = tuple(commands.choices)
    return parser


def _check_command(parser: CommandParser, arguments: Sequence[str]) -> None:
    """End with an error that says what was meant if the command is unknown."""
    first = next((each for each in arguments if not each.startswith("-")), "")
    if not first or first in parser.commands:
        return
    if first.endswith(".py") or first in (each.name for each in ex.list_experiments()):
        parser.error(f"there is no command {first!r}; to run the model: spikelearn run {first}")
    there_are = ", ".join(parser.commands)
    parser.error(f"there is no command {first!r}{suggest(first, parser.commands)}; there are: {there_are}")


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from spikelearn import __version__

        print(f"spikelearn {__version__}")
        parser.exit()


def _run(options: argparse.Namespace) -> int:
    with redirect_stdout(sys.stderr) if options.json else nullcontext():
        metrics, interruption = _simulate_and_report(options)
    if options.json:
        print(json.dumps(metrics))
    return _interrupted(interruption) if interruption else 0


def _interrupted(what_was_saved: str) -> int:
    print(f"\nspikelearn: interrupted; {what_was_saved}", file=sys.stderr)
    return 130


def _simulate_and_report(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Report the metrics, as JSON if requested, and, after Ctrl-C, what was saved."""
    experiment = ex.load_experiment(options.model)
    parameters = ex.set_parameters(experiment, _settings(options, experiment), options.quick)
    forms = [ex.set_parameters(experiment, form.settings) for form in experiment.forms]
    directory = options.out
    if directory is None and not options.json:
        directory = Path("out") / experiment.name
    _print_parameters(experiment, parameters, options)

    if directory is None:
        outcome = ex.run_experiment(experiment, parameters, options.seed)
    else:
        outcome = _simulate_to_disk(experiment, parameters, options.seed, directory)
    metrics = {name: ex.json_value(value) for name, value in outcome.metrics.items()}
    if directory is not None:
        model = {
            "name": experiment.name,
            "path": str(experiment.path),
            "summary": experiment.summary,
            "parameters": dataclasses.asdict(parameters),
            "seed": options.seed,
            "quick": options.quick,
        }
        _remove(_earlier_results(directory, experiment))  # of a model that does not stream they are still there
        _write_results(directory, outcome, metrics, model)
        _draw_pictures(directory, experiment, parameters, outcome)
    _print_metrics(experiment, metrics, parameters, forms)
    if not any(run.interrupted for run in (outcome.run, *outcome.other_runs)):
        return metrics, ""
    where = "nothing was saved" if directory is None else f"saved in {directory}"
    if not outcome.run.interrupted:
        return metrics, f"{where}; the main run is complete, metrics of later runs are missing"
    return metrics, f"{where}; files and metrics cover the run up to {outcome.run.t_stop:g} ms"


def _settings(options: argparse.Namespace, experiment: ex.Experiment) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for text in options.settings:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ExperimentError(f"--set: expected NAME=VALUE, got {text!r}")
        if name in settings:
            raise ExperimentError(f"--set: {name!r} is given twice")
        settings[name] = value
    if options.duration is not None:
        if "duration" in settings:
            raise ExperimentError("the duration is given twice, by --duration and by --set")
        if "duration" not in (names := ex.parameter_names(experiment)):
            raise ExperimentError(
                f"--duration: {experiment.name} has no parameter 'duration'; it has: {', '.join(names)}"
            )
        settings["duration"] = ex.parse_time(options.duration, "--duration")
        if settings["duration"] <= 0:
            raise ExperimentError(f"--duration: expected a time above 0, got {options.duration!r}")
    return settings


def _simulate_to_disk(experiment: ex.Experiment, parameters: Any, seed: int, directory: Path) -> ex.Outcome:
    from spikelearn.io.run_writer import RunWriter

    class Writer(RunWriter):
        def begin(self, header: RunHeader) -> None:
            # Metrics and figures of an earlier run go before its run file does: next to another one they would mislead.
            _remove(earlier)
            super().begin(header)

    with _writing(directory):
        directory.mkdir(parents=True, exist_ok=True)
    earlier = _earlier_results(directory, experiment)
    with closing(Writer(directory / RUN_FILE)) as writer:
        try:
            return ex.run_experiment(experiment, parameters, seed, sink=writer)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(_what_is_in(writer) or "nothing was saved") from None
        except SpikelearnError:
            if there := _what_is_in(writer):
                print(there, file=sys.stderr)
            raise


def _earlier_results(directory: Path, experiment: ex.Experiment) -> list[Path]:
    """What an earlier run left in a directory, without its run file.

    Raises ExperimentError if files with these names do not belong to a run of spikelearn.
    """
    from spikelearn.io.run_file import load_extra

    there = set(os.listdir(directory))
    names = {METRICS_FILE, *_pictures(experiment.name)} & there
    if RUN_FILE in there:
        try:
            before = load_extra(directory / RUN_FILE).get("model", {}).get("name", "")
        except RunFileError as error:
            raise ExperimentError(
                f"{error}; to write a run here, remove or move the file, or give another directory"
            ) from error
        names |= {f"{before}.png"} & there
    elif names:
        raise ExperimentError(
            f"{directory} has {', '.join(sorted(names))}, but no {RUN_FILE}: they are not of a run; to write one here, "
            "remove or move these files, or give another directory"
        )
    # In the opposite order of writing, so that pictures are never without their metrics.
    return [directory / name for name in sorted(names, key=lambda name: (name == METRICS_FILE, name))]


def _what_is_in(writer: RunWriter) -> str:
    return "" if writer.t_saved is None else f"{writer.path} has the run up to {writer.t_saved:g} ms"


def _pictures(model: str) -> tuple[str, str, str]:
    return "raster.png", "voltage.png", f"{model}.png"


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        with _writing(path):
            path.unlink(missing_ok=True)


def _write_results(directory: Path, outcome: ex.Outcome, metrics: Mapping[str, Any], model: Mapping[str, Any]) -> None:
    from spikelearn.io.run_file import save

    run = outcome.run
    large = {name for name, projection in run.projections.items() if projection.n_synapses > MOST_SYNAPSES}
    kept = [name for name in run.synapse_data if name not in large]
    if left_out := [name for name in run.synapse_data if name in large]:
        note = f"{RUN_FILE} leaves out the synapses of projections with more than {MOST_SYNAPSES:,}"
        print(f"{note}: {', '.join(left_out)}", file=sys.stderr)
    save(run, directory / RUN_FILE, extra={"metrics": metrics, "model": model}, synapses=kept)
    path = directory / METRICS_FILE
    with _writing(path), replacing(path) as temporary:
        temporary.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")


def _draw_pictures(directory: Path, experiment: ex.Experiment, parameters: Any, outcome: ex.Outcome) -> None:
    from spikelearn import plots

    drawings: list[Callable[[], Any]] = [
        lambda: plots.raster(outcome.run, None, *_raster_window(outcome.run, None, "raster.png")).figure,
        lambda: plots.voltage(outcome.run).figure,
        *([] if experiment.figure is None else [lambda: ex.draw(experiment, parameters, outcome)]),
    ]
    for name, draw in zip(_pictures(experiment.name), drawings, strict=False):
        path = directory / name
        try:
            figure = draw()
        except SpikelearnError as error:
            print(f"{name} skipped: {error}", file=sys.stderr)
            continue
        plots.save(figure, path)
    print(f"files are in {directory}{os.sep}")


def _plot(options: argparse.Namespace) -> int:
    from spikelearn import plots
    from spikelearn.io.run_file import load

    path = options.run / RUN_FILE if options.run.is_dir() else options.run
    run = load(path)
    if run.interrupted:
        print(f"{path}: this run was interrupted at {run.t_stop:g} ms", file=sys.stderr)
    if options.kind == "weights":
        names = [] if options.projection is None else [options.projection]
        _require(names, run.projections, "projection")
        axes = plots.weights(run, options.projection)
    else:
        limits = ("--from", options.t_start), ("--to", options.t_stop)
        start, stop = (None if text is None else ex.parse_time(text, option) for option, text in limits)
        names = options.population or []
        _require(names, run.populations, "population")
        if options.kind == "raster":
            if start is None and stop is None:
                start, stop = _raster_window(run, names or None, "the picture")
            axes = plots.raster(run, populations=names or None, t_start=start, t_stop=stop)
        else:
            axes = plots.voltage(run, of=names[0] if names else None, t_start=start, t_stop=stop)
    return _save_picture(axes.figure, options.out or path.with_name(f"{options.kind}.png"))


def _plot_sweep(options: argparse.Namespace) -> int:
    kind, figure = plot_sweep.figure_of(options)
    return _save_picture(figure, options.out or options.store / f"{kind}.png")


def _save_picture(figure: Any, out: Path) -> int:
    from spikelearn import plots

    plots.save(figure, out)
    print(out)
    return 0


def _raster_window(run: Run, populations: Sequence[str] | None, picture: str) -> tuple[float | None, float | None]:
    """The default window of a raster: (None, None) is the whole run."""
    kept = [len(found.times) for (name, _), found in run.spike_data.items() if not populations or name in populations]
    if run.duration <= RASTER_SHOWN or (run.duration <= LONGEST_RASTER and sum(kept) <= MOST_SPIKES):
        return None, None
    start, stop = run.t_stop - RASTER_SHOWN, run.t_stop
    print(f"{picture} shows the last {RASTER_SHOWN / 1000:g} s of {run.duration / 1000:g} s", file=sys.stderr)
    return start, stop


def _require(names: Iterable[str], known: Iterable[str], what: str) -> None:
    known = list(known)
    for name in names:
        if name not in known:
            there_are = ", ".join(known) or "none"
            raise DescriptionError(
                f"no {what} called {name!r} in this run{suggest(name, known)}; there are: {there_are}"
            )


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunFileError(f"{path}: cannot be written: {reason(error, path.parent)}") from error


def _print_parameters(experiment: ex.Experiment, parameters: Any, options: argparse.Namespace) -> None:
    print(f"{experiment.name}: {experiment.summary}")
    print(f"seed {options.seed}{', quick form' if options.quick else ''}")
    changed = [row for row in ex.parameters_table(experiment, parameters) if row.value != row.default]
    if changed:
        rows = [(row.name, shown(row.value), shown(row.default), row.unit) for row in changed]
        print()
        print_table([("parameter", "value", "default", "unit"), *rows])
    sys.stdout.flush()


def _print_metrics(
    experiment: ex.Experiment, metrics: Mapping[str, Any], parameters: Any, forms: Sequence[Any]
) -> None:
    rows = []
    for row in ex.metrics_table(experiment, metrics, parameters):
        published: tuple[str, ...] = ("", "", "", "")
        if row.published is not None:
            agrees = {True: "yes", False: "no", None: ""}[row.agrees]
            published = shown(row.published.value), agrees, row.published.kind, row.published.source
        rows.append((row.name, shown(row.value), *published))
    print()
    print_table([("metric", "this run", "expected", "in range", "kind", "source"), *rows])
    if experiment.published and parameters not in [experiment.parameters(), *forms]:
        print("expected values are those of the default parameters")
