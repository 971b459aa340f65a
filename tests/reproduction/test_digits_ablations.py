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
    """Weights before and after twenty images, and the run."""
    _, parameters, change = MODULE.CHANGES[name]
    p = set_parameters(MODEL, {"images": 20, "decide": 250.0} | parameters)
    learner = DIGITS.build(p, images, 1, change=change)
    before = learner.network.weights(learner.basal)
    run, answers = DIGITS.learn(learner, p, images.train, images.train_labels, 0, 1001)
    return before, learner.network.weights(learner.basal), run, answers


def changed_populations(before, after, run):
    """How many of the ten populations have changed weights, by image at most one if only the answer learns."""
    post = run.synapses("pixels->pyramidal").post // 10
    return {int(k) for k in np.unique(post[before != after])}


def test_only_populations_that_answered_learn_although_all_synapses_are_plastic_all_the_time(images):
    before, after, run, answers = taught(images, "intact")
    bursting = set(np.unique(run.events("pyramidal", "burst").ids // 5)) if hasattr(run, "events") else None
    learned = changed_populations(before, after, run)
    assert learned >= set(answers.tolist()) & learned and 0 < len(learned) <= 10
    moved = np.abs(after - before)
    post = run.synapses("pixels->pyramidal").post // 10
    share = moved[np.isin(post, answers)].sum() / moved.sum()
    assert share > 0.9, bursting


def test_with_tags_at_every_spike_populations_learn_that_did_not_answer(images):
    intact, every = (taught(images, name) for name in ("intact", "every_spike"))
    quiet = [
        np.abs(after - before)[~np.isin(run.synapses("pixels->pyramidal").post // 10, answers)].sum()
        for before, after, run, answers in (intact, every)
    ]
    assert quiet[1] > 10.0 * quiet[0]


@pytest.mark.parametrize("name", ["no_feedback", "no_coupling", "no_back_propagation"])
def test_without_bursts_weights_hardly_move(images, name):
    (before, after, *_), (b, a, *_) = taught(images, "intact"), taught(images, name)
    assert np.abs(a - b).sum() < 0.1 * np.abs(after - before).sum()


@pytest.mark.slow
def test_each_part_that_is_claimed_to_matter_costs_ten_points():
    metrics = run_experiment(MODEL, set_parameters(MODEL), seed=6, progress=False).metrics
    missed = {name: metrics[name] for name, each in MODEL.published.items() if not each.agrees(metrics[name])}
    assert not missed
