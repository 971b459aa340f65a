"""Machine code is run only if this user wrote it, for the very thing it is wanted for."""

import os
import stat
import warnings
from pathlib import Path

import numba
import numpy as np
import pytest

from spikelearn.codegen import cache_folder, jit, modules, object_cache
from spikelearn.codegen.modules import Kernel, compiled_anew
from spikelearn.errors import ParameterError

needs_compiler = pytest.mark.skipif(jit.JIT_DISABLED, reason="nothing is compiled")
needs_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
NAME = "spikelearn_module_0.code"
NOBODY = 65534
TEXT = """from spikelearn.codegen.jit import kernel


@kernel
def function(step, x):
    x[0] = step
"""


@pytest.fixture(scope="module")
def compiled():
    """Two C functions of equal signatures: the first writes 1, the second 2."""

    def one(step, address):
        numba.carray(jit.pointer(address), (1,), numba.float64)[0] = 1.0

    def two(step, address):
        numba.carray(jit.pointer(address), (1,), numba.float64)[0] = 2.0

    return jit.entry(one), jit.entry(two)


def written_by(entry: object_cache.Entry) -> float:
    memory = np.zeros(1)
    entry.call(0, memory.ctypes.data)
    return float(memory[0])


@needs_compiler
def test_code_of_another_key_is_not_run(compiled, tmp_path):
    paths = [tmp_path / "a", tmp_path / "b"]
    for path, key, function in zip(paths, "ab", compiled, strict=True):
        object_cache.keep(path, key, function)
    found = [object_cache.read(path, key) for path, key in zip(paths, "ab", strict=True)]
    assert [written_by(entry) for entry in found] == [1.0, 2.0]
    paths[0].rename(tmp_path / "c")
    paths[1].rename(paths[0])
    (tmp_path / "c").rename(paths[1])
    assert object_cache.read(paths[0], "a") is None and object_cache.read(paths[1], "b") is None
    assert written_by(object_cache.read(paths[0], "b")) == 2.0


@needs_compiler
def test_a_key_or_a_name_that_was_edited_is_noticed(compiled, tmp_path):
    path = tmp_path / NAME
    object_cache.keep(path, "key of one", compiled[0])
    content = path.read_bytes()
    for changed in (content.replace(b"key of one", b"key of two"), content.replace(b"cfunc", b"cfuns")):
        assert changed != content
        path.write_bytes(changed)
        assert object_cache.read(path, "key of one") is None and object_cache.read(path, "key of two") is None


def fifo(path: Path) -> None:
    os.mkfifo(path)


def link(path: Path) -> None:
    path.with_name("elsewhere").write_bytes(b"content")
    path.symlink_to(path.with_name("elsewhere"))


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def given_away(path: Path) -> None:
    path.write_bytes(b"content")
    os.chown(path, NOBODY, NOBODY)


def writable_by(mode: int):
    def make(path: Path) -> None:
        path.write_bytes(b"content")
        path.chmod(mode)

    return make


@pytest.mark.parametrize(
    "make",
    [
        fifo, link, sparse, Path.mkdir, writable_by(0o620), writable_by(0o602), writable_by(0o666),
        pytest.param(given_away, marks=needs_root), lambda path: path.symlink_to("nowhere"),
    ],
)  # fmt: skip
def test_what_others_may_have_written_is_not_read_and_is_replaced(make, tmp_path):
    path = tmp_path / NAME
    make(path)
    assert cache_folder.read(path) is None
    done = cache_folder.write(path, b"mine")
    assert done == (make is not Path.mkdir)
    assert cache_folder.read(path) == (b"mine" if done else None)
    assert not list(tmp_path.glob("*.tmp"))
    if make is link:
        assert (tmp_path / "elsewhere").read_bytes() == b"content"


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda folder: folder.mkdir(), "mode 0775"),
        (lambda folder: folder.symlink_to(folder.parent, target_is_directory=True), "symbolic link"),
        pytest.param(lambda folder: folder.mkdir(0o700), "another user", marks=needs_root),
    ],
)
def test_a_folder_that_others_can_write_to_is_not_used_and_says_so_once(make, said, tmp_path):
    folder = tmp_path / "cache"
    make(folder)
    if said.startswith("mode"):
        folder.chmod(0o775)
    elif said == "another user":
        os.chown(folder, NOBODY, NOBODY)
    with pytest.warns(UserWarning, match=said):
        assert cache_folder.read(folder / NAME) is None
    with cache_folder.alone(folder / NAME):
        assert not cache_folder.write(folder / NAME, b"mine")
        assert cache_folder.read(folder / NAME) is None
    assert [path.name for path in folder.iterdir()] == (["cache"] if said == "symbolic link" else [])


def test_folders_and_files_are_for_their_user_only_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        path = tmp_path / "a" / "b" / "cache" / NAME
        with cache_folder.alone(path):
            assert stat.S_IMODE(path.with_suffix(".lock").stat().st_mode) == 0o600
            assert cache_folder.write(path, b"mine")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parents[:3]} == {0o700}
    assert [each.name for each in path.parent.iterdir()] == [NAME]


@pytest.mark.parametrize(
    "given, expected",
    [
        ({"SPIKELEARN_CACHE": "/c", "XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/c"),
        ({"SPIKELEARN_CACHE": "", "XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x/spikelearn"),
        ({"XDG_CACHE_HOME": "", "HOME": "/h"}, "/h/.cache/spikelearn"),
        ({"XDG_CACHE_HOME": ".", "HOME": "/h"}, "/h/.cache/spikelearn"),
        ({"XDG_CACHE_HOME": "~/x", "HOME": "/h"}, "/h/.cache/spikelearn"),
        ({"HOME": ""}, "/of passwd/.cache/spikelearn"),
        ({"HOME": "relative"}, "/of passwd/.cache/spikelearn"),
        ({}, "/of passwd/.cache/spikelearn"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="of POSIX systems")
def test_the_folder_is_found_by_the_rules_of_the_field(given, expected, monkeypatch):
    import pwd

    for name in ("SPIKELEARN_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: pwd.struct_passwd(("", "", uid, 0, "", "/of passwd", "")))
    assert cache_folder.location() == Path(expected)

    def unknown(uid: int) -> None:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert cache_folder.location() == (None if "of passwd" in expected else Path(expected))


@pytest.mark.parametrize("given", ["cache", ".", "./c", "~/c", " /c"])
def test_a_cache_relative_to_the_working_directory_is_refused(given, monkeypatch):
    monkeypatch.setenv("SPIKELEARN_CACHE", given)
    with pytest.raises(ParameterError, match=r"SPIKELEARN_CACHE: expected an absolute path, got '"):
        cache_folder.location()


def test_without_a_folder_nothing_is_read_or_written():
    with cache_folder.alone(None):
        assert not cache_folder.write(None, b"") and cache_folder.read(None) is None


def test_what_killed_processes_left_is_removed_and_nothing_else(tmp_path):
    left = [f"{NAME}.xyz.tmp", "spikelearn_module_1.lock"]
    others = ["mine.tmp", "mine.lock", "spikelearn_module_1.py"]
    for name in [*left, *others]:
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / f"{NAME}.new.tmp").write_bytes(b"of a process that is writing now")
    assert cache_folder.write(tmp_path / NAME, b"")
    assert {path.name for path in tmp_path.iterdir()} == {*others, f"{NAME}.new.tmp", NAME}


@pytest.mark.parametrize("fails", ["replace", "open"])
def test_a_full_disk_leaves_nothing_behind(fails, tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, fails, full)
    with cache_folder.alone(tmp_path / NAME):
        assert not cache_folder.write(tmp_path / NAME, b"content")
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_is_never_released_or_cannot_be_made_stops_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(cache_folder, "_PATIENCE_S", 0.1)
    entered = []
    with cache_folder.alone(tmp_path / NAME), cache_folder.alone(tmp_path / NAME):
        entered.append("held by another")
    for make in (Path.mkdir, fifo, lambda path: path.symlink_to("nowhere")):
        make(tmp_path / "spikelearn_module_1.lock")
        with cache_folder.alone(tmp_path / "spikelearn_module_1.code"):
            entered.append(make)
        lock = tmp_path / "spikelearn_module_1.lock"
        if make is Path.mkdir:
            lock.rmdir()
        else:
            lock.unlink(missing_ok=True)
    assert len(entered) == 4


@needs_compiler
def test_where_objects_cannot_be_checked_the_cache_of_numba_is_used(tmp_path, monkeypatch):
    kernel = Kernel(TEXT, "a test")
    monkeypatch.setattr(object_cache, "is_used", lambda: False)
    monkeypatch.setattr(modules, "_folder", lambda: tmp_path)
    first, second = (compiled_anew(kernel, [np.zeros(1)]) for _ in range(2))
    assert (first.cache_hits, second.cache_hits) == (0, 1)
    entry = object_cache.keep(tmp_path / NAME, "key", second)
    assert entry.address == second.address and not (tmp_path / NAME).exists()
    for stored in (tmp_path / "__pycache__").iterdir():
        stored.write_bytes(b"damaged")
    assert compiled_anew(kernel, [np.zeros(1)]).address
    (tmp_path / "file").write_bytes(b"")
    for place in (None, tmp_path / "file" / "none"):
        monkeypatch.setattr(modules, "_folder", lambda place=place: place)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert compiled_anew(kernel, [np.zeros(1)]).cache_hits == 0
