"""What makes digits learned: each change takes away what the learning needs, and nothing else."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from spikelearn.experiments import load_experiment, run_experiment, set_parameters

MODEL = load_experiment("digits_ablations")
MODULE = sys.modules[MODEL.simulate.__module__]
DIGITS = sys.modules[load_experiment("digits").simulate.__module__]


@pytest.fixture(scope="module")
def images():
    return MODULE.sl.tasks.split(*MODULE.sl.tasks.digits(), 20)


def taught(images, name):
    """How far the synapses onto each population, (10,), moved in twenty images, and which populations answered."""
    _, parameters, change = MODULE.CHANGES[name]
    p = set_parameters(MODEL, {"images": 20, "decide": 250.0} | parameters)
    learner = DIGITS.build(p, images, 1, change=change)
    before = learner.network.weights(learner.basal)
    run, answers = DIGITS.learn(learner, p, images.train, images.train_labels, 0, 1001)
    moved = np.abs(learner.network.weights(learner.basal) - before)
    return np.bincount(run.synapses(learner.basal).post // p.cells, moved, 10), np.isin(np.arange(10), answers)


def test_only_populations_that_answered_learn_although_all_synapses_are_plastic_all_the_time(images):
    moved, answered = taught(images, "intact")
    assert not answered.all() and moved[answered].sum() > 0.9 * moved.sum()


def test_with_tags_at_every_spike_populations_learn_that_did_not_answer(images):
    (intact, answered), (every, also_answered) = taught(images, "intact"), taught(images, "every_spike")
    assert every[~also_answered].sum() > 10.0 * intact[~answered].sum()


@pytest.mark.parametrize("name", ["no_feedback", "no_coupling", "no_back_propagation"])
def test_without_bursts_weights_hardly_move(images, name):
    assert taught(images, name)[0].sum() < 0.1 * taught(images, "intact")[0].sum()


@pytest.mark.slow
def test_each_part_that_is_claimed_to_matter_costs_ten_points():
    metrics = run_experiment(MODEL, set_parameters(MODEL), seed=6, progress=False).metrics
    missed = {name: metrics[name] for name, each in MODEL.published.items() if not each.agrees(metrics[name])}
    assert not missed
