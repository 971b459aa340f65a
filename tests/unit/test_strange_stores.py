"""Stores of sweeps that are damaged, or come from strangers."""

import itertools
import os
import sqlite3
import struct
from contextlib import closing

import pytest

from spikelearn.errors import StoreError
from spikelearn.sweep import Store
from spikelearn.sweep.point import DONE, FAILED, Result
from spikelearn.sweep.store_rows import COLUMNS, checksum
from spikelearn.sweep.table import read_table


def result(key, status=DONE, value=1.0):
    return Result(
        key, (("x", value),), 0, 7, "abc", status, {"x": value}, {"value": value}, versions={"numpy": "2"},
        wall_s=0.1, run_file=f"{key}.h5",
    )  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    with Store(folder, create=True) as store:
        store.describe({"model": "m", "units": "{}", "quick": "False"})
        store.add([result(f"k{k}", FAILED if k == 3 else DONE, float(k)) for k in range(8)])
        store.forget(["k5"])
    return (folder / "sweep.sqlite").read_bytes()


@pytest.fixture
def folder(tmp_path, whole):
    (tmp_path / "sweep.sqlite").write_bytes(whole)
    return tmp_path


def changed(folder, *statements):
    with closing(sqlite3.connect(folder / "sweep.sqlite")) as raw, raw:
        for statement in statements:
            raw.execute(*statement) if isinstance(statement, tuple) else raw.execute(statement)


def forged(folder, column, value):
    """A value in a point, with the right checksums."""
    with closing(sqlite3.connect(folder / "sweep.sqlite")) as raw, raw:
        raw.execute(f"UPDATE points SET {column} = ? WHERE key = 'k2'", (value,))
        rows = raw.execute(f"SELECT {', '.join(COLUMNS)} FROM points").fetchall()
        for row in rows:
            raw.execute("UPDATE points SET checksum = ? WHERE key = ?", (checksum(row), row[0]))
        (text,) = raw.execute("SELECT value FROM meta WHERE name = 'checksum'").fetchone()
        text = f"{len(rows)} {sum(map(checksum, rows))} {text.split()[2]}"
        raw.execute("UPDATE meta SET value = ? WHERE name = 'checksum'", (text,))


def refused(folder, match):
    for read in (Store.results, Store.keys, Store.counts, Store.sources):
        with pytest.raises(StoreError, match=match) as caught, Store(folder) as store:
            read(store)
            store.results()
        assert str(folder) in str(caught.value)


def test_a_store_that_is_whole_is_read(folder):
    with Store(folder) as store:
        assert [found["key"] for found in store.results()] == ["k0", "k1", "k2", "k3", "k4", "k6", "k7"]
        assert store.keys((FAILED,)) == {"k3"} and store.results()[1]["peak_mb"] is None
        store.add([result("k5"), result("k6", value=9.0)])
    assert read_table(folder).num_rows == 8


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE points SET status = 'done' WHERE key = 'k3'", "UPDATE points SET wall_s = 0.2 WHERE key = 'k1'",
        "UPDATE points SET metrics = '{\"value\":2}' WHERE key = 'k1'", "UPDATE points SET error = 'x'",
        "UPDATE points SET key = 'k9' WHERE key = 'k1'", "DELETE FROM points WHERE key = 'k1'",
        "UPDATE points SET checksum = 1 WHERE key = 'k1'", "UPDATE meta SET value = 'n' WHERE name = 'model'",
        "UPDATE meta SET name = 'n' WHERE name = 'model'", "DELETE FROM meta WHERE name = 'units'",
        "DELETE FROM meta WHERE name = 'checksum'", "UPDATE meta SET value = 'x y z' WHERE name = 'checksum'",
        "UPDATE points SET host = x'ff' WHERE key = 'k1'", "UPDATE points SET host = CAST(x'ff' AS TEXT)",
        "UPDATE meta SET value = x'ff' WHERE name = 'model'", "INSERT INTO points (key) VALUES ('k9')",
    ],
)  # fmt: skip
def test_what_was_changed_is_reported(folder, statement):
    changed(folder, statement)
    refused(folder, "damaged|broken")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("run_file", "../../x.h5"), ("run_file", "/etc/passwd"), ("run_file", "k1.h5"), ("run_file", None),
        ("settings", "{"), ("settings", "[" * 200_000), ("settings", "3"), ("settings", "[[1, 2]]"),
        ("settings", "[],[]"),
        ("settings", b"[]"), ("parameters", "[]"), ("metrics", "null"), ("metrics", "3"), ("status", "better"),
        ("status", 3), ("replicate", "x"), ("replicate", 0.5), ("seed", None), ("wall_s", "x"), ("versions", "[]"),
        ("versions", "{"), ("versions", None), ("error", 5), ("metrics", '{"a": ' + "9" * 5000 + "}"),
    ],
)  # fmt: skip
def test_what_is_impossible_is_refused_though_its_checksums_are_right(folder, column, value):
    forged(folder, column, value)
    with pytest.raises(StoreError, match="sweep.sqlite"), Store(folder) as store:
        store.results()


def test_a_key_is_no_path(folder):
    forged(folder, "run_file", "../x.h5")
    forged(folder, "key", "../x")
    with pytest.raises(StoreError, match=r"the run of point '\.\./x'"), Store(folder) as store:
        store.results()


ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x, x FROM n"


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE VIEW more AS SELECT 1"], ["CREATE TABLE more (x)"], ["CREATE INDEX more ON points (status)"],
        ["CREATE TRIGGER more AFTER INSERT ON points BEGIN DELETE FROM points; END"],
        ["DROP TABLE meta", f"CREATE VIEW meta(name, value) AS {ENDLESS}"],
        ["DROP TABLE points", f"CREATE VIEW points(key, status) AS {ENDLESS}"],
        ["DROP TABLE claims"], ["ALTER TABLE points ADD COLUMN more"],
        ["DROP TABLE sessions", "CREATE VIRTUAL TABLE sessions USING fts5(name)"],
    ],
)  # fmt: skip
def test_nothing_but_tables_of_a_sweep_is_accepted(folder, statements):
    changed(folder, *statements)
    with pytest.raises(StoreError, match="not the database of a sweep"):
        Store(folder)


def test_pages_that_are_used_twice_are_found_before_they_are_followed(folder, whole):
    """Ten levels of pages that lead twenty times to the next have 20 ** 10 leaves."""
    with closing(sqlite3.connect(folder / "sweep.sqlite")) as raw:
        (root,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'points'").fetchone()
    n_pages, n_levels, size = len(whole) // 4096, 10, 4096
    pages = [root, *range(n_pages + 1, n_pages + n_levels + 1)]
    damaged = bytearray(whole) + bytes(size * n_levels)
    damaged[(pages[-1] - 1) * size : pages[-1] * size] = whole[(root - 1) * size : root * size]
    for page, below in itertools.pairwise(pages):
        cells = [struct.pack(">IB", below, k + 1) for k in range(20)]
        starts = [size - 5 * (k + 1) for k in range(20)]
        content = bytearray(struct.pack(">BHHHBI", 5, 0, 20, starts[-1], 0, below) + struct.pack(">20H", *starts))
        content += bytes(size - len(content))
        for start, cell in zip(starts, cells, strict=True):
            content[start : start + 5] = cell
        damaged[(page - 1) * size : page * size] = content
    damaged[28:32] = struct.pack(">I", n_pages + n_levels)
    (folder / "sweep.sqlite").write_bytes(damaged)
    refused(folder, "damaged")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_only_a_regular_file_is_opened(tmp_path, make):
    make(tmp_path / "sweep.sqlite")
    for create in (True, False):
        with pytest.raises(StoreError, match="expected a regular file"):
            Store(tmp_path, create=create)


def test_metadata_that_are_not_json_are_refused(folder):
    for text in ("{", "[]", "[" * 200_000):
        with Store(folder) as store:
            store.describe({"units": text})
        with pytest.raises(StoreError, match="its units cannot be read"):
            read_table(folder)


def test_damage_that_sqlite_cannot_describe_is_reported(folder, whole):
    """Its message has the name of a table that is no text."""
    (folder / "sweep.sqlite").write_bytes(whole.replace(b"CREATE TABLE claims", b"CREATE TABLE \xff\xa9aims"))
    refused(folder, "damaged|not the database")


def test_an_index_that_lacks_points_is_reported(folder):
    """Keys are looked up in it, so points would be computed again."""
    changed(
        folder, "PRAGMA writable_schema = 1",
        "UPDATE sqlite_master SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name LIKE '%autoindex_meta%') "
        "WHERE name LIKE '%autoindex_points%'",
    )  # fmt: skip
    refused(folder, "damaged")
