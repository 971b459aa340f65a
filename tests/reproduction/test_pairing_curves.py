"""Pfister & Gerstner (2006) and Clopath et al. (2010): what pairs of spikes do, by frequency and by the time apart."""

import functools

import numpy as np
import pytest

from spikelearn.experiment import load_experiment

MODEL = load_experiment("pairing_curves")


@functools.cache
def outcome(**changed):
    return MODEL.simulate(MODEL.parameters(**changed), 1, progress=False)


@pytest.mark.parametrize("name", MODEL.published)
def test_the_reported_number_comes_out_within_the_bar_of_the_specs(name):
    assert MODEL.published[name].agrees(outcome().metrics[name]), outcome().metrics[name]


@pytest.mark.parametrize("changed", [{"t_clamp": 0.0}, {"delay_u_bars": 0.0}], ids=str)
def test_control_without_the_clamp_or_the_delay_the_numbers_of_clopath_do_not(changed):
    metrics = outcome(**changed).metrics
    agree = [MODEL.published[name].agrees(value) for name, value in metrics.items() if name.startswith("clopath")]
    assert len(agree) == 6 and sum(agree) <= 2


def test_control_with_the_fit_to_hippocampus_the_numbers_of_visual_cortex_do_not():
    metrics = outcome(triplet_set="hippocampus full").metrics
    agree = [MODEL.published[name].agrees(value) for name, value in metrics.items() if name.startswith("triplet")]
    assert len(agree) == 10 and sum(agree) <= 2


@pytest.mark.parametrize("rule", ["triplet", "clopath"])
def test_post_before_pre_depresses_at_low_and_potentiates_at_high_frequency(rule):
    pairs, changes = (outcome().data[name][rule] for name in ("pairs", "changes"))
    start = 100.0 if rule == "clopath" else 0.0
    found = {pair: change for pair, change in zip(pairs, changes, strict=True)}
    assert found[10.0, -10.0] < start < found[50.0, -10.0]
    assert found[10.0, -10.0] < found[10.0, 10.0] and found[20.0, -8.0] < start < found[20.0, 8.0]


def test_the_figure_shows_curves_with_rings_on_them():
    figure = MODEL.figure(MODEL.parameters(), outcome())
    for ax in figure.axes[:2]:
        curves = [line for line in ax.lines if line.get_marker() == "."]
        rings = [line for line in ax.lines if line.get_marker() == "o" and len(line.get_xdata())]
        for curve, ring in zip(curves, rings, strict=True):
            on_curve = np.interp(ring.get_xdata(), curve.get_xdata(), curve.get_ydata())
            np.testing.assert_allclose(ring.get_ydata(), on_curve, atol=3.0)
