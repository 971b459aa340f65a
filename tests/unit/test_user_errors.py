"""Errors on the command line and in model files: one line that names what, where and what was expected."""

import json
from pathlib import Path

import pytest
import sweep_model_file
from matplotlib.figure import Figure

from spikelearn import cli, plots

MODEL = '''"""A model that does what a test asks for."""
from dataclasses import dataclass
import spikelearn as sl
from spikelearn.experiments import Outcome, parameter

@dataclass(frozen=True)
class Parameters:
    n: int = parameter(1, "", "a number")

QUICK, PUBLISHED = {}, {}

def run_of(sink):
    net = sl.Network(dt=1.0)
    net.population(1, sl.LIF(), name="cell")
    return net.run(1.0, sink=sink)

def simulate(parameters, seed, sink=None, progress=None):
    run = run_of(sink)
    {simulate}

def figure(parameters, outcome):
    {figure}
'''
FINE = "return Outcome(run, {'a': 1.0})"
A_FIGURE = "from matplotlib.figure import Figure; return Figure()"


@pytest.fixture
def shell(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        code = cli.main(list(arguments))
        return code, capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    ("simulate", "message"),
    [
        ("return 1 // (parameters.n - 1)", r"simulate of {file}, line 19 (return 1 // (parameters.n - 1)): ZeroDivisi"),
        ("run.nothing", "line 19 (run.nothing): AttributeError: 'Run' object has no attribute 'nothing'"),
        ("raise KeyError('x')", "line 19 (raise KeyError('x')): KeyError: 'x'"),
        ("sl.LIF(tau_m=-1)", "tau_m of LIF: expected more than 0"),
        ("sl.LIF(tau_m=-1)", "simulate of {file}, line 19 (sl.LIF(tau_m=-1))"),
        ("return None", "`simulate` returned NoneType, expected an Outcome"),
        ("return Outcome(None, {})", "returned an Outcome with None, expected a Run"),
        ("return Outcome(run, None)", "returned metrics None, expected name -> number"),
        ("return Outcome(run, {'a': object})", "metric 'a': expected a number, text or None, got <class 'object'>"),
        ("return Outcome(run, {'a': 1j})", "metric 'a': expected a number, text or None, got 1j"),
        ("return Outcome(run, {'a': {1: 2}})", "metric 'a': expected a number, text or None, got {1: 2}"),
        ("return Outcome(run, {1: 2.0})", "metric 1: expected a number"),
    ],
)
def test_what_a_model_does_wrong_is_one_line_with_the_place(simulate, message, shell, tmp_path):
    file = tmp_path / "model.py"
    file.write_text(MODEL.replace("{simulate}", simulate).replace("{figure}", A_FIGURE))
    code, error = shell("run", str(file), "--json", "--out", "out")
    assert code == 2
    assert message.replace("{file}", str(file)) in error.splitlines()[-1]
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("figure", "message"),
    [
        ("return None", "`figure` returned NoneType, expected a matplotlib Figure"),
        ("return 1 / 0", "line 22 (return 1 / 0): ZeroDivisionError: division by zero"),
    ],
)
def test_a_figure_that_fails_is_skipped_with_the_place_and_the_rest_is_kept(figure, message, shell, tmp_path):
    file = tmp_path / "model.py"
    file.write_text(MODEL.replace("{simulate}", FINE).replace("{figure}", figure))
    code, error = shell("run", str(file), "--out", "out")
    assert code == 0
    assert message in error
    assert json.loads(Path("out/metrics.json").read_text())["a"] == 1.0
    assert not Path("out/model.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "n=" + "1" * 22], "parameter 'n' of model: expected a whole number below 2^63, got '111"),
        (["--set", "n=" + "1" * 5000], "parameter 'n' of model: expected a whole number"),
        (["--memory-limit", "1.2.3MB"], "--memory-limit: expected a size such as 500MB or 2GB, got '1.2.3MB'"),
        (["--memory-limit", "٣MB"], "--memory-limit: expected a size such as 500MB or 2GB"),
        (["--metrics", "names:f"], "--metrics: expected FILE.py:FUNCTION with a file that exists, got 'names:f'"),
        (["--metrics", "broken.py:f"], "--metrics of broken.py, line 1 (1 / 0): ZeroDivisionError"),
        (["--table", "deep.json"], "deep.json: cannot be read as a table of points: it is nested too deeply"),
        (["--table", "a"], "a: expected a table of points, .csv, .json or .parquet"),
    ],
)
def test_wrong_arguments_of_a_sweep_are_one_line_and_leave_no_store(arguments, message, shell, tmp_path):
    (tmp_path / "model.py").write_text(sweep_model_file.TEXT)
    Path("names").write_text("def f(run): return {}")
    Path("broken.py").write_text("1 / 0")
    Path("deep.json").write_text("[" * 100_000)
    Path("a").write_text("x\n1\n")
    code, error = shell("sweep", "model.py", "--out", "store", *arguments)
    assert code == 2
    assert message in error.splitlines()[-1]
    assert "Traceback" not in error
    assert not Path("store").exists()


@pytest.mark.parametrize("command", ["run", "sweep"])
@pytest.mark.parametrize("wrong", [("--out", ""), ("--seed", "-1"), ("--seed", "1" * 30), ("--seed", "x")])
def test_paths_and_seeds_that_cannot_be_are_refused_by_every_command(command, wrong, shell):
    with pytest.raises(SystemExit, match="2"):
        shell(command, "brunel_2000", *wrong)


@pytest.mark.parametrize("name", ["picture", "picture.png", "picture.svg", "a.b/picture"])
def test_a_picture_is_written_to_exactly_the_path_that_was_given(name, tmp_path):
    (tmp_path / "a.b").mkdir()
    plots.save(Figure(), tmp_path / name)
    assert [each.name for each in (tmp_path / name).parent.iterdir() if each.is_file()] == [Path(name).name]


@pytest.mark.parametrize("value", ["", "1"])
def test_an_environment_variable_that_is_empty_is_not_set(value, monkeypatch, shell, tmp_path):
    monkeypatch.setenv("SPIKELEARN_THREADS", value)
    (tmp_path / "model.py").write_text(MODEL.replace("{simulate}", FINE).replace("{figure}", A_FIGURE))
    assert shell("run", str(tmp_path / "model.py"), "--json")[0] == 0
