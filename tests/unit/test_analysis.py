"""Each analysis function against an obvious slow reference, a closed form, and inputs that have no answer."""

from __future__ import annotations

import numpy as np
import pytest

from spikelearn.analysis import (
    Shares,
    angle,
    binned_rate,
    burst_probability,
    classes_of_neurons,
    classify_events,
    confusion,
    correlation,
    counts,
    course_of_votes,
    cv_isi,
    fitted_line,
    known_correlation,
    linear_accuracy,
    logistic,
    mean_of_steps,
    mutual_information,
    overlap_probability,
    rate,
    rates_per_neuron,
    ratio,
    read_by_votes,
    running_mean,
    spikes_between,
    synchrony,
    volleys,
    votes,
)
from spikelearn.errors import ParameterError
from spikelearn.results.run import Spikes

INF = float("inf")


def poisson(n: int, hz: float, t_stop: float, seed: int, dt: float | None = None) -> Spikes:
    """Independent Poisson trains; on the grid of dt, coincidences of one neuron included, if dt is given."""
    rng = np.random.default_rng(seed)
    total = rng.poisson(n * hz * t_stop * 1e-3)
    times = rng.uniform(0, t_stop, total)
    if dt is not None:
        times = np.floor(times / dt) * dt
    return Spikes(np.sort(times), rng.integers(0, n, total).astype(np.int32))


def at(*times: float, of: int = 0) -> Spikes:
    return Spikes(np.array(times, dtype=float), np.full(len(times), of, dtype=np.int32))


def slow_cv(spikes: Spikes, min_spikes: int) -> float:
    found = []
    for neuron in sorted(set(spikes.ids.tolist())):
        own = [t for t, i in zip(spikes.times, spikes.ids, strict=True) if i == neuron]
        intervals = [after - before for before, after in zip(own, own[1:], strict=False)]
        if len(own) >= min_spikes and sum(intervals) > 0:
            mean = sum(intervals) / len(intervals)
            found.append((sum((x - mean) ** 2 for x in intervals) / len(intervals)) ** 0.5 / mean)
    return sum(found) / len(found)


def slow_events(spikes: Spikes, window: float) -> tuple[list, list]:
    """(time, id) of events and of bursts, by walking through each train."""
    events, bursts = [], []
    for k, (t, i) in enumerate(zip(spikes.times, spikes.ids, strict=True)):
        before = [s for s, j in zip(spikes.times[:k], spikes.ids[:k], strict=True) if j == i]
        after = [s for s, j in zip(spikes.times[k + 1 :], spikes.ids[k + 1 :], strict=True) if j == i]
        # Rounded to a thousandth of a step, because times on a grid differ in the last bit.
        if not before or round(t - before[-1], 4) > window:
            events.append((t, i))
            if after and round(after[0] - t, 4) <= window:
                bursts.append((t, i))
    return events, bursts


class TestRates:
    def test_the_rate_is_spikes_over_neurons_and_seconds(self):
        assert rate(at(1, 2, 3, 400), n=2, t_start=0, t_stop=500) == 4.0

    def test_silent_neurons_count_in_the_mean(self):
        assert rate(at(), n=10, t_start=0, t_stop=100) == 0.0

    def test_windows_that_touch_share_no_spike(self):
        spikes = at(0.0, 100.0, 200.0)
        halves = rate(spikes, 1, 0, 100), rate(spikes, 1, 100, 200)
        assert halves == (10.0, 10.0)

    def test_the_rates_of_the_neurons_average_to_the_rate_of_the_population(self):
        spikes = poisson(30, 20, 1000, seed=1)
        each = rates_per_neuron(spikes, 40, 100, 900)
        assert each.shape == (40,)
        assert each.mean() == pytest.approx(rate(spikes, 40, 100, 900), rel=1e-12)

    def test_the_rate_of_each_neuron_is_that_of_counting_it_alone(self):
        spikes = poisson(7, 20, 1000, seed=2, dt=0.1)
        each = rates_per_neuron(spikes, 7, 0, 500)
        slow = [sum(1 for t, i in zip(*spikes, strict=True) if i == k and t < 500 - 1e-9) for k in range(7)]
        np.testing.assert_allclose(each, np.array(slow) / 0.5, rtol=1e-12)

    def test_counts_are_those_of_numpys_histogram(self):
        spikes = poisson(5, 50, 1000, seed=3)
        expected, _ = np.histogram(spikes.times, np.arange(0, 1001, 10.0))
        np.testing.assert_array_equal(counts(spikes.times, 0, 1000, 10), expected)

    def test_a_spike_on_the_grid_of_dt_falls_into_the_bin_that_starts_with_it(self):
        # 0.1 * k lands a rounding error above or below the edges 0.3 * j for many k.
        grid = 0.1 * np.arange(3000)
        np.testing.assert_array_equal(counts(grid, 0, 300, 0.3), 3)

    def test_a_last_bin_that_is_not_whole_is_dropped(self):
        assert counts(np.array([1.0, 9.5]), 0, 10, 3.0).tolist() == [1, 0, 0]

    @pytest.mark.parametrize(
        "call",
        [
            lambda: rate(at(1), 0, 0, 10),
            lambda: rate(at(1), 1, 10, 10),
            lambda: rate(at(1), 1, 0, np.inf),
            lambda: rate(at(2, 1), 1, 0, 10),
            lambda: rates_per_neuron(at(1, of=5), 5, 0, 10),
            lambda: rates_per_neuron(Spikes(np.ones(2), np.zeros(3, int)), 5, 0, 10),
            lambda: rates_per_neuron(Spikes(np.ones(2), np.zeros(2)), 5, 0, 10),
            lambda: counts([1.0], 0, 10, 0),
            lambda: counts([1.0], 0, 10, 11),
            lambda: counts([np.nan], 0, 10, 1),
            lambda: counts(np.ones((1, 1)), 0, 10, 1),
        ],
    )
    def test_what_has_no_rate_is_refused(self, call):
        with pytest.raises(ParameterError):
            call()


class TestIrregularity:
    def test_a_clock_has_no_variation(self):
        assert cv_isi([np.arange(0, 1000, 8.0)]) == 0.0

    def test_a_poisson_train_varies_as_much_as_its_mean(self):
        # 100 neurons with about 500 intervals each. The CV of N exponential intervals has a standard
        # deviation of about 1 / sqrt(N) and a bias of order 1 / N: 0.0045 for the mean, and 0.002.
        # The tolerance is four standard deviations and the bias.
        spikes = poisson(100, 50, 10_000, seed=4)
        assert cv_isi(spikes) == pytest.approx(1.0, abs=0.02)

    def test_a_gamma_train_of_shape_four_varies_half_as_much(self):
        # One train of 20,000 intervals: its CV has a standard deviation below 1 / sqrt(20,000) = 0.007.
        times = np.cumsum(np.random.default_rng(5).gamma(4, 5.0, 20_000))
        assert cv_isi([times]) == pytest.approx(0.5, abs=0.02)

    def test_two_interleaved_clocks_are_still_regular(self):
        times = np.sort(np.concatenate([np.arange(0, 100, 10.0), np.arange(3, 100, 10.0)]))
        assert cv_isi(Spikes(times, np.tile([0, 7], 10))) == 0.0

    @pytest.mark.parametrize("min_spikes", [3, 5])
    def test_it_is_what_a_loop_over_the_neurons_finds(self, min_spikes):
        spikes = poisson(20, 5, 1000, seed=6, dt=0.1)
        assert cv_isi(spikes, min_spikes) == pytest.approx(slow_cv(spikes, min_spikes), rel=1e-12)

    def test_without_a_neuron_that_fires_enough_there_is_no_cv(self):
        assert np.isnan(cv_isi(at(1, 2)))
        assert np.isnan(cv_isi(at()))
        assert np.isnan(cv_isi(at(5, 5, 5)))

    def test_one_interval_is_refused(self):
        with pytest.raises(ParameterError, match="at least 3"):
            cv_isi(at(1, 2), min_spikes=2)


class TestSynchrony:
    def test_independent_poisson_neurons_have_synchrony_one(self):
        # Variance over mean of N Poisson counts has a standard deviation of sqrt(2 / N); 20,000 bins: 0.01.
        spikes = poisson(1000, 8, 60_000, seed=7)
        assert synchrony(spikes.times, 0, 60_000) == pytest.approx(1.0, abs=0.04)

    def test_neurons_that_all_copy_one_have_the_synchrony_of_their_number(self):
        one = poisson(1, 20, 10_000, seed=8).times
        assert synchrony(np.repeat(one, 50), 0, 9999) == pytest.approx(50 * synchrony(one, 0, 9999), rel=1e-9)

    def test_a_constant_count_has_synchrony_zero(self):
        assert synchrony(np.arange(0, 300, 0.5), 0, 300) == 0.0

    def test_silence_has_none(self):
        assert np.isnan(synchrony(np.array([]), 0, 300))

    def test_it_is_variance_over_mean_of_a_loop_that_counts(self):
        spikes = poisson(10, 20, 300, seed=9)
        slow = [sum(1 for t in spikes.times if 3 * k <= t < 3 * k + 3) for k in range(100)]
        assert synchrony(spikes.times, 0, 300) == pytest.approx(np.var(slow) / np.mean(slow), rel=1e-12)


class TestBursts:
    def test_an_isolated_spike_is_an_event_and_no_burst(self):
        found = classify_events(at(10, 100))
        assert found.event_times.tolist() == [10, 100]
        assert found.burst_times.size == 0

    def test_a_burst_is_one_event_stamped_at_its_first_spike(self):
        found = classify_events(at(10, 15, 20, 25, 100))
        assert found.event_times.tolist() == [10, 100]
        assert found.burst_times.tolist() == [10]

    def test_an_interval_of_exactly_the_window_belongs_to_the_burst(self):
        # 0.1 * 161 - 0.1 is above 16 by one rounding error.
        found = classify_events(at(0.1 * 1, 0.1 * 161), window=16.0)
        assert found.burst_times.tolist() == [0.1]
        assert found.event_times.size == 1

    def test_the_spike_of_another_neuron_makes_no_burst(self):
        found = classify_events([[10.0], [12.0]])
        assert found.event_ids.tolist() == [0, 1]
        assert found.burst_ids.size == 0

    @pytest.mark.parametrize("seed", range(5))
    def test_it_is_what_walking_through_each_train_finds(self, seed):
        spikes = poisson(4, 40, 1000, seed=seed, dt=0.1)
        found = classify_events(spikes)
        events, bursts = slow_events(spikes, 16.0)
        assert list(zip(found.event_times, found.event_ids, strict=True)) == events
        assert list(zip(found.burst_times, found.burst_ids, strict=True)) == bursts

    def test_a_poisson_event_is_a_burst_with_the_chance_of_a_short_interval(self):
        # The next spike comes within the window with probability 1 - exp(-rate * window), whatever came
        # before. About 29,000 events: four standard deviations of a binomial share are 0.011.
        spikes = poisson(50, 20, 40_000, seed=10)
        found = classify_events(spikes, window=16.0)
        share = burst_probability(found.burst_times, found.event_times, [0, 40_000])[0]
        assert share == pytest.approx(1 - np.exp(-0.02 * 16), abs=0.011)

    def test_nothing_in_nothing_out(self):
        assert all(part.size == 0 for part in classify_events([]))

    def test_the_binned_rate_of_one_bin_is_the_rate(self):
        spikes = poisson(10, 20, 1000, seed=11)
        assert binned_rate(spikes.times, 10, [200, 700])[0] == pytest.approx(rate(spikes, 10, 200, 700))

    def test_bins_may_differ_in_width(self):
        assert binned_rate([1.0, 2.0, 50.0], 1, [0, 10, 110]).tolist() == [200.0, 10.0]

    def test_a_bin_without_events_has_no_burst_probability(self):
        found = burst_probability([1.0], [1.0, 2.0], [0, 10, 20])
        assert found[0] == 0.5 and np.isnan(found[1])

    def test_bursts_stamped_at_their_second_spike_are_noticed(self):
        with pytest.raises(ParameterError, match="first spike"):
            burst_probability([10.5], [9.5], [0, 10, 20])

    @pytest.mark.parametrize("edges", [[0], [0, 0], [1, 0], [0, np.nan]])
    def test_edges_that_do_not_ascend_are_refused(self, edges):
        with pytest.raises(ParameterError, match="edges"):
            binned_rate([1.0], 1, edges)

    def test_a_window_of_no_length_is_refused(self):
        with pytest.raises(ParameterError, match="window"):
            classify_events(at(1, 2), window=0)


class TestCorrelation:
    def test_a_line_up_is_one_and_a_line_down_is_minus_one(self):
        x = np.arange(10.0)
        assert correlation(x, 3 * x + 7) == pytest.approx(1.0, abs=1e-12)
        assert correlation(x, -x) == pytest.approx(-1.0, abs=1e-12)

    def test_it_is_numpys(self):
        a, b = np.random.default_rng(12).normal(size=(2, 500))
        assert correlation(a, b) == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-12)

    def test_it_does_not_depend_on_the_unit(self):
        a, b = np.random.default_rng(13).normal(size=(2, 100))
        assert correlation(1e200 * a, 1e-200 * b) == pytest.approx(correlation(a, b), abs=1e-12)

    @pytest.mark.parametrize(
        ("a", "b", "reason"),
        [
            ([1, 1, 1], [1, 2, 3], "a is constant"),
            ([1, 2, 3], [0.1, 0.1, 0.1], "b is constant"),
            ([1, 2], [1, 2, 3], "the same length"),
            ([[1, 2]], [[1, 2]], "the same length"),
            ([1], [2], "at least 2"),
            ([1, np.nan], [1, 2], "finite"),
        ],
    )
    def test_signals_without_a_correlation_are_refused(self, a, b, reason):
        with pytest.raises(ParameterError, match=reason):
            correlation(a, b)

    def test_where_a_signal_is_not_known_it_is_left_out_and_without_an_answer_it_is_nan(self):
        a, b = np.array([1.0, 2.0, np.nan, 4.0]), np.array([2.0, 4.0, 5.0, 9.0])
        assert known_correlation(a, b) == correlation(a[[0, 1, 3]], b[[0, 1, 3]])
        assert np.isnan(known_correlation([1.0, np.nan], [1.0, 2.0])) and np.isnan(known_correlation([1, 1], [1, 2]))

    def test_the_fitted_line_is_numpys_and_of_a_constant_it_is_the_constant(self):
        x, y = np.random.default_rng(14).normal(size=(2, 50))
        expected = np.polyval(np.polyfit(x, y, 1), x)
        assert np.array_equal(fitted_line(x, y), expected)
        assert np.array_equal(fitted_line([3.0, 3.0], [1.0, 2.0]), [3.0, 3.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: burst_probability([1.0], [1.0], [INF, INF]), "edges must be two or more"),
        (lambda: mean_of_steps([0.0, 1.0], [INF, 1.0], [0.0, 1.0]), "one finite value for each"),
        (lambda: mean_of_steps([-INF, INF], [1.0, 1.0], [0.0, 1.0]), "expected ascending times"),
        (lambda: angle([np.array([1.0, 2.0])], [np.array([INF, 0.0])]), "angle: expected as many finite numbers"),
        (lambda: angle([np.ones(2), np.ones(1)], [np.ones(2)]), "angle: expected as many finite numbers"),
    ],
)
def test_what_is_infinite_is_refused_before_it_is_subtracted_or_divided(call, message):
    with pytest.raises(ParameterError, match=message):
        call()


def test_an_angle_does_not_depend_on_lengths():
    one, other = np.array([1.0, 0.0]), np.array([1.0, 1.0])
    for scale in (1e-320, 1e-200, 1.0, 1e200, 1e308):
        assert angle([scale * one], [other]) == pytest.approx(45.0, rel=1e-3)  # 1e-320 has four digits


class TestSteps:
    def test_the_mean_of_steps_is_that_of_many_samples(self):
        times, values = np.array([0.0, 3.0, 4.5, 9.0]), np.array([1.0, -2.0, 5.0, 0.5])
        edges = np.array([1.0, 4.0, 4.25, 12.0])
        samples = [np.linspace(a, b, 200_001)[:-1] for a, b in zip(edges, edges[1:], strict=False)]
        slow = [values[np.searchsorted(times, t, "right") - 1].mean() for t in samples]
        assert mean_of_steps(times, values, edges) == pytest.approx(slow, abs=1e-4)

    def test_a_share_of_nothing_is_not_a_number(self):
        assert ratio([1.0, 0.0], [4.0, 0.0]).tolist()[0] == 0.25 and np.isnan(ratio(1.0, 0.0))

    def test_a_running_mean_is_of_what_came_before(self):
        assert running_mean([1.0, 3.0, 5.0, 9.0], 2) == pytest.approx([1.0, 2.0, 4.0, 7.0])

    def test_the_logistic_function_is_one_half_at_nothing_and_symmetric(self):
        x = np.linspace(-5.0, 5.0, 11)
        assert logistic(0.0) == 0.5 and logistic(x) + logistic(-x) == pytest.approx(1.0)

    @pytest.mark.parametrize(("joint", "bits"), [(np.eye(4) / 4, 2.0), (np.ones((2, 8)) / 16, 0.0)])
    def test_what_two_variables_tell_of_each_other(self, joint, bits):
        assert mutual_information(joint) == pytest.approx(bits, abs=1e-12)


class TestProbability:
    @pytest.mark.parametrize(("n", "marked", "drawn"), [(12, 4, 5), (9, 9, 3), (20, 3, 17)])
    def test_an_overlap_is_as_probable_as_scipy_says(self, n, marked, drawn):
        stats = pytest.importorskip("scipy.stats")
        for least in range(drawn + 2):
            expected = stats.hypergeom.sf(least - 1, n, marked, drawn)
            assert overlap_probability(n, marked, drawn, least) == pytest.approx(expected, abs=1e-12)

    def test_deviations_are_in_standard_errors_where_enough_is_expected(self):
        shares = Shares(np.array([0.6, 0.001, 1.0]), np.array([0.5, 0.002, 0.995]), cases=100)
        assert shares.deviations == pytest.approx([0.1 / 0.05])


class TestVolleys:
    def test_a_volley_begins_with_the_first_of_enough_spikes_and_no_spike_belongs_to_two(self):
        times = [0.0, 10.0, 11.0, 12.0, 13.0, 14.0, 20.0, 21.0, 24.9, 25.0]
        assert volleys(times, at_least=3, within=5.0) == [10.0, 20.0]
        assert volleys(times, at_least=6, within=5.0) == [] == volleys([], at_least=1, within=5.0)

    def test_spikes_between_two_times_are_those_from_the_first_on_and_before_the_last(self):
        found = spikes_between(Spikes(np.array([1.0, 2.0, 3.0]), np.array([7, 8, 9])), 2.0, 3.0)
        assert found.times.tolist() == [2.0] and found.ids.tolist() == [8]


class TestReadout:
    def test_neurons_stand_for_the_class_at_which_they_fired_most_and_those_that_never_did_for_none(self):
        # The first fires for 2, the second more often for 7 but on average most for 2, the last never.
        responses = np.array([[4, 3, 0], [0, 2, 0], [0, 2, 0], [0, 0, 0]])
        labels = np.array([2, 7, 7, 1])
        classes = classes_of_neurons(responses, labels, 10)
        assert classes.tolist() == [2, 2, -1]
        # Two neurons for 2 with three spikes each are less than one for 7 with four.
        assert votes(np.array([[3, 3, 4], [3, 3, 2], [0, 0, 0]]), np.array([2, 2, 7]), 10).tolist() == [7, 2, -1]

    def test_the_course_of_learning_reads_each_part_by_the_classes_of_the_part_before(self):
        """Both neurons change what they stand for after the second of four parts, so the third is read wrong."""
        labels = np.tile([0, 1], 8)
        first, second = np.eye(2)[labels] * 3, np.eye(2)[1 - labels] * 3
        responses = np.concatenate([first[:8], second[8:]])
        course = course_of_votes(responses, labels, 2, 4)
        assert course.tolist() == [[8.0, 1.0], [12.0, 0.0], [16.0, 1.0]]
        assert course_of_votes(responses[:3], labels[:3], 2, 4).shape == (0, 2)
        reading = read_by_votes(first, labels, second, labels, 2)
        assert reading.classes.tolist() == [0, 1] and reading.accuracy == 0.0
        assert reading.answers.tolist() == (1 - labels).tolist()

    def test_a_linear_classifier_reads_what_a_line_separates_and_half_of_what_is_symmetric(self):
        x = np.random.default_rng(1).uniform(-1.0, 1.0, (400, 2))
        x = x[np.abs(x[:, 0] + x[:, 1]) > 0.1]
        separated = (x[:, 0] + x[:, 1] > 0.0).astype(int)
        assert linear_accuracy(x[::2], separated[::2], x[1::2], separated[1::2]) > 0.97
        corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
        assert linear_accuracy(corners, np.array([0, 1, 1, 0]), corners, np.array([0, 1, 1, 0])) == 0.5

    def test_what_is_taken_for_what_counts_patterns_without_an_answer_as_wrong(self):
        table = confusion(np.array([3, 3, -1, 5]), np.array([3, 3, 3, 4]), 10)
        assert table[3, 3] == pytest.approx(2 / 3)
        assert table[4, 5] == 1.0 and table.sum() == pytest.approx(2 / 3 + 1.0)
