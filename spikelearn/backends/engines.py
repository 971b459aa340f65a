"""The list of engines. Each backend is registered by an entry here and imported on first use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from spikelearn.backends.backend import Backend, Choice
from spikelearn.backends.options import NEST, Brian2, Options
from spikelearn.errors import DescriptionError


@dataclass(frozen=True)
class Engine:
    """backend: "module:class" of a Backend. options: the class of its options, or None; `engine=` accepts instances
    of it as well as the name."""

    backend: str
    options: type[Options] | None = None


ENGINES: dict[str, Engine] = {
    "compiled": Engine("spikelearn.backends.compiled:CompiledBackend"),
    "stepper": Engine("spikelearn.backends.compiled:CompiledBackend"),
    "events": Engine("spikelearn.backends.exact.backend:ExactBackend"),
    "nest": Engine("spikelearn.backends.nest.simulator:NESTBackend", NEST),
    "brian2": Engine("spikelearn.backends.brian2.simulator:Brian2Backend", Brian2),
}
"""Name of an engine -> where it is defined."""


def choose(engine: Any) -> Choice:
    """The engine for a name or options. Raises DescriptionError, listing all names, if there is none."""
    for name, entry in ENGINES.items():
        if isinstance(engine, str) and engine == name:
            return Choice(name, None if entry.options is None else entry.options())
        if entry.options is not None and type(engine) is entry.options:
            return Choice(name, engine)
    options = " or ".join(f"{entry.options.__name__}(...)" for entry in ENGINES.values() if entry.options is not None)
    raise DescriptionError(f"engine: expected one of {', '.join(ENGINES)}, or {options}, got {engine!r}")


def backend_of(engine: str) -> type[Backend]:
    """The class that runs networks for an engine."""
    module, _, name = ENGINES[engine].backend.partition(":")
    found: type[Backend] = getattr(import_module(module), name)
    return found


def check_supported(choice: Choice, needed: Iterable[str]) -> None:
    """Raise DescriptionError for the first feature (see Backend.supports) that an engine does not support."""
    for what in needed:
        if what not in backend_of(choice.engine).supports:
            able = " or ".join(f'engine="{name}"' for name in ENGINES if what in backend_of(name).supports)
            raise DescriptionError(f"{what} cannot run on {choice.name}; {able} can")
