"""Pictures of sweeps: values, bands, cells and labels are where they should be; what is missing is seen and counted."""

from __future__ import annotations

import json
import textwrap

import numpy as np
import pyarrow
import pytest
from matplotlib.collections import LineCollection, PathCollection, QuadMesh
from scipy import stats

from spikelearn import cli, plots
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.plots import heat_map, lines, parallel_coordinates, raster_grid
from spikelearn.results.run import PopulationInfo, Run, Spikes
from spikelearn.sweep.point import DIED, DONE, FAILED, Result
from spikelearn.sweep.store import Store
from spikelearn.sweep.table import metadata, read_table, table_of


def table(columns, units=None, **more) -> pyarrow.Table:
    """As a sweep writes it: columns of parameters, named in `units`, and of metrics, in `more`."""
    names = {"parameters": list(columns), "varied": list(columns), "metrics": list(more), "units": units or {}}
    status = {} if "status" in more else {"status": [DONE] * len(next(iter(columns.values())))}
    made = pyarrow.table({**columns, **more, **status})
    return made.replace_schema_metadata({"spikelearn": json.dumps(names)})


def crossed(x, y, replicates=1):
    """Columns of two parameters, every value of one with every value of the other."""
    rows = [(a, b) for a in x for b in y for _ in range(replicates)]
    return {"x": [a for a, _ in rows], "y": [b for _, b in rows]}


def mesh(ax) -> QuadMesh:
    (found,) = (each for each in ax.collections if isinstance(each, QuadMesh))
    return found


def edges(ax) -> tuple[list[float], list[float]]:
    corners = mesh(ax).get_coordinates()
    return corners[0, :, 0].tolist(), corners[:, 0, 1].tolist()


def bands(ax) -> list[dict[float, tuple[float, float]]]:
    """x -> (lowest, highest) of each band."""
    found = []
    for each in ax.collections:
        if isinstance(each, LineCollection):
            continue
        corners = [point for path in each.get_paths() for point in path.vertices.tolist()]
        at: dict[float, tuple[float, float]] = {}
        for x, y in corners:
            low, high = at.get(x, (y, y))
            at[x] = min(low, y), max(high, y)
        found.append(at)
    return found


def ticks(axis) -> list[str]:
    axis.axes.figure.draw_without_rendering()
    return [text.get_text() for text in axis.get_ticklabels()]


class TestHeatMap:
    def test_cells_end_half_way_between_the_true_values_however_they_are_spaced(self):
        ax = heat_map(table(crossed([1.0, 2.0, 2.5], [1.0, 10.0, 100.0]), rate=np.arange(9.0)), "x", "y", "rate")
        across, up = edges(ax)
        assert across == pytest.approx([0.5, 1.5, 2.25, 2.75])
        assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")
        assert up == pytest.approx([10**-0.5, 10**0.5, 10**1.5, 10**2.5])

    def test_each_cell_has_the_mean_of_its_own_replicates(self):
        columns = crossed([1.0, 2.0, 3.0], [5.0, 6.0], replicates=2)
        rate = np.arange(12.0) ** 2
        order = np.random.default_rng(0).permutation(12)
        shuffled = table({k: np.array(v)[order] for k, v in columns.items()}, rate=rate[order])
        assert np.array_equal(mesh(heat_map(shuffled, "x", "y", "rate")).get_array(), rate.reshape(3, 2, 2).mean(2).T)

    def test_a_point_without_a_value_is_hatched_and_reported(self):
        rate, status = [1.0, 2.0, 3.0, None, 5.0, np.inf], [DONE, FAILED, DONE, DONE, DONE, "nan"]
        ax = heat_map(table(crossed([1.0, 2.0, 3.0], [5.0, 6.0]), rate=rate, status=status), "x", "y", "rate")
        assert np.ma.getmaskarray(mesh(ax).get_array()).tolist() == [[False, False, False], [True, True, True]]
        assert set(ax.patch.get_hatch()) == {"/"}
        assert ax.get_title("left").split("\n") == [
            "3 of 6 runs left out: 1 failed, 2 without a finite value", "hatched: 3 of 6 points without a value",
        ]  # fmt: skip

    def test_a_point_that_was_not_computed_is_hatched(self):
        columns = {"x": [1.0, 1.0, 2.0], "y": [1.0, 2.0, 1.0]}
        ax = heat_map(table(columns, rate=[1.0, 2.0, 3.0]), "x", "y", "rate")
        assert mesh(ax).get_array().tolist() == [[1.0, 3.0], [2.0, None]]

    def test_a_whole_grid_says_nothing(self):
        assert heat_map(table(crossed([1, 2], [1, 2]), rate=[1, 2, 3, 4]), "x", "y", "rate").get_title("left") == ""

    def test_axes_and_colour_bar_have_names_and_units(self):
        ax = heat_map(table(crossed([1, 2], [1, 2]), {"x": "mV", "y": ""}, rate_hz=[1, 2, 3, 4]), "x", "y", "rate_hz")
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("x (mV)", "y")
        beside = ax.figure.axes[1]
        assert beside.get_ylabel() == "rate (Hz)"
        assert beside.yaxis.label.get_size() == ax.yaxis.label.get_size()

    def test_few_values_are_the_ticks(self):
        ax = heat_map(table(crossed([-1.0, 2.0, 2.5], ["stdp", "bcm"]), rate=np.arange(6.0)), "x", "y", "rate")
        assert ticks(ax.xaxis) == ["−1", "2", "2.5"]
        assert ticks(ax.yaxis) == ["bcm", "stdp"]
        assert mesh(ax).get_array().tolist() == [[1.0, 3.0, 5.0], [0.0, 2.0, 4.0]]

    @pytest.mark.parametrize("name", ["heat_map", "parallel_coordinates"])
    def test_colours_read_in_grey(self, name):
        data = table(crossed([1, 2], [1, 2]), rate=[1, 2, 3, 4])
        ax = heat_map(data, "x", "y", "rate") if name == "heat_map" else parallel_coordinates(data, ["x", "y"], "rate")
        (coloured,) = (each for each in ax.collections if each.get_array() is not None)
        luminance = coloured.cmap(np.linspace(0, 1, 50))[:, :3] @ [0.299, 0.587, 0.114]
        assert np.all(np.diff(luminance) > 0)
        assert np.ptp(luminance) > 0.6

    def test_points_of_a_sample_are_dots_at_their_values(self):
        x, y = np.random.default_rng(0).random((2, 30))
        ax = heat_map(table({"x": x, "y": y}, rate=x + y), "x", "y", "rate")
        (dots,) = (each for each in ax.collections if isinstance(each, PathCollection))
        found = np.column_stack([dots.get_offsets(), dots.get_array()])
        assert np.array_equal(found[np.argsort(found[:, 0])], np.column_stack([x, y, x + y])[np.argsort(x)])

    def test_several_metrics_have_a_panel_each(self):
        data = table(crossed([1, 2], [1, 2]), a=[1, 2, 3, 4], b=[5, 6, 7, 8], c=[1, 1, 1, 1], d=[0, 0, 0, 1])
        figure = heat_map(data, "x", "y", ["a", "b", "c", "d"]).figure
        assert [ax.get_ylabel() for ax in figure.axes[4:]] == ["a", "b", "c", "d"]
        assert mesh(figure.axes[1]).get_array().tolist() == [[5.0, 7.0], [6.0, 8.0]]

    @pytest.mark.parametrize("value", [5.0, 0.0, -3.0])
    def test_where_all_values_are_one_it_has_the_middle_of_the_colours(self, value):
        shown = mesh(heat_map(table(crossed([1, 2], [1, 2]), rate=[value] * 4), "x", "y", "rate"))
        assert shown.norm(value) == 0.5
        low, high = shown.get_clim()
        assert low < value < high

    @pytest.mark.parametrize("draw", [heat_map, lines])
    def test_panels_are_nearly_as_large_as_one_alone_however_many_there_are(self, draw):
        names = [f"m{k}" for k in range(7)]
        data = table(crossed([1, 2], [1, 2]), **{name: [1.0, 2.0, 3.0, 4.0] for name in names})
        of = {"x": "x", "y": "y"} if draw is heat_map else {"x": "x", "by": "y"}
        alone = draw(data, metric=names[0], **of).figure.get_size_inches()
        assert np.all((alone > 3.0) & (alone < 6.0))
        for n in range(2, 8):
            figure = draw(data, metric=names[:n], **of).figure
            # Those of colour bars have no place in the grid.
            found = [ax.get_subplotspec() for ax in figure.axes if ax.get_label() != "<colorbar>"]
            high, wide = found[0].get_geometry()[:2]
            assert len(found) == n and wide <= 3 and high * wide - n < wide
            share = figure.get_size_inches() / (wide, high) / alone
            assert np.all((share > 0.7) & (share <= 1.0))

    def test_a_third_parameter_that_differs_within_a_cell_is_an_error_that_names_it(self):
        three = {**crossed([1, 2], [1, 2], replicates=2), "J": [0.1, 0.2] * 4}
        with pytest.raises(ParameterError, match=r"differ in 'J' too \(0.1, 0.2\).*--where J=0.1"):
            heat_map(table(three, rate=range(8)), "x", "y", "rate")
        moved_along = {**crossed([1, 2], [1, 2]), "J": [0.1, 0.1, 0.2, 0.2]}
        heat_map(table(moved_along, rate=range(4)), "x", "y", "rate")

    @pytest.mark.parametrize(
        ("x", "y", "metric", "message"),
        [
            ("x", "y", "rat", r"no metric called 'rat' \(did you mean 'rate'\?\); there are: rate, none"),
            ("x", "why", "rate", r"no parameter called 'why'.*there are: x, y, same, replicate"),
            ("x", "same", "rate", "'same' has only one value, 7, in these rows"),
            ("x", "y", "x", "no metric called 'x'"),
            ("x", "y", "none", "none of 4 rows has a finite value of 'none'; 4 without a finite value"),
        ],
    )
    def test_what_cannot_be_drawn_is_reported(self, x, y, metric, message):
        data = table({**crossed([1, 2], [1, 2]), "same": [7] * 4}, rate=[1, 2, 3, 4], none=[None] * 4)
        with pytest.raises(ParameterError, match=message):
            heat_map(data, x, y, metric)

    @pytest.mark.parametrize("kind", ["pandas", "polars", "mapping"])
    def test_any_table_will_do_and_units_can_be_given(self, kind):
        data = table(crossed([1, 2], [1.0, 2.0]), rate=[1.0, 2.0, None, 4.0], status=[DONE, DONE, DONE, FAILED])
        if kind == "polars":
            plain = pytest.importorskip("polars").from_arrow(data)
        else:
            plain = data.to_pandas() if kind == "pandas" else data.to_pydict()
        ax = heat_map(plain, "x", "y", "rate", units={"x": "pA"})
        assert mesh(ax).get_array().tolist() == [[1.0, None], [2.0, None]]
        assert ax.get_xlabel() == "x (pA)"
        with pytest.raises(ParameterError, match="no column called 'z'"):
            heat_map(plain, "z", "y", "rate")


class TestLines:
    def test_mean_and_band_are_those_of_students_t(self):
        values = np.random.default_rng(1).normal(10, 3, (4, 5))
        x = np.repeat([1.0, 2.0, 4.0, 5.0], 5)
        ax = lines(table({"x": x}, rate=values.ravel()), "x", "rate")
        (line,) = ax.get_lines()
        assert line.get_xdata().tolist() == [1.0, 2.0, 4.0, 5.0]
        assert line.get_ydata() == pytest.approx(values.mean(1))
        (band,) = bands(ax)
        for place, row in zip([1.0, 2.0, 4.0, 5.0], values, strict=True):
            assert band[place] == pytest.approx(stats.t.interval(0.95, 4, row.mean(), stats.sem(row)))
        assert ax.get_title("left") == "mean of 5 runs, band: its 95 % confidence interval (Student's t)"

    def test_a_band_is_of_the_runs_that_are_there(self):
        rate, status = [1.0, 2.0, 6.0, 7.0, 1.0, 2.0, 3.0, 9.0], [DONE] * 7 + [FAILED]
        ax = lines(table({"x": [1, 1, 1, 1, 2, 2, 2, 2]}, rate=rate, status=status), "x", "rate")
        assert ax.get_lines()[0].get_ydata().tolist() == [4.0, 2.0]
        assert bands(ax)[0][2.0] == pytest.approx(stats.t.interval(0.95, 2, 2.0, stats.sem([1.0, 2.0, 3.0])))
        assert ax.get_title("left").split("\n") == [
            "mean of 3 to 4 runs, band: its 95 % confidence interval (Student's t)", "1 of 8 runs left out: 1 failed",
        ]  # fmt: skip

    def test_one_run_at_each_value_has_no_band(self):
        ax = lines(table({"x": [1, 2, 3]}, rate=[1.0, 2.0, 3.0]), "x", "rate")
        assert bands(ax) == [{}]
        assert ax.get_title("left") == "one run each"

    def test_a_value_without_a_run_is_a_gap(self):
        ax = lines(table({"x": [1, 2, 3]}, rate=[1.0, None, 3.0]), "x", "rate")
        assert np.isnan(ax.get_lines()[0].get_ydata()).tolist() == [False, True, False]

    def test_an_interval_that_stands_alone_is_a_bar(self):
        ax = lines(table({"x": [1, 2, 2, 2, 3]}, rate=[1.0, 2.0, 3.0, 4.0, 3.0]), "x", "rate")
        (bar,) = (each for each in ax.collections if isinstance(each, LineCollection))
        low, high = stats.t.interval(0.95, 2, 3.0, stats.sem([2.0, 3.0, 4.0]))
        assert np.concatenate(bar.get_segments()).tolist() == [[2.0, pytest.approx(low)], [2.0, pytest.approx(high)]]

    def test_lines_differ_without_colour_and_are_named(self):
        columns = crossed([1, 2, 3], [0.1, 0.2, 0.3, 0.4, 0.5])
        ax = lines(table(columns, {"y": "nS"}, rate=np.arange(15.0)), "x", "rate", by="y")
        drawn = [line for line in ax.get_lines() if line.get_label() in {"0.1", "0.2", "0.3", "0.4", "0.5"}]
        assert len({(line.get_linestyle(), line.get_marker()) for line in drawn}) == 5
        assert len({line.get_marker() for line in drawn}) == 5
        assert {line.get_label(): line.get_ydata().tolist() for line in drawn}["0.2"] == [1.0, 6.0, 11.0]
        assert ax.get_legend().get_title().get_text() == "y (nS)"
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["0.5", "0.4", "0.3", "0.2", "0.1"]

    def test_points_of_a_sample_are_joined_to_the_next_of_their_line(self):
        x = np.random.default_rng(2).permutation(40.0 + np.arange(40.0))
        by = np.repeat([1.0, 2.0, 3.0, 4.0, 5.0], 8)
        ax = lines(table({"x": x, "y": by}, rate=x / by), "x", "rate", by="y")
        drawn = {line.get_label(): line.get_data() for line in ax.get_lines()}
        for value in (1.0, 2.0, 3.0, 4.0, 5.0):
            own = np.sort(x[by == value])
            assert np.array_equal(drawn[f"{value:g}"], [own, own / value])

    def test_of_many_values_eight_are_drawn_and_it_is_reported(self):
        ax = lines(table(crossed([1, 2], range(22)), rate=np.arange(44.0)), "x", "rate", by="y")
        drawn = [int(text.get_text()) for text in ax.get_legend().get_texts()][::-1]
        assert drawn == [0, 3, 6, 9, 12, 15, 18, 21]
        assert "8 of 22 values of y are drawn" in ax.get_title("left")

    @pytest.mark.parametrize(
        ("values", "scale"),
        [([1, 10, 100, 1000], "log"), ([0.5, 1, 2], "log"), ([1, 2, 3, 4, 5, 6], "linear"), ([0, 1, 10], "linear"),
         ([3, 4, 8], "linear")],
    )  # fmt: skip
    def test_the_axis_is_logarithmic_if_the_values_are_spread_so(self, values, scale):
        assert lines(table({"x": values}, rate=values), "x", "rate").get_xscale() == scale

    @pytest.mark.parametrize(
        ("values", "searched", "scale"),
        [([1, 10, 100], False, "linear"), ([1, 2, 3], True, "log"), ([0.5, 1, 1.5], True, "log"),
         ([0, 1, 10], True, "linear")],
    )  # fmt: skip
    def test_the_axis_has_the_scale_of_the_search_unless_a_value_is_0(self, values, searched, scale):
        data = table({"x": values}, rate=values)
        described = {"parameters": ["x"], "varied": ["x"], "metrics": ["rate"], "scales": {"x": searched}}
        data = data.replace_schema_metadata({"spikelearn": json.dumps(described)})
        assert lines(data, "x", "rate").get_xscale() == scale

    def test_none_is_a_value_of_a_parameter_but_not_if_the_row_failed(self):
        data = table({"x": [1, None, None, 5]}, rate=[1.0, 2.0, None, 3.0], status=[DONE, DONE, DIED, DONE])
        ax = lines(data, "x", "rate")
        assert ticks(ax.xaxis) == ["1", "5", "none"]
        assert ax.get_lines()[0].get_ydata().tolist() == [1.0, 3.0, 2.0]

    def test_of_a_yes_or_no_the_share_is_drawn(self):
        ax = lines(table({"x": [1, 1, 2, 2]}, survived=[True, False, True, True]), "x", "survived")
        assert ax.get_lines()[0].get_ydata().tolist() == [0.5, 1.0]

    def test_a_third_parameter_is_an_error_unless_it_has_lines(self):
        data = table(crossed([1, 2], ["stdp", "bcm"]), rate=[1, 2, 3, 4])
        with pytest.raises(ParameterError, match=r"differ in 'y' too \(bcm, stdp\)"):
            lines(data, "x", "rate")
        assert len(lines(data, "x", "rate", by="y").get_legend().get_texts()) == 2

    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_it_is_one_wherever_it_varies(self, place):
        y = ["bcm"] * 6
        y[2 * place] = "stdp"
        with pytest.raises(ParameterError, match=r"differ in 'y' too \(bcm, stdp\)"):
            lines(table({"x": [1, 1, 2, 2, 3, 3], "y": y}, rate=np.arange(6.0)), "x", "rate")


class TestParallelCoordinates:
    def data(self, **more):
        columns = {"g": [0.0, 5.0, 10.0, 10.0], "tau": [1.0, 10.0, 100.0, 10.0], "rule": ["a", "b", "b", "a"]}
        return table(columns, {"tau": "ms"}, **more)

    def drawn(self, ax) -> tuple[list, list]:
        (found,) = (each for each in ax.collections if isinstance(each, LineCollection))
        return [np.asarray(each)[:, 1].tolist() for each in found.get_segments()], found.get_array().tolist()

    def test_lines_go_through_the_values_and_the_best_is_drawn_last(self):
        ax = parallel_coordinates(self.data(score=[4.0, 1.0, 3.0, 2.0]), ["g", "tau", "rule"], "score")
        heights, colours = self.drawn(ax)
        assert colours == [1.0, 2.0, 3.0, 4.0]
        assert np.array(heights) == pytest.approx(np.array([[0.5, 0.5, 1], [1, 0.5, 0], [1, 1, 1], [0, 0, 0]]))
        assert ax.get_title("left") == "4 points, highest on top"
        assert ticks(ax.xaxis) == ["g", "tau (ms)", "rule"]

    def test_the_lowest_can_be_the_best(self):
        ax = parallel_coordinates(self.data(score=[4.0, 1.0, 3.0, 2.0]), ["g", "tau"], "score", lowest=True)
        assert self.drawn(ax)[1] == [4.0, 3.0, 2.0, 1.0]

    def test_what_failed_is_left_out_and_counted(self):
        data = self.data(score=[4.0, 1.0, None, 2.0], status=[DONE, FAILED, DONE, DONE])
        ax = parallel_coordinates(data, ["g", "tau"], "score")
        assert self.drawn(ax)[1] == [2.0, 4.0]
        assert "2 of 4 runs left out: 1 failed, 1 without a finite value" in ax.get_title("left")

    def test_replicates_are_one_line(self):
        data = table(crossed([1, 2], [1, 2], replicates=3), score=np.arange(12.0))
        ax = parallel_coordinates(data, ["x", "y"], "score")
        assert self.drawn(ax)[1] == [1.0, 4.0, 7.0, 10.0]
        assert ax.get_title("left") == "4 points of 12 runs, highest on top"

    def test_a_parameter_that_is_not_drawn_still_tells_points_apart(self):
        assert len(self.drawn(parallel_coordinates(self.data(score=range(4)), ["g", "rule"], "score"))[1]) == 4


def run_of(t_stop=100.0, spikes=((10.0, 0), (90.0, 1)), size=2) -> Run:
    times, ids = np.array([t for t, _ in spikes]), np.array([k for _, k in spikes], np.int32)
    return Run(
        dt=0.1, t_start=0.0, t_stop=t_stop, seed=1, populations={"cells": PopulationInfo("cells", size, "lif", {})},
        projections={}, spike_data={("cells", "spike"): Spikes(times, ids)}, trace_data={}, synapse_data={},
    )  # fmt: skip


class TestRasterGrid:
    def test_rasters_stand_where_their_parameters_say(self):
        runs = [({"g": g, "eta": eta}, run_of(spikes=((10 * g + eta, 0),))) for g in (5, 3) for eta in (1, 2)]
        figure = raster_grid(runs, rows="eta", columns="g", units={"g": "nS"}).figure
        first = [[line.get_xdata() for line in ax.get_lines() if line.get_marker() != "None"] for ax in figure.axes]
        assert [times[0].tolist() for times in first] == [[32.0], [52.0], [31.0], [51.0]]
        assert [ax.get_title() for ax in figure.axes] == ["g = 3 nS", "g = 5 nS", "", ""]
        assert [[t.get_text() for t in ax.texts] for ax in figure.axes] == [[], ["eta = 2"], [], ["eta = 1"]]
        assert [ax.get_xlabel() for ax in figure.axes] == ["", "", "time (ms)", "time (ms)"]

    def test_a_place_without_a_run_says_so(self):
        runs = [({"g": 1, "eta": 1}, run_of()), ({"g": 2, "eta": 2}, run_of())]
        axes = raster_grid(runs, "eta", "g").figure.axes
        assert [bool(ax.patch.get_hatch()) for ax in axes] == [True, False, False, True]
        assert "no run" in [text.get_text() for text in axes[0].texts]

    def test_the_end_of_each_run_is_drawn(self):
        runs = [({"g": 1}, run_of(100.0)), ({"g": 2}, run_of(40.0))]
        axes = raster_grid(runs, columns="g", last=50.0).figure.axes
        assert [ax.get_xlim() for ax in axes] == [(50.0, 100.0), (0.0, 40.0)]

    def test_labels_say_how_many_neurons_of_how_many_are_shown(self):
        ax = raster_grid([({}, run_of(size=1200))], neurons=30)
        assert [text.get_text() for text in ax.get_yticklabels()] == ["cells\n30 of 1,200"]

    def test_labels_hold_up_to_a_run_of_another_size(self):
        runs = [({"n": n, "g": g}, run_of(size=max(n, 2))) for n in (1, 2, 3) for g in (1, 2)]
        axes = raster_grid(runs, rows="g", columns="n").figure.axes
        assert [[text.get_text() for text in ax.get_yticklabels()] for ax in axes] == 2 * [
            ["cells\nN = 2"], [""], ["cells\nN = 3"],
        ]  # fmt: skip

    def test_what_has_no_place_is_reported(self):
        with pytest.raises(ParameterError, match="two runs for g=1"):
            raster_grid([({"g": 1}, run_of()), ({"g": 1}, run_of())], columns="g")
        with pytest.raises(ParameterError, match="not all runs have a value of 'eta'; there are: g"):
            raster_grid([({"g": 1}, run_of())], rows="eta")
        with pytest.raises(ParameterError, match="at least one run"):
            raster_grid([])
        silent = Run(dt=0.1, t_start=0.0, t_stop=1.0, seed=1, populations={}, projections={}, spike_data={},
                     trace_data={}, synapse_data={})  # fmt: skip
        with pytest.raises(DescriptionError, match="no spikes were recorded"):
            raster_grid([({}, silent)])


MODEL = '''
    """A made-up cell: its rate is a straight line."""

    from dataclasses import dataclass

    import numpy as np
    from matplotlib.figure import Figure

    from spikelearn.results.run import PopulationInfo, Run, Spikes
    from spikelearn.experiments import Outcome, parameter


    @dataclass(frozen=True)
    class Parameters:
        I: float = parameter(300.0, "pA", "current")
        tau: float = parameter(10.0, "ms", "time constant")
        rule: str = parameter("none", "", "of plasticity")

    QUICK = {}
    PUBLISHED = {}


    def simulate(parameters, seed, sink=None, progress=None):
        p = parameters
        if (p.I, p.tau) == (500.0, 20.0):
            raise ValueError("too much")
        times = np.linspace(1.0 + 1e-14 * seed, 99.0, int(p.I / 50))
        run = Run(
            dt=0.1, t_start=0.0, t_stop=100.0, seed=seed, populations={"cells": PopulationInfo("cells", 3, "lif", {})},
            projections={}, spike_data={("cells", "spike"): Spikes(times, np.arange(len(times), dtype=np.int32) % 3)},
            trace_data={}, synapse_data={},
        )
        return Outcome(run, {"rate_hz": p.I / p.tau + seed % 7, "cv": p.tau, "empty": None})


    def figure(parameters, outcome):
        return Figure()
'''


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Three currents by two time constants, two replicates, one point failed; all runs are kept."""
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "straight.py").write_text(textwrap.dedent(MODEL))
    grid = ["--grid", "I=300,400,500", "tau=10,20", "--replicates", "2", "--keep", "all", "--workers", "1"]
    assert cli.main(["sweep", str(folder / "straight.py"), *grid, "--out", str(folder / "store"), "--quiet"]) == 1
    return folder / "store"


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were saved."""
    figures = []
    save = plots.save
    monkeypatch.setattr(plots, "save", lambda figure, path: (figures.append(figure), save(figure, path, dpi=40)))
    return figures


class TestCommand:
    def test_two_parameters_are_a_heat_map_of_the_first_metric(self, store, drawn, capsys):
        assert cli.main(["plot", "sweep", str(store)]) == 0
        assert capsys.readouterr().out == f"{store / 'heat.png'}\n"
        assert (store / "heat.png").stat().st_size > 0
        ax, bar = drawn[0].axes
        assert (ax.get_xlabel(), ax.get_ylabel(), bar.get_ylabel()) == ("I (pA)", "tau (ms)", "rate (Hz)")
        assert "2 of 12 runs left out: 2 failed" in ax.get_title("left")

    def test_one_parameter_is_lines(self, store, drawn, tmp_path):
        out = str(tmp_path / "lines.svg")
        assert (
            cli.main(["plot", "sweep", str(store), "--where", "tau=10", "--metric", "cv", "rate_hz", "--out", out]) == 0
        )
        assert [(ax.get_xlabel(), ax.get_ylabel()) for ax in drawn[0].axes] == [
            ("I (pA)", "cv"),
            ("I (pA)", "rate (Hz)"),
        ]
        assert drawn[0].axes[0].get_lines()[0].get_ydata().tolist() == [10.0, 10.0, 10.0]
        assert "I (pA)" in (tmp_path / "lines.svg").read_text()

    def test_the_kind_can_be_chosen(self, store, drawn):
        assert cli.main(["plot", "sweep", str(store), "--kind", "lines", "--x", "tau", "--metric", "cv"]) == 0
        assert drawn[0].axes[0].get_legend().get_title().get_text() == "I (pA)"
        assert cli.main(["plot", "sweep", str(store), "--kind", "parallel", "--where", "I=300,400"]) == 0
        assert ticks(drawn[1].axes[0].xaxis) == ["I (pA)", "tau (ms)"]
        assert drawn[1].axes[0].get_title("left") == "4 points of 8 runs, highest on top"

    def test_kept_runs_are_rasters_of_the_first_replicates(self, store, drawn):
        assert cli.main(["plot", "sweep", str(store), "--kind", "rasters"]) == 0
        top = [ax.get_title() for ax in drawn[0].axes[:3]]
        assert top == ["I = 300 pA", "I = 400 pA", "I = 500 pA"]
        assert [bool(ax.patch.get_hatch()) for ax in drawn[0].axes] == [False, False, True, False, False, False]
        (spikes,) = (line for line in drawn[0].axes[1].get_lines() if line.get_marker() != "None")
        rows = read_table(store).to_pylist()
        (row,) = (r for r in rows if (r["I"], r["tau"], r["replicate"]) == (400.0, 20.0, 0))
        assert spikes.get_xdata().tolist() == np.linspace(1.0 + 1e-14 * row["seed"], 99.0, 8).tolist()

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ("--metric rat_hz", "no metric called 'rat_hz' (did you mean 'rate_hz'?); there are: rate_hz, cv, empty"),
            ("--x i", "no parameter called 'i'"),
            ("--metric empty", "none of 12 rows has a finite value of 'empty'; 2 failed, 10 without"),
            ("--kind lines --x I --by rule", "these rows differ in 'tau' too (10, 20)"),
            ("--kind heat --y rule", "'rule' has only one value, none"),
            ("--where I=300 --x I", "'I' has only one value, 300"),
            ("--where I=300 tau=10", "no parameter has two values in these points"),
            ("--where I=350", "no point has I=350; I is 300, 400, 500"),
            ("--where Tau=10", "no parameter called 'Tau' (did you mean 'tau'?)"),
            ("--where I", "--where: expected NAME=VALUE, got 'I'"),
            ("--by tau", "--by is for --kind lines; this plot is of kind heat"),
            ("--kind rasters --metric cv", "rasters show spikes, not metrics"),
            ("--kind heat --where tau=10", "a heat map needs two parameters that were varied, but only I was"),
            ("--where I=500 tau=20", "no point is finished: all 2 failed; the first: simulate of "),
        ],
    )
    def test_what_cannot_be_drawn_is_reported_with_what_there_is(self, store, capsys, arguments, message):
        assert cli.main(["plot", "sweep", str(store), *arguments.split()]) == 2
        assert message in capsys.readouterr().err

    def test_a_store_without_finished_points_is_reported(self, tmp_path, capsys):
        with Store(tmp_path, create=True) as empty:
            assert cli.main(["plot", "sweep", str(tmp_path)]) == 2
            assert "no point is finished: there are no points yet" in capsys.readouterr().err
            empty.add([Result("k", (("I", 1.0),), 0, 1, "", FAILED, {"I": 1.0}, {}, "ValueError: no")])
        assert cli.main(["plot", "sweep", str(tmp_path)]) == 2
        assert "all 1 failed; the first: ValueError: no" in capsys.readouterr().err

    def test_a_store_without_kept_runs_says_how_to_keep_them(self, tmp_path, capsys):
        with Store(tmp_path, create=True) as made:
            made.add([Result("k", (("I", 1.0),), 0, 1, "", DONE, {"I": 1.0}, {"rate": 1.0})])
        assert cli.main(["plot", "sweep", str(tmp_path), "--kind", "rasters"]) == 2
        assert "no run of these points was kept; sweep with --keep first" in capsys.readouterr().err

    def test_a_directory_without_a_store_is_reported(self, tmp_path, capsys):
        assert cli.main(["plot", "sweep", str(tmp_path)]) == 2
        assert "not the store of a sweep" in capsys.readouterr().err


class TestTable:
    def test_it_knows_the_units_of_the_parameters(self, store):
        assert metadata(read_table(store))["units"] == {"I": "pA", "tau": "ms", "rule": ""}

    def test_a_point_whose_process_died_does_not_make_parameters_varied(self, tmp_path):
        with Store(tmp_path, create=True) as made:
            made.add([Result("a", (("I", 1.0),), 0, 1, "", DONE, {"I": 1.0, "tau": 2.0}, {"rate": 1.0})])
            made.add([Result("b", (("I", 3.0),), 0, 1, "", DIED, {}, {})])
            assert metadata(table_of(made))["varied"] == ["I"]
