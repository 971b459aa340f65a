"""What a process imports and compiles before it runs, and what becomes of the cache when several processes share it."""

import ctypes
import math
import os
import resource
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numba
import numpy as np
import pytest

from spikelearn.codegen import jit, object_cache

pytestmark = pytest.mark.skipif(jit.JIT_DISABLED, reason="nothing is compiled")

REPORT = """
import sys
found = net.run(50.0, progress=False).spikes(cells)
print(found.times.tobytes().hex(), found.ids.tobytes().hex())
print(*sorted(sys.modules))
"""
POISSON = f"""
import spikelearn as sl
net = sl.Network(dt=0.1, seed=1)
cells = net.population(20, sl.Poisson(rate=100.0))
net.record(cells)
{REPORT}"""
CONNECTED = f"""
import spikelearn as sl
net = sl.Network(dt=0.1, seed=1)
cells = net.population(20, sl.LIF(I_e=400.0), initial={{"V_m": sl.Uniform(-70.0, -60.0)}})
net.connect(cells, cells, rule=sl.FixedProbability(0.5), weight=sl.Normal(10.0, 1.0), delay=1.5)
net.record(cells)
{REPORT}"""
NOT_NEEDED = {
    "numba", "scipy", "brian2", "sympy", "nest", "matplotlib", "h5py", "pandas", "sklearn", "tqdm", "cloudpickle",
    "importlib.metadata", "email", "logging", "concurrent.futures", "numpy.ma", "difflib",
    "spikelearn.analysis", "spikelearn.plots", "spikelearn.io", "spikelearn.experiments.model_file", "spikelearn.cli",
    "spikelearn.equations.system", "spikelearn.engine.checkpoint", "spikelearn.backends.simulator",
    "spikelearn.backends.exact", "spikelearn.kernels.event_loop",
    "spikelearn.neurons.adex", "spikelearn.plasticity.stdp",
    "spikelearn.engine.lowering.callbacks", "spikelearn.engine.lowering.event_rules",
    "spikelearn.engine.lowering.short_term_synapses", "spikelearn.engine.lowering.homeostasis",
}  # fmt: skip
EXTERNAL_COSINE = ctypes.CDLL(None).cos
EXTERNAL_COSINE.argtypes, EXTERNAL_COSINE.restype = [ctypes.c_double], ctypes.c_double


def start(network: str, cache: Path | None = None, nothing_can_be_written: bool = False) -> subprocess.Popen:
    """Begin to run a network in a process of its own, with the cache that all tests use or with another."""
    limit = (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))) if nothing_can_be_written else None
    environment = os.environ | ({"SPIKELEARN_CACHE": str(cache)} if cache else {})
    return subprocess.Popen(
        [sys.executable, "-B", "-W", "error", "-c", network], env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=limit,
    )  # fmt: skip


def outcome(process: subprocess.Popen) -> tuple[str, set[str]]:
    """The spikes that a process printed, and what it had imported by then."""
    printed, complaints = process.communicate()
    assert process.returncode == 0 and complaints == "", complaints
    spikes, modules = printed.splitlines()
    return spikes, set(modules.split())


def contents(cache: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in cache.glob("*.code")}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """(cache folder, spikes): two processes began at once, when there was no such folder.

    What one of them compiles the other waits for, so one may have found all of it compiled.
    """
    cache = tmp_path_factory.mktemp("cache") / "new"
    (spikes, modules), (same, others) = [outcome(process) for process in [start(POISSON, cache) for _ in range(2)]]
    assert spikes == same and len(spikes) > 100
    assert "numba" in modules | others
    assert not list(cache.glob("*.tmp")) and not list(cache.glob("*.lock"))
    return cache, spikes


def test_a_run_that_was_compiled_before_imports_nothing_that_it_does_not_use():
    first, _ = outcome(start(CONNECTED))
    spikes, modules = outcome(start(CONNECTED))
    assert spikes == first and len(spikes) > 100
    assert modules & NOT_NEEDED == set()


def test_after_two_processes_compiled_the_same_at_once_the_next_compiles_nothing(shared):
    cache, spikes = shared
    before = contents(cache)
    again, modules = outcome(start(POISSON, cache))
    assert again == spikes and "numba" not in modules
    assert len(before) >= 4 and contents(cache) == before


def test_files_that_a_killed_process_or_a_bad_disk_left_are_made_again(shared):
    cache, spikes = shared
    whole = contents(cache)
    for k, (name, content) in enumerate(sorted(whole.items())):
        middle = len(content) // 2
        changed = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        (cache / name).write_bytes([b"", content[:middle], changed, content[:-1], b"\n"][k % 5])
        (cache / f"{name}.1.tmp").write_bytes(content[:middle])
    for text in cache.glob("*.py"):
        text.write_text(text.read_text()[:20] + "(")
    again, modules = outcome(start(POISSON, cache))
    assert again == spikes and "numba" in modules
    assert contents(cache).keys() == whole.keys()
    again, modules = outcome(start(POISSON, cache))
    assert again == spikes and "numba" not in modules


def test_a_cache_that_cannot_be_written_is_read(shared):
    cache, spikes = shared
    before = contents(cache)
    again, modules = outcome(start(POISSON, cache, nothing_can_be_written=True))
    assert again == spikes and "numba" not in modules
    assert contents(cache) == before


def test_without_a_place_for_a_cache_everything_is_compiled(shared, tmp_path):
    _, spikes = shared
    (tmp_path / "file").write_text("")
    assert outcome(start(POISSON, tmp_path / "file" / "cache"))[0] == spikes


def test_the_versions_of_the_compilers_are_those_that_are_installed():
    assert object_cache.compilers() == {name: version(name) for name in ("numba", "llvmlite")}


def kept(function, path: Path) -> tuple[object_cache.Entry, object_cache.Entry | None]:
    """The entry of function(step, address) now, and as another process finds it."""
    return object_cache.keep(path, "key", jit.entry(function)), object_cache.read(path, "key")


def result(entry: object_cache.Entry, number: float) -> float:
    memory = np.array([number])
    entry.call(0, memory.ctypes.data)
    return float(memory[0])


def test_any_damage_to_a_file_is_noticed(tmp_path):
    path = tmp_path / "code"

    def call(step, address):
        memory = numba.carray(jit.pointer(address), (1,), numba.float64)
        memory[0] = math.log1p(memory[0])

    now, found = kept(call, path)
    assert result(now, 0.5) == result(found, 0.5) == math.log1p(0.5)
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        assert object_cache.read(path, "key") is None
    assert object_cache.undefined_symbols(content[content.index(b"\n", 32) + 1 :]) == ["log1p"]


def test_code_that_makes_arrays_is_kept(tmp_path):
    def call(step, address):
        memory = numba.carray(jit.pointer(address), (1,), numba.float64)
        memory[0] = np.full(int(memory[0]), 2.5).sum()

    now, found = kept(call, tmp_path / "code")
    assert result(now, 100.0) == result(found, 100.0) == 250.0


def test_code_with_an_address_of_this_process_is_not_kept(tmp_path):
    def call(step, address):
        memory = numba.carray(jit.pointer(address), (1,), numba.float64)
        memory[0] = EXTERNAL_COSINE(memory[0])

    now, found = kept(call, tmp_path / "code")
    assert result(now, 0.5) == math.cos(0.5)
    assert found is None


def test_code_that_needs_python_objects_of_this_process_is_not_kept(tmp_path):
    def call(step, address):
        print(step, "steps")

    now, found = kept(call, tmp_path / "code")
    assert now.address and found is None
