"""Sources with dead time and gamma sources beside slow twins and closed forms; rates that are functions of time."""

import math

import numpy as np
import pytest
from examples import many_numbers
from given_spikes import steps_of
from tolerances import EXACT, STAT

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError, SimulationError, SpikelearnError
from spikelearn.kernels.random import noise_key, stream, uniform

DT = 0.5


def fired(source, n, duration=2000.0, seed=3, dt=DT, threads=1, **how):
    """(steps, n): whether each neuron fires in each step."""
    net = sl.Network(dt=dt, seed=seed, threads=threads)
    population = net.population(n, source)
    net.record(population)
    times, ids = net.run(duration, **how).spikes(population)
    found = np.zeros((round(duration / dt), n), bool)
    found[steps_of(times, dt) - 1, ids] = True
    assert found.sum() == len(times)
    return found


def intervals(found, dt=DT):
    """All intervals of all neurons, ms."""
    return np.concatenate([np.diff(np.flatnonzero(train)) for train in found.T]) * dt


def numbers(step, n, uid=1, seed=3):
    with np.errstate(over="ignore"):
        start, increment = map(np.uint64, stream(seed, noise_key(uid), step))
        return [uniform(start, increment, k) for k in range(n)]


def dead_time_one_by_one(rates, dead_steps, n_steps):
    """The slow twin, which remembers when each neuron fired last."""
    generator, n = np.random.default_rng([3, 1]), len(rates)
    chance, last = generator.random(n), [-math.inf] * n
    for i, rate in enumerate(rates):
        often = rate * DT * 1e-3
        if often > 0 and chance[i] < often * dead_steps:
            silent = min(math.floor(chance[i] / often) + 1, dead_steps)
            last[i] = silent - dead_steps
    found = np.zeros((n_steps, n), bool)
    for step in range(1, n_steps + 1):
        for i, (rate, u) in enumerate(zip(rates, numbers(step, n), strict=True)):
            often = rate * DT * 1e-3
            if step - last[i] > dead_steps and u * (1.0 - often * dead_steps) < often:
                found[step - 1, i], last[i] = True, step
    return found


RATES = [50.0, 0.0, 100.0, 10.0, 181.0]


@pytest.mark.parametrize("engine", ["compiled", "stepper"])
@pytest.mark.parametrize("threads", [1, 3])
def test_dead_time_is_its_slow_twin(engine, threads):
    found = fired(sl.PoissonWithDeadTime(RATES, 5.0), 5, engine=engine, threads=threads)
    EXACT.check(found, dead_time_one_by_one(RATES, 10, len(found)))
    assert np.all(intervals(found) > 5.0) and 50 < found[:, 0].sum() < 150


@many_numbers
@pytest.mark.parametrize("rate, dead_time", [(40.0, 5.0), (100.0, 2.0), (20.0, 0.0)])
def test_dead_time_has_its_rate_and_variation(rate, dead_time):
    n, duration = 400, 2000.0
    found = fired(sl.PoissonWithDeadTime(rate, dead_time), n, duration)
    p = 1.0 / (1.0 / (rate * DT * 1e-3) - dead_time / DT)
    mean, std = 1e3 / rate, math.sqrt(1.0 - p) / p * DT
    apart = intervals(found)
    STAT(len(apart), std).check(apart[apart < 20 * mean].mean(), mean)
    # longest intervals do not fit into the recording: some 20 intervals each, off by some permille
    np.testing.assert_allclose(apart.std() / apart.mean(), std / mean, rtol=0.03)
    np.testing.assert_allclose(std / mean, 1.0 - rate * dead_time * 1e-3, rtol=0.05)
    # stationary from the start: as many spikes in each tenth of a mean interval
    first = found[: round(mean / DT)].sum() / (n * round(mean / DT))
    STAT(n, 1.0).check(first * 1e3 / DT / rate, 1.0)


def test_dead_time_is_like_that_of_nest():
    nest = pytest.importorskip("nest")
    nest.ResetKernel()
    nest.SetKernelStatus({"resolution": DT, "rng_seed": 7})
    generators = nest.Create("ppd_sup_generator", 100, {"rate": 50.0, "dead_time": 8.0, "n_proc": 1})
    recorder, parrots = nest.Create("spike_recorder"), nest.Create("parrot_neuron", 100)
    nest.Connect(generators, parrots, "one_to_one")
    nest.Connect(parrots, recorder)
    nest.Simulate(4000.0)
    senders, times = (np.asarray(recorder.get("events")[key]) for key in ("senders", "times"))
    theirs = np.concatenate([np.diff(times[senders == each]) for each in np.unique(senders)])
    ours = intervals(fired(sl.PoissonWithDeadTime(50.0, 8.0), 100, 4000.0))
    # of some 20,000 intervals each, whose deviation is 12 ms
    STAT(len(ours) // 2, 12.0).check(ours.mean(), theirs.mean())
    np.testing.assert_allclose(ours.std() / ours.mean(), theirs.std() / theirs.mean(), rtol=0.05)
    assert ours.min() > 8.0


def gamma_one_by_one(rates, orders, n_steps):
    """The slow twin: the time of each spike in units of 1/(order rate), added up."""
    generator, n, most = np.random.default_rng([3, 1]), len(rates), max(orders)
    due = generator.gamma(np.floor(generator.random(n) * orders) + 1.0)
    found = np.zeros((n_steps, n), bool)
    left = due.copy()
    for step in range(1, n_steps + 1):
        chances = numbers(step, n * most)
        for i in range(n):
            left[i] -= orders[i] * rates[i] * (DT * 1e-3)
            if left[i] <= 0.0:
                found[step - 1, i] = True
                for k in range(orders[i]):
                    left[i] -= math.log(chances[i * most + k])
    return found


@pytest.mark.parametrize("engine", ["compiled", "stepper"])
@pytest.mark.parametrize("threads", [1, 3])
def test_gamma_is_its_slow_twin(engine, threads):
    rates, orders = [50.0, 0.0, 100.0, 10.0, 400.0], [1, 2, 4, 9, 3]
    found = fired(sl.GammaProcess(rates, orders), 5, 500.0, engine=engine, threads=threads)
    EXACT.check(found, gamma_one_by_one(rates, orders, len(found)))
    assert not found[:, 1].any() and found[:, 4].sum() > 150


@many_numbers
@pytest.mark.parametrize("order", [1, 4, 25])
def test_gamma_has_its_rate_and_variation(order):
    n, rate = 300, 40.0
    found = fired(sl.GammaProcess(rate, order), n, 4000.0, dt=0.1)
    apart = intervals(found, 0.1)
    STAT(n * 160, 1.0 / math.sqrt(order)).check(found.sum() / n / 4.0 / rate, 1.0)
    # some 150 intervals of each neuron; those cut off at the ends are the longer ones
    np.testing.assert_allclose(apart.std() / apart.mean(), 1.0 / math.sqrt(order), rtol=0.03)
    first = found[:250].sum() / n  # one mean interval
    STAT(n, 1.0).check(first, 1.0)


def test_gamma_follows_rates_that_change():
    rates = sl.Timed([10.0, 100.0], 1000.0)
    found = fired(sl.GammaProcess(rates, 4), 200, 2000.0)
    STAT(200 * 10, 0.7).check(found[:2000].sum() / 200 / 10.0, 1.0)
    STAT(200 * 100, 0.7).check(found[2000:].sum() / 200 / 100.0, 1.0)


@pytest.mark.parametrize("source", [sl.GammaProcess(60.0, 3), sl.PoissonWithDeadTime(60.0, 4.0)])
def test_pieces_checkpoints_and_resets(source, tmp_path):
    def make():
        net = sl.Network(dt=DT, seed=3)
        net.record(net.population(20, source, name="s"))
        return net

    whole = make().run(300.0).spikes("s")
    net = make()
    net.run(100.0).checkpoint(tmp_path / "state")
    later = net.run(200.0).spikes("s")
    EXACT.check(later.times, whole.times[whole.times > 100.0])
    EXACT.check(sl.Network.restore(tmp_path / "state").run(200.0).spikes("s").times, later.times)
    net.reset()
    EXACT.check(net.run(300.0).spikes("s").times, whole.times)


@pytest.mark.parametrize("source", [sl.GammaProcess(60.0, 3), sl.PoissonWithDeadTime(60.0, 4.0), sl.Poisson("60 + t")])
@pytest.mark.parametrize("engine", ["nest", "brian2"])
def test_other_simulators_replay_them(source, engine):
    pytest.importorskip(engine)
    runs = []
    for each in ("compiled", engine):
        net = sl.Network(dt=DT, seed=3)
        net.record(net.population(5, source, name="s"))
        net.record(net.population(1, sl.LIF()))
        runs.append(net.run(100.0, engine=each).spikes("s"))
    order = [np.lexsort((found.ids, found.times)) for found in runs]
    np.testing.assert_allclose(runs[0].times[order[0]], runs[1].times[order[1]], atol=1e-9)
    EXACT.check(runs[0].ids[order[0]], runs[1].ids[order[1]])


def of_time(t):
    return 100.0 * (1.0 + math.sin(t / 50.0))


def of_time_and_neuron(t, i):
    return 10.0 * i + t * 0.1


FUNCTIONS = {
    "100*(1 + sin(t/50))": lambda t, i: of_time(t),
    "100*Hz*(1 + sin(t/(50*ms)))": lambda t, i: of_time(t),
    "10*i + 0.1*t": of_time_and_neuron,
    "int(t > 100)*50*i/N": lambda t, i: 50.0 * i / 6 * (t > 100),
    of_time: lambda t, i: of_time(t),
    of_time_and_neuron: of_time_and_neuron,
}


@pytest.mark.parametrize("given", FUNCTIONS, ids=lambda given: getattr(given, "__name__", given))
@pytest.mark.parametrize("threads", [1, 2])
def test_rates_are_functions_at_the_middle_of_each_step(given, threads):
    found = fired(sl.Poisson(given), 6, 300.0, threads=threads)
    wanted = np.zeros_like(found)
    for step in range(1, len(found) + 1):
        rates = [FUNCTIONS[given]((step - 0.5) * DT, i) for i in range(6)]
        wanted[step - 1] = np.array(numbers(step, 6)) < np.array(rates) * DT * 1e-3
    EXACT.check(found, wanted)
    assert found.sum() > 10


def test_other_sources_and_drives_take_functions():
    found = fired(sl.GammaProcess("20 + 80*int(t > 1000)", 4), 200, 2000.0)
    STAT(200 * 20, 0.7).check(found[:2000].sum() / 200 / 20.0, 1.0)
    STAT(200 * 100, 0.7).check(found[2000:].sum() / 200 / 100.0, 1.0)
    found = fired(sl.PoissonWithDeadTime("20 + 80*int(t > 1000)", 2.0), 200, 2000.0)
    STAT(200 * 100, 1.0).check(found[2000:].sum() / 200 / 100.0, 1.0)
    net = sl.Network(dt=DT, seed=3)
    target = net.population(400, sl.Parrot(), name="target")
    net.drive(target, sl.PoissonInput("i", n=10), "ignored", weight=1.0)
    net.record(target, "ignored")
    counts = net.run(1000.0).trace("target", "ignored").values.sum(axis=0)
    STAT(400, 45.0).check((counts - 10.0 * np.arange(400)).mean(), 0.0)


def test_rates_that_cannot_be_stop_the_run_and_name_it():
    net = sl.Network(dt=DT, seed=3)
    net.population(2, sl.Poisson("10 - t"), name="falling")
    with pytest.raises(
        SimulationError, match="population 'falling': its rate, '10 - t', is not from 0 to 2000 Hz, at 10.5"
    ):
        net.run(100.0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: sl.Poisson("10*q"),
        lambda: sl.Poisson("10*mV"),
        lambda: sl.Poisson("-1"),
        lambda: sl.Poisson("rand()"),
        lambda: sl.Poisson(lambda: 1.0),
        lambda: sl.Poisson(lambda t: "x"),
        lambda: sl.PoissonWithDeadTime(10.0, -1.0),
        lambda: sl.GammaProcess(10.0, 0),
        lambda: sl.GammaProcess(10.0, 1.5),
        lambda: sl.GammaProcess(-10.0, 2),
    ],
)
def test_wrong_sources_are_refused(make):
    with pytest.raises(SpikelearnError):
        make()


def test_sources_that_do_not_fit_a_network():
    with pytest.raises(ParameterError, match="dead_time of population"):
        fired(sl.PoissonWithDeadTime(10.0, 0.7), 2, 1.0)
    with pytest.raises(DescriptionError, match="order needs one value or 3"):
        fired(sl.GammaProcess(10.0, [1, 2]), 3, 1.0)
    with pytest.raises(DescriptionError, match="at most once in 11 steps"):
        fired(sl.PoissonWithDeadTime(190.0, 5.0), 2, 1.0)
    for source in (sl.GammaProcess(10.0, 2), sl.PoissonWithDeadTime(10.0, 1.0), sl.Poisson("t")):
        with pytest.raises(DescriptionError, match="runs in steps"):
            fired(source, 2, 1.0, engine="events")
