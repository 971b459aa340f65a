"""Functions in Python that a network calls between its steps at regular times."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from spikelearn.codegen.pickling import HoldsFunctions
from spikelearn.errors import DescriptionError


@dataclass(frozen=True, eq=False)
class Regular(HoldsFunctions):
    """function(network), called between two steps whenever their number is a multiple of `every`: Network.every."""

    function: Callable[[Any], Any]
    every: int

    def __post_init__(self) -> None:
        where = f"every: function {self.name}"
        if not callable(self.function):
            raise DescriptionError(f"every: expected a function of the network, got {self.function!r:.200}")
        function = inspect.unwrap(self.function)
        if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
            raise DescriptionError(f"{where}: expected one without yield or async")
        try:
            inspect.signature(self.function).bind("net")
        except (TypeError, ValueError) as error:
            raise DescriptionError(f"{where}: expected one that is called with the network alone: {error}") from None

    @property
    def name(self) -> str:
        return str(getattr(self.function, "__name__", type(self.function).__name__))
