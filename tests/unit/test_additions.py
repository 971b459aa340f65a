"""Networks to which something is added after they have run: nothing of what they were is lost."""

import copy

import numpy as np
import pytest
from all_parts import network as all_parts
from every_model import HALF, networks, outcome
from tolerances import EXACT

import spikelearn as sl
from spikelearn.description.shared_array import owner
from spikelearn.errors import DescriptionError

NETWORKS = {name: make for name, make in networks().items() if not name.startswith("exact")}
DIVISIBLE = (
    "rule STDP",
    "rule DopamineSTDP",
    "rule Clopath",
    "rates",
    "synapse TsodyksMarkram",
    "all parts on two threads",
)


def unread_step(step, seen):
    seen[0] += 1


def add_everything(net):
    """Populations of models that the network has and has not, projections and drives that change nothing in the old."""
    old = [population for population in net.populations.values() if population.is_neuron]
    dopamine = net.modulator("another", tau=10.0)
    net.release(dopamine, [HALF + 5.0, HALF + 30.0], 1.0)
    late = net.population(30, sl.Poisson(200.0), name="late source")
    listed = net.population(2, sl.SpikeList([HALF + 1.0, HALF + 2.0], [0, 1]), name="late list")
    new = net.population(5, sl.LIF(), name="late LIF")
    for cells in old:
        ports = [port for port in cells.model.model.ports if port not in cells.model.model.graded]
        for port in ports[:1]:
            net.connect(late, cells, port, weight=0.0, delay=1.0, name=f"to {cells.name}")
            net.connect(cells, cells, port, weight=0.0, delay=20.0, name=f"from {cells.name}", on=cells.kinds[0])
        for current in cells.model.model.currents[:1]:
            net.drive(cells, sl.NoiseCurrent(std=0.0), current)
        twin = net.population(3, cells.model.model(), name=f"twin of {cells.name}")
        for port in ports[:1]:
            net.connect(cells, twin, port, weight=sl.Uniform(0.0, 1.0), delay=net.dt, on=cells.kinds[0])
        net.record(twin, list(cells.model.model.state)[:1])
    net.connect(
        late, new, weight=sl.Uniform(0.0, 500.0), plasticity=sl.DopamineSTDP(dopamine, W_max=500.0), name="late"
    )
    net.connect(listed, new, weight=100.0, delay=2.0)
    net.drive(new, sl.PoissonInput(500.0), weight=100.0)
    net.record(new, ["spikes", "V_m"])
    net.record(net.projections["late"], "weight")
    net.on_step(unread_step, np.zeros(1))


def check_same(found, expected, what):
    for name, values in expected.items():
        EXACT.check(found[name], values, f"{what}: {name}")


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_added_changes_nothing_in_what_was_there(name):
    whole, net = NETWORKS[name](), NETWORKS[name]()
    whole.run(HALF), net.run(HALF)
    add_everything(net)
    after = outcome(net.run(HALF))
    check_same(after, outcome(whole.run(HALF)), name)
    assert any("late LIF" in key and "times" in key and len(values) for key, values in after.items())


@pytest.mark.parametrize("name", DIVISIBLE)
@pytest.mark.parametrize("threads", [1, 3])
def test_a_network_with_additions_is_the_same_on_any_number_of_threads_and_after_a_checkpoint(name, threads, tmp_path):
    found = []
    for n in (1, threads):
        net = NETWORKS[name]()
        net.threads = n
        net.run(HALF)
        add_everything(net)
        net.run(HALF / 2)
        net.connect(net.populations["late source"], net.populations["late LIF"], weight=100.0, delay=30.0, name="later")
        net.record(net.populations["late source"])
        run = net.run(HALF / 2)
        twin = copy.deepcopy(net)
        run.checkpoint(tmp_path / "state")
        last = outcome(net.run(HALF / 2))
        check_same(outcome(twin.run(HALF / 2)), last, "copy")
        check_same(outcome(sl.Network.restore(tmp_path / "state").run(HALF / 2)), last, "checkpoint")
        found.append(last)
    check_same(found[1], found[0], name)


@pytest.mark.parametrize("engine", ["compiled", "stepper"])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_recording_that_is_added_has_what_it_would_have_had(engine, threads):
    def network(record):
        net = all_parts(threads=threads, shareable=True, record_weights=False)
        if record:
            add(net)
        return net

    def add(net):
        net.record(net.populations["lif"], "V_m", every=0.5)
        net.record(net.projections["dendritic STDP"], ["weight", "K_plus"], every=1.0)
        net.record(net.projections["DopamineSTDP"], "c", every=1.0)
        net.record(net.projections["Clopath"], "weight", every=1.0)

    whole, net = network(True), network(False)
    whole.run(40.0, engine=engine)
    net.run(40.0, engine=engine)
    add(net)
    check_same(outcome(net.run(40.0)), outcome(whole.run(40.0)), engine)


def reward(step, counts, goal):
    goal[0] = counts[0] - 2.0


def teach(trial, phase, counts, release):
    release[0] += 0.01 * counts[1]


@pytest.mark.parametrize("threads", [1, 2])
def test_signals_readouts_and_trials_go_on_when_something_is_added(threads):
    def network():
        net = all_parts(threads=threads, shareable=True)
        lif, dopamine = net.populations["lif"], net.modulators["dopamine"]
        goal = net.signal("goal", 1)
        net.on_step(reward, lif.counts(), goal.values, every=1.0)
        readout = net.readout(lif, size=1, learning=sl.RecursiveLeastSquares(every=0.5), target=goal, tau=10.0)
        net.feed(readout, net.populations["pyramidal"], port="soma", weights=5.0)
        level = net.modulator("level", tau=np.inf)
        net.follow(level, readout, weight=0.1, derivative=0.1)
        for signal, variables in ((readout, ["value", "error", "weight"]), (goal, ["value"])):
            net.record(signal, variables)
        net.record(level)
        callback = sl.Callback(teach, (lif.counts(), dopamine.release))
        phases = [
            sl.Phase(10.0, rates={net.populations["poisson"]: 150.0}, callback=callback),
            sl.Phase(7.0, plastic=[net.projections["STDP"]], reset=[lif]),
        ]
        return net, sl.Trials(phases, 2)

    whole, trials_of_whole = network()
    net, trials = network()
    whole.run(15.0), net.run(15.0)
    add_everything(net)
    for one, other in zip(
        (net.run(trials=trials), net.run(10.0)), (whole.run(trials=trials_of_whole), whole.run(10.0)), strict=True
    ):
        check_same(outcome(one), outcome(other), "trials and signals")


def test_events_on_their_way_when_a_projection_is_connected_do_not_arrive_through_it():
    net = sl.Network(dt=0.1)
    source = net.population(1, sl.SpikeList([1.0, 9.0, 10.0, 10.1, 12.0]))
    cells = net.population(1, sl.LIF())
    net.connect(source, cells, weight=0.0, delay=30.0)
    net.run(10.0)
    made = net.connect(source, cells, weight=10.0, delay=5.0)
    net.count_events(made)
    net.record(cells, "I_syn_exc")
    run = net.run(20.0)
    trace = run.trace(cells, "I_syn_exc")
    EXACT.check(trace.times[1:][np.diff(trace.values[:, 0]) > 0], [15.1, 17.0])
    assert run.events_of(made).delivered == 2


def test_what_cannot_be_added_leaves_the_network_as_it_was():
    net, twin = all_parts(threads=2, shareable=True), all_parts(threads=2, shareable=True)
    net.run(20.0), twin.run(20.0)
    with pytest.raises(DescriptionError, match="has run to 20 ms; expected later times, got 20 ms at index 1"):
        net.population(1, sl.SpikeList([30.0, 20.0]), name="past")
    with pytest.raises(DescriptionError, match="times of release of 'dopamine': the network has run to 20 ms"):
        net.release(net.modulators["dopamine"], 10.0)
    cells = net.populations["pyramidal"]
    net.connect(
        net.populations["poisson"], cells, "basal", plasticity=sl.DopamineBursts(net.modulators["dopamine"]), name="one"
    )
    with pytest.raises(DescriptionError, match="one thread"):
        net.run(20.0)
    assert "one" not in net.projections
    check_same(outcome(net.run(20.0)), outcome(twin.run(20.0)), "as it was")


def test_what_is_added_before_the_first_step_is_as_if_it_had_been_there_from_the_start():
    one, other = NETWORKS["rule STDP"](), NETWORKS["rule STDP"]()
    other.build()
    for net in (one, other):
        add_everything(net)
    check_same(outcome(other.run(HALF)), outcome(one.run(HALF)), "additions")


def test_after_a_reset_additions_are_as_if_they_had_been_there_from_the_start():
    one, other = NETWORKS["rule STDP"](), NETWORKS["rule STDP"]()
    add_everything(one)
    other.run(HALF)
    add_everything(other)
    other.run(1.0)
    other.reset(keep_weights=False)
    check_same(outcome(other.run(2 * HALF)), outcome(one.run(2 * HALF)), "additions")


def from_a_table(step, table, seen):
    seen[0] = table[step % len(table)]


def test_callbacks_go_on_with_arrays_that_are_given_read_only():
    net, table, seen = sl.Network(), np.arange(7.0), np.zeros(1)
    table.flags.writeable = False
    cells = net.population(2, sl.LIF())
    net.on_step(from_a_table, table, seen)
    net.run(1)
    net.record(cells)
    net.run(0.1)
    assert seen[0] == 11 % 7


def test_a_table_that_is_divided_keeps_weights_and_counts_of_events():
    def network():
        net = sl.Network(dt=0.1, seed=4)
        source, cells = net.population(20, sl.Poisson(100.0)), net.population(5, sl.LIF(), name="cells")
        for name in ("one", "other", "third"):
            net.connect(source, cells, weight=sl.Uniform(0.0, 200.0), delay=1.5, name=name)
        net.record(cells)
        return net

    net, whole = network(), network()
    expected = whole.run(50.0).joined(whole.run(50.0))
    first = net.run(50.0)
    other = net.projections["other"]
    net.homeostasis(other, sl.Normalisation(1.0, every=1000.0))
    net.count_events(net.projections["third"])
    run = first.joined(net.run(50.0))
    for name in net.projections:
        EXACT.check(run.weights(name), expected.weights(name))
    EXACT.check(run.spikes("cells").times, expected.spikes("cells").times)
    assert run.synaptic_events == expected.synaptic_events


@pytest.mark.parametrize("name", NETWORKS)
def test_no_two_arrays_have_one_name(name):
    net = NETWORKS[name]()
    owners = {}
    for key, array in net.build().program._arrays(False):
        assert owners.setdefault(key, owner(array)) is owner(array), key
