"""XOR by bursts (Payeur et al. 2021): what a fiftieth of the learning shows always, the full form with `-m slow`."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
from spikelearn.models.burstprop_xor import cost, margin

from spikelearn.experiments import load_experiment, run_experiment, set_parameters

MODEL = load_experiment("burstprop_xor")
CHANCE = 4.0 * np.log(2.0)


def test_in_ten_epochs_the_output_learns_to_answer_at_all_and_the_cost_falls_by_half(quick_form):
    course, metrics = quick_form[1].data["course"], quick_form[1].metrics
    assert np.all(course.before[0] < 3.0)
    assert metrics["cost_after"] < 2.0 * CHANCE, "an output that is silent costs 9.2"
    before, after = course.before[0], course.after[0]
    assert after[1] > 2.0 * before[1] and after[2] > 1.5 * before[2]


def test_a_seed_whose_answers_are_not_apart_has_not_solved_it_whatever_its_cost(quick_form):
    course, metrics = quick_form[1].data["course"], quick_form[1].metrics
    answers = course.rates[0, -50:].mean(axis=0)
    apart = min(answers[1:3]) - max(answers[[0, 3]])
    assert metrics["solved"] == (apart > 0.0 and metrics["mean_cost_last_50"] <= 2.0)


def test_it_learns_in_the_plastic_windows_of_learning_only(quick_form):
    parameters, outcome = quick_form
    course = outcome.data["course"]
    assert course.weights[0] == pytest.approx([parameters.weight] * 2, abs=1e-12)
    assert np.all(np.abs(course.weights[-1] - parameters.weight) > 1e-4)
    assert course.of == [0, 8, 9, 10] and course.rates.shape == (3, parameters.epochs, 4)


def test_what_was_learned_is_the_mean_of_tests_after_each_of_the_last_epochs(quick_form):
    course, metrics = quick_form[1].data["course"], quick_form[1].metrics
    assert course.tests.shape == (3, 2, 4) and np.any(course.tests[0, 0] != course.tests[0, 1])
    after, last = course.after[0], course.tests[0, 1]
    assert metrics["margin_hz"] == pytest.approx(min(after[1:3]) - max(after[[0, 3]]), abs=1e-12)
    assert metrics["margin_hz_last_test"] == pytest.approx(min(last[1:3]) - max(last[[0, 3]]))


def test_controls_answer_with_their_own_cells_to_the_same_inputs_and_are_measured_as_they_are(quick_form):
    course, metrics = quick_form[1].data["course"], quick_form[1].metrics
    assert course.names == ("burstprop", "fast homeostasis", "no feedback")
    for k, name in ((1, "ablation"), (2, "no_feedback")):
        assert np.all(course.rates[k] != course.rates[0])
        assert metrics[f"{name}_cost"] == pytest.approx(cost(course.rates[k]).mean())
        assert metrics[f"{name}_margin_hz"] == pytest.approx(margin(course.after[k]))


def test_the_figure_has_the_controls_that_were_run(quick_form):
    costs, answers, weights = MODEL.figure(*quick_form).axes
    assert [line.get_label() for line in costs.lines[:3]] == [
        "burstprop", "control: fast homeostasis", "control: no feedback"
    ]  # fmt: skip
    assert len(answers.lines) == 3 and len(weights.lines) == 2


def test_the_published_size_is_a_matter_of_parameters():
    short = {"burn_in": 400.0, "predict": 800.0, "learn": 200.0, "tests": 1}  # a thirtieth of the time
    parameters = set_parameters(MODEL, {"cells": 120, "dt": 0.4, "epochs": 1, "threads": 2, "controls": False, **short})
    outcome = run_experiment(MODEL, parameters, seed=1, progress=False)
    assert np.isfinite(outcome.metrics["mean_cost_last_50"])
    assert not {"ablation_cost", "no_feedback_cost"} & set(outcome.metrics), "what was not run is not missed"
    synapses = outcome.run.synapses("input->hidden, burstprop")
    assert len(synapses.weight) == pytest.approx(240 * 240 * 100 / 120, rel=0.02)


def test_the_intact_circuit_is_the_same_to_the_last_bit_whether_controls_learn_beside_it_or_not():
    short = {"burn_in": 400.0, "predict": 800.0, "learn": 200.0, "epochs": 2, "tests": 1}
    alone, beside = (
        run_experiment(MODEL, set_parameters(MODEL, {**short, "controls": controls}), seed=2, progress=False)
        for controls in (False, True)
    )
    assert np.array_equal(alone.data["course"].rates[0], beside.data["course"].rates[0])
    assert np.array_equal(alone.data["course"].weights, beside.data["course"].weights)


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
def test_full_form_meets_every_bar():
    metrics = run_experiment(MODEL, set_parameters(MODEL), seed=1, progress=False).metrics
    missed = {name: metrics[name] for name, published in MODEL.published.items() if not published.agrees(metrics[name])}
    assert not missed


def test_progress_is_told_after_each_epoch_that_is_followed_by_a_test(monkeypatch):
    module, said = import_module("spikelearn.models.burstprop_xor"), []
    monkeypatch.setattr(module, "report", lambda text, progress: said.append(text))
    short = {"cells": 20, "dt": 0.4, "burn_in": 100.0, "predict": 200.0, "learn": 50.0, "controls": False}
    MODEL.simulate(set_parameters(MODEL, {**short, "epochs": 4, "tests": 2}), 1, progress=False)
    assert [text.partition(",")[0] for text in said] == ["epoch 2 of 4", "epoch 3 of 4", "epoch 4 of 4"]
