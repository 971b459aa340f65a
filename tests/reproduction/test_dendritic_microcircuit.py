"""The dendritic error microcircuit (Sacramento et al. 2018): short form always, full form with `-m slow`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import spikelearn as sl
from spikelearn.errors import ParameterError
from spikelearn.experiments import load_experiment, metrics_table, run_experiment, set_parameters
from spikelearn.learning.dendritic_microcircuit import Microcircuit, build, present, starting_weights
from spikelearn.models import dendritic_microcircuit as model

MODEL = load_experiment("dendritic_microcircuit")


def test_interneurons_learn_to_silence_apical_dendrites_as_rates_and_with_spikes(quick_form):
    metrics = quick_form[1].metrics
    assert metrics["self_prediction_ratio"] < 0.05
    assert metrics["spiking_self_prediction_ratio"] < 0.1


def test_three_short_epochs_teach_more_than_a_linear_reader_knows(quick_form):
    """250 test points: a standard error of 0.02. What the frozen layer lacks shows only in the full form."""
    metrics = quick_form[1].metrics
    assert metrics["test_accuracy"] > 0.75 > metrics["linear_accuracy"] > 0.5
    assert metrics["spiking_test_accuracy"] > 0.75
    assert metrics["untrained_accuracy"] < 0.6
    assert metrics["gain_over_frozen"] == metrics["test_accuracy"] - metrics["frozen_accuracy"]


def test_a_frozen_layer_keeps_its_weights_and_gets_no_feedback():
    p = replace(MODEL.parameters(), epochs=1, n_train=60, n_test=60)
    start = model.start(p, p.microcircuit(spikes=False), 1, p.w_frozen)
    weights = model.learn_frozen(p, 1, [], progress=False).weights
    changed = {name for name in start if not np.array_equal(start[name], weights[name])}
    assert changed == {"up 2", "down 1", "pi 1"} and not weights["down 1"].any() and not weights["pi 1"].any()
    assert 0.99 * p.w_frozen < np.abs(weights["up 1"]).max() <= p.w_frozen


def test_the_hidden_layer_learns_along_the_gradient_if_feedback_is_symmetric_and_else_comes_nearer_to_it(quick_form):
    """In the self-predicting state, within a degree, with a nudge of a thousandth. Random feedback says nothing about a
    gradient before weights have aligned with it, and what they have aligned with is this feedback and no other."""
    metrics = quick_form[1].metrics
    assert metrics["backprop_angle"] < 1.0
    assert metrics["angle_while_learning"] < 70.0 < metrics["angle_redrawn"]
    assert metrics["angle_while_learning"] < metrics["angle_before"] - 20.0


def test_the_figure_draws_what_was_measured_and_what_an_interrupted_run_did_not(quick_form):
    parameters, outcome = quick_form
    assert len(MODEL.figure(parameters, outcome).axes) == 3
    nothing = replace(
        outcome, metrics=dict.fromkeys(outcome.metrics), data={"learned": {}, "plane": None}
    )  # fmt: skip
    MODEL.figure(parameters, nothing)


def test_spikes_come_nearer_to_the_rates_the_shorter_their_interval():
    """The same circuit, not learning, at ten points: mean distance of v_A and u from those of the rate form. Ripple is
    proportional to the interval; 16 times shorter leaves an eighth at most."""
    circuits = Microcircuit((4, 30, 3), dt=0.0625, settle=40.0, read=20.0)
    weights, points = starting_weights(circuits, 1.0, 3.0, 2), sl.tasks.yin_yang(10, 3)[0]

    def potentials(spikes, interval=1.0):
        circuit = build(replace(circuits, spikes=spikes, interval=interval), weights, 4)
        circuit.network.record(circuit.layers[1], "v_A", every=1.0)
        circuit.network.record(circuit.output, "u", every=1.0)
        run = present(circuit, points).run
        settled = np.arange(600) % 60 >= 40
        return run.trace("hidden 1", "v_A").values[settled], run.trace("output", "u").values[settled]

    rates = potentials(False)
    apart = [
        [np.abs(found - limit).mean() for found, limit in zip(potentials(True, interval), rates, strict=True)]
        for interval in (1.0, 0.25, 0.0625)
    ]
    for v_A_or_u in np.transpose(apart):
        assert v_A_or_u[0] > 2 * v_A_or_u[1] > 4 * v_A_or_u[2]
        assert v_A_or_u[2] < v_A_or_u[0] / 8


def test_spikes_more_often_than_steps_are_refused():
    with pytest.raises(ParameterError, match="expected at least dt, 1 ms, got 0.5 ms"):
        set_parameters(MODEL, {"interval": "0.5"})


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
def test_the_full_form_reaches_the_bar_as_rates_and_with_spikes():
    outcome = run_experiment(MODEL, MODEL.parameters(), seed=2, progress=False)
    wrong = {row.name: row.value for row in metrics_table(MODEL, outcome.metrics) if row.agrees is False}
    assert not wrong
