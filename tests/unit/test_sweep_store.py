"""The store of a sweep: whole results or none, one process or several."""

import os
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from spikelearn.errors import StoreError
from spikelearn.sweep import Store
from spikelearn.sweep.point import DONE, FAILED, Result


def result(key, status=DONE, value=1.0):
    return Result(key, (("x", value),), 0, 7, "abc", status, {"x": value}, {"value": value}, versions={})


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "store", create=True) as found:
        found.begin()
        yield found


def test_a_point_is_written_once(store):
    store.add([result("a"), result("b", FAILED)])
    store.add([result("a", value=2.0)])
    assert store.keys() == {"a", "b"} and store.keys((DONE,)) == {"a"} and store.counts() == {DONE: 1, FAILED: 1}
    assert {each["key"]: each["metrics"]["value"] for each in store.results()} == {"a": 1.0, "b": 1.0}


def test_numbers_come_back_as_they_were(store):
    numbers = {"whole": 3, "third": 1 / 3, "none": None, "infinite": float("inf"), "large": 2**53 + 1, "yes": True}
    store.add([Result("a", (("x", (1, 2)),), 0, 7, "abc", DONE, {}, numbers, versions={})])
    (found,) = store.results()
    assert found["metrics"] == numbers and found["settings"] == [["x", [1, 2]]]
    store.add([result("b", value=float("nan"))])
    assert [str(each["metrics"].get("value")) for each in store.results()][1] == "nan"


def test_two_processes_never_have_the_same_point_and_what_one_gives_back_the_other_gets(store, tmp_path):
    with Store(tmp_path / "store") as other:
        other.begin()
        assert store.claim(["a", "b"]) == (["a", "b"], set())
        assert other.claim(["a", "b", "c"]) == (["c"], set())
        store.add([result("a")])
        assert other.claim(["a", "b"]) == ([], {"a"})
        store.release(["b"])
        assert other.claim(["b"]) == (["b"], set())
        assert store.claim(["b", "c"]) == ([], set())
    assert store.claim(["b", "c"]) == (["b", "c"], set())


def test_what_a_dead_process_was_at_is_given_to_others(store, tmp_path):
    script = (
        "import os, sys\nfrom spikelearn.sweep import Store\nstore = Store(sys.argv[1])\nstore.begin()\n"
        "store.claim(['a'])\nos.kill(os.getpid(), 9)\n"
    )
    found = subprocess.run([sys.executable, "-c", script, str(tmp_path / "store")])
    assert found.returncode == -9
    assert store.claim(["a"]) == (["a"], set())


def test_a_process_on_another_host_is_alive_as_long_as_it_gives_signs(store, tmp_path):
    with Store(tmp_path / "store") as other:
        other.begin()
        other.claim(["a"])
        with closing(sqlite3.connect(tmp_path / "store" / "sweep.sqlite")) as raw, raw:
            raw.execute("UPDATE sessions SET host = 'another' WHERE name = ?", (other.session,))
        assert store.claim(["a"]) == ([], set())
        with closing(sqlite3.connect(tmp_path / "store" / "sweep.sqlite")) as raw, raw:
            raw.execute("UPDATE sessions SET beat = beat - 1000 WHERE name = ?", (other.session,))
        assert store.claim(["a"]) == (["a"], set())


def test_a_store_of_another_version_a_broken_one_and_none_are_reported(tmp_path):
    with pytest.raises(StoreError, match="not the store of a sweep"):
        Store(tmp_path)
    with Store(tmp_path / "newer", create=True) as newer:
        newer.describe({"format": "99"})
    with pytest.raises(
        StoreError, match="newer: this store has format 99, but this version of spikelearn writes format 2"
    ):
        Store(tmp_path / "newer", create=True)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "sweep.sqlite").write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreError, match="it is not a store, or it is damaged"):
        Store(tmp_path / "broken", create=True)
    with closing(sqlite3.connect(tmp_path / "broken" / "other.sqlite")) as raw, raw:
        raw.execute("CREATE TABLE something (x)")
    os.replace(tmp_path / "broken" / "other.sqlite", tmp_path / "broken" / "sweep.sqlite")
    with pytest.raises(StoreError, match="not the database of a sweep"):
        Store(tmp_path / "broken", create=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        Store(tmp_path / "file", create=True)


def test_on_a_full_disk_what_was_written_is_whole_and_the_rest_is_reported(tmp_path):
    """The disk is full where a file may not grow: then no page can be added to the database, nor to its journal."""

    def full():
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    script = (
        "import sys\nsys.path[:0] = sys.argv[2:]\nfrom unit.test_sweep_store import result\n"
        "from spikelearn.sweep import Store\nfrom spikelearn.errors import StoreError\n"
        "store, n = Store(sys.argv[1], create=True), 0\n"
        "try:\n    while True:\n        store.add([result(f'{n:0100}')])\n        n += 1\n"
        "except StoreError as error:\n    print(n)\n    print(error)\n"
    )
    words = [sys.executable, "-c", script, str(tmp_path / "store"), *sys.path]
    found = subprocess.run(words, preexec_fn=full, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    n, error = found.stdout.splitlines()
    assert "sweep.sqlite: " in error and "all results written so far are intact" in error
    with Store(tmp_path / "store") as store:
        assert len(store.keys()) == int(n) > 50
        assert len(store.results()) == int(n)
        store.add([result("new")])
