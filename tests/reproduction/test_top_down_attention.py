"""Attention by disinhibition, apical gain and biased competition, each of which its lesion abolishes."""

import numpy as np
import pytest

import spikelearn as sl
from spikelearn.experiments import load_experiment

MODEL = load_experiment("top_down_attention")


@pytest.mark.parametrize("name", MODEL.published)
def test_the_quick_form_agrees_with_what_is_expected_of_each_mechanism_and_of_its_lesion(quick_form, name):
    metrics = quick_form[1].metrics
    assert MODEL.published[name].agrees(metrics[name]), metrics[name]


def test_the_cue_silences_the_inhibition_of_one_dendrite_only(quick_form):
    parameters, outcome = quick_form
    spikes = outcome.run.spikes("SOM")
    n, shown = parameters.interneurons, parameters.shown
    phase = ((spikes.times - 1e-6) // shown).astype(int)
    of_dendrite = [[np.sum((phase == k) & (spikes.ids // n == d)) / (n * shown * 1e-3) for d in (0, 1)] for k in (0, 2)]
    without, cued = of_dendrite
    assert all(20.0 < rate < 50.0 for rate in without)
    assert cued[0] < 2.0 and cued[1] > 20.0


def test_attention_leaves_a_single_response_that_neither_stimulus_alone_nor_both_have(quick_form):
    rates = quick_form[1].data["competition"]
    assert rates[1] < rates[2] <= rates[0]  # both: between the better and the worse stimulus
    assert rates[5] > rates[6] > rates[1]


def test_two_dendrites_divide_their_input_by_their_inhibition(quick_form):
    net = sl.Network(dt=0.5)
    outcome = quick_form[1]
    model = outcome.run.populations["pyramidal"].model
    assert model == "TwoDendrites"
    cell = MODEL.simulate.__globals__["TwoDendrites"]
    cells = net.population(3, cell(V_th=1000.0, tau_exc=1e9, tau_inh=1e9), initial={"d_A": 6.0, "s_A": [0.0, 1.0, 2.0]})
    net.record(cells, "V_m")
    V = net.run(400.0, progress=False).trace(cells, "V_m").values[-1]
    np.testing.assert_allclose(V, [6.0, 3.0, 2.0], rtol=1e-6)


def test_the_figure_shows_each_mechanism_above_its_lesion(quick_form):
    figure = MODEL.figure(*quick_form)
    titles = [ax.get_title() for ax in figure.axes]
    assert titles[:3] == ["intact"] * 3 and all(title.startswith("lesion") for title in titles[3:])
    assert all(ax.has_data() for ax in figure.axes)


@pytest.mark.parametrize(("given", "message"), [({"shown": 300.0}, "shown"), ({"soma": (0.0, 1.0)}, "soma")])
def test_parameters_that_cannot_be_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        MODEL.parameters(**given)


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_full_form_agrees(seed):
    metrics = MODEL.simulate(MODEL.parameters(), seed, progress=False).metrics
    for name, published in MODEL.published.items():
        assert published.agrees(metrics[name]), f"{name} = {metrics[name]}"
