"""Events of event cameras as spikes: arrays as tonic has them, and small files in the formats of cameras."""

import struct
from pathlib import Path

import numpy as np
import pytest
from tolerances import EXACT

import spikelearn as sl
from spikelearn.errors import DescriptionError, RunFileError
from spikelearn.io import read_events
from spikelearn.io.event_files import EVENT

EVENTS = np.array(
    [(3, 4, 1000, True), (10, 33, 70000, False), (3, 4, 70040, True), (33, 0, 8_300_000, False)], EVENT
)  # fmt: skip


def n_mnist(events, passed=()):
    """Bytes of N-MNIST. passed: before which events 2^13 microseconds are said to have passed."""
    data, late = b"", 0
    for k, (x, y, t, p) in enumerate(events.tolist()):
        for _ in range(passed.count(k) if passed else 0):
            data, late = data + bytes([0, 240, 0, 0, 0]), late + (1 << 13)
        data += bytes([x, y]) + ((int(p) << 23) | (t - late)).to_bytes(3, "big")
    return data


def aedat2(events, camera):
    """Bytes of AEDAT 2.0, with an event of another kind between."""
    head = (
        f"#!AER-DAT2.0\r\n# This is a raw AE data file\r\n# AEChip: eu.seebetter.ini.chips.davis.{camera}\r\n".encode()
    )
    for k, (x, y, t, p) in enumerate(events.tolist()):
        if camera == "DVS128":
            address, other = (127 - y) << 8 | x << 1 | int(p), 1 << 15
        else:
            address, other = (259 - y) << 22 | x << 12 | int(p) << 11, 1 << 31
        head += struct.pack(">II", other, t) * (k == 1) + struct.pack(">II", address, t)
    return head


def aedat3(events):
    """Bytes of AEDAT 3.1: a packet of special events, and two of polarity with an invalid event."""
    data = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DAVIS346\r\n#Start-Time: 2020-01-01\r\n#!END-HEADER\r\n"
    data += struct.pack("<hhiiiiii", 0, 1, 8, 4, 0, 1, 1, 1) + struct.pack("<II", 1, 5)
    for part in (events[:2], events[2:]):
        data += struct.pack("<hhiiiiii", 1, 1, 8, 4, 0, len(part) + 1, len(part) + 1, len(part))
        data += struct.pack("<II", 7 << 17, 9)
        for x, y, t, p in part.tolist():
            data += struct.pack("<II", x << 17 | y << 2 | int(p) << 1 | 1, t)
    return data


def test_files_of_n_mnist_are_read_as_tonic_reads_them(tmp_path):
    path = tmp_path / "00002.bin"
    path.write_bytes(n_mnist(EVENTS))
    EXACT.check(read_events(path)["t"], EVENTS["t"])
    assert np.array_equal(read_events(path), EVENTS)
    path.write_bytes(n_mnist(EVENTS, passed=[1, 1, 3]))
    assert np.array_equal(read_events(path), EVENTS)
    tonic = pytest.importorskip("tonic.io")
    assert np.array_equal(tonic.read_mnist_file(path, dtype=EVENT), EVENTS)


@pytest.mark.parametrize(("camera", "known"), [("DVS128", "dvs128"), ("Davis346blue", "davis346")])
def test_files_of_aedat_2_are_read_by_the_addresses_of_their_camera(camera, known, tmp_path):
    path = tmp_path / "recording.aedat"
    path.write_bytes(aedat2(EVENTS, camera))
    assert np.array_equal(read_events(path), EVENTS)
    text = path.read_bytes().replace(camera.encode(), b"Something")
    path.write_bytes(text)
    with pytest.raises(DescriptionError, match="recording.aedat: its header names no camera .* of dvs128, davis240"):
        read_events(path)
    assert np.array_equal(read_events(path, camera=known), EVENTS)
    tonic = pytest.importorskip("tonic.io")
    version, start, _ = tonic.read_aedat_header_from_file(str(path))
    raw = tonic.get_aer_events_from_file(str(path), version, start)
    EXACT.check(np.delete(raw["timeStamp"], 1), EVENTS["t"])


def test_files_of_aedat_3_have_packets(tmp_path):
    path = tmp_path / "recording.aedat"
    path.write_bytes(aedat3(EVENTS))
    assert np.array_equal(read_events(path), EVENTS)
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(RunFileError, match="recording.aedat: truncated: a packet of 3 events of 8 bytes does not fit"):
        read_events(path)


def test_files_of_aedat_4_are_read_by_their_package():
    """A file that iniVation's dv-processing 2.0.4 wrote, of a DAVIS346."""
    pytest.importorskip("aedat")
    found = read_events(Path(__file__).parent / "event_files" / "davis346.aedat4")
    expected = [(3, 4, 1000, True), (10, 20, 1500, False), (3, 4, 2700, True), (345, 259, 50000, False)]
    assert found.tolist() == expected


def test_events_are_spikes_of_pixels_and_polarities(tmp_path):
    path = tmp_path / "00002.bin"
    path.write_bytes(n_mnist(EVENTS))
    for given, size in ((path, None), (EVENTS, (34, 34, 2)), (str(path), (34, 34, 2))):
        spikes = sl.from_events(given, size)
        EXACT.check(spikes.times, [1.0, 70.0, 70.04, 8300.0])
        image = np.zeros((2, 34, 34))
        np.add.at(image.reshape(-1), spikes.ids, 1.0)
        assert image[1, 4, 3] == 2 and image[0, 33, 10] == 1 and image[0, 0, 33] == 1 and image.sum() == 4
    net = sl.Network(dt=1.0)
    source = net.population(34 * 34 * 2, sl.from_events(path, dt=1.0), name="camera")
    net.record(source)
    EXACT.check(net.run(100.0).spikes(source).times, [1.0, 70.0, 70.0])


def test_events_of_a_pixel_in_one_step_are_one_spike():
    events = np.array([(0, 0, 1010, 1), (0, 0, 1020, 1), (0, 0, 1020, 0), (1, 0, 0, 1)], [(n, int) for n in "xytp"])
    spikes = sl.from_events(events, (2, 1, 2), dt=0.1)
    EXACT.check(spikes.times, [0.1, 1.0, 1.0])
    EXACT.check(spikes.ids, [3, 0, 2])
    merged = sl.from_events(events, (2, 1, 1), dt=0.1)  # one neuron for both polarities
    EXACT.check(merged.ids, [1, 0])


def test_channels_of_sound_are_one_line():
    """As of tonic's SHD, whose sensor_size is (700, 1, 1)."""
    events = np.array([(500, 699, 1), (90, 0, 1)], [("t", int), ("x", int), ("p", int)])
    spikes = sl.from_events(events, (700, 1, 1))
    EXACT.check(spikes.times, [0.09, 0.5])
    EXACT.check(spikes.ids, [0, 699])


def test_the_begin_of_a_recording_can_be_chosen_and_polarities_may_have_a_sign():
    events = np.array([(1, 0, 5_000_000, -1), (0, 0, 5_001_500, 1)], [(n, int) for n in "xytp"])
    spikes = sl.from_events(events, (2, 1, 2), t_start=5000.0)
    EXACT.check(spikes.times, [0.0, 1.5])
    EXACT.check(spikes.ids, [1, 2])
    with pytest.raises(DescriptionError, match="event 0 is at 5000 ms, before t_start, 6000 ms"):
        sl.from_events(events, (2, 1, 2), t_start=6000.0)


def one(**how):
    """An event with a field of another type."""
    columns = {name: np.array([how.get(name, 1)]) for name in "xytp"}
    events = np.zeros(1, [(name, values.dtype) for name, values in columns.items()])
    for name, values in columns.items():
        events[name] = values
    return events


@pytest.mark.parametrize(
    ("events", "size", "words"),
    [
        (np.zeros((3, 4)), (34, 34, 2), "expected a structured array"),
        (EVENTS, None, r"expected \(width, height, polarities\), got None"),
        (EVENTS, (34, 33, 2), "y of event 1 is 33, expected 0 to 32 by sensor_size"),
        (EVENTS[["x", "y", "t"]], (34, 34, 2), "expected a field p"),
        (EVENTS[["x", "t", "p"]], (34, 34, 2), "expected a field y, of which sensor_size has 34"),
        (one(x=1.7), (34, 34, 2), "x of event 0 is 1.7, expected 0 to 33 by sensor_size, whole numbers"),
        (one(x=np.nan), (34, 34, 2), "expected finite numbers as x, got float64"),
        (one(t=np.inf), (34, 34, 2), "expected finite numbers as t, in microseconds, got float64"),
        (one(t=np.timedelta64(3, "ms")), (34, 34, 2), r"numbers as t, in microseconds, got timedelta64\[ms\]"),
        (one(t=3j), (34, 34, 2), "expected finite numbers as t, in microseconds, got complex128"),
        (one(p="on"), (34, 34, 2), "expected finite numbers as p, got <U2"),
        (
            np.array([(0, 0, 1, -1), (0, 0, 1, 0), (0, 0, 1, 1)], [(n, int) for n in "xytp"]),
            (34, 34, 2),
            "p of event 0 is -1",
        ),
    ],
)
def test_bad_events_are_refused_by_name(events, size, words):
    with pytest.raises(DescriptionError, match=words):
        sl.from_events(events, size)


def test_bad_files_are_refused_by_name(tmp_path):
    with pytest.raises(RunFileError, match="missing.bin: there is no such file; expected events of a camera"):
        sl.from_events(tmp_path / "missing.bin")
    (tmp_path / "short.bin").write_bytes(b"1234567")
    with pytest.raises(RunFileError, match="short.bin: expected five bytes for each event, got 7 bytes"):
        sl.from_events(tmp_path / "short.bin")
    (tmp_path / "text.aedat").write_text("text")
    with pytest.raises(RunFileError, match="text.aedat: expected a file of events"):
        sl.from_events(tmp_path / "text.aedat")
    (tmp_path / "outside.aedat").write_bytes(aedat2(np.array([(3, 4, 1, True)], EVENT), "Davis346"))
    text = (tmp_path / "outside.aedat").read_bytes()[:-8] + struct.pack(">II", 500 << 12, 1)
    (tmp_path / "outside.aedat").write_bytes(text)
    with pytest.raises(RunFileError, match="event 0 is at 500, 0, outside the 346 x 260 of davis346"):
        sl.from_events(tmp_path / "outside.aedat")


def test_a_first_event_that_begins_like_a_comment_is_an_event(tmp_path):
    """Row 119 of a DAVIS346 has addresses whose first byte is that of #."""
    events = np.array([(3, 119, 1, True), (0, 0, 10, False), (5, 119, 20, True)], EVENT)
    data = aedat2(events, "Davis346")
    assert b"\r\n#" in data[data.rindex(b"Davis346") :]
    (tmp_path / "row.aedat").write_bytes(data)
    assert read_events(tmp_path / "row.aedat").tolist() == events.tolist()


def test_times_of_32_bits_go_on_after_71_minutes(tmp_path):
    """A recording of AEDAT 2.0 whose times begin anew; small steps back, as cameras have them, are no new beginning."""
    at = [(1 << 32) - 20, (1 << 32) - 10, (1 << 32) - 12, 5, 7]
    data = aedat2(np.array([(1, 2, 0, True)], EVENT), "DVS128")[:-8]
    data += b"".join(struct.pack(">II", 1, t) for t in at)
    (tmp_path / "long.aedat").write_bytes(data)
    times = read_events(tmp_path / "long.aedat")["t"].tolist()
    assert times == [*at[:3], (1 << 32) + 5, (1 << 32) + 7]


@pytest.mark.parametrize("size", [4, 16])
def test_events_of_aedat_3_of_another_size_are_no_events_of_polarity(size, tmp_path):
    data = aedat3(EVENTS[:0]) + struct.pack("<hhiiiiii", 1, 1, size, 4, 0, 1, 1, 1) + bytes(size)
    (tmp_path / "other.aedat").write_bytes(data)
    with pytest.raises(RunFileError, match=f"other.aedat: expected events of polarity of 8 bytes, got {size}"):
        read_events(tmp_path / "other.aedat")


def test_a_damaged_file_of_aedat_4_is_refused_whatever_its_package_does(tmp_path, monkeypatch):
    """aedat 2.3.0 panics, which is no Exception of Python, if a bit of the header is another."""
    aedat = pytest.importorskip("aedat")

    class PanicException(BaseException):
        pass

    def panics(*_):
        raise PanicException("not a char boundary")

    monkeypatch.setattr(aedat, "Decoder", panics)
    (tmp_path / "flipped.aedat4").write_bytes(b"#!AER-DAT4.0\r\n")
    with pytest.raises(RunFileError, match="flipped.aedat4: damaged, cannot be read as AEDAT 4: not a char"):
        read_events(tmp_path / "flipped.aedat4")
