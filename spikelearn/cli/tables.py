"""Tables and values on standard output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Columns of the same width, two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def shown(value: Any) -> str:
    """A value as it is set by --set; floats with five digits."""
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return ",".join(map(shown, value))
    return f"{value:.5g}" if isinstance(value, float) else str(value)
