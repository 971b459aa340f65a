"""Patterns that are shown, again and brighter until they draw enough spikes, and the answers to them."""

import numpy as np
from tolerances import EXACT

import spikelearn as sl
from spikelearn.experiments import Presentation
from spikelearn.experiments.presentation import Turns, begin_pattern, end_pattern, take_largest


def test_a_pattern_that_draws_too_few_spikes_is_shown_again_brighter_and_at_last_left_alone():
    patterns, order = np.array([[0.0, 1.0], [0.5, 0.0]]), np.array([1, 0])
    now, rates, seen = Turns.of(2, 3), np.zeros(2), []
    for counts in ([1, 2, 0], [3, 2, 0], [0, 0, 0], [0, 4, 0], [0, 0, 1]):
        begin_pattern(0, 0, rates, patterns, order, now.shown, now.repeats, 60.0, 0.5)
        seen.append(rates.tolist())
        end_pattern(0, 1, rates, np.array(counts), *now, 5, 2)
        assert not rates.any()
    assert seen == [[30.0, 0.0], [45.0, 0.0], [0.0, 60.0], [0.0, 90.0], [0.0, 120.0]]
    assert now.responses.tolist() == [[3, 2, 0], [0, 0, 1]]
    assert (now.shown[0], now.repeats[0], now.unanswered[0]) == (2, 0, 1)


def test_the_responses_are_the_spikes_of_the_last_time_that_each_pattern_was_shown():
    """A parrot fires with its source. A dark pattern draws nothing and is shown three times, a bright one once."""
    net = sl.Network(dt=1.0, seed=1)
    sources = net.population(2, sl.Poisson(rate=0.0), name="sources")
    parrots = net.population(2, sl.Parrot(), name="parrots")
    net.connect(sources, parrots, rule=sl.OneToOne(), weight=1.0, delay=1.0)
    net.record(parrots, "spikes")
    shown = Presentation(sources, parrots, 20.0, 50.0, 400.0, 0.5, 1, 2).run(
        net, np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([1, 0, 1])
    )
    assert shown.turns.shown[0] == 3 and shown.turns.unanswered[0] == 1
    assert shown.responses[1].tolist() == [0, 0] and not shown.responses[:, 1].any()
    assert shown.responses[[0, 2], 0].min() > 5
    assert shown.presentations == 5
    EXACT.check(shown.cost.duration, 50.0 + 5 * 70.0)
    EXACT.check(shown.last.t_stop, 50.0 + 5 * 70.0 + 20.0)


def test_the_answer_is_the_first_of_the_largest_values():
    answers = np.full(3, -1)
    for trial, values in enumerate(([-3.0, -1.0, -1.0], [5.0, 4.0, 5.0], [0.0, 0.0, 0.5])):
        take_largest(trial, 0, np.array(values), answers)
    assert answers.tolist() == [1, 0, 2]
