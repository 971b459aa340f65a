"""A liquid keeps inputs apart that differ: short form always, full with -m slow."""

from __future__ import annotations

import numpy as np
import pytest

from spikelearn.experiments import load_experiment, run_experiment, set_parameters

MODEL = load_experiment("liquid_state_machine")


def test_in_the_short_form_more_distant_inputs_have_more_distant_states(quick_form):
    metrics = quick_form[1].metrics
    assert set(MODEL.published) <= set(metrics)
    assert metrics["smallest_gap_sem"] > 0.0 and metrics["control_gap_sem"] < 3.0
    assert metrics["state_distance_0_4"] > 1.5 * metrics["state_distance_0"] > 0.1
    assert metrics["input_distance_0_1"] == pytest.approx(0.1, abs=0.02)
    assert metrics["input_distance_0_4"] == pytest.approx(0.4, abs=0.05)


def test_states_are_filtered_spikes():
    parameters = set_parameters(MODEL, settings={"pairs": 3}, quick=True)
    module, random = MODEL.simulate.__globals__, np.random.default_rng(1)
    trains = [module["train"](parameters, random) for _ in range(2)]
    net, cells = module["build"](parameters, trains, 1)
    run = net.run(1000.0)
    found = module["states"](parameters, run, 2)
    times, ids = run.spikes(cells["E"])
    assert len(times) > 50
    for neuron in range(0, 108, 9):
        own = times[(ids == neuron) & (times > 500.0) & (times <= 700.0)]
        assert found[1, 19, neuron] == pytest.approx(np.exp(-(700.0 - own) / 30.0).sum(), abs=1e-12)


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_states_are_ordered_as_inputs_are(seed):
    metrics = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False).metrics
    for name, published in MODEL.published.items():
        assert published.agrees(metrics[name]) is not False, name
