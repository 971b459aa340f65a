"""Fits: Optuna on the store of sweeps."""

import dataclasses
import json
import os
import shlex
import statistics
import subprocess
import sys
import time
from concurrent.futures import Executor, Future

import pytest

from spikelearn import cli, sweep
from spikelearn.errors import ExperimentError, StoreError
from spikelearn.sweep import point
from spikelearn.sweep.store import Store

MODEL = '''"""A bowl in closed form, and one neuron, as an outcome needs a run."""
import os
import time
from dataclasses import dataclass
import spikelearn as sl
from spikelearn.experiments import Outcome, parameter

@dataclass(frozen=True)
class Parameters:
    x: float = parameter(0.0, "", "where")
    y: float = parameter(0.0, "", "where")
    n: int = parameter(1, "", "a whole number")
    rule: str = parameter("a", "", "one of a few")
    shape: tuple[int, ...] = parameter((1, 2), "", "several values")
    wait: float = parameter(0.0, "s", "how long it takes")
    needs: str = parameter("", "", "a file without which it raises")

QUICK = {}
PUBLISHED = {}

def simulate(p, seed, sink=None, progress=None):
    if p.rule == "raise" or (p.rule == "wall" and p.x > 0) or (p.needs and not os.path.exists(p.needs)):
        raise ValueError("there is a wall")
    net = sl.Network(dt=0.1, seed=seed)
    cells = net.population(1, sl.LIF())
    net.record(cells)
    run = net.run(0.1)
    time.sleep(p.wait)
    bowl = (p.x - 0.7) ** 2 + (p.y + 0.3) ** 2
    metrics = {"bowl": bowl, "sum": p.x + p.y, "difference": p.x - p.y, "noise": seed % 1000, "n": p.n}
    if p.rule == "nan" and p.x > 0:
        metrics["bowl"] = float("nan")
    if p.rule == "none" and p.x > 0:
        metrics["bowl"] = None
    return Outcome(run, metrics)

def figure(p, outcome):
    return sl.plots.raster(outcome.run).figure
'''
BOWL = {"x": "-2:2", "y": "-2:2"}


class Here(Executor):
    """Calls each function at once, in this process. before: called before each, with how many there were."""

    def __init__(self, before=lambda n: None):
        self.before, self.calls = before, []
        self._max_workers = 1

    def submit(self, fn, /, *args, **kwargs):
        self.before(len(self.calls))
        self.calls.append(args[0])
        done = Future()
        done.set_result(fn(*args, **kwargs))
        return done


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "bowl.py"
    path.write_text(MODEL)
    return path


@pytest.fixture
def fit(model, tmp_path):
    """A fit in this process, in the store `out` unless another is named."""

    def call(search=BOWL, out="out", executor=None, **options):
        options = {"silent": True, **options}
        if not {"targets", "minimize", "maximize"} & options.keys():
            options["minimize"] = "bowl"
        return sweep.fit(model, tmp_path / out, search, executor=executor or Here(), **options)

    return call


def points_of(directory):
    """What was computed, in order."""
    with Store(directory) as store:
        return [(tuple(map(tuple, row["settings"])), row["replicate"]) for row in store.results()]


def test_nothing_is_waited_for_while_tasks_are_in_hand(fit, monkeypatch):
    waited = []
    monkeypatch.setattr("spikelearn.sweep.progress.Progress.waiting", lambda self, held: waited.append(held()))
    assert fit(trials=3).ended == 3 and waited == []


@pytest.mark.parametrize(("pruning", "tasks"), [(True, 1), (False, 3)])
def test_no_more_tasks_are_computed_at_a_time_than_are_left(fit, monkeypatch, pruning, tasks):
    module, most = sys.modules["spikelearn.sweep.fit"], []
    compute = module.compute

    def seen(store, source, kinds, most_at_once, *more, **named):
        most.append(most_at_once)
        return compute(store, source, kinds, most_at_once, *more, **named)

    monkeypatch.setattr(module, "compute", seen)
    for trials in (2, 3, 3):
        fit(trials=trials, replicates=3, pruning=pruning)
    assert most == [2 * tasks, tasks, 0]


def test_it_comes_nearer_to_a_known_optimum_than_random_search_with_as_many_trials(fit):
    lowest = {
        sampler: statistics.median(
            fit(out=f"{sampler}{seed}", sampler=sampler, seed=seed, trials=25).value for seed in range(3)
        )
        for sampler in ("tpe", "random")
    }
    assert lowest["tpe"] < lowest["random"] / 3  # over six seeds: 0.024 and 0.29


def test_two_targets_are_reached_where_their_closed_form_says_and_the_command_runs_that_point(fit, capsys):
    found = fit(targets={"sum": 1.0, "difference": -0.5}, trials=50)
    assert found.value < 0.01
    assert found.best["x"] == pytest.approx(0.25, abs=0.15) and found.best["y"] == pytest.approx(0.75, abs=0.15)
    assert found.metrics["sum"] == [found.best["x"] + found.best["y"]]
    capsys.readouterr()
    assert cli.main([*shlex.split(found.command)[1:], "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert [measured["sum"], measured["noise"]] == [found.metrics["sum"][0], found.metrics["noise"][0]]


def test_a_metric_is_made_large_on_demand(fit):
    found = fit(minimize=None, maximize="sum", trials=25)
    assert found.value == found.metrics["sum"][0] > 2.0


def test_a_loss_is_relative_but_absolute_where_the_target_is_zero():
    wanted = sweep.Objective({"rate": 5.0, "cv": 0.0})
    assert wanted.of({"rate": 6.0, "cv": 0.5, "other": None}) == pytest.approx(0.2**2 + 0.5**2)
    assert wanted.of({"rate": 6.0, "cv": None}) is None
    assert wanted.of({"rate": float("nan"), "cv": 0.0}) is None
    assert wanted.of({"rate": 6.0}) is None


def test_replicates_have_other_seeds_and_their_mean_counts(fit):
    found = fit({"x": "0:1"}, minimize="noise", trials=5, replicates=3, pruning=False)
    assert len(set(found.metrics["noise"])) == 3
    assert found.value == pytest.approx(statistics.fmean(found.metrics["noise"]))


def test_the_same_call_again_computes_nothing_and_says_the_same(fit):
    options = {"targets": {"sum": 1.0, "noise": 500}, "trials": 20, "replicates": 3}
    first, again = fit(**options), fit(**options)
    assert first.computed > 0 and first.pruned > 0 and again.computed == 0
    assert dataclasses.replace(again, computed=first.computed, seconds=first.seconds) == first


def test_after_kill_9_the_same_command_goes_on_as_if_nothing_had_happened(fit, model, tmp_path):
    options = {"trials": 16, "replicates": 2, "settings": {"wait": 0.02}}
    words = f"fit {model} --minimize bowl --search x=-2:2 y=-2:2 --set wait=0.02 --trials 16 --replicates 2"
    killed = subprocess.Popen(
        [sys.executable, "-m", "spikelearn", *words.split(), "--workers", "1", "--out", str(tmp_path / "killed")],
        stderr=subprocess.DEVNULL,
    )
    before = 0
    try:
        deadline = time.monotonic() + 120
        while before < 22 and killed.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
            try:
                with Store(tmp_path / "killed") as store:
                    before = sum(store.counts().values())
            except StoreError:
                pass  # it is not there yet
    finally:
        os.kill(killed.pid, 9)
        killed.wait()
    before = len(points_of(tmp_path / "killed"))
    resumed, undisturbed = fit(out="killed", **options), fit(out="undisturbed", **options)
    assert 22 <= before < undisturbed.computed  # it was killed in the middle
    assert resumed.computed == undisturbed.computed - before
    assert resumed.ended + resumed.pruned == 16
    assert points_of(tmp_path / "killed") == points_of(tmp_path / "undisturbed")
    assert len(set(points_of(tmp_path / "killed"))) == undisturbed.computed


def test_on_processes_of_its_own_it_makes_as_many_trials_as_asked_for(fit, model, tmp_path):
    found = sweep.fit(
        model, tmp_path / "two", BOWL, minimize="bowl", trials=14, replicates=2, workers=2, pruning=False, silent=True
    )
    assert (found.ended, found.computed) == (14, 28)
    assert len(set(points_of(tmp_path / "two"))) == 28


def test_more_trials_begin_with_those_that_are_there(fit, tmp_path, capsys):
    assert fit(trials=5).computed == 5
    assert fit(trials=12, silent=False, progress=False).computed == 7
    assert " 12 of 12 trials" in capsys.readouterr().err
    fit(out="at once", trials=12)
    assert points_of(tmp_path / "out") == points_of(tmp_path / "at once")


def test_points_of_a_sweep_and_of_a_fit_to_something_else_count_as_trials(fit, model, tmp_path):
    sweep.run(model, tmp_path / "out", grid={"x": [-1, 0, 1], "y": [0, 9]}, executor=Here(), silent=True)
    found = fit(trials=3)
    assert (found.ended, found.computed) == (3, 0)  # y = 9 lies outside
    assert dict(found.best) == {"x": 1.0, "y": 0.0}
    assert dict(fit(trials=3, minimize=None, maximize="difference", seed=1).best) == {"x": 1.0, "y": 0.0}
    assert fit(trials=3, seed=2).computed == 3
    assert fit({"x": "-2:2"}, settings={"y": 0.0}, trials=4).computed == 1


def test_hopeless_trials_are_given_up_and_what_they_have_is_kept(fit, tmp_path):
    found = fit(trials=20, replicates=3, sampler="random")
    kept = points_of(tmp_path / "out")
    whole = sum(1 for _, replicate in kept if replicate == 2)
    assert found.pruned > 0 and found.ended + found.pruned == 20
    assert whole == found.ended and len({settings for settings, _ in kept}) == 20
    assert found.table().num_rows == len(kept) == found.computed < 60
    plain = fit(out="plain", trials=20, replicates=3, sampler="random", pruning=False)
    assert (plain.pruned, plain.computed) == (0, 60)
    assert plain.value == pytest.approx(found.value)


def test_what_is_hopeless_for_one_target_is_tried_again_for_another(fit):
    fit(trials=20, replicates=3, sampler="random")
    found = fit(trials=20, replicates=3, sampler="random", minimize=None, maximize="bowl")
    assert found.computed > 0
    assert found.best["x"] < 0 or found.best["y"] > 0  # far from the bottom


@pytest.mark.parametrize("rule", ["wall", "nan", "none"])
def test_points_that_raise_or_give_no_number_are_reported_and_the_fit_goes_on(fit, rule):
    found = fit(settings={"rule": rule}, trials=25)
    assert found.failed > 0 and found.ended > 0 and found.failed + found.ended == 25
    assert found.best["x"] <= 0 and len(found.errors) == found.failed
    said = {
        "wall": "): ValueError: there is a wall",
        "nan": "bowl was not measured",
        "none": "bowl was not measured",
    }
    assert all("x=" in error and said[rule] in error for error in found.errors)


def test_where_every_trial_fails_there_is_no_best_and_the_command_says_so(model, tmp_path, capsys):
    words = f"fit {model} --minimize bowl --search x=0:1 --set rule=raise --trials 3 --workers 1 --out {tmp_path}/out"
    assert cli.main(words.split()) == 1
    reported = capsys.readouterr()
    assert (
        "3 of them failed" in reported.out
        and "no trial returned a number" in reported.err
        and "there is a wall" in reported.err
    )


def test_failed_trials_are_computed_again_on_demand(fit, tmp_path):
    needed = tmp_path / "needed"
    options = {"settings": {"needs": str(needed)}, "trials": 4}
    assert fit(**options).failed == 4
    before = points_of(tmp_path / "out")
    needed.touch()
    assert fit(**options).failed == 4
    found = fit(**options, retry=True)
    assert (found.failed, found.ended, found.computed) == (0, 4, 4)
    assert points_of(tmp_path / "out") == before


def test_a_search_among_a_few_points_tries_each_once_and_ends(fit, tmp_path):
    search = {"n": "1:3", "rule": "a,b", "shape": [(1, 2), (3,)]}
    found = fit(search, minimize="n", trials=50)
    assert (found.ended, found.computed) == (12, 12)
    assert len(set(map(str, points_of(tmp_path / "out")))) == 12
    assert found.best["n"] == 1 and type(found.best["n"]) is int
    assert found.best["rule"] in ("a", "b") and found.best["shape"] in ((1, 2), (3,))
    assert fit(search, minimize="n", trials=50).computed == 0


def test_a_logarithmic_range_is_searched_evenly_in_the_logarithm(fit, tmp_path):
    fit({"x": "0.001:1000:log"}, trials=40, sampler="random")
    below = sum(dict(settings)["x"] < 1.0 for settings, _ in points_of(tmp_path / "out"))
    assert 10 <= below <= 30  # 20 of 40 are expected; evenly in x itself, none


def test_points_that_another_process_has_are_waited_for_and_not_computed_twice(fit, tmp_path):
    fit(out="alone", trials=3)
    with Store(tmp_path / "alone") as store:
        rows = list(store.results())
    other = Store(tmp_path / "out", create=True)
    other.begin()
    assert other.claim([rows[0]["key"]])[0] == [rows[0]["key"]]

    def before(n):
        if n == 1:  # the other process is done with its point while this one is at its second
            names = [each.name for each in dataclasses.fields(point.Result)]
            other.add([point.Result(**{name: rows[0][name] for name in names} | {"versions": {}})])

    here = Here(before)
    found = fit(executor=here, trials=3)
    other.close()
    assert (found.ended, found.computed) == (3, 2)
    assert rows[0]["key"] not in {task.key for task in here.calls}
    assert {settings for settings, _ in points_of(tmp_path / "out")} == {
        settings for settings, _ in points_of(tmp_path / "alone")
    }


def test_ctrl_c_says_how_to_go_on(fit, tmp_path):
    def before(n):
        if n == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"4 of 9 trials are in .*the same command resumes"):
        fit(executor=Here(before), trials=9)
    assert (tmp_path / "out" / "results.parquet").exists()
    assert fit(trials=9).computed == 5


def test_the_log_has_trials_failures_pruned_and_the_best_and_nothing_of_optuna(fit, capfd):
    import optuna

    before = optuna.logging.get_verbosity()
    fit(settings={"rule": "wall"}, trials=30, replicates=2, sampler="random", silent=False, progress=False)
    reported = capfd.readouterr()
    assert reported.out == ""
    assert len(reported.err.splitlines()) == 1
    for word in ("30 of 30 trials", " failed", " pruned", "best bowl ", " at rule=wall, x=-"):
        assert word in reported.err
    assert optuna.logging.get_verbosity() == before


def test_the_command_prints_the_best_point_its_metrics_and_how_to_run_it(model, tmp_path, capsys):
    words = f"fit {model} --target sum=1 noise=500 --search x=-2:2 --trials 12 --replicates 2 --workers 1"
    assert cli.main([*words.split(), "--out", str(tmp_path / "out"), "--quiet"]) == 0
    reported = capsys.readouterr().out
    for word in (
        "12 trials",
        "best: x=",
        "loss ",
        "sum ",
        ", target 1\n",
        "over 2 replicates",
        f"spikelearn run {model}",
    ):
        assert word in reported
    assert cli.main([*words.split(), "--out", str(tmp_path / "out"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["computed"] == 0 and found["trials"] == 12 and len(found["metrics"]["sum"]) == 2


@pytest.mark.parametrize(
    "words, reported",
    [
        ("--search x=0:1", "needs one of: targets"),
        ("--search x=0:1 --minimize bowl --target sum=1", "more than one"),
        ("--target sum=1", "at least one parameter to search"),
        ("--target sum=high --search x=0:1", "expected a finite number, got 'high'"),
        ("--target sum --search x=0:1", "--target: expected NAME=VALUE"),
        ("--target sum=1 --search z=0:1", "no parameter 'z'"),
        ("--target sum=1 --search x=1:0", "expected LOW:HIGH or LOW:HIGH:log with LOW <= HIGH"),
        ("--target sum=1 --search x=0:1:log", "a log range must start above 0"),
        ("--target sum=1 --search rule=0:1", "a range needs a numeric parameter"),
        ("--target sum=1 --search n=0.5:3", "expected a whole number"),
        ("--target sum=1 --search n=1,many", "expected a whole number, got 'many'"),
        ("--target sum=1 --search x=0:1 --set x=1", "searched and set"),
        ("--target sum=1 --search x=0:1 --trials 0", "at least 1"),
        ("--target sum=1 --search x=0:1 --replicates 0", "at least 1"),
    ],
)
def test_bad_input_is_reported_before_anything_is_computed(model, tmp_path, capsys, words, reported):
    assert cli.main(["fit", str(model), *words.split(), "--out", str(tmp_path / "out")]) == 2
    assert reported in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_metric_that_the_model_lacks_is_reported_after_the_first_point(fit):
    here = Here()
    with pytest.raises(ExperimentError, match=r"bowl has no metric 'bow' \(did you mean 'bowl'\?\); it has: bowl, sum"):
        fit(minimize="bow", executor=here)
    assert len(here.calls) == 1
    with pytest.raises(ExperimentError, match="no metric 'bow'"):
        fit(minimize="bow", executor=here)
    assert len(here.calls) == 1  # the point that is there tells it
    with pytest.raises(ExperimentError, match="sampler: expected one of tpe, random, got 'best'"):
        fit(sampler="best")
