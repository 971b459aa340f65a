"""Packages that are installed only with an extra."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from spikelearn.errors import ExperimentError


def needed(module: str, what: str, extra: str = "sweep") -> Any:
    """A module that `what`, such as "sweeps", need. Raises ExperimentError, saying how to install it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        raise ExperimentError(
            f"{what} need {package}, which is not installed: pip install 'spikelearn[{extra}]'"
        ) from error
