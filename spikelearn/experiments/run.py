"""Run a model, and compare its metrics with published values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

from spikelearn.errors import ExperimentError
from spikelearn.experiments.model_file import Experiment
from spikelearn.experiments.outcome import Outcome, Published, common_metrics
from spikelearn.results.sink import Sink


class MetricRow(NamedTuple):
    """One metric and its published value. agrees: None if no range was published."""

    name: str
    value: Any
    published: Published | None
    agrees: bool | None


def run_experiment(
    experiment: Experiment, parameters: Any, seed: int, sink: Sink | None = None, progress: bool | None = None
) -> Outcome:
    """Simulate a model. The returned metrics include the common ones.

    sink: where the main run's recordings are streamed to. progress: None shows a bar on a terminal only.
    Raises ExperimentError if the model returns no Outcome; errors in the model itself pass through.
    """
    try:
        outcome = experiment.simulate(parameters, seed, sink=sink, progress=progress)
    except ModuleNotFoundError as error:
        raise ExperimentError(
            f"{experiment.path}: needs the package {error.name!r}, which is not installed; to install the "
            "packages that the models need: pip install 'spikelearn[models]'"
        ) from error
    if not isinstance(outcome, Outcome):
        got = type(outcome).__name__
        raise ExperimentError(f"{experiment.path}: `simulate` returned {got}, expected an Outcome")
    common = {name: value for name, value in common_metrics(outcome).items() if name not in outcome.metrics}
    return dataclasses.replace(outcome, metrics={**outcome.metrics, **common})


def metrics_table(experiment: Experiment, metrics: Mapping[str, Any]) -> list[MetricRow]:
    """Every metric with its published value. A metric that was published but not measured has the value None."""
    rows = []
    for name in [*metrics, *(name for name in experiment.published if name not in metrics)]:
        value, published = metrics.get(name), experiment.published.get(name)
        rows.append(MetricRow(name, value, published, published.agrees(value) if published else None))
    return rows
