"""Events of event cameras as spikes: structured arrays, as tonic has them, and files of cameras.

An event has a place, x and y in pixels from the upper left corner, a time in microseconds and a polarity, 1 where light
has become brighter. Formats: N-MNIST and N-Caltech101 (Orchard et al. 2015, Front. Neurosci. 9:437), AEDAT 2.0, 3.1 and
4, as iniVation documents them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from spikelearn.errors import DescriptionError, RunFileError
from spikelearn.extras import needed
from spikelearn.io.hdf5_file import explained
from spikelearn.results.recorded_data import Spikes
from spikelearn.sources import SpikeList
from spikelearn.units import Quantity
from spikelearn.values import one_number, whole_number, word
from spikelearn.values import path as checked_path

EVENT = np.dtype([("x", np.int16), ("y", np.int16), ("t", np.int64), ("p", np.bool_)])
"""An event, as tonic has them. t: microseconds."""

CAMERAS = {
    "dvs128": (128, 128, 2), "davis240": (240, 180, 2), "davis346": (346, 260, 2), "davis640": (640, 480, 2),
    "n-mnist": (34, 34, 2),
}  # fmt: skip
"""Camera -> width and height in pixels, and number of polarities."""


def from_events(
    events: Any, sensor_size: Any = None, dt: Quantity | None = None, t_start: Quantity = 0.0, camera: str | None = None
) -> SpikeList:
    """Events of an event camera as spikes, one neuron for each pixel and polarity.

    The neuron of an event is (p * height + y) * width + x, so that `np.reshape(..., (polarities, height, width))` of
    what neurons have is an image; a population has width * height * polarities of them.

    events: a structured array with the fields x, y, t (microseconds) and p, or without y for one line of channels, as
    datasets of tonic have them; or the path of a file that `spikelearn.io.read_events` reads.
    sensor_size: (width, height, polarities), as tonic's datasets say it; with one polarity, p does not count. By
    default that of the camera. dt: ms; times become the nearest multiples of it, at least dt, and events of a neuron in
    the same step one spike. None: times as they are, for engine="events". t_start: ms, the time of the recording that
    is 0 ms here; earlier events are an error. camera: as for `read_events`.
    Raises DescriptionError, naming the event, or RunFileError, naming the file.

    >>> events = np.array([(3, 1, 1500, 1)], [("x", int), ("y", int), ("t", int), ("p", int)])
    >>> spikes = from_events(events, (34, 34, 2), dt=0.1)
    >>> spikes.times.tolist(), spikes.ids.tolist()
    ([1.5], [1193])
    """
    if isinstance(events, str | Path):
        path = checked_path(events, "events of from_events")
        if camera is None:
            camera = _camera(path, _header(path))
        events = read_events(path, camera)
        sensor_size = CAMERAS.get(camera or "") if sensor_size is None else sensor_size
    names = getattr(getattr(events, "dtype", None), "names", None) or ()
    if not {"x", "t"} <= set(names) or events.ndim != 1:
        raise DescriptionError(
            "events of from_events: expected a structured array (n,) with the fields x, y, t and p, or the path of a "
            f"file, got {events!r:.200}"
        )
    for name in {"x", "y", "t", "p"} & set(names):
        if events.dtype[name].kind not in "biuf" or not np.isfinite(events[name]).all():
            raise DescriptionError(
                f"events of from_events: expected finite numbers as {name}{', in microseconds' * (name == 't')}, got "
                f"{events.dtype[name]}, first {events[name][:1]}"
            )
    if sensor_size is None or np.shape(sensor_size) != (3,):
        raise DescriptionError(
            f"sensor_size of from_events: expected (width, height, polarities), got {sensor_size!r:.200}"
        )
    width, height, polarities = (whole_number(each, "sensor_size of from_events", 1) for each in sensor_size)
    x, y = (_field(events, names, name, most) for name, most in (("x", width), ("y", height)))
    p = _field(events, names, "p", polarities) if polarities > 1 else 0
    begin = one_number(t_start, "ms", "t_start of from_events")
    times = events["t"].astype(np.float64) / 1e3 - begin
    if len(times) and times.min() < 0:
        first = int(np.argmin(times))
        raise DescriptionError(
            f"events of from_events: event {first} is at {events['t'][first] / 1e3:g} ms, before t_start, {begin:g} ms"
        )
    order = np.argsort(times, kind="stable")
    spikes = Spikes(times[order], ((p * height + y) * width + x)[order])
    if dt is not None:
        spikes = spikes.rounded(dt)
        pairs = np.unique(np.stack([spikes.times, spikes.ids]), axis=1)
        spikes = Spikes(pairs[0], pairs[1].astype(np.int64))
    return SpikeList(spikes.times, spikes.ids)


def read_events(path: Any, camera: str | None = None) -> np.ndarray:
    """The events of a file, (n,) with the fields x, y (from the upper left), t (microseconds) and p, in their order.

    Files: .bin of N-MNIST and N-Caltech101, .aedat of versions 2.0 and 3.1, and .aedat4, for which the package aedat is
    needed. camera: of a file of AEDAT 2.0, whose addresses depend on it: one of CAMERAS; by default that of its header.
    Events of other kinds than polarity, frames and samples of accelerometers, are left out.
    Raises RunFileError, naming the file, for what is none of these.

    >>> from pathlib import Path
    >>> size = Path("00002.bin").write_bytes(bytes([3, 5, 128, 0, 10]))  # of N-MNIST: x, y, p and time
    >>> read_events("00002.bin").tolist()
    [(3, 5, 10, True)]
    """
    where = checked_path(path, "path of read_events")
    header = _header(where)
    if where.suffix == ".bin":
        return _events_of_bin(where)
    if where.suffix == ".aedat4" or header.startswith(b"#!AER-DAT4"):
        return _events_of_aedat4(where)
    with explained(where, "cannot be read"):
        data = where.read_bytes()
    if header.startswith(b"#!AER-DAT2.0"):
        known = _camera(where, header) if camera is None else word(camera, tuple(CAMERAS), "camera of read_events")
        if known is None:
            cameras = ", ".join(name for name in CAMERAS if name != "n-mnist")
            raise DescriptionError(f"{where}: its header names no camera that is known; expected camera= of {cameras}")
        return _events_of_aedat2(where, data[len(header) :], known)
    if header.startswith(b"#!AER-DAT3.1"):
        return _events_of_aedat3(where, data[len(header) :])
    raise RunFileError(f"{where}: expected a file of events: .bin of N-MNIST, AEDAT 2.0 or 3.1, or .aedat4")


def _field(events: np.ndarray, names: Any, name: str, n: int) -> np.ndarray:
    """A field as int64, of which each is from 0 to n - 1. y is 0 if there is none; polarities may be -1 and 1."""
    if name not in names:
        if n > 1:
            raise DescriptionError(f"events of from_events: expected a field {name}, of which sensor_size has {n}")
        return np.zeros(len(events), np.int64)
    values = events[name]
    if name == "p" and np.isin(values, (-1, 1)).all():
        values = np.where(values == -1, 0, values)
    whole = values.astype(np.int64)
    wrong = (values != whole) | (whole < 0) | (whole >= n)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise DescriptionError(
            f"events of from_events: {name} of event {first} is {events[name][first]}, expected 0 to {n - 1} by "
            "sensor_size, whole numbers"
        )
    return whole


def _header(path: Path) -> bytes:
    """The lines of text at the begin that start with #, up to the one that ends them, if there is one."""
    if not path.is_file():
        raise RunFileError(f"{path}: there is no such file; expected events of a camera")
    lines = []
    with explained(path, "cannot be read"), open(path, "rb") as file:
        while file.peek(1)[:1] == b"#":
            line = file.readline()
            if not (line.endswith(b"\n") and re.fullmatch(rb"[\t\r\n\x20-\xff]*", line)):
                break  # events, of which the first byte may be that of #
            lines.append(line)
            if line.startswith((b"#!END-HEADER", b"#End Of ASCII Header")):
                break
    return b"".join(lines)


def _camera(path: Path, header: bytes) -> str | None:
    """The camera of a file: of what its header says, or by its format."""
    if path.suffix == ".bin":
        return "n-mnist"
    said = re.search(rb"(?im)^#\s*(?:AEChip|Source \d+|HardwareInterface):.*?(DVS128|DAVIS_?(?:240|346|640))", header)
    return None if said is None else said[1].decode().lower().replace("_", "")


def _events_of_bin(path: Path) -> np.ndarray:
    """Five bytes an event: x, y, and 24 bits, polarity first; y = 240 says that 2^13 microseconds have passed."""
    with explained(path, "cannot be read"):
        data = np.fromfile(path, np.uint8).astype(np.int64)
    if len(data) % 5:
        raise RunFileError(f"{path}: expected five bytes for each event, got {len(data)} bytes")
    x, y, high, middle, low = data.reshape(-1, 5).T
    passed = y == 240
    times = ((high & 127) << 16) + (middle << 8) + low + (np.cumsum(passed) << 13)
    return _array(x, y, times, high >> 7)[~passed]


def _events_of_aedat2(path: Path, data: bytes, camera: str) -> np.ndarray:
    """Pairs of an address and a time, both big-endian; y is counted from the lower edge."""
    if len(data) % 8:
        raise RunFileError(f"{path}: expected eight bytes for each event after the header, got {len(data)} bytes")
    address, times = np.frombuffer(data, ">u4").astype(np.int64).reshape(-1, 2).T
    times = times + (np.cumsum(np.diff(times, prepend=times[:1]) < -(1 << 31)) << 32)  # of 32 bits, which is 71 minutes
    width, height, _ = CAMERAS[camera]
    if camera == "dvs128":
        polar = address & (1 << 15) == 0
        x, y, p = (address >> 1) & 127, (address >> 8) & 127, address & 1
    else:
        polar = address & (1 << 31 | 1 << 10) == 0
        x, y, p = (address >> 12) & 1023, (address >> 22) & 511, (address >> 11) & 1
    outside = polar & ((x >= width) | (y >= height))
    if outside.any():
        first = int(np.argmax(outside))
        at = f"{x[first]}, {y[first]}"
        raise RunFileError(f"{path}: event {first} is at {at}, outside the {width} x {height} of {camera}")
    return _array(x, height - 1 - y, times, p)[polar]


def _events_of_aedat3(path: Path, data: bytes) -> np.ndarray:
    """Packets of events of one type, little-endian; of those of polarity (type 1) the ones that are valid."""
    parts, at = [], 0
    while at < len(data):
        if at + 28 > len(data):
            raise RunFileError(f"{path}: truncated within the header of a packet")
        kind, _ = np.frombuffer(data, "<i2", 2, at)
        size, _, overflow, _, number, _ = (int(each) for each in np.frombuffer(data, "<i4", 6, at + 4))
        if kind == 1 and number and size != 8:
            raise RunFileError(f"{path}: expected events of polarity of 8 bytes, got {size}")
        if size < 0 or number < 0 or at + 28 + size * number > len(data):
            raise RunFileError(f"{path}: truncated: a packet of {number} events of {size} bytes does not fit")
        if kind == 1 and number:
            words, times = np.frombuffer(data, "<u4", 2 * number, at + 28).astype(np.int64).reshape(-1, 2).T
            found = _array(words >> 17, (words >> 2) & 0x7FFF, times + (overflow << 31), (words >> 1) & 1)
            parts.append(found[words & 1 == 1])
        at += 28 + size * number
    return np.concatenate([np.zeros(0, EVENT), *parts])


def _events_of_aedat4(path: Path) -> np.ndarray:
    """Read by the package aedat; of the first stream of events."""
    aedat = needed("aedat", "files of AEDAT 4", "events")
    try:
        with explained(path, "cannot be read as AEDAT 4"):
            decoder = aedat.Decoder(str(path))
            streams = [number for number, stream in decoder.id_to_stream().items() if stream["type"] == "events"]
            if not streams:
                raise RunFileError(f"{path}: there is no stream of events in it")
            parts = [packet["events"] for packet in decoder if packet["stream_id"] == min(streams)]
    except BaseException as error:  # a panic of Rust is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise RunFileError(f"{path}: damaged, cannot be read as AEDAT 4: {error}") from None
    found = [_array(*(part[name] for name in ("x", "y", "t", "on"))) for part in parts]
    return np.concatenate([np.zeros(0, EVENT), *found])


def _array(x: Any, y: Any, t: Any, p: Any) -> np.ndarray:
    found = np.empty(len(t), EVENT)
    for name, values in zip("xytp", (x, y, t, p), strict=True):
        found[name] = values
    return found
