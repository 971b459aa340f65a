"""Damaged files for every reader: `python -m property.damaged_files FOLDER FIRST N`.

Number k is damaged in a way that depends only on k. What is read must be what was written, or a SpikelearnError; where
a format has no checksums, or they were made right again, anything that is not a crash. The last line says how many were
refused, and how many read as they were. If the process ends before, FOLDER/number has the number of the file that ended
it.
"""

from __future__ import annotations

import gzip
import json
import resource
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import parquet
from unit.run_file_forgery import with_other_fields
from unit.test_run_file import assert_same, stream

import spikelearn as sl
from spikelearn.engine import checkpoint
from spikelearn.errors import SpikelearnError
from spikelearn.io import RunWriter, load, load_extra, save
from spikelearn.io.run_progress import progress_bytes
from spikelearn.results.run import PopulationInfo, ProjectionInfo, Run, Spikes, Synapses, Trace
from spikelearn.sweep import Store, read_rows
from spikelearn.sweep.point import DONE, Result

LIMIT_S, LIMIT_BYTES = 20, 8 << 30
"""Of one file, and of the process; HDF5, Arrow and Numba take most of this without using it."""


def damaged(whole: bytes, rng: np.random.Generator) -> bytes:
    """Flipped bits, or a range that is cut off, zeroed, set, lost, doubled, moved, made random or put in."""
    found, size = bytearray(whole), len(whole)
    # Most of a streamed file is reserved and empty.
    used = np.flatnonzero(np.frombuffer(whole, np.uint8))
    for _ in range(int(rng.integers(1, 4))):
        at = int(min(rng.choice(used), max(len(found) - 1, 0)))
        n = int(2 ** rng.uniform(0, np.log2(min(size, 4096))))
        block = int(2 ** rng.integers(0, 10)) * 8
        other = int(min(rng.choice(used), size)) // block * block
        kind = rng.integers(11)
        if not found:
            break
        if kind < 4:
            found[at] ^= 1 << int(rng.integers(8))
        elif kind == 4:
            del found[at:]
        elif kind == 5:
            found[at : at + n] = bytes(len(found[at : at + n]))
        elif kind == 6:
            found[at : at + n] = b"\xff" * len(found[at : at + n])
        elif kind == 7:
            del found[at : at + n]
        elif kind == 8:
            found[at:at] = rng.bytes(n)
        elif kind == 9:
            found[at : at + n] = rng.bytes(len(found[at : at + n]))
        else:
            at = at // block * block
            one, two = found[at : at + block], found[other : other + block]
            if len(one) == len(two):
                found[at : at + block], found[other : other + block] = two, one
    return bytes(found)


class Reader(NamedTuple):
    """path: of the file. read: what it holds. checked: whether damage is always found. damage: makes it."""

    path: Path
    read: Callable[[], Any]
    checked: bool = True
    damage: Callable[[bytes, np.random.Generator], bytes] = damaged


def a_run() -> Run:
    rng = np.random.default_rng(1)
    cells = PopulationInfo("a", 5, "lif", {"E_L": -70.0, "V_th": rng.normal(size=5)}, positions=rng.normal(size=(5, 2)))
    synapses = Synapses(np.arange(5, dtype=np.int32), np.zeros(5, np.int32), rng.normal(size=5), np.ones(5))
    return Run(
        0.1, 0.0, 90.0, 7, {"a": cells}, {"p": ProjectionInfo("p", "a", "a", "exc", "spike", 5, "all", "pA")},
        {("a", "spike"): Spikes(np.sort(rng.uniform(0, 90, 60)), rng.integers(0, 5, 60, np.int32))},
        {("a", "V_m"): Trace(np.arange(30.0), rng.normal(size=(30, 2)), np.array([0, 3]), "mV")}, {"p": synapses},
        {"spikelearn": "0"}, False, 0.1, 12,
    )  # fmt: skip


def write_all(folder: Path) -> list[Reader]:
    """One small file for each reader."""
    run, saved, streamed, killed = a_run(), folder / "saved.h5", folder / "streamed.h5", folder / "killed.h5"
    save(run, saved, extra={"rate": 3.5})
    stream(run, RunWriter(streamed))
    # What a process leaves that is killed: a file that is still marked as being written.
    stopped = RunWriter(folder / "stopped.h5")
    end, stopped.end = stopped.end, lambda *given: None  # type: ignore[method-assign]
    stream(run, stopped)
    killed.write_bytes((folder / "stopped.h5").read_bytes())
    end(90.0, False, 0.0, 0)
    progress = stopped._progress_at, progress_bytes(2 * len(stopped._recordings))
    forged = {name: folder / f"forged_{name}.h5" for name in ("saved", "killed", "blocks")}
    counted = folder / "forged_progress.h5"
    forged["saved"].write_bytes(saved.read_bytes())
    for copy in (forged["killed"], counted):
        copy.write_bytes(killed.read_bytes())
    many = Spikes(np.arange(20_000) / 1000, np.arange(20_000, dtype=np.int32) % 5)
    stream(replace(run, spike_data={("a", "spike"): many}), RunWriter(forged["blocks"]))

    store = folder / "store"
    with Store(store, create=True) as made:
        made.describe({"model": "m", "text": "x" * 300})
        for k in range(12):
            made.add([Result(f"{k:024x}", (("x", k),), 0, 7, "s", DONE, {"x": k}, {"y": k / 7}, versions={})])

    def stored() -> Any:
        (store / "sweep.sqlite-journal").unlink(missing_ok=True)
        with Store(store) as opened:
            return opened.meta(), opened.results(), opened.keys(), opened.counts()

    state = folder / "state"
    checkpoint.write(state, {"arrays": {"a": np.arange(50.0)}, "step": 3}, {}, 1.0)

    images, labels = folder / "images", folder / "labels"
    for mnist in (images, labels):
        mnist.mkdir()
        pixels = np.random.default_rng(1).integers(0, 255, 5 * 9).astype(np.uint8)
        whole = bytes([0, 0, 8, 3]) + b"".join(n.to_bytes(4, "big") for n in (5, 3, 3)) + pixels.tobytes()
        (mnist / "t-images-idx3-ubyte.gz").write_bytes(gzip.compress(whole))
        (mnist / "t-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 5, 1, 2, 3, 4, 9]))

    rows = [{"a": k, "b": f"text {k}", "c": k / 7} for k in range(20)]
    tables = {suffix: folder / f"table.{suffix}" for suffix in ("json", "csv", "parquet")}
    tables["json"].write_text(json.dumps(rows))
    tables["csv"].write_text("a,b,c\n" + "\n".join(",".join(map(str, row.values())) for row in rows))
    parquet.write_table(pa.Table.from_pylist(rows), tables["parquet"], write_page_checksum=True)
    return [
        Reader(saved, lambda: (load(saved), load_extra(saved))),
        Reader(streamed, lambda: load(streamed)),
        Reader(killed, lambda: load(killed)),
        Reader(store / "sweep.sqlite", stored),
        Reader(state, lambda: checkpoint.read(state)),
        # Of gzip only the images have a checksum, not the name and time in its header.
        Reader(images / "t-images-idx3-ubyte.gz", lambda: sl.tasks.read_mnist(images)),
        Reader(labels / "t-labels-idx1-ubyte", lambda: sl.tasks.read_mnist(labels), checked=False),
        *(Reader(path, lambda path=path: read_rows(path), checked=False) for path in tables.values()),
        *(Reader(path, lambda path=path: load(path), False, with_other_fields) for path in forged.values()),
        Reader(counted, lambda: load(counted), False, partial(with_other_fields, progress=progress)),
    ]


def main(folder: Path, first: int, n: int) -> None:
    readers = write_all(folder)
    whole, values = [reader.path.read_bytes() for reader in readers], [reader.read() for reader in readers]
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    counts: Counter[str] = Counter()
    for number in range(first, first + n):
        (folder / "number").write_text(str(number))
        which = number % len(readers)
        reader, rng = readers[which], np.random.default_rng(number)
        content = reader.damage(whole[which], rng)
        reader.path.write_bytes(content)
        signal.alarm(LIMIT_S)  # its default ends the process, also within a library that does not return
        try:
            found = reader.read()
        except SpikelearnError as error:
            assert str(reader.path.parent) in str(error), error
            counts[f"{reader.path.name} refused"] += 1
        else:
            signal.alarm(0)
            if reader.checked:
                try:
                    same(found, values[which])
                except AssertionError as error:
                    raise AssertionError(f"{reader.path.name}, number {number}: silently changed") from error
            counts[f"{reader.path.name} read"] += 1
        signal.alarm(0)
    print(json.dumps(counts))


def same(one: Any, other: Any) -> None:
    if isinstance(one, dict) and "arrays" in one:
        one, other = one["arrays"], other["arrays"]
    assert_same(one, other)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
