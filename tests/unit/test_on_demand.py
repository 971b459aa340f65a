"""What packages export is imported when it is first asked for, and is the same however it is imported."""

import importlib
import pkgutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import spikelearn as sl
from spikelearn.documented import Documented

PACKAGES = ["spikelearn"] + [
    f"spikelearn.{name}"
    for name in ("connectivity", "learning", "neurons", "neurons.receptors", "plasticity", "sources", "synapses")
]
LISTS = {
    "connectivity": ("CONNECTION_RULES", "PROFILES"),
    "neurons": ("MODELS", "RATE_MODELS"),
    "neurons.receptors": ("RECEPTORS",),
    "plasticity": ("RULES", "SIGNAL_RULES", "RATE_RULES", "STEP_RULES"),
    "synapses": ("SYNAPSES", "GRADED_SYNAPSES"),
}


def printed(code: str, path: Path = Path(sl.__file__).parent.parent) -> tuple[str, str]:
    """What a new process prints, with spikelearn from a path, and what it complains about."""
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(path)!r})\n{code}"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.strip(), done.stderr.strip()


def test_importing_spikelearn_imports_no_model_and_no_rule():
    models = [value for name in sl.__all__ if isinstance(value := getattr(sl, name), Documented)]
    files = {model.Parameters.__module__ for model in models} | {sl.FixedProbability.__module__, sl.Pairs.__module__}
    assert {"spikelearn.neurons.lif", "spikelearn.plasticity.stdp", "spikelearn.synapses.short_term"} <= files
    for used, expected in (("sl.plasticity, sl.synapses", set()), ("sl.LIF", {"spikelearn.neurons.lif"})):
        imported = set(printed(f"import spikelearn as sl\n{used}\nprint(*sys.modules)")[0].split())
        assert "spikelearn.network" in imported and files & imported == expected


@pytest.mark.parametrize("package", PACKAGES)
def test_every_exported_name_is_there_in_a_new_process(package):
    code = f"import {package} as p\nprint(len([getattr(p, name) for name in p.__all__]), set(p.__all__) <= set(dir(p)))"
    assert printed(code) == (f"{len(importlib.import_module(package).__all__)} True", "")


def test_a_star_gives_all_that_is_exported_and_no_module():
    code = "from spikelearn import *\nimport spikelearn as sl\nprint({*sl.__all__} <= {*globals()}, 'io' in globals())"
    assert printed(code) == ("True False", "")
    assert {"LIF", "STDP", "AllToAll", "Poisson", "NMDA", "AlphaCurrent", "Network", "gradient"} <= {*sl.__all__}
    assert {"io", "plots", "learning"} <= {*dir(sl)} - {*sl.__all__}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_file_has_the_name_of_an_exported_object(package):
    """Importing that file would put the module in the place of the object; `spikelearn.models` can be called, too."""
    module = importlib.import_module(package)
    assert not {each.name for each in pkgutil.iter_modules(module.__path__)} & {*module.__all__} - {"models"}


def test_every_list_has_what_is_exported_in_the_order_of_the_lines():
    for name, lists in LISTS.items():
        package = importlib.import_module(f"spikelearn.{name}")
        exported = [getattr(package, each) for each in package.__all__]
        for each in lists:
            found = getattr(package, each)
            assert found and found is getattr(package, each) and each in dir(package)
            assert [value for value in exported if any(value is one for one in found)] == list(found)


@pytest.mark.parametrize("first", ["spikelearn.neurons.multiple_thresholds", "spikelearn.neurons", "spikelearn"])
def test_a_function_is_the_same_whatever_was_imported_before(first):
    code = f"""
import {first}
from spikelearn.neurons import multi_threshold
import spikelearn.neurons.multiple_thresholds as file
print(spikelearn.multi_threshold is spikelearn.neurons.multi_threshold is multi_threshold is file.multi_threshold)"""
    assert printed(code) == ("True", "")


@pytest.mark.parametrize(
    ("wrong", "meant"), [("sl.PoissonInputs", "PoissonInput"), ("sl.neurons.Izhikevitch", "Izhikevich")]
)
def test_an_unknown_name_suggests_one(wrong, meant):
    _, complaint = printed(f"import spikelearn as sl\n{wrong}")
    assert complaint.endswith(f"has no attribute {wrong.rpartition('.')[2]!r}. Did you mean: {meant!r}?")
    assert not hasattr(sl, "PoissonInputs") and not hasattr(sl, "__wrapped__")


def test_threads_that_ask_at_once_get_the_same_object():
    code = """
import spikelearn as sl, threading
found, all_here = [], threading.Barrier(16)
def ask():
    all_here.wait()
    found.append((sl.LIF, sl.neurons.MODELS, sl.STDP, sl.plasticity.RULES))
threads = [threading.Thread(target=ask) for _ in range(16)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(found), len({tuple(map(id, each)) for each in found}))"""
    assert printed(code) == ("16 1", "")


def test_export_lines_are_read_in_an_archive_as_well(tmp_path):
    package = Path(sl.__file__).parent
    with zipfile.ZipFile(tmp_path / "spikelearn.whl", "w") as archive:
        for file in package.rglob("*.py"):
            archive.write(file, file.relative_to(package.parent))
    code = "import spikelearn as sl\nprint(sl.LIF.name, sl.AllToAll.__name__, len(sl.__all__), sl.__file__)"
    text, complaint = printed(code, tmp_path / "spikelearn.whl")
    assert text.split()[:3] == ["LIF", "AllToAll", str(len(sl.__all__))] and "spikelearn.whl" in text, complaint
