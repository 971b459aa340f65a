"""Hawkins & Ahmad 2016: false positives of dendritic segments, counted and calculated."""

from __future__ import annotations

import math

import pytest
from tolerances import PRINTED, ULP

from spikelearn.errors import ExperimentError
from spikelearn.experiments import load_experiment, metrics_table, run_experiment, set_parameters

MODEL = load_experiment("htm_segment")


@pytest.mark.parametrize("name", MODEL.published)
def test_quick_form_meets_the_full_bar(quick_form, name):
    assert MODEL.published[name].agrees(quick_form[1].metrics[name]), quick_form[1].metrics[name]


def test_the_closed_form_is_the_paper_s_number_and_one_that_can_be_checked_by_hand(quick_form):
    probability = MODEL.simulate.__globals__["overlap_probability"]
    PRINTED(2).check(1e21 * quick_form[1].metrics["false_positive_probability"], 9.78)
    # all of 10 synapses among 2,000 of 200,000: a product of ten fractions
    ULP(20).check(probability(200_000, 10, 2000, 10), math.prod((2000 - k) / (200_000 - k) for k in range(10)))
    # two of three marked among four, two drawn: 3 of 6 ways; at least one: all ways
    assert (probability(4, 3, 2, 2), probability(4, 3, 2, 1), probability(4, 3, 2, 3)) == (0.5, 1.0, 0.0)


def test_many_shares_were_compared_with_their_probability(quick_form):
    data = quick_form[1].data
    assert [len(data[name].deviations) for name in ("random", "neurons", "noise")] == [14, 7, 11]


def test_a_wrong_closed_form_would_be_seen(quick_form):
    """A threshold that is higher by one synapse."""
    found = quick_form[1].data["random"]
    shifted = found._replace(expected=found.expected[:, 1:], share=found.share[:, :-1])
    assert abs(shifted.deviations).max() > 50


def test_a_neuron_that_got_a_plateau_is_no_more_than_depolarised_by_it(quick_form):
    cell = quick_form[1].data["cell"]
    before = (cell.times > 10.0) & (cell.times < 30.0)
    assert cell.V_m[before, 0].max() > -63.0 and min(times.min() for times in cell.spikes) > 30.0


def test_figure_draws(quick_form, tmp_path):
    MODEL.figure(*quick_form).savefig(tmp_path / "figure.png", dpi=50)
    assert (tmp_path / "figure.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"s": "30"}, "s: expected at most 20"), ({"thetas": "2,3"}, "thetas: expected 1, the control"),
     ({"active": "10,150"}, "active: expected"), ({"t_plateau": "50"}, "t_plateau: expected less than the interval")],
)  # fmt: skip
def test_numbers_that_do_not_go_together_are_refused(settings, words):
    with pytest.raises(ExperimentError, match=words):
        set_parameters(MODEL, settings)


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_full_form_meets_the_bar(seed):
    outcome = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False)
    failed = [row for row in metrics_table(MODEL, outcome.metrics) if row.agrees is False]
    assert not failed
