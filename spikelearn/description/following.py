"""Modulators whose level follows signals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.description.population import Modulator, Reference
from spikelearn.description.signal import Signal
from spikelearn.errors import DescriptionError


@dataclass(frozen=True, eq=False)
class Following:
    """A term of a modulator's level: the sum of weights times a signal, and derivatives times how it changes.

    weights: (signal.size,). derivatives: (signal.size,), in ms. offset: a constant that is added.
    """

    modulator: Modulator
    signal: Signal
    weights: np.ndarray
    derivatives: np.ndarray
    offset: float


def check_nothing_else_sets(
    followings: Sequence[Following], releases: Iterable[Any], targets: Iterable[Any], callbacks: Iterable[Any],
    where: str = "",
) -> None:  # fmt: skip
    """Raise DescriptionError if something besides the signals that a modulator follows changes its level.

    releases: modulators. targets: of projections. callbacks: Callbacks.
    """
    followed = {following.modulator for following in followings}
    written = {
        argument.owner: callback.name
        for callback in callbacks
        for argument in callback.arguments
        if isinstance(argument, Reference) and argument.what == "release"
    }
    for others, what in ((releases, "a release"), (targets, "a projection"), (written, "the release of a callback")):
        for modulator in others:
            if modulator in followed:
                raise DescriptionError(
                    f"modulator {modulator.name!r} follows signals, so {what}{where} has no effect on it; expected "
                    "another signal for that, which it follows too"
                )
