"""Runs as NWB files and back: read by PyNWB, validated by PyNWB and NWB Inspector; files of others."""

from datetime import UTC, datetime

import numpy as np
import pytest
from recorded_runs import check_same_recordings, run_with_everything
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, RunFileError

pynwb = pytest.importorskip("pynwb")


@pytest.fixture(scope="module")
def run():
    return run_with_everything()


@pytest.fixture(scope="module")
def path(run, tmp_path_factory):
    """A file of the run, with what archives ask for."""
    path = tmp_path_factory.mktemp("nwb") / "run.nwb"
    subject = pynwb.file.Subject(
        subject_id="simulated", species="Mus musculus", sex="U", age="P90D", description="none"
    )
    run.to_nwb(
        path, experimenter="Bloggs, Jo", institution="none", keywords=["simulation"], experiment_description="a test",
        subject=subject, session_start_time=datetime(2020, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    return path


def test_a_run_comes_back_from_a_file_equal_to_the_bit(run, path):
    again = sl.from_nwb(path)
    check_same_recordings(again, run)
    assert (again.dt, again.t_start, again.t_stop, again.seed) == (0.1, 0.0, 200.0, 4)
    assert again.versions == run.versions
    EXACT.check(again.populations["cells"].parameters["tau_m"], np.linspace(8.0, 12.0, 10))


def test_pynwb_reads_the_spikes_traces_and_synapses(run, path):
    with pynwb.NWBHDF5IO(path, "r") as io:
        file = io.read()
        units, cells = file.units, run.spikes("cells")
        rows = [k for k in range(len(units)) if units["population"][k] == "cells"]
        assert [units["neuron"][k] for k in rows] == list(range(10)) and len(units) == 4 + 10 + 5
        for k, train in zip(rows, cells.trains(), strict=True):
            EXACT.check(units.get_unit_spike_times(k), train / 1e3)
            EXACT.check(units["obs_intervals"][k], [[0.0, 0.2]])
        assert units.resolution == 1e-4
        voltage = file.acquisition["cells V_m"]
        assert (voltage.unit, voltage.conversion, voltage.rate, voltage.starting_time) == ("volts", 1e-3, 2000.0, 5e-4)
        EXACT.check(voltage.data[:], run.trace("cells", "V_m", "V_m").values)
        tables = file.processing["misc"].data_interfaces
        EXACT.check(tables["columns of cells V_m@fine"]["neuron"].data[:], [1, 2])
        for field, values in run.synapses("ff")._asdict().items():
            EXACT.check(tables["synapses of ff"][field].data[:], values)
        bursts = file.events["pyramidal burst"]
        EXACT.check(bursts["timestamp"].data[:], run.spikes("pyramidal", "burst").times / 1e3)
        EXACT.check(bursts["neuron"].data[:], run.spikes("pyramidal", "burst").ids)
        assert file.trials["label"].data[:].tolist() == ["a", "b"]
        EXACT.check(file.trials["start_time"].data[:], [0.0, 0.1])


def test_pynwb_validates_the_file(path):
    assert not pynwb.validate(path=path)


def test_nwb_inspector_finds_nothing_but_suggestions(path):
    inspector = pytest.importorskip("nwbinspector")
    found = list(inspector.inspect_nwbfile(nwbfile_path=path))
    worse = [each for each in found if each.importance != inspector.Importance.BEST_PRACTICE_SUGGESTION]
    # The guess that time is the longest dimension is wrong of four samples of 200 weights.
    assert [(each.check_function_name, each.object_name) for each in worse] == [("check_data_orientation", "ff weight")]


@pytest.mark.filterwarnings("ignore")
def test_neo_reads_the_file_with_its_own_reader(run, tmp_path):
    """Neo 0.14.6 takes no file that has keywords."""
    neo = pytest.importorskip("neo")
    run.to_nwb(tmp_path / "run.nwb")
    [block] = neo.io.NWBIO(str(tmp_path / "run.nwb"), "r").read_all_blocks()
    trains = block.segments[0].spiketrains
    assert len(trains) == 19 and {"cells V_m", "ff weight"} <= {each.name for each in block.segments[0].analogsignals}
    ULP(4).check(np.asarray(trains[5].rescale("ms")), run.spikes("cells").trains()[1])


def test_control_validation_tells_a_damaged_file(path, tmp_path):
    h5py = pytest.importorskip("h5py")
    damaged = tmp_path / "damaged.nwb"
    damaged.write_bytes(path.read_bytes())
    with h5py.File(damaged, "r+") as file:
        del file["session_start_time"]
        file["units/spike_times_index"][-1] = 3
    assert pynwb.validate(path=damaged)
    with pytest.raises(RunFileError, match="damaged.nwb"):
        sl.from_nwb(damaged)


def test_units_and_series_of_others_are_read(tmp_path):
    file = pynwb.NWBFile(
        session_description="recorded", identifier="1", session_start_time=datetime(2020, 1, 1, tzinfo=UTC)
    )
    for times in ([0.0123, 0.5], [], [0.1]):
        file.add_unit(spike_times=times)
    data = np.arange(5.0)
    file.add_acquisition(pynwb.TimeSeries(name="LFP", data=data, unit="volts", conversion=1e-6, rate=1000.0))
    with pynwb.NWBHDF5IO(tmp_path / "other.nwb", "w") as io:
        io.write(file)
    run = sl.from_nwb(tmp_path / "other.nwb")
    spikes = run.spikes("units")
    ULP(2).check(spikes.times, [12.3, 100.0, 500.0])
    EXACT.check(spikes.ids, [0, 2, 0])
    assert len(spikes.trains()) == 3 and np.isnan(run.dt)
    ULP(2).check(run.trace("acquisition", "LFP").values[:, 0], data * 1e-3)
    ULP(2).check(run.trace("acquisition", "LFP").times, np.arange(5.0))
    assert run.trace("acquisition", "LFP").unit == "mV"


def test_names_with_characters_of_nwb_come_back(tmp_path):
    net = sl.Network(seed=1)
    cells = net.population(3, sl.LIF(I_e=500.0), name="layer 2/3: 50%")
    net.connect(cells, cells, weight=1.0, name="a/b")
    net.record(cells, ["spikes", "V_m"])
    run = net.run(30.0)
    run.to_nwb(tmp_path / "names.nwb")
    check_same_recordings(sl.from_nwb(tmp_path / "names.nwb"), run)


def test_a_file_is_replaced_whole_or_not_at_all(run, path, tmp_path):
    there = tmp_path / "run.nwb"
    there.write_bytes(b"before")
    with pytest.raises(DescriptionError, match="to_nwb: PyNWB refuses what is given about the file: .*'colour'"):
        run.to_nwb(there, colour="red")
    assert there.read_bytes() == b"before" and [each.name for each in tmp_path.iterdir()] == ["run.nwb"]
    run.to_nwb(there)
    check_same_recordings(sl.from_nwb(there), run)
    with pytest.raises(RunFileError, match="there is no directory .*nowhere"):
        run.to_nwb(tmp_path / "nowhere" / "run.nwb")


def test_what_is_no_nwb_file_is_refused_by_name(tmp_path):
    with pytest.raises(RunFileError, match="missing.nwb: there is no such file; expected an NWB file"):
        sl.from_nwb(tmp_path / "missing.nwb")
    (tmp_path / "text.nwb").write_text("text")
    with pytest.raises(RunFileError, match="text.nwb: cannot be read as an NWB file"):
        sl.from_nwb(tmp_path / "text.nwb")


def test_times_off_the_steps_of_the_exact_engine_come_back_within_rounding(tmp_path):
    net = sl.Network(dt=0.1)
    cells = net.population(1, sl.LIF(I_e=500.0), name="cells")
    net.record(cells)
    run = net.run(100.0, engine="events")
    run.to_nwb(tmp_path / "exact.nwb")
    ULP(2).check(sl.from_nwb(tmp_path / "exact.nwb").spikes("cells").times, run.spikes("cells").times)


def file_of(tmp_path, build):
    file = pynwb.NWBFile(
        session_description="recorded", identifier="1", session_start_time=datetime(2020, 1, 1, tzinfo=UTC)
    )
    build(file)
    with pynwb.NWBHDF5IO(tmp_path / "other.nwb", "w") as io:
        io.write(file)
    return tmp_path / "other.nwb"


def unit(neuron):
    def build(file):
        file.add_unit_column(name="neuron", description="index")
        file.add_unit(spike_times=[1.0], neuron=neuron)

    return build


def series(**how):
    given = {"name": "LFP", "data": np.arange(6.0).reshape(3, 2), "unit": "volts", **how}
    return lambda file: file.add_acquisition(pynwb.TimeSeries(**given))


@pytest.mark.filterwarnings("ignore:Timeseries has a rate of 0.0 Hz")
@pytest.mark.parametrize(
    ("build", "words"),
    [
        (unit(1.7), r"/units: column neuron of 'units': expected different whole numbers from 0 on .*\[1.7\]"),
        (unit("a"), r"column neuron of 'units': .*\['a'\]"),
        (unit(1 << 40), "column neuron of 'units': .*1099511627776"),
        (series(rate=0.0), "series 'LFP': expected a rate above 0, got 0.0"),
        (series(timestamps=[1.0, np.nan, 2.0]), "series 'LFP': expected finite times"),
        (series(data=["a", "b", "c"], rate=1.0), "series 'LFP': expected numbers as samples"),
    ],
)
def test_what_would_be_rounded_or_wrapped_is_refused_by_name(build, words, tmp_path):
    with pytest.raises(RunFileError, match=f"other.nwb: .*{words}"):
        sl.from_nwb(file_of(tmp_path, build))


def test_samples_in_any_order_come_in_the_order_of_their_times(tmp_path):
    run = sl.from_nwb(file_of(tmp_path, series(timestamps=[3.0, 1.0, 2.0])))
    EXACT.check(run.trace("acquisition", "LFP").times, [1000.0, 2000.0, 3000.0])
    EXACT.check(run.trace("acquisition", "LFP").values[:, 0], [2000.0, 4000.0, 0.0])
    assert run.t_stop == 3000.0


def test_channels_have_the_conversion_of_each(tmp_path):
    def build(file):
        group = file.create_electrode_group(
            name="g", description="d", location="l", device=file.create_device(name="d")
        )
        for _ in range(2):
            file.add_electrode(group=group, location="l")
        file.add_acquisition(
            pynwb.ecephys.ElectricalSeries(
                name="raw", data=np.ones((3, 2)), rate=1000.0, conversion=1e-3, channel_conversion=[1.0, 2.0],
                electrodes=file.create_electrode_table_region(region=[0, 1], description="all"),
            )
        )  # fmt: skip

    found = sl.from_nwb(file_of(tmp_path, build)).trace("acquisition", "raw")
    ULP(2).check(found.values, np.array([[1.0, 2.0]] * 3))


def test_a_table_of_another_program_that_is_called_run_says_nothing_of_a_run(tmp_path):
    def build(file):
        column = pynwb.core.VectorData(name="trial", description="d", data=[1, 2])
        made = pynwb.core.DynamicTable(name="run", description="d", columns=[column])
        file.create_processing_module(name="misc", description="d").add(made)
        file.add_unit(spike_times=[1.0])

    EXACT.check(sl.from_nwb(file_of(tmp_path, build)).spikes("units").times, [1000.0])
