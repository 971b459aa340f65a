"""Entries are optimised and emitted as one module; what they call stays usable by Numba and by Python."""

import os
import subprocess
import sys

import numba
import numpy as np
import pytest

import spikelearn as sl
from spikelearn.codegen import jit, object_cache

pytestmark = pytest.mark.skipif(jit.JIT_DISABLED, reason="plain Python has no machine code")


@jit.kernel
def doubled(x):
    return 2.0 * x


@jit.kernel
def said(x):
    print("said", x)
    return x


@jit.kernel
def is_even(n):
    return True if n == 0 else is_odd(n - 1)


@jit.kernel
def is_odd(n):
    return False if n == 0 else is_even(n - 1)


def called(entry, number):
    memory, kept = np.array([number], float), object_cache.keep(None, "key", entry)
    kept.call(0, memory.ctypes.data)
    return memory[0]


def test_only_the_entry_can_be_seen_from_outside():
    def call(step, address):
        memory = numba.carray(jit.pointer(address), (1,), numba.float64)
        memory[0] = doubled(memory[0])

    entry = jit.entry(call)
    defined = [function for function in entry.module().functions if not function.is_declaration]
    assert [each.name for each in defined if each.linkage.name == "external"] == [entry.native_name]
    assert called(entry, 3.0) == 6.0


def test_functions_may_call_each_other():
    def call(step, address):
        memory = numba.carray(jit.pointer(address), (1,), numba.float64)
        memory[0] = is_even(int(memory[0]))

    assert called(jit.entry(call), 10.0) == 1.0 and called(jit.entry(call), 11.0) == 0.0


def test_a_function_of_an_entry_can_be_called_by_numba_and_by_python(capfd):
    def call(step, address):
        memory = numba.carray(jit.pointer(address), (1,), numba.float64)
        memory[0] = said(memory[0])

    called(jit.entry(call), 1.0)
    assert numba.njit(lambda x: said(x) + 1.0)(2.0) == 3.0
    assert said(3.0) == 3.0
    assert capfd.readouterr().out.split() == ["said", "1.0", "said", "2.0", "said", "3.0"]


def test_arrays_that_callbacks_make_or_return_are_freed():
    from numba.core.runtime import _nrt_python, rtsys

    def makes(step, x):
        x[0] = np.full(100, 2.0).sum()

    def returns(step, x):
        return np.full(100, x[0])

    _nrt_python.memsys_enable_stats()
    net = sl.Network(dt=1.0)
    net.population(1, sl.LIF())
    x = np.zeros(1)
    net.on_step(makes, x)
    net.on_step(returns, x)
    net.build()
    before = rtsys.get_allocation_stats()
    net.run(20, progress=False)
    after = rtsys.get_allocation_stats()
    assert after.alloc - before.alloc == after.free - before.free == 40


_WITHOUT = """
import sys
sys.modules["spikelearn.codegen.whole_entries"] = None
import spikelearn as sl
net = sl.Network(dt=0.1, seed=1)
cells = net.population(20, sl.LIF())
net.drive(cells, sl.PoissonInput(5000.0), weight=100.0)
net.record(cells)
print(net.run(50.0, progress=False).spikes(cells).times.tolist())
"""


def test_with_a_numba_that_has_other_insides_everything_runs_as_it_does(tmp_path):
    """With it everything is compiled anew; without, as usual, where it is not."""
    tmp_path.chmod(0o700)
    found = []
    for source, cache in (
        (_WITHOUT, {"SPIKELEARN_CACHE": str(tmp_path)}),
        (_WITHOUT.replace("sys.modules[", "dict(x=0)["), {}),
    ):
        environment = {**os.environ, **cache}
        done = subprocess.run(
            [sys.executable, "-c", source], env=environment, capture_output=True, text=True, check=True
        )
        found.append(done.stdout)
    assert found[0] == found[1] and len(found[0]) > 100
