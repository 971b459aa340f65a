"""BAC firing (Larkum, Zhu & Sakmann 1999): all but the rates under noise is one cell without noise, so exact."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import PRINTED

import spikelearn as sl
from spikelearn.errors import ExperimentError
from spikelearn.experiments import load_experiment, metrics_table, run_experiment, set_parameters

MODEL = load_experiment("bac_firing")


@pytest.mark.parametrize("name", MODEL.published)
def test_quick_form_meets_the_full_bar(quick_form, name):
    assert MODEL.published[name].agrees(quick_form[1].metrics[name]), quick_form[1].metrics[name]


def test_pulses_burst_at_the_lags_between_ten_before_and_ten_after_and_the_control_at_none(quick_form):
    data = quick_form[1].data
    number = dict(zip(data["pulses"].lags, data["pulses"].spikes[2:], strict=True))
    assert set(range(-25, 26)) <= set(number)
    assert all(number[lag] >= 2 for lag in range(-10, 11))
    assert all(number[lag] == 1 for lag in number if abs(lag) >= 15)
    assert set(data["control_pulses"].spikes[2:]) == {1}


def test_spike_times_of_the_paired_pulses_are_those_of_the_prototype(quick_form):
    """4.1, 16.0 and 30.8 ms after the onset of the pulses, printed to 0.1 ms."""
    paired = quick_form[1].data["pulses"]
    spikes = paired.run.spikes("pyramidal")
    PRINTED(1).check(spikes.times[spikes.ids == paired.together] - paired.onset, [4.1, 16.0, 30.8])


def test_without_the_current_of_the_dendrite_no_pulse_makes_a_burst():
    settings = {"dendrite_current": 0.0, "gain_soma": "0,500", "gain_cells": 1, "gain_duration": 50.0}
    parameters = set_parameters(MODEL, settings)
    metrics = run_experiment(MODEL, parameters, seed=1, progress=False).metrics
    assert (metrics["spikes_soma_alone"], metrics["spikes_paired"], metrics["window_ms"]) == (1, 1, 0.0)


def test_lags_and_their_range_can_be_set():
    settings = {"lag_first": -40.0, "lag_last": 12.0, "lag_step": 4.0, "shown_lag": 8.0}
    parameters = set_parameters(MODEL, {**settings, "gain_soma": "0,500", "gain_cells": 1, "gain_duration": 50.0})
    outcome = run_experiment(MODEL, parameters, seed=1, progress=False)
    pulses = outcome.data["pulses"]
    np.testing.assert_array_equal(pulses.lags, np.arange(-40.0, 13.0, 4.0))
    assert pulses.lags[pulses.together - 2] == 8.0 and outcome.metrics["spikes_paired"] == 3
    MODEL.figure(parameters, outcome).canvas.draw()
    with pytest.raises(ExperimentError, match="lag_first <= 0 <= lag_last"):
        set_parameters(MODEL, {"lag_first": 3.0})


def test_figure_draws(quick_form, tmp_path):
    MODEL.figure(*quick_form).savefig(tmp_path / "figure.png", dpi=50)
    assert (tmp_path / "figure.png").stat().st_size > 10_000


@pytest.mark.parametrize("at", range(4))
def test_after_ctrl_c_no_further_experiment_is_begun_and_what_was_measured_is_reported(at, monkeypatch):
    whole, begun = sl.Network.run, []

    def run(network, duration, **options):
        begun.append(network)
        found = whole(network, duration, **options)
        found.interrupted = len(begun) - 1 == at
        return found

    monkeypatch.setattr(sl.Network, "run", run)
    parameters = set_parameters(MODEL, {"lag_step": 25.0, "gain_cells": 2, "gain_duration": 50.0})
    outcome = MODEL.simulate(parameters, 1, progress=False)
    assert (len(begun), len(outcome.other_runs)) == (at + 1, at)
    first_of_each = ("spikes_soma_alone", "control_spikes_paired", "gain_ratio", "control_gain_ratio")
    assert [outcome.metrics[name] is not None for name in first_of_each] == [k < at for k in range(4)]
    MODEL.figure(parameters, outcome).canvas.draw()


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_full_form_meets_the_bar(seed):
    outcome = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False)
    failed = [row for row in metrics_table(MODEL, outcome.metrics) if row.agrees is False]
    assert not failed
