"""A group of cells is remembered by facilitated synapses: short form always, full with -m slow."""

from __future__ import annotations

import numpy as np
import pytest

from spikelearn.experiments import load_experiment, run_experiment, set_parameters

MODEL = load_experiment("mongillo_2008")


def test_the_weight_of_a_potential_is_the_current_that_makes_it():
    module = MODEL.simulate.__globals__
    t = np.arange(0.0, 100.0, 0.001)
    for tau_m in (10.0, 15.0):
        V = (
            module["current_of"](0.45, tau_m)
            / 250.0
            * (np.exp(-t / tau_m) - np.exp(-t / 2.0))
            * tau_m
            * 2.0
            / (tau_m - 2.0)
        )
        assert V.max() == pytest.approx(0.45, rel=1e-6)


def test_population_spikes_are_counted_where_rates_rise():
    count = MODEL.simulate.__globals__["population_spikes"]
    rates = np.array([[20.0, 0.0], [16.0, 0.0], [3.0, 15.0], [15.0, 14.0]])
    assert count(rates).tolist() == [2, 1]


def test_in_the_short_form_activity_depends_on_the_background_and_nothing_is_read_out_without_facilitation(quick_form):
    metrics = quick_form[1].metrics
    assert set(MODEL.published) <= set(metrics)
    assert metrics["population_spikes_23_7"] >= 2
    assert metrics["sustained_hz_24_1"] > 3.0 and metrics["sustained_ratio_24_1"] > 3.0
    assert metrics["delay_hz_22_7"] < 2.0
    assert metrics["control_readout"] == 0.0


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_what_was_cued_is_read_out(seed):
    metrics = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False).metrics
    for name, published in MODEL.published.items():
        assert published.agrees(metrics[name]) is not False, name
