"""Every rule without a modulator beside a reference that goes through all pairs of spikes."""

import pytest
from naive import pair_by_pair, scaled_learning
from naive.comparison import DT, STEPS, TOLERANCE, compare

import spikelearn as sl
from spikelearn.plasticity import RULES

PAIR = {"tau_plus": 15.0, "tau_minus": 30.0, "lambda_": 0.05, "alpha": 1.1, "mu_plus": 0.3, "mu_minus": 1.0}
TRIPLET = {
    "A2_plus": 0.03, "A3_plus": 0.05, "A2_minus": 0.06, "A3_minus": 0.02, "tau_plus": 15.0, "tau_minus": 30.0,
    "tau_x": 60.0, "tau_y": 45.0, "w_0": 50.0,
}  # fmt: skip
PARAMETERS = {
    sl.STDP: PAIR,
    sl.PowerLawSTDP: {
        "tau_plus": 15.0, "tau_minus": 30.0, "lambda_": 0.05, "alpha": 0.8, "mu": 0.4, "w_0": 10.0, "W_max": 100.0,
    },
    sl.NearestSTDP: PAIR,
    sl.PreCentredSTDP: PAIR,
    sl.ReducedSTDP: PAIR,
    sl.TripletSTDP: TRIPLET,
    sl.NearestTripletSTDP: TRIPLET,
    sl.InhibitorySTDP: {"eta": 3.0, "alpha": 0.5, "tau": 20.0},
    sl.ExpectationMaximization: {"eta": 2.0, "c": 1e20, "window": 4.0, "W_max": 100.0},
    sl.StructuralSTDP: {
        "lambda_plus": 0.05, "lambda_minus": 0.03, "lambda_h": 0.2, "z_target": 0.5, "tau_plus": 15.0, "dt_min": 3.0,
        "dt_max": 20.0, "P_theta": 50.0, "J_max": 7.0, "W_max": 100.0,
    },
}  # fmt: skip
by_name = pytest.mark.parametrize("rule", PARAMETERS, ids=lambda rule: rule.name)


def against_reference(rule, dendritic, seed, **how):
    reference = getattr(pair_by_pair, rule.name)
    return compare(lambda modulator: rule(**PARAMETERS[rule]), reference, PARAMETERS[rule], dendritic, seed, **how)


def test_every_rule_that_brian2_does_not_run_has_a_twin_if_it_learns_from_spikes_without_a_modulator():
    alone = {rule for rule in RULES if not rule.modulated and rule.learns_from == "spike" and not rule.equations}
    assert alone <= set(PARAMETERS) <= set(RULES)


@pytest.mark.parametrize("dendritic", [0, 1, 9])
@by_name
def test_a_rule_is_what_it_says_of_pairs_of_spikes(rule, dendritic):
    final, reference, *_ = against_reference(rule, dendritic, seed=1 + dendritic)
    TOLERANCE.check(final, reference.weights)


@by_name
def test_outside_plastic_windows_no_weight_moves_but_the_spikes_count_for_what_comes_later(rule):
    def trials(projection):
        on, off = sl.Phase(30 * DT, plastic=[projection]), sl.Phase(20 * DT, plastic=[])
        return sl.Trials([on, off], STEPS // 50)

    final, reference, *_ = against_reference(rule, 0, 7, trials=trials, plastic=lambda step: (step - 1) % 50 < 30)
    TOLERANCE.check(final, reference.weights)


@by_name
def test_each_change_has_the_factor_of_its_time(rule):
    final, reference, *_ = against_reference(
        rule, 0, 8, trials=lambda projection: scaled_learning.trials(projection, DT, STEPS),
        plastic=scaled_learning.factor,
    )  # fmt: skip
    TOLERANCE.check(final, reference.weights)
