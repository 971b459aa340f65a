"""The store of a sweep: whole results or none, one process or several."""

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from spikelearn.errors import StoreError
from spikelearn.sweep import Store
from spikelearn.sweep.point import DONE, FAILED, Result
from spikelearn.sweep.session import remove
from spikelearn.sweep.table import write_table


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


@pytest.mark.parametrize("clock", [0.0, 1e9, -1e9])
def test_a_process_on_another_host_is_alive_as_long_as_its_beats_are_counted(store, tmp_path, monkeypatch, clock):
    """Whatever its clock says: 1e9 s is thirty years."""
    now = [0.0]
    monkeypatch.setattr("spikelearn.sweep.store.time.monotonic", lambda: now[0])
    monkeypatch.setattr("spikelearn.sweep.store.time.time", lambda: clock)
    with Store(tmp_path / "store") as other:
        with monkeypatch.context() as elsewhere:
            elsewhere.setattr("spikelearn.sweep.store.process_table", lambda: "another")
            other.begin()
        other.claim(["a"])
        for _ in range(5):
            assert store.claim(["a"]) == ([], set()) and sum(store.held_by_others().values()) == 1
            now[0] += 100.0
            other.sign_of_life()
        assert store.claim(["a"]) == ([], set())
        now[0] += 119.0
        assert store.claim(["a"]) == ([], set())
        now[0] += 2.0
        assert store.claim(["a"]) == (["a"], set()) and store.held_by_others() == {}


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare")
def test_containers_with_one_host_name_do_not_take_each_other_for_dead(store, tmp_path):
    """In a process namespace of its own no process of the other is seen."""
    script = f"from spikelearn.sweep import Store\nwith Store({str(tmp_path / 'store')!r}) as other:\n"
    script += "    other.begin()\n    print(other.claim(['a', 'b'])[0])"
    store.claim(["a"])
    command = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", script]
    found = subprocess.run(command, capture_output=True, text=True)
    if "Operation not permitted" in found.stderr:
        pytest.skip("unshare is not permitted here")
    assert found.stdout == "['b']\n", found.stderr


def test_a_store_that_is_deleted_while_it_is_written_is_said_to_be_lost(store, tmp_path):
    store.add([result("a")])
    shutil.rmtree(tmp_path / "store")
    with pytest.raises(StoreError, match="was deleted or replaced while it was in use, and the results in it with it"):
        store.add([result("b")])


def test_a_fresh_start_removes_what_a_sweep_wrote_and_nothing_else(store, tmp_path):
    folder, run = tmp_path / "store", "0123456789abcdef01234567.h5"
    store.add([result("a")])
    write_table(store)
    (folder / "runs").mkdir()
    for name in (run, f".{run}.partial", "mine.txt", "mine.h5", "0123.h5"):
        (folder / "runs" / name).write_text("x")
    (folder / "mine.txt").write_text("x")
    store.close()
    remove(folder)
    assert sorted(os.listdir(folder)) == ["mine.txt", "runs"]
    assert sorted(os.listdir(folder / "runs")) == ["0123.h5", "mine.h5", "mine.txt"]


@pytest.mark.parametrize("name", ["results.parquet", "sweep.sqlite"])
def test_a_fresh_start_stops_before_it_removes_anything_if_a_name_is_taken_by_a_file_of_others(store, tmp_path, name):
    folder = tmp_path / "store"
    store.add([result("a")])
    write_table(store)
    store.close()
    (folder / name).write_bytes(b"something else")
    before = sorted(os.listdir(folder))
    with pytest.raises(StoreError, match=name):
        remove(folder)
    assert sorted(os.listdir(folder)) == before and (folder / name).read_bytes() == b"something else"


def test_a_damaged_store_can_be_removed(store, tmp_path):
    path = tmp_path / "store" / "sweep.sqlite"
    store.add([result("a")])
    store.close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"damaged!" * ((len(content) - 4096) // 8))
    remove(tmp_path / "store")
    assert os.listdir(tmp_path / "store") == []


def test_a_store_of_another_version_a_broken_one_and_none_are_reported(tmp_path):
    with pytest.raises(StoreError, match="not the store of a sweep"):
        Store(tmp_path)
    with Store(tmp_path / "newer", create=True) as newer:
        newer.describe({"format": "99"})
    with pytest.raises(
        StoreError, match="newer: this store has format 99, but this version of spikelearn writes format 3"
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
