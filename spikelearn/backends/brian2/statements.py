"""Brian2's syntax: quantities, and the names in equations and statements."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from spikelearn.equations.brian import import_brian2
from spikelearn.errors import DescriptionError

_BASE = ("metre", "kilogram", "second", "amp", "kelvin", "mole", "candle")


def unit_of(name: str) -> Any:
    """'mV', '1', 'pA/ms', ... as a Brian2 unit; '' and 'port' have none."""
    brian2 = import_brian2()
    if name in ("1", "", "port"):
        return 1.0
    # unit names come from the models' files, never from user input
    return eval(name, {"__builtins__": {}}, {**vars(brian2.units.allunits), **vars(brian2.units.stdunits)})


def quantity(value: Any, unit: str) -> Any:
    return (float(value) if np.ndim(value) == 0 else np.asarray(value, float)) * unit_of(unit)


def declared_unit(unit: str) -> str:
    """The unit in which a variable is declared in equations: in base units."""
    dimensions = getattr(getattr(unit_of(unit), "dim", None), "_dims", ())
    powers = [f"{base}**{power:g}" for base, power in zip(_BASE, dimensions, strict=False) if power]
    return "*".join(powers) or "1"


def renamed(text: str, names: Iterable[str], suffix: str) -> str:
    """Text in which these names, also in their derivatives, get a suffix."""
    given = {name: name + suffix for name in names}
    return replaced(text, given | {f"d{name}": f"d{new}" for name, new in given.items()})


def replaced(text: str, names: dict[str, str]) -> str:
    """Text with whole words replaced."""
    if not names:
        return text
    return re.sub(r"\b(" + "|".join(map(re.escape, names)) + r")\b", lambda found: names[found.group()], text)


def lines(statements: str) -> list[str]:
    """The individual statements of a text."""
    return [part.strip() for line in statements.splitlines() for part in line.split(";") if part.strip()]


def assigned(statement: str) -> str:
    """The variable that a statement assigns."""
    found = re.match(r"\s*(\w+)\s*[-+*/]?=", statement)
    if found is None:
        raise DescriptionError(f"expected a statement such as 'V_m = V_reset', got {statement!r}")
    return found.group(1)
