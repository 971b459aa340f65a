"""What is not installed is said with the command that installs it, for every extra, and no sooner than it is used."""

import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from recorded_runs import run_with_everything

import spikelearn as sl
from spikelearn.cli import main
from spikelearn.errors import SpikelearnError

ROOT = Path(__file__).parents[2]


def completion(run, path):
    assert main([]) == 2


def network():
    net = sl.Network()
    net.population(1, sl.LIF())
    return net


def on_nest(run, path):
    network().run(1.0, engine="nest")


CALLS = {
    "completion": ("argcomplete", completion),
    "events": ("aedat", lambda run, path: sl.io.read_events(ROOT / "tests/unit/event_files/davis346.aedat4")),
    "gymnasium": ("gymnasium", lambda run, path: sl.PythonEnvironment("CartPole-v1", decode=print)),
    "interactive": ("plotly", lambda run, path: sl.plots.interactive(run)),
    "neo": ("neo", lambda run, path: run.to_neo()),
    "neo, back": ("neo", lambda run, path: sl.from_neo(None)),
    "neo, spikes": ("neo", lambda run, path: run.spikes("cells").to_neo()),
    "nest": ("nest", on_nest),
    "nir": ("nir", lambda run, path: sl.from_nir(path / "graph.nir")),
    "nwb": ("pynwb", lambda run, path: run.to_nwb(path / "run.nwb")),
    "nwb, back": ("pynwb", lambda run, path: sl.from_nwb(path / "run.nwb")),
    "pandas": ("pandas", lambda run, path: run.spikes("cells").to_pandas()),
    "polars": ("polars", lambda run, path: run.trace("cells", "V_m", "fine").to_polars()),
    "pynn": ("pyNN", lambda run, path: import_module("spikelearn.pynn")),
    "sonata": ("h5py", lambda run, path: run.to_sonata(path / "output")),
    "sonata, network": ("h5py", lambda run, path: network().to_sonata(path / "network", 1.0)),
    "sonata, back": ("h5py", lambda run, path: sl.from_sonata(ROOT / "tests/reference/sonata/300_intfire/config.json")),
    "sweep": ("pebble", lambda run, path: sl.sweep.LocalProcesses(2)),
    "view": ("uvicorn", lambda run, path: sl.view(run)),
    "xarray": ("xarray", lambda run, path: run.trace("cells", "V_m", "fine").to_xarray()),
}
"""Extra, and perhaps which part of it -> a package of it, and what needs it."""

ELSEWHERE = {"docs", "models", "test"}
"""What models need is said by tests/unit/test_cli.py; nothing of the package needs the others."""


@pytest.fixture(scope="module")
def run():
    return run_with_everything()


def test_every_extra_is_tried_here():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    missing = set(extras) - {name.partition(",")[0] for name in CALLS} - ELSEWHERE
    # One that has no call here is at least named in an error that says how to install it.
    code = "".join(path.read_text() for path in (ROOT / "spikelearn").rglob("*.py"))
    assert not {name for name in missing if not re.search(rf'[nN]eeded\([^)]*"{name}"', code)}
    # and tests have them all, but for those that some versions of Python lack
    assert set(extras["test"][0].partition("[")[2].rstrip("]").split(",")) <= set(extras)


@pytest.mark.parametrize("what", CALLS)
def test_what_is_not_installed_is_said_with_the_command_that_installs_it(run, what, tmp_path, monkeypatch, capsys):
    package, call = CALLS[what]
    ours = ("spikelearn.pynn", "spikelearn.interop.pynn")
    for name in [name for name in sys.modules if name.startswith(f"{package}.") or name in (package, *ours)]:
        monkeypatch.delitem(sys.modules, name)

    class Hidden:
        def find_spec(self, name, path=None, target=None):
            if name == package or name.startswith(f"{package}."):
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(sys, "meta_path", [Hidden(), *sys.meta_path])
    monkeypatch.setenv("_ARGCOMPLETE", "1" if what == "completion" else "")
    if what != "completion":
        monkeypatch.delenv("_ARGCOMPLETE")
        with pytest.raises(SpikelearnError) as raised:
            call(run, tmp_path)
        said = str(raised.value)
    else:
        call(run, tmp_path)
        said = capsys.readouterr().err
    assert "not installed" in said and "pip install " in said
    if what != "nest":
        assert f"pip install 'spikelearn[{what.partition(',')[0]}]'" in said and package in said
    assert not list(tmp_path.iterdir())


def test_importing_spikelearn_imports_no_extra():
    code = "import sys, spikelearn as sl; sl.Network; sl.Run; print(*{name.partition('.')[0] for name in sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {package for package, _ in CALLS.values()} | {"h5py", "quantities", "scipy", "matplotlib", "brian2"}
    assert "spikelearn" in found and not heavy & set(found)


def test_tables_of_polars_have_a_row_for_each_event_and_sample(run):
    pytest.importorskip("polars")
    frame = run.spikes("cells").to_polars()
    assert frame.columns == ["time", "neuron"] and len(frame) == len(run.spikes("cells").times)
    trace = run.trace("cells", "V_m", "fine")
    samples = trace.to_polars()
    assert samples.columns == ["time", "neuron", "V_m"]
    one = samples.filter(samples["neuron"] == 2)
    assert np.array_equal(one["V_m"].to_numpy(), trace.values[:, 1]) and np.array_equal(
        one["time"].to_numpy(), trace.times
    )
    read = run.snapshots("cells", "V_m")
    assert np.array_equal(read.to_polars()["value"].to_numpy(), read.values)
    assert run.trace("ff", "weight").to_polars().columns == ["time", "synapse", "weight"]
