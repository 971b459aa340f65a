"""The best correlation over shifts of one signal against another."""

import numpy as np
import pytest
from tolerances import ULP

from spikelearn.analysis import best_lag_correlation, correlation
from spikelearn.errors import ParameterError

NOISE = np.random.default_rng(3).normal(size=300)


@pytest.mark.parametrize("shift", [-7, 0, 4, 10])
def test_a_shifted_signal_is_found_whichever_way_it_was_shifted(shift):
    a, b = NOISE[20:220], NOISE[20 + shift : 220 + shift]
    ULP(100).check(best_lag_correlation(a, b, 10), 1.0)
    by_hand = max(correlation(a[max(0, k) : 200 + min(0, k)], b[max(0, -k) : 200 - max(0, k)]) for k in range(-3, 4))
    ULP(100).check(best_lag_correlation(a, b, 3), by_hand)


def test_only_every_so_many_shifts_are_tried_and_0_is_among_them():
    a, b = NOISE[20:220], NOISE[23:223]
    ULP(100).check(best_lag_correlation(a, b, 4, every=3), 1.0)
    assert best_lag_correlation(a, b, 4, every=4) < 0.5
    ULP(100).check(best_lag_correlation(a, a, 11, every=5), 1.0)


@pytest.mark.parametrize(("a", "most"), [(NOISE[:10], 9), (NOISE[:10], -1), (np.zeros((3, 3)), 1)])
def test_too_few_samples_are_refused(a, most):
    with pytest.raises(ParameterError, match="best_lag_correlation: expected two"):
        best_lag_correlation(a, a, most)
