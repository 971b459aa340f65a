"""Signals: numbers that callbacks write are recorded at the end of the step, kept in files, checkpoints and copies."""

import copy

import numpy as np
import pytest
from tolerances import EXACT

import spikelearn as sl
from spikelearn.errors import DescriptionError, SpikelearnError
from spikelearn.plots import raster, signal


def count_steps(step, values, total):
    values[0] = step
    values[1] += 1.0
    total[0] = values[1] * 10.0


def network(threads=1, **recording):
    """A signal of two numbers that a callback counts with, and one that a later callback computes from it."""
    net = sl.Network(dt=0.5, seed=1, threads=threads)
    cells = net.population(4, sl.LIF(I_e=500.0), name="cells")
    count, total = net.signal("count", size=2, initial=[-1.0, 0.0]), net.signal("total", unit="Hz")
    net.record(total, "value", **recording)
    net.record(count, **recording)
    net.record(cells)
    net.on_step(count_steps, count.values, total.values)
    return net


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("engine", ["compiled", "stepper"])
def test_a_sample_has_what_was_written_in_its_step_whatever_order_things_were_added_in(engine, threads):
    run = network(threads).run(5.0, engine=engine)
    trace = run.trace("count", "value")
    EXACT.check(trace.times, np.arange(1, 11) * 0.5)
    EXACT.check(trace.values, np.stack([np.arange(1.0, 11.0)] * 2, axis=1))
    EXACT.check(run.trace("total", "value").values[:, 0], np.arange(10.0, 101.0, 10.0))
    assert run.trace("total", "value").unit == "Hz" and trace.unit == ""


@pytest.mark.parametrize("threads", [1, 2])
def test_intervals_start_and_the_sample_before_the_first_step(threads):
    run = network(threads, every=2.0, include_start=True).run(5.0)
    EXACT.check(run.trace("count", "value").times, [0.0, 2.0, 4.0])
    EXACT.check(run.trace("count", "value").values, [[-1.0, 0.0], [4.0, 4.0], [8.0, 8.0]])
    EXACT.check(network(threads, start=4.0).run(5.0).trace("count", "value").times, [4.0, 4.5, 5.0])


@pytest.mark.parametrize("threads", [1, 2])
def test_many_samples_pass_through_the_buffer(threads):
    net = sl.Network(dt=0.5, seed=1, threads=threads)
    net.population(4, sl.LIF(), name="cells")
    wide = net.signal("wide", size=30_000)
    net.record(wide)
    net.on_step(count_steps, wide.values, np.zeros(1))
    EXACT.check(net.run(40.0).trace(wide, "value").values[:, 0], np.arange(1.0, 81.0))


def choose(trial, phase, choice, shown):
    choice[0] = shown[trial]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("engine", ["compiled", "stepper"])
def test_callbacks_of_trials_write_signals_that_stay_until_the_next(engine, threads):
    net = sl.Network(dt=1.0, seed=1, threads=threads)
    net.population(4, sl.LIF(), name="cells")
    choice = net.signal("choice", initial=-1.0)
    net.record(choice)
    shown = np.array([2.0, 0.0, 1.0])
    run = net.run(trials=sl.Trials([sl.Phase(2.0, callback=sl.Callback(choose, (choice.values, shown)))], 3))
    EXACT.check(run.trace(choice, "value").values[:, 0], [-1.0, 2.0, 2.0, 0.0, 0.0, 1.0])
    EXACT.check(net.run(1.0).trace(choice, "value").values[:, 0], [1.0])


def test_files_have_signals(tmp_path):
    run = network().run(5.0)
    sl.io.save(run, tmp_path / "run.h5")
    EXACT.check(sl.io.load(tmp_path / "run.h5").trace("count", "value").values, run.trace("count", "value").values)
    streamed = network().run(5.0, sink=sl.io.RunWriter(tmp_path / "streamed.h5"))
    EXACT.check(streamed.trace("total", "value").values, run.trace("total", "value").values)
    assert sl.io.load(tmp_path / "streamed.h5").trace("total", "value").unit == "Hz"


def test_runs_checkpoints_copies_and_joined_runs_continue_with_the_same_values(tmp_path):
    whole = network().run(8.0).trace("count", "value")
    net = network()
    first = net.run(3.0, checkpoint=tmp_path / "c")
    restored, copied = sl.Network.restore(tmp_path / "c"), copy.deepcopy(net)
    for each in (net, restored, copied):
        joined = first.joined(each.run(5.0))
        EXACT.check(joined.trace("count", "value").times, whole.times)
        EXACT.check(joined.trace("count", "value").values, whole.values)
        assert each.signals["count"].size == 2


def test_a_checkpoint_has_signals_that_only_trials_write(tmp_path):
    net = sl.Network(dt=1.0, seed=1)
    net.population(1, sl.LIF())
    choice = net.signal("choice")
    net.record(choice)
    net.run(
        trials=sl.Trials([sl.Phase(2.0, callback=sl.Callback(choose, (choice.values, np.array([7.0]))))], 1),
        checkpoint=tmp_path / "c",
    )
    EXACT.check(sl.Network.restore(tmp_path / "c").run(1.0).trace("choice", "value").values, [[7.0]])


def test_reset_restores_initial_values():
    net = network(include_start=True)
    first = net.run(3.0).trace("count", "value").values
    net.reset()
    EXACT.check(net.run(3.0).trace("count", "value").values, first)


@pytest.mark.parametrize("engine", ["events", "nest", "brian2"])
def test_engines_that_have_no_signals_say_so(engine):
    if engine != "events":
        pytest.importorskip(engine)
    net = sl.Network(dt=0.5)
    net.population(1, sl.LIF())
    net.signal("reward")
    with pytest.raises(DescriptionError, match=r"signal 'reward'"):
        net.run(1.0, engine=engine)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda net: net.signal("", 1), "name of signal"),
        (lambda net: net.signal("cells"), "the name 'cells' is already in use"),
        (lambda net: net.signal("s", 0), "size of signal 's': expected a whole number of at least 1"),
        (lambda net: net.signal("s", unit="light years"), "unit of signal 's': expected one such as 'Hz'"),
        (lambda net: net.signal("s", unit="port"), "unit of signal 's': expected one such as 'Hz'"),
        (lambda net: net.signal("s", unit=None), "unit of signal 's': expected one such as 'Hz'"),
        (
            lambda net: net.signal("s", 2, initial=[1.0]),
            r"initial of signal 's': expected a finite number, NaN, or \(2,\)",
        ),
        (lambda net: net.signal("s", initial=np.inf), "initial of signal 's': expected a finite number"),
        (lambda net: net.record(net.signal("s"), "n"), "a signal has no variable 'n'; it has: value"),
        (lambda net: net.record(sl.Network().signal("s")), "record: not a population, modulator, signal or projection"),
        (lambda net: net.on_step(count_steps, sl.Network().signal("s").values, np.zeros(1)), "'s' is not a population"),
        (lambda net: net.population(1, sl.LIF(), name=net.signal("s").name), "'s' is already in use"),
    ],
)
def test_what_is_wrong_is_named(call, message):
    net = sl.Network()
    net.population(2, sl.LIF(), name="cells")
    with pytest.raises(SpikelearnError, match=message):
        call(net)


def test_the_plot_shares_its_time_axis_with_a_raster():
    from spikelearn.plots.panels import panels

    run = network().run(50.0)
    above, below = panels(None, 2, 1, sharex=True)
    raster(run, ax=above)
    ax = signal(run, "count", target="total", ax=below)
    assert ax.get_ylabel() == "count" and signal(run, "total").get_ylabel() == "total (Hz)"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["target", "count 0", "count 1"]
    EXACT.check(ax.get_lines()[1].get_ydata(), run.trace("count", "value").values[:, 0])
    with pytest.raises(DescriptionError, match="'error' of 'count' was not recorded"):
        signal(run, "count", "error")
    with pytest.raises(DescriptionError, match="target: expected a number for each of the 100 samples"):
        signal(run, "count", target=np.zeros(7))
