"""The modules that are generated for kernels are Python that one can read."""

import ast
import gc
import re
from dataclasses import replace

import numpy as np
import pytest
from unit.every_kernel import every_kernel

from spikelearn.codegen import jit
from spikelearn.codegen.modules import _OF_THIS_PROCESS, kernel_for, load, source_of_module
from spikelearn.codegen.template import TEMPLATES


@pytest.fixture(scope="module")
def modules():
    """label -> module, one of each."""
    with pytest.MonkeyPatch.context() as patch:
        kernels = every_kernel(patch)
    found = {
        source_of_module(kernel, arguments): f"{name}: {kernel.of}, {kernel.name}"
        for name, kernel, arguments in kernels
    }
    return {f"{label}, {k}": module for k, (module, label) in enumerate(found.items())}


def test_every_generated_module_parses_and_says_what_it_is_of(modules):
    assert len(modules) > 150
    for label, module in modules.items():
        ast.parse(module)
        first = module.partition("\n")[0]
        assert re.fullmatch(r"# \S.*; all models with this code share this module\.", first), (label, first)


def test_no_line_of_a_generated_module_is_too_long(modules):
    assert not [(label, line) for label, text in modules.items() for line in text.splitlines() if len(line) > 120]


def test_generated_modules_of_templates_name_the_template(modules):
    of_templates = [module for module in modules.values() if "# Rendered from" in module]
    named = set().union(*(re.findall(r"# Rendered from kernels/templates/(\w+)\.py\.", text) for text in of_templates))
    assert named == {path.stem for path in TEMPLATES.glob("*.py")} - {"__init__"}


def test_no_mark_and_no_name_of_a_list_is_left(modules):
    for label, module in modules.items():
        code = re.sub(r'"""(?:.|\n)*?"""|#.*|^from .*', "", module, flags=re.MULTILINE)
        assert not re.search(r"\w__\w", code), label
        assert not re.search(r"^\s*# (?:for|if|else|end)\b", module, re.MULTILINE), label


def test_all_generated_modules_of_the_library_are_kept_on_disk(modules):
    assert not [label for label, text in modules.items() if _OF_THIS_PROCESS in text]


def test_models_of_equal_code_share_a_module():
    def step(x):
        return x

    one, other = (kernel_for(f"Neurons of {name}", "def function(step): pass\n", {"advance": step}) for name in "AB")
    assert one.header != other.header and one.text == other.text


@pytest.mark.skipif(jit.JIT_DISABLED, reason="about what is compiled")
def test_what_kernels_of_one_text_share_is_compiled_once(monkeypatch):
    from numba.core import event

    monkeypatch.setattr("spikelearn.codegen.modules._folder", lambda: None)
    text = """
from spikelearn.codegen.jit import Written, kernel, scalar

@scalar
def twice(x):
    return 2.0 * x

@kernel
def function(step, x: Written):
    x[0] = twice(x[0])

@kernel
def other(step, x: Written):
    x[0] = twice(x[0]) + 1.0
"""
    kernel, x = kernel_for("Doubling", text, {}), np.ones(1)
    with event.install_recorder("numba:compile") as recorded:
        entries = [load(each, [x])[0] for each in (kernel, replace(kernel, name="other"))]
    names = [found.data["dispatcher"].py_func.__name__ for _, found in recorded.buffer if found.is_start]
    assert (names.count("function"), names.count("other"), names.count("twice")) == (1, 1, 1)
    for entry in entries:
        entry.call(1, np.array([x.ctypes.data, 1]).ctypes.data)
    assert x[0] == 5.0
    assert gc.isenabled()
