"""The arguments of Network.run, checked before anything is built or simulated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spikelearn.description.trials import Trials
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.results.run import Run
from spikelearn.results.sink import MemorySink, Sink
from spikelearn.steps import MOST_STEPS, whole_steps, written
from spikelearn.values import path_for_writing

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
    step: int,
    duration: Any,
    trials: Any,
    sink: Any,
    progress: Any,
    checkpoint: Any,
    checkpoint_every: Any,
    after: Any,
) -> RunRequest:
    """The arguments of Network.run, checked. step: that from which it runs.

    Raises DescriptionError, ParameterError or UnitError.
    """
    n_steps = _n_steps(dt, duration, trials)
    if step + n_steps > MOST_STEPS:
        raise ParameterError(
            f"run: expected to end after at most {MOST_STEPS:,} steps of dt = {written(dt)} ms, got {step + n_steps:,}"
        )
    checkpoint_steps = _checkpoint_steps(dt, checkpoint, checkpoint_every, trials)
    if sink is not None and (missing := [name for name in _SINK_METHODS if not callable(getattr(sink, name, None))]):
        raise DescriptionError(f"sink of run: expected a Sink, which has {', '.join(missing)}, got {sink!r}")
    if not isinstance(progress, bool | np.bool_ | None):
        raise DescriptionError(f"progress of run: expected True, False or None, got {progress!r}")
    checkpoint = None if checkpoint is None else path_for_writing(checkpoint, "checkpoint of run")
    if not isinstance(after, Run | None):
        raise DescriptionError(f"after of run: expected the Run that this one continues, got {after!r}")
    return RunRequest(
        n_steps=n_steps,
        trials=trials,
        sink=MemorySink() if sink is None else sink,
        progress=None if progress is None else bool(progress),
        checkpoint=checkpoint,
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
    return whole_steps(duration, dt, "duration of run")


def _checkpoint_steps(dt: float, checkpoint: Any, every: Any, trials: Trials | None) -> int:
    if every is None:
        return 0
    steps = whole_steps(every, dt, "checkpoint_every of run", least=1)
    if checkpoint is None:
        raise DescriptionError("checkpoint_every of run: expected a file too, checkpoint=path")
    if trials is not None:
        raise DescriptionError(
            "checkpoint_every of run: a schedule of trials has no checkpoints inside it; run it in several parts"
        )
    return steps
