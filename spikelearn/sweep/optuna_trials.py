"""The trials of a fit: each is a point of a store, chosen by Optuna from those that ended before it.

The store is the only state: the Optuna study is rebuilt from it.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import time
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from spikelearn.sweep.design import SAMPLES, Settings, key_of
from spikelearn.sweep.objective import Objective
from spikelearn.sweep.point import DONE, NAN, Result, Task, as_json
from spikelearn.sweep.space import Space
from spikelearn.sweep.store import Store

SAMPLERS = ("tpe", "random")
ENDED, FAILED, PRUNED = "ended", "failed", "pruned"
"""How a trial ended: with all its replicates; with one that returned no number; stopped early by the pruner."""
_PATIENCE = 10
"""Max number of suggestions of known points by a sampler before a point is drawn at random."""
_ASK_AGAIN_S = 1.0


@dataclass
class Trial:
    """A point of the search space.

    metrics, values: replicate -> its result (value None: no number). state: "" until it ends; value: then that of the
    whole trial. asked: the Optuna trial; reported: how many replicates Optuna knows of. in_hand: replicates submitted
    to an executor; refused: when another process was last found to have one.
    """

    settings: Settings
    metrics: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    values: dict[int, float | None] = field(default_factory=dict)
    state: str = ""
    value: float = math.nan
    error: str = ""
    asked: Any = None
    reported: int = 0
    in_hand: set[int] = field(default_factory=set)
    refused: float = -math.inf

    def means(self) -> list[float]:
        """The running mean of the objective after each replicate, up to the first that is missing."""
        found: list[float] = []
        total = 0.0
        while (value := self.values.get(len(found))) is not None:
            total += value
            found.append(total / (len(found) + 1))
        return found


class Trials:
    """A source of tasks for `run_tasks`: the replicates of open trials, then those of new ones.

    task: makes the Task of a point and replicate. wanted: total number of trials, including those in the store; at most
    the number of points. seed: the root of all seeds. retry: recompute failed points. Raises ExperimentError if the
    points lack a metric of the objective.
    """

    done_by_others = 0

    def __init__(
        self, store: Store, space: Space, objective: Objective, task: Callable[[Settings, int], Task], *,
        model: str, wanted: int, replicates: int, seed: int, sampler: str = "tpe", pruning: bool = True,
        retry: bool = False,
    ) -> None:  # fmt: skip
        import optuna

        self._store, self._space, self._objective, self._task = store, space, objective, task
        self._model, self._replicates, self._seed = model, replicates, seed
        self._sampler, self._pruning = sampler, pruning
        self.wanted = int(min(wanted, space.size))
        self.trials: dict[str, Trial] = {}
        self._open: list[Trial] = []
        self._in_hand: dict[str, tuple[Trial, int]] = {}
        self._known_metrics = False
        self._changes = -1
        self._distributions = space.distributions()
        self._study = optuna.create_study(
            direction="maximize" if objective.maximize is not None else "minimize",
            pruner=optuna.pruners.MedianPruner(), sampler=_sampler(sampler, 0),
        )  # fmt: skip
        self._read(retry)

    @property
    def left(self) -> bool:
        """Whether trials are missing or unfinished."""
        return bool(self._open) or len(self.trials) < self.wanted

    @property
    def most_at_once(self) -> int:
        """Max number of tasks at the same time."""
        lacking = max(0, self.wanted - len(self.trials)) + len(self._open)
        return lacking if self._pruning else lacking * self._replicates

    @property
    def counts(self) -> Counter[str]:
        """The number of trials that ended in each state."""
        return Counter(trial.state for trial in self.trials.values() if trial.state)

    @property
    def best(self) -> Trial | None:
        """The best of the trials that have all their replicates."""
        found: Trial | None = None
        for trial in self.trials.values():
            if trial.state == ENDED and (found is None or self._objective.better(trial.value, found.value)):
                found = trial
        return found

    def next(self, n: int) -> list[Task]:
        """Return at most n tasks; none if they must wait for results."""
        self._read()
        found: list[Task] = []
        for trial in [*self._open]:
            self._claim(trial, n, found)
        while len(found) < n and len(self.trials) < self.wanted:
            self._claim(self._ask(), n, found)
        return found

    def on_results(self, results: Sequence[Result]) -> None:
        """Update the trials with results that are now in the store."""
        self._changes += 1
        for each in results:
            trial, replicate = self._in_hand.pop(each.key)
            trial.in_hand.discard(replicate)
            self._note(trial, replicate, each.status, each.metrics, each.error)
            if not trial.state:
                self._advance(trial)

    def _claim(self, trial: Trial, n: int, found: list[Task]) -> None:
        """Add tasks of a trial, up to n in total: with pruning one replicate after the other, else all at once."""
        lacking = [r for r in range(self._replicates) if r not in trial.values and r not in trial.in_hand]
        if self._pruning:
            lacking = lacking[:1] if not trial.in_hand else []
        if not lacking or time.monotonic() - trial.refused < _ASK_AGAIN_S:
            return
        tasks = {task.key: task for task in (self._task(trial.settings, r) for r in lacking[: n - len(found)])}
        own, _ = self._store.claim(list(tasks)) if tasks else ([], set())
        for key in own:
            found.append(tasks[key])
            trial.in_hand.add(tasks[key].replicate)
            self._in_hand[key] = trial, tasks[key].replicate
        if len(own) < len(tasks):
            trial.refused = time.monotonic()  # another process has it

    def _ask(self) -> Trial:
        """A new trial, at a point that no other trial has."""
        import optuna

        number = len(self.trials)
        for attempt in itertools.count():
            # The sampler depends only on a seed and the study, so a study rebuilt from the store resumes identically.
            sequence = np.random.SeedSequence(self._seed, spawn_key=(len(SAMPLES), number, attempt))
            name = self._sampler if attempt < _PATIENCE else "random"
            self._study.sampler = _sampler(name, int(sequence.generate_state(1)[0]))
            asked = self._study.ask(self._distributions)
            settings = self._space.settings(asked.params)
            if (place := self._place(settings)) not in self.trials:
                break
            self._study.tell(asked, state=optuna.trial.TrialState.FAIL)  # samplers ignore failed trials
        trial = self.trials[place] = Trial(settings, asked=asked)
        self._open.append(trial)
        return trial

    def _read(self, retry: bool = False) -> None:
        """Read points that are new in the store: all at first, then those that other processes add."""
        changes = int(self._store.changes())
        if changes == self._changes:
            return
        self._changes = changes
        touched: dict[str, Trial] = {}
        again: list[str] = []
        for row in self._store.results():
            settings = tuple((name, tuple(v) if isinstance(v, list) else v) for name, v in row["settings"])
            replicate = row["replicate"]
            if replicate >= self._replicates or self._space.suggested(dict(settings)) is None:
                continue
            if key_of(settings, replicate, self._seed) != row["key"]:
                continue
            place = self._place(settings)
            trial = self.trials.get(place) or touched.get(place) or Trial(settings)
            if replicate not in trial.values:
                touched[place] = trial
                if retry and row["status"] not in (DONE, NAN):
                    again.append(row["key"])
                    continue
                self._note(trial, replicate, row["status"], row["metrics"], row["error"])
        if again:
            self._store.forget(again)
            self._changes += 1
        marks = self._store.meta() if touched else {}
        for place, trial in touched.items():
            if place not in self.trials:
                self._enter(place, trial, marks)
            elif not trial.state:
                self._advance(trial)

    def _enter(self, place: str, trial: Trial, marks: Mapping[str, str]) -> None:
        """Add a trial for a point in the store."""
        from optuna.trial import TrialState, create_trial

        state, means = self._state(trial), trial.means()
        if not state and self._pruning and means and marks.get(self._mark(trial)) == self._aim():
            state = PRUNED
        suggested = self._space.suggested(dict(trial.settings))
        assert suggested is not None
        if state:
            self.trials[place], trial.state = trial, state
            trial.value = math.nan if state == FAILED else means[-1]
            self._study.add_trial(
                create_trial(
                    state={ENDED: TrialState.COMPLETE, PRUNED: TrialState.PRUNED, FAILED: TrialState.FAIL}[state],
                    params=suggested, distributions=self._distributions, intermediate_values=dict(enumerate(means)),
                    value=None if state == FAILED else trial.value,
                )
            )  # fmt: skip
        elif len(self.trials) < self.wanted:
            self._study.enqueue_trial(suggested)
            trial.asked = self._study.ask(self._distributions)
            self.trials[place] = trial
            self._open.append(trial)
            self._advance(trial)

    def _note(self, trial: Trial, replicate: int, status: str, metrics: Mapping[str, Any], error: str) -> None:
        if status in (DONE, NAN) and not self._known_metrics:
            self._objective.check(metrics, self._model)
            self._known_metrics = True
        value = self._objective.of(metrics) if status in (DONE, NAN) else None
        trial.metrics[replicate], trial.values[replicate] = metrics, value
        if value is None:
            trial.error = f"{status}: {error}" if status != DONE else f"{self._objective.name} was not measured"

    def _advance(self, trial: Trial) -> None:
        """Report the new results of a trial to Optuna, and end the trial if it is complete, failed or pruned."""
        from optuna.trial import TrialState

        means = trial.means()
        for step in range(trial.reported, len(means)):
            trial.asked.report(means[step], step)
        trial.reported = len(means)
        state = self._state(trial)
        if not state and self._pruning and means and trial.asked.should_prune():
            state = PRUNED
            self._store.describe({self._mark(trial): self._aim()})
        if not state:
            return
        trial.state = state
        self._open.remove(trial)
        trial.value = math.nan if state == FAILED else means[-1]
        if state == ENDED:
            self._study.tell(trial.asked, trial.value)
        else:
            self._study.tell(trial.asked, state=TrialState.PRUNED if state == PRUNED else TrialState.FAIL)

    def _state(self, trial: Trial) -> str:
        if None in trial.values.values():
            return FAILED
        return ENDED if len(trial.values) == self._replicates else ""

    def _place(self, settings: Settings) -> str:
        return key_of(settings, 0, self._seed)

    def _mark(self, trial: Trial) -> str:
        return f"pruned {self._place(trial.settings)}"

    def _aim(self) -> str:
        """A hash of the objective: a trial pruned for one target may be the best for another."""
        aim = [sorted(self._objective.targets.items()), self._objective.minimize, self._objective.maximize]
        return hashlib.sha256(as_json(aim).encode()).hexdigest()[:16]


def _sampler(name: str, seed: int) -> Any:
    import optuna

    if name == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    with warnings.catch_warnings():
        # Before Optuna 5 these two options were experimental, and not the defaults.
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True)
