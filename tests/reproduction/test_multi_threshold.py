"""Sardi et al. 2017 and 2018: neurons with a threshold for each arm, and arms that adapt."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.experiments import load_experiment, metrics_table, run_experiment, set_parameters

MODELS = {name: load_experiment(name) for name in ("multi_threshold", "adaptive_nodes")}


@functools.cache
def quick(name):
    parameters = set_parameters(MODELS[name], quick=True)
    return parameters, run_experiment(MODELS[name], parameters, seed=1, progress=False)


@pytest.mark.parametrize(
    ("model", "metric"), [(name, key) for name, model in MODELS.items() for key in model.published]
)
def test_quick_form_meets_the_full_bar(model, metric):
    value = quick(model)[1].metrics[metric]
    assert MODELS[model].published[metric].agrees(value), value


def test_the_spikes_of_a_neuron_with_three_arms_tell_the_three_apart():
    model = MODELS["multi_threshold"]
    few = {"arms": 3, "trials": 60, "map_step": 0.5, "map_trials": 2}
    outcome = run_experiment(model, set_parameters(model, few), seed=2, progress=False)
    assert set(outcome.data["waveforms"].arms) == {0, 1, 2}
    assert outcome.metrics["waveform_accuracy"] >= 0.98 and outcome.metrics["control_waveform_accuracy"] <= 0.55


def test_with_noise_as_large_as_their_difference_waveforms_do_not_tell_the_arm():
    model = MODELS["multi_threshold"]
    few = {"sigma_waveform": 1.0, "trials": 100, "map_step": 0.75, "map_trials": 1}
    accuracy = run_experiment(model, set_parameters(model, few), seed=1, progress=False).metrics["waveform_accuracy"]
    assert 0.4 < accuracy < 0.8


def test_on_the_map_the_border_of_the_arms_is_a_corner_and_that_of_the_sum_a_diagonal():
    data = quick("multi_threshold")[1].data
    strengths = data["map"].strengths
    second, first = np.meshgrid(strengths, strengths, indexing="ij")
    for found, drive in ((data["map"], np.maximum(first, second)), (data["control_map"], first + second)):
        assert np.all(found.probabilities[drive > 1.25] == 1.0)
        assert np.all(found.probabilities[drive < 0.75] == 0.0)


@pytest.mark.parametrize("name", MODELS)
def test_figure_draws(name, tmp_path, as_recorded):
    as_recorded(*quick(name), MODELS[name]).savefig(tmp_path / "figure.png", dpi=50)
    assert (tmp_path / "figure.png").stat().st_size > 10_000


@pytest.mark.parametrize(("name", "at"), [(name, at) for name in MODELS for at in (0, 2)])
def test_after_ctrl_c_no_further_experiment_is_begun(name, at, monkeypatch):
    whole, begun = sl.Network.run, []

    def run(network, duration, **options):
        begun.append(network)
        found = whole(network, duration, **options)
        found.interrupted = len(begun) - 1 == at
        return found

    monkeypatch.setattr(sl.Network, "run", run)
    few = {"multi_threshold": {"trials": 4, "map_step": 0.75, "map_trials": 1}, "adaptive_nodes": {"events": 10}}
    parameters = set_parameters(MODELS[name], few[name], quick=True)
    outcome = MODELS[name].simulate(parameters, 1, progress=False)
    assert len(begun) == at + 1
    first_of_last = "gain_change_error" if name == "adaptive_nodes" else "control_waveform_accuracy"
    assert outcome.metrics[first_of_last] is None
    MODELS[name].figure(parameters, outcome).canvas.draw()


def test_a_number_of_arms_that_there_is_not_is_refused():
    for arms in (0, 5, 2.5, "two", True):
        with pytest.raises(DescriptionError, match="multi_threshold: expected 1 to 4 arms, got"):
            sl.multi_threshold(arms)
    with pytest.raises(DescriptionError, match=r"has no port 'arm_3' \(did you mean 'arm_.'\?\)"):
        net = sl.Network()
        cells = net.population(1, sl.MultiThreshold())
        net.connect(net.population(1, sl.Poisson(1.0)), cells, "arm_3")
    with pytest.raises(ParameterError, match="gain_min must lie below gain_max"):
        sl.AdaptiveMultiThreshold(gain_min=3.0)
    with pytest.raises(ParameterError, match="width_1 must be more than 0"):
        sl.MultiThreshold(width_1=0.0)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "seed"), [(name, seed) for name in MODELS for seed in range(1, 6)])
def test_full_form_meets_the_bar(name, seed):
    outcome = run_experiment(MODELS[name], set_parameters(MODELS[name]), seed=seed, progress=False)
    failed = [row for row in metrics_table(MODELS[name], outcome.metrics) if row.agrees is False]
    assert not failed
