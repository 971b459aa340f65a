"""Pfister & Gerstner (2006): what pairs of spikes do, by frequency and by the time apart."""

import functools

import numpy as np
import pytest

from spikelearn.experiments import load_experiment

MODEL = load_experiment("pairing_curves")


@functools.cache
def outcome(**changed):
    return MODEL.simulate(MODEL.parameters(**changed), 1, progress=False)


@pytest.mark.parametrize("name", MODEL.published)
def test_the_reported_number_comes_out_within_the_bar_of_the_specs(name):
    assert MODEL.published[name].agrees(outcome().metrics[name]), outcome().metrics[name]


def test_control_with_the_fit_to_hippocampus_the_numbers_of_visual_cortex_do_not():
    metrics = outcome(triplet_set="hippocampus full").metrics
    agree = [MODEL.published[name].agrees(value) for name, value in metrics.items()]
    assert len(agree) == 10 and sum(agree) <= 2


def test_post_before_pre_depresses_at_low_and_potentiates_at_high_frequency():
    found = dict(zip(outcome().data["pairs"], outcome().data["changes"], strict=True))
    assert found[10.0, -10.0] < 0.0 < found[50.0, -10.0]
    assert found[10.0, -10.0] < found[10.0, 10.0] and found[20.0, -8.0] < 0.0 < found[20.0, 8.0]


def test_the_figure_shows_curves_with_rings_on_them():
    figure = MODEL.figure(MODEL.parameters(), outcome())
    lines = figure.axes[0].lines
    curves = [line for line in lines if line.get_marker() == "."]
    rings = [line for line in lines if line.get_marker() == "o" and len(line.get_xdata())]
    for curve, ring in zip(curves, rings, strict=True):
        on_curve = np.interp(ring.get_xdata(), curve.get_xdata(), curve.get_ydata())
        np.testing.assert_allclose(ring.get_ydata(), on_curve, atol=3.0)
