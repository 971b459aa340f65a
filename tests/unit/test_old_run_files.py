"""Run files of earlier formats: refused by `load`, which says how to convert them, and converted without a loss."""

import dataclasses
import gzip
import sys
from pathlib import Path

import h5py
import pytest
from unit.test_run_file import as_streamed, assert_same, small_run

from spikelearn.errors import RunFileError
from spikelearn.io import convert, load, load_extra

FILES = Path(__file__).parent / "old_run_files"
"""`small_run`, saved with an extra and streamed, by the last commits that wrote each format."""
NAMES = ["saved_1", "saved_2", "streamed_1", "streamed_2"]


@pytest.fixture
def old(tmp_path, request):
    path = tmp_path / "old.h5"
    path.write_bytes(gzip.decompress((FILES / f"{request.param}.h5.gz").read_bytes()))
    return path


def expected(name):
    """Files of format 1 have no positions."""
    run = small_run() if name.startswith("saved") else as_streamed(small_run())
    if name.endswith("1"):
        run.populations = {
            name: dataclasses.replace(population, positions=None, period=None)
            for name, population in run.populations.items()
        }
    for name in run.synapse_data:
        run.synapses(name)
    return run


@pytest.mark.parametrize("old", NAMES, indirect=True)
def test_files_of_earlier_formats_are_refused_with_the_way_to_convert_them(old):
    for read in (load, load_extra):
        with pytest.raises(RunFileError, match=r"old\.h5: .*spikelearn\.io\.convert reads those of earlier versions"):
            read(old)


@pytest.mark.parametrize(("old", "name"), [(name, name) for name in NAMES], indirect=["old"])
def test_converted_files_hold_the_same_run(old, name, tmp_path):
    convert(old, tmp_path / "new.h5")
    assert_same(load(tmp_path / "new.h5"), expected(name))
    assert load_extra(tmp_path / "new.h5") == ({"rate": 3.5} if name.startswith("saved") else {})


@pytest.mark.parametrize("old", ["saved_2"], indirect=True)
def test_a_file_can_be_converted_in_its_place(old):
    convert(old, old)
    assert_same(load(old), expected("saved_2"))


@pytest.mark.parametrize("old", ["saved_1"], indirect=True)
def test_a_file_of_an_impossible_run_stays_as_it_is(old):
    with h5py.File(old, "r+") as file:
        file["spikes/exc%2Flayer 4/spike/times"][3] = 0.0
    before = old.read_bytes()
    with pytest.raises(RunFileError, match=r"old\.h5: no possible run: times of 'spike' of 'exc/layer 4'"):
        convert(old, old)
    assert old.read_bytes() == before


@pytest.mark.parametrize("old", ["saved_2"], indirect=True)
def test_what_cannot_be_converted_is_named(old, tmp_path, monkeypatch):
    with h5py.File(old, "r+") as file:
        file["traces/exc%2Flayer 4/V_m/ids"][0] = 1
    with pytest.raises(RunFileError, match=r"old\.h5: damaged: the checksum of /traces/exc%2Flayer 4/V_m/ids"):
        convert(old, tmp_path / "new.h5")
    old.write_bytes(b"no file of HDF5")
    with pytest.raises(RunFileError, match=r"old\.h5: cannot be converted to .*new\.h5"):
        convert(old, tmp_path / "new.h5")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(RunFileError, match="pip install h5py"):
        convert(old, tmp_path / "new.h5")
    assert not (tmp_path / "new.h5").exists()
