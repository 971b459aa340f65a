"""Tables and values on standard output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spikelearn.description.overview import aligned


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print the rows, aligned."""
    for line in aligned(rows):
        print(line)


def shown(value: Any) -> str:
    """A value as it is set by --set; floats with five digits."""
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return ",".join(map(shown, value))
    return f"{value:.5g}" if isinstance(value, float) else str(value)
