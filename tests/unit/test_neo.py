"""Runs as Neo objects and back, and Neo objects of others as runs."""

import pickle

import numpy as np
import pytest
from recorded_runs import check_same_recordings, run_with_everything
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError

neo = pytest.importorskip("neo")
quantities = pytest.importorskip("quantities")


@pytest.fixture(scope="module")
def run():
    return run_with_everything()


def test_a_run_comes_back_from_neo_equal_to_the_bit(run):
    check_same_recordings(sl.from_neo(run.to_neo()), run)
    again = sl.from_neo(run.to_neo().segments[0])
    assert (again.dt, again.t_start, again.t_stop, again.seed) == (0.1, 0.0, 200.0, 4)
    assert again.versions == run.versions
    EXACT.check(again.populations["cells"].parameters["tau_m"], np.linspace(8.0, 12.0, 10))
    one, other = again.snapshots("cells", "V_m"), run.snapshots("cells", "V_m")
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_trains_are_made_when_they_are_asked_for_and_say_whose_they_are(run):
    trains = run.to_neo().segments[0].spiketrains
    assert trains._items is None and len(trains) == 4 + 10 + 5 + 5
    train = trains[2]
    assert train.annotations == {"population": "inputs", "neuron": 6, "kind": "spike", "channel_id": 2}
    EXACT.check(np.asarray(train.rescale("ms")), run.spikes("inputs").times[run.spikes("inputs").ids == 6])
    bursts = [each for each in trains if each.annotations["kind"] == "burst"]
    assert sum(map(len, bursts)) == len(run.spikes("pyramidal", "burst").times) > 0
    check_same_recordings(sl.from_neo(trains.segment), run)  # also when its trains have been made


def test_traces_are_analog_signals_with_units_and_neurons(run):
    segment = run.to_neo().segments[0]
    voltage = next(each for each in segment.analogsignals if each.annotations.get("label") == "V_m@fine")
    assert voltage.name == "V_m" and voltage.units == quantities.mV and voltage.annotations["population"] == "cells"
    EXACT.check(voltage.array_annotations["neuron"], [1, 2])
    EXACT.check(voltage.magnitude, run.trace("cells", "V_m", "fine").values)
    ULP(4).check(voltage.times.rescale("ms").magnitude, run.trace("cells", "V_m", "fine").times)
    weight = next(each for each in segment.analogsignals if each.name == "weight")
    assert weight.annotations["projection"] == "ff" and weight.shape == (4, 200)
    trials = segment.epochs[0]
    assert trials.labels.tolist() == ["a", "b"] and trials.annotations["phases"] == ["cue", ""]
    EXACT.check(trials.times.rescale("ms").magnitude, [0.0, 100.0])


def test_a_block_can_be_pickled_and_written(run, tmp_path):
    check_same_recordings(sl.from_neo(pickle.loads(pickle.dumps(run.to_neo()))), run)
    path = str(tmp_path / "run.pkl")
    neo.io.PickleIO(path).write_block(run.to_neo())
    check_same_recordings(sl.from_neo(neo.io.PickleIO(path).read_block()), run)


def test_trains_of_others_are_neurons_in_their_order():
    segment = neo.Segment(name="recording")
    for times in ([0.003, 0.5], [], [0.1004]):
        segment.spiketrains.append(neo.SpikeTrain(times, units="s", t_start=0.0, t_stop=1.0))
    segment.analogsignals.append(
        neo.AnalogSignal(np.arange(10.0)[:, None], units="uV", sampling_rate=1.0 * quantities.kHz, name="LFP")
    )
    run = sl.from_neo(segment)
    spikes = run.spikes("neurons")
    ULP(2).check(spikes.times, [3.0, 100.4, 500.0])
    EXACT.check(spikes.ids, [0, 2, 0])
    assert len(spikes.trains()) == 3 and np.isnan(run.dt) and run.t_stop == 1000.0
    assert run.trace("neurons", "LFP").unit == "uV"
    ULP(2).check(run.trace("neurons", "LFP").times, np.arange(10.0))
    assert np.isfinite(sl.analysis.rate(spikes, 3, 0.0, 1000.0))


def test_the_spikes_of_others_drive_a_network():
    segment = neo.Segment()
    segment.spiketrains.append(neo.SpikeTrain([12.34, 56.78, 0.0], units="ms", t_stop=100.0))
    spikes = sl.from_neo(segment).spikes("neurons").rounded(0.1)
    EXACT.check(spikes.times, [0.1, 12.3, 56.8])
    net = sl.Network(dt=0.1)
    source = net.population(1, sl.SpikeList(*spikes), name="source")
    net.record(source)
    EXACT.check(net.run(100.0).spikes(source).times, spikes.times)
    with pytest.raises(ParameterError, match="rounded: expected times from 0 ms on, got -1 ms"):
        spikes._replace(times=spikes.times - 1.1).rounded(0.1)


def test_populations_of_pynn_are_known_by_their_annotation():
    made = neo.core.spiketrainlist.SpikeTrainList.from_spike_time_array(
        np.array([3.0, 1.0, 2.0]), np.array([7, 5, 7]), all_channel_ids=[5, 6, 7], units="ms",
        t_stop=10.0 * quantities.ms, source_population="excitatory",
    )  # fmt: skip
    block = neo.Block()
    block.segments.append(neo.Segment())
    block.segments[0].spiketrains = made
    spikes = sl.from_neo(block).spikes("excitatory")
    EXACT.check(spikes.times, [1.0, 2.0, 3.0])
    EXACT.check(spikes.ids, [0, 2, 2])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (lambda: [1.0], r"expected a neo.Block or a neo.Segment, got \[1.0\]"),
        (lambda: neo.Block(name="two"), "the block 'two' has 0 segments, and a run is one; give one of them"),
        (lambda: neo.Segment(name="nothing"), "segment 'nothing' has no spike trains and no signals"),
    ],
)
def test_other_data_is_refused_by_name(data, words):
    with pytest.raises(DescriptionError, match=f"from_neo: .*{words}"):
        sl.from_neo(data())


def test_two_trains_of_one_neuron_are_refused():
    segment = neo.Segment()
    for _ in range(2):
        segment.spiketrains.append(neo.SpikeTrain([1.0], units="ms", t_stop=2.0, neuron=3))
    with pytest.raises(DescriptionError, match="trains of 'neurons': expected different whole numbers"):
        sl.from_neo(segment)


def test_a_silent_network_comes_back():
    net = sl.Network(seed=1)
    net.record(net.population(3, sl.LIF(), name="cells"))
    run = net.run(10.0)
    again = sl.from_neo(run.to_neo())
    assert len(again.spikes("cells").trains()) == 3 and not len(again.spikes("cells").times)


def segment_of(*parts):
    segment = neo.Segment(name="data")
    for part in parts:
        {
            neo.SpikeTrain: segment.spiketrains,
            neo.AnalogSignal: segment.analogsignals,
            neo.IrregularlySampledSignal: segment.irregularlysampledsignals,
        }[type(part)].append(part)
    return segment


def train(times=(1.0,), **annotations):
    return neo.SpikeTrain(list(times), units="ms", t_stop=20.0, **annotations)


def signal(values=((1.0, 2.0), (3.0, 4.0)), **more):
    return neo.AnalogSignal(np.array(values), units="mV", sampling_period=1.0 * quantities.ms, **{"name": "V", **more})


def irregular(times, values):
    return neo.IrregularlySampledSignal(np.array(times), values, units="mV", time_units="ms", name="V")


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([lambda: train(neuron=2.7)], r"annotations of the trains of 'neurons': .*whole numbers .*got \[2.7\]"),
        ([lambda: train(neuron="first")], r"whole numbers from 0 on as neurons, got \['first'\]"),
        ([lambda: train(neuron=1 << 40)], r"whole numbers from 0 on as neurons, got \[1099511627776\]"),
        ([lambda: train(neuron=-1)], r"whole numbers from 0 on as neurons, got \[-1\]"),
        ([lambda: train(neuron=1), lambda: train()], r"different whole numbers from 0 on as neurons, got \[1, 1\]"),
        ([lambda: signal(array_annotations={"neuron": np.array(["a", "b"])})], r"signal 'V': .*got \['a', 'b'\]"),
        ([lambda: signal(((1j,), (2j,)))], "signal 'V': expected real numbers as samples, got complex128"),
        ([lambda: irregular([1.0, np.nan], [1.0, 2.0])], "signal 'V': expected finite times"),
    ],
)
def test_what_would_be_rounded_or_lost_is_refused_by_name(parts, words):
    with pytest.raises(DescriptionError, match=f"from_neo: .*{words}"):
        sl.from_neo(segment_of(*(part() for part in parts)))


def test_a_channel_that_is_listed_twice_is_refused():
    made = neo.core.spiketrainlist.SpikeTrainList.from_spike_time_array(
        np.array([1.0, 2.0]), np.array([5, 5]), all_channel_ids=[5, 5], units="ms", t_stop=10.0 * quantities.ms
    )
    segment = neo.Segment()
    segment.spiketrains = made
    with pytest.raises(DescriptionError, match="all_channel_ids of the spike trains has a channel twice"):
        sl.from_neo(segment)


def test_signals_of_one_name_are_all_there_whatever_it_is():
    run = sl.from_neo(segment_of(*(signal(((k,),), name="a@b") for k in (1.0, 2.0, 3.0))))
    assert [float(each.values[0, 0]) for each in run.trace_data.values()] == [1.0, 2.0, 3.0]


def test_samples_in_any_order_come_in_the_order_of_their_times():
    run = sl.from_neo(segment_of(irregular([3.0, 1.0, 2.0], [30.0, 10.0, 20.0])))
    found = run.trace("neurons", "V")
    EXACT.check(found.times, [1.0, 2.0, 3.0])
    EXACT.check(found.values[:, 0], [10.0, 20.0, 30.0])
    assert run.t_start <= 1.0 and run.t_stop >= 3.0


def test_a_population_has_as_many_neurons_as_columns_and_trains_need(tmp_path):
    run = sl.from_neo(segment_of(train(), signal()), dt=0.1)
    assert run.populations["neurons"].size == 2 and len(run.spikes("neurons").trains()) == 1
    sl.io.save(run, tmp_path / "run.h5")
    check_same_recordings(sl.io.load(tmp_path / "run.h5"), run)
