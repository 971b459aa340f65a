"""Warnings that show the line of a user's program."""

from __future__ import annotations

import sys
import warnings


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning that shows the line of the program that called spikelearn, however deep inside it arises."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "spikelearn":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
