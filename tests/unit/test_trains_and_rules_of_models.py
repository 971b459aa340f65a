"""Series and trains of models, what is counted of them, and their rules and rates, beside closed forms and sums."""

from __future__ import annotations

import math
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from tests.tolerances import METHOD, ULP


def model(name):
    return import_module(f"spikelearn.models.{name}")


class TestSeriesAndTrains:
    def test_each_sample_of_mackey_and_glass_follows_from_those_of_17_before(self):
        """y(t + 1) = y(t) exp(-0.1) + int exp(-0.1 (t + 1 - s)) 0.2 y(s - 17) / (1 + y(s - 17)^10) ds, with a spline
        through samples for what lies between them, which is off by about a thousandth."""
        y = model("echo_state").mackey_glass(300, 1)
        between = CubicSpline(np.arange(len(y)), y)
        part = np.linspace(0.0, 1.0, 101)
        for t in range(20, len(y) - 1):
            late = between(t + part - 17.0)
            driven = np.exp(-0.1 * (1.0 - part)) * 0.2 * late / (1.0 + late**10)
            assert y[t + 1] == pytest.approx(y[t] * math.exp(-0.1) + np.trapezoid(driven, part), abs=3e-3)
        assert 0.2 < y.min() < 0.6 < 1.2 < y.max() < 1.4

    def test_a_train_is_filtered_at_each_whole_ms_and_one_more_spike_is_a_distance_of_its_own_area(self):
        """The mean square of exp(-x^2 / (2 5^2)) is 5 sqrt(pi) / 500."""
        liquid = model("liquid_state_machine")
        found = liquid.filtered(np.array([100.0, 300.0]))
        assert len(found) == liquid.LENGTH
        at = np.array([95, 100, 110, 200, 300])
        one = np.exp(-0.5 * ((at - 100.0) / 5.0) ** 2) + np.exp(-0.5 * ((at - 300.0) / 5.0) ** 2)
        ULP(50, scale=1.0).check(found[at], one)
        apart = np.sqrt(np.mean((found - liquid.filtered(np.array([100.0]))) ** 2))
        assert apart == pytest.approx(math.sqrt(5.0 * math.sqrt(math.pi) / 500.0), rel=1e-6)

    def test_the_smallest_gap_is_in_standard_errors_of_the_difference(self):
        # Means 0, 1 and 3, each with a variance of 2 over two pairs: a standard error of 1.
        apart = np.array([[-1.0, 1.0], [0.0, 2.0], [2.0, 4.0]])
        assert model("liquid_state_machine").smallest_gap(apart) == pytest.approx(1.0 / math.sqrt(2.0))

    def test_windows_answered_are_those_with_a_spike_and_alarms_are_spikes_outside(self):
        module = model("masquelier_2008")
        assert module.WINDOW + module.LATE == 60.0
        onsets, times = np.array([100.0, 400.0, 700.0]), np.array([110.0, 115.0, 300.0, 420.0, 900.0, 950.0])
        found = module.answers_of(times, onsets, 0.0, 1000.0)
        assert np.array_equal(found.after, [10.0, 15.0, 200.0, 20.0, 200.0, 250.0])
        assert tuple(found[2:]) == pytest.approx((2 / 3, 3.0, 15.0))
        late = module.answers_of(times, onsets, 350.0, 1000.0)
        assert tuple(late[2:]) == pytest.approx((1 / 2, 2 / 0.65, 20.0))

    def test_a_decision_is_made_by_the_group_that_reaches_the_threshold_first(self):
        module = model("wang_2002")
        p = module.Parameters(stimulus=300.0, before=100.0, trials=1)
        enough = round(p.threshold * module.GROUP * 0.05)  # spikes in 50 ms
        trial = p.before + p.stimulus
        # The favoured group decides in the bin from 70 to 75 ms of the stimulus; the other from 20 to 25; none.
        events = [(p.before + 72.0, 0, enough), (trial + p.before + 23.0, module.GROUP, enough),
                  (2 * trial + p.before + 50.0, 3, enough - 1)]  # fmt: skip
        times = np.concatenate([np.full(n, at) for at, _, n in events])
        ids = np.concatenate([np.full(n, cell) for _, cell, n in events])
        found = module.decisions(p, np.array([51.2] * 3), SimpleNamespace(times=times, ids=ids))
        assert found.correct.tolist() == [1.0, 0.0, 0.5]
        np.testing.assert_array_equal(found.time, [75.0, 25.0, np.nan])
        assert found.rates.max(axis=(1, 2)) == pytest.approx([p.threshold, p.threshold, 15.0 * (1 - 1 / enough)])
        assert found.last[:, 0] == pytest.approx(np.array([enough, 0, enough - 1]) / (module.GROUP * 0.3))

    def test_decisions_are_counted_by_coherence_beside_the_highest_one_without_recurrence(self, monkeypatch):
        module, asked = model("wang_2002"), []

        def decide(p, seed, recurrent, sink, progress):
            asked.append((recurrent, p.coherences))
            made = {
                True: ([12.8, 12.8, 51.2, 51.2], [1.0, 0.0, 1.0, 1.0], [400.0, 900.0, 200.0, 300.0],
                       [[20.0, 2.0], [3.0, 18.0], [25.0, 1.0], [30.0, 4.0]]),
                False: ([51.2, 51.2], [0.5, 1.0], [np.nan, 10.0], [[6.0, 5.0], [8.0, 1.0]]),
            }  # fmt: skip
            coherence, correct, time, last = map(np.array, made[recurrent])
            return [SimpleNamespace(interrupted=False)], module.Decisions(coherence, correct, time, None, last)

        monkeypatch.setattr(module, "decide", decide)
        found = module.simulate(module.Parameters(coherences=(12.8, 51.2)), 1).metrics
        assert asked == [(True, (12.8, 51.2)), (False, (51.2,))]
        assert (found["correct_12_8"], found["decision_12_8_ms"]) == (0.5, 400.0)
        assert (found["correct_51_2"], found["decision_51_2_ms"]) == (1.0, 250.0)
        assert (found["winner_hz"], found["loser_hz"], found["undecided"]) == (23.25, 2.5, 0.0)
        assert (found["no_recurrence_correct"], found["no_recurrence_hz"]) == (0.75, 7.0)


class TestRules:
    @pytest.mark.parametrize("of", ["on_pre", "on_post"])
    def test_a_weight_has_moved_by_the_integral_of_its_derivative_and_the_drift(self, of):
        """s' = -s / tau_s and w' = (drift + s) / 1000, from the last event to this one, by the midpoint rule."""
        per_ms, drift, elapsed, steps = 1e-3, 0.01, 700.0, 7000
        s = 0.5 * np.exp(-per_ms * elapsed * (np.arange(steps) + 0.5) / steps)
        moved = 1e-3 * np.sum(drift + s) * elapsed / steps
        step = getattr(model("polychronization_2006"), of)
        w, slope, _ = step(5.0, 0.5, 300.0, 0.6, 0.4, 0.1, 0.12, per_ms, drift, 300.0 + elapsed)
        METHOD(2, elapsed / steps, 1e-6).check(w, 5.0 + moved)
        jump = -0.12 * 0.4 if of == "on_pre" else 0.1 * 0.6
        assert slope == pytest.approx(0.5 * math.exp(-0.7) + jump)
        assert step(5.0, 0.5, 0.0, 0.6, 0.4, 0.1, 0.12, per_ms, drift, 1e9)[0] == 5.0  # no arrival yet

    @pytest.mark.parametrize(("tau", "tau_slow", "dt"), [(20.0, 500.0, 1.0), (5.0, 50.0, 0.1)])
    def test_the_undershoot_of_a_spike_has_the_area_of_its_response(self, tau, tau_slow, dt):
        k = np.arange(round(40 * tau_slow / dt))
        share = model("oja_spiking").share_of_undershoot(tau, tau_slow, dt)
        areas = [np.exp(-k * dt / tau).sum(), share * np.exp(-k * dt / tau_slow).sum()]
        assert areas[0] == pytest.approx(areas[1], rel=1e-9)

    def test_the_first_component_of_sources_that_fire_together_is_their_group(self):
        module, random = model("oja_spiking"), np.random.default_rng(4)
        window, n = 20.0, 4000
        fires = np.repeat(random.random((n, 1)) < 0.5, module.N_SOURCES, axis=1)
        fires[:, 5:] = random.random((n, module.N_SOURCES - 5)) < 0.5
        at, ids = np.nonzero(fires)
        found = module.first_component(SimpleNamespace(times=(at + 0.5) * window, ids=ids), n * window, window)
        # Of the other sources each has a covariance of 1 / (4 sqrt(n)) with the group, whose variance is 5 / 4.
        expected = np.repeat([1.0 / math.sqrt(5.0), 0.0], 5)
        np.testing.assert_allclose(found, expected, atol=5.0 / math.sqrt(n))

    def test_the_value_of_a_place_is_the_discounted_reward_to_come(self):
        module = model("td_track")
        p = module.Parameters()
        s = np.linspace(0.0, 40 * p.tau_kappa, 400_001)
        kappa = (np.exp(-s / p.tau_kappa) - np.exp(-s / p.nu_kappa)) / (p.tau_kappa - p.nu_kappa)
        expected = module.expected_value(p)
        for t in (0, 1000, len(expected) - 1):
            due = np.trapezoid(kappa * np.exp((t - p.running - s) / p.tau_r), s)
            assert expected[t] == pytest.approx(due, rel=1e-4)

    def test_external_input_of_eta_1_brings_the_mean_potential_to_the_threshold(self):
        brunel = model("brunel_2000")
        p = brunel.Parameters(eta=1.0)
        C_E = round(p.epsilon * 4 * p.order)
        assert 1e-3 * brunel.external_rate(p) * C_E * p.J * p.tau_m == pytest.approx(p.V_th)

    def test_so_many_synapses_connect_a_pair_with_its_probability(self):
        module = model("potjans_diesmann_2014")
        for target, source in ((0, 0), (2, 3), (7, 1)):
            pairs = module.SIZES[target] * module.SIZES[source]
            none = math.exp(module.number_of_synapses(target, source) * math.log1p(-1.0 / pairs))
            assert 1.0 - none == pytest.approx(module.PROBABILITY[target][source])

    def test_the_response_to_each_stimulus_is_a_mean_over_the_times_asked_for(self):
        stimuli = SimpleNamespace(times=np.array([0.0, 10.0, 20.0, 30.0]), which=np.array([0, 1, 0, 0]))
        found = model("pavlov_2007").means(SimpleNamespace(stimuli=3), np.array([4, 5, 6, 9]), stimuli, 0.0, 30.0)
        np.testing.assert_array_equal(found, [5.0, 5.0, np.nan])
