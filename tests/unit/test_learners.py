"""Every learner of the list of rules: what is true of all of them."""

from __future__ import annotations

import pickle
import warnings
from contextlib import suppress
from unittest import SkipTest

import numpy as np
import pytest
from sklearn.utils.estimator_checks import check_classifiers_train, estimator_checks_generator
from tolerances import ULP

import spikelearn as sl
from spikelearn.errors import DivergenceWarning, ParameterError, ScaleWarning, SpikelearnError
from spikelearn.learning.assessment import angles_of
from spikelearn.learning.components import FirstComponent
from spikelearn.learning.controls import ablated_feedback, frozen, linear, shuffled_teacher
from spikelearn.learning.examples import examples_of
from spikelearn.learning.rules import RULES, learner_for

every_rule = pytest.mark.parametrize("rule", RULES)


def for_xor(rule: str, **parameters: object) -> object:
    return learner_for(rule, "xor", **dict(examples_of("xor").learner), **parameters)


@every_rule
def test_every_rule_learns_xor_which_needs_its_hidden_layer(rule):
    task = examples_of("xor")
    learner = for_xor(rule)
    assert learner.fit(task.X, task.y).score(task.X_test, task.y_test) == 1.0
    # At most three of the four patterns are on the right side of a line.
    assert linear(learner).fit(task.X, task.y).score(task.X_test, task.y_test) <= 0.75


TRAINED = {"epochs": 10}
TRAINED_LONGER = {
    "node_perturbation": {"epochs": 20},
    "rstdp": {"epochs": 40},
    "eventprop": {"epochs": 20, "decay": 1.0},
    "eventprop_delays": {"epochs": 20, "decay": 1.0},
}
"""Of scikit-learn's 200 to 300 examples: what perturbs 23 cells sees the gradient through their noise, and needs more
presentations; so does what learns from rewards; and what makes one step for 25 examples must not slow down soon. As
trained as others are, some seeds get fewer of the blobs right than the 83 % that are asked for."""


@pytest.mark.parametrize("rule", {type(learner): rule for rule, learner in reversed(RULES.items())}.values())
def test_scikit_learn_finds_a_classifier(rule):
    """The first rule of each class. Only one check asks for accuracy, so that in the others one epoch is enough."""
    how = TRAINED_LONGER.get(rule, TRAINED)
    once, trained = (learner_for(rule, hidden=(20,), **given) for given in ({"epochs": 1}, how))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of checks that are skipped
        checks = [check for _, check in estimator_checks_generator(once)]
        for check in checks:
            with suppress(SkipTest):
                if check.func is not check_classifiers_train:
                    check(once)
                elif not check.keywords:  # of which are: examples in memory that cannot be written
                    check(trained)
    assert check_classifiers_train in [check.func for check in checks]
    assert len(checks) > 50


@every_rule
def test_with_a_shuffled_teacher_there_is_nothing_to_learn(rule):
    """Three classes: chance is a third. What learned nothing may still answer like some of them, so the mean counts."""
    X, y = sl.tasks.yin_yang(600, 1)
    learners = [learner_for(rule, hidden=(10,), epochs=3, bias=False, seed=seed) for seed in range(4)]
    told = np.mean([learner.fit(X, y).score(X, y) for learner in learners])
    shuffled = np.mean([shuffled_teacher(learner).fit(X, y).score(X, y) for learner in learners])
    assert shuffled < 0.45 < 0.55 < told


@every_rule
def test_one_and_two_threads_give_the_same_weights(rule):
    X, y = sl.tasks.yin_yang(20, 1)
    one, two = (learner_for(rule, hidden=(6,), epochs=2, threads=n).fit(X, y) for n in (1, 2))
    for a, b in zip(one.coefs_, two.coefs_, strict=True):
        np.testing.assert_array_equal(a, b)


@every_rule
def test_a_copy_by_pickle_goes_on_bit_for_bit(rule):
    X, y = sl.tasks.yin_yang(20, 1)
    learner = learner_for(rule, hidden=(6,)).partial_fit(X, y)
    copy = pickle.loads(pickle.dumps(learner)).partial_fit(X, y)
    learner.partial_fit(X, y)
    for a, b in zip(learner.coefs_, copy.coefs_, strict=True):
        np.testing.assert_array_equal(a, b)


@every_rule
def test_predicting_changes_no_weights_beyond_rounding(rule):
    """A weight is kept as q + X H, where each arrival moves a part from one term to the other."""
    X, y = sl.tasks.yin_yang(20, 1)
    learner = learner_for(rule, hidden=(6,)).partial_fit(X, y)
    before = [each.copy() for each in learner.coefs_]
    learner.predict(X)
    for a, b in zip(before, learner.coefs_, strict=True):
        ULP(10_000, 10.0).check(b, a)


@every_rule
def test_frozen_hidden_layers_stay_as_they_were_drawn(rule):
    X, y = sl.tasks.yin_yang(20, 1)
    learner = frozen(learner_for(rule, hidden=(20,), epochs=1))  # enough for some to fire at first
    learner.prepare(X, y)
    before = [each.copy() for each in learner.coefs_]
    learner.partial_fit(X, y)
    np.testing.assert_array_equal(learner.coefs_[0], before[0])
    assert np.any(learner.coefs_[-1] != before[-1])


@every_rule
def test_a_rule_that_has_a_loss_can_be_compared_with_its_gradient(rule):
    X, y = sl.tasks.yin_yang(12, 1)
    learner = learner_for(rule, hidden=(6,)).partial_fit(X, y)
    found = angles_of(learner, X, y)
    assert len(found) in (0, len(learner.coefs_))
    assert all(0.0 <= each.averaged <= 180.0 for each in found)


@pytest.mark.parametrize(
    ("rule", "given"),
    [
        ("fa", {"hidden": (6,)}),
        ("dopamine", {"hidden": (6, 5)}),
        ("almeida_pineda", {"hidden": (6, 5)}),
        ("deep_feedback_control", {"hidden": (6, 5)}),
        ("burstccn", {"hidden": (6, 5)}),
        ("latent_equilibrium", {"hidden": (6, 5)}),
        ("generalised_latent_equilibrium", {"hidden": (6, 5)}),
        *(("koerding_koenig", {"hidden": (6, 5), "feedback": each}) for each in ("kolen_pollack", "tied", "fixed")),
    ],
)
def test_without_feedback_hidden_layers_do_not_learn(rule, given):
    X, y = sl.tasks.yin_yang(30, 1)
    learner = ablated_feedback(learner_for(rule, **given)).prepare(X, y)
    *hidden, output = learner.coefs_
    *hidden_after, output_after = learner.partial_fit(X, y).coefs_
    for before, after in zip(hidden, hidden_after, strict=True):
        np.testing.assert_array_equal(after, before)
    assert np.any(output_after != output)


def test_synaptic_events_are_counted_by_what_they_are_for():
    """Four inputs of 25 graded values to 6 hidden cells; 3 graded errors in each step to these."""
    X, y = sl.tasks.yin_yang(20, 1)
    learner = learner_for("fa", hidden=(6,), bias=False).partial_fit(X, y)
    found = learner.cost_.metrics()
    steps = learner.steps - 1  # what is sent in the last step does not arrive
    assert found["events_feedback"] == pytest.approx(3 * 6 * steps, rel=0.1)
    assert found["events_plasticity"] == found["events_forward"] >= 4 * 6 * steps
    still = frozen(learner).partial_fit(X, y).cost_.metrics()
    assert 0 < still["events_plasticity"] == pytest.approx(still["events_forward"] - 4 * 6 * steps)
    assert "events_forward" not in learner_for("bptt", hidden=(6,)).partial_fit(X, y).cost_.metrics()


def test_events_of_eventprop_are_those_that_the_exact_engine_counts():
    """In one batch, so weights are those of the run; all spikes of the five inputs arrive at six hidden cells."""
    X, y = sl.tasks.yin_yang(20, 1)
    learner = learner_for("eventprop", hidden=(6,), bias=False, batch=20).prepare(X, y)
    counted = learner.answer(X)[1].synaptic_events
    found = learner.partial_fit(X, y).cost_.metrics()
    assert 20 * found["events_forward"] == 20 * found["events_plasticity"] == counted
    assert 0 < found["events_feedback"] == pytest.approx(found["events_forward"] - 5 * 6)


def test_features_beyond_0_and_1_are_mapped_and_labels_may_be_text():
    X, y = sl.tasks.yin_yang(200, 1)
    names = np.array(["yin", "yang", "dot"])[y]
    plain, mapped = (learner_for("fa", epochs=1).fit(each, names) for each in (X, 10.0 * X - 3.0))
    assert set(plain.predict(X)) <= set(names)
    assert np.mean(plain.predict(X) == mapped.predict(10.0 * X - 3.0)) > 0.9


def test_features_that_one_map_makes_invisible_are_warned_of():
    X, y = sl.tasks.yin_yang(30, 1)
    in_units = X * np.geomspace(1.0, 1e4, X.shape[1])
    with pytest.warns(ScaleWarning, match=r"half of the features vary by less than 2.5 % .*MinMaxScaler"):
        learner_for("fa").prepare(in_units, y)
    learner_for("fa").prepare(255.0 * X, y)


def test_weights_that_grow_without_bound_are_warned_of():
    X, y = sl.tasks.yin_yang(100, 1)
    learner = learner_for("predictive_coding_dendritic", "yin_yang", hidden=(30, 30), seed=1)
    told = r"DendriticPredictiveCoding: .* of '.*hidden 1' are 1,000,000 or more after epoch 1: learning has diverged"
    with pytest.warns(DivergenceWarning, match=told):
        learner.partial_fit(X, y)
    components = FirstComponent(2, learning_rate=1e5)
    with pytest.warns(DivergenceWarning, match="FirstComponent: "):
        components.partial_fit(X)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"hidden": 30}, "hidden: expected a tuple"),
        ({"hidden": (0,)}, "size of a hidden layer"),
        ({"control": "ice"}, "control: expected one of none, frozen"),
        ({"encoding": "loud"}, "encoding: expected .graded., .regular. or .poisson., got .loud."),
        ({"decay": -1.0}, "decay: expected more than 0, got -1.0"),
        ({"steps": 0}, "steps"),
        ({"learning_rate": -1.0}, "learning_rate: expected a number of at least 0, or a pair of them, .* got -1.0"),
        ({"learning_rate": (0.1, 0.1, 0.1)}, "learning_rate: expected a number of at least 0, or a pair of them"),
        ({"learning_rate": "fast"}, "learning_rate: expected a number of at least 0, or a pair .* got 'fast'"),
        ({"seed": "a"}, "seed: expected a whole number of at least 0, got 'a'"),
        ({"epochs": 0}, "epochs"),
    ],
)
def test_wrong_parameters_are_named(wrong, message):
    X, y = sl.tasks.yin_yang(10, 1)
    with pytest.raises(SpikelearnError, match=message):
        learner_for("fa", **wrong).fit(X, y)


def test_labels_that_were_not_announced_are_refused():
    X, y = sl.tasks.yin_yang(30, 1)
    learner = learner_for("fa").partial_fit(X[y < 2], y[y < 2])
    with pytest.raises(ParameterError, match=r"expected labels among \[0, 1\], got also 2"):
        learner.partial_fit(X, y)
