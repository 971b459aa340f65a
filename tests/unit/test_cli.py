"""The command line, run on a tiny model that makes its Run by hand."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import spikelearn
from spikelearn import cli
from spikelearn import experiments as experiment
from spikelearn.io.run_file import load, load_extra
from spikelearn.results.run import Run

REPOSITORY = Path(__file__).parents[2]
SEEN = ("raster.png", "voltage.png", "tiny.png")
PNG = b"\x89PNG\r\n\x1a\n"

MODEL = '''
    """A tiny model.

    Its simulate hands a run to the sink in pieces of 1 ms, as the engine does, or longer ones.
    """

    import time
    import warnings
    from dataclasses import dataclass, field

    import numpy as np
    from matplotlib.figure import Figure

    from spikelearn.results.run import PopulationInfo, ProjectionInfo, Run, Synapses
    from spikelearn.results.sink import MemorySink, RunHeader, TraceHeader
    from spikelearn.errors import SimulationError
    from spikelearn.experiments import Outcome, Published


    @dataclass(frozen=True)
    class Parameters:
        duration: float = field(default=20.0, metadata={"unit": "ms"})
        g: float = field(default=4.5, metadata={"unit": "mV"})
        voltages: bool = True
        n_synapses: int = 3
        fails_at: float = -1.0
        interrupted_at: float = -1.0
        cut_short: bool = False
        piece: float = 1.0
        seconds_per_step: float = 0.0
        use_sink: bool = True


    QUICK = {"duration": 10.0}
    PUBLISHED = {
        "g": Published(4.5, low=4.0, high=5.0, source="Somebody 2000, Fig. 1"),
        "rate_hz": Published("about 3"),
    }


    def simulate(parameters, seed, sink=None, progress=None):
        print("the model prints")
        sink = MemorySink() if sink is None or not parameters.use_sink else sink
        names = ("exc", "inh")
        projections = {
            f"exc->{name}": ProjectionInfo(f"exc->{name}", "exc", name, "exc", "spike", parameters.n_synapses)
            for name in names
        }
        populations = {name: PopulationInfo(name, 5, "lif", {"V_th": -50.0}) for name in names}
        traces = (TraceHeader("exc", "V_m", "mV", np.arange(2)),) if parameters.voltages else ()
        spikes = tuple((name, "spike") for name in names)
        sink.begin(RunHeader(0.1, 0.0, seed, populations, projections, spikes, traces, {"spikelearn": "0"}))
        t = 0.0
        while t < parameters.duration:
            if t == parameters.fails_at:
                raise SimulationError("V_m of neuron 3 of 'exc' is not finite")
            if t == parameters.interrupted_at:
                raise KeyboardInterrupt
            for name in names:
                sink.spikes(name, "spike", t + np.arange(5) / 5, np.arange(5))
            if parameters.voltages:
                times = t + np.arange(10) / 10
                sink.trace("exc", "V_m", times, -60 + np.sin(times)[:, None] * [1, 2])
            t += parameters.piece
            sink.flush(t)
            time.sleep(parameters.seconds_per_step)
        sink.end(t, parameters.cut_short, 0.5, 7)
        array = np.arange(parameters.n_synapses)
        synapses = {name: Synapses(array % 5, array % 5, array * 1.0, array + 1.5) for name in projections}
        run = Run(0.1, 0.0, t, seed, populations, projections, sink.spike_data(), sink.trace_data(), synapses,
                  {"spikelearn": "0"}, parameters.cut_short, 0.5, 7)
        return Outcome(run, {"g": np.float64(parameters.g), "rate_hz": float("nan"), "n": np.int64(3)})


    def figure(parameters, outcome):
        figure = Figure()
        figure.subplots().plot([0, 1])
        return figure
'''


@pytest.fixture
def model(tmp_path, monkeypatch) -> str:
    """The path of the tiny model; the working directory is empty but for it."""
    path = tmp_path / "tiny.py"
    path.write_text(textwrap.dedent(MODEL).lstrip())
    monkeypatch.chdir(tmp_path)
    return str(path)


def spikelearn_process(*arguments: str, **options) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "spikelearn", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, **options
    )


def saved_run(model: str, directory: Path, *settings: str) -> Path:
    assert cli.main(["run", model, "--out", str(directory), "--set", "g=5", *settings]) == 0
    return directory


@pytest.fixture(scope="module")
def drawn_once(tmp_path_factory) -> Path:
    """The directory of a run with the pictures that belong to it."""
    folder = tmp_path_factory.mktemp("drawn")
    (folder / "tiny.py").write_text(textwrap.dedent(MODEL).lstrip())
    return saved_run(str(folder / "tiny.py"), folder / "o")


@pytest.fixture
def drawn(model, drawn_once) -> Path:
    """The same in the working directory, beside the model."""
    return Path(shutil.copytree(drawn_once, "o"))


def test_a_run_writes_its_files_and_prints_metrics_beside_what_is_expected(model, capsys):
    assert cli.main(["run", model, "--set", "g=5.5", "--seed", "3"]) == 0
    out = capsys.readouterr().out
    lines = [line.split() for line in out.splitlines()]
    assert ["tiny:", "A", "tiny", "model."] in lines
    assert ["g", "5.5", "4.5", "mV"] in lines
    assert not any(line[:1] == ["voltages"] for line in lines)
    assert ["g", "5.5", "4.5", "no", "published", "Somebody", "2000,", "Fig.", "1"] in lines
    assert ["rate_hz", "none", "about", "3", "published"] in lines
    assert ["real_time_factor", "25"] in lines
    directory = Path("out/tiny")
    assert sorted(os.listdir(directory)) == sorted([*SEEN, "metrics.json", "run.h5"])
    assert all((directory / name).read_bytes().startswith(PNG) for name in SEEN)
    metrics = json.loads((directory / "metrics.json").read_text())
    assert metrics == {
        "synaptic_events": 7, "wall_s": 0.5, "real_time_factor": 25.0, "g": 5.5, "rate_hz": None, "n": 3,
    }  # fmt: skip
    run, extra = load(directory / "run.h5"), load_extra(directory / "run.h5")
    assert (run.seed, run.t_stop, run.interrupted, len(run.synapses("exc->inh").pre)) == (3, 20.0, False, 3)
    assert extra["metrics"] == metrics
    assert extra["model"]["parameters"]["g"] == 5.5
    assert (extra["model"]["name"], extra["model"]["seed"], extra["model"]["quick"]) == ("tiny", 3, False)


def test_json_is_one_object_on_standard_output_and_no_files(model, capsys):
    assert cli.main(["run", model, "--quick", "--json"]) == 0
    captured = capsys.readouterr()
    metrics = json.loads(captured.out)
    assert captured.out.count("\n") == 1
    assert (metrics["g"], metrics["rate_hz"], metrics["real_time_factor"]) == (4.5, None, 50.0)
    assert "the model prints" in captured.err and "quick form" in captured.err
    assert os.listdir() == ["tiny.py"]


def test_json_with_out_writes_files_too(model, tmp_path, capsys):
    assert cli.main(["run", model, "--json", "--out", "there/deep"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(Path("there/deep/metrics.json").read_text())
    assert set(SEEN) < set(os.listdir("there/deep"))


def test_the_duration_may_have_a_unit_and_wins_over_quick(model):
    assert cli.main(["run", model, "--duration", "0.03s", "--quick", "--out", "o"]) == 0
    assert load("o/run.h5").t_stop == 30.0


def test_a_model_that_does_not_stream_is_saved_all_the_same(model):
    saved_run(model, Path("o"), "use_sink=no")
    assert load("o/run.h5").spikes("exc").times.size == 100


def test_a_picture_of_what_was_not_recorded_is_skipped_with_a_reason(model, capsys):
    saved_run(model, Path("o"))
    saved_run(model, Path("o"), "voltages=no")
    assert "voltage.png skipped: " in capsys.readouterr().err
    assert sorted(os.listdir("o")) == ["metrics.json", "raster.png", "run.h5", "tiny.png"]


def test_synapses_of_a_large_projection_are_left_out_and_it_is_said(model, monkeypatch, capsys):
    monkeypatch.setattr(cli.command, "MOST_SYNAPSES", 3)
    saved_run(model, Path("o"), "n_synapses=4")
    assert "more than 3: exc->exc, exc->inh" in capsys.readouterr().err
    assert load("o/run.h5").synapse_data == {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "gg=1"], "tiny has no parameter 'gg' (did you mean 'g'?)"),
        (["--set", "g"], "--set: expected NAME=VALUE, got 'g'"),
        (["--set", "g=1", "--set", "g=2"], "--set: 'g' is given twice"),
        (["--set", "g=x"], "parameter 'g' of tiny: expected a finite number (mV), got 'x'"),
        (["--duration", "soon"], "--duration: expected a time in ms"),
        (["--duration", "-5"], "--duration: expected a time above 0"),
        (["--duration", "5", "--set", "duration=5"], "the duration is given twice"),
        (["--out", "tiny.py"], "tiny.py: cannot be written: File exists"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2_and_nothing_is_written(model, capsys, arguments, message):
    assert cli.main(["run", model, *arguments]) == 2
    err = capsys.readouterr().err
    assert err.startswith("spikelearn: error: ") and message in err and err.count("\n") == 1
    assert os.listdir() == ["tiny.py"]


def test_an_unknown_model_is_one_line_and_exit_code_2(capsys):
    assert cli.main(["run", "no_such_model"]) == 2
    assert "no model called 'no_such_model'" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["run"], ["run", "m", "--seed", "-1"], ["plot", "map", "x"]])
def test_wrong_usage_is_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as exit_:
        cli.main(arguments)
    assert exit_.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["runn", "m"], "there is no command 'runn' (did you mean 'run'?); there are: list, show, new, run"),
        (["tiny.py", "--json"], "there is no command 'tiny.py'; to run the model: spikelearn run tiny.py"),
        (["run", "m", "--see", "3"], "spikelearn run: error: unknown argument --see (did you mean '--seed'?)"),
        (["run", "m", "--threads=2"], "parameters of the model are set with --set threads=VALUE"),
        (["list", "m"], "usage: spikelearn list [-h] [--json]\nspikelearn list: error: unknown argument m"),
    ],
)
def test_an_unknown_word_is_answered_with_what_was_meant(arguments, message, capsys):
    with pytest.raises(SystemExit) as exit_:
        cli.main(arguments)
    assert exit_.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "show", "sweep", "view"])
def test_a_file_that_is_no_model_is_named(command, model, capsys):
    Path("picture.png").write_bytes(b"")
    assert cli.main([command, "picture.png"]) == 2
    err = capsys.readouterr().err
    assert "picture.png: " in err and "expected" in err and ".py" in err
    Path("picture.png").unlink()
    assert os.listdir() == ["tiny.py"]


def test_the_tasks_of_compare_are_those_that_there_are(capsys):
    from spikelearn.learning.comparison import TASKS

    with pytest.raises(SystemExit):
        cli.main(["compare", "--help"])
    listed = capsys.readouterr().out.rpartition("--task TASK")[2].partition("--rules RULE")[0]
    assert set(re.findall(r"[a-z_]{3,}", listed)) - {"default"} == set(TASKS)


def test_a_seed_that_is_no_number_is_said_in_words(capsys):
    with pytest.raises(SystemExit):
        cli.main(["run", "m", "--seed", "x"])
    assert "--seed: expected a whole number from 0 to 2^63 - 1, got 'x'" in capsys.readouterr().err


def test_a_package_that_a_model_needs_and_does_not_find_is_named(tmp_path, capsys):
    path = tmp_path / "needy.py"
    path.write_text(
        textwrap.dedent(MODEL).lstrip().replace("    sink = ", "    import no_such_package\n    sink = ", 1)
    )
    assert "no_such_package" in path.read_text()
    assert cli.main(["run", str(path), "--json"]) == 2
    err = capsys.readouterr().err
    assert "'no_such_package', which is not installed" in err and "pip install 'spikelearn[models]'" in err


def test_a_model_without_duration_refuses_one(tmp_path, capsys):
    path = tmp_path / "timeless.py"
    path.write_text(textwrap.dedent(MODEL).lstrip().replace("duration", "length"))
    assert cli.main(["run", str(path), "--duration", "5"]) == 2
    assert "timeless has no parameter 'duration'; it has: length, g" in capsys.readouterr().err


def test_a_simulation_that_fails_keeps_what_was_simulated_and_no_old_pictures(model, capsys):
    saved_run(model, Path("o"))
    assert cli.main(["run", model, "--out", "o", "--set", "fails_at=7"]) == 2
    err = capsys.readouterr().err
    assert "o/run.h5 has the run up to 7 ms" in err
    assert "spikelearn: error: V_m of neuron 3 of 'exc' is not finite" in err
    run = load("o/run.h5")
    assert (run.t_stop, run.interrupted, run.spikes("inh").times.size) == (7.0, True, 35)
    assert os.listdir("o") == ["run.h5"]


def test_results_of_an_earlier_run_go_before_its_run_file_does(model, monkeypatch):
    saved_run(model, Path("o"))
    there = []

    def begin(writer, header):
        there.append(sorted(os.listdir("o")))
        raise KeyboardInterrupt

    monkeypatch.setattr("spikelearn.io.run_writer.RunWriter.begin", begin)
    assert cli.main(["run", model, "--out", "o"]) == 130
    assert there == [["run.h5"]]


@pytest.mark.parametrize("name", ["metrics.json", "raster.png", "run.h5"])
def test_a_file_that_is_not_of_a_run_is_not_overwritten(model, capsys, name):
    Path("o").mkdir()
    (Path("o") / name).write_text("mine")
    assert cli.main(["run", model, "--out", "o"]) == 2
    assert name in (said := capsys.readouterr().err) and "or give another directory" in said
    assert os.listdir("o") == [name] and (Path("o") / name).read_text() == "mine"


def test_a_mistake_before_time_runs_keeps_the_files_of_the_last_run(model):
    saved_run(model, Path("o"))
    before = sorted(os.listdir("o"))
    assert cli.main(["run", model, "--out", "o", "--set", "n=oops"]) == 2
    assert sorted(os.listdir("o")) == before


def test_ctrl_c_says_what_was_saved_and_exits_with_130(model, capsys):
    assert cli.main(["run", model, "--out", "o", "--set", "interrupted_at=4"]) == 130
    assert "interrupted; o/run.h5 has the run up to 4 ms" in capsys.readouterr().err
    assert load("o/run.h5").t_stop == 4.0
    assert cli.main(["run", model, "--json", "--set", "interrupted_at=4"]) == 130
    assert capsys.readouterr().out == ""


def test_a_run_that_the_engine_cut_short_is_reported_whole_and_exits_with_130(model, capsys):
    assert cli.main(["run", model, "--out", "o", "--json", "--set", "cut_short=yes"]) == 130
    captured = capsys.readouterr()
    assert json.loads(captured.out)["g"] == 4.5
    assert "interrupted; saved in o; files and metrics cover the run up to 20 ms" in captured.err
    assert set(SEEN) < set(os.listdir("o"))


def test_a_signal_from_the_terminal_ends_the_process_without_a_traceback(model, tmp_path):
    process = spikelearn_process("run", model, "--out", "o", "--set", "seconds_per_step=0.05", "duration=1e5")
    deadline = time.monotonic() + 60
    while not (tmp_path / "o" / "run.h5").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted; o/run.h5 has the run up to " in err and "Traceback" not in err
    assert load("o/run.h5").interrupted


def test_a_reader_that_goes_away_is_no_error(model):
    process = spikelearn_process("run", model, "--quick")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    assert process.wait() == 141, err
    assert err == ""
    process.stderr.close()


@pytest.mark.parametrize("what", ["raster", "voltage"])
def test_a_saved_run_is_drawn(drawn, capsys, what):
    (drawn / f"{what}.png").unlink()
    assert cli.main(["plot", what, "o"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"o/{what}.png"
    assert (drawn / f"{what}.png").read_bytes().startswith(PNG)
    arguments = ["o/run.h5", "--from", "5", "--to", "0.01s", "--population", "exc", "--out", "part.svg"]
    assert cli.main(["plot", what, *arguments]) == 0
    assert "<svg" in Path("part.svg").read_text()


def test_options_of_plot_reach_the_plot_function(drawn, monkeypatch):
    calls = []

    def remember(run: Run, *arguments, **options):
        calls.append((arguments, options))
        return Figure().subplots()

    for name in ("raster", "voltage", "weights"):
        monkeypatch.setattr(spikelearn.plots, name, remember)
    window = ["--from", "0", "--to", "10"]
    assert cli.main(["plot", "raster", "o", *window, "--population", "inh", "exc"]) == 0
    assert cli.main(["plot", "voltage", "o", *window, "--population", "exc"]) == 0
    assert cli.main(["plot", "weights", "o", "--projection", "exc->inh"]) == 0
    assert calls == [
        ((), {"populations": ["inh", "exc"], "t_start": 0.0, "t_stop": 10.0}),
        ((), {"of": "exc", "t_start": 0.0, "t_stop": 10.0}),
        (("exc->inh",), {}),
    ]


def test_weights_of_a_saved_run_are_drawn(model):
    saved_run(model, Path("o"), "n_synapses=200")
    assert cli.main(["plot", "weights", "o", "--projection", "exc->inh"]) == 0
    assert Path("o/weights.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["raster", "absent"], "absent: there is no such file; expected a run file"),
        (["raster", "tiny.py"], "tiny.py: not an HDF5 file; expected a run file"),
        (["raster", "o", "--population", "exk"], "no population called 'exk' in this run (did you mean"),
        (["weights", "o", "--projection", "x"], "no projection called 'x' in this run; there are: exc->exc"),
        (["raster", "o", "--from", "x"], "expected a time in ms"),
        (["raster", "o", "--from", "9", "--to", "3"], "t_stop must be later than t_start"),
        (["raster", "o", "--out", "absent/x.png"], "absent/x.png: cannot be written: No such file or direct"),
        (["raster", "o", "--out", "x.abc"], "x.abc: cannot be written: Format 'abc' is not supported"),
    ],
)
def test_a_plot_that_cannot_be_drawn_is_one_line_and_exit_code_2(drawn, capsys, arguments, message):
    capsys.readouterr()
    assert cli.main(["plot", *arguments]) == 2
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1


def test_the_list_shows_what_each_model_is(model, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("spikelearn.experiments.model_file.models_directory", lambda: tmp_path)
    assert cli.main(["list"]) == 0
    assert capsys.readouterr().out == "tiny  A tiny model.\n"
    assert cli.main(["list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed == [{"name": "tiny", "path": model, "summary": "A tiny model."}]
    (tmp_path / "tiny.py").unlink()
    assert cli.main(["list"]) == 0
    assert capsys.readouterr().out == ""


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as exit_:
        cli.main(["--version"])
    assert exit_.value.code == 0
    assert capsys.readouterr().out == f"spikelearn {spikelearn.__version__}\n"


def test_what_was_streamed_and_what_was_saved_are_the_same_spikes(model):
    saved_run(model, Path("o"))
    times = load("o/run.h5").spikes("exc").times
    assert np.array_equal(times, (np.arange(20)[:, None] + np.arange(5) / 5).ravel())


def xlim_of_the_raster(model, monkeypatch, *arguments):
    """The limits of the time axis of the raster that a command draws."""
    from spikelearn import plots

    seen = []
    draw = plots.raster

    def watched(*given, **named):
        ax = draw(*given, **named)
        seen.append(ax.get_xlim())
        return ax

    monkeypatch.setattr(plots, "raster", watched)
    assert cli.main(list(arguments)) == 0
    (limits,) = seen
    return limits


def test_the_raster_of_a_long_run_shows_its_last_two_seconds_and_says_so(model, monkeypatch, capsys):
    run = "run", model, "--out", "o", "--set", "duration=10100", "piece=100", "voltages=no"
    assert xlim_of_the_raster(model, monkeypatch, *run) == (8100.0, 10100.0)
    assert "raster.png shows the last 2 s of 10.1 s" in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.chdir(Path(model).parent)
    assert xlim_of_the_raster(model, monkeypatch, "plot", "raster", "o") == (8100.0, 10100.0)
    assert "the last 2 s of 10.1 s" in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.chdir(Path(model).parent)
    assert xlim_of_the_raster(model, monkeypatch, "plot", "raster", "o", "--from", "1s") == (1000.0, 10100.0)
    assert "the last 2 s" not in capsys.readouterr().err


def test_the_raster_of_a_run_with_many_spikes_shows_its_last_two_seconds(model, monkeypatch, capsys):
    monkeypatch.setattr(cli.command, "MOST_SPIKES", 100)
    run = "run", model, "--out", "o", "--set", "duration=3000", "piece=10", "voltages=no"
    assert xlim_of_the_raster(model, monkeypatch, *run) == (1000.0, 3000.0)


def test_published_values_are_said_to_be_those_of_the_defaults_unless_the_run_has_them(model, capsys):
    note = "expected values are those of the default parameters"
    for arguments, expected in (
        ([], False), (["--seed", "2"], False), (["--set", "g=4.5"], False), (["--set", "g=4.4"], True),
        (["--duration", "5"], True), (["--quick"], True),
    ):  # fmt: skip
        assert cli.main(["run", model, "--out", "o", *arguments]) == 0
        assert (note in capsys.readouterr().out) == expected, arguments


def test_importing_the_package_leaves_ctrl_c_alone():
    script = "import signal; before = signal.getsignal(signal.SIGINT); import spikelearn; "
    script += "assert signal.getsignal(signal.SIGINT) is before is signal.default_int_handler"
    subprocess.run([sys.executable, "-c", script], check=True, cwd=REPOSITORY)


def test_ctrl_c_in_a_further_run_is_said_and_leaves_the_main_run_whole(model, monkeypatch, capsys):
    run_experiment = experiment.run_experiment

    def with_a_control_that_was_cut_short(*arguments, **named):
        outcome = run_experiment(*arguments, **named)
        return dataclasses.replace(outcome, other_runs=(dataclasses.replace(outcome.run, interrupted=True),))

    monkeypatch.setattr(experiment, "run_experiment", with_a_control_that_was_cut_short)
    assert cli.main(["run", model, "--out", "o"]) == 130
    assert "interrupted; saved in o; the main run is complete" in capsys.readouterr().err
    assert not load("o/run.h5").interrupted
