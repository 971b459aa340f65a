"""Time: what is a multiple of dt runs for exactly that, what is not is refused or carried exactly."""

import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
from tolerances import EXACT, STAT

import spikelearn as sl
from spikelearn.errors import CoarseStepWarning, SpikelearnError
from spikelearn.kernels.connect import LONGEST_DELAY
from spikelearn.steps import MOST_STEPS, NEVER, nearest_steps, steps_of, times_of, whole_steps

GRID = ("compiled", "stepper", "nest", "brian2")


def network(dt=0.1, **options):
    net = sl.Network(dt=dt, seed=1, **options)
    cells = net.population(2, sl.LIF(t_ref=2 * dt), name="cells")
    return net, cells


def spikes(model, duration, dt=0.1, engine=None, n=1):
    net = sl.Network(dt=dt, seed=1)
    source = net.population(n, model, name="source")
    net.record(source)
    return net.run(duration, engine=engine).spikes(source)


def after_driving(dt, source, duration=1.0, **options):
    net, cells = network(dt)
    net.drive(cells, source, **options)
    return net.run(duration)


@pytest.mark.parametrize("engine", ["compiled", "events"])
@pytest.mark.parametrize(("dt", "pieces", "length"), [(0.1, 40, 0.3), (0.25, 40, 0.25), (0.1, 3, 16.7), (0.3, 30, 2.1)])
def test_runs_in_pieces_end_where_the_sum_of_their_lengths_is(engine, dt, pieces, length):
    net, cells = network(dt)
    net.record(cells, "V_m", every=dt)
    runs = [net.run(length, engine=engine) for _ in range(pieces)]
    ends = [float(Fraction(str(length)) * (k + 1)) for k in range(pieces)]
    EXACT.check([run.t_stop for run in runs], ends)
    EXACT.check([run.t_start for run in runs[1:]], ends[:-1])
    EXACT.check(net.time, ends[-1])
    assert sum(len(run.trace(cells, "V_m").times) for run in runs) == round(ends[-1] / dt)


@pytest.mark.parametrize("engine", [*GRID, "events"])
@pytest.mark.parametrize(
    ("dt", "duration", "words"),
    [
        (0.1, 0.05, "such as 0 or 0.1 ms, got 0.05 ms"),
        (0.1, 0.25, "such as 0.2 or 0.3 ms, got 0.25 ms"),
        (1.0, 1000 / 60, "multiple of dt = 1 ms, such as 16 or 17 ms, got 16.6666666667 ms"),
        (1.0, 33.4, "such as 33 or 34 ms"),
        (0.1, 1e300, "expected at most"),
        (1e-300, 1e300, "expected at most"),
        (0.1, math.inf, "expected a finite time, got inf"),
        (0.1, math.nan, "expected a finite time, got nan"),
        (0.1, -0.1, "expected at least 0 ms"),
        (0.1, 100.00001, "such as 100 or 100.1 ms"),
        (0.1, [1.0, 2.0], "expected one time"),
    ],
)
def test_a_duration_that_is_no_multiple_of_dt_is_refused_at_once(engine, dt, duration, words):
    net, _ = network(dt)
    with pytest.raises(SpikelearnError, match=words):
        net.run(duration, engine=engine)
    assert net.time == 0.0


def test_no_run_goes_beyond_the_last_step_that_can_be_told_from_the_next():
    net, _ = network(1.0)
    net.run(1.0)
    with pytest.raises(SpikelearnError, match="end after at most 8,796,093,022,208 steps"):
        net.run(float(MOST_STEPS))
    with pytest.raises(SpikelearnError, match="end after at most"):
        net.run(trials=sl.Trials([sl.Phase(1e10)], n=10**15))


def test_phases_last_as_long_as_they_say():
    net, cells = network(1.0)
    with pytest.raises(SpikelearnError, match="duration of phase 0: expected at least dt = 1 ms, got 0.6 ms"):
        net.run(trials=sl.Trials([sl.Phase(0.6), sl.Phase(0.6)], 100))
    with pytest.raises(SpikelearnError, match="duration of phase 1: expected a multiple of dt = 1 ms, such as 2 or 3"):
        net.run(trials=sl.Trials([sl.Phase(1.0), sl.Phase(2.4)], 100))
    assert net.run(trials=sl.Trials([sl.Phase(1.0), sl.Phase(2.0)], 40)).t_stop == 120.0


# What is carried exactly


@pytest.mark.parametrize("engine", ["compiled", "stepper", "events"])
@pytest.mark.parametrize(("interval", "start"), [(0.25, 250.0), (0.02, 20.0), (0.1, 100.0), (1 / 30, 1000 / 30)])
def test_a_row_of_rates_holds_from_its_time_on_whatever_dt_is(engine, interval, start):
    rates = sl.Timed([0.0] * 1000 + [5000.0], interval)
    times, _ = spikes(sl.Poisson(rates), math.ceil(start) + 3.0, engine=engine)
    assert len(times) > 5
    assert start < times[0] < start + 1.5


@pytest.mark.parametrize("shown", [1000 / 60, 20.0, 7.03])
def test_an_image_is_shown_from_its_number_times_its_duration_on(shown):
    images = np.eye(70)
    times, ids = spikes(sl.Images(images, max_rate=1000.0, on=shown), 1000.0, dt=1.0, n=70)
    begin, end = times - 1.0, times
    assert np.all((end > ids * shown - 1e-9) & ((begin < (ids + 1) * shown + 1e-9) | (ids == 69)))
    first = [times[ids == k][0] for k in range(40)]
    assert np.all(np.abs(np.array(first) - np.arange(40) * shown) < 3.0 + shown)


def test_rates_that_change_within_a_step_count_for_the_part_of_it_that_they_hold():
    net = sl.Network(dt=1.0, seed=1)
    rates = [0.0, 400.0, 100.0, 1000.0]
    source = net.population(20_000, sl.Poisson(sl.Timed(rates, 0.75)), name="source")
    net.record(source)
    times = net.run(4.0).spikes(source).times
    counts = np.bincount(times.astype(int), minlength=5)[1:] / 20_000
    expected = [0.25 * 0.4, 0.5 * 0.4 + 0.5 * 0.1, 0.25 * 0.1 + 0.75 * 1.0, 1.0]
    for found, mean in zip(counts, expected, strict=True):
        STAT(20_000, math.sqrt(mean * (1 - mean))).check(found, mean)


def test_images_shorter_than_a_step_are_seen_by_their_mean():
    images = sl.Images([[1.0]] * 2000, max_rate=1000.0, on=0.0001, off=0.0001)
    times, _ = spikes(images, 0.4, n=5000)
    STAT(5000, 0.5).check(len(times) / 5000, 0.2)


def test_the_exact_engine_takes_times_between_steps():
    net = sl.Network(dt=0.1)
    source = net.population(2, sl.SpikeList([1.23, 1.27, 0.0], [0, 0, 1]), name="source")
    cells = net.population(1, sl.Parrot(), name="cells")
    net.connect(source, cells, delay=0.15)
    net.record(source), net.record(cells)
    run = net.run(3.0, engine="events")
    EXACT.check(run.spikes(source).times, [0.0, 1.23, 1.27])
    EXACT.check(run.spikes(cells).times, [0.15, 1.23 + 0.15, 1.27 + 0.15])


def test_currents_that_change_at_a_time_that_no_run_reaches_do_not():
    net, cells = network()
    net.drive(cells, sl.StepCurrent([0.0, 1e300], [0.0, 1000.0]))
    net.record(cells, "V_m")
    EXACT.check(net.run(5.0).trace(cells, "V_m").values, -70.0)


# What is refused


def projection(net, cells, **options):
    return net.connect(cells, cells, "exc", name="p", **options)


REFUSED = {
    "noise, between": (0.1, lambda net, c: net.drive(c, sl.NoiseCurrent(std=1.0, interval=0.25)), "interval of NoiseC"),
    "noise, below dt": (0.1, lambda net, c: net.drive(c, sl.NoiseCurrent(std=1.0, interval=0.01)), "at least dt = 0.1"),
    "delay": (0.1, lambda net, c: projection(net, c, delay=0.15), "delay of projection 'p': .* 0.2 ms, got 0.15 ms"),
    "delays": (0.1, lambda net, c: projection(net, c, delay=[[0.1, 0.2], [0.1, 0.27]]), r"got 0.27 ms at index 1, 1"),
    "delay without end": (0.1, lambda net, c: projection(net, c, delay=math.inf), "delay of projection 'p'"),
    "delay of ages": (0.1, lambda net, c: projection(net, c, delay=1e300), "shorter than 6553.5 ms"),
    "delays of ages": (0.1, lambda net, c: projection(net, c, delay=sl.LogNormal(100, 1)), "shorter than"),
    "delays with a long tail": (0.1, lambda net, c: projection(net, c, delay=sl.LogNormal(7, 30)), "shorter than"),
    "uniform delays of ages": (0.1, lambda net, c: projection(net, c, delay=sl.Uniform(1, 1e9)), "shorter than"),
    "dendritic": (0.1, lambda net, c: projection(net, c, dendritic_delay=0.25), "dendritic_delay of .* 0.2 or 0.3 ms"),
    "dendritic of ages": (0.1, lambda net, c: projection(net, c, dendritic_delay=1e300), "expected at most"),
    "dendritic of an hour": (0.1, lambda net, c: projection(net, c, dendritic_delay=3.6e6), "shorter than"),
    "burst window": (1.0, lambda net, c: net.population(1, sl.Pyramidal(burst_window=0.4, K_start=1)), "K_stop"),
    "burst window alone": (0.5, lambda net, c: net.population(1, sl.Pyramidal(burst_window=0.4)), "burst_window of"),
    "refractory": (0.1, lambda net, c: net.population(2, sl.LIF(t_ref=[2, 1.23])), "t_ref of LIF, .* index 1"),
    "start": (0.1, lambda net, c: net.record(c, start=0.55), "start of recording 'cells': .* 0.5 or 0.6 ms"),
    "start of ages": (0.1, lambda net, c: net.record(c, start=1e300), "start of recording 'cells': expected at most"),
    "every": (0.1, lambda net, c: net.record(c, "V_m", every=0.25), "every of recording"),
    "every without end": (0.1, lambda net, c: net.record(c, "V_m", every=math.inf), "every of recording"),
    "every of events": (0.1, lambda net, c: net.record(c, "spikes", every=50), "events are recorded when they occur"),
    "start of events": (0.1, lambda net, c: net.record(c, "spikes", include_start=True), "events have no samples"),
    "late start": (0.1, lambda net, c: net.record(c, "V_m", start=5.0, include_start=True), "before step 50"),
    "spike": (0.1, lambda net, c: net.population(1, sl.SpikeList([2.0, 2.04]), "s"), "SpikeList, .*'s'.* at index 1"),
    "rows without end": (0.1, lambda net, c: net.population(1, sl.Poisson(sl.Timed([1.0], math.inf))), "interval"),
    "images without end": (0.1, lambda net, c: net.population(1, sl.Images([[1.0]], on=math.inf)), "finite times on"),
    "current": (0.1, lambda net, c: net.drive(c, sl.StepCurrent([0.0, 0.33], [1.0, 2.0])), "times of StepCurrent"),
    "release": (0.1, lambda net, c: net.release(net.modulator(), [1.0, 1.05]), "times of release .* at index 1"),
    "homeostasis": (0.1, lambda net, c: net.homeostasis(projection(net, c), sl.Normalisation(1.0, 0.25)), "every of"),
    "checkpoint": (0.1, lambda net, c: net.run(1.0, checkpoint="x", checkpoint_every=0.25), "checkpoint_every of run"),
}  # fmt: skip


@pytest.mark.parametrize(("dt", "action", "words"), REFUSED.values(), ids=REFUSED)
def test_a_time_between_steps_is_refused_with_its_name_dt_and_what_is_near(dt, action, words):
    net, cells = network(dt)
    with pytest.raises(SpikelearnError, match=words):
        action(net, cells)
        net.run(1.0)
    assert net.time == 0.0


@pytest.mark.parametrize("engine", GRID)
def test_every_engine_with_steps_refuses_what_lies_between_them(engine):
    net, cells = network()
    projection(net, cells, delay=0.15)
    with pytest.raises(SpikelearnError, match="delay of projection 'p': expected a multiple of dt"):
        net.build(engine)


def test_delays_drawn_from_a_distribution_are_those_of_the_nearest_step():
    net, cells = network()
    made = net.connect(cells, cells, "exc", delay=sl.Uniform(0.17, 0.23), name="p")
    EXACT.check(net.run(0.0).synapses(made).delay, 0.2)


def test_delays_that_need_more_memory_than_there_is_are_refused_with_what_they_need():
    net = sl.Network(dt=0.1, threads=1)
    cells = net.population(20_000_000, sl.Parrot(), name="cells")
    net.connect(cells[:1], cells[:1], delay=6000.0)
    with pytest.raises(SpikelearnError, match=r"delays of up to 6000.2 ms, 60,002 steps, need 4,800.2 GB of memory"):
        net.build()


def test_neurons_that_need_more_memory_than_there_is_are_refused_with_what_they_need(monkeypatch):
    monkeypatch.setattr("spikelearn.engine.lowering.network.total_memory", lambda: 1e9)
    net = sl.Network(dt=0.1, threads=1)
    net.population(20_000_000, sl.LIF(), name="cells")
    with pytest.raises(SpikelearnError, match=r"20,000,000 neurons of LIF need 1\.\d GB of memory, more than"):
        net.build()


# Numbers


def test_recorded_times_are_the_nearest_numbers_to_their_decimals():
    net = sl.Network(dt=0.1)
    source = net.population(1, sl.SpikeList(np.arange(1, 3000) / 10), name="source")
    cells = net.population(1, sl.LIF(), name="cells")
    net.record(source), net.record(cells, "V_m")
    run = net.run(300.0)
    EXACT.check(run.spikes(source).times, [float(f"{k // 10}.{k % 10}") for k in range(1, 3000)])
    EXACT.check(run.trace(cells, "V_m").times, np.arange(1, 3001) / 10)
    assert 1.2 in run.spikes(source).times


def test_steps_and_times_are_each_others_inverse():
    random = np.random.default_rng(1)
    for dt in (0.1, 0.25, 0.3, 1 / 3, 0.0125, 1e-3, 7.0, 0.1 + 0.2, 1e-12, math.pi):
        steps = np.append(np.arange(100), random.integers(0, 1 << 40, 300))
        EXACT.check(steps_of(times_of(steps, dt), dt, "x"), steps)
        EXACT.check(steps_of(steps * dt, dt, "x"), steps)
        between = (steps + 0.3) * dt
        assert not np.any(nearest_steps(between, dt)[1])
    for dt in (0.1, 0.25, 0.3, 0.0125, 1e-3, 7.0):
        wanted = [float(Fraction(int(k)) * Fraction(str(dt))) for k in steps]
        EXACT.check([times_of(int(k), dt) for k in steps], wanted)


def test_a_scheduled_time_beyond_every_run_is_never_reached():
    EXACT.check(steps_of([1.0, 1e300], 0.1, "x", unreachable=True), [10, NEVER])
    with pytest.raises(SpikelearnError, match="at index 1"):
        steps_of([1.0, math.inf], 0.1, "x", unreachable=True)
    assert whole_steps(LONGEST_DELAY * 0.1, 0.1, "x") == LONGEST_DELAY


# Time 0


@pytest.mark.parametrize("engine", ["compiled", "stepper", "events"])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_spike_at_0_ms_is_recorded_and_arrives_after_its_delay(engine, threads):
    net = sl.Network(dt=0.1, threads=threads)
    source = net.population(3, sl.SpikeList([0.0, 0.0, 0.4, 1.0], [2, 0, 1, 0]), name="source")
    cells = net.population(3, sl.Parrot(), name="cells")
    net.connect(source, cells, rule=sl.OneToOne(), delay=0.7)
    net.record(source)
    net.record(cells)
    runs = [net.run(0.3, engine=engine), net.run(2.0, engine=engine)]
    EXACT.check(np.concatenate([run.spikes(source).times for run in runs]), [0.0, 0.0, 0.4, 1.0])
    EXACT.check(np.concatenate([run.spikes(source).ids for run in runs]), [0, 2, 1, 0])
    EXACT.check(runs[1].spikes(cells).times, [0.7, 0.7, 1.1, 1.7])
    net.reset()
    EXACT.check(net.run(0.3, engine=engine).spikes(source).times, [0.0, 0.0])


@pytest.mark.parametrize("engine", ["nest", "brian2"])
def test_simulators_without_a_time_0_refuse_spikes_there(engine):
    net = sl.Network()
    net.population(1, sl.SpikeList([0.0]), name="source")
    with pytest.raises(SpikelearnError, match="'source': spikes at 0 ms"):
        net.build(engine)


@pytest.mark.parametrize("engine", ["compiled", "stepper", "events"])
def test_a_trace_with_its_start_has_one_sample_more_than_steps(engine):
    net = sl.Network(dt=0.1, seed=3)
    cells = net.population(3, sl.LIF(I_e=300.0), name="cells", initial={"V_m": [-70.0, -65.0, -60.0]})
    net.record(cells[1:], ["spikes", "V_m"], every=0.2, include_start=True)
    runs = [net.run(0.0, engine=engine), net.run(2.0, engine=engine), net.run(1.0, engine=engine)]
    run = runs[0].joined(runs[1]).joined(runs[2])
    EXACT.check(run.trace(cells, "V_m").times, np.arange(16) / 5)
    EXACT.check(run.trace(cells, "V_m").values[0], [-65.0, -60.0])
    assert np.all(run.trace(cells, "V_m").values[1] > [-65.0, -60.0])
    without = sl.Network(dt=0.1, seed=3)
    cells = without.population(3, sl.LIF(I_e=300.0), name="cells", initial={"V_m": [-70.0, -65.0, -60.0]})
    without.record(cells[1:], "V_m", every=0.2)
    EXACT.check(without.run(3.0, engine=engine).trace(cells, "V_m").values, run.trace(cells, "V_m").values[1:])


@pytest.mark.parametrize("threads", [1, 2])
def test_weights_and_modulators_have_a_sample_at_the_start_too(threads, tmp_path):
    net = sl.Network(dt=1.0, seed=3, threads=threads)
    source, cells = net.population(2, sl.Poisson(200.0)), net.population(4, sl.LIF(), name="cells")
    dopamine = net.modulator("dopamine")
    made = net.connect(source, cells, "exc", weight=sl.Uniform(10, 20), plasticity=sl.STDP(W_max=30.0), name="made")
    net.record(made, "weight", every=5.0, include_start=True)
    net.record(dopamine, "n", include_start=True)
    first = net.run(0.0, checkpoint=tmp_path / "c").weights(made)
    run = net.run(20.0)
    EXACT.check(run.trace(made, "weight").times, [0.0, 5.0, 10.0, 15.0, 20.0])
    EXACT.check(run.trace(made, "weight").values[0], first)
    EXACT.check(run.trace(dopamine, "n").times, np.arange(21.0))
    again = sl.Network.restore(tmp_path / "c")
    EXACT.check(again.run(20.0).trace("made", "weight").values, run.trace(made, "weight").values)
    again.run(1.0, checkpoint=tmp_path / "d")
    EXACT.check(sl.Network.restore(tmp_path / "d").run(5.0).trace("made", "weight").times, [25.0])


# A coarse dt


def built(dt, *models, engine="compiled"):
    net = sl.Network(dt=dt)
    for k, model in enumerate(models):
        net.population(2, model, name=f"cells {k}")
    net.build(engine)
    return net


@pytest.mark.parametrize(
    ("dt", "model", "words"),
    [
        (
            0.5,
            sl.HodgkinHuxley(),
            r"\(HodgkinHuxley\): .* below half of .* h in a spike = 0.25 ms, got 0.5 ms",
        ),
        (1.0, sl.AdEx(C_m=50.0), "C_m / g_L = 1.66666666667 ms"),
        (0.1, sl.LIFConductance(tau_syn_exc=[3.0, 0.1]), "below its fastest time constant, tau_syn_exc = 0.1 ms"),
        (5.0, sl.LIFDelta(t_ref=5.0), "below half of .* tau_m = 10 ms"),
    ],
)
def test_a_dt_of_half_the_fastest_time_constant_or_of_a_synapse_warns_once(dt, model, words):
    with pytest.warns(CoarseStepWarning, match=words) as told:
        net = built(dt, model)
        net.run(dt)
        net.reset()
        net.run(dt)
    assert len(told) == 1


def test_a_fine_dt_and_an_engine_without_steps_warn_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        built(0.1, sl.HodgkinHuxley(), sl.LIF(), sl.AdEx(t_ref=0.1))
        built(10.0, sl.LIF(), engine="events")


@pytest.mark.parametrize("dt", [0.1, 0.05, 0.25, 1 / 3])
def test_the_float32_nearest_to_a_multiple_of_dt_is_that_multiple(dt):
    steps = np.array([1, 3, 1234, 9999, 30_011])
    given = times_of(steps, dt).astype(np.float32)
    EXACT.check(steps_of(given, dt, "times"), steps)
    assert whole_steps(given[3], dt, "time") == 9999


@pytest.mark.parametrize("time", [123.40001, 123.4000015, 100.0078125, 2.0**21 + 0.25], ids=repr)
def test_other_floats_near_a_multiple_of_dt_are_refused(time):
    with pytest.raises(SpikelearnError, match=r"time: expected a multiple of dt = 0.1 ms"):
        whole_steps(time, 0.1, "time")


@pytest.mark.parametrize("dt", [5e-324, 1e-310, 1e-300])
def test_a_dt_that_is_hardly_more_than_0_counts_steps_too(dt):
    assert times_of(10, dt) == 10 * dt and whole_steps(10 * dt, dt, "time") == 10
