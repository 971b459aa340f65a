"""Entries that come with the package as lowered: what becomes of them, and when they are not used."""

import subprocess
import sys
from zipfile import ZipFile

import numpy as np
import pytest

from spikelearn.codegen import cache_folder, jit, modules, object_cache, prepared
from spikelearn.codegen.modules import Kernel
from spikelearn.errors import DescriptionError

pytestmark = pytest.mark.skipif(
    jit.JIT_DISABLED or not object_cache.is_used(), reason="there is machine code of spikelearn only with both"
)
KERNEL = Kernel(
    "from spikelearn.codegen.jit import kernel\n\n\n@kernel\ndef function(step, x):\n"
    "    for i in range(len(x)):\n        x[i] = 2.0 * x[i] + step\n",
    "a test",
)
X = np.arange(5.0)


@pytest.fixture
def place(monkeypatch, tmp_path):
    """A function that begins anew with an empty cache, and returns its folder; it has a prepared file of its own."""
    monkeypatch.setattr(prepared, "FILE", tmp_path / "prepared.zip")
    monkeypatch.setattr(prepared, "_archive", prepared._archive.__wrapped__)

    def empty(name):
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.setattr(cache_folder, "location", lambda: folder)
        modules._folder.cache_clear()
        monkeypatch.setattr(modules, "_entries", {})
        return folder

    yield empty
    modules._folder.cache_clear()


def prepare(folder):
    with prepared.noting() as noted:
        modules.load(KERNEL, (X,))
    prepared.write(noted)
    (code,) = folder.glob("*.code")
    return noted, code.read_bytes()


def fails(*arguments):
    raise NotImplementedError


def test_an_entry_that_comes_lowered_is_the_same_machine_code_and_numba_has_no_part(place, monkeypatch):
    noted, code = prepare(place("first"))
    assert len(noted) == 1
    second = place("second")
    monkeypatch.setattr(modules, "_module", fails)
    entry, _ = modules.load(KERNEL, (X,))
    x = X.copy()
    entry.call(3, modules.pack((x,)).ctypes.data)
    assert x.tolist() == (2.0 * X + 3.0).tolist()
    assert [each.read_bytes() for each in second.glob("*.code")] == [code]


@pytest.mark.parametrize("damage", ["content", "file", "none", "compilers", "text"])
def test_what_is_damaged_or_of_other_compilers_or_text_is_not_used(damage, place, monkeypatch):
    noted, _ = prepare(place("first"))
    kernel = KERNEL
    if damage == "content":
        [(key, lowered)] = noted.items()
        content = bytes(lowered)
        with ZipFile(prepared.FILE, "w") as archive:
            archive.writestr(key, content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "file":
        prepared.FILE.write_bytes(b"no archive")
    elif damage == "none":
        prepared.FILE.unlink()
    elif damage == "compilers":
        monkeypatch.setattr(object_cache, "lowering_versions", lambda: "others")
    else:
        kernel = Kernel(KERNEL.text.replace("2.0", "3.0"), "a test")
    place("second")
    monkeypatch.setattr(modules, "_module", fails)
    with pytest.raises(DescriptionError, match="a test cannot be compiled"):
        modules.load(kernel, (X,))


def test_the_script_prepares_a_first_network(tmp_path):
    code = (
        "import sys, pathlib; sys.path.insert(0, 'scripts'); import prepare\n"
        "from spikelearn.codegen import prepared\n"
        f"prepared.FILE = pathlib.Path({str(tmp_path / 'prepared.zip')!r})\n"
        "prepare.MODELS, prepare.LEARNERS = ('LIF',), ()\n"
        "prepare.readme = lambda: None\n"
        "prepare.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "entries" in done.stdout and len(ZipFile(tmp_path / "prepared.zip").namelist()) > 10
