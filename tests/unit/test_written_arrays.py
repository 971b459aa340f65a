"""What a kernel says of its arguments, that it writes to them or not, is what its code does."""

import ast
import re
from collections import defaultdict

import numpy as np
import pytest
from numpy.lib.array_utils import byte_bounds
from unit.every_kernel import every_kernel
from unit.written_arrays import Code

from spikelearn.codegen.modules import kernel_for, kernel_of
from spikelearn.engine.plan import Call
from spikelearn.kernels import sources

WHOLE_TABLES = "exact_loop"
"""It is given tables as a whole, of which it writes to some."""


BY_ADDRESS = {"deliver_procedural": {"made", "partners", "all_counters", "all_flats"}}
"""What a kernel writes to by calling another, the one that makes rows, by its address."""


@pytest.fixture(scope="module")
def kernels():
    """(template or function, kernel, parameters that are declared written, those that the code writes to)."""
    with pytest.MonkeyPatch.context() as patch:
        found = {(kernel.text, kernel.name): kernel for _, kernel, _ in every_kernel(patch)}
    return [(_origin(kernel), kernel, *_declared_and_found(kernel)) for kernel in found.values()]


def _origin(kernel):
    template = re.search(r"# Rendered from kernels/templates/(\w+)\.py", kernel.text)
    return template[1] if template else kernel.of


def _declared_and_found(kernel):
    code = Code(ast.parse(kernel.text))
    declared = {name for name, written in kernel.parameters.items() if written}
    if kernel.plain is None:
        return declared, code.written(kernel.name)
    imported = Code(
        ast.parse(
            f"{kernel.text}\ndef call({', '.join(['step', *kernel.parameters])}):\n"
            f"    function({', '.join(['step', *kernel.parameters])})\n"
        )
    )
    return declared, imported.written("call")


def test_a_kernel_writes_to_no_array_that_is_not_declared_written(kernels):
    assert len(kernels) > 150
    for origin, kernel, declared, found in kernels:
        assert found <= declared, (origin, kernel.of, kernel.name, found - declared)


def test_arrays_that_a_kernel_takes_to_be_apart_are(monkeypatch):
    apart = [(k, args) for _, k, args in every_kernel(monkeypatch) if f"@kernel_apart\ndef {k.name}(" in k.text]
    assert len(apart) > 100
    for kernel, arguments in apart:
        arrays = {n: a for n, a in zip(kernel.parameters, arguments, strict=True) if isinstance(a, np.ndarray)}
        for name in (name for name in arrays if kernel.parameters[name]):
            others = [other for other, array in arrays.items() if other != name and overlap(array, arrays[name])]
            assert not others, (kernel.of, kernel.name, name, others)


def overlap(one, other):
    (low, high), (lowest, highest) = byte_bounds(one), byte_bounds(other)
    return min(one.size, other.size) > 0 and low < highest and lowest < high


def test_every_array_that_is_declared_written_is_written_to_for_some_model(kernels):
    somewhere = defaultdict(set)
    for origin, kernel, _, found in kernels:
        somewhere[origin, kernel.name] |= found
    for origin, kernel, declared, _ in kernels:
        if origin != WHOLE_TABLES:
            found = somewhere[origin, kernel.name] | BY_ADDRESS.get(kernel.of, set())
            assert declared <= found, (origin, kernel.of, kernel.name, declared - found)


def test_the_check_sees_stores_through_views_and_calls():
    text = """
from spikelearn.kernels.events import begin_rows

def inner(a, b):
    b[0] += 1

def function(step, x, y, z, u, v):
    part = x[2:5]
    part[0], n = 1.0, 2
    inner(y, z)
    begin_rows(step, 0, u)
    v = v + 1
"""
    assert Code(ast.parse(text)).written("function") == {"x", "z", "u"}


def test_arguments_are_given_by_name_and_none_may_be_missing_or_unknown():
    kernel = kernel_of(sources.set_timed)
    with pytest.raises(
        TypeError, match=r"rates: set_timed, function: missing arguments \['target'\], unknown \['to'\]"
    ):
        Call("rates", kernel, values=1, starts=2, to=3)


def test_what_a_rendered_kernel_takes_is_read_from_its_signature():
    text = "def other(step, a): pass\ndef function(\n    step, x: Written, y,\n    z: Written\n):\n    pass\n"
    assert kernel_for("A", text, {}).parameters == {"x": True, "y": False, "z": True}
