"""Arguments that several commands have: their types, and how a shell completes them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from spikelearn import experiments as ex
from spikelearn.errors import SpikelearnError
from spikelearn.parameters import suggest


class CommandParser(argparse.ArgumentParser):
    """A parser whose commands report unknown arguments themselves, with their own usage, and say what was meant."""

    commands: tuple[str, ...] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unknown argument {unknown[0]}{self._meant(unknown[0])}")
        return found, unknown

    def _meant(self, unknown: str) -> str:
        name = unknown.partition("=")[0]
        close = suggest(name, self._option_string_actions)
        if close or "--set" not in self._option_string_actions or not name.startswith("--"):
            return close
        return f"; parameters of the model are set with --set {name.strip('-').replace('-', '_')}=VALUE"


def seed(text: str) -> int:
    value = int(text) if text.isdecimal() and len(text) < 20 else -1
    if not 0 <= value < 1 << 63:
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 to 2^63 - 1, got {text!r}")
    return value


def path(text: str) -> Path:
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f"expected a path, got {text!r}")
    return Path(text)


def add_model(parser: argparse.ArgumentParser) -> None:
    model = parser.add_argument("model", metavar="MODEL", help="a name from `spikelearn list`, or a path to a file")
    _complete(model, lambda prefix, options: [each.name for each in ex.list_experiments()])


def add_settings(parser: argparse.ArgumentParser, text: str) -> None:
    """--set NAME=VALUE, any number of them."""
    settings = parser.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE", dest="settings", help=text
    )
    _complete(settings, lambda prefix, options: [f"{name}=" for name in _parameters_of(options)])


def _parameters_of(options: argparse.Namespace) -> list[str]:
    try:
        return ex.parameter_names(ex.load_experiment(options.model))
    except SpikelearnError:
        return []


def _complete(argument: argparse.Action, found: Any) -> None:
    """Where argcomplete looks for the completions of an argument."""
    argument.completer = lambda prefix, parsed_args, **_: found(prefix, parsed_args)  # type: ignore[attr-defined]
