"""Pavlovian conditioning (Izhikevich 2007): dopamine that follows one stimulus reinforces the response to that one."""

import numpy as np
import pytest

import spikelearn as sl
from spikelearn.experiments import load_experiment

MODEL = load_experiment("pavlov_2007")


def test_in_the_quick_form_the_response_to_the_first_stimulus_is_the_strongest_and_not_if_yoked(
    quick_form,
):
    metrics = quick_form[1].metrics
    assert metrics["response_ratio"] >= 1.5 and metrics["z_score"] >= 3.0
    assert metrics["yoked_z_score"] < 3.0
    assert metrics["growth_over_others"] >= 1.5 > metrics["yoked_growth_over_others"]


def test_dopamine_rises_within_a_second_of_the_first_stimulus_and_in_both_runs_at_the_same_times(quick_form):
    parameters, outcome = quick_form
    (yoked,) = outcome.other_runs
    first = outcome.data["stimuli"].times[outcome.data["stimuli"].which == 0]
    trace = outcome.run.trace("dopamine", "n")
    np.testing.assert_array_equal(trace.values, yoked.trace("dopamine", "n").values)
    risen = trace.times[1:][np.diff(trace.values[:, 0]) > 0]
    # samples are a second apart, and dopamine comes within a second
    assert all(np.any((at - first >= 0) & (at - first <= 2000.0)) for at in risen) and len(risen) > 20


def test_a_pulse_makes_all_neurons_of_its_group_fire_at_once_and_only_later_spikes_count(quick_form):
    parameters, outcome = quick_form
    stimuli, times = outcome.data["stimuli"], outcome.run.spikes("neurons").times
    at_once = np.array([np.sum((times >= at) & (times <= at + 2)) for at in stimuli.times[:200]])
    assert np.median(at_once) >= 0.9 * parameters.group
    found = outcome.data["conditioned"]
    at = stimuli.times[100]
    assert found[100] == np.sum((times >= at + 3) & (times <= at + 20))


def test_the_figure_is_drawn(quick_form):
    figure = MODEL.figure(*quick_form)
    assert [ax.get_ylabel() for ax in figure.axes] == ["response (spikes)", "stimuli"]


@pytest.mark.parametrize(
    ("given", "message"),
    [({"stimuli": 2}, "stimuli"), ({"group": 2000}, "group"), ({"least_interval": 10}, "least_interval")],
)
def test_parameters_that_cannot_be_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        MODEL.parameters(**given)


def test_after_ctrl_c_the_yoked_run_is_not_measured(monkeypatch):
    whole = sl.Network.run

    def run(network, duration, **options):
        found = whole(network, 0.5 * duration, **options)
        found.interrupted = True
        return found

    monkeypatch.setattr(sl.Network, "run", run)
    parameters = MODEL.parameters(**{**MODEL.quick, "duration": 60_000.0})
    outcome = MODEL.simulate(parameters, 1, progress=False)
    MODEL.figure(parameters, outcome).canvas.draw()
    assert (outcome.metrics["response_ratio"], outcome.metrics["yoked_response_ratio"]) == (None, None)


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_full_form_reinforces_the_response(seed):
    metrics = MODEL.simulate(MODEL.parameters(), seed, progress=False).metrics
    for name in ("response_ratio", "z_score", "yoked_z_score"):
        assert MODEL.published[name].agrees(metrics[name]), f"{name} = {metrics[name]}"
