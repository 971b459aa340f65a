"""Signals: named arrays of numbers that callbacks write, recorded like state variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.description.population import Reference
from spikelearn.errors import DescriptionError, UnitError
from spikelearn.units import plain, unit_named


@dataclass(frozen=True, eq=False)
class Signal:
    """`size` numbers that callbacks write: a choice, a reward, an error. Made by `Network.signal`.

    unit: that of the numbers; "1" for none. initial: (size,), before the first step.
    """

    name: str
    size: int
    unit: str
    initial: np.ndarray
    uid: int = 0

    ids = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}: {self.size:,}{'' if self.unit == '1' else f' {self.unit}'}>"

    def __len__(self) -> int:
        return self.size

    @property
    def values(self) -> Reference:
        """For callbacks: float64 (size,), the numbers; what a callback writes stays until it is written again."""
        return Reference("signal", self, "value")

    @property
    def recordable(self) -> Mapping[str, tuple[int, str]]:
        """Variable -> how many numbers it has, and their unit."""
        return {"value": (self.size, self.unit)}


def signal_unit(unit: Any, where: str) -> str:
    """The name of a unit. Raises DescriptionError."""
    try:
        name = unit_named(unit).name
    except (UnitError, TypeError, AttributeError):
        name = "port"
    if name == "port":  # a unit of weights only
        raise DescriptionError(f"unit of {where}: expected one such as 'Hz', or '1' for none, got {unit!r:.200}")
    return name


def numbers_of(values: Any, size: int, unit: str, where: str, none: bool = False) -> np.ndarray:
    """(size,) float64, read-only, of one number or of (size,). none: they may be NaN.

    Raises DescriptionError or UnitError.
    """
    found = np.asarray(plain(values, unit, where), np.float64)
    if found.shape not in ((), (size,)) or np.any(np.isinf(found)) or not (none or np.all(np.isfinite(found))):
        expected = "a finite number, NaN, or" if none else "a finite number or"
        raise DescriptionError(f"{where}: expected {expected} ({size},) of them, got {values!r:.200}")
    found = np.broadcast_to(found, size).copy()
    found.flags.writeable = False
    return found
