"""Learners of sequences: elements of an example are shown one after the other, and memory is what adapts."""

import numpy as np
import pytest
from tolerances import ULP

import spikelearn as sl
from spikelearn.errors import ParameterError
from spikelearn.learning.assessment import angles_of
from spikelearn.learning.examples import examples_of
from spikelearn.learning.rules import RULES, learner_for

SEQUENCES = [rule for rule, learner in RULES.items() if learner.sequences]
AT_THE_END = [rule for rule in SEQUENCES if rule != "generalised_latent_equilibrium"]
"""Those that answer during the last element only."""
X, Y = sl.tasks.yin_yang(30, 3)


def prepared(rule, X=X, **given):
    return learner_for(rule, hidden=(8,), **given).prepare(X, Y)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("rule", AT_THE_END)
def test_elements_that_are_all_alike_are_one_that_is_shown_for_longer(rule, bias):
    """The answer is what the readout sums up during the last one."""
    three = np.tile(X, 3)
    scores = prepared(rule, three, elements=3, steps=10, bias=bias).answer(three)[0]
    until_20, until_30 = (prepared(rule, steps=n, bias=bias).answer(X)[0] for n in (20, 30))
    ULP(1_000, np.abs(until_30).max()).check(scores, until_30 - until_20)
    assert np.abs(scores - until_30).max() > 0.1


def test_what_answers_all_the_time_sums_up_all_elements():
    rule, three = "generalised_latent_equilibrium", np.tile(X, 3)
    scores = prepared(rule, three, elements=3, steps=10).answer(three)[0]
    expected = np.sum([prepared(rule, steps=n).answer(X)[0] for n in (10, 20, 30)], axis=0)
    ULP(1_000, np.abs(expected).max()).check(scores, expected)


@pytest.mark.parametrize("rule", SEQUENCES)
def test_what_is_shown_at_first_is_not_answered_but_may_matter(rule):
    three = np.hstack([X, X[::-1], X])
    same = prepared(rule, three, elements=3, steps=10).answer(np.tile(X, 3))[0]
    other = prepared(rule, three, elements=3, steps=10).answer(three)[0]
    assert not np.array_equal(same, other)


def test_backpropagation_answers_sequences_while_it_learns_as_it_does_later():
    task = examples_of("store_recall").first(20, 20)
    learner = learner_for("bptt", **task.learner, learning_rate=0.0, batch=7).prepare(task.X, task.y)
    features, places = learner.examples(task.X, task.y)
    expected = learner.answer(task.X)[0]
    ULP(10_000, np.abs(expected).max()).check(learner.learn(features, places), expected)


def test_a_cue_is_remembered_by_cells_that_adapt_and_not_by_others():
    """Sixty steps after the cue, six time constants of the others."""
    learned, judged = (sl.tasks.evidence_accumulation(n, seed, cues=1, delay=2) for n, seed in ((400, 1), (200, 2)))
    given = {"hidden": (30,), "elements": learned.elements, "steps": 20, "bias": False, "epochs": 4}
    adapting, others = (
        learner_for("eprop", **given, adaptive=share).fit(learned.X, learned.y).score(judged.X, judged.y)
        for share in (0.5, 0.0)
    )
    assert adapting > 0.9 and others < 0.75


@pytest.mark.parametrize("rule", ["eprop", "eprop_nested"])
def test_changes_go_down_the_gradient_with_symmetric_feedback_and_anywhere_with_random_feedback(rule):
    """What is left is what spikes do to other cells, and that errors come two steps late."""
    symmetric, random = (
        angles_of(prepared(rule, feedback=feedback, recurrence=0.1, bias=False), X, Y) for feedback in ("tied", "fixed")
    )
    assert len(symmetric) == 5  # onto cells that adapt and others, from the input and from each other; and the output
    assert all(angle.averaged < 8.0 for angle in symmetric) and symmetric[-1].averaged < 1.0
    assert all(angle.averaged > 30.0 for angle in random[:-1])


@pytest.mark.parametrize(
    ("rule", "wrong", "message"),
    [
        ("brainprop", {"elements": 2}, "elements: BrainProp does not learn sequences, got 2 elements"),
        ("fa", {"elements": 3}, "elements: expected a number that divides the 4 features, got 3"),
        ("fa", {"elements": 0}, "elements"),
        ("eprop", {"adaptive": 1.5}, "adaptive: expected a share from 0 to 1, got 1.5"),
    ],
)
def test_what_a_learner_cannot_do_is_named(rule, wrong, message):
    with pytest.raises(ParameterError, match=message):
        prepared(rule, **wrong)
