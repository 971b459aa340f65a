"""However many threads share a network, it does the same, bit for bit."""

import numpy as np
import pytest
from tolerances import EXACT
from unit import all_parts

import spikelearn as sl
from spikelearn.engine.lowering.partition import cuts
from spikelearn.engine.thread_tuner import ThreadTuner
from spikelearn.errors import DescriptionError, ParameterError, SimulationError


@pytest.fixture(scope="module")
def one_thread():
    net = all_parts.network(shareable=True)
    return all_parts.outcome(net, [net.run(all_parts.DURATION)])


def same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        EXACT.check(one[name], other[name], name)


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("engine", ["compiled", "stepper"])
def test_any_number_of_threads_gives_the_bits_of_one(one_thread, threads, engine):
    net = all_parts.network(threads=threads, shareable=True)
    same(all_parts.outcome(net, [net.run(all_parts.DURATION, engine=engine)]), one_thread)


def test_on_two_threads_a_run_in_pieces_is_the_run_in_one(one_thread):
    net = all_parts.network(threads=2, shareable=True)
    same(all_parts.outcome(net, [net.run(length) for length in (0.1, 33.3, 0.0, 6.6, 80.0)]), one_thread)


def test_threads_that_meet_only_once_in_a_delay_give_the_same_spikes():
    def spikes(threads):
        net = sl.Network(seed=3, threads=threads)
        noise = net.population(300, sl.Poisson(50.0))
        cells = net.population(2000, sl.LIF())
        net.connect(noise, cells, "exc", sl.FixedInDegree(30), weight=60.0, delay=1.5)
        net.connect(cells, cells, "inh", sl.FixedInDegree(50), weight=sl.Normal(-20.0, 5.0), delay=sl.Uniform(1.5, 4.0))
        net.drive(cells[101:1503], sl.PoissonInput(2000.0), weight=40.0)
        net.drive(cells[11:], sl.NoiseCurrent(std=50.0, tau=3.0))
        net.record(cells, ["spikes"])
        net.record(cells[990:1010], "V_m")
        run = net.run(200.0)
        return *run.spikes(cells), run.trace(cells, "V_m").values, run.synaptic_events

    one = spikes(1)
    assert len(one[0]) > 500
    for threads in (2, 5):
        for found, expected in zip(spikes(threads), one, strict=True):
            EXACT.check(found, expected)


def test_shares_are_every_neuron_once():
    for sizes in ([0], [1], [7], [60, 40], [3000, 1, 2000]):
        for of in (1, 2, 3, 16):
            edges = cuts(sizes, [1.0 + k for k in range(len(sizes))], of)
            assert len(edges) == of + 1 and edges[0] == 0 and edges[-1] == sum(sizes)
            assert list(edges) == sorted(edges)


def test_shares_have_as_much_to_do_however_dear_the_neurons_of_each_population_are():
    assert cuts([10_000, 2_500], [1.0, 1.0], 2)[1] == 6208
    # neurons of the first population cost nine times as much: its half, and then what the second adds
    dear = cuts([10_000, 2_500], [9.0, 1.0], 2)[1]
    assert abs(9.0 * dear - (9.0 * (10_000 - dear) + 2_500)) < 2 * 64 * 9.0
    net = sl.Network(seed=1, threads=2)
    exc = net.population(2000, sl.LIF())
    net.population(2000, sl.LIF())
    net.connect(exc, exc, rule=sl.FixedInDegree(200), weight=1.0, plasticity=sl.STDP(W_max=2.0))
    [block] = net.build().program.plans[0].blocks.values()
    assert 1000 < block.edges[1] < 2000


def test_a_state_that_is_not_finite_is_reported_with_the_neuron_that_has_it():
    net = sl.Network(threads=2)
    net.population(5, sl.LIF())
    cells = net.population(6, sl.LIF(), name="cells")
    net.drive(cells, sl.StepCurrent([2.0, 3.0], np.outer([1.5e308, -1.5e308], np.arange(6) == 4)))
    with pytest.raises(SimulationError, match="'cells', neuron 4: state is not finite"):
        net.run(10.0)


@pytest.mark.parametrize("first", [1, 4])
def test_of_two_states_that_are_not_finite_the_earlier_is_reported(first):
    """Neurons 1 and 4 are in shares of their own, which run some steps before they meet."""
    net = sl.Network(dt=0.1, threads=2)
    source = net.population(6, sl.SpikeList([]), name="source")
    cells = net.population(6, sl.LIF(), name="cells")
    net.connect(source, cells, "exc", weight=1.0, delay=3.0)
    for cell, start in ((first, 2.0), (5 - first, 2.5)):
        net.drive(cells, sl.StepCurrent([start, start + 0.1], np.outer([1.5e308, -1.5e308], np.arange(6) == cell)))
    with pytest.raises(SimulationError, match=f"neuron {first}: state is not finite"):
        net.run(10.0)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_state_that_is_not_finite_ends_the_run_at_its_own_step_on_any_number_of_threads(threads):
    net = sl.Network(dt=0.5, threads=threads, seed=2)
    noise = net.population(6, sl.Poisson(400.0), name="noise")
    cells = net.population(6, sl.LIF(), name="cells")
    net.connect(noise, cells, "exc", weight=100.0, delay=3.0)
    net.drive(cells, sl.StepCurrent([63.5, 64.5], np.outer([1.5e308, -1.5e308], np.arange(6) == 4)))
    net.record(noise)
    net.record(cells, ["spikes", "V_m"])
    with pytest.raises(SimulationError, match="neuron 4: state is not finite .* at 66.5 ms") as raised:
        net.run(100.0)
    run = raised.value.run
    assert run.t_stop == net.time == 66.5
    EXACT.check(run.trace(cells, "V_m").times, np.arange(1, 134) / 2)
    with pytest.raises(SimulationError, match=r"66.5 ms.*reset the network"):
        net.run(1.0)
    assert net.time == 66.5
    net.reset()
    assert net.run(10.0).t_stop == 10.0
    one = sl.Network(dt=0.5, threads=1, seed=2)
    same_noise = one.population(6, sl.Poisson(400.0), name="noise")
    one.record(same_noise)
    EXACT.check(run.spikes("noise").times, one.run(66.5).spikes("noise").times)


def test_what_reads_all_synapses_at_once_runs_on_one_thread_and_says_so():
    net = all_parts.network(threads=2)
    with pytest.raises(DescriptionError, match=r"'DopamineBursts' .*threads=1"):
        net.run(1.0)


def answer(trial, phase, counts, marks, current, release, seen):
    """The population's most active neuron is fed back to all of it, and releases what it has fired."""
    best = 0
    for i in range(len(counts)):
        if counts[i] > counts[best]:
            best = i
    seen[trial, phase] = 100 * best + counts[best] + (0.5 if marks[best] else 0.0)
    for i in range(len(current)):
        current[i] = 120.0 * ((i + best) % 3)
    release[0] += 0.01 * counts[best]


def push_back(step, potential, fired, current):
    """Of every step: each spike is answered by a current into the neighbour, until the next one."""
    for i in range(len(fired)):
        if fired[i]:
            current[(i + 1) % len(current)] = -5.0 * (potential[0] - potential[i])


def closed_loop(threads, every_step):
    """A network with trials, or with a callback of every step, that everything depends on."""
    net = sl.Network(dt=0.1, seed=4, threads=threads)
    dopamine = net.modulator("dopamine", tau=20.0)
    source = net.population(9, sl.Poisson(150.0), name="source")
    cells = net.population(7, sl.LIF(), name="cells")
    apical = net.population(5, sl.Pyramidal(), name="pyramidal")
    learned = net.connect(
        source, cells, "exc", weight=sl.Uniform(100.0, 300.0), delay=1.2,
        plasticity=sl.DopamineSTDP(dopamine, tau_c=30.0, A_plus=20.0, A_minus=5.0, W_max=600.0),
    )  # fmt: skip
    clopath = net.connect(
        source, cells, "exc", weight=50.0, delay=1.5,
        plasticity=sl.Clopath(A_LTD=0.5, A_LTP=0.5, theta_plus=-62.0, tau_x=2.0),
    )  # fmt: skip
    net.connect(cells, apical, "basal", weight=400.0, delay=2.0)
    net.record(cells, ["spikes", "V_m"])
    net.record(apical, ["spikes", "bursts"])
    net.record(dopamine, "n")
    seen = np.zeros((6, 3))
    if every_step:
        arguments = (cells.state("V_m"), cells.fired(), cells.current("exc"))
        net.on_step(push_back, *arguments)
        return net, None, seen
    look = sl.Callback(answer, (cells.counts(), cells.fired(), cells.current("exc"), dopamine.release, seen))
    rates = np.random.default_rng(1).uniform(50.0, 300.0, (6, 9))
    phases = [
        sl.Phase(13.7, rates={source: rates}, reset=[cells, learned, clopath], callback=look, plastic=[learned]),
        sl.Phase(8.2, rates={source: 200.0}, currents={(apical, "apical"): np.linspace(0, 900, 5)}, callback=look),
        sl.Phase(0.1, releases={dopamine: 0.02}, plastic=(), reset=[apical]),
    ]
    return net, sl.Trials(phases, n=6), seen


@pytest.mark.parametrize("every_step", [False, True])
def test_a_closed_loop_is_the_same_bit_for_bit_on_any_number_of_threads(every_step):
    def ran(threads, engine="compiled"):
        net, trials, seen = closed_loop(threads, every_step)
        runs = [net.run(132.0, engine=engine) if every_step else net.run(trials=trials, engine=engine)]
        runs.append(net.run(20.0, engine=engine))
        return all_parts.outcome(net, runs) | {"seen": seen}

    one = ran(1)
    assert len(one["('cells', 'spike') times"]) > 20
    assert every_step or len(set(one["seen"][:, 0])) > 3
    for threads, engine in ((2, "compiled"), (3, "compiled"), (2, "stepper")):
        same(ran(threads, engine), one)


def fail(trial, phase, at):
    if trial == at:
        raise ValueError


def test_on_two_threads_a_callback_that_raises_stops_the_run_where_it_did():
    def stopped(threads):
        net = sl.Network(threads=threads)
        cells = net.population(6, sl.LIF())
        net.connect(cells, cells, weight=1.0, delay=1.6)
        with pytest.raises(SimulationError, match="raised an exception at 30 ms") as raised:
            net.run(trials=sl.Trials([sl.Phase(10.0, callback=sl.Callback(fail, (2,)))], n=9))
        return raised.value.run.t_stop

    assert stopped(1) == stopped(2) == stopped(3)


@pytest.mark.parametrize("threads", [0, -1, 1.5, "two", True])
def test_a_number_of_threads_that_is_none_is_refused(threads):
    with pytest.raises(ParameterError, match="threads of Network"):
        sl.Network(threads=threads)


def test_a_network_of_two_thousand_neurons_is_shared_by_all_cores_unless_told_otherwise(monkeypatch):
    def shares(n, **options):
        net = sl.Network(**options)
        net.population(n, sl.LIF())
        return len(net.build().program.plans)

    monkeypatch.setenv("SPIKELEARN_THREADS", "3")
    assert [shares(1999), shares(2000), shares(2999), shares(4000)] == [1, 2, 2, 3]
    assert shares(4000, threads=1) == 1
    monkeypatch.setenv("SPIKELEARN_THREADS", "1")
    assert shares(4000) == 1
    assert shares(4000, threads=2) == 2
    monkeypatch.setenv("SPIKELEARN_THREADS", "many")
    with pytest.raises(ParameterError, match="SPIKELEARN_THREADS: expected a whole number of at least 1, got 'many'"):
        shares(4000)


def test_what_cannot_be_shared_runs_on_one_thread_by_default(monkeypatch):
    monkeypatch.setenv("SPIKELEARN_THREADS", "2")

    def shares(**options):
        net = sl.Network()
        cells = net.population(2000, sl.LIF())
        moving = net.connect(cells, cells, rule=sl.FixedInDegree(2, autapses=False), weight=1.0)
        if options:
            net.homeostasis(moving, sl.Rewiring(**options))
        net.on_step(lambda step, fired: None, cells.fired())
        return len(net.build().program.plans)

    assert shares() == 2
    assert shares(below=0.5, weight=1.0, every=100.0) == 1


def test_the_faster_way_is_taken_and_the_slower_one_tried_again_ever_more_rarely():
    thread_tuner = ThreadTuner()
    ways = []
    for _ in range(200):
        in_parallel, trial = thread_tuner.choose()
        ways.append((in_parallel, trial))
        thread_tuner.record(in_parallel, 100, 0.01 if in_parallel else 0.02)
    assert ways[:3] == [(False, False), (True, False), (True, False)]
    assert [k - 1 for k, (in_parallel, trial) in enumerate(ways) if trial] == [4, 8, 16, 32, 64, 128, 192]
    assert all(in_parallel != trial for in_parallel, trial in ways[2:])
    thread_tuner.record(True, 100, 0.03)
    assert thread_tuner.choose() == (False, False)
    thread_tuner.record(True, 100, 0.0001)  # too short to tell
    assert thread_tuner.choose() == (False, False)
    thread_tuner.record(True, 100, 0.019)  # two cores for a twentieth of the time
    assert thread_tuner.choose() == (False, False)


def test_no_thread_is_started_for_runs_too_short_to_tell():
    thread_tuner = ThreadTuner()
    for _ in range(10):
        assert thread_tuner.choose() == (False, False)
        thread_tuner.record(False, 10, 0.0005)


def test_shares_that_take_turns_in_one_thread_give_the_bits_of_those_that_run_in_parallel(one_thread):
    class Alternating:
        def __init__(self):
            self.ways = []

        def choose(self):
            self.ways.append(len(self.ways) % 2 == 0)
            return self.ways[-1], False

        def record(self, in_parallel, steps, seconds):
            pass

    net = all_parts.network(threads=2, shareable=True)
    net.build().program.thread_tuner = Alternating()
    same(all_parts.outcome(net, [net.run(length) for length in (20.0, 100.0)]), one_thread)
    assert {True, False} <= set(net.build().program.thread_tuner.ways)


@pytest.mark.parametrize("rule", [sl.FixedInDegree(1000), sl.FixedProbability(0.6), sl.FixedOutDegree(1000)])
def test_weights_are_rounded_to_four_bytes_by_the_size_of_the_network_not_of_a_share(rule):
    def weights(threads):
        net = sl.Network(seed=2, threads=threads)
        cells = net.population(1300, sl.LIF())
        projection = net.connect(cells, cells, rule=rule, weight=sl.Uniform(0.0, 1.0))
        return net.run(0.1).weights(projection)

    one = weights(1)
    assert len(one) > 1_000_000
    EXACT.check(weights(2), one)
    EXACT.check(one, one.astype(np.float32))
