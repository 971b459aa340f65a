"""Feedback weights: one option of all rules that have them, by which these are fixed, tied or learned."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from tolerances import EXACT, METHOD, ULP

import spikelearn as sl
from spikelearn.analysis import angle
from spikelearn.errors import ParameterError
from spikelearn.learning.assessment import angles_of
from spikelearn.learning.controls import ablated_feedback
from spikelearn.learning.feedback import FEEDBACK, LearnerWithFeedback, change_alike, tie
from spikelearn.learning.rules import NO_FEEDBACK, RULES, learner_for
from spikelearn.learning.weight_mirror import mirror
from spikelearn.tasks import yin_yang

X, Y = yin_yang(40, 1)
WITH_FEEDBACK = [rule for rule, learner in RULES.items() if isinstance(learner, LearnerWithFeedback)]
every_rule = pytest.mark.parametrize("rule", WITH_FEEDBACK)
HIDDEN = (12, 8)


def back_and_forward(learner):
    """For each hidden layer, from the first one on: V of each projection, and W^T of the way from where it comes."""
    found, above = [], None
    for path in learner.paths(learner.circuit_):
        W = np.concatenate([learner.circuit_.weights(each) for each in path.forward], axis=1)
        above = W @ above if path.direct else W
        found.append(([learner.circuit_.weights(each) / factor for each, factor in path.back], above.T))
    return found[::-1]


@every_rule
def test_tied_weights_are_those_of_the_forward_path_after_every_pass_and_fixed_ones_stay(rule):
    learner = learner_for(rule, hidden=HIDDEN, feedback="tied").prepare(X, Y)
    before = learner.coefs_
    for _ in range(2):
        learner.partial_fit(X, Y)
        for back, forward in back_and_forward(learner):
            for V in back:
                if not learner.stays_tied:
                    ULP(10, 10.0).check(V, forward)
                else:  # learned alike, from errors that have all but settled in circuits that take time
                    METHOD(1, 2e-2).check(V, forward)
    assert np.any(learner.coefs_[-1] != before[-1])
    fixed = learner_for(rule, hidden=HIDDEN, feedback="fixed").prepare(X, Y)
    at_first = back_and_forward(fixed)
    for (one, _), (other, _) in zip(at_first, back_and_forward(fixed.partial_fit(X, Y)), strict=True):
        EXACT.check(other[0], one[0])


@every_rule
def test_without_forgetting_the_difference_of_kolen_and_pollack_stays_and_with_it_falls(rule):
    """To a tenth of what is learned where synapses learn on their own, from what arrives a step late."""
    apart = {}
    for forgetting in (0.0, 0.5):
        learner = learner_for(rule, hidden=(12,), feedback="kolen_pollack", forgetting=forgetting).prepare(X, Y)
        learns = any(each in learner.circuit_.learning for each in learner.circuit_.feedback)
        [(back, W)] = back_and_forward(learner)
        [(after, W_after)] = back_and_forward(learner.partial_fit(X, Y))
        size = np.abs(W_after - W).max()
        assert size > 0.0
        apart[forgetting] = [
            np.linalg.norm(V - W_after) / np.linalg.norm(V_0 - W) for V, V_0 in zip(after, back, strict=True)
        ]
        if not forgetting:
            for V, V_0 in zip(after, back, strict=True):
                METHOD(1, (0.1 if learns else 1e-9) * size).check(V - W_after, V_0 - W)
    assert max(apart[0.5]) < min(apart[0.0])


@every_rule
def test_weights_that_mirror_noise_become_like_the_forward_ones_which_stay(rule):
    """Without the noise, or its learning rate, they do not: the control; but some cells fire at random anyway."""
    X, Y = yin_yang(600, 1)
    given = {"hidden": (8,), "feedback": "weight_mirror", "learning_rate": (0.0, 0.0), "mirror_rate": 0.02}
    given |= {"interneuron_rate": 0.0} if rule == "microcircuit" else {}  # what learns makes its cells fluctuate
    learner = learner_for(rule, **given).prepare(X, Y)
    W = learner.coefs_
    at_first = learner.feedback_angles()
    assert min(at_first) > 45.0
    assert max(learner.partial_fit(X, Y).feedback_angles()) < 30.0
    for old, new in zip(W, learner.coefs_, strict=True):
        EXACT.check(new, old)
    for without in ({"mirror_rate": 0.0}, *([{"mirror_noise": 0.0}] if learner.mirror_mode.port else [])):
        still = learner_for(rule, **{**given, **without}).partial_fit(X, Y)
        assert still.feedback_angles() == pytest.approx(at_first)


@pytest.mark.parametrize(
    "rule", ["fa", "dfa", "microcircuit", "burstprop", "koerding_koenig", "ep", "almeida_pineda", "predictive_coding"]
)
def test_deep_networks_are_mirrored_layer_by_layer_or_from_the_output(rule):
    X, Y = yin_yang(1000, 1)
    given = {"hidden": (20, 15), "feedback": "weight_mirror", "learning_rate": (0.0, 0.0), "mirror_rate": 0.01}
    learner = learner_for(rule, **given).prepare(X, Y)
    assert min(learner.feedback_angles()) > 75.0
    assert max(learner.partial_fit(X, Y).feedback_angles()) < 35.0


@every_rule
def test_no_signal_comes_back_without_feedback_however_it_comes_to_be(rule):
    for feedback in ("kolen_pollack", "weight_mirror"):
        learner = ablated_feedback(learner_for(rule, hidden=HIDDEN, feedback=feedback)).partial_fit(X, Y)
        for back, _ in back_and_forward(learner):
            for V in back:
                EXACT.check(V, np.zeros_like(V))


def test_a_mirror_learns_by_the_product_of_noise_and_answer_minus_what_decays():
    generator = np.random.default_rng(1)
    W, V = generator.normal(size=(8, 3)), generator.normal(size=(3, 8))
    mine, kept, factors = V.copy(), [np.zeros(n) for n in (1, 8, 8, 3, 3)], np.array([1.0])
    a_mean, y_mean, square = np.zeros(8), np.zeros(3), np.zeros(8)
    for n in range(2000):
        a = 0.5 + 0.3 * generator.normal(size=8)
        y = a @ W + 1.0
        mirror(n, 0, 0.01, 0.0, *kept, factors, a, y, mine)
        if n < 100:
            share = max(1.0 / (n + 1), 0.02)
            a_mean, y_mean = a_mean + share * (a - a_mean), y_mean + share * (y - y_mean)
            a, y = a - a_mean, y - y_mean
            square = square + share * (a**2 - square)
            if n:
                V = V + 0.01 / square * (np.outer(y, a) - a**2 * V)
            ULP(10_000, 10.0).check(mine, V)
    assert angle([mine], [W.T]) < 20.0 < angle([V], [W.T])
    assert np.linalg.norm(mine) == pytest.approx(np.linalg.norm(W), rel=0.2)


def test_the_way_from_the_output_is_the_product_of_all_weights_and_a_change_is_told_both_ways():
    generator = np.random.default_rng(2)
    W_2a, W_2b, W_3 = (generator.normal(size=size) for size in ((4, 2), (4, 3), (5, 3)))
    V_2, V_1 = np.zeros((3, 5)), np.zeros((3, 4))
    links = np.array([[0, 0, 0, -1], [1, 1, 0, 0], [1, 2, 2, 0]])
    tie(0, 0, links, np.array([2.0, -1.0]), 3, W_3, W_2a, W_2b, V_2, V_1)
    ULP(10, 10.0).check(V_2, 2.0 * W_3.T)
    ULP(10_000, 10.0).check(V_1, -(np.hstack([W_2a, W_2b]) @ W_3).T)
    V, before, c = generator.normal(size=(3, 5)), W_3.copy(), generator.normal(size=(5, 3))
    now, mine = W_3 + c, V.copy()
    change_alike(0, 0, 1.0, 0.1, np.array([[0, 0, 0, -1]]), np.array([1.0]), 1, before, now, mine)
    kept = 1.0 - 0.1 * np.abs(c)
    ULP(100, 10.0).check(mine - now.T, (V - W_3.T) * kept.T)
    EXACT.check(before, now)


@pytest.mark.parametrize(("rule", "most"), [("fa", 10.0), ("brainprop", 5.0)])
def test_with_tied_feedback_hidden_layers_nearly_follow_the_gradient(rule, most):
    """Not quite: errors come a step late, and without the filter of the readout cells."""
    X, Y = yin_yang(200, 1)
    learner = learner_for(rule, hidden=(30,), bias=False, seed=101, feedback="tied").prepare(X, Y)
    for _ in range(2):
        assert max(each.single for each in angles_of(learner, X, Y)[:1]) < most
        learner.partial_fit(X, Y)
    angles = [each.single for each in angles_of(learner_for(rule, hidden=(30,), feedback="fixed").prepare(X, Y), X, Y)]
    assert angles[0] > 45.0


def test_learned_feedback_brings_brainprop_within_15_degrees_of_the_gradient():
    X, Y = yin_yang(2000, 1)
    learner = learner_for("brainprop", "yin_yang", hidden=(30,), decay=1.0)
    for _ in range(8):
        learner.partial_fit(X, Y)
    assert angles_of(learner, X[:200], Y[:200])[0].single < 15.0
    assert learner.feedback_angles()[0] < 15.0


@every_rule
def test_unknown_feedback_is_named_before_anything_is_simulated(rule):
    learner = learner_for(rule, hidden=(6,), feedback="sideways")
    message = f"feedback: expected one of {', '.join(FEEDBACK)}, got 'sideways'"
    with pytest.raises(ParameterError, match=message):
        learner.fit(X, Y)
    assert not hasattr(learner, "circuit_")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"forgetting": -0.1}, "forgetting: expected at least 0"),
        ({"mirror_rate": 1.5}, "mirror_rate: expected"),
        ({"mirror_noise": -1.0}, "mirror_noise: expected at least 0"),
    ],
)
def test_wrong_parameters_are_named(wrong, message):
    with pytest.raises(ParameterError, match=message):
        learner_for("fa", hidden=(6,), **wrong).fit(X, Y)


@pytest.mark.parametrize("rule", NO_FEEDBACK)
def test_rules_without_feedback_weights_say_why(rule):
    with pytest.raises(ParameterError, match=f"feedback: '{rule}' has no feedback weights to choose: .+"):
        learner_for(rule, feedback="tied")


def test_the_page_says_of_every_rule_what_its_feedback_weights_may_be():
    page = (Path(__file__).parents[2] / "docs" / "learners.md").read_text(encoding="utf-8")
    table = page.split("## Feedback weights")[1].split("\n## ")[0]
    for rule in WITH_FEEDBACK:
        assert re.search(rf"`{rule}`", table), rule
        assert RULES[rule].feedback in FEEDBACK
    for rule in NO_FEEDBACK:
        assert re.search(rf"`{rule}`", table), rule


def test_a_learner_whose_feedback_learns_goes_on_from_a_pickle():
    for feedback in FEEDBACK[1:]:
        learner = learner_for("fa", hidden=HIDDEN, feedback=feedback).partial_fit(X, Y)
        copy = pickle.loads(pickle.dumps(learner)).partial_fit(X, Y)
        learner.partial_fit(X, Y)
        for a, b in zip(back_and_forward(learner), back_and_forward(copy), strict=True):
            EXACT.check(b[0][0], a[0][0])
            EXACT.check(b[1], a[1])
    assert sl.learning.FeedbackAlignment().feedback == "fixed"
