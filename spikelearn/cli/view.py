"""`spikelearn view MODEL` and `spikelearn view run.h5`: a network or a recorded run in the browser."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from spikelearn import experiments as ex
from spikelearn.cli.arguments import add_settings, path
from spikelearn.cli.arguments import seed as seed_argument
from spikelearn.errors import ExperimentError

RUN_FILE = "run.h5"
MEGABYTE = 1_000_000


def add_view(commands: Any) -> argparse.ArgumentParser:
    usage = (
        "spikelearn view MODEL [--set NAME=VALUE ...] [--seed N] [--duration T] [--quick]\n"
        "       spikelearn view FILE.h5 | DIR\n"
        "       options of both: [--html FILE] [--port N] [--no-browser]"
    )
    view: argparse.ArgumentParser = commands.add_parser(
        "view", usage=usage, help="look at a running model or a saved run in the browser", allow_abbrev=False
    )
    view.add_argument("model", metavar="MODEL|FILE.h5|DIR", help="a model, a run file, or a directory with a run.h5")
    add_settings(view, "set parameters of the model")
    view.add_argument("--seed", type=seed_argument, default=1, metavar="N", help="seed of the model (default 1)")
    view.add_argument("--duration", metavar="T", help="with --html: biological time, ms or with a unit")
    view.add_argument("--quick", action="store_true", help="the model's short form")
    view.add_argument("--html", type=path, metavar="FILE", help="write one page that needs no server, and end")
    view.add_argument("--most", type=float, default=20.0, metavar="MB", help="size of that page (default 20 MB)")
    view.add_argument("--port", type=_port, default=0, metavar="N", help="port on 127.0.0.1 (default: a free one)")
    view.add_argument("--no-browser", action="store_true", help="print the address, and open no browser")
    return view


def _port(text: str) -> int:
    value = int(text) if text.isdecimal() and len(text) < 6 else -1
    if not 0 <= value < 65536:
        raise argparse.ArgumentTypeError(f"expected a port, 0 to 65535, got {text!r}")
    return value


def view(options: argparse.Namespace, settings: Any) -> int:
    """settings: (options, experiment) -> what --set and --duration give."""
    from spikelearn.viewer import shown

    given = Path(options.model)
    if given.suffix in (".h5", ".hdf5") or given.is_dir():
        _check_no_settings(options)
        from spikelearn.io.run_file import load

        file = given / RUN_FILE if given.is_dir() else given
        run, title = load(file), f"{file.resolve().parent.name}/{file.name}"
    elif given.is_file() and given.suffix != ".py":
        raise ExperimentError(
            f"view: {given}: expected a model (a name or a .py file), a run file (.h5) or a directory with a {RUN_FILE}"
        )
    else:
        experiment = ex.load_experiment(options.model)
        parameters = ex.set_parameters(experiment, settings(options, experiment), options.quick)
        title = experiment.name
        if options.html is None:
            net, trials = shown.network_of_model(experiment, parameters, options.seed)
            shown.wait_for(shown.serve(net, title, options.port, trials), not options.no_browser)
            return 0
        run = ex.run_experiment(experiment, parameters, options.seed).run
    if options.html is None:
        shown.wait_for(shown.serve(run, title, options.port), not options.no_browser)
        return 0
    if not 0.1 <= options.most <= 500:
        raise ExperimentError(f"--most: expected 0.1 to 500 MB, got {options.most:g}")
    size = shown.page_of(run, title, options.html, int(options.most * MEGABYTE))
    print(f"{options.html} has {size / MEGABYTE:.1f} MB", file=sys.stderr)
    return 0


def _check_no_settings(options: argparse.Namespace) -> None:
    if options.settings or options.duration is not None or options.quick:
        raise ExperimentError("view: --set, --duration and --quick are for models; a run file is as it was recorded")
