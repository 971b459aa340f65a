"""`spikelearn list`, `spikelearn show MODEL` and `spikelearn new NAME`: the models that there are, and a new one."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from spikelearn import experiments as ex
from spikelearn.atomic_files import reason, replacing
from spikelearn.cli.arguments import add_model
from spikelearn.cli.tables import print_table, shown
from spikelearn.errors import ExperimentError

NEW_MODEL = Path(__file__).with_name("new_model.txt")
"""A model file that runs as it is."""


def add_models(commands: Any) -> None:
    listing = commands.add_parser("list", help="list the models", allow_abbrev=False)
    listing.add_argument("--json", action="store_true", help="one JSON array on standard output")
    listing.set_defaults(action=_list)

    show = commands.add_parser("show", help="what a model is: its parameters and metrics", allow_abbrev=False)
    add_model(show)
    show.add_argument("--json", action="store_true", help="one JSON object on standard output")
    show.set_defaults(action=_show)

    new = commands.add_parser("new", help="write a small model file to begin with", allow_abbrev=False)
    new.add_argument("name", metavar="NAME", help="of the model; the file is NAME.py in this directory")
    new.set_defaults(action=_new)


class HelpOnModel(argparse.Action):
    """`run MODEL --help`: the options, and the parameters of the model if it stands before."""

    def __init__(self, option_strings: Any, dest: str, **_: Any) -> None:
        text = "this help, and the parameters of MODEL if it comes first"
        super().__init__(option_strings, dest=argparse.SUPPRESS, default=argparse.SUPPRESS, nargs=0, help=text)

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *_: Any) -> None:
        parser.print_help()
        if model := getattr(namespace, "model", None):
            experiment = ex.load_experiment(model)
            print(f"\nparameters of {experiment.name}, for --set:")
            print_table(_parameters(experiment))
        parser.exit()


def _list(options: argparse.Namespace) -> int:
    listed = ex.list_experiments()
    if options.json:
        print(json.dumps([{**each._asdict(), "path": str(each.path)} for each in listed]))
    else:
        print_table([(each.name, each.summary) for each in listed])
    return 0


def _show(options: argparse.Namespace) -> int:
    experiment = ex.load_experiment(options.model)
    if options.json:
        print(json.dumps(_as_json(experiment)))
        return 0
    print(f"{experiment.name}: {experiment.text}\n\n{experiment.path}\n")
    print_table(_parameters(experiment))
    if experiment.published:
        print()
        print_table([("metric", "expected", "in range", "kind", "source"), *_published(experiment)])
    return 0


def _parameters(experiment: ex.Experiment) -> list[tuple[str, ...]]:
    rows = ex.parameters_table(experiment, experiment.parameters())
    quick = {name: shown(value) for name, value in experiment.quick.items()}
    head = ("parameter", "default", *(("--quick",) if quick else ()), "unit", "meaning")
    return [
        head,
        *(
            (row.name, shown(row.default), *((quick.get(row.name, ""),) if quick else ()), row.unit, row.doc)
            for row in rows
        ),
    ]


def _published(experiment: ex.Experiment) -> list[tuple[str, ...]]:
    return [
        (name, shown(each.value), _range(each), each.kind, each.source) for name, each in experiment.published.items()
    ]


def _range(published: ex.Expected) -> str:
    low, high = published.low, published.high
    if low is None or high is None:
        return "" if low is high else f"at least {shown(low)}" if high is None else f"at most {shown(high)}"
    return f"{shown(low)} to {shown(high)}"


def _as_json(experiment: ex.Experiment) -> dict[str, Any]:
    return {
        "name": experiment.name, "path": str(experiment.path), "summary": experiment.summary, "text": experiment.text,
        "parameters": [
            {"name": row.name, "default": ex.json_value(row.default), "unit": row.unit, "meaning": row.doc}
            for row in ex.parameters_table(experiment, experiment.parameters())
        ],
        "quick": {name: ex.json_value(value) for name, value in experiment.quick.items()},
        "published": {
            name: {
                "value": ex.json_value(each.value), "low": each.low, "high": each.high, "kind": each.kind,
                "source": each.source,
            }
            for name, each in experiment.published.items()
        },
    }  # fmt: skip


def _new(options: argparse.Namespace) -> int:
    name = options.name.removesuffix(".py")
    if not name.isidentifier() or name.startswith("_"):
        raise ExperimentError(f"new: expected a name of letters, digits and _, such as my_model, got {options.name!r}")
    path = Path(f"{name}.py")
    if path.exists():
        raise ExperimentError(f"new: {path} is there already; nothing was written")
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(NEW_MODEL.read_bytes())
    except OSError as error:
        raise ExperimentError(f"new: {path} cannot be written: {reason(error, path.parent)}") from error
    print(f"{path} is a model that runs: spikelearn run {path}", file=sys.stderr)
    print(path)
    return 0
