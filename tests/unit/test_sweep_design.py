"""Which points a sweep has, and the seeds of their runs."""

import json
import math

import numpy as np
import pytest
from sweep_model_file import write_model

from spikelearn.errors import ExperimentError
from spikelearn.experiments import load_experiment
from spikelearn.sweep import Design, Range, Sample, read_rows
from spikelearn.sweep.design import key_of, range_of, seed_of, values_of


@pytest.fixture
def model(tmp_path):
    return load_experiment(write_model(tmp_path))


def points(model, fixed=None, **design):
    return [dict(each) for each in Design(**design).checked(model, fixed or {}).points(model)]


def test_a_grid_is_every_value_with_every_other_and_a_table_is_crossed_with_it(model):
    found = points(model, {"name": "b"}, grid={"x": ["0.5", 2], "n": "1 2 3".split()})
    assert len(found) == 6
    assert found[0] == {"name": "b", "x": 0.5, "n": 1} and found[-1] == {"name": "b", "x": 2.0, "n": 3}
    assert all(isinstance(each["n"], int) and isinstance(each["x"], float) for each in found)
    rows = [{"x": "1", "n": "1"}, {"x": "2", "n": "4"}]
    assert len(points(model, grid={"name": ["a", "b", "c"]}, rows=rows)) == 6
    assert points(model, {"x": 3}) == [{"x": 3.0}]


def test_a_point_that_is_named_twice_is_one_point(model):
    assert len(points(model, grid={"x": [1, 1.0, "1", 2]})) == 2
    assert len(points(model, rows=[{"x": 1}, {"x": 1.0}])) == 1


@pytest.mark.parametrize("text, expected", [
    ("3:8:11", np.linspace(3, 8, 11)), ("0.1:1000:5:log", [0.1, 1, 10, 100, 1000]), ("4:9:1", [4]),
    ("0.5,1,2", ["0.5", "1", "2"]), ("100;300,100", ["100", "300,100"]), ("a", ["a"]), ("0:0.3:4", [0, 0.1, 0.2, 0.3]),
])  # fmt: skip
def test_values_are_a_range_with_a_number_or_a_list(text, expected):
    found = values_of(text, "--grid x")
    if isinstance(found[0], float):
        assert found == pytest.approx(list(expected), rel=1e-12)
        assert all(len(repr(each)) <= 14 for each in found)
    else:
        assert found == expected


@pytest.mark.parametrize("text", ["3:8", "3:8:x", "8:3:4", "3:8:0", "0:8:3:log", "3:8:3:lin", "nan:1:2", "::"])
def test_a_range_that_is_none_is_refused(text):
    with pytest.raises(ExperimentError, match="--grid x: "):
        values_of(text, "--grid x")
    with pytest.raises(ExperimentError, match="expected LOW:HIGH"):
        range_of("3", "--random x")


@pytest.mark.parametrize("how", ["random", "sobol", "latin"])
def test_samples_fill_their_ranges(model, how):
    sample = Sample(how, {"x": Range(1.0, 100.0, log=True), "n": Range(2, 5)}, 64)
    found = points(model, sample=sample, seed=3)
    assert len(found) == 64
    assert {each["n"] for each in found} == {2, 3, 4, 5}
    logs = [math.log(each["x"]) for each in found]
    assert min(logs) >= 0 and max(logs) <= math.log(100.0)
    # the mean of 64 uniform numbers has a deviation of 0.036 of the range; those of the others are smaller
    assert np.mean(logs) == pytest.approx(0.5 * math.log(100.0), abs=4 * 0.036 * math.log(100.0))
    if how != "random":
        halves = np.histogram(logs, 2, (0, math.log(100.0)))[0]
        assert list(halves) == [32, 32]
    assert found == points(model, sample=sample, seed=3)
    assert found != points(model, sample=sample, seed=4)


@pytest.mark.parametrize("how", ["random", "sobol"])
def test_a_larger_sample_begins_with_the_smaller_one(model, how):
    small, large = (points(model, sample=Sample(how, {"x": Range(0, 1)}, n)) for n in (10, 37))
    assert large[:10] == small


@pytest.mark.parametrize("how", ["random", "sobol", "latin"])
def test_a_sample_has_one_point_at_least(model, how):
    assert len(points(model, sample=Sample(how, {"x": Range(0, 1)}, 1))) == 1
    with pytest.raises(ExperimentError, match=f"{how} sample: expected at least 1 point, got 0"):
        Sample(how, {"x": Range(0, 1)}, 0)


def test_a_seed_depends_on_the_point_the_replicate_and_the_root_alone():
    one, turned = (("x", 1.0), ("n", 2)), (("n", 2), ("x", 1.0))
    assert seed_of(one, 0, 1) == seed_of(turned, 0, 1) and key_of(one, 0, 1) == key_of(turned, 0, 1)
    many = {seed_of((("x", float(x)),), r, root) for x in range(40) for r in range(5) for root in range(5)}
    assert len(many) == 1000 and all(0 <= each < 2**48 for each in many)
    assert len({key_of((("x", float(x)),), r, 1) for x in range(40) for r in range(5)}) == 200


def test_seeds_of_neighbours_are_no_neighbours():
    seeds = np.array([seed_of((("x", 1.0),), replicate, 1) for replicate in range(400)], float) / 2.0**48
    # uniform: mean and the correlation of one with the next, each within four standard deviations
    assert seeds.mean() == pytest.approx(0.5, abs=4 * 0.289 / 20)
    assert abs(np.corrcoef(seeds[1:], seeds[:-1])[0, 1]) < 4 / 20


def test_points_come_from_files(tmp_path, model):
    (tmp_path / "points.csv").write_text("x,name\n1.5,a\n2,b\n")
    (tmp_path / "points.json").write_text(json.dumps([{"x": 1.5, "name": "a"}, {"x": 2, "name": "b"}]))
    expected = [{"x": 1.5, "name": "a"}, {"x": 2.0, "name": "b"}]
    for name in ("points.csv", "points.json"):
        assert points(model, rows=read_rows(tmp_path / name)) == expected
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.Table.from_pylist(expected), tmp_path / "points.parquet")
    assert points(model, rows=read_rows(tmp_path / "points.parquet")) == expected


@pytest.mark.parametrize("name, text", [
    ("points.csv", "x,n\n1\n"), ("points.csv", "x,n\n1,2,3\n"), ("points.csv", ""), ("points.json", "{"),
    ("points.json", "[1]"), ("points.json", "[]"), ("points.parquet", "x"), ("points.txt", "x\n1\n"),
])  # fmt: skip
def test_a_file_without_points_is_refused_by_its_name(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(ExperimentError, match="points"):
        read_rows(tmp_path / name)
    with pytest.raises(ExperimentError, match="missing.csv"):
        read_rows(tmp_path / "missing.csv")


def test_what_cannot_be_set_is_refused(model):
    for design, match in [
        ({"grid": {"y": [1]}}, "no parameter 'y'"), ({"grid": {"n": [1.5]}}, "whole number"),
        ({"grid": {"x": []}}, "no values"), ({"replicates": 0}, "at least 1"), ({"seed": -1}, "0 or more"),
        ({"rows": [{"x": "a"}]}, "finite number"), ({"sample": Sample("random", {"z": Range(0, 1)}, 3)}, "'z'"),
    ]:  # fmt: skip
        with pytest.raises(ExperimentError, match=match):
            points(model, **design)
    with pytest.raises(ExperimentError, match="'x' is in the grid and in set"):
        points(model, {"x": 1}, grid={"x": [1, 2]})
    with pytest.raises(ExperimentError, match="one of random, sobol, latin"):
        Sample("halton", {"x": Range(0, 1)}, 3)
