"""Reproductions: model files run with several seeds, each result kept as it comes.

Results are in stores of sweeps, one for each model with its settings, in `results/store/` of a folder. They are written
as text, too, `results/measured/*.json`, from which a store that is not there is filled anew, and from which the pages
are made (see `reproduction_pages`), with `gallery/`, the figure of each model's first seed.
A result has a key of the model file's name and text, the settings, the seed, and the version, code and commit of
spikelearn, and is computed once: a session that breaks goes on where it was, and one that is repeated after a change
of the code computes all anew, unless results so far are accepted (`accept_changes`). Results of other versions and
texts stay in the store. Each carries the commit that it was computed with. Results of fresh seeds (FRESH) are kept
apart, as `MODEL+fresh`.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from spikelearn import experiments as ex
from spikelearn.atomic_files import reason, replacing
from spikelearn.codegen.interruptible import interrupts
from spikelearn.errors import ExperimentError, StoreError
from spikelearn.regular_files import read_json
from spikelearn.sweep.point import DONE, NAN, Result, Task, source_of
from spikelearn.sweep.scheduler import worker_pool
from spikelearn.sweep.store import Store
from spikelearn.version import VERSION, code_digest, commit, versions

FRESH = (31, 32, 33, 34, 35)
"""Seeds of which a result must not depend: nothing was tuned with them, and no test or figure has them."""


@dataclass(frozen=True)
class Job:
    """One model with settings and a seed. first: whether its figure goes into the gallery."""

    model: str
    settings: tuple[tuple[str, str], ...]
    seed: int
    quick: bool = False
    first: bool = False

    @property
    def title(self) -> str:
        """The model and its settings, without the folders of paths."""
        return ", ".join(self._parts)

    @property
    def file_name(self) -> str:
        """The same without spaces and commas, as files and stores are named."""
        return "+".join(self._parts)

    @property
    def _parts(self) -> list[str]:
        settings = [f"{name}={value}" for name, value in self.shown]
        return [Path(self.model).stem, *settings, *(["fresh"] if self.fresh else [])]

    @property
    def shown(self) -> tuple[tuple[str, str], ...]:
        """The settings without the folders of paths, which are those of one machine."""
        return tuple((name, os.path.basename(value.rstrip("/"))) for name, value in self.settings)

    @property
    def fresh(self) -> bool:
        """Whether the seed is one of FRESH."""
        return self.seed in FRESH

    @property
    def expected(self) -> Mapping[str, ex.Expected]:
        """Metric -> what is expected of it with these settings."""
        experiment = ex.load_experiment(self.model)
        return ex.expected_of(experiment, ex.set_parameters(experiment, dict(self.settings), self.quick))

    @property
    def key(self) -> str:
        """Changes with the model file and its name, settings, seed, and version, code and commit of spikelearn."""
        source = source_of(ex.load_experiment(self.model))
        code = VERSION, code_digest(), commit()
        text = json.dumps([Path(self.model).stem, source, self.shown, self.seed, self.quick, *code])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def jobs_of(
    models: Sequence[str], settings: Mapping[str, str], seeds: Sequence[int] | None, quick: bool
) -> Iterator[Job]:
    """The Jobs of models, by default all that say how many seeds their reproduction needs. Raises ExperimentError.

    seeds: by default those of the model file (SEEDS); of the quick form the first. Without settings a model's other
    forms (FORMS) are among the Jobs, and of the quick form none.
    """
    if not models:
        models = [each.name for each in ex.list_experiments() if ex.load_experiment(each.name).seeds]
    for name in models:
        experiment = ex.load_experiment(name)
        own = experiment.seeds or (1,)
        found = seeds or (own[:1] if quick else own)
        for form in [settings] if settings or quick else [{}, *(form.settings for form in experiment.forms)]:
            ex.set_parameters(experiment, form, quick)
            of_form = tuple(sorted((key, str(value)) for key, value in form.items()))
            for seed in found:
                yield Job(name, of_form, seed, quick, seed == found[0] and seed not in FRESH)


def reproduce(
    jobs: Sequence[Job],
    folder: Path,
    processes: int,
    on_result: Callable[[Job, Mapping[str, Any] | str], None],
    anew: bool = False,
) -> list[str]:
    """Compute what is not there yet, so many jobs at a time, on all cores together; returns what went wrong.

    What took longest the last time begins first, after what has never been computed, so that all cores end together.
    anew: forget what is kept of these jobs, but for the time that it took, and compute them again.
    on_result: called with each job and what was measured, or what went wrong; before that, once for each model with
    settings of which there are results of other versions of spikelearn, with these versions. Ctrl-C ends it; what is
    done is kept. Raises ExperimentError.
    """
    errors: list[str] = []
    with ExitStack() as stack:
        stores = {job.title: stack.enter_context(_store(folder, job)) for job in reversed(jobs)}
        took = {
            title: max((row["cpu_s"] for row in store.results()), default=math.inf) for title, store in stores.items()
        }
        missing, said = [], set[str]()
        for job in jobs:
            if anew:
                _forget(stores[job.title], job, folder)
            rows = _rows(stores[job.title], job)
            if found := [row for row in rows if row["key"] == job.key]:
                result = _result(job, found[-1])
                _export(folder, job, result)
                on_result(job, _measured(job, result))
                continue
            missing.append(job)
            others = sorted({made_with(row["versions"]) for row in rows} - {made_with(versions())})
            if others and job.title not in said:
                said.add(job.title)
                on_result(job, f"there is a result of spikelearn {', '.join(others)}; computed anew")
        waiting, by_key = sorted(reversed(missing), key=lambda job: took[job.title]), {job.key: job for job in missing}
        if not missing:
            return errors
        with interrupts() as interrupted, worker_pool(None, processes, len(missing)) as pool:
            while waiting or pool.tasks:
                if interrupted:
                    raise KeyboardInterrupt
                while waiting and len(pool.tasks) < pool.workers:
                    pool.give(_task(waiting.pop(), folder))
                for result in pool.ended(0.2):
                    job = by_key[result.key]
                    if result.status not in (DONE, NAN):
                        errors.append(f"{job.title}, seed {job.seed}: {result.error}")
                        on_result(job, errors[-1])
                        continue
                    stores[job.title].add([result])
                    _export(folder, job, result)
                    on_result(job, _measured(job, result))
    return errors


def accept_changes(jobs: Sequence[Job], folder: Path) -> None:
    """Let the last results of these jobs count, if of this version, though of another commit, code or model file."""
    for job in jobs:
        with _store(folder, job) as store:
            rows = [row for row in _rows(store, job) if row["versions"].get("spikelearn") == VERSION]
            if rows and rows[-1]["key"] != job.key:
                result = _result(job, rows[-1] | {"key": job.key})
                store.add([result])
                _export(folder, job, result)


def made_with(made_by: Mapping[str, str]) -> str:
    """The version of spikelearn that computed a result, and the commit, as text."""
    return f"{made_by.get('spikelearn', 'unknown')} (commit {made_by.get('commit') or 'not known'})"


def _store(folder: Path, job: Job) -> Store:
    """The store of a job's model and settings; one that is new has what was measured before."""
    store = Store(folder / "results" / "store" / job.file_name, create=True)
    try:
        measured = read(folder, job.file_name)
        if measured and not store.counts():
            store.add([_result(replace(job, seed=int(seed)), each) for seed, each in measured.items()])
        experiment = ex.load_experiment(job.model)
        about = {"model": experiment.name, "path": str(experiment.path), "quick": str(job.quick)}
        store.describe({**about, "versions": json.dumps(versions())})
    except BaseException:
        store.close()
        raise
    return store


def _forget(store: Store, job: Job, folder: Path) -> None:
    """Remove what is kept of a job, so that it is computed again."""
    store.forget([job.key])
    seeds = read(folder, job.file_name)
    if seeds.get(str(job.seed), {}).get("key") == job.key:
        _write(folder, job, {seed: each for seed, each in seeds.items() if seed != str(job.seed)})


def _task(job: Job, folder: Path) -> Task:
    experiment = ex.load_experiment(job.model)
    settings = tuple(ex.converted(experiment, dict(job.settings)).items())
    figure = str((folder / "gallery" / f"{job.file_name}.png").absolute()) if job.first else ""
    parent = (socket.gethostname(), os.getpid())
    return Task(
        job.key, str(experiment.path), source_of(experiment), settings, 0, job.seed, job.quick, figure=figure,
        parent=parent,
    )  # fmt: skip


def _result(job: Job, measured: Mapping[str, Any]) -> Result:
    """A result from what was written of it."""
    return Result(
        measured["key"], job.settings, 0, job.seed, measured.get("source", ""), DONE, {}, measured["metrics"],
        wall_s=measured["wall_s"], cpu_s=measured["cpu_s"], versions=measured["versions"],
    )  # fmt: skip


def _measured(job: Job, result: Result) -> dict[str, Any]:
    """What is written of a result."""
    metrics = {name: ex.json_value(value) for name, value in result.metrics.items()}
    return {
        "key": job.key, "source": result.source, "metrics": metrics, "cpu_s": result.cpu_s, "wall_s": result.wall_s,
        "versions": dict(result.versions or {}),
    }  # fmt: skip


def _rows(store: Store, job: Job) -> list[dict[str, Any]]:
    """All results of a job's seed, the last one last, whatever they were computed with."""
    rows = [row for row in store.results() if row["seed"] == job.seed]
    return [row | {"versions": json.loads(row["versions"])} for row in rows]


def _export(folder: Path, job: Job, result: Result) -> None:
    """Write a result as text, beside those of other seeds."""
    seeds, written = read(folder, job.file_name), _measured(job, result)
    if seeds.get(str(job.seed)) != written:
        _write(folder, job, seeds | {str(job.seed): written})


def _write(folder: Path, job: Job, seeds: Mapping[str, Any]) -> None:
    path = _path(folder, job.file_name)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "model": job.model, "settings": dict(job.shown), "quick": job.quick,
        "seeds": {seed: seeds[seed] for seed in sorted(seeds, key=int)},
    }  # fmt: skip
    try:
        with replacing(path, wait_s=60.0) as temporary:
            temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {reason(error, path.parent)}") from error


def _path(folder: Path, file_name: str) -> Path:
    return folder / "results" / "measured" / f"{file_name}.json"


_PARTS: dict[str, type] = {"model": str, "settings": dict, "quick": bool, "seeds": dict}
"""What a file of measurements holds."""


def kept_jobs(folder: Path) -> list[Job]:
    """All jobs that a folder has measurements of. Raises ExperimentError."""
    jobs = []
    for path in sorted((folder / "results" / "measured").glob("*.json")):
        described = _content(path)
        seeds, settings = described["seeds"], tuple(sorted(described["settings"].items()))
        first = min(map(int, seeds), default=0)
        jobs += [Job(described["model"], settings, int(s), described["quick"], int(s) == first) for s in seeds]
    return jobs


def with_kept(jobs: Sequence[Job], folder: Path) -> list[Job]:
    """These jobs, and after them all others, but for those of fresh seeds, that a folder has measurements of."""
    asked = {(job.title, job.seed) for job in jobs}
    return [*jobs, *(job for job in kept_jobs(folder) if not job.fresh and (job.title, job.seed) not in asked)]


def read(folder: Path, file_name: str) -> dict[str, Any]:
    """What is kept of a model with its settings: seed -> measurement. Raises ExperimentError if it cannot be read."""
    path = _path(folder, file_name)
    return _content(path)["seeds"] if path.exists() else {}


def current_measurements(jobs: Sequence[Job], folder: Path) -> dict[int, Mapping[str, Any]]:
    """Seed -> what is kept of jobs of one model and settings, unless other code or another model file gave it."""
    kept = read(folder, jobs[0].file_name)
    found = {job.seed: kept.get(str(job.seed), {}) for job in jobs}
    return {job.seed: found[job.seed] for job in jobs if found[job.seed].get("key") == job.key}


def _content(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path)
        for name, kind in _PARTS.items():
            if not isinstance(content, dict) or not isinstance(content.get(name), kind):
                raise ValueError(f"expected {name}, of type {kind.__name__}")
        for seed, measured in content["seeds"].items():
            if not seed.isdecimal() or not isinstance(measured, dict) or not isinstance(measured.get("metrics"), dict):
                raise ValueError(f"expected numbers of seeds, each with its metrics, got {seed!r:.50}")
    except (OSError, ValueError) as error:
        raise ExperimentError(f"{path}: no measurements can be read ({error}); remove the file to begin anew") from None
    return content
