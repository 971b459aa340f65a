"""What models measure: their functions of arrays, on inputs whose answers are known or counted by hand."""

from __future__ import annotations

import math
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure

from spikelearn.learning.assessment import Checkpoint
from tests.tolerances import ULP


def model(name):
    return import_module(f"spikelearn.models.{name}")


class TestBursts:
    def test_the_last_pulse_into_a_dendrite_has_as_much_time_after_it_as_the_first_has_before(self):
        bac = model("bac_firing")
        p = bac.Parameters(lag_first=-10.0, lag_last=20.0, lag_step=10.0, dt=0.1)
        onset, lags, soma, dendrite = bac.pulses(p)
        assert lags.tolist() == [-10.0, 0.0, 10.0, 20.0] and onset >= 5.0 + 10.0
        assert len(soma) == len(dendrite) == round((onset + 20.0 + bac.AFTER) / 0.1)
        for k, lag in enumerate(lags, start=2):
            began = np.flatnonzero(dendrite[:, k])[0] * 0.1
            assert began == pytest.approx(onset + lag + 0.1, abs=0.11)
            t = np.arange(len(dendrite)) * 0.1 - onset - lag
            rise, decay = p.dendrite_rise, p.dendrite_decay
            expected = p.dendrite_current * (1 - np.exp(-t / rise)) * np.exp(-t / decay)
            np.testing.assert_allclose(dendrite[t > 0, k], expected[t > 0], rtol=1e-9)

    def test_the_largest_change_is_relative_to_the_first_whether_up_or_down_and_unknown_without_it(self):
        largest = model("burst_multiplexing")._largest_change
        assert largest(np.array([0.5, 0.55, 0.4])) == pytest.approx(0.2)
        assert largest(np.array([4.0, 5.0, 3.5])) == pytest.approx(0.25)
        assert math.isnan(largest(np.array([0.0, 1.0])))

    @pytest.mark.parametrize("lag", [0.0, 30.0, 265.0])
    def test_a_current_is_low_at_the_start_of_each_cycle_and_then_high(self, lag):
        times, values = model("burst_multiplexing").switching(1.0, 2.0, 50.0, lag, 700.0)
        assert times[0] == 0.0 and np.all(np.diff(times) > 0) and times[-1] < 700.0
        t = np.arange(0.5, 700.0)
        found = values[np.searchsorted(times, t, "right") - 1]
        assert np.array_equal(found, np.where((t - lag) % 200.0 < 50.0, 1.0, 2.0))

    def test_answers_are_apart_by_the_lowest_that_should_be_1_less_the_highest_that_should_be_0(self):
        xor = model("burstprop_xor")
        assert xor.TARGETS.tolist() == [0, 1, 1, 0]
        assert xor.margin(np.array([1.0, 5.0, 6.0, 2.0])) == 3.0
        assert xor.margin(np.array([4.0, 9.0, 3.0, 2.0])) == -1.0

    def test_the_cost_is_that_of_guessing_at_the_middle_and_less_the_nearer_to_the_targets(self):
        xor = model("burstprop_xor")
        middle = 0.5 * (xor.E_MIN + xor.E_MAX)
        at = [middle + share * (xor.TARGETS - 0.5) * (xor.E_MAX - xor.E_MIN) for share in (0.0, 0.5, 1.0, -1.0)]
        ULP(20).check(xor.cost(np.array(at)), [-4 * math.log(q) for q in (0.5, 0.75, 0.99, 0.01)])

    @pytest.mark.parametrize("short", [0.5, 1.5, 3.0, 6.5, 7.5])
    def test_teaching_is_as_strong_to_0_as_to_1_and_falls_with_the_distance_from_the_other_answer(self, short):
        """short: Hz from the wrong answer; within 1 Hz of the right one nothing is taught."""
        xor, strongest, low, high = model("burstprop_xor"), 3.0, 2.0, 10.0
        currents = []
        for trial, rate in ((0, high - short), (1, low + short)):
            rates, current = np.zeros((4, 2)), np.zeros(2)
            xor.teach(trial, 0, np.array([rate, rate]), rates, current, xor.TARGETS, strongest, low, high)
            assert np.all(rates[trial] == rate) and current[0] == current[1]
            currents.append(current[0])
        wanted = 0.0 if high - low - short <= 1.0 else strongest / max(short, 1.0)
        ULP(10).check(currents, [-wanted, wanted])

    def test_a_line_through_all_points_crosses_0_where_it_rises_between_them(self):
        crossing = model("burstprop_pairing").zero_crossing
        x = [1.0, 2.0, 3.0]
        assert crossing(x, np.array([-1.0, 0.1, 0.9])) == pytest.approx(2.0)
        assert crossing(x, np.array([1.0, 0.0, -1.0])) is None
        assert crossing(x, np.array([1.0, 2.0, 3.0])) is None

    @pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
    def test_with_its_bias_a_dendrite_at_rest_bursts_with_that_probability(self, probability):
        cell = SimpleNamespace(E_d=-57.0, D_d=4.0, E_L=-70.0, C_d=170.0, tau_d=7.0, a=-13.0)
        current = model("burstprop_pairing").bias_of(cell, np.array([probability]))[0]
        # C/tau (V - E_L) = a (V - E_L) + I
        V_d = cell.E_L + current / (cell.C_d / cell.tau_d - cell.a)
        assert 1.0 / (1.0 + math.exp(-(V_d - cell.E_d) / cell.D_d)) == pytest.approx(probability)


class TestDigits:
    def answered(self, trial, counts, to, exploration=0.0):
        """(the answer, the populations whose dendrites get feedback) of a trial."""
        digits = model("digits")
        apical, answers = np.zeros(len(counts)), np.full(trial + 1, -1)
        digits.answer(trial, 0, counts, apical, answers, exploration, 3.0, to, 7)
        assert set(apical) <= {0.0, 3.0}
        return answers[trial], set(np.flatnonzero(apical) // (len(counts) // 10))

    def test_the_population_with_most_spikes_is_the_answer_and_gets_the_feedback(self):
        digits, counts = model("digits"), np.ones(20)
        for k in range(10):
            counts[:] = 1.0
            counts[2 * k + 1] = 3.0
            assert self.answered(4, counts, digits.CHOSEN) == (k, {k})
            assert self.answered(4, counts, digits.ALL) == (k, set(range(10)))

    def test_every_population_is_as_often_the_one_at_random_or_explored(self):
        digits, counts = model("digits"), np.ones(20)
        counts[7] = 3.0
        at_random = [self.answered(trial, counts, digits.RANDOM) for trial in range(1000)]
        assert {answer for answer, _ in at_random} == {3}
        explored = [self.answered(trial, counts, digits.CHOSEN, exploration=1.0) for trial in range(1000)]
        assert all(fed == {answer} for answer, fed in explored)
        for chosen in ([next(iter(fed)) for _, fed in at_random], [answer for answer, _ in explored]):
            # 100 of each, with a standard deviation of 9.5
            assert np.abs(np.bincount(chosen, minlength=10) - 100).max() < 45


class TestFields:
    def test_fields_of_one_pixel_are_local_and_a_chequerboard_is_spread_evenly(self):
        """Over a square of n by n pixels of one distance, x and y have variances of (n^2 - 1) / 12."""
        localisation = model("clopath_receptive_fields").localisation
        two = np.zeros((12, 12))
        two[3, 4], two[9, 8] = 1.0, -1.0
        board = 1.0 - 2.0 * (np.indices((12, 12)).sum(axis=0) % 2)
        ULP(1000, scale=1.0).check([localisation(two)], [1.0])
        ULP(1000, scale=100.0).check([localisation(board)], [0.0])

    def test_what_is_on_less_what_is_off_is_the_image(self):
        patches = np.random.default_rng(1).uniform(-1.0, 1.0, (5, 9))
        found = model("clopath_receptive_fields").on_and_off(patches)
        assert np.array_equal(found[:, :9] - found[:, 9:], patches)
        assert found.min() >= 0.0 and not np.any((found[:, :9] > 0) & (found[:, 9:] > 0))

    def test_neighbours_differ_by_the_angle_between_their_orientations(self):
        difference = model("orientation_maps").neighbour_difference
        for degrees, expected in ((0.0, 0.0), (30.0, 30.0), (90.0, 90.0), (150.0, 30.0)):
            rows, columns = np.indices((4, 4))
            orientation = np.deg2rad(degrees) * ((rows + columns) % 2)
            tuned = SimpleNamespace(vectors=np.exp(2j * orientation).ravel())
            assert difference(SimpleNamespace(side=4), tuned) == pytest.approx(expected, abs=1e-9)

    def test_distances_on_a_ring_go_the_shorter_way(self):
        distance = model("song_abbott_2001").ring_distance
        found = distance(np.array([0.1, 0.2, 0.0]), np.array([0.9, 0.5, 0.5]))
        assert found == pytest.approx([0.2, 0.3, 0.5])

    def test_places_on_two_rings_go_together_if_one_is_the_other_turned_and_against_each_other_if_mirrored(self):
        correlation = model("song_abbott_2001").circular_correlation
        a = np.random.default_rng(3).random(40)
        found = [correlation(a, b) for b in (a, a + 0.3, -a, 0.2 - a)]
        assert found == pytest.approx([1.0, 1.0, -1.0, -1.0])

    def test_cells_on_a_grid_are_apart_as_on_paper(self):
        found = model("som_spiking").grid_distances(3)
        assert found[0, [0, 1, 3, 4, 8]] == pytest.approx([0.0, 1.0, 1.0, math.sqrt(2.0), math.sqrt(8.0)])
        assert np.array_equal(found, found.T)


class TestInformation:
    def test_pictures_with_half_their_probability_diverge_by_the_logarithm_of_2(self):
        module = model("helmholtz_machine")
        assert module.divergence(module.SHARES) == 0.0
        assert module.divergence(module.SHARES / 2.0) == pytest.approx(math.log(2.0))

    def test_probabilities_of_all_states_of_three_units_add_up_to_1(self):
        states = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1).T.astype(float)
        found = np.exp(model("helmholtz_machine").log_bernoulli(np.array([[0.3, -2.0, 1.0]]), states))
        assert found.sum() == pytest.approx(1.0)
        assert found[0, np.all(states == [1, 0, 0], axis=1)][0] == pytest.approx(
            1.0 / ((1.0 + math.exp(-0.3)) * (1.0 + math.exp(-2.0)) * (1.0 + math.exp(1.0)))
        )

    def test_bars_are_legal_and_a_single_pixel_is_not(self):
        module = model("helmholtz_machine")
        assert module.legal(module.PICTURES).all()
        assert not module.legal(np.eye(module.SIZE**2)).any()

    def test_pictures_stand_each_in_its_frame(self):
        module = model("helmholtz_machine")
        ax, pictures = Figure().subplots(), np.random.default_rng(1).random((8, module.SIZE**2))
        module._draw_pictures(ax, pictures, "title", columns=4)
        page = np.ma.filled(ax.images[0].get_array(), np.nan)
        assert page.shape == (11, 21) and np.isfinite(page).sum() == pictures.size
        for k, picture in enumerate(pictures):
            row, column = divmod(k, 4)
            assert np.array_equal(page[5 * row + 1 :][:4, 5 * column + 1 : 5 * column + 5].ravel(), picture)
        across, up = (np.array(each.get_segments()) for each in ax.collections)
        assert sorted(across[:, 0, 1]) == [0, 5, 10] and sorted(up[:, 0, 0]) == [0, 5, 10, 15, 20]

    def test_answers_that_name_the_class_have_all_information_and_those_that_halve_classes_half(self):
        module = model("koerding_koenig")
        shown = np.tile(np.arange(4), (2, 25))
        for said, share in ((shown, 1.0), ((shown + 1) % 4, 1.0), (shown // 2, 0.5), (np.zeros_like(shown), 0.0)):
            assert module.information_fraction(module.Streams(shown, said), 4) == pytest.approx(share)

    def test_shares_diverge_from_probabilities_as_kullback_and_leibler_say(self):
        divergence, p = model("neural_sampling").divergence, np.array([0.5, 0.25, 0.25])
        assert divergence(p, p) == 0.0
        assert divergence(np.array([1.0, 0.0, 0.0]), p) == pytest.approx(math.log(2.0))
        assert divergence(np.array([0.0, 0.5, 0.5]), p) == pytest.approx(math.log(2.0))

    def test_a_boltzmann_machine_prefers_a_state_by_its_weights_and_biases(self):
        module = model("neural_sampling")
        W = module.symmetric(np.arange(10.0) / 10.0)
        assert np.array_equal(W, W.T) and not W.diagonal().any()
        p = module.probabilities(module.Machine(W, np.full(5, -0.5)))
        state = {tuple(each): p[k] for k, each in enumerate(module.STATES.astype(int).tolist())}
        assert p.sum() == pytest.approx(1.0)
        both = math.log(state[1, 0, 1, 0, 0] / state[0, 0, 0, 0, 0])
        assert both == pytest.approx(W[0, 2] - 1.0)

    def test_an_error_that_falls_with_the_square_has_order_2(self):
        module = model("neural_sampling")
        p = SimpleNamespace(finer=(1, 4, 8, 16, 64))
        found = np.array([9.0, 1.0, 0.25, 0.0625, 7.0])
        assert module.error_order(p, found) == pytest.approx(2.0)

    def test_signs_agree_among_cells_with_a_signal_and_not_if_most_have_none(self):
        agreement = model("causal_roles").agreement
        roles = np.array([1.0, 1.0, -1.0, -1.0])
        assert agreement(np.array([0.3, -0.2, -5.0, 0.0]), roles) == pytest.approx(2 / 3)
        assert agreement(np.array([0.3, -0.2, 0.0, 0.0]), roles) is None

    def test_selectivity_is_the_difference_over_the_sum(self):
        found = model("top_down_attention").selectivity(np.array([[3.0, 1.0], [0.0, 0.0], [2.0, 6.0]]))
        assert found == pytest.approx([0.5, 0.0, -0.5])

    def test_the_response_to_both_is_compared_with_that_to_the_attended_one_alone(self):
        found = model("top_down_attention").competition_ratios(np.array([9.0, 3.0, 6.0, 10.0, 4.0, 8.0, 5.0]))
        assert found == pytest.approx([0.8, 1.25])


class TestMemories:
    def test_synapses_of_one_pattern_are_three_times_as_strong_between_alike_cells(self):
        """J_0/n (2 +- 1), where half of the cells are on; none from a cell to itself."""
        found = model("hopfield_spiking").weights_of(np.array([[1.0, 1.0, 0.0, 0.0]]), 8.0)
        alike = [[0, 6, 2, 2], [6, 0, 2, 2], [2, 2, 0, 6], [2, 2, 6, 0]]
        ULP(20).check(found, alike)

    def test_a_stored_pattern_is_found_again_from_one_with_a_flipped_unit(self):
        module, random = model("hopfield_spiking"), np.random.default_rng(1)
        pattern = np.where(random.random(30) < 0.5, 1.0, -1.0)
        flipped = pattern * np.where(np.arange(30) == 7, -1.0, 1.0)
        found = module.settle(module.binary(pattern[None]), np.array([flipped, pattern]), random)
        assert np.array_equal(found[-1], [pattern, pattern])

    def test_the_overlap_with_the_cue_stands_apart_from_the_highest_of_the_others(self):
        overlaps = np.array([[0.9, 0.2, -0.1], [0.3, 0.8, 0.4], [0.0, 0.1, 0.7], [0.5, 0.5, 0.5]])
        cued, others = model("hopfield_spiking").of_cues((overlaps, None))
        assert cued.tolist() == [0.9, 0.8, 0.7] and others.tolist() == [0.2, 0.4, 0.1]

    def test_rates_that_are_all_equal_have_no_correlation(self):
        correlation, pattern = model("hopfield_spiking").correlation, np.array([0.0, 1.0, 1.0])
        assert correlation(np.full(3, 5.0), pattern) == 0.0
        assert correlation(np.array([1.0, 3.0, 3.0]), pattern) == pytest.approx(1.0)

    def test_a_filled_in_pixel_of_the_rate_that_is_expected_is_as_bright_as_one_that_is_seen(self):
        module = model("recurrent_recognition")
        p = module.Parameters()
        n, images = 10, np.random.default_rng(2).random((10, module.PIXELS))
        assert module.PIXELS == module.SIDE**2
        # Image 2 (of those with a block hidden, after n others): pixel 5 fires for the last 100 ms as expected.
        begin, lasts = (n + 2) * p.shown, p.shown - module.EXAMPLE
        own = begin + module.EXAMPLE + lasts * (np.arange(7) + 0.5) / 7
        before = begin + np.array([50.0, 200.0])
        times = np.concatenate([before, own])
        run = SimpleNamespace(spikes=lambda name: (times, np.full(len(times), 5)))
        assert p.gain * p.rate * lasts * 1e-3 == pytest.approx(7.0)
        found = module._filled_in(p, run, images)
        assert np.array_equal(found[[0, 1, 2, 3, 8, 9, 10, 11]], images[:8])
        expected = images[:8].copy()
        expected[2, 5] += 1.0
        ULP(20, scale=2.0).check(found[[4, 5, 6, 7, 12, 13, 14, 15]], expected)

    def test_the_best_accuracy_of_the_reference_is_reached_in_half_the_presentations(self):
        ratio = model("resonate_and_fire").samples_ratio
        reference = [Checkpoint(k, 200 * k, accuracy) for k, accuracy in enumerate((0.1, 0.5, 0.8, 0.7))]
        course = [Checkpoint(k, 100 * k, accuracy) for k, accuracy in enumerate((0.1, 0.6, 0.85, 0.9))]
        assert ratio(course, reference) == 0.5 and ratio(reference, reference) == 1.0
