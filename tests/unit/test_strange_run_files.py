"""Run files of strangers: nothing else is opened, nothing hangs, and no more is believed than the file holds."""

import io
import os
import re
import socket
import subprocess
import sys
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest
from unit.run_file_forgery import changed_by_hdf5, forge, node_of, rewrite, sealed
from unit.test_run_file import header_of, small_run

from spikelearn.errors import RunFileError
from spikelearn.io import RunWriter, load, load_extra, save
from spikelearn.io.hdf5_file import TreeWriter
from spikelearn.io.hdf5_tree import Node, Stored
from spikelearn.io.run_progress import Extent, row, write_row

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
    changed_by_hdf5(path, lambda file: change(file, secret))
    refused(path, "broken")


@pytest.mark.parametrize(
    "options",
    [{"compression": "gzip"}, {"compression": "lzf"}, {"fletcher32": True}, {"shuffle": True}, {"scaleoffset": 2},
     {"compression": 32015, "allow_unknown_filter": True}],
)  # fmt: skip
def test_nothing_is_unpacked(path, options):
    """A gigabyte of zeros takes a megabyte; a filter can be anybody's code."""
    changed_by_hdf5(path, lambda file: replaced(file, TIMES, shape=(100_000,), dtype="f8", chunks=(1000,), **options))
    refused(path, "broken")


F8 = np.dtype(np.float64)


def with_data(name, data):
    """A change of the tree: the dataset has other data."""

    def change(root):
        parent, _, last = name.rpartition("/")
        group = node_of(root, parent)
        old = group.members[last]
        group.members[last] = Node(old.path, {**old.attributes, "checksum": np.uint32(0)}, data=data)

    return change


@pytest.mark.parametrize(
    "data",
    [
        Stored(F8, (2_000_000_000,), (128,), 1),
        Stored(F8, (2_000_000_000,), (128, 256), 1000),
        Stored(F8, (2_000_000_000,), (128, 256), 500_000_000),
        Stored(F8, (2**31, 2**28), (128,), 1),
        Stored(F8, (2**40, 2**10), (128, 256), 1),
        Stored(np.dtype("S2000000000"), (), (128,), 1),
        Stored(F8, (500,), (128, 256, 512), 100),
        Stored(F8, (500,), (128, 256), 0),
        Stored(F8, (50,), (2**40,), 1),
        Stored(F8, (500,), (128, 2**63), 250),
        Stored(F8, (0, 2**62), (), 1),
        Stored(F8, (1,) * 100, (128,), 1),
    ],
)
def test_sizes_and_places_are_not_believed(path, data):
    rewrite(path, with_data(TIMES, data))
    refused(path, "is said to have|truncated|broken")


def test_all_together_have_no_more_than_the_file(path):
    n = os.path.getsize(path) // 8

    def change(root):
        for k in range(3):
            node_of(root, PROJECTION).add(str(k), data=Stored(F8, (n,), (128,), 1))

    rewrite(path, change)
    refused(path, "is said to have .* more than the file")


def test_a_group_in_the_place_of_data_is_refused(path):
    rewrite(path, lambda root: node_of(root, "spikes/input/spike").members.update(times=Node("/times")))
    refused(path, "/times is a group, expected a dataset")


def test_data_without_a_checksum_are_refused(path):
    def change(root):
        with_data(TIMES, Stored(F8, (50,), (128,), 1))(root)
        del node_of(root, TIMES).attributes["checksum"]

    rewrite(path, change)
    refused(path, "attribute 'checksum' of /spikes/exc%2Flayer 4/spike/times is missing")


def test_groups_in_themselves_and_headers_that_are_used_twice_end(path, whole):
    """Wherever the link to /spikes leads; where it is the header of another group, there are no spikes."""
    link, n_refused = re.search(b"spikes.{8}", whole, re.DOTALL)[0], 0
    for position in range(0, len(whole), 40):
        other = b"spikes" + position.to_bytes(8, "little")
        path.write_bytes(sealed(whole.replace(link, other)))
        try:
            load(path)
        except RunFileError:
            n_refused += 1
    assert n_refused > len(whole) // 40 - 20


def test_the_root_is_no_member_of_a_group(path, whole):
    root = whole[64:72]  # in the superblock
    path.write_bytes(sealed(whole.replace(re.search(b"spikes(.{8})", whole, re.DOTALL)[1], root)))
    refused(path, "/spikes.* is not where it is said to be, or there twice|nested")


def test_long_names_take_no_memory_for_their_paths(path):
    """Ten thousand datasets in four groups with names of 60 kB: paths of all of them would take 2.4 GB."""

    def change(root):
        group = root
        for _ in range(4):
            group = group.add("x" * 60_000)
        for k in range(10_000):
            group.add(str(k), data=np.zeros(1))

    rewrite(path, change)
    tracemalloc.start()
    load(path)
    assert tracemalloc.get_traced_memory()[1] < 20 * os.path.getsize(path)
    tracemalloc.stop()


def unfinished(path):
    """A run that was not written to its end; where its rows of progress begin, and what the last one says."""
    writer = RunWriter(path)
    run = small_run()
    writer.begin(header_of(run))
    events = run.spike_data["exc/layer 4", "spike"]
    writer.spikes("exc/layer 4", "spike", events.times, events.ids)
    writer.flush(run.t_stop)
    content = path.read_bytes()
    writer.close()
    path.write_bytes(content)
    return writer._progress_at, [growing.extent for recording in writer._recordings for growing in recording.growing]


def test_progress_that_is_impossible_is_refused_though_its_checksum_is_right(path):
    at, extents = unfinished(path)
    assert len(load(path).spikes("exc/layer 4").times) == 50
    content, (_, last, checksum) = path.read_bytes(), extents[0]

    def with_row(t_stop, wall_s, extents):
        path.write_bytes(content)
        with io.FileIO(path, "r+") as raw:
            write_row(TreeWriter(raw), at, 99, t_stop, wall_s, extents)

    for first in [
        (50, 0, checksum), (50, 3, checksum), (50, 2**63, checksum), (50, last + 8, checksum), (50, last, 0),
        (49, last, checksum), (0, last, checksum), (8193, last, checksum), (10**12, last, checksum),
        (2**64 - 1, last, checksum),
    ]:  # fmt: skip
        with_row(300.05, 1.0, [Extent(*first), *extents[1:]])
        refused(path, "broken|truncated|damaged|no possible run")
    for t_stop, wall_s in [(np.nan, 1.0), (0.0, 1.0), (300.0, -1.0)]:
        with_row(t_stop, wall_s, extents)
        refused(path, "no possible run")


def test_a_damaged_row_of_progress_is_not_taken_for_one_that_is_being_written(path):
    """The last row is number 2. If number 3 is half written, it does not count."""
    at, extents = unfinished(path)
    content, last = path.read_bytes(), row(2, 300.05, 0.0, extents)
    for position in range(at, at + 8 + len(last)):
        damaged = bytearray(content)
        damaged[position] ^= 1
        path.write_bytes(damaged)
        refused(path, "a checksum of /progress does not match it")
    half, at = row(3, 400.0, 1.0, extents)[:100], at + 8 + len(last)
    path.write_bytes(content[:at] + half + content[at + len(half) :])
    assert load(path).t_stop == 300.05


def test_progress_of_another_size_is_refused(path):
    unfinished(path)
    rewrite(path, lambda root: root.members.update(progress=Node(data=Stored(np.dtype("u1"), (200,), (128,), 1))))
    refused(path, "/progress is not that of 10 datasets")


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
    changed_by_hdf5(path, lambda file: replaced(file, TIMES, **made))
    refused(path, "broken")


def values(name, made):
    return lambda file: file[name].__setitem__(..., made(file[name][...]))


def attribute(name, key, value):
    return lambda file: file[name].attrs.__setitem__(key, value)


def at(place, value):
    def made(array):
        array[place] = value
        return array

    return made


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
    attribute(f"{SYNAPSES}/post", "length", -7), attribute(f"{SYNAPSES}/post", "length", 10**12),
    attribute(f"{SYNAPSES}/delay", "length", 8),
    attribute("/", "t_stop", np.nan), attribute("/", "t_stop", 1.0), attribute("/", "wall_s", -1.0),
    attribute("/", "wall_s", np.nan), attribute("/", "synaptic_events", -1), attribute("/", "interrupted", "yes"),
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
    path.write_bytes(sealed(path.read_bytes().replace(b"exc/layer 4", b"exc/layer \xff")))
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
