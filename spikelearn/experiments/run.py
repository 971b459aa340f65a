"""Run a model, and compare its metrics with published values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from spikelearn.errors import ExperimentError
from spikelearn.experiments.model_file import Experiment
from spikelearn.experiments.outcome import Expected, Outcome, common_metrics, json_value
from spikelearn.experiments.parameters import expected_of
from spikelearn.experiments.user_code import user_code
from spikelearn.results.run import Run
from spikelearn.results.sink import Sink


class MetricRow(NamedTuple):
    """One metric and what is expected of it. agrees: None if there is no range."""

    name: str
    value: Any
    published: Expected | None
    agrees: bool | None


def run_experiment(
    experiment: Experiment, parameters: Any, seed: int, sink: Sink | None = None, progress: bool | None = None
) -> Outcome:
    """Simulate a model. The returned metrics include the common ones.

    sink: where the main run's recordings are streamed to. progress: None shows a bar on a terminal only.
    A model may return a Run, or a Run and its metrics, instead of an Outcome.
    Raises ExperimentError for errors in the model file, with the line, and if what it returns cannot be used.

    >>> model = load_experiment("brunel_2000")
    >>> p = set_parameters(model, {"order": 20, "duration": 50})
    >>> outcome = run_experiment(model, p, seed=1, progress=False)
    >>> outcome.metrics["rate_hz"] > 0
    True
    """
    with user_code(experiment.path, "simulate"):
        try:
            outcome = _as_outcome(experiment.simulate(parameters, seed, sink=sink, progress=progress))
        except ModuleNotFoundError as error:
            raise ExperimentError(
                f"{experiment.path}: needs the package {error.name!r}, which is not installed; to install the "
                "packages that the models need: pip install 'spikelearn[models]'"
            ) from error
    _check(outcome, experiment.path)
    common = {name: value for name, value in common_metrics(outcome).items() if name not in outcome.metrics}
    return dataclasses.replace(outcome, metrics={**outcome.metrics, **common})


def _as_outcome(returned: Any) -> Any:
    if isinstance(returned, Run):
        return Outcome(returned, {})
    if isinstance(returned, tuple) and len(returned) == 2 and isinstance(returned[0], Run):
        return Outcome(*returned)
    return returned


def draw(experiment: Experiment, parameters: Any, outcome: Outcome) -> Any:
    """The model's own Figure; without one a raster, or voltages if no spikes were recorded.

    Raises ExperimentError for errors in the model file, and if it returns something else.

    >>> model = load_experiment("brunel_2000")
    >>> p = set_parameters(model, {"order": 20, "duration": 50})
    >>> figure = draw(model, p, run_experiment(model, p, seed=1, progress=False))
    >>> figure.savefig("brunel_2000.png")
    """
    if experiment.figure is None:
        from spikelearn import plots

        spikes = any(len(found.times) for found in outcome.run.spike_data.values())
        return (plots.raster if spikes else plots.voltage)(outcome.run).figure
    with user_code(experiment.path, "figure"):
        figure = experiment.figure(parameters, outcome)
    if not callable(getattr(figure, "savefig", None)):
        got = type(figure).__name__
        raise ExperimentError(f"{experiment.path}: `figure` returned {got}, expected a matplotlib Figure")
    return figure


def _check(outcome: Any, path: Path) -> None:
    if not isinstance(outcome, Outcome):
        got, expected = type(outcome).__name__, "an Outcome, a Run, or a Run and a dict of metrics"
        raise ExperimentError(f"{path}: `simulate` returned {got}, expected {expected}")
    for run in (outcome.run, *outcome.other_runs):
        if not isinstance(run, Run):
            raise ExperimentError(f"{path}: `simulate` returned an Outcome with {run!r}, expected a Run")
    if not isinstance(outcome.metrics, Mapping):
        raise ExperimentError(f"{path}: `simulate` returned metrics {outcome.metrics!r}, expected name -> number")
    for name, value in outcome.metrics.items():
        if not isinstance(name, str) or not _is_metric(value):
            raise ExperimentError(f"{path}: metric {name!r}: expected a number, text or None, got {value!r}")


def _is_metric(value: Any) -> bool:
    plain = json_value(value)
    if isinstance(plain, list):
        return all(map(_is_metric, plain))
    return plain is None or isinstance(plain, bool | int | float | str)


def metrics_table(experiment: Experiment, metrics: Mapping[str, Any], parameters: Any = None) -> list[MetricRow]:
    """Every metric with what is expected of it. A metric that was expected but not measured has the value None.

    parameters: those that it was measured with; by default the model's (see `expected_of`).

    >>> row = metrics_table(load_experiment("brunel_2000"), {"rate_hz": 36.9})[0]
    >>> row.value, row.published.value, row.agrees
    (36.9, 37.45, True)
    """
    rows = []
    expected = expected_of(experiment, parameters)
    for name in [*metrics, *(name for name in expected if name not in metrics)]:
        value, published = metrics.get(name), expected.get(name)
        rows.append(MetricRow(name, value, published, published.agrees(value) if published else None))
    return rows
