"""A change of anything that compiled code can reach, in whatever module, is a change of its fingerprint."""

import ast
import ctypes
import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import spikelearn
from spikelearn.codegen import jit, modules, reached_sources
from spikelearn.codegen.fingerprint import Fingerprint, fingerprint
from spikelearn.codegen.reached_sources import ROOMS, is_in_keys, reached_by
from spikelearn.kernels.exponential import exponential

NUMBA = "from numba import njit\n"
OVERLOAD = "from numba.extending import overload\ndef f(x): return x\n@overload(f)\n"
NAMED = "from typing import NamedTuple\nclass P(NamedTuple):\n  "
FROZEN = "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass P:\n  "
MEMBERS = "import p.q\ndef g(): return p.q.a\ndef step(x): return p.q.f(x) + g()"
CALLS = "import helpers\ndef step(x):\n    return "


def of(folder: Path, files: dict[str, str]) -> Fingerprint:
    """The fingerprint of `step` of user.py, with other modules of these texts beside it."""
    tops = {name.partition("/")[0].removesuffix(".py") for name in files}
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in tops}
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    sys.path.insert(0, str(folder))
    for name in before:
        del sys.modules[name]
    importlib.invalidate_caches()
    try:
        return fingerprint(importlib.import_module("user").step)
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] in tops]:
            del sys.modules[name]
        sys.modules.update(before)


@pytest.mark.parametrize(
    "user, name, helper",
    [
        (CALLS + "helpers.f(x)", "helpers.py", "def f(x): return x * VALUE"),
        ("from helpers import f as g\ndef step(x): return g(x)", "helpers.py", "def f(x): return x * VALUE"),
        (CALLS + "helpers.K", "helpers.py", "K = VALUE"),
        (CALLS + "helpers.f(x)", "helpers.py", "K = VALUE\ndef f(x): return K"),
        (CALLS + "helpers.f(x)", "helpers.py", "def f(x, k=VALUE): return k"),
        (CALLS + "helpers.f(x)", "helpers.py", "def make(k):\n  def f(x): return k\n  return f\nf = make(VALUE)"),
        (CALLS + "helpers.f(x)", "helpers.py", "def f(x):\n  def g(y): return VALUE\n  return g(x)"),
        (CALLS + "helpers.K[0]", "helpers.py", "import numpy as np\nK = np.array([1.0, VALUE])"),
        (CALLS + "helpers.K[0]", "helpers.py", "import numpy as np\nK = np.array([(1, VALUE)], 'i8, f8')[0]"),
        (CALLS + "helpers.K[0, 1]", "helpers.py", "import numpy as np\nK = np.ones((2, 2), order='CF'[VALUE - 1])"),
        (CALLS + "helpers.K.a", "helpers.py", NAMED + "a: int\nK = P(VALUE)"),
        (CALLS + "helpers.P().a", "helpers.py", NAMED + "a: int = VALUE"),
        (CALLS + "helpers.K.a", "helpers.py", FROZEN + "a: int\nK = P(VALUE)"),
        (CALLS + "helpers.K.A", "helpers.py", "from enum import Enum\nV = VALUE\nclass K(Enum):\n  A = V"),
        (CALLS + "helpers.K", "helpers.py", "from enum import IntEnum\nclass E(IntEnum):\n  A = VALUE\nK = E.A"),
        (CALLS + "helpers.K", "helpers.py", "K = {1: [VALUE, (2, frozenset({VALUE}))]}"),
        ("import p.q\ndef step(x): return p.q.f(x)", "p/q.py", "def f(x): return VALUE"),
        (MEMBERS, "p/q.py", "a = VALUE\ndef f(x): return 1"),
        ("import code\ndef step(x): return code.f(x)", "code.py", "def f(x): return VALUE"),
        ("import test.h\ndef step(x): return test.h.f(x)", "test/h.py", "def f(x): return VALUE"),
        (CALLS + "helpers.f(x)", "helpers.py", "import more\ndef f(x): return more.f(x)\nmore.k = VALUE"),
        (CALLS + "helpers.f(x)", "helpers.py", NUMBA + "@njit\ndef g(x): return VALUE\n@njit\ndef f(x): return g(x)"),
        (CALLS + "helpers.f(x)", "helpers.py", NUMBA + "@njit(fastmath=VALUE == 1)\ndef f(x): return x"),
        (CALLS + "helpers.f(x)", "helpers.py", NUMBA + "@njit\ndef f(x): return g(VALUE)\n@njit\ndef g(x): f(x)"),
        (CALLS + "helpers.f(x)", "helpers.py", OVERLOAD + "def implementation(x): return lambda x: VALUE"),
    ],
)  # fmt: skip
def test_a_change_in_another_module_changes_it(user, name, helper, tmp_path):
    first, same, other = (
        of(
            tmp_path / folder,
            {"user.py": user, "p/__init__.py": "", "test/__init__.py": "", "more.py": "k = 0\ndef f(x): return k"}
            | {name: helper.replace("VALUE", value)},
        )
        for folder, value in (("a", "1"), ("b", "1"), ("c", "2"))
        if not (tmp_path / folder).mkdir()
    )
    assert first.complete and first == same and first != other


class Thing:
    weight = 1.0


CLOCK = ctypes.CDLL(None).time if sys.platform != "win32" else ctypes.cdll.msvcrt.time
OBJECTS = np.array([Thing()])
THING = Thing()
GAIN = 1.0


@pytest.mark.parametrize("name", ["CLOCK", "OBJECTS", "THING", "Thing"])
def test_what_cannot_be_looked_into_makes_it_incomplete_and_is_not_kept_on_disk(name, monkeypatch, tmp_path):
    monkeypatch.setattr(modules, "_folder", lambda: tmp_path)
    known = {name: globals()[name]}
    exec(f"def step(x): return {name}", known)
    step, again = known["step"], known["step"]
    assert not fingerprint(step).complete
    texts = [modules.import_line(each, "step")[0] for each in (step, again)]
    assert texts[0] == texts[1] and modules._path(texts[0], ".code") is None


@pytest.mark.skipif(jit.JIT_DISABLED, reason="nothing is compiled")
def test_a_compiled_function_whose_globals_changed_after_it_was_made_is_not_kept(monkeypatch):
    @jit.scalar
    def amplified(x):
        return GAIN * x

    def step(x):
        return amplified(x)

    first = fingerprint(step)
    assert first.complete and fingerprint(step) == first
    monkeypatch.setitem(globals(), "GAIN", 2.0)
    assert fingerprint(step) != first and not fingerprint(step).complete
    monkeypatch.setitem(globals(), "GAIN", 1.0)
    assert fingerprint(step) == first


def test_it_is_the_same_in_every_process(capsys):
    script = """
import math
import numpy as np
from spikelearn.codegen.fingerprint import fingerprint
from spikelearn.kernels.exponential import exponential
K = {"a", "b", "c"}, np.arange(3.0), lambda x: x in {"x", "y", "z"}
def step(x): return math.exp(x) + exponential(x) + np.log(x) + K[2](x)
print(fingerprint(step))
"""
    exec(script, {"__name__": "user"})
    there = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert there == capsys.readouterr().out and "complete=True" in there


def compiled_in(module):
    return [
        value
        for value in vars(module).values()
        if isinstance(value, jit.Compiled) and value.__module__ == module.__name__
    ]


def functions_reached(function, found):
    """Compiled functions that a compiled function calls, and those that they call."""
    code, names = function.py_func.__code__, function.py_func.__globals__
    cells = [cell.cell_contents for cell in function.py_func.__closure__ or ()]
    for value in [*(names[name] for name in code.co_names if name in names), *cells]:
        if isinstance(value, jit.Compiled) and value not in found:
            found.append(value)
            functions_reached(value, found)
    return found


@pytest.mark.skipif(jit.JIT_DISABLED, reason="nothing is compiled")
def test_whatever_spikelearn_s_kernels_reach_is_in_their_keys():
    package, tried = Path(spikelearn.__file__).parent, 0
    for path in [path for room in ROOMS for path in sorted((package / room).rglob("*.py"))]:
        if path.parent.name == "templates":
            continue
        imported = {
            name.asname or name.name
            for node in ast.walk(ast.parse(path.read_bytes()))
            if isinstance(node, ast.ImportFrom) and not is_in_keys(node.module)
            for name in node.names
            if node.module.startswith("spikelearn.")
        }
        module = importlib.import_module(".".join(path.relative_to(package.parent).with_suffix("").parts))
        for value in compiled_in(module):
            assert not imported & set(value.py_func.__code__.co_names), f"{path}: {value.__name__}"
            sources = reached_by(f"from {module.__name__} import {value.__name__} as function")
            for other in functions_reached(value, [value]):
                assert Path(sys.modules[other.__module__].__file__) in sources, f"{value.__name__}: {other.__name__}"
            tried += 1
    assert tried > 200


def test_all_imports_of_a_file_are_found_as_python_finds_them():
    package = Path(spikelearn.__file__).parent
    files = [path for path in package.rglob("*.py") if path.parent.name != "templates"]
    for path in files:
        found = set(reached_sources._source(path).imports)
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "spikelearn":
                place = package.joinpath(*node.module.split(".")[1:])
                for name in node.names:
                    wanted = [place.with_suffix(".py"), place / f"{name.name}.py", place / "__init__.py"]
                    first = next((each for each in wanted if each.is_file()), None)
                    assert first in found, f"{path}: from {node.module} import {name.name}"
    assert len(files) > 300


@pytest.mark.parametrize("form", ["import spikelearn.neurons.lif", "from . import lif", "    import spikelearn as sl"])
def test_imports_that_say_no_names_reach_everything(form, tmp_path):
    (tmp_path / "a.py").write_text(f"x = 1\n{form}\n")
    assert reached_sources._source(tmp_path / "a.py").imports == set(reached_sources.all_sources())


@pytest.mark.parametrize(
    ("changed", "makes_another_key"),
    [
        ("neurons/lif.py", True), ("neurons/membrane.py", True), ("kernels/exponential.py", True),
        ("neurons/adex.py", False), ("plasticity/stdp.py", False), ("kernels/deliver.py", False),
    ],
)  # fmt: skip
def test_a_key_changes_with_what_the_code_reaches_and_with_nothing_else(changed, makes_another_key, monkeypatch):
    text = "from spikelearn.neurons.lif import lif_step as advance\n"
    before, path = modules._key(text), Path(spikelearn.__file__).parent / changed
    assert path.is_file()
    own = reached_sources._source(path)._replace(digest="changed")
    source, from_path = reached_sources._source, reached_sources._digest_from.__wrapped__
    monkeypatch.setattr(reached_sources, "_source", lambda each: own if each == path else source(each))
    monkeypatch.setattr(reached_sources, "_digest_from", from_path)
    assert (modules._key(text) != before) == makes_another_key


def test_a_function_of_a_user_is_another_when_what_it_calls_of_spikelearn_is(monkeypatch):
    def step(x):
        return exponential(x)

    before = fingerprint(step)
    monkeypatch.setattr("spikelearn.codegen.fingerprint.digest_of", lambda module: f"{module} changed")
    assert before.complete and fingerprint(step).complete and fingerprint(step) != before
