"""Sweeps as their users see them: the same results however they are computed, resumed, reported and opened."""

import json
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from sweep_model_file import write_model

from spikelearn import cli, sweep
from spikelearn.errors import ExperimentError, StoreError
from spikelearn.io import load
from spikelearn.sweep.design import seed_of

SHOWN = ["x", "n", "replicate", "seed", "value", "spikes", "status"]


@pytest.fixture
def model(tmp_path):
    return write_model(tmp_path)


def values(done, columns=SHOWN):
    found = done.table().to_pydict()
    return {name: found[name] for name in columns}


EMPTY_MEAN = '''"""The mean of a trace, which has no samples if no time passes."""

import spikelearn as sl


def simulate(seed, dt=1.0):
    net = sl.Network(dt=dt, seed=seed)
    cells = net.population(1, sl.LIF(), name="cells")
    net.record(cells, "V_m")
    run = net.run(5.0)
    return run, {"mean": run.trace(cells, "V_m").values.mean()}
'''
GRID = {"x": [1.0, 2.0, 3.0], "n": [1, 2]}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A sweep of 12 runs on two processes, and its model."""
    folder = tmp_path_factory.mktemp("whole")
    path = write_model(folder)
    return path, sweep.run(path, folder / "store", grid=GRID, replicates=2, workers=2, silent=True)


def test_the_table_has_a_row_for_each_run_with_all_that_it_is(whole):
    _, done = whole
    assert (done.points, done.computed, done.failed) == (12, 12, 0)
    found = done.table().to_pydict()
    assert found["x"] == [1.0] * 4 + [2.0] * 4 + [3.0] * 4 and found["n"] == [1, 1, 2, 2] * 3
    assert found["replicate"] == [0, 1] * 6 and len(set(found["seed"])) == 12
    assert found["name"] == ["a"] * 12 and found["what"] == [0] * 12
    for x, n, replicate, seed, value in zip(*(found[k] for k in SHOWN[:5]), strict=True):
        assert seed == seed_of((("x", x), ("n", n)), replicate, 1)
        assert value == x + 0.1 * np.random.default_rng(seed).normal()
    assert all(0 < wall < 600 for wall in found["wall_s"]) and all(10 < mb < 10_000 for mb in found["peak_mb"])
    assert all(own < wall for own, wall in zip(found["metric.wall_s"], found["wall_s"], strict=True))
    assert found["none"] == [None] * 12 and set(found["status"]) == {"done"} and set(found["error"]) == {""}
    assert "numba" in json.loads(found["versions"][0]) and len(set(found["model_source"])) == 1


def test_results_are_the_same_on_any_executor_in_any_order(whole, tmp_path):
    path, done = whole
    one = sweep.run(path, tmp_path / "one", grid=GRID, replicates=2, workers=1, silent=True)
    assert values(one) == values(done)
    turned = {"n": [2, 1], "x": [3.0, 1.0, 2.0]}
    with ProcessPoolExecutor(2, get_context("spawn")) as executor:
        other = sweep.run(path, tmp_path / "two", grid=turned, replicates=2, executor=executor, silent=True)
    rows = {tuple(row.values()) for row in other.table().select(SHOWN).to_pylist()}
    assert rows == {tuple(row.values()) for row in done.table().select(SHOWN).to_pylist()}
    assert values(sweep.run(path, tmp_path / "three", grid=GRID, replicates=2, seed=2, silent=True)) != values(done)


def test_what_is_there_is_not_computed_again_and_more_points_join_it(model, tmp_path):
    (tmp_path / "notes").mkdir()
    settings = {"folder": tmp_path / "notes"}

    def computed():
        return len((tmp_path / "notes" / "computed").read_text().splitlines())

    sweep.run(model, tmp_path / "store", grid={"x": [1, 2]}, settings=settings, silent=True)
    first = (tmp_path / "store" / "results.parquet").stat().st_mtime_ns
    again = sweep.run(model, tmp_path / "store", grid={"x": [1, 2]}, settings=settings, silent=True)
    assert (again.computed, computed()) == (0, 2)
    assert (tmp_path / "store" / "results.parquet").stat().st_mtime_ns == first
    more = sweep.run(model, tmp_path / "store", grid={"x": [1, 2, 3]}, replicates=2, settings=settings, silent=True)
    assert (more.points, more.computed, computed()) == (6, 4, 6)
    assert more.table().num_rows == 6
    fresh = sweep.run(model, tmp_path / "store", grid={"x": [1]}, settings=settings, fresh=True, silent=True)
    assert (fresh.points, fresh.computed, fresh.table().num_rows) == (1, 1, 1)


def test_a_changed_model_file_another_model_and_another_form_are_reported(model, tmp_path):
    def run(**more):
        return sweep.run(model, tmp_path / "store", grid={"x": [1, 2]}, silent=True, **more)

    before = run().table().to_pydict()["value"]
    text = model.read_text()
    model.write_text(text.replace("0.1 * drawn", "0.2 * drawn"))
    with pytest.raises(StoreError, match=r"store: the model file \(1 line added, 1 line removed\) changed since the 2"):
        run()
    kept = sweep.run(model, tmp_path / "store", grid={"x": [1, 3]}, accept_changes=True, silent=True)
    found = kept.table().to_pydict()
    assert kept.computed == 1 and len(set(found["model_source"])) == 2
    assert found["value"][:2] == before and found["x"] == [1.0, 2.0, 3.0]
    with pytest.raises(StoreError, match="without --quick"):
        run(quick=True)
    other = tmp_path / "other.py"
    other.write_text(text)
    with pytest.raises(StoreError, match="this store is for troubled, not other"):
        sweep.run(other, tmp_path / "store", grid={"x": [1]}, silent=True)
    with pytest.raises(StoreError, match="the metrics function changed"):
        run(metrics=lambda run: {"duration": run.duration}, accept_changes=False)


def test_a_model_file_that_failed_at_all_points_may_be_mended(model, tmp_path, capfd):
    path, whole = Path(model), Path(model).read_text()
    path.write_text(whole.replace("    net = sl.Network", "    net = sl.Netwrk"))
    options = {"model": model, "out": tmp_path / "store", "grid": {"x": [1, 2]}, "workers": 1}
    assert sweep.run(**options).failed == 2
    path.write_text(whole)
    mended = sweep.run(**options)
    assert (mended.computed, mended.failed, mended.table().num_rows) == (2, 0, 2)
    assert "changed, and all points failed before: they are computed again" in capfd.readouterr().err


def test_what_is_best_must_be_a_metric(model, tmp_path):
    options = {"model": model, "out": tmp_path / "store", "settings": {"n": 1}, "workers": 1, "silent": True}
    with pytest.raises(ExperimentError, match=r"best: no metric called 'valu' \(did you mean 'value'\?\); there are: "):
        sweep.run(**options, best=sweep.Best("valu"))
    assert sweep.run(**options, best=sweep.Best("valu", required=False)).computed == 0


def test_warnings_of_a_model_that_is_only_compiled_are_not_shown(tmp_path, capfd):
    path = tmp_path / "mean.py"
    path.write_text(EMPTY_MEAN)
    assert sweep.run(path, tmp_path / "store", workers=1, silent=True).statuses == {"done": 1}
    assert "Warning" not in capfd.readouterr().err


def test_other_versions_and_points_that_were_not_asked_for_are_reported(model, tmp_path, capsys):
    sweep.run(model, tmp_path / "store", grid={"x": [1, 2]}, silent=True)
    with sweep.Store(tmp_path / "store") as store:
        made_by = json.loads(store.meta()["versions"])
        store.describe({"versions": json.dumps(made_by | {"numba": "0.1"})})
    done = sweep.run(model, tmp_path / "store", grid={"x": [2, 3]}, seed=1)
    output = capsys.readouterr().err
    assert f"stored points were computed with numba 0.1, now {made_by['numba']}" in output
    assert "the store also has 1 points with other settings or seeds" in output
    assert (done.points, done.computed, done.table().num_rows) == (2, 1, 3)
    sweep.run(model, tmp_path / "store", grid={"x": [1, 2, 3]})
    assert "numba" not in capsys.readouterr().err


def test_metrics_may_come_from_a_function_of_the_run(model, tmp_path):
    def measure(run):
        return {"events": len(run.spikes("cells").times), "dt": np.float64(run.dt)}

    done = sweep.run(model, tmp_path / "store", grid={"x": [1]}, metrics=measure, silent=True)
    found = done.table().to_pylist()[0]
    assert found["dt"] == 1.0 and 0 < found["events"] < 60 and "value" not in found
    wrong = sweep.run(model, tmp_path / "other", grid={"x": [1]}, metrics=lambda run: 3, silent=True)
    assert wrong.failed == 1 and "returned int, expected name -> number" in wrong.table().to_pydict()["error"][0]


def test_runs_that_were_to_be_kept_have_their_spikes(model, tmp_path):
    choices = ("first", 2), ("all", 4), ({"x": 2}, 2), ({"x": 2, "n": 3}, 2), ({"x": 2, "n": 4}, 0)
    for k, (keep, expected) in enumerate(choices):
        out = tmp_path / str(k)
        done = sweep.run(model, out, grid={"x": [1, 2], "n": [3]}, replicates=2, keep=keep, silent=True)
        rows = [row for row in done.table().to_pylist() if row["run_file"]]
        assert len(rows) == expected == len(list((out / "runs").glob("*.h5")))
        assert keep != "first" or {row["replicate"] for row in rows} == {0}
        for row in rows:
            assert len(load(out / "runs" / row["run_file"]).spikes("cells").times) == row["spikes"]


def test_pandas_polars_and_xarray_open_the_table(whole):
    _, done = whole
    path = done.directory / "results.parquet"
    import pandas
    import polars
    import xarray

    frame = pandas.read_parquet(path)
    assert frame.groupby(["x", "n"])["value"].count().tolist() == [2] * 6
    assert polars.read_parquet(path)["value"].to_list() == frame["value"].tolist()
    cube = xarray.Dataset.from_dataframe(frame.set_index(["x", "n", "replicate"])[["value"]])
    assert cube["value"].shape == (3, 2, 2) and not np.isnan(cube["value"].values).any()


def command(*words):
    return cli.main(["sweep", *map(str, words)])


def test_the_command_says_what_came_of_it_and_how_to_go_on(model, tmp_path, capsys):
    out = tmp_path / "store"
    words = (model, "--grid", "x=1:2:3", "what=0,1,2", "--out", out, "--workers", "2")
    assert command(*words, "--json") == 1
    printed, output = capsys.readouterr()
    found = json.loads(printed)
    assert found["points"] == found["computed"] == 9 and found["statuses"] == {"done": 3, "failed": 3, "nan": 3}
    assert "9 of 9 points" in output and "3 failed" in output and "3 not finite" in output and "best value" in output
    assert "x=1.0, what=1 (replicate 0): failed: simulate of " in output
    assert "ValueError: as the parameters say" in output
    assert "3 points have metrics that are not finite" in output
    table = sweep.read_table(out).to_pydict()
    assert all(
        "as the parameters say" in text for text, w in zip(table["traceback"], table["what"], strict=True) if w == 1
    )
    assert command(*words, "--quiet") == 1
    assert "9 points, 0 of them computed now" in capsys.readouterr().out
    assert command(*words, "--retry", "--json") == 1
    assert json.loads(capsys.readouterr().out)["computed"] == 3


def test_starting_over_asks_first(model, tmp_path, capsys, monkeypatch):
    words = (model, "--grid", "x=1,2", "--out", tmp_path / "store")
    assert command(*words) == 0
    assert command(*words, "--fresh") == 2
    assert "--fresh would remove 2 points" in capsys.readouterr().err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda text: "n")
    assert command(*words, "--fresh") == 2
    monkeypatch.setattr("builtins.input", lambda text: "y")
    assert command(*words, "--fresh", "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["computed"] == 2
    assert command(*words, "--fresh", "--yes", "--json") == 0


@pytest.mark.parametrize("words, match", [
    (("--grid", "x"), "expected NAME=VALUE"), (("--grid", "y=1"), "no parameter 'y'"),
    (("--grid", "x=1", "x=2"), "'x' is given twice"), (("--random", "x=1:2"), "give --points N"),
    (("--points", "3"), "needs a sample"), (("--random", "x=1:2", "--sobol", "n=1:2", "--points", "3"), "one kind"),
    (("--set", "x=a"), "finite number"), (("--table", "none.csv"), "none.csv"), (("--keep", "x"), "NAME=VALUE"),
    (("--metrics", "none.py:f"), "FILE.py:FUNCTION"), (("--time-limit", "soon"), "expected a time"),
    (("--memory-limit", "much"), "500MB or 2GB"), (("--best", ":min"), "METRIC:min"),
    (("--workers", "0"), "at least 1"), (("--fresh", "--resume"), "give only one"),
    (("--set", "n=-1"), "n: expected at least 0"),
])  # fmt: skip
def test_wrong_usage_is_reported_before_anything_is_computed(model, tmp_path, capsys, words, match):
    assert command(model, *words, "--out", tmp_path / "store") == 2
    assert match in capsys.readouterr().err
    assert not (tmp_path / "store" / "results.parquet").exists()


def test_every_point_that_cannot_be_is_reported_and_the_rest_is_computed(model, tmp_path):
    done = sweep.run(model, tmp_path / "store", grid={"n": [1, -1, 2]}, silent=True)
    found = done.table().to_pydict()
    assert found["status"] == ["failed", "done", "done"] and "n: expected at least 0, got -1" in found["error"][0]


def test_no_point_compiles_where_nothing_is_compiled_before(model, tmp_path):
    """Three processes begin with an empty cache: all that is compiled is there before the first point."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom spikelearn import sweep\n"
        "if __name__ == '__main__':\n"
        "    done = sweep.run(sys.argv[1], sys.argv[2], grid={'x': [1, 2, 3, 4]}, workers=2, silent=True)\n"
        "    cache = Path(sys.argv[3])\n"
        "    print(done.computed, max(p.stat().st_mtime for p in cache.glob('*.code')))\n"
    )
    path = tmp_path / "script.py"
    path.write_text(script)
    import datetime
    import os

    cache = tmp_path / "cache"
    environment = os.environ | {"SPIKELEARN_CACHE": str(cache)}
    words = [sys.executable, str(path), str(model), str(tmp_path / "store"), str(cache)]
    found = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    computed, compiled_until = found.stdout.split()
    assert int(computed) == 4 and len(list(cache.glob("*.code"))) >= 2
    started = sweep.read_table(tmp_path / "store").to_pydict()["started"]
    assert all(datetime.datetime.fromisoformat(each).timestamp() > float(compiled_until) - 0.1 for each in started)


def test_a_function_that_cannot_be_sent_and_a_limit_without_a_process_are_errors(model, tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as threads:
        done = sweep.run(model, tmp_path / "a", grid={"x": [1]}, executor=threads, time_limit=5.0, silent=True)
    assert done.failed == 1 and "need an executor with its own processes" in done.table().to_pydict()["error"][0]


@pytest.mark.parametrize("limit", [0, -1.0, float("nan"), float("inf"), "5"])
def test_a_limit_is_more_than_nothing(limit, model, tmp_path):
    for name, unit in (("time_limit", "s"), ("memory_limit", "MB")):
        with pytest.raises(ExperimentError, match=rf"limit: expected more than 0 {unit}, got {limit!r}"):
            sweep.run(model, tmp_path / "store", grid={"x": [1]}, **{name: limit})
