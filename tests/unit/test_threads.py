"""However many threads share a network, it does the same, bit for bit."""

import numpy as np
import pytest
from tolerances import EXACT
from unit import all_parts

import spikelearn as sl
from spikelearn.engine.division import cuts
from spikelearn.engine.pace import Pace
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
    [block] = net.build().plans[0].blocks.values()
    assert 1000 < block.edges[1] < 2000


def test_a_state_that_is_not_finite_is_told_with_the_neuron_that_has_it():
    net = sl.Network(threads=2)
    net.population(5, sl.LIF())
    cells = net.population(6, sl.LIF(), name="cells")
    net.drive(cells, sl.StepCurrent([2.0, 3.0], np.outer([1.5e308, -1.5e308], np.arange(6) == 4)))
    with pytest.raises(SimulationError, match="'cells', neuron 4: state is not finite"):
        net.run(10.0)


def test_what_reads_all_neurons_at_once_runs_on_one_thread_and_says_so():
    net = all_parts.network(threads=2)
    with pytest.raises(DescriptionError, match=r"'DopamineBursts' .*threads=1"):
        net.run(1.0)
    net = sl.Network(threads=2)
    net.population(3, sl.LIF())
    with pytest.raises(DescriptionError, match="trials .* one thread"):
        net.run(trials=sl.Trials([sl.Phase(10.0)], n=2))


@pytest.mark.parametrize("threads", [0, -1, 1.5, "two", True])
def test_a_number_of_threads_that_is_none_is_refused(threads):
    with pytest.raises(ParameterError, match="threads of Network"):
        sl.Network(threads=threads)


def test_a_network_of_two_thousand_neurons_is_shared_by_all_cores_unless_told_otherwise(monkeypatch):
    def shares(n, **options):
        net = sl.Network(**options)
        net.population(n, sl.LIF())
        return len(net.build().plans)

    monkeypatch.setenv("SPIKELEARN_THREADS", "3")
    assert [shares(1999), shares(2000), shares(2999), shares(4000)] == [1, 2, 2, 3]
    assert shares(4000, threads=1) == 1
    monkeypatch.setenv("SPIKELEARN_THREADS", "1")
    assert shares(4000) == 1
    assert shares(4000, threads=2) == 2
    monkeypatch.setenv("SPIKELEARN_THREADS", "many")
    with pytest.raises(ParameterError, match="SPIKELEARN_THREADS: expected a whole number from 1 on, got 'many'"):
        shares(4000)


def test_what_cannot_be_shared_runs_on_one_thread_by_default(monkeypatch):
    monkeypatch.setenv("SPIKELEARN_THREADS", "2")
    net = sl.Network()
    net.population(2000, sl.LIF())
    assert len(net.build().plans) == 2
    net.run(trials=sl.Trials([sl.Phase(1.0)], n=1))
    assert len(net.build().plans) == 1
    net = sl.Network()
    cells = net.population(2000, sl.LIF())
    net.on_step(lambda step, fired: None, cells.fired())
    assert len(net.build().plans) == 1


def test_the_faster_way_is_taken_and_the_slower_one_tried_again_ever_more_rarely():
    pace = Pace()
    ways = []
    for _ in range(200):
        beside, trial = pace.choose()
        ways.append((beside, trial))
        pace.note(beside, 100, 0.01 if beside else 0.02)
    assert ways[:3] == [(True, False), (False, False), (True, False)]
    assert [k - 1 for k, (beside, trial) in enumerate(ways) if trial] == [4, 8, 16, 32, 64, 128, 192]
    assert all(beside != trial for beside, trial in ways[2:])
    pace.note(True, 100, 0.03)
    assert pace.choose() == (False, False)
    pace.note(True, 100, 0.0001)  # too short to tell
    assert pace.choose() == (False, False)


def test_shares_that_take_turns_in_one_thread_give_the_bits_of_those_that_run_beside_each_other(one_thread):
    class Alternating:
        def __init__(self):
            self.ways = []

        def choose(self):
            self.ways.append(len(self.ways) % 2 == 0)
            return self.ways[-1], False

        def note(self, beside, steps, seconds):
            pass

    net = all_parts.network(threads=2, shareable=True)
    net.build().pace = Alternating()
    same(all_parts.outcome(net, [net.run(length) for length in (20.0, 100.0)]), one_thread)
    assert {True, False} <= set(net.build().pace.ways)


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
