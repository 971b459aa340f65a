"""Spikes and reports of runs in SONATA's files, read back by libsonata and by us; files of the first form."""

import numpy as np
import pytest
from recorded_runs import run_with_everything
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, RunFileError
from spikelearn.io import sonata_files

h5py = pytest.importorskip("h5py")
ROUNDED = ULP(1 << 29)
"""Samples are float32: half of their last digit is 2^28 of a float64's."""


@pytest.fixture(scope="module")
def run():
    return run_with_everything()


@pytest.fixture(scope="module")
def written(run, tmp_path_factory):
    return run.to_sonata(tmp_path_factory.mktemp("sonata") / "output", leave_out=["V_m at spike"])


def test_libsonata_reads_the_spikes_of_every_population(run, written):
    libsonata = pytest.importorskip("libsonata")
    for name in ("spikes", "burst"):
        reader = libsonata.SpikeReader(str(written[name]))
        kind = "burst" if name == "burst" else "spike"
        assert set(reader.get_population_names()) == {of for of, label in run.spike_data if label == kind}
        for of in reader.get_population_names():
            found = reader[of].get_dict()
            EXACT.check(found["timestamps"], run.spikes(of, kind).times)
            EXACT.check(found["node_ids"], run.spikes(of, kind).ids)
            assert reader[of].sorting == "by_time" and reader[of].time_units == "ms"


def test_libsonata_reads_voltages_as_a_report_of_somata(run, written):
    libsonata = pytest.importorskip("libsonata")
    for label in ("V_m", "V_m@fine"):
        report = libsonata.SomaReportReader(str(written[label]))["cells"]
        trace, found = run.trace("cells", "V_m", label), report.get()
        ROUNDED.check(found.data, trace.values)
        EXACT.check(found.ids, trace.ids)
        ULP(2000).check(found.times, trace.times)
        assert report.sorted and report.data_units == "mV" and report.time_units == "ms"


def test_libsonata_reads_weights_as_elements_of_their_targets(run, written):
    libsonata = pytest.importorskip("libsonata")
    report = libsonata.ElementReportReader(str(written["weight of ff"]))["cells"]
    found, trace, synapses = report.get(node_ids=[4]), run.trace("ff", "weight"), run.synapses("ff")
    mine = np.flatnonzero(synapses.post == 4)
    EXACT.check(np.asarray(found.ids), [(4, k) for k in mine])
    ROUNDED.check(found.data, trace.values[:, mine])


def test_our_reader_has_the_same(run, written):
    for name, spikes in sonata_files.read_spikes(written["spikes"]).items():
        EXACT.check(spikes.times, run.spikes(name).times)
        EXACT.check(spikes.ids, run.spikes(name).ids)
        assert spikes.ids.dtype == np.int32
    trace = sonata_files.read_report(written["V_m"])["cells"]
    ROUNDED.check(trace.values, run.trace("cells", "V_m", "V_m").values)
    assert trace.unit == "mV" and trace.ids.tolist() == [0, 1, 2]


def test_spikes_of_the_first_form_have_no_population(tmp_path):
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file["spikes/gids"], file["spikes/timestamps"] = np.array([3, 1, 2]), np.array([5.0, 1.0, 1.0])
    [(name, spikes)] = sonata_files.read_spikes(tmp_path / "old.h5", "lgn").items()
    assert name == "lgn"
    EXACT.check(spikes.times, [1.0, 1.0, 5.0])
    EXACT.check(spikes.ids, [1, 2, 3])


def test_what_sonata_has_no_file_for_is_named_before_anything_is_written(run, tmp_path):
    with pytest.raises(DescriptionError, match="no file for values at events, 'V_m at spike' of 'cells'; leave_out="):
        run.to_sonata(tmp_path / "new")
    assert not list(tmp_path.iterdir())
    with pytest.raises(DescriptionError, match=r"leave_out of to_sonata: expected a list of names, got 'V_m'"):
        run.to_sonata(tmp_path / "new", leave_out="V_m")
    with pytest.raises(RunFileError, match="nowhere"):
        run.to_sonata(tmp_path / "nowhere" / "new", leave_out=["V_m at spike"])


def test_broken_files_are_refused_by_name(tmp_path):
    with pytest.raises(RunFileError, match="missing.h5: there is no such file; expected an HDF5 file of SONATA"):
        sonata_files.read_spikes(tmp_path / "missing.h5")
    (tmp_path / "text.h5").write_text("text")
    with pytest.raises(RunFileError, match="text.h5: cannot be read as a file of SONATA"):
        sonata_files.read_spikes(tmp_path / "text.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["spikes/cells/timestamps"], file["spikes/cells/node_ids"] = np.zeros(2), np.array([-1, 2])
    with pytest.raises(RunFileError, match="expected nodes from 0 to .*, got -1 to 2"):
        sonata_files.read_spikes(tmp_path / "other.h5")
    with pytest.raises(RunFileError, match="other.h5: expected a report of SONATA"):
        sonata_files.read_report(tmp_path / "other.h5")


def test_names_with_slashes_and_silent_populations_come_back(tmp_path):
    net = sl.Network(seed=1)
    net.record(net.population(3, sl.LIF(), name="layer 2/3"))
    written = net.run(10.0).to_sonata(tmp_path)
    [(name, spikes)] = sonata_files.read_spikes(written["spikes"]).items()
    assert name == "layer 2/3" and not len(spikes.times)
