"""Vogels & Abbott (2005): activity that sustains itself, at the published rates and at NEST's."""

import numpy as np
import pytest
from oracles import nest_oracle
from tolerances import STAT

import spikelearn as sl
from spikelearn.experiments import load_experiment

MODEL = load_experiment("vogels_abbott_2005")


def metrics(seed=1, **settings):
    return MODEL.simulate(MODEL.parameters(**settings), seed, progress=False).metrics


def both_rates(seed, **settings):
    found = metrics(seed, **settings)
    return found["rate_exc_hz"], found["rate_inh_hz"]


def test_cuba_has_the_rates_of_nest_within_5_percent():
    # 0 to 1 s, in which every neuron's first spike, from a start above threshold, makes 1 Hz. NEST's rates are 4.75 Hz
    # (mean of 8 seeds; deviations 0.09 and 0.02); a page of NEST's examples has 4.50 and 4.35, of one run of old.
    exc, inh = np.mean([both_rates(seed) for seed in (1, 2, 3)], axis=0)
    assert exc == pytest.approx(4.75, rel=0.05)
    assert inh == pytest.approx(4.75, rel=0.05)


def test_a_run_that_was_cut_short_is_measured_as_far_as_it_went(monkeypatch):
    whole = both_rates(1, duration=300.0)
    run = sl.Network.run
    monkeypatch.setattr(sl.Network, "run", lambda net, duration, **rest: run(net, duration / 2, **rest))
    assert both_rates(1, duration=600.0) == whole
    assert min(whole) > 0


@pytest.mark.parametrize(
    ("start", "V_m"), [pytest.param("rest", -49.0, marks=pytest.mark.slow), ("uniform", (-60.0, -50.0))]
)
def test_cuba_has_the_rates_that_nest_gives(start, V_m):
    ours = np.mean([both_rates(seed, start=start) for seed in (1, 2, 3, 4)], axis=0)
    runs = [nest_oracle.cuba(seed=seed, V_m=V_m) for seed in (1, 2)]
    nest = np.mean([(run.rate_exc, run.rate_inh) for run in runs], axis=0)
    # Measured over eight seeds, rates of a second have a deviation of 0.09 Hz (excitatory) and 0.02 Hz (inhibitory).
    # The difference of a mean of four and a mean of two: as if of one sample with sqrt(1/4 + 1/2) of it.
    for ours_Hz, nest_Hz, deviation in zip(ours, nest, (0.09, 0.02), strict=True):
        STAT(1, deviation * (1 / 4 + 1 / 2) ** 0.5).check(ours_Hz, nest_Hz, "Hz")


def test_coba_has_the_published_rates_within_10_percent():
    # Published 14.0 to 14.5 Hz. One second, of which the first 60 ms are silent but for the kick.
    found = metrics(form="coba")
    assert found["rate_exc_hz"] == pytest.approx(14.25, rel=0.10)
    assert found["rate_inh_hz"] == pytest.approx(14.25, rel=0.10)
    assert found["cv_isi"] > 1.0


def test_control_with_half_the_weights_coba_dies_when_the_kick_is_over():
    assert metrics(form="coba", weight_scale=0.5)["last_spike_ms"] < 60.0


def test_control_with_half_the_inputs_cuba_does_not_have_the_published_rate():
    assert not MODEL.published["rate_exc_hz"].agrees(metrics(inputs=40)["rate_exc_hz"])


def test_control_without_a_kick_coba_stays_silent():
    assert metrics(form="coba", kicked=0)["rate_exc_hz"] == 0.0


@pytest.mark.parametrize("form", ["cuba", "coba"])
def test_the_figure_is_drawn(form):
    parameters = MODEL.parameters(form=form, duration=200.0)
    figure = MODEL.figure(parameters, MODEL.simulate(parameters, 1, progress=False))
    assert figure.axes[1].get_ylabel() == "rate (Hz)"
    assert figure.axes[2].get_xlabel() == "time (ms)"


@pytest.mark.slow
@pytest.mark.parametrize(("form", "published"), [("cuba", (4.75, 4.75)), ("coba", (14.25, 14.25))])
def test_ten_seeds_have_the_published_rates_within_10_percent(form, published):
    rates = np.array([both_rates(seed, form=form) for seed in range(1, 11)])
    alive = rates[:, 0] > 10.0 if form == "coba" else np.full(10, True)
    assert alive.sum() >= 5
    np.testing.assert_allclose(rates[alive].mean(axis=0), published, rtol=0.10)
