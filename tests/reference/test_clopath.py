"""What voltage-based plasticity needs to be that of the paper, shown by taking it away; see cases/voltage.py."""

import numpy as np
import pytest
from cases.voltage import DT, SJOSTROM, nest_pairing, pairing
from tolerances import METHOD

BAR = METHOD(1, DT, 30.0)
"""3 of 100."""


def within(measured):
    return np.abs(np.array(measured) - [reported for _, _, reported in SJOSTROM.values()]) <= BAR.atol


def all_six(**changed):
    return [pairing(post, pre, **changed) for post, pre, _ in SJOSTROM.values()]


def test_depression_turns_into_potentiation_for_post_then_pre_at_high_frequency():
    low, middle, high = (pairing(*SJOSTROM[f"post then pre, {frequency} Hz"][:2]) for frequency in (10, 30, 50))
    assert low < middle < 100.0 < high


def test_pre_then_post_potentiates_more_the_higher_the_frequency():
    low, middle, high = (pairing(*SJOSTROM[f"pre then post, {frequency} Hz"][:2]) for frequency in (10, 30, 50))
    assert 100.0 < low < middle < high


@pytest.mark.parametrize(
    "changed", [{"neuron": {"t_clamp": 0.0}}, {"rule": {"delay_u_bars": 0.0}}], ids=["no clamp", "no delay"]
)
def test_without_the_clamp_or_the_delay_the_published_numbers_do_not_come_out(changed):
    assert within(all_six()).all()
    assert np.count_nonzero(~within(all_six(**changed))) >= 4


def test_the_reported_numbers_are_those_of_nest_today():
    for post, pre, reported in SJOSTROM.values():
        METHOD(1, DT, 1e-5).check(nest_pairing(post, pre), reported)
