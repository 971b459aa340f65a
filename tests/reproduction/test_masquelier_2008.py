"""A neuron that finds the start of a repeating pattern: short form always, full with -m slow."""

from __future__ import annotations

import numpy as np
import pytest

from spikelearn.experiments import load_experiment, run_experiment, set_parameters
from spikelearn.models import masquelier_2008

MODEL = load_experiment("masquelier_2008")


def missed(metrics):
    return [name for name, published in MODEL.published.items() if published.agrees(metrics[name]) is False]


def test_in_the_short_form_the_neuron_finds_the_pattern_and_the_control_does_not(quick_form):
    metrics = quick_form[1].metrics
    assert metrics["hit_rate"] > 0.9 and metrics["latency_ms"] < 20.0
    assert metrics["control_hit_rate"] < 0.2 and metrics["all_to_all_hit_rate"] < 0.2


def test_hits_false_alarms_and_latencies_are_counted_in_the_late_part():
    onsets = np.array([0.0, 100.0, 200.0, 400.0, 950.0])
    found = masquelier_2008.answers_of(np.array([30.0, 105.0, 112.0, 190.0, 415.0, 470.0]), onsets, 99.0, 1000.0)
    assert found.hit_rate == 2 / 3  # at 100 and 400 of 100, 200 and 400; the last is not over
    assert found.false_alarms_hz == pytest.approx(2 / 0.901)
    assert found.latency == 10.0
    assert masquelier_2008.answers_of(np.zeros(0), onsets, 960.0, 1000.0).hit_rate is None


def test_the_pattern_has_its_share_of_the_time_and_never_follows_itself():
    parameters = set_parameters(MODEL, {"duration": 60_000.0})
    windows = masquelier_2008.windows_of(parameters, np.random.default_rng(1))
    assert windows.mean() == 0.25 and not np.any(windows[1:] & windows[:-1])


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_the_neuron_fires_at_the_start_of_the_pattern_and_only_there(seed):
    assert missed(run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False).metrics) == []
