"""EventProp for delays: that its gradient is exact, and what learns."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import EXACT, ULP

from spikelearn.errors import ParameterError
from spikelearn.learning import EventProp, EventPropDelays, frozen
from spikelearn.learning.rules import learner_for
from spikelearn.tasks import spike_lags, yin_yang

X, Y = spike_lags(8, 1)


def losses(learner, weights, delays, features, places):
    """Cross entropy of each example."""
    odds = learner.gain / learner.steps * learner._gradients(weights, delays, features, places)[1]
    return np.logaddexp.reduce(odds, axis=1) - odds[np.arange(len(places)), places]


def test_derivatives_by_delays_are_differences_of_the_network_itself():
    learner = EventPropDelays(hidden=(5,), bias=False).prepare(X, Y)
    examples = learner.examples(X, Y)
    weights, delays = learner.coefs_, learner.delays_
    by_delays = learner._gradients(weights, delays, *examples)[0][2:]
    for k, place in ((0, (0, 0)), (0, (2, 4)), (1, (1, 2)), (1, (4, 0))):
        moved = [[each.copy() for each in delays] for _ in range(2)]
        moved[0][k][place] += 1e-5
        moved[1][k][place] -= 1e-5
        above, below = (losses(learner, weights, each, *examples) for each in moved)
        np.testing.assert_allclose(by_delays[k][(slice(None), *place)], (above - below) / 2e-5, rtol=1e-5, atol=1e-8)
    assert np.any(by_delays[0]) and np.any(by_delays[1])


def test_with_equal_delays_that_stay_it_is_eventprop():
    given = {"hidden": (5,), "bias": False, "epochs": 2}
    plain = EventProp(**given).fit(X, Y)
    equal = EventPropDelays(longest=1.0, delay_rate=0.0, **given).fit(X, Y)
    for a, b in zip(plain.coefs_, equal.coefs_, strict=True):
        ULP(100_000, 10.0).check(b, a)
    assert plain.cost_.metrics()["events_forward"] == equal.cost_.metrics()["events_forward"]


def test_delays_learn_as_weights_do_and_stay_in_their_limits():
    learner = EventPropDelays(hidden=(5,), bias=False, delay_rate=2.0, epochs=1)
    before = learner.prepare(X, Y).delays_
    after = learner.partial_fit(X, Y).delays_
    assert all(np.any(a != b) and np.all(b >= 1.0) for a, b in zip(before, after, strict=True))
    still = frozen(learner).partial_fit(X, Y).delays_
    EXACT.check(still[0], before[0])
    assert np.any(still[1] != before[1])


def test_scores_are_those_of_the_answer_without_its_run():
    learner = EventPropDelays(hidden=(5,), bias=False).partial_fit(X, Y)
    EXACT.check(learner.scores(X), learner.answer(X)[0])


def test_lags_are_told_by_delays_that_learned_and_less_well_without():
    X, Y = spike_lags(300, 1)
    X_test, Y_test = spike_lags(300, 2)
    given = {"hidden": (6,), "bias": False, "epochs": 25}
    learned, equal = (
        learner_for(rule, "lags", **given).fit(X, Y).score(X_test, Y_test) for rule in ("eventprop_delays", "eventprop")
    )
    assert learned > 0.9
    assert learned > equal + 0.05


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"delay_rate": -1.0}, "delay_rate: expected at least 0 ms, got -1.0"),
        ({"longest": 0.5}, "longest: expected at least 1 ms, got 0.5"),
        ({"encoding": "graded"}, "encoding: expected latency, got 'graded'"),
    ],
)
def test_what_it_cannot_do_is_named(wrong, message):
    with pytest.raises(ParameterError, match=message):
        EventPropDelays(hidden=(5,), **wrong).fit(X, Y)


def test_lags_are_what_they_are_said_to_be():
    X, y = spike_lags(400, 3, lags=(-0.5, 0.0, 0.5), jitter=0.0)
    np.testing.assert_allclose(X[:, 0] - X[:, 1], np.array([-0.5, 0.0, 0.5])[y], atol=1e-12)
    assert np.all((X >= 0.0) & (X <= 1.0)) and np.ptp(np.bincount(y)) <= 1
    with pytest.raises(ParameterError, match=r"lags: expected two or more numbers between -1 and 1, got \(2.0, 0.0\)"):
        spike_lags(10, 1, lags=(2.0, 0.0))


def test_answers_do_not_depend_on_how_many_examples_are_answered_at_once(monkeypatch):
    X, y = yin_yang(30, 3)
    learner = EventProp(hidden=(5,), epochs=1).fit(X, y)
    at_once = learner.scores(X)
    of_one = sum(w.size for w in learner.coefs_)
    for synapses in (7 * of_one, 3 * of_one, 1):
        monkeypatch.setattr("spikelearn.learning.eventprop.SYNAPSES_AT_ONCE", synapses)
        np.testing.assert_array_equal(learner.scores(X), at_once)
        np.testing.assert_array_equal(learner.answer(X)[0], at_once)


@pytest.mark.parametrize("rule", ["eventprop", "eventprop_delays"])
def test_inputs_of_zero_fire_last_or_not_at_all(rule):
    X = np.array([[0.0, 0.3, 0.0], [0.9, 0.0, 0.0]])
    firing, silent = (
        learner_for(rule, hidden=(5,), bias=True, zeros_fire=each).prepare(X, [0, 1]) for each in (True, False)
    )
    last, first = 25.0, 1.0
    for learner, ids, times in (
        (firing, [0, 1, 2, 3, 4, 5, 6, 7], [last, 17.8, last, first, 3.4, last, last, first]),
        (silent, [1, 3, 4, 7], [17.8, first, 3.4, first]),
    ):
        spikes = learner.answer(X)[1].spikes("input")
        order = np.argsort(spikes.ids)
        assert spikes.ids[order].tolist() == ids
        np.testing.assert_allclose(spikes.times[order], times)
    gradient = silent.gradient(X, [0, 1])[0]
    dark = np.hstack([X == 0.0, [[False], [False]]])
    assert not np.any(gradient[dark]) and np.any(gradient[~dark])
    assert np.any(firing.gradient(X, [0, 1])[0][dark])
