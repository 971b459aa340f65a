"""The arguments of Network.run, checked before anything is built or simulated."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spikelearn.description.trials import Trials
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.results.run import Run
from spikelearn.results.sink import MemorySink, Sink
from spikelearn.units import plain

_SINK_METHODS = ("begin", "spikes", "trace", "flush", "end", "spike_data", "trace_data")


@dataclass(frozen=True)
class RunRequest:
    """The arguments of Network.run, in steps and with one type each; they are documented there.

    checkpoint_steps: steps between intermediate checkpoints; 0: only a checkpoint at the end.
    """

    n_steps: int
    trials: Trials | None
    sink: Sink
    progress: bool | None
    checkpoint: Path | None
    checkpoint_steps: int
    after: Run | None

    @property
    def needs(self) -> Iterator[str]:
        """The features that a backend must support: see Backend.supports."""
        if self.trials is not None:
            yield "trials"
        if self.checkpoint is not None or self.after is not None:
            yield "checkpoints"

    @property
    def named(self) -> Iterator[tuple[str, Any]]:
        """(where, population, projection or modulator) for everything that phases name."""
        for k, phase in enumerate(self.trials.phases if self.trials is not None else ()):
            yield from ((f"{where} of phase {k}", part) for where, part in phase.references())


def check_request(
    dt: float,
    duration: Any,
    trials: Any,
    sink: Any,
    progress: Any,
    checkpoint: Any,
    checkpoint_every: Any,
    after: Any,
) -> RunRequest:
    """The arguments of Network.run, checked. Raises DescriptionError, ParameterError or UnitError."""
    n_steps = _n_steps(dt, duration, trials)
    checkpoint_steps = _checkpoint_steps(dt, checkpoint, checkpoint_every, trials)
    if sink is not None and (missing := [name for name in _SINK_METHODS if not callable(getattr(sink, name, None))]):
        raise DescriptionError(f"sink of run: expected a Sink, which has {', '.join(missing)}, got {sink!r}")
    if not isinstance(progress, bool | np.bool_ | None):
        raise DescriptionError(f"progress of run: expected True, False or None, got {progress!r}")
    if not isinstance(checkpoint, str | os.PathLike | None):
        raise DescriptionError(f"checkpoint of run: expected a path, got {checkpoint!r}")
    if not isinstance(after, Run | None):
        raise DescriptionError(f"after of run: expected the Run that this one continues, got {after!r}")
    return RunRequest(
        n_steps=n_steps,
        trials=trials,
        sink=MemorySink() if sink is None else sink,
        progress=None if progress is None else bool(progress),
        checkpoint=None if checkpoint is None else Path(checkpoint),
        checkpoint_steps=checkpoint_steps,
        after=after,
    )


def _n_steps(dt: float, duration: Any, trials: Any) -> int:
    if (duration is None) == (trials is None):
        raise DescriptionError("run: give either a duration in ms or trials")
    if trials is not None:
        if not isinstance(trials, Trials):
            raise DescriptionError(f"run: expected Trials, got {trials!r}")
        return int(trials.phase_steps(dt).sum()) * int(trials.n)
    length = plain(duration, "ms", "duration of run")
    if not isinstance(length, float) or not np.isfinite(length) or length < 0:
        raise ParameterError(f"duration of run: expected at least 0 ms, got {duration!r}")
    return round(length / dt)


def _checkpoint_steps(dt: float, checkpoint: Any, every: Any, trials: Trials | None) -> int:
    if every is None:
        return 0
    interval = plain(every, "ms", "checkpoint_every of run")
    if not isinstance(interval, float) or not np.isfinite(interval) or interval < dt * (1 - 1e-9):
        raise ParameterError(f"checkpoint_every of run: expected at least dt = {dt:g} ms, got {every!r}")
    if checkpoint is None:
        raise DescriptionError("checkpoint_every of run: expected a file too, checkpoint=path")
    if trials is not None:
        raise DescriptionError(
            "checkpoint_every of run: a schedule of trials has no checkpoints inside it; run it in several parts"
        )
    return round(interval / dt)
