"""Instrumental conditioning (Izhikevich 2007): the rewarded response is learned, and unlearned when another one is."""

import numpy as np
import pytest

import spikelearn as sl
from spikelearn.experiments import load_experiment

MODEL = load_experiment("instrumental_2007")
FIRST_PULSE, WINDOW = 200, 20


def test_in_the_quick_form_the_rewarded_response_is_learned_before_and_after_the_swap_and_in_no_control(quick_form):
    # P(B) at least 0.75, not 0.85: there are 300 trials after the swap in place of 400
    metrics = quick_form[1].metrics
    assert metrics["p_a_before_swap"] >= 0.85 and metrics["p_b_at_end"] >= 0.75
    assert metrics["yoked_p_a"] <= 0.65
    assert metrics["unpredicted_smaller_p"] <= 0.65


def test_weights_follow_the_reward_and_saturate_if_it_is_not_expected(quick_form):
    parameters, outcome = quick_form
    metrics = outcome.metrics
    assert metrics["w_a_before_swap"] > 1.3 * metrics["w_b_before_swap"]
    assert metrics["w_b_at_end"] > 1.3 * metrics["w_a_at_end"]
    assert min(metrics[f"unpredicted_w_{group}_at_end"] for group in "ab") > 0.75 * parameters.W_max


def test_spikes_of_both_groups_are_counted_for_20_ms_after_each_pulse(quick_form):
    parameters, outcome = quick_form
    found = outcome.data["learned"]
    times, ids = outcome.run.spikes("neurons")
    for trial in (0, 7, parameters.trials - 1):
        pulse = FIRST_PULSE + trial * parameters.interval
        counted = ids[(times > pulse + 0.5) & (times < pulse + WINDOW + 0.5)]
        assert [np.isin(counted, group).sum() for group in found.groups] == found.counts[trial].tolist()


@pytest.mark.parametrize("name", ["learned", "unpredicted"])
def test_dopamine_is_the_reward_minus_its_running_mean_and_comes_after_the_delay(quick_form, name):
    parameters, outcome = quick_form
    found = outcome.data[name]
    right = np.arange(parameters.trials) >= parameters.trials // 2
    expected, errors = 0.0, []
    for (n_A, n_B), is_B in zip(found.counts, right, strict=True):
        errors.append(float(n_B > n_A if is_B else n_A > n_B) - expected)
        expected += (parameters.share if name == "learned" else 0.0) * errors[-1]
    np.testing.assert_allclose(found.errors, errors, rtol=1e-12)

    run = outcome.run if name == "learned" else outcome.other_runs[0]
    dopamine = run.trace("dopamine", "n")
    at = FIRST_PULSE + WINDOW + parameters.interval * np.arange(parameters.trials) + outcome.data["delays"]
    since = dopamine.times[:, None] - at
    with np.errstate(over="ignore"):
        level = np.where(since > 1.0, np.exp(-(since - 1.0) / parameters.tau_n), 0.0) @ found.errors * parameters.reward
    clear = np.abs(since).min(axis=1) > 2.0
    np.testing.assert_allclose(dopamine.values[clear, 0], level[clear], rtol=1e-6, atol=1e-9)


def test_yoked_networks_get_the_same_dopamine_and_have_other_responses(quick_form):
    parameters, outcome = quick_form
    own = outcome.run.trace("dopamine", "n").values
    for run, found in zip(outcome.other_runs[1:], outcome.data["yoked"], strict=True):
        given = run.trace("dopamine", "n").values
        np.testing.assert_allclose(given, own[: len(given)], rtol=1e-9, atol=1e-12)
        assert len(found.counts) == parameters.trials // 2
        assert np.any(found.counts != outcome.data["learned"].counts[: len(found.counts)])


def test_A_and_B_receive_the_same_number_of_synapses_from_S(quick_form):
    synapses = [quick_form[1].run.synapses(name) for name in ("S to A", "S to B")]
    n_A, n_B = (len(each.pre) for each in synapses)
    assert abs(n_A - n_B) <= 3


def test_the_figure_is_drawn(quick_form):
    figure = MODEL.figure(*quick_form)
    assert [ax.get_xlabel() for ax in figure.axes] == ["trial"] * 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"trials": 90}, "trials"), ({"trials": 110}, "trials"), ({"group": 300}, "group"), ({"yoked": 0}, "yoked"),
        ({"most_delay": 2900}, "most_delay"),
    ],
)  # fmt: skip
def test_parameters_that_cannot_be_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        MODEL.parameters(**given)


def test_after_ctrl_c_nothing_is_measured(monkeypatch):
    whole = sl.Network.run

    def run(network, duration, **options):
        found = whole(network, 0.5 * duration, **options)
        found.interrupted = True
        return found

    monkeypatch.setattr(sl.Network, "run", run)
    parameters = MODEL.parameters(**{**MODEL.quick, "trials": 100})
    outcome = MODEL.simulate(parameters, 1, progress=False)
    MODEL.figure(parameters, outcome).canvas.draw()
    assert (outcome.metrics["p_a_before_swap"], outcome.metrics["yoked_p_a"]) == (None, None)


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
def test_full_form_learns_both_responses():
    # P(B) on average: 50 trials have a standard error of 0.05, and in seed 3 it is 0.82, still rising
    metrics = [MODEL.simulate(MODEL.parameters(), seed, progress=False).metrics for seed in (1, 2, 3)]
    for name in ("p_a_before_swap", "yoked_p_a", "unpredicted_smaller_p"):
        found = [each[name] for each in metrics]
        assert all(MODEL.published[name].agrees(each) for each in found), f"{name} = {found}"
    assert MODEL.published["p_b_at_end"].agrees(float(np.mean([each["p_b_at_end"] for each in metrics])))
