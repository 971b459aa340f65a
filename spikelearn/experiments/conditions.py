"""Conditions: an experiment and its controls, run one after the other until Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spikelearn.experiments.outcome import Outcome
from spikelearn.results.run import Run

Condition = Callable[[], tuple[Run | Sequence[Run], Any]]
"""Runs something; returns the run, or its runs, and what was measured in it. It may raise Interrupted."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C ended `run`, and what was to be measured in it is not known."""

    def __init__(self, run: Run) -> None:
        super().__init__("the run was interrupted")
        self.run = run


@dataclass(frozen=True)
class Conditions:
    """What came of several conditions.

    results: name -> what was measured; None for a condition that Ctrl-C ended, or that was not begun after it. runs:
    those that were begun, in order.
    """

    results: dict[str, Any]
    runs: tuple[Run, ...]

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended one of the runs."""
        return any(run.interrupted for run in self.runs)

    def outcome(self, metrics: Mapping[str, Any], **data: Any) -> Outcome:
        """The Outcome whose run is that of the first condition, with the results, and `data`, for the figure."""
        return Outcome(self.runs[0], metrics, self.results | data, self.runs[1:])


def run_conditions(*, partial: Collection[str] = (), **conditions: Condition) -> Conditions:
    """Run conditions in their order; after Ctrl-C no further one is begun.

    partial: names of those whose result counts although Ctrl-C ended them.
    """
    results: dict[str, Any] = dict.fromkeys(conditions)
    runs: list[Run] = []
    for name, condition in conditions.items():
        try:
            made, found = condition()
        except Interrupted as interrupted:
            made, found = interrupted.run, None
        those = (made,) if isinstance(made, Run) else tuple(made)
        runs.extend(those)
        ended = any(run.interrupted for run in those)
        if not ended or name in partial:
            results[name] = found
        if ended:
            break
    return Conditions(results, tuple(runs))


def finished(run: Run) -> Run:
    """The run. Raises Interrupted if Ctrl-C ended it."""
    if run.interrupted:
        raise Interrupted(run)
    return run


def report(text: str, progress: bool | None = None) -> None:
    """Say on standard error how far a model is, unless `progress` is False."""
    if progress is not False:
        print(text, file=sys.stderr)
