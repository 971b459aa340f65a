"""Model files: found by name or path, checked when loaded, their parameters set from text."""

from __future__ import annotations

import dataclasses
import math
import os
import pickle
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

import spikelearn
from spikelearn.errors import DescriptionError, ExperimentError, ParameterError
from spikelearn.experiments import (
    Control,
    Experiment,
    Goal,
    Oracle,
    Outcome,
    Published,
    common_metrics,
    list_experiments,
    load_experiment,
    metrics_table,
    models_directory,
    parameters_table,
    parse_time,
    run_experiment,
    set_parameters,
)
from spikelearn.results.run import Run

MODEL = '''
    """A tiny model.

    The rest of the docstring.
    """

    from __future__ import annotations

    from dataclasses import dataclass, field
    from typing import Literal, Optional

    from spikelearn.results.run import Run
    from spikelearn.experiments import Outcome, Published


    @dataclass(frozen=True)
    class Parameters:
        g: float = field(default=4.5, metadata={"unit": "1", "doc": "relative strength of inhibition"})
        n: int = 10
        duration: float = field(default=100.0, metadata={"unit": "ms", "doc": "simulated time"})
        plastic: bool = True
        label: str = "a"
        seeds: tuple[int, ...] = (1, 2)
        window: tuple[float, int] = (0.0, 1)
        limit: Optional[float] = None
        size: int | None = 3
        mode: Literal["cuba", "coba"] = "cuba"

        def __post_init__(self):
            if self.n < 0:
                raise ValueError("n must not be negative")


    QUICK = {"duration": 10.0, "n": 2}
    PUBLISHED = {"rate_hz": Published(5.0, low=4.5, high=5.5, source="Somebody 2000"), "cv": Published("low")}


    def simulate(parameters, seed, sink=None, progress=None):
        run = Run(0.1, 0.0, parameters.duration, seed, {}, {}, wall_s=0.5, synaptic_events=3)
        return Outcome(run, {"rate_hz": parameters.g}, other_runs=(run,))


    def figure(parameters, outcome):
        return None
'''


def write(path: Path, text: str = MODEL) -> Path:
    path.write_text(textwrap.dedent(text).lstrip())
    return path


@pytest.fixture
def tiny(tmp_path) -> Experiment:
    return load_experiment(write(tmp_path / "tiny.py"))


def test_a_model_file_is_loaded_from_a_path(tiny, tmp_path):
    assert (tiny.name, tiny.path, tiny.summary) == ("tiny", tmp_path / "tiny.py", "A tiny model.")
    assert tiny.quick == {"duration": 10.0, "n": 2}
    assert tiny.published["rate_hz"].source == "Somebody 2000"


def test_a_model_file_is_loaded_by_its_name(tmp_path):
    write(tmp_path / "tiny.py")
    assert load_experiment("tiny", tmp_path).name == "tiny"


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path):
    write(tmp_path / "brunel_2000.py")
    write(tmp_path / "digits.py")
    expected = r"no model called 'brunel' in .* \(did you mean 'brunel_2000'\?\); there are: brunel_2000, dig"
    with pytest.raises(ExperimentError, match=expected):
        load_experiment("brunel", tmp_path)


@pytest.mark.parametrize("path", ["absent.py", "models/absent", "."])
def test_a_path_that_leads_nowhere_is_named(path):
    with pytest.raises(ExperimentError, match="there is no such file; expected a model file"):
        load_experiment(path)


def test_a_path_without_text_is_refused():
    with pytest.raises(DescriptionError, match="model: expected a path"):
        load_experiment("")


def test_a_file_that_is_not_python_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ExperimentError, match="notes.txt: not a Python file"):
        load_experiment(tmp_path / "notes.txt")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"""Doc."""\n\ndef simulate(:\n', r"bad.py, line 3 \(def simulate\(:\): .*invalid syntax"),
        (
            '"""Doc."""\nimport absent_package\n',
            "line 2 .import absent_package.: cannot be loaded: ModuleNotFound.*absent",
        ),
        ('"""Doc."""\n\n1 / 0\n', "bad.py, line 3 .1 / 0.: cannot be loaded: ZeroDivisionError: division by zero"),
        (
            '"""Doc."""\nraise SystemExit(1)\n',
            "bad.py, line 2 .raise SystemExit.1..: cannot be loaded: SystemExit: 1",
        ),
        ("x = 1\n", "bad.py: not a model file: it lacks a docstring and a function `simulate`"),
    ],
)
def test_a_file_that_is_no_model_file_says_where_and_what(tmp_path, text, message):
    (tmp_path / "bad.py").write_text(text)
    before = set(sys.modules)
    with pytest.raises(ExperimentError, match=message):
        load_experiment(tmp_path / "bad.py")
    if "lacks" not in message:
        assert "spikelearn_models.bad" not in set(sys.modules) - before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("@dataclass(frozen=True)", "@dataclass", "`Parameters` must be a frozen dataclass"),
        ("@dataclass(frozen=True)", "", "`Parameters` must be a dataclass"),
        ("n: int = 10", "n: int = field(kw_only=True)", "needs a default; n has none"),
        ('"n": 2}', '"m": 2}', "`QUICK` sets 'm'.*the parameters are: g, n, duration"),
        ("QUICK = {", "QUICK = [], {", "`QUICK` must be a dict, got tuple"),
        ('Published("low")', '"low"', r"`PUBLISHED\['cv'\]` must be a Published, Oracle, Goal or Control, got str"),
        ("parameters, seed, sink", "parameters, *, sink", r"`simulate` cannot be called as simulate\(param"),
        ("def figure(parameters, outcome)", "def figure()", "`figure` cannot be called as figure"),
    ],
)
def test_a_model_file_that_breaks_the_convention_says_how(tmp_path, old, new, message):
    assert old in MODEL
    with pytest.raises(ExperimentError, match=f"tiny.py: .*{message}"):
        load_experiment(write(tmp_path / "tiny.py", MODEL.replace(old, new)))


def test_classes_of_a_model_file_can_be_pickled_and_stay_the_same(tiny):
    parameters = set_parameters(tiny, {"n": 4})
    assert pickle.loads(pickle.dumps(parameters)) == parameters
    assert load_experiment(tiny.path).parameters is tiny.parameters


def test_a_model_file_that_changed_is_loaded_anew(tiny):
    write(tiny.path, MODEL.replace("A tiny model.", "Another model."))
    os.utime(tiny.path, (1, 1))
    assert load_experiment(tiny.path).summary == "Another model."


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("g", "5", 5.0), ("g", "-1e-3", -1e-3), ("g", 6, 6.0),
        ("n", "7", 7), ("n", "1e4", 10_000), ("n", "10_000", 10_000),
        ("plastic", "no", False), ("plastic", "TRUE", True), ("plastic", False, False),
        ("label", "b c", "b c"),
        ("seeds", "1,2,3", (1, 2, 3)), ("seeds", "(4,)", (4,)), ("seeds", (5, 6), (5, 6)), ("seeds", "", ()),
        ("window", "1.5, 2", (1.5, 2)),
        ("limit", "2", 2.0), ("limit", "none", None), ("limit", None, None),
        ("size", "4", 4), ("mode", "coba", "coba"),
    ],
)  # fmt: skip
def test_a_parameter_is_set_from_text_by_the_type_of_its_field(tiny, name, text, value):
    found = getattr(set_parameters(tiny, {name: text}), name)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("g", "abc", "parameter 'g' of tiny: expected a finite number, got 'abc'"),
        ("g", "nan", "expected a finite number, got 'nan'"),
        ("limit", "inf", "expected a finite number, or none, got 'inf'"),
        ("n", "2.5", "expected a whole number, got '2.5'"),
        ("n", "inf", "expected a whole number"),
        ("plastic", "maybe", "expected true or false, got 'maybe'"),
        ("seeds", "1,x", "expected a whole number, got '1,x'"),
        ("window", "1,2,3", "expected 2 values separated by commas"),
        ("mode", "cub", "expected one of cuba, coba"),
        ("n", "-1", "parameters of tiny: n must not be negative"),
    ],
)
def test_a_value_that_does_not_fit_names_the_parameter_and_what_was_expected(tiny, name, text, message):
    with pytest.raises(ExperimentError, match=message):
        set_parameters(tiny, {name: text})


def test_a_value_below_the_least_one_is_refused_and_counts_are_not_below_0(tmp_path):
    lines = [
        "n: int = parameter(10, '', 'cells')", "m: int = parameter(-1, '', 'm')",
        "f: float = parameter(2.0, 'ms', 'f', minimum=0.5)",
    ]  # fmt: skip
    declared = (
        ("g: float = field(default=4.5, ", "g: float = parameter(4, '', 'g')  # "),
        ("Outcome, Published\n", "Outcome, Published, parameter\n"),
        ("n: int = 10", "\n        ".join(lines)),
    )
    text = MODEL
    for old, new in declared:
        assert old in text
        text = text.replace(old, new, 1)
    tiny = load_experiment(write(tmp_path / "tiny.py", text))
    set_parameters(tiny, {"n": 0, "m": -5, "g": -1, "f": 0.5})
    with pytest.raises(ExperimentError, match="parameter 'n' of tiny: expected at least 0, got '-1'"):
        set_parameters(tiny, {"n": "-1"})
    with pytest.raises(ExperimentError, match=r"parameter 'f' of tiny: expected at least 0.5 \(ms\), got 0.4"):
        set_parameters(tiny, {"f": 0.4})


def test_an_unknown_parameter_is_answered_with_the_known_ones(tiny):
    expected = r"tiny has no parameter 'durations' \(did you mean 'duration'\?\); it has: g, n, duration"
    with pytest.raises(ExperimentError, match=expected):
        set_parameters(tiny, {"durations": "1"})
    with pytest.raises(ExperimentError, match=r"tiny has no parameter 'G' \(did you mean 'g'\?\)"):
        set_parameters(tiny, {"G": "1"})


def test_what_the_user_sets_wins_over_quick_and_quick_over_the_defaults(tiny):
    assert set_parameters(tiny).duration == 100.0
    quick = set_parameters(tiny, {"n": "3"}, quick=True)
    assert (quick.duration, quick.n, quick.g) == (10.0, 3, 4.5)


def test_the_table_of_parameters_has_units_and_meaning(tiny):
    row = parameters_table(tiny, set_parameters(tiny, {"g": "5"}))[0]
    assert row == ("g", 5.0, 4.5, "1", "relative strength of inhibition")


def test_common_metrics_are_summed_over_all_runs(tiny):
    outcome = run_experiment(tiny, set_parameters(tiny), seed=3)
    assert outcome.run.seed == 3
    assert outcome.metrics == {"rate_hz": 4.5, "synaptic_events": 6, "wall_s": 1.0, "real_time_factor": 5.0}


def test_a_run_of_no_duration_has_no_real_time_factor():
    assert common_metrics(Outcome(Run(0.1, 5.0, 5.0, 1, {}, {}), {}))["real_time_factor"] is None


def test_a_model_that_counts_for_itself_is_believed(tiny):
    counts = dataclasses.replace(
        tiny, simulate=lambda *_, **__: Outcome(Run(0.1, 0.0, 1.0, 1, {}, {}), {"synaptic_events": 99})
    )
    assert run_experiment(counts, None, 1).metrics["synaptic_events"] == 99


def test_a_model_that_returns_something_else_is_named(tiny):
    broken = dataclasses.replace(tiny, simulate=lambda *_, **__: {"rate_hz": 1.0})
    with pytest.raises(ExperimentError, match="tiny.py: `simulate` returned dict, expected an Outcome"):
        run_experiment(broken, None, 1)


def test_metrics_are_set_beside_what_was_published(tiny):
    rows = {row.name: row for row in metrics_table(tiny, {"rate_hz": 5.2, "wall_s": 1.0})}
    assert rows["rate_hz"].agrees is True
    assert rows["wall_s"].published is None and rows["wall_s"].agrees is None
    assert rows["cv"].value is None and rows["cv"].agrees is None


def test_agreement_is_a_closed_range_that_may_be_open_on_one_side():
    both, above = Published(5.0, 4.5, 5.5), Published("at least 85 %", low=0.85)
    assert both.agrees(4.5) and both.agrees(5.5)
    assert [both.agrees(x) for x in (4.4, 5.6, math.nan, None)] == [False] * 4
    assert [above.agrees(x) for x in (0.85, 1.0, 0.8)] == [True, True, False]


@pytest.mark.parametrize(
    ("text", "ms"),
    [("250", 250.0), ("25ms", 25.0), ("10 s", 1e4), ("1.5min", 9e4), ("1h", 3.6e6), ("1e3", 1e3), ("9us", 9e-3)],
)
def test_a_time_is_ms_unless_it_has_a_unit(text, ms):
    assert parse_time(text, "--duration") == pytest.approx(ms, rel=1e-15)


@pytest.mark.parametrize("text", ["", "s", "10 m", "ten", "nan", "infs", "1 2", "1e999"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ExperimentError, match="expected a time in ms, or with a unit"):
        parse_time(text, "--duration")


def test_models_are_listed_without_being_executed(tmp_path):
    (tmp_path / "b.py").write_text('"""\nWhat b is.\n\nMore.\n"""\nraise SystemExit\n')
    (tmp_path / "a.py").write_text("def broken(:\n")
    (tmp_path / "c.py").write_text("x = 1\n")
    (tmp_path / "_helper.py").write_text('"""Not a model."""\n')
    listed = list_experiments(tmp_path)
    assert [each.name for each in listed] == ["a", "b", "c"]
    assert listed[0].summary.startswith("(cannot be read: invalid syntax")
    assert [each.summary for each in listed[1:]] == ["What b is.", ""]


def test_the_models_are_in_the_package_or_beside_it():
    package = Path(spikelearn.__file__).parent
    assert models_directory() in (package / "models", package.parent / "models")
    assert models_directory().is_dir()


def test_an_error_of_the_model_about_its_parameters_passes_through(tmp_path):
    text = MODEL.replace("import Run\n", "import Run\n    from spikelearn.errors import ParameterError\n")
    text = text.replace("raise ValueError", "raise ParameterError")
    tiny = load_experiment(write(tmp_path / "tiny.py", text))
    with pytest.raises(ParameterError, match="^n must not be negative"):
        set_parameters(tiny, {"n": "-1"})


def test_neither_h5py_nor_matplotlib_is_loaded_with_the_package_or_the_command_line():
    heavy = "{'h5py', 'matplotlib', 'brian2', 'sklearn'}"
    command = [sys.executable, "-c", f"import sys, spikelearn.cli; print(*{heavy} & set(sys.modules))"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert done.stdout.strip() == ""


def test_models_are_importable_and_loading_one_gives_the_module_that_is_imported():
    script = (
        "import pickle, spikelearn.models.brunel_2000 as model; from spikelearn.experiments import load_experiment; "
        "experiment = load_experiment('brunel_2000'); assert experiment.parameters is model.Parameters; "
        "from spikelearn.models import brunel_2000; assert brunel_2000 is model; print(model.__name__); "
        "open('parameters.pickle', 'wb').write(pickle.dumps(model.Parameters()))"
    )
    root = Path(spikelearn.__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with tempfile.TemporaryDirectory() as folder:
        found = [
            subprocess.run(
                [sys.executable, "-c", each], cwd=folder, env=environment, capture_output=True, text=True, check=True
            ).stdout.strip()
            for each in (script, "import pickle; print(pickle.load(open('parameters.pickle', 'rb')).__module__)")
        ]
    assert found == ["spikelearn.models.brunel_2000"] * 2


def test_a_model_file_in_another_folder_does_not_hide_the_model_of_the_same_name(tmp_path):
    other = load_experiment(write(tmp_path / "brunel_2000.py", MODEL))
    assert other.parameters.__module__ == "spikelearn_models.brunel_2000"
    assert load_experiment("brunel_2000").parameters is not other.parameters


@pytest.mark.parametrize("name", [each.name for each in list_experiments()])
def test_what_is_said_to_be_published_has_a_reference_and_what_is_no_control_does_not_say_so(name):
    """Four kinds: of a publication, with author and year or journal; of an oracle; chosen here; and of a control."""
    for metric, expected in load_experiment(name).published.items():
        assert type(expected) in (Published, Oracle, Goal, Control), metric
        assert expected.source, metric
        if isinstance(expected, Published):
            assert re.search(r"\d{4}|\d+:\d+|criterion|error of", expected.source), (metric, expected.source)
            assert not re.search(r"chosen here|prototype|control|ablation", expected.source), (metric, expected.source)
        elif not isinstance(expected, Control):
            assert not re.search(r"control|ablation|chance|shuffled|frozen", expected.source), (metric, expected.source)
