"""Conditions: an experiment and its controls, run in sequence until done or interrupted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spikelearn.experiments.cost import Cost, cost_of
from spikelearn.experiments.outcome import Outcome
from spikelearn.results.run import Run

Condition = Callable[[], tuple[Run | Sequence[Run], Any]]
"""A function that simulates and returns the run, or several, and what was measured. It may raise Interrupted."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C ended `run` before its results could be measured."""

    def __init__(self, run: Run) -> None:
        super().__init__("the run was interrupted")
        self.run = run


@dataclass(frozen=True)
class Conditions:
    """The results of several conditions.

    results: name -> what was measured; None for a condition that Ctrl-C ended, or that was not started because of it.
    runs: those that were started, in order.
    """

    results: dict[str, Any]
    runs: tuple[Run, ...]

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended one of the runs."""
        return any(run.interrupted for run in self.runs)

    def outcome(self, metrics: Mapping[str, Any], **data: Any) -> Outcome:
        """The Outcome with the first run as its main run, and the results and `data` for the figure."""
        return Outcome(self.runs[0], metrics, self.results | data, self.runs[1:])


def run_conditions(*, partial: Collection[str] = (), **conditions: Condition) -> Conditions:
    """Run conditions in order; after Ctrl-C no further condition is started.

    partial: names of conditions whose results are kept even if Ctrl-C ended them.

    >>> def condition(rate):
    ...     net = Network(dt=1.0, seed=1)
    ...     inputs = net.population(10, Poisson(rate))
    ...     net.record(inputs)
    ...     run = net.run(100.0)
    ...     return run, len(run.spikes(inputs).times)
    >>> done = run_conditions(driven=lambda: condition(50.0), control=lambda: condition(0.0))
    >>> done.results["driven"] > done.results["control"] == 0
    True
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


def finished(run: Run, costs: list[Cost] | None = None) -> Run:
    """Return the run, after adding its cost to `costs`. Raises Interrupted if Ctrl-C ended it.

    >>> net, costs = Network(dt=1.0), []
    >>> silent = net.population(1, Poisson(0.0))
    >>> run = finished(net.run(100.0), costs)
    >>> costs[0].duration
    100.0
    """
    if costs is not None:
        costs.append(cost_of(run))
    if run.interrupted:
        raise Interrupted(run)
    return run


def report(text: str, progress: bool | None = None) -> None:
    """Print progress to standard error, unless `progress` is False.

    >>> report("epoch 1 of 10")  # on standard error
    """
    if progress is not False:
        print(text, file=sys.stderr)
