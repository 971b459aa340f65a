"""Run files of strangers: nothing else is opened, nothing hangs, and no more is believed than the file holds."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from unit.run_file_forgery import forge
from unit.test_run_file import small_run

from spikelearn.errors import RunFileError
from spikelearn.io.run_file import load, load_extra, save

TIMES, IDS = "spikes/exc%2Flayer 4/spike/times", "spikes/exc%2Flayer 4/spike/ids"
SAMPLES, SAMPLED = "traces/exc%2Flayer 4/V_m/values", "traces/exc%2Flayer 4/V_m/times"
POPULATION, PROJECTION = "populations/exc%2Flayer 4", "projections/%2E%2E"
SYNAPSES = "synapses/%2E%2E"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "run.h5"
    save(small_run(), path)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path, whole):
    (tmp_path / "run.h5").write_bytes(whole)
    return tmp_path / "run.h5"


@pytest.fixture
def secret(tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["times"] = np.arange(50.0) + 100
    (tmp_path / "secret.bin").write_bytes(np.arange(50.0).tobytes())
    return tmp_path


def refused(path, match):
    with pytest.raises(RunFileError, match=match) as caught:
        load(path)
    assert str(path) in str(caught.value)


def replaced(file, name, **kwargs):
    del file[name]
    return file.create_dataset(name, **kwargs)


def linked(link):
    def change(file, folder):
        del file[TIMES]
        file[TIMES] = link(folder)

    return change


def stored_outside(name):
    def change(file, folder):
        replaced(file, TIMES, shape=(50,), dtype="f8", external=[(str(folder / name), 0, 400)])

    return change


def virtual(file, folder):
    del file[TIMES]
    layout = h5py.VirtualLayout((50,), "f8")
    layout[:] = h5py.VirtualSource(str(folder / "secret.h5"), "times", (50,))
    file.create_virtual_dataset(TIMES, layout)


def the_same_twice(file, folder):
    file["spikes/again"] = file["spikes/input"]


def a_group_in_itself(file, folder):
    file["spikes/input/spike/again"] = file["spikes"]


def a_named_type(file, folder):
    file["spikes/type"] = np.dtype("f8")


@pytest.mark.parametrize(
    "change",
    [
        linked(lambda folder: h5py.ExternalLink(str(folder / "secret.h5"), "/times")),
        linked(lambda folder: h5py.ExternalLink(str(folder / "fifo"), "/times")),
        linked(lambda folder: h5py.SoftLink(f"/{IDS}")),
        linked(lambda folder: h5py.SoftLink("/nowhere")),
        linked(lambda folder: h5py.SoftLink(f"/{TIMES}")),
        stored_outside("secret.bin"),
        stored_outside("fifo"),
        stored_outside("absent"),
        virtual,
        the_same_twice,
        a_group_in_itself,
        a_named_type,
    ],
)
def test_nothing_but_the_file_itself_is_opened(path, secret, change):
    os.mkfifo(secret / "fifo")
    with h5py.File(path, "r+") as file:
        change(file, secret)
    refused(path, "link to another place|not in this file|twice|neither a group nor")


@pytest.mark.parametrize(
    "options",
    [{"compression": "gzip"}, {"compression": "lzf"}, {"fletcher32": True}, {"shuffle": True}, {"scaleoffset": 2},
     {"compression": 32015, "allow_unknown_filter": True}],
)  # fmt: skip
def test_nothing_is_unpacked(path, options):
    """A gigabyte of zeros takes a megabyte; a filter can be anybody's code."""
    with h5py.File(path, "r+") as file:
        replaced(file, TIMES, shape=(100_000,), dtype="f8", chunks=(1000,), **options)
    refused(path, "compressed or filtered")


@pytest.mark.parametrize(
    "made",
    [
        {"shape": (2_000_000_000,), "dtype": "f8"},
        {"shape": (2_000_000_000,), "dtype": "f8", "chunks": (1000,)},
        {"shape": (2_000_000_000,), "dtype": "f8", "chunks": (500_000_000,)},
        {"shape": (50,), "dtype": "f8"},
        {"shape": (2**60, 2**60), "dtype": "f8", "chunks": (1, 1)},
    ],
)
def test_sizes_are_not_believed(path, made):
    with h5py.File(path, "r+") as file:
        replaced(file, TIMES, **made)
    refused(path, "is said to have")


def test_all_together_have_no_more_than_the_file(path):
    with h5py.File(path, "r+") as file:
        for k in range(3):
            file.create_dataset(f"{PROJECTION}/{k}", shape=(os.path.getsize(path) // 20,), dtype="f8", chunks=(1,))
    refused(path, "is said to have .* more than the file has")


@pytest.mark.parametrize(
    "made",
    [
        {"data": np.array([b"a", b"bc"], object), "dtype": h5py.string_dtype()},
        {"data": np.array([np.arange(2), np.arange(3)], object), "dtype": h5py.vlen_dtype(np.int32)},
        {"shape": (2,), "dtype": h5py.ref_dtype},
        {"shape": (2,), "dtype": h5py.regionref_dtype},
        {"data": np.zeros(2, "V5")},
        {"data": np.zeros(2, [("a", [("b", "f8")])])},
        {"data": np.zeros(2, [(f"a{k}", "f8") for k in range(20)])},
        {"data": h5py.Empty("f8")},
    ],
)
def test_only_numbers_and_text_are_read(path, made):
    with h5py.File(path, "r+") as file:
        replaced(file, TIMES, **made)
    refused(path, "expected numbers or text|has no value")


def values(name, made):
    return lambda file: file[name].__setitem__(..., made(file[name][...]))


def attribute(name, key, value):
    return lambda file: file[name].attrs.__setitem__(key, value)


def at(place, value):
    def made(array):
        array[place] = value
        return array

    return made


def progress(key, value):
    def change(file):
        row = file["progress"][0]
        row[key] = value
        file["progress"][0] = row

    return change


def typed(name, dtype):
    return lambda file: replaced(file, name, data=file[name][...].astype(dtype))


def parameter(name, text):
    def change(file):
        made = replaced(file, f"{POPULATION}/parameters/{name}", data=np.bytes_(text))
        made.attrs["name"], made.attrs["encoding"], made.attrs["checksum"] = np.bytes_(name), np.bytes_("json"), 0

    return change


IMPOSSIBLE = [
    attribute("/", "dt", 0.0), attribute("/", "dt", -0.1), attribute("/", "dt", np.nan), attribute("/", "dt", np.inf),
    attribute("/", "dt", [0.1, 0.1]), attribute("/", "dt", np.bytes_("0.1")), attribute("/", "t_start", np.nan),
    attribute("/", "t_start", 1e9), attribute("/", "seed", np.bytes_("seven")), attribute("/", "seed", np.bytes_("-1")),
    attribute("/", "seed", 7), attribute("/", "seed", np.bytes_("9" * 5000)),
    attribute(POPULATION, "size", -5), attribute(POPULATION, "size", 10**12), attribute(POPULATION, "size", 0),
    attribute(POPULATION, "size", 4), attribute(POPULATION, "name", 3), attribute(POPULATION, "dimensions", 2**40),
    attribute(POPULATION, "kinds", np.bytes_("[1]")), attribute(POPULATION, "kinds", np.bytes_("{")),
    attribute(POPULATION, "kinds", np.bytes_("[" * 20_000)),
    attribute(PROJECTION, "n_synapses", -1), attribute(PROJECTION, "source", 1),
    attribute("spikes/input/spike", "index", -1), attribute("spikes/input/spike", "index", 99),
    attribute(f"{SYNAPSES}/post", "length", -7), attribute(f"{SYNAPSES}/post", "length", 10**12),
    attribute(f"{SYNAPSES}/delay", "length", 8),
    progress("t_stop", np.nan), progress("t_stop", 1.0), progress("wall_s", -1.0), progress("synaptic_events", -1),
    progress("counts", -1), progress("counts", 10**12), progress("counts", 60), progress("file_size", 10**12),
    values(TIMES, at(3, np.nan)), values(TIMES, at(0, -np.inf)), values(TIMES, at(-1, np.inf)),
    values(TIMES, lambda x: x[::-1]), values(SAMPLED, at(1, np.nan)), values(SAMPLED, lambda x: x[::-1]),
    values(IDS, at(0, -1)), values(IDS, at(0, 5)), values(IDS, at(0, 2**31 - 1)),
    values("traces/exc%2Flayer 4/V_m/ids", at(0, 5)), values(f"{SYNAPSES}/pre", at(0, 2)),
    values(f"{SYNAPSES}/pre", at(0, -1)), values(f"{SYNAPSES}/delay", at(0, np.nan)),
    values(f"{SYNAPSES}/delay", at(0, -1.0)),
    typed(TIMES, "i8"), typed(IDS, "f8"), typed(IDS, "S4"), typed(f"{SYNAPSES}/weight", "S4"), typed(SAMPLES, "S8"),
    parameter("tau_m", "{"), parameter("tau_m", "[" * 100_000), parameter("tau_m", "9" * 5000),
]  # fmt: skip


def test_what_is_impossible_is_refused_though_its_checksums_are_right(path, whole):
    for change in IMPOSSIBLE:
        path.write_bytes(whole)
        forge(path, change)
        refused(path, "no possible run|broken|truncated")


def test_names_that_are_no_text_are_refused(path):
    with h5py.File(path, "r+") as file:
        file[POPULATION].attrs["name"] = np.bytes_(b"\xff")
    refused(path, "broken")


def test_impossible_runs_are_not_saved_either(tmp_path):
    run = small_run()
    run.spike_data["input", "spike"].ids[:] = 7
    with pytest.raises(RunFileError, match="ids of 'spike' of 'input' are from 7 to 7, expected 0 to 1"):
        save(run, tmp_path / "run.h5")
    assert os.listdir(tmp_path) == []


def test_an_extra_that_is_nested_without_end_is_refused(path):
    def change(file):
        replaced(file, "extra", data=np.bytes_("[" * 100_000)).attrs["checksum"] = 0

    forge(path, change)
    with pytest.raises(RunFileError, match=r"run\.h5: .*nested too deeply"):
        load_extra(path)


@pytest.mark.parametrize("kind", ["fifo", "folder", "socket", "device"])
def test_only_regular_files_are_opened(tmp_path, kind, monkeypatch):
    path = tmp_path / "run.h5"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            monkeypatch.chdir(tmp_path)  # names of sockets are short
            server.bind("run.h5")
    else:
        path = Path("/dev/zero")
    refused(path, "expected a regular file")


def test_a_file_that_claims_gigabytes_is_refused_without_them(path):
    """In a process that may have no more than it needs without the claim."""
    forge(path, attribute(f"{SYNAPSES}/post", "length", 2_000_000_000))
    script = f"""
import resource
from spikelearn.io import load
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
try:
    load({str(path)!r})
except OSError as error:
    print(error)
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert "arrays of shapes" in found.stdout, found.stderr
