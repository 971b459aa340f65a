"""Tables, measurements and checkpoints that come from anywhere: a clear error that names the file."""

import json
import os
import struct
from hashlib import blake2b

import pyarrow as pa
import pytest
from pyarrow import parquet

import spikelearn as sl
from spikelearn.engine import checkpoint
from spikelearn.errors import CheckpointError, ExperimentError
from spikelearn.sweep import read_rows
from spikelearn.sweep.reproduction import kept_jobs

DEEP = "[" * 200_000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", DEEP), ("a.json", "[" + '{"a":' * 200_000), ("a.json", "{"), ("a.json", ""), ("a.json", "[3]"),
        ("a.json", '"text"'), ("a.json", "[{}]"), ("a.json", '[{"a": ' + "9" * 5000 + "}]"), ("a.csv", ""),
        ("a.csv", "a,b\n1"), ("a.csv", "a,b\n1,2,3"), ("a.csv", "a,a\n1,2"), ("a.csv", "a\n" + "1" * 200_000),
        ("a.csv", '"a\n1'), ("a.parquet", ""), ("a.parquet", "PAR1" + "x" * 50 + "PAR1"), ("a.txt", "a\n1"),
    ],
)  # fmt: skip
def test_tables_that_are_none_are_refused(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(ExperimentError, match=name):
        read_rows(tmp_path / name)


@pytest.mark.parametrize("name", ["a.json", "a.csv", "a.parquet"])
def test_tables_of_bytes_that_are_no_text_and_what_is_no_file_are_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(ExperimentError, match=name):
        read_rows(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ExperimentError, match="a FIFO, expected a regular file"):
        read_rows(path)


def test_a_small_file_of_a_large_table_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("spikelearn.sweep.design._MOST_BYTES", 15_000_000)
    path = tmp_path / "a.parquet"
    values = pa.DictionaryArray.from_arrays(pa.array(bytes(2000), pa.int8()), pa.array(["x" * 10_000]))
    parquet.write_table(pa.table({"a": values}), path)
    assert path.stat().st_size < 100_000
    with pytest.raises(ExperimentError, match=r"a\.parquet.*its rows take more than 15,000,000 bytes"):
        read_rows(path)
    parquet.write_table(pa.table({str(k): pa.nulls(600_000) for k in range(20)}), path)
    with pytest.raises(ExperimentError, match=r"a\.parquet.*expected at most 10,000,000 values"):
        read_rows(path)


GOOD = {"model": "m", "settings": {}, "quick": True, "seeds": {"1": {"metrics": {}}}}


@pytest.mark.parametrize(
    "content",
    [DEEP, "", "[]", "3", *(json.dumps(GOOD | {name: [3]}) for name in GOOD), json.dumps(GOOD | {"seeds": {"x": {}}}),
     json.dumps(GOOD | {"seeds": {"1": {}}}), *(json.dumps({k: GOOD[k] for k in GOOD if k != name}) for name in GOOD)],
)  # fmt: skip
def test_measurements_that_are_none_are_refused(tmp_path, content):
    path = tmp_path / "results" / "measured" / "m.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(GOOD))
    assert len(kept_jobs(tmp_path)) == 1
    path.write_text(content)
    with pytest.raises(ExperimentError, match=r"m\.json: no measurements can be read"):
        kept_jobs(tmp_path)


@pytest.mark.parametrize(
    "content",
    [{}, {"network": {}}, {"network": {}, "arrays": {}, "step": 0, "run": None}, {"network": 3}, [], None, 3],
)
def test_a_checkpoint_of_something_else_is_refused(tmp_path, content, monkeypatch):
    monkeypatch.setattr(checkpoint, "dict", lambda given: given, raising=False)
    checkpoint.write(tmp_path / "state", content, {}, 0.0)
    with pytest.raises(CheckpointError, match="state: intact, but what it holds is no network"):
        sl.Network.restore(tmp_path / "state")


@pytest.mark.parametrize(
    "header",
    [DEEP, "", "[]", "3", '{"sizes": []}', '{"sizes": [0]}', '{"sizes": [-1]}', '{"sizes": "a"}', '{"sizes": [1e99]}',
     '{"sizes": [0], "versions": 3, "kernels": ""}', '{"sizes": [0], "versions": {}}'],
)  # fmt: skip
def test_a_header_of_a_checkpoint_that_is_none_is_refused_though_its_checksum_is_right(tmp_path, header):
    text = header.encode()
    start = struct.pack("<16sIQI", b"spikelearn-state", checkpoint.FORMAT, 32 + len(text) + 32, len(text)) + text
    (tmp_path / "state").write_bytes(start + blake2b(start, digest_size=32).digest())
    with pytest.raises(CheckpointError, match="state: damaged"):
        sl.Network.restore(tmp_path / "state")


def test_a_checkpoint_that_is_a_fifo_is_refused(tmp_path):
    os.mkfifo(tmp_path / "state")
    with pytest.raises(CheckpointError, match="state.*a FIFO, expected a regular file"):
        sl.Network.restore(tmp_path / "state")
