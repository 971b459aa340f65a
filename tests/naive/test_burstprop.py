"""Burstprop against a reference whose synapses move at every event and burst, as its equations say."""

import numpy as np
import pytest
from naive.given_events import DT, STEPS, engine, scene
from naive.signal_rules import NaiveBurstprop
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError

TOLERANCE = ULP(4_500_000, 1.0)
"""1e-9: the reference adds up decayed events, the engine takes differences of integrals up to exp(8) times as large."""
SLOW = {
    "eta": 0.01,
    "tau_pre": 40.0,
    "tau_rate": 300.0,
    "tau_homeostasis": 800.0,
    "rate_min": 12.0,
    "rate_max": 30.0,
    "event_rate_start": 10.0,
    "burst_rate_start": 2.0,
    "spike_rate_start": 1.0,
    "W_min": -100.0,
    "W_max": 100.0,
}


def reference(found, every_change=True, **parameters):
    pre, spikes, events, bursts, synapses = found
    made = NaiveBurstprop(synapses, DT, spikes, events, bursts, every_change, **parameters)
    made.run(pre, STEPS)
    return made


@pytest.mark.parametrize("seed", [1, 2])
def test_burstprop_is_its_equations_at_every_event_and_burst(seed):
    found = scene(seed)
    learned = engine(found, **SLOW)
    TOLERANCE.check(learned, reference(found, **SLOW).weights)
    moved = learned - [w for _, _, w, _ in found[-1]]
    assert moved.min() < -0.05 and moved.max() > 0.5


@pytest.mark.parametrize("without", ["rate_min", "rate_max", "tau_homeostasis", "burst_rate_start"])
def test_each_part_of_it_counts(without):
    found = scene(1)
    other = {"rate_min": 0.0, "rate_max": 1e6, "tau_homeostasis": 300.0, "burst_rate_start": 0.0}
    changed = SLOW | {without: other[without]}
    learned = engine(found, **changed)
    TOLERANCE.check(learned, reference(found, **changed).weights)
    assert np.abs(learned - engine(found, **SLOW)).max() > 0.01


def test_limits_hold_at_arrivals_and_what_comes_between_two_is_clipped_as_a_sum():
    """Beside limits at every change: the same where a weight stays within them, and else apart by less than what comes
    between two arrivals, 40 ms at 25 Hz: some events and bursts of eta times a trace of about 2."""
    found = scene(3)
    limited = SLOW | {"W_min": 0.3, "W_max": 0.7}
    learned = engine(found, **limited)
    TOLERANCE.check(learned, reference(found, every_change=False, **limited).weights)
    at_every_change = reference(found, **limited)
    assert at_every_change.limited > 100 and learned.min() >= 0.3 and learned.max() <= 0.7
    assert 0 < np.abs(learned - at_every_change.weights).max() < 6 * 2 * SLOW["eta"]


def test_any_number_of_threads_learns_the_same():
    found = scene(4)
    expected = engine(found, **SLOW)
    for threads in (2, 3):
        EXACT.check(engine(found, threads=threads, **SLOW), expected)


def test_a_cell_that_emits_no_bursts_cannot_learn_from_them():
    net = sl.Network()
    source, cells = net.population(2, sl.Poisson(10.0)), net.population(2, sl.LIF(), name="cells")
    with pytest.raises(DescriptionError, match=r"Burstprop: population 'cells' \(LIF\) emits no 'burst'"):
        net.connect(source, cells, weight=0.5, plasticity=sl.Burstprop())
    with pytest.raises(DescriptionError, match="emits no 'burst'; it emits: spike"):
        net.connect(source, cells, weight=0.5, plasticity=sl.DopamineBursts(net.modulator()))
    with pytest.raises(DescriptionError, match="emits no 'burst'; it emits: spike"):
        net.connect(cells, cells, weight=0.5, on="burst")
