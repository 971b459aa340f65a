"""The exact engine: times that are not rounded, what is simultaneous, pieces, and what it refuses."""

from dataclasses import replace

import numpy as np
import pytest
from tolerances import EXACT, STAT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, SimulationError

OFF_GRID = np.array([1.2345, 3.00001, 7.7777777, 7.8])


def network(seed=1, dt=0.1):
    """Sources of all kinds, neurons of all models that the engine runs, and what is recorded of them."""
    net = sl.Network(dt=dt, seed=seed)
    poisson = net.population(10, sl.Poisson(80.0), name="poisson")
    timed = net.population(5, sl.Poisson(sl.Timed([0.0, 400.0, 50.0], 15.0)), name="timed")
    listed = net.population(3, sl.SpikeList([5.03, 30.001, 30.001, 41.7], [0, 1, 2, 0]), name="listed")
    start = {"V_m": sl.Uniform(-70, -54)}
    lif = net.population(12, sl.LIF(tau_m=np.linspace(8, 15, 12), tau_syn_inh=5.0), name="lif", initial=start)
    delta = net.population(6, sl.LIFDelta(I_e=400.0), name="delta")
    qif = net.population(4, sl.QIF(I_e=200.0), name="qif")
    parrots = net.population(5, sl.Parrot(), name="parrots")
    p = sl.FixedProbability(0.5)
    net.connect(poisson, lif, "exc", p, weight=sl.Normal(250, 50), delay=sl.Uniform(0.1, 3.0), name="in")
    net.connect(lif, lif, "inh", sl.FixedInDegree(3, autapses=False), weight=-100.0, delay=1.57, name="recurrent")
    net.connect(lif, delta, weight=2.0, axonal_delay=0.33, dendritic_delay=0.7, name="delta")
    net.connect(delta, qif, weight=1.0, name="qif")
    net.connect(timed, parrots, rule=sl.OneToOne(), delay=0.5, name="one to one")
    net.connect(listed, lif[:3], "exc", sl.OneToOne(), weight=900.0, name="teacher")
    net.connect(poisson, lif, "exc", p, weight=300.0, delay=sl.Uniform(0.5, 2.0), synapse=sl.Mongillo(), name="short")
    net.drive(lif, sl.PoissonInput(300.0, n=4), weight=40.0)
    net.drive(delta[2:5], sl.PoissonInput(sl.Timed([100.0, 900.0], 20.0)), weight=0.5)
    net.drive(qif, sl.StepCurrent([10.003, 40.0], [[50.0, 80.0, 0.0, 5.0], [100.0, 0.0, 0.0, 200.0]]))
    net.drive(qif, sl.StepCurrent([20.0], [30.0]))
    for population in (poisson, timed, listed, lif, delta, qif, parrots):
        net.record(population)
    net.record(lif[:4], ["V_m", "refractory", "I_syn_inh"], every=0.5)
    net.record(qif, "V_m", every=0.3, start=5.0)
    return net


def outcome(runs):
    found = {
        (key, part): np.concatenate([getattr(run.spike_data[key], part) for run in runs])
        for key in runs[0].spike_data
        for part in ("times", "ids")
    }
    for key in runs[0].trace_data:
        for part in ("times", "values"):
            found[key, part] = np.concatenate([getattr(run.trace_data[key], part) for run in runs])
    return found


def same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        EXACT.check(one[name], other[name], str(name))


@pytest.fixture(scope="module")
def whole():
    return outcome([network().run(60.0, engine="events")])


def test_every_part_of_the_network_is_active(whole):
    for (name, part), values in whole.items():
        assert len(values) > 3, name
        assert np.all(np.isfinite(values)), name
        if part == "times":
            assert np.all(np.diff(values) >= 0.0) and values[0] >= 0.0 and values[-1] <= 60.0, name


def test_a_run_in_pieces_is_the_run_in_one(whole):
    net = network()
    same(outcome([net.run(length, engine="events") for length in (0.1, 17.3, 0.0, 2.6, 40.0)]), whole)


def test_small_buffers_and_a_short_queue_change_nothing(whole, monkeypatch):
    for name in ("_BUFFER_EVENTS", "_BUFFER_VALUES", "_FLIGHTS"):
        monkeypatch.setattr(f"spikelearn.backends.exact.lowering.{name}", 0)
    same(outcome([network().run(60.0, engine="events")]), whole)


def test_a_network_goes_on_from_a_checkpoint_whose_queue_has_grown(whole, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        patch.setattr("spikelearn.backends.exact.lowering._FLIGHTS", 10_000)
        first = network()
        run = first.run(23.4, engine="events")
        run.checkpoint(tmp_path / "state")
    first.run(10.0, engine="events")
    second = sl.Network.restore(tmp_path / "state")
    assert second.time == pytest.approx(23.4)
    same(outcome([run, second.run(36.6, engine="events")]), whole)


def test_checkpoints_on_the_way_change_nothing(whole, tmp_path):
    run = network().run(60.0, engine="events", checkpoint=tmp_path / "state", checkpoint_every=7.0)
    same(outcome([run]), whole)


def test_a_network_that_is_reset_runs_again_as_at_first(whole):
    net = network()
    net.run(11.0, engine="events")
    net.reset()
    same(outcome([net.run(60.0, engine="events")]), whole)


def test_another_seed_gives_other_spikes(whole):
    other = outcome([network(seed=2).run(60.0, engine="events")])
    assert not np.array_equal(other[("poisson", "spike"), "times"], whole[("poisson", "spike"), "times"])


def test_dt_is_only_the_grid_of_recordings(whole):
    net = network(dt=0.05)
    found = outcome([net.run(60.0, engine="events")])
    for name in ("poisson", "timed", "listed"):
        same({"t": found[(name, "spike"), "times"]}, {"t": whole[(name, "spike"), "times"]})


def test_spikes_are_sent_when_they_are_listed_and_arrive_a_delay_later():
    net = sl.Network(dt=0.5)
    source, target = net.population(1, sl.SpikeList(OFF_GRID[[1, 0, 3]])), net.population(2, sl.Parrot())
    net.connect(source, target, weight=1.0, delay=np.array([[1.111, 2.0]]))
    net.record(source)
    net.record(target)
    run = net.run(20.0, engine="events")
    EXACT.check(run.spikes(source).times, OFF_GRID[[0, 1, 3]])
    found = run.spikes(target)
    EXACT.check(found.times[found.ids == 0], OFF_GRID[[0, 1, 3]] + 1.111)
    EXACT.check(found.times[found.ids == 1], OFF_GRID[[0, 1, 3]] + 2.0)


def test_what_arrives_together_counts_together():
    net = sl.Network(dt=0.5)
    source = net.population(2, sl.SpikeList([1.25, 1.25], [0, 1]))
    cell = net.population(1, sl.LIFDelta(E_L=0.0, V_reset=0.0, V_th=10.0))
    net.connect(source, cell, weight=np.array([[20.0], [-15.0]]), delay=1.0)
    net.record(cell, ["spikes", "V_m"])
    run = net.run(2.5, engine="events")
    assert len(run.spikes(cell).times) == 0
    ULP(10).check(run.trace(cell, "V_m").values[-1, 0], 5.0 * np.exp(-0.25 / 10.0))


def test_a_refractory_neuron_loses_jumps_but_takes_up_currents_and_is_free_after_t_ref():
    for model, lost in ((sl.LIFDelta, True), (sl.LIF, False)):
        net = sl.Network(dt=0.1)
        strong = 1e3 if model is sl.LIFDelta else 1e18
        source = net.population(1, sl.SpikeList([1.0, 2.7182]))
        cell = net.population(1, model(t_ref=3.3))
        net.connect(source, cell, "exc", weight=strong, delay=1.0)
        net.record(cell)
        times = net.run(8.0, engine="events").spikes(cell).times
        # the current is so strong that a spike follows at once, and lasts so long that another one does
        ULP(100).check(times, [2.0] if lost else [2.0, 5.3])


def test_a_neuron_above_threshold_fires_at_once_and_one_that_is_refractory_later():
    net = sl.Network(dt=0.1)
    cells = net.population(2, sl.LIF(E_L=-50.0), initial={"V_m": -52.0, "refractory": np.array([0.0, 25.0])})
    net.record(cells)
    found = net.run(3.0, engine="events").spikes(cells)
    ULP(2).check(found.times[np.argsort(found.ids)], [0.0, 2.5])


def test_a_constant_current_that_is_switched_on_acts_from_that_very_moment():
    net = sl.Network(dt=0.5)
    cell = net.population(1, sl.LIF(V_th=1e3))
    net.drive(cell, sl.StepCurrent([1.3], [100.0]))
    net.record(cell, "V_m")
    trace = net.run(5.0, engine="events").trace(cell, "V_m")
    expected = -70.0 + 10.0 / 250.0 * 100.0 * -np.expm1(-np.maximum(trace.times - 1.3, 0.0) / 10.0)
    ULP(20).check(trace.values[:, 0], expected)


def test_a_state_that_is_not_finite_stops_the_run_and_is_named():
    net = sl.Network(dt=0.1)
    source, cells = net.population(1, sl.SpikeList([1.0, 2.0])), net.population(3, sl.LIFDelta(), name="cells")
    net.connect(source, cells[1:2], weight=-1.7e308, delay=1.0)
    net.record(source)
    with pytest.raises(SimulationError, match="'cells', neuron 1.* at 3 ms") as caught:
        net.run(10.0, engine="events")
    assert len(caught.value.run.spikes(source).times) == 2


def test_counts_of_synaptic_events_are_those_of_the_grid():
    def counted(engine):
        net = sl.Network(dt=0.1)
        source = net.population(2, sl.SpikeList([1.0, 3.0, 5.0], [0, 1, 0]))
        net.connect(source, net.population(7, sl.LIF()), "exc", weight=1.0, delay=1.0)
        return net.run(5.5, engine=engine).synaptic_events

    assert counted("events") == counted("compiled") == 14


def refused(describe, message, **run):
    net = sl.Network(dt=0.1)
    describe(net)
    with pytest.raises(DescriptionError, match=message):
        net.run(**{"duration": 1.0, "engine": "events", **run})


def test_what_the_engine_cannot_run_is_named_with_what_it_can():
    able = "it runs: LIF, LIFAlpha, LIFDelta"
    refused(lambda net: net.population(1, sl.AdEx(), name="a"), f"'a': AdEx has no closed form.*{able}")
    refused(
        lambda net: (net.population(1, sl.LIF()), net.modulator()),
        "'dopamine': engine='events' does not support modulators",
    )

    def learning(net):
        cells = net.population(2, sl.LIF())
        net.connect(cells, cells, "exc", plasticity=sl.STDP(), name="s")

    refused(learning, "'s': engine='events' does not change weights, got STDP")

    def driven(net):
        net.drive(net.population(2, sl.LIF(), name="x"), sl.NoiseCurrent(std=1.0))

    refused(driven, "'x'.*NoiseCurrent has no closed form")

    def called(net):
        net.population(1, sl.LIF())
        net.on_step(lambda step: None)

    refused(called, "does not support callbacks")

    def watched(net):
        cells = net.population(2, sl.LIF())
        net.record(net.connect(cells, cells, "exc", name="w"), "weight")

    refused(watched, "'w'.*do not change")
    trials = sl.Trials([sl.Phase(1.0)], n=2)
    message = 'trials cannot run on engine="events"; engine="compiled" or engine="stepper" can'
    refused(lambda net: net.population(1, sl.LIF()), message, duration=None, trials=trials)


def test_a_network_stays_with_the_engine_that_it_was_built_for():
    for first, then in (("events", "compiled"), ("stepper", "events")):
        net = sl.Network()
        net.population(1, sl.LIF())
        net.run(1.0, engine=first)
        with pytest.raises(DescriptionError, match=f'cannot change to engine="{then}"'):
            net.run(1.0, engine=then)


def test_an_engine_that_there_is_not_is_refused_with_those_that_there_are():
    net = sl.Network()
    net.population(1, sl.LIF())
    with pytest.raises(DescriptionError, match="compiled, stepper, events.*got 'event'"):
        net.run(1.0, engine="event")


def test_a_closed_form_whose_functions_do_not_fit_its_model_is_refused():
    form = sl.LIFDelta.closed_form

    def flow(V_m, elapsed):
        return V_m

    with pytest.raises(DescriptionError, match=r"flow in the closed form of 'LIFDelta' takes \(V_m, elapsed\)"):
        replace(sl.LIFDelta, closed_form=replace(form, flow=flow))
    with pytest.raises(DescriptionError, match="hold and clock"):
        replace(sl.LIFDelta, closed_form=replace(form, clock=""))


def test_each_neuron_of_a_poisson_source_has_its_own_rate():
    net = sl.Network(dt=0.1, seed=1)
    source = net.population(3, sl.Poisson([0.0, 200.0, 1000.0]), name="source")
    net.record(source)
    counts = np.bincount(net.run(5000.0, engine="events").spikes(source).ids, minlength=3)
    assert counts[0] == 0
    STAT(1, 1000**0.5).check(counts[1], 1000.0)
    STAT(1, 5000**0.5).check(counts[2], 5000.0)
