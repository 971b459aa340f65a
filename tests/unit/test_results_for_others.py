"""Results where people work, as a user would ask for them: trains, pandas, Neo, xarray, the final state, a summary."""

from __future__ import annotations

import pickle
import time

import numpy as np
import pytest
from tolerances import EXACT

import spikelearn as sl
from spikelearn.errors import DescriptionError, ExperimentError, SignWarning
from spikelearn.experiments.listing import BASES, OF_YOUR_OWN
from spikelearn.io import load, save
from spikelearn.results.sink import MemorySink


@pytest.fixture(scope="module")
def made():
    net = sl.Network(dt=0.1, seed=4)
    inputs = net.population(20, sl.Poisson(rate=50.0), name="inputs")
    cells = net.population(10, sl.LIF(), name="cells")
    ff = net.connect(inputs, cells, "exc", weight=sl.Uniform(50.0, 150.0), delay=1.5, name="ff")
    net.connect(cells, cells, "inh", sl.FixedInDegree(3), weight=-50.0, name="back")
    net.count_events(ff)
    net.record(inputs)
    net.record(cells)
    net.record(cells[:3], ["V_m", "I_syn_exc"], every=0.5)
    net.record(ff, "weight", every=50.0)
    return net, net.run(200.0), inputs, cells, ff


def test_trains_are_those_of_each_neuron_silent_ones_too(made):
    _, run, inputs, cells, _ = made
    spikes, trains = run.spikes(inputs), run.spikes(inputs).trains()
    assert len(trains) == 20
    for neuron, train in enumerate(trains):
        EXACT.check(train, spikes.times[spikes.ids == neuron])
    some = run.spikes(inputs[[3, 7]]).trains()
    EXACT.check(some[0], trains[3])
    EXACT.check(some[1], trains[7])
    later = sl.analysis.spikes_between(spikes, 100.0, 200.0).trains()
    assert len(later) == 20 and all(np.all(train >= 100.0) for train in later)
    plain = sl.analysis.shifted_trains(spikes, 0.0, 200.0, seed=1)
    assert [len(train) for train in plain.trains(20)] == [len(train) for train in trains]


def test_a_copy_of_spikes_and_of_a_run_still_knows_its_neurons(made):
    _, run, inputs, *_ = made
    again = pickle.loads(pickle.dumps(run.spikes(inputs)))
    assert len(again.trains()) == 20 and again.window == (0.0, 200.0)
    assert len(pickle.loads(pickle.dumps(run)).spikes("inputs").trains()) == 20


def test_spikes_and_traces_become_data_frames(made):
    _, run, inputs, cells, ff = made
    frame = run.spikes(inputs).to_pandas()
    assert list(frame.columns) == ["time", "neuron"] and len(frame) == len(run.spikes(inputs).times)
    assert frame.groupby("neuron").size().sum() == len(frame)
    voltage = run.trace(cells, "V_m").to_pandas()
    assert voltage.shape == (400, 3) and voltage.index.name == "time" and voltage.columns.name == "neuron"
    EXACT.check(voltage[2].to_numpy(), run.trace(cells, "V_m").values[:, 2])
    assert voltage.attrs == {"units": "mV", "time_units": "ms"}
    assert run.trace(ff, "weight").to_pandas().columns.name == "synapse"


def test_spikes_become_neo_spike_trains(made):
    _, run, inputs, *_ = made
    trains = run.spikes(inputs).to_neo()
    assert len(trains) == 20
    for neo_train, own in zip(trains, run.spikes(inputs).trains(), strict=True):
        EXACT.check(np.asarray(neo_train.rescale("ms")), own)
        assert float(neo_train.t_stop.rescale("ms")) == 200.0
    # what Neo returns is taken back as trains
    assert sl.analysis.cv_isi(list(trains)) == sl.analysis.cv_isi(run.spikes(inputs))


def test_traces_become_data_arrays(made):
    _, run, _, cells, _ = made
    voltage = run.trace(cells[:2], "V_m").to_xarray()
    assert voltage.dims == ("time", "neuron") and voltage.name == "V_m" and voltage.attrs["units"] == "mV"
    assert float(voltage.sel(neuron=1, time=10.0)) == run.trace(cells, "V_m").values[19, 1]


def test_the_final_state_is_that_of_the_end_of_the_run_and_stays_it():
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(5, sl.LIF(I_e=300.0), name="cells")
    source = net.population(3, sl.Poisson(10.0), name="source")
    net.record(cells, "V_m")
    run = net.run(20.0)
    EXACT.check(run.state["cells"]["V_m"], run.trace(cells, "V_m").values[-1])
    EXACT.check(run.state[cells[1:3]]["V_m"], run.trace(cells, "V_m").values[-1, 1:3])
    assert set(run.state[cells]) == set(sl.LIF.state)
    before = run.state[cells]["V_m"].copy()
    net.run(7.0)
    EXACT.check(run.state[cells]["V_m"], before)
    with pytest.raises(ValueError, match="read-only"):
        run.state[cells]["V_m"][0] = 0.0
    with pytest.raises(DescriptionError, match="no state of 'source'.*populations with a state: cells"):
        run.state[source]
    with pytest.raises(DescriptionError, match="no state of 'cell'.*did you mean 'cells'"):
        run.state["cell"]


def test_the_final_state_is_the_same_on_two_threads_and_in_python():
    def final(threads, engine="compiled"):
        net = sl.Network(dt=0.1, seed=1, threads=threads)
        cells = net.population(7, sl.AdEx(), name="cells")
        net.drive(cells, sl.PoissonInput(2000.0), weight=100.0)
        net.connect(cells, cells, weight=10.0)
        return net.run(50.0, engine=engine).state[cells]

    one = final(1)
    for other in (final(2), final(1, "stepper")):
        assert one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def test_a_run_from_a_file_and_of_another_engine_says_that_it_has_no_state(tmp_path, made):
    save(made[1], tmp_path / "run.h5")
    with pytest.raises(DescriptionError, match="final state of this run is not known"):
        load(tmp_path / "run.h5").state  # noqa: B018


def test_a_summary_has_what_was_measured_and_prints_it(made):
    _, run, inputs, *_ = made
    found = run.summary()
    of_inputs = found.populations["inputs"]
    assert of_inputs.rate == pytest.approx(sl.analysis.rate(run.spikes(inputs), 20, 0.0, 200.0), rel=0.05)
    assert of_inputs.cv == sl.analysis.cv_isi(run.spikes(inputs)) and np.isnan(of_inputs.bursts)
    assert found.projections["ff"].delivered == run.events_of("ff").delivered
    assert np.isnan(found.projections["back"].delivered)
    assert found.wall_s == run.wall_s > 0 and found.synaptic_events == run.synaptic_events and found.peak_mb > 10
    assert found.events_per_second == pytest.approx(run.synaptic_events / run.wall_s)
    text = str(found).splitlines()
    assert text[0].startswith("200 ms simulated in ") and "synaptic events" in text[1]
    assert any(line.startswith("inputs") and "20" in line for line in text)


def test_a_summary_of_a_silent_network_leaves_blank_what_is_not_defined():
    net = sl.Network(seed=1)
    cells = net.population(3, sl.LIF(), name="cells")
    net.record(cells)
    found = net.run(10.0).summary()
    assert found.populations["cells"].rate == 0.0 and np.isnan(found.populations["cells"].cv)
    assert "nan" not in str(found)


def test_wall_time_is_all_that_a_run_takes():
    net = sl.Network(seed=1)
    net.record(net.population(1, sl.Poisson(1.0)))

    class Slow(MemorySink):
        def flush(self, t_now):
            time.sleep(0.05)

    assert net.run(10.0, sink=Slow()).wall_s >= 0.05


def test_synapses_can_be_read_before_a_run():
    net = sl.Network(seed=1)
    a, b = net.population(4, sl.Poisson(1.0)), net.population(3, sl.LIF())
    ff = net.connect(a, b, weight=sl.Uniform(0.0, 1.0), delay=2.0)
    before = net.synapses(ff)
    assert len(ff) == len(before.weight) == 12 and before.delay.tolist() == [2.0] * 12
    assert before.matrix((4, 3)).shape == (4, 3)
    after = net.run(1.0).synapses(ff)
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    with pytest.raises(ValueError, match="read-only"):
        before.weight[0] = 1.0
    with pytest.raises(DescriptionError, match="synapses: expected a projection"):
        net.synapses(a)


def test_tab_completion_shows_the_parts_of_the_package():
    assert {"plots", "analysis", "io", "sweep", "tasks", "learning", "models"} <= set(dir(sl))
    assert callable(sl.sweep.run) and callable(sl.io.load)


def test_models_lists_what_there_is_and_shows_parameters_of_one():
    found = sl.models()
    assert BASES == set(found[OF_YOUR_OWN]) and all(BASES.isdisjoint(found[kind]) for kind in list(found)[:-1])
    assert "brunel_2000" in found["networks"] and "LIF" in found["neurons"] and "STDP" in found["plasticity"]
    assert "FixedProbability" in found["connectivity"] and "\nneurons\n" in repr(found)
    rows = {row["name"]: row for row in sl.models("LIF")}
    assert rows["tau_m"]["unit"] == "ms" and "time constant" in rows["tau_m"]["meaning"]
    published = {row["name"]: row for row in sl.models("brunel_2000")}
    assert published["g"]["meaning"] and "parameter" in repr(sl.models("brunel_2000"))
    with pytest.raises(ExperimentError, match="nothing is called 'brunel_200'.*did you mean 'brunel_2000'"):
        sl.models("brunel_200")


def test_models_is_the_same_when_a_model_has_been_imported():
    from spikelearn.models import brunel_2000

    assert brunel_2000.__name__ == "spikelearn.models.brunel_2000"
    assert sl.models("LIF") and sl.models.brunel_2000 is brunel_2000


@pytest.mark.parametrize(
    ("model", "port", "weight", "words"),
    [
        (sl.LIF, "inh", 5.0, "weights are positive, but port 'inh' adds currents as they are"),
        (sl.LIF, "inh", sl.Uniform(1.0, 2.0), "weights are positive"),
        (sl.LIFConductance, "inh", -1.0, "weights are negative, but those of port 'inh' are conductances"),
    ],
)
def test_a_weight_of_the_wrong_sign_is_told(model, port, weight, words):
    net = sl.Network()
    cells = net.population(3, model(), name="cells")
    with pytest.warns(SignWarning, match=words):
        net.connect(cells, cells, port, weight=weight)
    net.connect(cells, cells, "exc", weight=1.0)
    net.connect(cells, cells, "inh", weight=1.0 if model is sl.LIFConductance else -1.0)
