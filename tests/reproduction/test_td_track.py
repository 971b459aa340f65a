"""The value of a track, learned from temporal differences: short form always, full with -m slow."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import ULP

from spikelearn.experiments import load_experiment, run_experiment, set_parameters
from spikelearn.models import td_track

MODEL = load_experiment("td_track")


def test_the_value_expected_is_the_discounted_integral_of_the_reward_as_it_arrives():
    p = set_parameters(MODEL)
    s = np.arange(0.0, 6000.0, 0.01)
    kappa = (np.exp(-s / p.tau_kappa) - np.exp(-s / p.nu_kappa)) / (p.tau_kappa - p.nu_kappa)
    numeric = [np.trapezoid(kappa * np.exp(-(p.running + s - t) / p.tau_r), s) for t in (0.0, 1000.0, 2500.0)]
    # 1e-7: the trapezoidal rule with steps of 0.01 ms, of a kink at 0
    ULP(1e9).check(td_track.expected_value(p)[[0, 1000, 2500]], numeric)


def test_short_form_begins_to_expect_the_reward_and_only_the_control_grows_without_limits(quick_form):
    outcome = quick_form[1]
    assert set(MODEL.published) <= set(outcome.metrics)
    assert outcome.metrics["delta_reward_ratio"] < 0.9
    assert abs(outcome.metrics["control_delta_cue"]) < 0.01
    courses = outcome.data["courses"]
    assert courses["control"].value.max() > 1.2 * courses["learned"].value.max()


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_value_is_learned_and_dopamine_moves_to_the_cue(seed):
    metrics = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False).metrics
    for name, published in MODEL.published.items():
        assert published.agrees(metrics[name]) is not False, name
