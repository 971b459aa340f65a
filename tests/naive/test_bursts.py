"""Bursts while time runs, against grouping a whole spike train."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from cases.bursts import DT, STEPS, dopamine_at_bursts
from given_spikes import steps_of
from naive.step_by_step import events_and_bursts
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.codegen.jit import scalar
from spikelearn.errors import DescriptionError
from spikelearn.parameters import KINDS
from spikelearn.units import ms, number


class Parameters(NamedTuple):
    burst_window: ms = 5.0  # silence before a new event


@scalar
def repeat(received, ignored, in_exc, in_ignored):
    return in_exc, in_ignored, np.uint8(in_exc > 0.0)


def no_constants(parameters: Any, dt: float) -> dict[str, Any]:
    return {}


BurstingParrot = sl.NeuronModel(
    "BurstingParrot", Parameters, no_constants, repeat, state={"received": "1", "ignored": "1"},
    ports={"exc": "1", "ignored": "1"}, initial=lambda parameters: {}, kinds=("spike", "event", "burst"),
)  # fmt: skip


def bursting(trains, window):
    """A parrot that fires these trains (steps), and its events and bursts."""
    net = sl.Network(dt=DT)
    ids = np.concatenate([np.full(len(train), k) for k, train in enumerate(trains)]).astype(int)
    force = net.population(len(trains), sl.SpikeList((np.concatenate(trains) - 1) * DT, ids))
    other = net.population(2, BurstingParrot(), name="first in the block")
    cells = net.population(len(trains), BurstingParrot(burst_window=window))
    net.connect(force, cells, "exc", sl.OneToOne(), weight=1.0, delay=DT)
    net.record(cells, ["spikes", "events", "bursts"])
    net.record(other, ["events", "bursts"])
    run = net.run(STEPS * DT)
    assert len(run.spikes(other, "event").times) == 0
    return run, cells


def check_groups(run, cells, windows):
    for neuron in range(cells.size):
        found = {
            kind: steps_of(run.spikes(cells, kind).times[run.spikes(cells, kind).ids == neuron], DT)
            for kind in ("spike", "event", "burst")
        }
        events, bursts = events_and_bursts(found["spike"].tolist(), windows[neuron])
        EXACT.check(found["event"], events)
        EXACT.check(found["burst"], bursts)
        assert len(events) > 0


def test_events_and_bursts_are_the_first_and_second_spikes_of_groups():
    generator = np.random.default_rng(1)
    trains = [np.sort(generator.choice(np.arange(2, STEPS), 60, replace=False)) for _ in range(5)]
    run, cells = bursting(trains, 5.0)
    check_groups(run, cells, [10] * 5)
    assert len(run.spikes(cells, "burst").times) > 20


def test_a_spike_exactly_one_window_after_another_belongs_to_its_burst_and_one_step_later_not():
    run, cells = bursting([np.array([10, 20, 31, 60, 70, 80, 90, 101])], 5.0)
    EXACT.check(steps_of(run.spikes(cells, "event").times, DT), [10, 31, 60, 101])
    EXACT.check(steps_of(run.spikes(cells, "burst").times, DT), [20, 70])


def test_each_neuron_may_have_a_window_of_its_own():
    generator = np.random.default_rng(2)
    trains = [np.sort(generator.choice(np.arange(2, STEPS), 60, replace=False)) for _ in range(3)]
    run, cells = bursting(trains, np.array([1.0, 5.0, 20.0]))
    check_groups(run, cells, [2, 10, 40])


@pytest.mark.parametrize("apical", [0.0, 900.0])
def test_pyramidal_cells_burst_when_their_apical_dendrite_is_driven(apical):
    net = sl.Network(dt=0.1, seed=3)
    cells = net.population(10, sl.Pyramidal(I_e_apical=apical))
    net.drive(cells, sl.NoiseCurrent(mean=450.0, std=400.0, tau=5.0))
    net.record(cells, ["spikes", "events", "bursts"])
    run = net.run(1000.0)
    for neuron in range(10):
        of = [run.spikes(cells[neuron], kind).times for kind in ("spike", "event", "burst")]
        events, bursts = events_and_bursts(steps_of(of[0], 0.1).tolist(), 160)
        EXACT.check(steps_of(of[1], 0.1), events)
        EXACT.check(steps_of(of[2], 0.1), bursts)
    share = len(run.spikes(cells, "burst").times) / len(run.spikes(cells, "event").times)
    assert share > 0.3 if apical else share < 0.3


def test_dopamine_bursts_learn_from_the_bursts_of_the_target():
    before, learned, reference, (n_bursts, n_spikes) = dopamine_at_bursts()
    assert 3 < n_bursts < n_spikes
    assert np.ptp(reference - before) > 1.0
    ULP(1_000_000, 100.0).check(learned, reference)


class EachKind(NamedTuple):
    scale: number = 1.0  # the mask is the input times this


@scalar
def repeat_mask(received, in_exc, scale):
    return in_exc, np.uint8(scale * in_exc)


def test_a_step_function_reports_every_kind_by_its_bit_of_the_mask():
    Reporter = sl.NeuronModel(
        "Reporter", EachKind, lambda p, dt: {"scale": p.scale}, repeat_mask, state={"received": "1"},
        ports={"exc": "1"}, initial=lambda p: {}, kinds=KINDS,
    )  # fmt: skip
    masks = np.random.default_rng(3).integers(1, 64, 200)
    net = sl.Network(dt=1.0)
    times = np.arange(1.0, 201.0)
    for bit in range(6):
        on = times[(masks >> bit) & 1 == 1]
        source = net.population(1, sl.SpikeList(on, np.zeros(len(on), int)), name=f"bit {bit}")
        if bit == 0:
            reporter = net.population(1, Reporter())
        net.connect(source, reporter, weight=float(1 << bit), delay=1.0)
    net.record(reporter, [f"{kind}s" for kind in KINDS])
    run = net.run(210)
    for bit, kind in enumerate(KINDS):
        EXACT.check(run.spikes(reporter, kind).times, times[(masks >> bit) & 1 == 1] + 1.0)


@pytest.mark.parametrize(
    ("kinds", "parameters", "message"),
    [
        (("spike", "spark"), EachKind, "expected kinds among spike, plateau, event, burst, rate, instruction"),
        (("spike",), Parameters, "has a parameter burst_window, so its kinds are spike, event and burst; got spike"),
    ],
)
def test_kinds_that_cannot_be_are_errors(kinds, parameters, message):
    with pytest.raises(DescriptionError, match=message):
        sl.NeuronModel(
            "Wrong", parameters, lambda p, dt: {"scale": 1.0}, repeat_mask, state={"received": "1"},
            ports={"exc": "1"}, initial=lambda p: {}, kinds=kinds,
        )  # fmt: skip
