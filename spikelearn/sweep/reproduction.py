"""Reproductions: model files run with several seeds, each measurement kept as it comes, and a page of all of them.

A folder holds them: `results/measured/*.json`, one file for each model with its settings, `results.md`, the page, and
`gallery/`, the figure of each model's first seed. A measurement is made once: it is kept under a key of the model
file's text, the settings and the seed, so that a session that breaks goes on where it was, and one that is repeated
measures only what has changed in the model files.
"""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spikelearn import experiments as ex
from spikelearn.errors import ExperimentError
from spikelearn.network import versions
from spikelearn.sweep import LocalProcesses

COMMON = ("synaptic_events", "wall_s", "real_time_factor")
"""Metrics that every model has: they tell of the machine, and are left out of the page."""


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
        """The model and its settings, without the folders of paths: also the name of its file."""
        shown = [f"{name}={os.path.basename(value.rstrip('/'))}" for name, value in self.settings]
        return ", ".join([Path(self.model).stem, *shown])

    @property
    def key(self) -> str:
        """Changes with the model file, the settings and the seed."""
        text = ex.load_experiment(self.model).path.read_bytes()
        settings = json.dumps([self.settings, self.seed, self.quick]).encode()
        return hashlib.sha256(text + settings).hexdigest()[:16]


def jobs_of(
    models: Sequence[str], settings: Mapping[str, str], seeds: Sequence[int] | None, quick: bool
) -> Iterator[Job]:
    """The Jobs of models, by default all that say how many seeds their reproduction needs. Raises ExperimentError.

    seeds: by default 1, 2, ... as many as the model file says (SEEDS); of the quick form one.
    """
    if not models:
        models = [each.name for each in ex.list_experiments() if ex.load_experiment(each.name).seeds]
    for name in models:
        experiment = ex.load_experiment(name)
        ex.set_parameters(experiment, settings, quick)
        found = seeds or range(1, 2 if quick else max(1, experiment.seeds) + 1)
        for seed in found:
            yield Job(name, tuple(sorted(settings.items())), seed, quick, seed == found[0])


def measure(job: Job, folder: Path) -> dict[str, Any]:
    """Run one job in this process and draw its figure; what is kept of it."""
    experiment = ex.load_experiment(job.model)
    parameters = ex.set_parameters(experiment, dict(job.settings), job.quick)
    begun, own = time.perf_counter(), time.process_time()
    outcome = ex.run_experiment(experiment, parameters, job.seed, progress=False)
    if any(run.interrupted for run in (outcome.run, *outcome.other_runs)):
        raise KeyboardInterrupt
    wall_s, cpu_s = time.perf_counter() - begun, time.process_time() - own
    if job.first:
        from spikelearn import plots

        (folder / "gallery").mkdir(parents=True, exist_ok=True)
        plots.save(experiment.figure(parameters, outcome), folder / "gallery" / f"{job.title}.png")
    metrics = {name: ex.json_value(value) for name, value in outcome.metrics.items()}
    return {"key": job.key, "metrics": metrics, "cpu_s": cpu_s, "wall_s": wall_s, "versions": versions()}


def reproduce(
    jobs: Sequence[Job], folder: Path, processes: int, tell: Callable[[Job, Mapping[str, Any] | str], None]
) -> list[str]:
    """Measure what is not there yet, so many jobs at a time, on all cores together; gives back what went wrong.

    tell: called with each job and what was measured, or the error. Ctrl-C ends it; what is done is kept.
    """
    missing = []
    for job in jobs:
        kept = read(folder, job.title).get(str(job.seed))
        if kept is not None and kept["key"] == job.key:
            tell(job, kept)
        else:
            missing.append(job)
    errors: list[str] = []
    if not missing:
        return errors
    pool = LocalProcesses(min(processes, len(missing)))
    try:
        running = {pool.submit(measure, job, folder): job for job in missing}
        for done in as_completed(running):
            job = running[done]
            try:
                found = done.result()
            except Exception as error:
                errors.append(f"{job.title}, seed {job.seed}: {type(error).__name__}: {error}")
                tell(job, errors[-1])
                continue
            _keep(job, found, folder)
            tell(job, found)
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise
    pool.shutdown()
    return errors


def forget(jobs: Sequence[Job], folder: Path) -> None:
    """Remove what is kept of the models of these jobs."""
    for title in {job.title for job in jobs}:
        _path(folder, title).unlink(missing_ok=True)


def _path(folder: Path, title: str) -> Path:
    return folder / "results" / "measured" / f"{title}.json"


def kept_jobs(folder: Path) -> list[Job]:
    """All jobs that a folder has measurements of. Raises ExperimentError."""
    jobs = []
    for path in sorted((folder / "results" / "measured").glob("*.json")):
        seeds = read(folder, path.stem)
        described = json.loads(path.read_text())
        settings = tuple(sorted(described["settings"].items()))
        first = min(map(int, seeds), default=0)
        jobs += [Job(described["model"], settings, int(s), described["quick"], int(s) == first) for s in seeds]
    return jobs


def read(folder: Path, title: str) -> dict[str, Any]:
    """What is kept of a model with its settings: seed -> measurement. Raises ExperimentError if it cannot be read."""
    path = _path(folder, title)
    if not path.exists():
        return {}
    try:
        return dict(json.loads(path.read_text())["seeds"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExperimentError(f"{path}: no measurements can be read ({error}); remove the file to begin anew") from None


def _keep(job: Job, found: Mapping[str, Any], folder: Path) -> None:
    path = _path(folder, job.title)
    path.parent.mkdir(parents=True, exist_ok=True)
    seeds = read(folder, job.title) | {str(job.seed): dict(found)}
    content = {
        "model": job.model, "settings": dict(job.settings), "quick": job.quick,
        "seeds": {seed: seeds[seed] for seed in sorted(seeds, key=int)},
    }  # fmt: skip
    beside = path.with_suffix(".writing")
    beside.write_text(json.dumps(content, indent=1) + "\n")
    os.replace(beside, path)


def page(jobs: Sequence[Job], folder: Path, command: str, machine: str) -> str:
    """Every metric beside what was published, over the seeds: median, least and most, and how many are in range.

    What the folder has of other settings and seeds is there too. Jobs that were not measured, or of a model file that
    has changed since, are left out and named.
    """
    lines = [
        "# Results", "", f"Made by `{command}` on {machine}.",
        "What is in range is judged seed by seed; the last column says how many of the seeds are. Controls, which must",
        "fail, stand beside what they control. Figures: [gallery](gallery/README.md).", "",
    ]  # fmt: skip
    asked = {(job.title, job.seed) for job in jobs}
    everything = [*jobs, *(job for job in kept_jobs(folder) if (job.title, job.seed) not in asked)]
    missing = []
    for title in dict.fromkeys(job.title for job in everything):
        own = [job for job in everything if job.title == title]
        kept = read(folder, title)
        found = [kept[str(job.seed)] for job in own if kept.get(str(job.seed), {}).get("key") == job.key]
        missing += [f"{title}, seed {job.seed}" for job in own if kept.get(str(job.seed), {}).get("key") != job.key]
        if found:
            lines += _section(own[0], found)
    if missing:
        lines += ["## Not measured", "", *(f"- {each}" for each in missing), ""]
    return "\n".join(lines)


def _section(job: Job, found: Sequence[Mapping[str, Any]]) -> list[str]:
    experiment = ex.load_experiment(job.model)
    words = " ".join(f"--set {name}={value}" for name, value in job.settings)
    command = f"spikelearn run {job.model} {words + ' ' if words else ''}{'--quick ' if job.quick else ''}--seed N"
    cpu = statistics.median(each["cpu_s"] for each in found)
    lines = [f"## {job.title}", "", experiment.summary, ""]
    lines += [f"`{command}`, {len(found)} seed{'s' if len(found) > 1 else ''}, {cpu:.0f} s of CPU each.", ""]
    lines += [
        "| metric | median | least | most | published or bar | source | in range |",
        "|---|---|---|---|---|---|---|",
    ]
    names = dict.fromkeys([*found[0]["metrics"], *experiment.published])
    for name in names:
        if name in COMMON:
            continue
        values = [each["metrics"].get(name) for each in found]
        numbers = [value for value in values if isinstance(value, int | float)]
        published = experiment.published.get(name)
        shown = [f"{f(numbers):.4g}" for f in (statistics.median, min, max)] if numbers else ["none"] * 3
        agree = [published.agrees(value) for value in values] if published else []
        judged = [each for each in agree if each is not None]
        in_range = f"{sum(judged)} of {len(judged)}" if judged else ""
        beside = [_cell(published.value), _range(published), _cell(published.source)] if published else [""] * 3
        lines.append(f"| {' | '.join([name, *shown, *beside, in_range])} |")
    return [*lines, ""]


def _range(published: ex.Published) -> str:
    low, high = (None if limit is None else f"{limit:.4g}" for limit in (published.low, published.high))
    if low is None or high is None:
        return f"at least {low}" if low is not None else f"at most {high}" if high is not None else ""
    return low if low == high else f"{low} to {high}"


def _cell(value: Any) -> str:
    return (f"{value:.4g}" if isinstance(value, float) else str(value)).replace("|", "\\|")


def gallery(jobs: Sequence[Job], folder: Path) -> str:
    """A page with the figures that are there, two side by side."""
    by_title = {job.title: job for job in [*jobs, *kept_jobs(folder)]}
    figures = [job for job in by_title.values() if (folder / "gallery" / f"{job.title}.png").exists()]
    cells = []
    for job in figures:
        summary = ex.load_experiment(job.model).summary
        cells.append(f"**{job.title}**<br>{summary}<br>![{job.title}](<{job.title}.png>)")
    lines = ["# Gallery", "", "The first seed of each; what the figures show in numbers: [results](../results.md).", ""]
    lines += ["| | |", "|---|---|"]
    lines += [f"| {cells[k]} | {cells[k + 1] if k + 1 < len(cells) else ''} |" for k in range(0, len(cells), 2)]
    return "\n".join(lines) + "\n"
