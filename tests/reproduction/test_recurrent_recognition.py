"""Digits of which a part is hidden are recognised by feedback that fills it in."""

import numpy as np
import pytest

from spikelearn.experiments import load_experiment

MODEL = load_experiment("recurrent_recognition")
OF_MODEL = MODEL.simulate.__globals__
pytest.importorskip("sklearn")


def test_in_the_quick_form_feedback_helps_where_something_is_hidden(quick_form):
    # 100 digits: the standard deviation of a gain is about 4 points, so less is asked of it than of 898 digits.
    metrics = quick_form[1].metrics
    assert metrics["block_gain"] > 2.0 and metrics["half_gain"] > 4.0 and metrics["clean_change"] > -8.0
    assert metrics["block_rise"] > 0.0 and metrics["clean_feedforward"] > 0.9
    assert metrics["lesion_block_gain"] < metrics["block_gain"] + 4.0


def test_pixels_are_filled_in_where_they_are_hidden_and_not_where_they_are_seen(quick_form):
    parameters, outcome = quick_form
    shown = outcome.data["shown"][1]
    times, ids = outcome.run.spikes("filled in")
    trial = ((times - 1e-6) // parameters.shown).astype(int)
    late = times - trial * parameters.shown > 200.0
    of_block = late & (trial >= len(shown)) & (trial < 2 * len(shown))
    counts = np.zeros((len(shown), 64))
    np.add.at(counts, (trial[of_block] - len(shown), ids[of_block]), 1)
    assert counts[shown > 0.8].mean() < 0.05 * counts[shown == 0.0].mean()


def test_cells_together_fire_at_the_rate_that_inhibition_allows(quick_form):
    parameters, outcome = quick_form
    rate = 1e3 * len(outcome.run.spikes("cells").times) / outcome.run.duration
    assert rate == pytest.approx(parameters.total_rate, rel=0.02)


def test_what_is_hidden():
    random, images = np.random.default_rng(1), np.ones((200, 64))
    for kind, n_hidden in (("all seen", 0), ("block hidden", 16), ("half hidden", 32)):
        hidden = OF_MODEL["hide"](images, kind, random)
        assert np.all(np.sum(hidden == 0.0, axis=1) == n_hidden)
    assert np.all(images == 1.0)
    assert len({tuple(image) for image in hidden}) == 4


def test_mcnemars_test():
    # 15 against 4 discordant pairs: chi squared = (11 - 1)^2 / 19 = 5.26.
    one, other = np.repeat([True, False, True], [15, 4, 30]), np.repeat([False, True, True], [15, 4, 30])
    assert OF_MODEL["mcnemar"](one, other) == pytest.approx(0.0218, abs=2e-4)
    assert OF_MODEL["mcnemar"](one, one) == 1.0


def test_the_figure_is_drawn(quick_form):
    figure = MODEL.figure(*quick_form)
    assert [ax.get_xlabel() for ax in figure.axes[1:]] == ["time (ms)"] * 3


def test_parameters_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="shown, read"):
        MODEL.parameters(shown=120.0)


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_full_form_agrees_but_for_the_gain_with_a_half_hidden_and_its_control(seed):
    metrics = MODEL.simulate(MODEL.parameters(), seed, progress=False).metrics
    for name in set(MODEL.published) - {"half_gain", "lesion_block_gain"}:
        assert MODEL.published[name].agrees(metrics[name]), f"{name} = {metrics[name]}"
    assert metrics["half_gain"] > 5.0
    assert metrics["lesion_block_gain"] < metrics["block_gain"] - 3.0
