"""Callbacks of steps that are called at multiples of a time only."""

import numpy as np
import pytest
from tolerances import EXACT

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError, SimulationError


def note(step, counts, seen, n):
    seen[n[0], 0] = step
    for i in range(len(counts)):
        seen[n[0], 1 + i] = counts[i]
    n[0] += 1


def scale(step, weights):
    weights *= 0.5


def fail(step, n):
    n[5] = 1.0


def network(every, threads=1):
    net = sl.Network(dt=0.5, seed=1, threads=threads)
    cells = net.population(3, sl.LIF(I_e=[600.0, 800.0, 1200.0]), name="cells")
    seen, n = np.zeros((100, 4), np.int64), np.zeros(1, np.int64)
    net.on_step(note, cells.counts(), seen, n, every=every)
    net.record(cells)
    return net, seen


@pytest.mark.parametrize("engine", ["compiled", "stepper"])
@pytest.mark.parametrize("threads", [1, 2])
def test_counts_are_events_since_the_last_call(threads, engine):
    net, seen = network(20.0, threads)
    run = net.run(100.0, engine=engine)
    times, ids = run.spikes("cells")
    expected = [
        [40 * k, *np.bincount(ids[(times > 20 * (k - 1)) & (times <= 20 * k)], minlength=3)] for k in range(1, 6)
    ]
    EXACT.check(seen[:5], expected)
    assert not seen[5:].any() and seen[:, 1:].sum() == len(times) > 10


def test_without_a_time_each_step_counts():
    net, seen = network(None)
    run = net.run(50.0)
    EXACT.check(seen[:, 0], np.arange(1, 101))
    assert seen[:, 1:].sum() == len(run.spikes("cells").times) > 3


def test_runs_in_pieces_and_copies_keep_counts(tmp_path):
    net, _ = network(20.0)
    net.run(30.0, checkpoint=tmp_path / "state.ckpt")
    restored = sl.Network.restore(tmp_path / "state.ckpt")
    seen = restored.callbacks[0].arguments[1]
    restored.run(70.0)
    whole, expected = network(20.0)
    whole.run(100.0)
    EXACT.check(seen, expected)


def test_fresh_trials_begin_to_count_anew():
    net, seen = network(20.0)
    net.run(trials=sl.Trials([sl.Phase(30.0, fresh=True)], n=2))
    once, expected = network(20.0)
    once.run(10.0)
    times = once.recorded, net.recorded
    assert times is not None
    EXACT.check(seen[:, 0][:3], [40, 80, 120])
    other, _ = network(20.0)
    spikes = other.run(trials=sl.Trials([sl.Phase(30.0, fresh=True)], n=2)).spikes("cells")
    EXACT.check(seen[1, 1:], np.bincount(spikes.ids[(spikes.times > 30.0) & (spikes.times <= 40.0)], minlength=3))


def test_weights_are_read_and_written_at_these_times():
    net = sl.Network(dt=0.5)
    cells = net.population(2, sl.LIF())
    made = net.connect(cells, cells, weight=np.ones((2, 2)))
    net.on_step(scale, made.weights(), every=2.0)
    net.run(5.0)
    EXACT.check(net.weights(made), np.full(4, 0.25))


def test_errors_say_when():
    net = sl.Network(dt=0.5)
    net.population(1, sl.LIF())
    net.on_step(fail, np.zeros(1), every=2.0)
    with pytest.raises(SimulationError, match="raised an exception at 2 ms"):
        net.run(5.0)


@pytest.mark.parametrize(
    ("every", "said"), [(0.8, "every of on_step: expected a multiple of dt"), (0.0, "at least dt = 0.5 ms")]
)
def test_times_are_checked(every, said):
    net = sl.Network(dt=0.5)
    net.population(1, sl.LIF())
    with pytest.raises((ParameterError, DescriptionError), match=said):
        net.on_step(fail, np.zeros(1), every=every)
