"""Projections, drives and recordings that are switched off and on, and taken away."""

import copy

import numpy as np
import pytest
from tolerances import EXACT, METHOD, ULP
from unit import every_model

import spikelearn as sl
from spikelearn.errors import DescriptionError, SimulationError
from spikelearn.learning.event_gradient import spike_trains
from spikelearn.learning.losses import SquaredError

HALF = every_model.HALF
NETWORKS = {
    name: make
    for name, make in every_model.networks().items()
    if name.startswith(("rule", "synapse", "connected", "regulated", "rates", "by distance"))
}


def lesioned(net):
    """Its first projection that ends at neurons."""
    return next(p for p in net.projections.values() if p.receiver is not None)


def without(net, name):
    """The same network, as if a projection had never been connected."""
    gone = net._projections.pop(name)
    net._recordings = [each for each in net._recordings if each.of is not gone]
    net._homeostases = [each for each in net._homeostases if each.projection is not gone]
    return net


def rest(found, name):
    """All that was recorded, but for what is of a projection."""
    return {key: values for key, values in found.items() if name not in key}


def watched(make):
    """A network with a recording of all states of the targets of that projection."""
    net = make()
    net.record(lesioned(net).receiver, list(lesioned(net).receiver.model.model.state), name="all")
    return net


def same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        EXACT.check(one[name], other[name], name)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_projection_that_is_off_from_the_start_might_as_well_not_be_there(name):
    net = watched(NETWORKS[name])
    lesion = lesioned(net)
    intact = every_model.outcome(watched(NETWORKS[name]).run(HALF))
    net.switch_off(lesion)
    found = every_model.outcome(net.run(HALF))
    absent = every_model.outcome(without(watched(NETWORKS[name]), lesion.name).run(HALF))
    same(rest(found, lesion.name), rest(absent, lesion.name))
    silent = name == "rule StructuralSTDP"  # too young to transmit
    assert silent or any(not np.array_equal(found[key], intact[key]) for key in rest(found, lesion.name))


@pytest.mark.parametrize("name", [n for n in NETWORKS if n.startswith(("rule", "regulated", "rates", "synapse"))])
def test_weights_stay_while_it_is_off_and_threads_the_stepper_and_copies_agree(name, tmp_path):
    def run(net, engine="compiled"):
        lesion = lesioned(net)
        runs = [net.run(20.0, engine=engine)]
        net.switch_off(lesion)
        runs += [net.run(length, engine=engine) for length in (13.3, 16.7)]
        assert len(runs[2].weights(lesion)) > 0
        # Some rules keep a weight as a sum of what they have taken up and what they have not.
        stays = ULP(100, np.abs(runs[0].weights(lesion)).max())
        stays.check(runs[1].weights(lesion), runs[2].weights(lesion), "weights stay")
        EXACT.check(net.weights(lesion), runs[2].weights(lesion))
        if lesion.dendritic_steps == 0:
            stays.check(runs[0].weights(lesion), runs[2].weights(lesion), "weights stay from the first step on")
        net.switch_on(lesion)
        return [*runs, net.run(20.0, engine=engine)]

    one = [every_model.outcome(each) for each in run(NETWORKS[name]())]
    for each, other in zip(one, run(NETWORKS[name](), "stepper"), strict=True):
        same(each, every_model.outcome(other))
    net = NETWORKS[name]()
    net.run(20.0)
    net.switch_off(lesioned(net))
    net.run(13.3).checkpoint(tmp_path / "off")
    for again in (copy.deepcopy(net), sl.Network.restore(tmp_path / "off")):
        same(every_model.outcome(again.run(16.7)), one[2])
        again.switch_on(lesioned(again))
        same(every_model.outcome(again.run(20.0)), one[3])


def cells_with_one_input(delay=5.0, times=(10.0, 13.0), dendritic=None, **how):
    net = sl.Network(dt=0.1, seed=1)
    source = net.population(1, sl.SpikeList(list(times)))
    cells = net.population(1, sl.LIFDelta(), name="cells")
    made = net.connect(source, cells, weight=1.0, delay=delay, **how)
    net.record(cells, "V_m")
    return net, cells, made


@pytest.mark.parametrize(
    "how", [{}, {"plasticity": sl.STDP(W_max=2.0)}, {"synapse": sl.TsodyksMarkram(U=0.9, tau_rec=0.1)}]
)
@pytest.mark.parametrize(
    ("off", "on", "arriving"),
    [
        (12.0, 14.0, [15.0, 18.0]),  # emitted before and meanwhile, but it is on when they arrive
        (12.0, 16.0, [18.0]),
        (10.5, 12.5, [15.0, 18.0]),
        (14.9, 18.0, []),
        (15.0, 17.9, [15.0, 18.0]),
    ],
)
def test_what_counts_is_whether_it_is_on_when_an_event_arrives(how, off, on, arriving):
    net, cells, made = cells_with_one_input(**how)
    runs = [net.run(off)]
    net.switch_off(made)
    runs.append(net.run(on - off))
    net.switch_on(made)
    runs.append(net.run(25.0 - on))
    traces = [run.trace(cells, "V_m") for run in runs]
    times, V_m = (np.concatenate([getattr(each, part)[:] for each in traces]) for part in ("times", "values"))
    jumps = times[1:][np.diff(V_m[:, 0]) > 0.1]
    np.testing.assert_allclose(jumps, arriving)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_static_projection_that_is_off_is_one_of_weights_of_zero(threads):
    def network():
        net = sl.Network(dt=0.1, seed=2, threads=threads)
        noise, cells = net.population(100, sl.Poisson(50.0)), net.population(200, sl.LIF(), name="cells")
        net.connect(noise, cells, "exc", sl.FixedInDegree(20), weight=sl.Normal(150.0, 30.0), delay=1.5)
        made = net.connect(
            noise, cells, "exc", sl.FixedInDegree(20), weight=sl.Normal(50.0, 5.0), delay=2.5, name="cut"
        )
        net.count_events(made)
        net.record(cells, ["spikes", "V_m"])
        return net, made

    (cut, made), (zero, same_one) = network(), network()
    cut.run(30.0), zero.run(30.0)
    cut.switch_off(made)
    zero.set_weights(same_one, np.zeros(len(same_one)))
    for net, again in zip((cut, cut), (zero, zero), strict=True):
        one, other = net.run(30.0), again.run(30.0)
        EXACT.check(one.spikes("cells").times, other.spikes("cells").times)
        EXACT.check(one.trace("cells", "V_m").values, other.trace("cells", "V_m").values)
    assert len(one.spikes("cells").times) > 50
    assert one.events_of("cut").delivered == 0 and other.events_of("cut").delivered > 0


def large(seed=1):
    """A table of which input is delivered some steps ahead."""
    net = sl.Network(dt=0.1, seed=seed, threads=1)
    cells = net.population(2000, sl.LIF(I_e=380.0), name="cells", initial={"V_m": sl.Uniform(-70.0, -55.0)})
    for name, weight in (("kept", 5.0), ("cut", 8.0)):
        net.connect(
            cells,
            cells,
            "exc",
            sl.FixedInDegree(600),
            weight=sl.Normal(weight, 1.0),
            delay=sl.Uniform(1.0, 4.0),
            name=name,
        )
    net.record(cells)
    return net


def test_input_that_was_delivered_ahead_does_not_arrive_either():
    cut, zero = large(), large()
    for net in (cut, zero):
        net.count_events(net.projections["cut"])
        net.run(20.3)
    assert cut.build().program.plans[0].tables[cut.projections["cut"]].ahead
    cut.switch_off(cut.projections["cut"])
    zero.set_weights(zero.projections["cut"], np.zeros(len(zero.projections["cut"])))
    one, other = cut.run(30.0), zero.run(30.0)
    assert len(one.spikes("cells").times) > 100
    EXACT.check(one.spikes("cells").times, other.spikes("cells").times)
    cut.switch_on(cut.projections["cut"])
    assert not np.array_equal(cut.run(20.0).spikes("cells").times, zero.run(20.0).spikes("cells").times)


def driven(drive, off=(), threads=1, view=None):
    """V_m of cells that do not fire, driven twice; off: (ms from which on, ms to which) the first drive is off.

    view: the cells that it drives; None: all, not as a view.
    """
    net = sl.Network(dt=0.1, seed=3, threads=threads)
    cells = net.population(4, sl.LIF(V_th=1000.0), name="cells")
    port = "exc" if isinstance(drive, sl.PoissonInput) else None
    first = net.drive(cells if view is None else cells[view], drive, port, weight=20.0 if port else None)
    net.drive(cells[1:], sl.NoiseCurrent(std=50.0, tau=5.0))
    net.record(cells, "V_m")
    parts, now = [], 0.0
    for time, switch in zip(off, (net.switch_off, net.switch_on), strict=False):
        parts.append(net.run(time - now))
        switch(first)
        now = time
    parts.append(net.run(400.0 - now))
    return np.concatenate([run.trace(cells, "V_m").values for run in parts])


DRIVES = [
    sl.PoissonInput(2000.0),
    sl.PoissonInput(sl.Timed([500.0, 3000.0], 100.0)),
    sl.StepCurrent([0.0, 60.0, 200.0], [200.0, 300.0, 400.0]),
    sl.NoiseCurrent(std=100.0, tau=5.0, mean=200.0),
    sl.NoiseCurrent(std=100.0),
]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("view", [None, slice(1, 3), slice(0, 4, 2)], ids=["all", "some in a row", "every other"])
@pytest.mark.parametrize("drive", DRIVES, ids=repr)
def test_a_drive_that_is_off_gives_nothing_and_then_what_it_would_have_given(drive, view, threads):
    on, off = driven(drive, threads=threads, view=view), driven(drive, (0.0, 1000.0)[:1], threads, view)
    nothing = driven(sl.StepCurrent([0.0], [0.0]), threads=threads)
    EXACT.check(off, nothing, "off from the start")
    between = driven(drive, (50.0, 150.0), threads, view)
    EXACT.check(between[:500], on[:500])
    # The membrane forgets with 10 ms, input with 2: 100 ms after a switch e^-10 of at most 20 mV are left.
    METHOD(1, 0.1, 0.05).check(between[1490:1500], off[1490:1500], "off")
    METHOD(1, 0.1, 0.05).check(between[2600:], on[2600:], "on again")
    assert np.abs(on - off).max() > 0.5


def test_a_recording_that_is_off_takes_no_samples_and_one_taken_away_is_in_no_later_run():
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(3, sl.LIF(I_e=500.0), name="cells")
    spikes, V_m = net.record(cells, ["spikes", "V_m"])
    net.run(20.0)
    net.switch_off(V_m, spikes)
    run = net.run(20.0)
    assert run.trace(cells, "V_m").values.shape == (0, 3) and len(run.spikes(cells).times) == 0
    net.switch_on(V_m)
    run = net.run(20.0)
    assert run.trace(V_m).times[0] == 40.1 and len(run.trace(V_m).times) == 200 and len(run.spikes(cells).times) == 0
    assert run.joined(net.run(1.0)).trace(V_m).values.shape == (210, 3)


def test_what_was_recorded_from_the_start_is_not_if_it_is_off():
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(1, sl.SpikeList([0.0, 5.0]), name="cells")
    net.switch_off(net.record(cells))
    assert len(net.run(10.0).spikes(cells).times) == 0


def test_parts_are_taken_away_before_and_after_runs():
    def network():
        net = sl.Network(dt=0.1, seed=1)
        cells = net.population(3, sl.LIF(), name="cells")
        noise = net.drive(cells, sl.NoiseCurrent(std=800.0, tau=2.0))
        current = net.drive(cells, sl.StepCurrent([0.0], [350.0]))
        return net, cells, noise, current, net.record(cells), net.record(cells, "V_m")

    net, cells, noise, current, spikes, V_m = network()
    net.remove(noise, V_m)
    net.switch_off(current)
    run = net.run(20.0)
    assert not run.trace_data and len(run.spikes(cells).times) == 0
    with pytest.raises(DescriptionError, match="remove: not a drive or recording of this network: <Drive of exc of"):
        net.remove(noise)

    (net, cells, noise, current, spikes, V_m), (other, *_, its_noise, _, _, _) = network(), network()
    first = net.run(30.0), other.run(30.0)
    net.remove(noise, V_m)
    other.switch_off(its_noise)
    later = net.run(30.0), other.run(30.0)
    assert not later[0].trace_data and first[0].trace(V_m).values.shape == (300, 3)
    assert len(first[0].spikes(spikes).times) > 0
    EXACT.check(later[0].spikes(cells).times, later[1].spikes("cells").times)
    EXACT.check(copy.deepcopy(net).run(30.0).spikes("cells").times, net.run(30.0).spikes("cells").times)


def test_a_drive_that_was_off_a_current_beside_another_and_one_after_an_addition_are_taken_away():
    def network():
        net = sl.Network(dt=0.1, seed=1)
        cells = net.population(3, sl.LIF(V_th=1000.0), name="cells")
        net.record(cells, "V_m")
        return net, cells, [net.drive(cells, sl.StepCurrent([0.0], [current])) for current in (128.0, 256.0)]

    (net, cells, (first, second)), (one, *_, (its_first, _)) = network(), network()
    net.run(20.0), one.run(20.0)
    net.switch_off(first), one.switch_off(its_first)
    net.run(20.0), one.run(20.0)
    net.record(cells, "I_syn_exc")
    net.remove(first)
    EXACT.check(net.run(100.0).trace(cells, "V_m").values, one.run(100.0).trace("cells", "V_m").values)
    net.remove(second)
    METHOD(1, 0.1, 0.01).check(net.run(200.0).trace(cells, "V_m").values[-1], -70.0)


def test_two_that_share_a_table_are_parted_after_a_run():
    def network():
        net = sl.Network(dt=0.1, seed=2)
        noise, cells = net.population(100, sl.Poisson(50.0)), net.population(50, sl.LIF(), name="cells")
        one, two = (
            net.connect(noise, cells, "exc", sl.FixedInDegree(20), weight=sl.Normal(w, 5.0), delay=sl.Uniform(1.0, 5.0))
            for w in (140.0, 60.0)
        )
        net.record(cells)
        return net, one, two

    (cut, _, made), (zero, _, same_one) = network(), network()
    cut.run(33.3), zero.run(33.3)
    cut.switch_off(made)
    zero.set_weights(same_one, np.zeros(len(same_one)))
    one, other = cut.run(60.0), zero.run(60.0)
    assert len(one.spikes("cells").times) > 20
    EXACT.check(one.spikes("cells").times, other.spikes("cells").times)
    EXACT.check(one.weights(made), cut.weights(made))
    assert np.all(one.weights(made) > 0.0)


def test_after_a_reset_what_is_off_stays_off():
    net, cells, made = cells_with_one_input()
    net.switch_off(made)
    EXACT.check(net.run(30.0).trace(cells, "V_m").values, -70.0)
    net.reset()
    EXACT.check(net.run(30.0).trace(cells, "V_m").values, -70.0)
    net.switch_on(made)
    net.reset()
    assert net.run(30.0).trace(cells, "V_m").values.max() > -69.5


def test_trials_do_not_switch_on_what_is_off():
    net = sl.Network(dt=0.1, seed=4)
    source, cells = net.population(30, sl.Poisson(80.0)), net.population(5, sl.LIF(I_e=400.0))
    made = net.connect(source, cells, weight=sl.Uniform(0, 50.0), plasticity=sl.STDP(W_max=50.0))
    net.run(10.0)
    net.switch_off(made)
    before = net.weights(made)
    trials = sl.Trials([sl.Phase(20.0, plastic=[made]), sl.Phase(20.0, plastic=[])], n=2)
    EXACT.check(net.run(trials=trials).weights(made), before)
    EXACT.check(net.run(20.0).weights(made), before)
    net.switch_on(made)
    assert np.any(net.run(20.0).weights(made) != before)


def test_dopamine_moves_nothing_while_its_projection_is_off():
    net = sl.Network(dt=0.1, seed=4)
    dopamine = net.modulator("dopamine", tau=50.0)
    net.release(dopamine, [35.0, 75.0], 1.0)
    source, cells = net.population(30, sl.Poisson(80.0)), net.population(5, sl.LIF(I_e=400.0))
    made = net.connect(source, cells, weight=10.0, plasticity=sl.DopamineSTDP(dopamine, W_max=50.0))
    before = net.run(30.0).weights(made)
    net.switch_off(made)
    EXACT.check(net.run(30.0).weights(made), before)
    net.switch_on(made)
    assert np.any(net.run(30.0).weights(made) != before)


def test_what_is_no_part_of_it_is_refused_and_all_or_nothing_is_switched():
    net, cells, made = cells_with_one_input()
    other = cells_with_one_input()[2]
    for wrong in (other, cells, "made", None, 3):
        with pytest.raises(DescriptionError, match="switch_off: expected projections, drives or recordings of this"):
            net.switch_off(made, wrong)
    assert net.run(30.0).trace(cells, "V_m").values.max() > -69.5
    with pytest.raises(DescriptionError, match="a projection can be switched off"):
        net.remove(made)


def test_the_exact_engine_runs_what_is_off_from_the_start_and_says_what_it_cannot_switch():
    net, cells, made = cells_with_one_input()
    net.switch_off(made)
    run = net.run(30.0, engine="events")
    EXACT.check(run.trace(cells, "V_m").values, -70.0)
    EXACT.check(run.weights(made), 1.0)
    with pytest.raises(DescriptionError, match='switch_on: <Projection .*: this network runs on engine="events"'):
        net.switch_on(made)
    net.reset()
    net.switch_on(made)
    assert net.run(30.0).trace(cells, "V_m").values.max() > -69.5


@pytest.mark.parametrize(("engine", "module"), [("nest", "nest"), ("brian2", "brian2")])
def test_other_simulators_run_what_is_off_from_the_start_and_call_functions(engine, module):
    pytest.importorskip(module)

    def network():
        net = sl.Network(dt=0.1, seed=1)
        cells = net.population(3, sl.LIF(), name="cells")
        drives = [net.drive(cells, sl.StepCurrent([0.0], [current])) for current in (450.0, 300.0)]
        made = net.connect(cells, cells, weight=sl.Uniform(0.0, 1.0), name="made")
        spikes, V_m = net.record(cells, ["spikes", "V_m"])
        return net, drives, made, spikes, V_m

    seen = []
    net, (_, weak), made, spikes, V_m = network()
    net.switch_off(weak, V_m)
    net.every(10.0, lambda net: seen.append(len(net.spikes(spikes).times)))
    run = net.run(60.0, engine=engine)
    expected, (_, its_weak), _, _, _ = network()
    expected.remove(its_weak)
    EXACT.check(run.spikes(spikes).times, expected.run(60.0).spikes("cells").times)
    assert run.trace(V_m).values.shape == (0, 3) and len(seen) == 6 and sum(seen) == len(run.spikes(spikes).times) > 0
    with pytest.raises(DescriptionError, match=f"(?i)switch_on: <Drive .*runs on {engine}"):
        net.switch_on(weak)
    lesioned_one, _, made, _, _ = network()
    lesioned_one.switch_off(made)
    with pytest.raises(DescriptionError, match="projection 'made', which is switched off, cannot run on"):
        lesioned_one.run(10.0, engine=engine)


def test_gradients_of_a_network_with_a_lesion_are_refused():
    net, cells, made = cells_with_one_input()
    net.switch_off(made, net._recordings[0])
    assert net.switched_off == (made, net._recordings[0])
    with pytest.raises(DescriptionError, match="gradient: <Projection .* is switched off; expected all projections"):
        sl.gradient(net, SquaredError(cells, "V_m", np.zeros((1, 1))), sl.Trials([sl.Phase(5.0)], 1))
    with pytest.raises(DescriptionError, match="event_gradient: <Projection .* is switched off"):
        spike_trains(net, 5.0)


def test_a_function_of_every_switches_too():
    net, cells, made = cells_with_one_input(times=[10.0, 30.0, 50.0], delay=1.0)

    def lesion(net):
        (net.switch_off if net.time == 25.0 else net.switch_on)(made)

    net.every(25.0, lesion)
    trace = net.run(60.0).trace(cells, "V_m")
    np.testing.assert_allclose(trace.times[1:][np.diff(trace.values[:, 0]) > 0.1], [11.0, 51.0])


def test_what_learns_is_not_switched_within_trials():
    net = sl.Network(dt=0.1)
    source, cells = net.population(3, sl.Poisson(80.0)), net.population(5, sl.LIF())
    made = net.connect(source, cells, weight=10.0, plasticity=sl.STDP(W_max=50.0))
    net.every(10.0, lambda net: net.switch_off(made))
    with pytest.raises(SimulationError, match="at 10 ms; the run stopped there") as raised:
        net.run(trials=sl.Trials([sl.Phase(20.0)], n=2))
    assert "what learns or is regulated is switched between runs" in str(raised.value)


def test_a_projection_without_synapses_in_one_share_is_switched_after_a_run():
    net = sl.Network(seed=1, threads=2)
    source, cells = net.population(20, sl.Poisson(200.0)), net.population(200, sl.LIF())
    first = net.connect(source, cells[:50], weight=sl.Uniform(50.0, 200.0))
    net.connect(source, cells[150:], weight=sl.Uniform(50.0, 200.0))
    net.record(cells)
    net.run(50)
    net.switch_off(first)
    net.run(30)
    ids = net.run(100).spikes(cells).ids
    assert len(ids) > 0 and ids.min() >= 150
