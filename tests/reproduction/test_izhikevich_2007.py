"""Izhikevich (2007): the synapse that earns the reward is found, and only by a reward that it earns."""

import numpy as np
import pytest

import spikelearn as sl
from spikelearn.experiments import load_experiment

MODEL = load_experiment("izhikevich_2007")


def test_in_the_quick_form_the_target_is_found_and_the_yoked_one_is_not(quick_form):
    # The threshold of the full form except for the target, 3.0 of 4 instead of 3.3: there are 10 minutes to average
    # over, not 15, and the weight fluctuates by 1.
    metrics = quick_form[1].metrics
    assert metrics["target_weight_last_15min"] >= 3.0
    assert metrics["mean_weight"] < 1.0
    assert metrics["target_percentile"] >= 95.0
    assert metrics["yoked_target_weight"] < 2.5


def test_rewards_come_one_to_three_seconds_after_n2_followed_n1(quick_form):
    parameters, outcome = quick_form
    times, ids = outcome.run.spikes("neurons")
    n1, n2 = (times[ids == each] for each in outcome.data["pair"])
    before = n1[np.maximum(np.searchsorted(n1, n2) - 1, 0)]
    earned = n2[(n2 - before > 0) & (n2 - before < parameters.window)]
    rewards = outcome.data["reward_times"]
    late = parameters.reward_delay + parameters.reward_jitter
    # Those that were earned too late fall after the end.
    assert np.sum(earned + late <= parameters.duration) <= len(rewards) <= len(earned)
    for at in rewards:
        assert np.any((at - earned > parameters.reward_delay) & (at - earned <= late))


def test_both_runs_were_given_the_same_rewards_and_had_other_spikes(quick_form):
    _, outcome = quick_form
    (yoked,) = outcome.other_runs
    assert outcome.metrics["rewards"] > 50
    assert len(yoked.spikes("neurons").times) != len(outcome.run.spikes("neurons").times)
    np.testing.assert_array_equal(
        yoked.synapses("excitatory synapses").pre, outcome.run.synapses("excitatory synapses").pre
    )


def test_control_without_reward_the_target_is_not_found():
    parameters = MODEL.parameters(**{**MODEL.quick, "duration": 300_000.0, "reward": 0.0})
    metrics = MODEL.simulate(parameters, 1, progress=False).metrics
    assert metrics["target_weight_last_15min"] < 1.0
    assert metrics["target_percentile"] < 95.0


def test_the_figure_is_drawn(quick_form):
    figure = MODEL.figure(*quick_form)
    assert [ax.get_ylabel() for ax in figure.axes] == ["weight (mV)", "synapses (%)"]


def test_voltages_of_three_neurons_are_recorded_in_the_last_two_seconds(quick_form):
    parameters, outcome = quick_form
    trace = outcome.run.trace("neurons", "V_m")
    assert (trace.times[0], trace.times[-1]) == (parameters.duration - 2000.0, parameters.duration)
    np.testing.assert_array_equal(trace.ids, [0, 1, 2])


def cut_short(monkeypatch, at):
    """The outcome where Ctrl-C comes in run `at` (0 or 1), 60 % through; the figure must draw."""
    whole, begun = sl.Network.run, []

    def run(network, duration, **options):
        begun.append(network)
        if len(begun) - 1 < at:
            return whole(network, duration, **options)
        found = whole(network, 0.6 * duration, **options)
        found.interrupted = True
        return found

    monkeypatch.setattr(sl.Network, "run", run)
    parameters = MODEL.parameters(**{**MODEL.quick, "duration": 100_000.0})
    outcome = MODEL.simulate(parameters, 1, progress=False)
    MODEL.figure(parameters, outcome).canvas.draw()
    return outcome, len(begun)


def test_after_ctrl_c_in_the_rewarded_run_there_is_no_yoked_one_and_the_rest_is_measured(monkeypatch):
    outcome, n_runs = cut_short(monkeypatch, 0)
    assert (n_runs, outcome.run.t_stop, outcome.other_runs) == (1, 60_000.0, ())
    assert outcome.metrics["yoked_target_weight"] is None
    assert outcome.metrics["mean_weight"] > 0 and outcome.metrics["rate_hz"] > 0
    assert outcome.data["reward_times"].max(initial=0.0) <= 60_000.0


def test_after_ctrl_c_in_the_yoked_run_only_its_metric_is_missing(monkeypatch):
    outcome, n_runs = cut_short(monkeypatch, 1)
    assert (n_runs, outcome.run.interrupted, len(outcome.other_runs)) == (2, False, 1)
    assert [name for name, value in outcome.metrics.items() if value is None] == ["yoked_target_weight"]


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_full_form_meets_the_bar(seed):
    metrics = MODEL.simulate(MODEL.parameters(), seed, progress=False).metrics
    for name, published in MODEL.published.items():
        assert published.agrees(metrics[name]), f"{name} = {metrics[name]}"
