"""Model files that are a docstring and one function, and the commands that write and show models."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from spikelearn import cli
from spikelearn.errors import ExperimentError
from spikelearn.experiments import (
    draw,
    list_experiments,
    load_experiment,
    parameters_table,
    run_experiment,
    set_parameters,
)
from tests.tolerances import EXACT

DOCS = Path(__file__).parents[2] / "docs" / "models.md"

SMALL = '''
    """Constant current."""

    from typing import Annotated, Literal

    import spikelearn as sl


    def simulate(seed, current: Annotated[float, "pA", "into each cell"] = 500.0, n=3, kind: Literal["a", "b"] = "a",
                 duration=50.0):
        net = sl.Network(dt=0.1, seed=seed)
        cells = net.population(n, sl.LIF(I_e=current), name="cells")
        net.record(cells)
        net.record(cells, "V_m", every=1.0)
        run = net.run(duration)
        return run, {"spikes": len(run.spikes(cells).times)}
'''


def written(folder: Path, text: str = SMALL, name: str = "small.py") -> Path:
    path = folder / name
    path.write_text(textwrap.dedent(text).lstrip())
    return path


@pytest.fixture
def small(tmp_path):
    return load_experiment(written(tmp_path))


def test_arguments_of_simulate_are_the_parameters_with_units_and_meaning(small):
    rows = parameters_table(small, small.parameters())
    assert [tuple(row[2:]) for row in rows] == [
        (500.0, "pA", "into each cell"), (3, "", ""), ("a", "", ""), (50.0, "", ""),
    ]  # fmt: skip
    assert [row.name for row in rows] == ["current", "n", "kind", "duration"]


def test_parameters_of_a_function_are_set_from_text_by_their_types(small):
    found = set_parameters(small, {"current": "600", "n": "2", "kind": "b"})
    assert (found.current, found.n, found.kind) == (600.0, 2, "b")
    assert set_parameters(small, {"n": "2.5"}).n == 2.5
    with pytest.raises(ExperimentError, match="'kind' of small: expected one of a, b"):
        set_parameters(small, {"kind": "c"})


def test_parameters_of_a_function_can_be_pickled_and_their_class_stays_the_same(small):
    parameters = set_parameters(small, {"n": 4})
    assert pickle.loads(pickle.dumps(parameters)) == parameters
    assert load_experiment(small.path).parameters is small.parameters


def test_a_run_and_its_metrics_are_an_outcome(small):
    more, fewer = (run_experiment(small, set_parameters(small, {"current": i}), 1) for i in (900.0, 500.0))
    assert more.metrics["spikes"] > fewer.metrics["spikes"] > 0
    assert more.metrics["synaptic_events"] == 0
    EXACT.check(more.run.duration, 50.0)


def test_a_run_alone_is_an_outcome_without_metrics_of_its_own(tmp_path):
    text = SMALL.replace('return run, {"spikes": len(run.spikes(cells).times)}', "return run")
    model = load_experiment(written(tmp_path, text))
    assert set(run_experiment(model, model.parameters(), 1).metrics) == {
        "synaptic_events", "wall_s", "real_time_factor",
    }  # fmt: skip


def test_a_model_without_a_figure_has_a_raster_and_one_without_spikes_voltages(small):
    spiking, silent = (run_experiment(small, set_parameters(small, {"current": i}), 1) for i in (900.0, 0.0))
    assert draw(small, None, spiking).axes[0].get_ylabel() != draw(small, None, silent).axes[0].get_ylabel()
    assert "mV" in draw(small, None, silent).axes[0].get_ylabel()


def test_a_function_of_parameters_may_lack_sink_and_progress(tmp_path):
    text = '''
        """With a class."""
        from dataclasses import dataclass

        import spikelearn as sl

        @dataclass(frozen=True)
        class Parameters:
            n: int = 2

        def simulate(parameters, seed):
            net = sl.Network(dt=0.1, seed=seed)
            net.population(parameters.n, sl.LIF())
            return net.run(1.0)
    '''
    model = load_experiment(written(tmp_path, text))
    assert run_experiment(model, model.parameters(), 1).metrics["synaptic_events"] == 0


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        ("x", "argument 'x' of `simulate` needs a default"),
        ("x=None", "argument 'x' of `simulate` needs an annotation: its default is None"),
        ("x: list = [1]", "argument 'x' of `simulate` needs a default that cannot change, such as a tuple"),
        ("*args", r"`simulate` has \*args: expected arguments that can be given by name"),
        ("x=1, /", "`simulate` has x=1: expected arguments that can be given by name"),
        ("**rest", r"`simulate` has \*\*rest: expected"),
        ("parameters, seed", "`simulate` takes 'parameters', so the file needs a frozen dataclass `Parameters`"),
        ("x: Missing = 1", "annotations of `simulate` cannot be read: name 'Missing' is not defined"),
    ],
)
def test_an_argument_that_is_no_parameter_says_why(tmp_path, signature, message):
    text = f'"""Doc."""\nfrom __future__ import annotations\ndef simulate({signature}):\n    pass\n'
    with pytest.raises(ExperimentError, match=f"small.py: {message}"):
        load_experiment(written(tmp_path, text))


def test_all_that_is_wrong_is_listed_at_once(tmp_path):
    text = "def simulate(x):\n    pass\nQUICK = {'y': 1}\nPUBLISHED = {'a': 3}\nSEEDS = 1.5\ndef figure():\n    pass\n"
    with pytest.raises(ExperimentError) as caught:
        load_experiment(written(tmp_path, text))
    for part in (
        "lacks a docstring",
        "'x' of",
        "`SEEDS` must",
        "`QUICK` sets 'y'",
        "PUBLISHED['a']",
        "`figure` cannot",
    ):
        assert part in str(caught.value)


def test_the_new_model_runs_as_it_is(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["new", "my_model"]) == 0
    assert cli.main(["run", "my_model.py", "--quick", "--json"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "my_model.py" and json.loads(out[1])["rate_hz"] > 0.0


def test_a_file_that_is_there_is_not_written_over(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("keep")
    assert cli.main(["new", "mine"]) == 2
    assert "mine.py is there already; nothing was written" in capsys.readouterr().err
    assert (tmp_path / "mine.py").read_text() == "keep"


@pytest.mark.parametrize("name", ["3d", "a-b", "_x", "folder/x", ""])
def test_a_name_that_is_no_module_is_refused(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["new", name]) == 2
    assert "expected a name of letters, digits and _" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_show_has_the_docstring_every_parameter_and_every_published_value(capsys):
    model = load_experiment("brunel_2000")
    assert cli.main(["show", "brunel_2000"]) == 0
    out = capsys.readouterr().out
    assert model.text in out and str(model.path) in out
    for row in parameters_table(model, model.parameters()):
        assert re.search(rf"^{row.name} .*{re.escape(row.doc)}$", out, re.MULTILINE)
    assert all(name in out for name in model.published)


def test_show_as_json_has_the_same(capsys):
    assert cli.main(["show", "brunel_2000", "--json"]) == 0
    found, model = json.loads(capsys.readouterr().out), load_experiment("brunel_2000")
    assert [each["name"] for each in found["parameters"]] == [
        row.name for row in parameters_table(model, model.parameters())
    ]
    assert set(found["published"]) == set(model.published) and found["summary"] == model.summary


def test_help_on_a_model_has_its_parameters(tmp_path, capsys):
    path = written(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli.main(["run", str(path), "--help"])
    out = capsys.readouterr().out
    assert ended.value.code == 0 and "--quick" in out and "into each cell" in out
    with pytest.raises(SystemExit):
        cli.main(["run", "--help"])
    assert "parameters of" not in capsys.readouterr().out.replace("set parameters of the model", "").replace(
        "the parameters of MODEL", ""
    )


def completions(line: str, folder: Path) -> set[str]:
    """What a shell is given, by argcomplete's protocol."""
    answer = folder / "answer"
    environment = os.environ | {
        "_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
        "COMP_LINE": line, "COMP_POINT": str(len(line)), "COMP_TYPE": "9",
    }  # fmt: skip
    program = "import sys; sys.argv[0] = 'spikelearn'; from spikelearn.cli import main; main()"
    subprocess.run([sys.executable, "-c", program], env=environment, cwd=Path(__file__).parents[2], check=False)
    return {each.strip() for each in answer.read_text().split("\n")} - {""}


def test_a_shell_completes_commands_models_and_parameters(tmp_path):
    assert {"run", "show", "new", "sweep"} <= completions("spikelearn ", tmp_path)
    names = {each.name for each in list_experiments() if each.name.startswith("br")}
    assert completions("spikelearn run br", tmp_path) == names
    assert {"g=", "eta="} <= completions("spikelearn run brunel_2000 --set ", tmp_path)


def test_the_models_of_the_page_run(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    first = load_experiment(written(tmp_path, blocks[0], "first.py"))
    assert run_experiment(first, first.parameters(), 1).metrics["rate_hz"] > 0.0
    function = "\n\ndef simulate(parameters, seed):\n    pass\n"
    second = load_experiment(written(tmp_path, '"""Doc."""\n' + blocks[1] + function, "second.py"))
    assert second.quick and second.published["rate_hz"].agrees(7.0)
