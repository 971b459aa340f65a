"""Fit the parameters of a model to target metrics with Optuna, on the store and executors of sweeps."""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spikelearn import experiments as ex
from spikelearn.errors import ExperimentError
from spikelearn.extras import needed
from spikelearn.sweep.design import Design, Range, seed_of
from spikelearn.sweep.objective import Objective
from spikelearn.sweep.optuna_trials import ENDED, FAILED, PRUNED, SAMPLERS, Trial, Trials
from spikelearn.sweep.point import Result, as_json
from spikelearn.sweep.progress import Progress, shown_settings
from spikelearn.sweep.session import Options, Stored, compute, open_session
from spikelearn.sweep.space import space_of
from spikelearn.sweep.task_spec import TaskSpec
from spikelearn.values import path as checked_path


@dataclass(frozen=True)
class Fitted(Stored):
    """The result of a fit.

    best: parameter -> value of the best trial, {} if no trial returned a number; value: its objective, the mean over
    replicates. metrics: those of the best trial, name -> one value per replicate. command: runs its first replicate.
    ended, failed, pruned: numbers of trials. computed: points that this call computed. errors: of failed trials,
    "settings: error". seconds: wall time of this call.
    """

    objective: Objective
    best: Mapping[str, Any]
    value: float
    metrics: Mapping[str, Sequence[Any]]
    command: str
    ended: int
    failed: int
    pruned: int
    computed: int
    errors: Sequence[str]
    seconds: float


def fit(
    model: str | Path,
    out: str | os.PathLike[str],
    search: Mapping[str, str | Range | Sequence[Any]],
    *,
    targets: Mapping[str, float] | None = None,
    minimize: str | None = None,
    maximize: str | None = None,
    trials: int = 100,
    replicates: int = 1,
    seed: int = 1,
    sampler: str = "tpe",
    pruning: bool = True,
    settings: Mapping[str, Any] | None = None,
    quick: bool = False,
    metrics: Callable[..., Mapping[str, Any]] | None = None,
    keep: str | Mapping[str, Any] = "none",
    executor: Executor | None = None,
    workers: int | None = None,
    time_limit: float | None = None,
    memory_limit: float | None = None,
    retry: bool = False,
    fresh: bool = False,
    accept_changes: bool = False,
    progress: bool | None = None,
    silent: bool = False,
) -> Fitted:
    """Search for the parameters of a model that bring its metrics closest to targets, or minimize or maximize one.

    search: parameter -> Range or its text ("3:8", "0.5:2:log"), or the values that it may take. targets, minimize,
    maximize: see Objective; a trial's value is the mean over its replicates. trials: total number of trials, including
    those already in the store. sampler: "tpe" (Optuna's multivariate tree-structured Parzen estimator) or "random";
    Optuna's other samplers either keep state outside the trials (CMA-ES, NSGA, quasi-random), so that they cannot
    resume from a store, or need further packages. pruning: stop a trial whose best mean so far is worse than the median
    of earlier trials after as many replicates (Optuna's MedianPruner); without it a trial's replicates are computed in
    parallel. The rest is as in `run`; `run` and `fit` can share a store.

    A trial is a point of the store, and its replicates are the runs of that point. Every point of the same model and
    root seed that has the same `settings` and lies in the search space counts as a trial, whatever it was computed for:
    a fit to other targets starts from all known points. A trial fails if a replicate raises, exceeds its limits, or has
    no finite value for a metric of the objective; the fit continues.

    The same call resumes an interrupted fit. The point of trial n follows from the root seed, n, and the results of the
    trials before it. With one worker a fit computes the same points in the same order, interrupted or not. With several
    workers, or processes on one store, it also depends on which trials had ended when a point was chosen, and so on
    timing: the first ten trials are drawn at random, but from about the eleventh on, two fits differ in their points.
    The results at a point never differ. Several processes share their trials, and may compute a few too many.

    Raises ExperimentError and StoreError as `run` does, and ExperimentError if points lack a metric of the objective.

    >>> from spikelearn import sweep
    >>> small = {"order": 20, "duration": 50}
    >>> found = sweep.fit(
    ...     "brunel_2000", "out/fit", {"g": "3:8"}, targets={"rate_hz": 20},
    ...     trials=2, settings=small, workers=1, silent=True,
    ... )
    >>> 3 <= found.best["g"] <= 8
    True
    """
    begun = time.perf_counter()
    out = checked_path(out, "out of a fit")
    if sampler not in SAMPLERS:
        raise ExperimentError(f"sampler: expected one of {', '.join(SAMPLERS)}, got {sampler!r}")
    if trials < 1:
        raise ExperimentError(f"trials: expected at least 1, got {trials}")
    task_spec = TaskSpec(model, quick, metrics, keep, time_limit, memory_limit)
    options = Options(task_spec, executor, workers, fresh, accept_changes, silent)
    experiment = ex.load_experiment(model)
    design = Design(replicates=replicates, seed=seed)
    objective = Objective(targets or {}, minimize, maximize)
    space = space_of(experiment, search, settings or {})
    ex.set_parameters(experiment, space.fixed, quick)
    with _optuna_silent(), open_session(experiment, out, options, design.seed) as (store, task):
        source = Trials(
            store, space, objective, task, model=experiment.name, wanted=trials, replicates=design.replicates,
            seed=design.seed, sampler=sampler, pruning=pruning, retry=retry,
        )  # fmt: skip
        shown = TrialsProgress(source, objective, progress, silent)
        kinds = [task(each, 0) for each in space.kinds()] if source.left else []
        # The next point depends on the results before it, so none is queued ahead.
        scales = store.described("scales") | {name: each.log for name, each in space.ranges.items()}
        store.describe({"scales": json.dumps(scales), "objective": json.dumps({"targets": dict(objective.targets)})})
        compute(store, source, kinds, source.most_at_once, shown, options, most_ahead=0)
        best, counts = source.best, source.counts
        store.describe({"best": as_json(dict(best.settings) if best else {})})
    return Fitted(
        out, objective, dict(best.settings) if best else {}, best.value if best else float("nan"),
        _by_metric(best) if best else {}, _command(experiment, best, quick, design.seed) if best else "",
        counts[ENDED], counts[FAILED], counts[PRUNED], shown.points,
        [f"{shown_settings(each.settings)}: {each.error}" for each in source.trials.values() if each.state == FAILED],
        time.perf_counter() - begun,
    )  # fmt: skip


class TrialsProgress(Progress):
    """The progress of a fit, in trials instead of points."""

    def __init__(self, trials: Trials, objective: Objective, bar: bool | None = None, silent: bool = False) -> None:
        self._trials, self._objective, self.points = trials, objective, 0
        super().__init__(max(trials.wanted, self._ended()), self._ended(), None, bar, silent, unit="trials")

    def record(self, result: Result) -> None:
        """Record that a point, and perhaps its trial, has ended."""
        self.points += 1
        self.computed = self._ended() - self.there
        self.show()

    def words(self) -> list[str]:
        """Failed and pruned trials, and the best so far."""
        counts, best = self._trials.counts, self._trials.best
        found = [f"{counts[state]} {state}" for state in (FAILED, PRUNED) if counts[state]]
        if best is not None:
            found.append(f"best {self._objective.name} {best.value:.5g} at {shown_settings(best.settings)}")
        return found

    def _ended(self) -> int:
        return sum(self._trials.counts.values())


@contextmanager
def _optuna_silent() -> Iterator[None]:
    """Silence Optuna's log. Raises ExperimentError if it is not installed."""
    optuna = needed("optuna", "fits")
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def _by_metric(trial: Trial) -> dict[str, list[Any]]:
    found = [trial.metrics[replicate] for replicate in sorted(trial.metrics)]
    return {name: [each.get(name) for each in found] for name in found[0]}


def _command(experiment: ex.Experiment, trial: Trial, quick: bool, seed: int) -> str:
    """The command line that runs the first replicate of a trial."""
    in_models = experiment.path.parent == ex.models_directory().resolve()
    words = ["spikelearn", "run", experiment.name if in_models else str(experiment.path)]
    for name, value in trial.settings:
        text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        words += ["--set", f"{name}={text}"]
    words += ["--seed", str(seed_of(trial.settings, 0, seed))]
    return shlex.join([*words, "--quick"] if quick else words)
