"""Types for those who check theirs: what the package ships, and a script as users write it."""

import ast
import inspect
import tomllib
from pathlib import Path

import pytest
import typed_script

import spikelearn as sl
from spikelearn.documented import Documented

ROOT = Path(__file__).parent.parent.parent
STRICT = {
    "disallow_untyped_defs", "disallow_incomplete_defs", "disallow_any_generics", "no_implicit_reexport",
    "strict_equality", "extra_checks", "check_untyped_defs", "warn_unused_ignores",
}  # fmt: skip


def test_the_package_says_that_it_has_types():
    assert (Path(sl.__file__).parent / "py.typed").exists()


def test_what_is_exported_at_run_time_is_what_type_checkers_see():
    """They read lines and run nothing: names that are imported by `as`, and `*` of folders that do so."""

    def named(module):
        found = set()
        for node in ast.walk(ast.parse(Path(module).read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "spikelearn":
                continue  # a module, which `*` does not give
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                found |= named(
                    Path(sl.__file__).parent / node.module.removeprefix("spikelearn.").replace(".", "/") / "__init__.py"
                )
            elif isinstance(node, ast.ImportFrom):
                found |= {each.asname for each in node.names if each.asname and not each.asname.startswith("_")}
        return found

    assert named(sl.__file__) | {"__version__"} == set(sl.__all__)
    assert len(sl.__all__) == len(set(sl.__all__)) > 100


def test_what_users_write_is_checked_as_strictly_as_mypy_can():
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert "tests/typed_script.py" in configured["files"] and "spikelearn" in configured["files"]
    assert all(configured[flag] for flag in STRICT)
    [script] = [part for part in configured["overrides"] if part["module"] == ["typed_script"]]
    assert script["warn_return_any"] and script["disallow_untyped_calls"] and "ignore_errors" not in script


def test_the_typed_script_runs(tmp_path):
    found = typed_script.main(tmp_path)
    assert found["rate"] > 0 and found["trials"] == 75.0
    assert {path.name for path in tmp_path.iterdir()} == {"state.ckpt", "run.h5", "figure.png"}


CALLED = [
    pytest.param(value, id=name)
    for name in sl.__all__
    for value in [getattr(sl, name)]
    if inspect.isroutine(value) or (isinstance(value, type) and not issubclass(value, Documented))
]


@pytest.mark.parametrize("called", CALLED)
def test_every_argument_of_every_public_call_has_a_type(called):
    methods = [called]
    if isinstance(called, type):
        methods += [m for name, m in inspect.getmembers(called, inspect.isfunction) if not name.startswith("_")]
    for method in methods:
        if hasattr(method, "py_func"):  # for compiled code
            continue
        for parameter in inspect.signature(method).parameters.values():
            assert parameter.name == "self" or parameter.annotation is not parameter.empty, (method, parameter)
