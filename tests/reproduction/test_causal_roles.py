"""Causal roles: short form always, all seeds with `-m slow`."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from spikelearn.experiments import load_experiment, metrics_table, run_experiment, set_parameters

MODEL = load_experiment("causal_roles")


@pytest.fixture(scope="module")
def quick(quick_form):
    return quick_form[0], quick_form[1].metrics


def test_signals_follow_the_role_of_each_cell_where_feedback_knows_the_decoder(quick):
    metrics = quick[1]
    assert metrics["sign_agreement.koerding_koenig:tied"] > 0.9
    assert metrics["accuracy.koerding_koenig:tied"] > metrics["first_accuracy.koerding_koenig:tied"] + 0.2
    assert 0.25 < metrics["sign_agreement.fa"] < 0.75  # three standard deviations of 40 cells that agree by chance


def test_without_feedback_no_cell_is_told_anything_and_the_cursor_stays(quick):
    metrics = quick[1]
    for rule in ("koerding_koenig:tied", "fa"):
        assert metrics[f"ablated_agreement.{rule}"] is None
        assert metrics[f"ablated_accuracy.{rule}"] == metrics[f"first_accuracy.{rule}"]


def test_exploration_moves_the_cursor_though_no_signal_is_of_one_cell(quick):
    metrics = quick[1]
    assert "sign_agreement.node_perturbation" not in metrics
    assert metrics["accuracy.node_perturbation"] > metrics["first_accuracy.node_perturbation"] + 0.15


def test_the_decoder_never_changes():
    module = sys.modules[MODEL.simulate.__module__]
    p = module.Parameters(examples=100, hidden=8)
    examples, roles = module.two_sides(p), module.roles_of(p, 1)
    for rule in ("fa", "bptt", "brainprop"):
        learner = module.learner_of(p, rule, 1, examples, roles, "none")
        before = [each.copy() for each in learner.coefs_]
        learner.partial_fit(examples.X, examples.y)
        assert np.array_equal(before[-1], learner.coefs_[-1])
        assert not np.array_equal(before[0], learner.coefs_[0])
        assert np.array_equal(np.sign(before[-1][:, 1]), roles)


@pytest.mark.parametrize("rule", ["ep", "koerding_koenig:tied", "fa"])
def test_tied_feedback_knows_the_decoder_before_anything_is_learned(rule):
    module = sys.modules[MODEL.simulate.__module__]
    p = module.Parameters(examples=100, hidden=8)
    examples, roles = module.two_sides(p), module.roles_of(p, 1)
    learner = module.learner_of(p, rule, 1, examples, roles, "none")
    circuit = learner.circuit_
    up = circuit.network.synapses(circuit.forward[-1]).matrix((8, 2))
    down = circuit.network.synapses(circuit.feedback[0]).matrix((2, 8))
    assert np.array_equal(up, down.T) == (rule != "fa")


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_full_form_meets_every_bar(seed):
    outcome = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False)
    assert all(row.agrees for row in metrics_table(MODEL, outcome.metrics) if row.published is not None)
