"""Clopath et al. (2010): what pairs of spikes do by frequency, and along a dendrite."""

import functools
from importlib import import_module

import numpy as np
import pytest

from spikelearn.experiments import load_experiment

MODEL = load_experiment("clopath_pairing")


@functools.cache
def outcome():
    return MODEL.simulate(MODEL.parameters(), 1, progress=False)


@pytest.mark.parametrize("name", MODEL.published)
def test_the_reported_number_comes_out_and_that_of_a_control_does_not(name):
    assert MODEL.published[name].agrees(outcome().metrics[name]), outcome().metrics[name]


def test_post_before_pre_depresses_at_low_and_potentiates_at_high_frequency():
    soma = outcome().data["soma"]
    found = dict(zip(soma.pairs, soma.changes["whole"], strict=True))
    assert found[10.0, -10.0] < found[30.0, -10.0] < 100.0 < found[50.0, -10.0]
    assert 100.0 < found[10.0, 10.0] < found[30.0, 10.0] < found[50.0, 10.0]
    assert found[20.0, -8.0] < 100.0 < found[20.0, 8.0]


def test_the_nearer_a_synapse_is_to_the_soma_the_less_it_takes_to_potentiate():
    dendrite = outcome().data["dendrite"]
    near = {name: dendrite.c_d[np.argmax(changes > 100.0)] for name, changes in dendrite.changes.items()}
    assert 0.0 < near["depolarised"] < MODEL.parameters().c_d < near["alone"] < dendrite.c_d[-1]
    for name, changes in dendrite.changes.items():
        assert np.all(changes[dendrite.c_d < near[name]] < 100.0) and np.all(changes[dendrite.c_d > near[name]] > 100.0)


def test_the_figure_shows_curves_with_rings_on_them():
    axes = MODEL.figure(MODEL.parameters(), outcome()).axes
    curves = [line for line in axes[0].lines if line.get_marker() == "."]
    rings = [line for line in axes[0].lines if line.get_marker() == "o" and len(line.get_xdata())]
    for curve, ring in zip(curves, rings, strict=True):
        on_curve = np.interp(ring.get_xdata(), curve.get_xdata(), curve.get_ydata())
        np.testing.assert_allclose(ring.get_ydata(), on_curve, atol=3.0)


def test_curves_are_measured_at_growing_frequencies_and_times():
    model = import_module("spikelearn.models.clopath_pairing")
    assert np.all(np.diff(model.FREQUENCIES) > 0.0) and np.all(np.diff(model.SHIFTS) > 0.0)
    assert {*model.REPORTED["post_pre"], *model.REPORTED["pre_post"]} <= set(model.FREQUENCIES)
