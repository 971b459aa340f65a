"""What the plots show: every spike, name, unit and mark; and that they refuse what was not recorded."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.plots import raster, save, voltage, weights
from spikelearn.plots.panels import class_map
from spikelearn.plots.style import PALETTE
from spikelearn.results.run import PopulationInfo, ProjectionInfo, Run, Spikes, Synapses, Trace


def make_run(sizes, spikes=None, traces=None, synapses=None, t_stop=1000.0) -> Run:
    return Run(
        dt=0.1,
        t_start=0.0,
        t_stop=t_stop,
        seed=1,
        populations={name: PopulationInfo(name, size, "lif", {}) for name, size in sizes.items()},
        projections={name: ProjectionInfo(name, "a", "b", "exc", "spike", 1) for name in synapses or {}},
        spike_data=spikes or {},
        trace_data=traces or {},
        synapse_data=synapses or {},
    )


def random_spikes(n: int, total: int, t_stop: float = 1000.0, seed: int = 0) -> Spikes:
    rng = np.random.default_rng(seed)
    return Spikes(np.sort(rng.uniform(0, t_stop, total)), rng.integers(0, n, total).astype(np.int32))


def view(name: str, *ids: int) -> SimpleNamespace:
    """What `pop[:3]` is to a Run: a name and indices."""
    return SimpleNamespace(name=name, ids=np.array(ids))


def marks(ax) -> list:
    """Lines that carry data, not the separators between lanes."""
    return [line for line in ax.get_lines() if line.get_marker() != "None"]


def label_texts(ax) -> list[str]:
    return [text.get_text() for text in ax.get_yticklabels()]


def legend_texts(ax) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()] if ax.get_legend() else []


@pytest.fixture
def two() -> Run:
    return make_run(
        {"excitatory": 80, "inhibitory": 20},
        {
            ("excitatory", "spike"): random_spikes(80, 500),
            ("inhibitory", "spike"): random_spikes(20, 300, seed=1),
            ("excitatory", "burst"): random_spikes(80, 40, seed=2),
        },
    )


@pytest.fixture
def cells() -> Run:
    times = np.arange(0, 1000, 0.5)
    wave = -60 + 5 * np.sin(times[:, None] / 30 + np.arange(3))
    return make_run(
        {"pyramidal": 50},
        {
            ("pyramidal", "spike"): Spikes(np.array([100.0, 108, 300]), np.array([0, 0, 9], np.int32)),
            ("pyramidal", "burst"): Spikes(np.array([108.0]), np.array([0], np.int32)),
        },
        {
            ("pyramidal", "V_d"): Trace(times, wave + 20, np.array([0, 4, 9]), "mV"),
            ("pyramidal", "V_s"): Trace(times, wave, np.array([0, 4, 9]), "mV"),
            ("pyramidal", "g_apical"): Trace(times, np.ones((times.size, 3)), np.array([0, 4, 9]), "nS"),
        },
    )


@pytest.fixture
def learnt() -> Run:
    final = np.random.default_rng(3).uniform(0, 10, 400)
    zeros = np.zeros(400, np.int32)
    course = Trace(np.linspace(0, 1000, 50), np.linspace(5, 1, 50)[:, None] * final[:20], np.arange(20), "pA")
    return make_run(
        {"a": 20, "b": 20},
        traces={("a->b", "weight"): course},
        synapses={"a->b": Synapses(zeros, zeros, final, np.ones(400))},
    )


class TestRaster:
    def test_every_spike_is_drawn_once(self, two):
        assert sorted(line.get_xdata().size for line in marks(raster(two))) == [40, 300, 500]

    def test_each_population_is_named_and_counted_in_its_own_colour(self, two):
        ax = raster(two)
        assert label_texts(ax) == ["excitatory\nN = 80", "inhibitory\nN = 20"]
        assert [text.get_color() for text in ax.get_yticklabels()] == list(PALETTE[:2])

    def test_the_first_population_is_on_top_and_its_first_neuron_at_its_bottom(self):
        one_each = Spikes(np.array([1.0, 2.0]), np.array([0, 1], np.int32))
        ax = raster(make_run({"a": 2, "b": 2}, {("a", "spike"): one_each, ("b", "spike"): one_each}))
        upper, lower = (line.get_ydata() for line in marks(ax))
        assert np.all(np.diff(upper) > 0)
        assert upper.min() > lower.max()

    def test_time_is_in_ms_when_short_and_in_s_when_long(self, two):
        assert raster(two).get_xlabel() == "time (ms)"
        long = make_run({"a": 5}, {("a", "spike"): random_spikes(5, 50, 20_000)}, t_stop=20_000)
        ax = raster(long)
        ax.figure.draw_without_rendering()
        assert ax.get_xlabel() == "time (s)"
        assert [text.get_text() for text in ax.get_xticklabels()] == ["0", "5", "10", "15", "20"]

    def test_bursts_have_a_mark_of_their_own_and_a_legend(self, two):
        ax = raster(two)
        assert legend_texts(ax) == ["burst"]
        spikes, bursts = marks(ax)[:2]
        assert bursts.get_markerfacecolor() != spikes.get_color()
        assert bursts.get_zorder() > spikes.get_zorder()

    def test_every_mark_is_at_the_time_of_its_spike_and_in_the_row_of_its_cell(self, two):
        ax = raster(two, kinds="spike")
        for line, name, size in zip(marks(ax), ("excitatory", "inhibitory"), (80, 20), strict=True):
            spikes, y = two.spikes(name), line.get_ydata()
            assert np.array_equal(line.get_xdata(), spikes.times)
            rows = np.unique(y)
            assert rows.size == size and np.allclose(np.diff(rows), np.diff(rows)[0])
            assert np.array_equal(np.searchsorted(rows, y), spikes.ids)

    def test_rows_of_a_population_are_centred_on_its_label_between_the_lines_to_its_neighbours(self, two):
        ax = raster(two, kinds="spike")
        [between] = [line.get_ydata()[0] for line in ax.get_lines() if line.get_marker() == "None"]
        upper, lower = (line.get_ydata() for line in marks(ax))
        assert 0.0 < lower.min() and lower.max() < between < upper.min() and upper.max() < ax.get_ylim()[1]
        middles = [(y.min() + y.max()) / 2 for y in (upper, lower)]
        assert middles == pytest.approx(ax.get_yticks())

    def test_few_bursts_have_markers_larger_than_spikes_and_many_take_the_place_of_their_spikes(self):
        spikes = random_spikes(80, 6000)
        for number, own in ((40, True), (3000, False)):
            bursts = Spikes(spikes.times[:number], spikes.ids[:number])
            ax = raster(make_run({"a": 80}, {("a", "spike"): spikes, ("a", "burst"): bursts}))
            of_spikes, of_bursts = marks(ax)[:2]
            assert np.array_equal(of_bursts.get_xdata(), bursts.times)
            assert (of_bursts.get_marker() != of_spikes.get_marker()) == own
            assert legend_texts(ax) == ["burst"]

    def test_kinds_choose_what_is_drawn(self, two):
        assert len(marks(raster(two, kinds=["spike"]))) == 2
        assert len(marks(raster(two, "excitatory", kinds="burst"))) == 1

    def test_only_the_window_is_drawn(self, two):
        ax = raster(two, t_start=200, t_stop=300)
        assert ax.get_xlim() == (200, 300)
        assert all(np.all((line.get_xdata() >= 200) & (line.get_xdata() <= 300)) for line in marks(ax))

    def test_a_view_shows_its_neurons_only(self, two):
        ax = raster(two, view("excitatory", 3, 7), kinds=["spike"])
        assert marks(ax)[0].get_xdata().size == np.isin(two.spikes("excitatory").ids, [3, 7]).sum()
        assert np.unique(marks(ax)[0].get_ydata()).size == 2
        assert label_texts(ax) == ["excitatory\n2 of 80"]

    def test_the_rates_below_are_in_hz_and_average_to_the_rate(self, two):
        ax = raster(two, rates=True)
        below = ax.figure.axes[1]
        assert below.get_ylabel() == "rate (Hz)"
        assert below.get_xlabel() == "time (ms)"
        assert below.get_xlim() == ax.get_xlim()
        means = [patch.get_data().values.mean() for patch in below.patches]
        np.testing.assert_allclose(means, [500 / 80, 300 / 20], rtol=1e-9)

    @pytest.mark.parametrize("n", [10, 12_500])
    def test_marks_fit_the_rows_whether_few_or_many(self, n):
        ax = raster(make_run({"a": n}, {("a", "spike"): random_spikes(n, 20 * n)}))
        size = marks(ax)[0].get_markersize()
        assert (8 < size < 20) if n == 10 else (0.3 < size < 1)

    def test_a_million_spikes_are_one_line_a_population_and_pixels_in_a_pdf(self, tmp_path):
        run = make_run(
            {"excitatory": 10_000, "inhibitory": 2_500},
            {
                ("excitatory", "spike"): random_spikes(10_000, 800_000),
                ("inhibitory", "spike"): random_spikes(2_500, 200_000),
            },
        )
        ax = raster(run, rates=True)
        assert [line.get_xdata().size for line in marks(ax)] == [800_000, 200_000]
        assert all(line.get_rasterized() for line in marks(ax))
        save(ax.figure, tmp_path / "raster.pdf", dpi=100)
        assert 1_000 < (tmp_path / "raster.pdf").stat().st_size < 2_000_000

    def test_beyond_the_limit_whole_neurons_are_left_out_and_the_label_says_so(self):
        run = make_run({"a": 1000}, {("a", "spike"): random_spikes(1000, 20_000)})
        ax = raster(run, max_spikes=5000)
        ids = run.spikes("a").ids
        assert marks(ax)[0].get_xdata().size == (ids % 4 == 0).sum()
        assert label_texts(ax) == ["a\nN = 1,000\n1 in 4 shown"]

    def test_labels_of_many_unequal_populations_do_not_overlap(self):
        sizes = {"a": 20_000, "b": 50, "c": 20_000, "d": 30, "e": 40, "f": 15_000, "g": 1, "h": 100}
        ax = raster(make_run(sizes, {(name, "spike"): random_spikes(n, 100) for name, n in sizes.items()}))
        ax.figure.draw_without_rendering()
        boxes = [text.get_window_extent() for text in ax.get_yticklabels()]
        assert all(upper.y0 > lower.y1 - 1 for upper, lower in zip(boxes, boxes[1:], strict=False))

    def test_a_silent_population_keeps_its_place(self):
        silent = Spikes(np.zeros(0), np.zeros(0, np.int32))
        run = make_run({"a": 5, "b": 5}, {("a", "spike"): random_spikes(5, 9), ("b", "spike"): silent})
        assert label_texts(raster(run, rates=True)) == ["a\nN = 5", "b\nN = 5"]

    def test_nothing_recorded_is_said(self):
        with pytest.raises(DescriptionError, match="recorded spikes: nothing"):
            raster(make_run({"a": 5}))

    def test_what_was_recorded_is_said(self, two):
        with pytest.raises(DescriptionError, match=r"'thalamus'.*excitatory \(burst\), excitatory \(spike\)"):
            raster(two, ["excitatory", "thalamus"])

    def test_a_window_outside_the_run_is_said(self, two):
        with pytest.raises(DescriptionError, match="0 to 1000 ms, so there are no data from 5000 to 6000 ms"):
            raster(two, t_start=5000, t_stop=6000)

    def test_a_run_without_spikes_is_drawn_empty_and_says_so(self):
        silent = Spikes(np.zeros(0), np.zeros(0, np.int32))
        ax = raster(make_run({"a": 5, "b": 3}, {("a", "spike"): silent, ("b", "spike"): silent}), rates=True)
        assert label_texts(ax) == ["a\nN = 5", "b\nN = 3"]
        assert [text.get_text() for text in ax.texts] == ["no spike"]

    @pytest.mark.parametrize(
        ("start", "stop", "labels", "unit"),
        [
            (0, 1000, ["0", "200"], "time (ms)"),
            (0, 5000, ["0", "2"], "time (s)"),
            (2082240, 2082740, ["0", "100"], "time after 2,082.24 s (ms)"),
            (2082240, 2092240, ["0", "2", "4"], "time after 2,082.24 s (s)"),
            (500, 540, ["0", "10"], "time after 500 ms (ms)"),
        ],
    )
    def test_a_late_window_has_its_own_time_and_no_offset(self, start, stop, labels, unit):
        one = {("a", "spike"): Spikes(np.array([start + 10.0]), np.zeros(1, np.int32))}
        ax = raster(make_run({"a": 1}, one, t_stop=1e7), t_start=start, t_stop=stop)
        ax.figure.canvas.draw()
        shown = [text.get_text() for text in ax.get_xticklabels()]
        assert set(labels) <= set(shown) and ax.xaxis.get_offset_text().get_text() == ""
        assert ax.get_xlabel() == unit

    @pytest.mark.parametrize("wrong", [{"t_start": 10, "t_stop": 10}, {"max_spikes": 0}, {"rates": True, "bin": 0.0}])
    def test_values_without_meaning_are_refused(self, two, wrong):
        with pytest.raises(ParameterError):
            raster(two, **wrong)

    def test_it_draws_on_the_axes_it_is_given(self, two):
        upper, lower = Figure().subplots(2)
        assert raster(two, ax=upper) is upper
        assert raster(two, ax=(upper, lower), rates=True) is upper
        with pytest.raises(ParameterError, match="2 panels"):
            raster(two, ax=upper, rates=True)


class TestVoltage:
    def test_each_neuron_has_a_lane_with_its_name(self, cells):
        ax = voltage(cells)
        assert [text.get_text() for text in ax.texts] == ["pyramidal 0", "pyramidal 4", "pyramidal 9"]

    def test_soma_and_dendrite_differ_in_colour_darkness_and_line(self, cells):
        ax = voltage(cells, ids=[0])
        curves = {line.get_label(): line for line in ax.get_lines() if line.get_label().startswith("V_")}
        soma, dendrite = curves["V_s"], curves["V_d"]
        assert soma.get_linestyle() != dendrite.get_linestyle()
        grey = [np.dot(to_rgb(line.get_color()), (0.299, 0.587, 0.114)) for line in (soma, dendrite)]
        assert abs(grey[0] - grey[1]) > 0.15

    def test_axes_and_legend_say_what_is_what(self, cells):
        ax = voltage(cells)
        assert ax.get_xlabel() == "time (ms)"
        assert ax.get_ylabel() == "voltage (mV)"
        assert legend_texts(ax) == ["soma $V_s$", "dendrite $V_d$", "spike, drawn", "burst"]

    def test_ticks_are_true_voltages_in_every_lane(self, cells):
        ax = voltage(cells)
        true = [float(text.replace("\N{MINUS SIGN}", "-")) for text in label_texts(ax)]
        assert len(true) % 3 == 0 and true == true[: len(true) // 3] * 3
        last = len(true) * 2 // 3
        # The lowest lane is the one that is not shifted.
        np.testing.assert_allclose(ax.get_yticks()[last:], true[last:], atol=1e-12)

    @pytest.mark.parametrize(
        ("low", "high"), [(-0.012, 0.031), (-65.0, -64.93), (-71.0, -50.3), (-300.0, 290.0), (0.0, 5.1e4)]
    )
    def test_the_ticks_of_a_lane_are_all_round_numbers_that_its_voltages_span_and_no_others(self, low, high):
        values = np.linspace(low, high, 50)[:, None] + [0.0, 0.0]
        trace = Trace(np.arange(50.0), values, np.arange(2), "mV")
        ax = voltage(make_run({"a": 2}, traces={("a", "V_m"): trace}, t_stop=50.0))
        true = [float(text.replace("\N{MINUS SIGN}", "-")) for text in label_texts(ax)]
        lane = true[: len(true) // 2]
        step, margin = lane[1] - lane[0], 0.05 * (high - low)
        multiples = step * np.arange(np.ceil((low - margin) / step - 1e-9), (high + margin) / step + 1e-9)
        assert len(lane) >= 2 and true == lane + lane
        np.testing.assert_allclose(lane, multiples, atol=1e-6 * step)
        assert float(f"{step:e}"[0]) in (1, 2, 5)

    def test_each_curve_is_its_trace_moved_to_a_lane_of_its_own_the_first_on_top(self, cells):
        ax = voltage(cells, variables="V_s")
        trace = cells.trace("pyramidal", "V_s")
        curves = [line for line in ax.get_lines() if line.get_label() == "V_s"]
        moved = np.array([line.get_ydata() for line in curves]) - trace.values.T
        assert np.allclose(np.ptp(moved, axis=1), 0.0, atol=1e-9)
        assert all(np.array_equal(line.get_xdata(), trace.times) for line in curves)
        drawn = [line.get_ydata() for line in curves]
        assert all(upper.min() > lower.max() for upper, lower in zip(drawn, drawn[1:], strict=False))
        lanes = [text.xy[1] for text in ax.texts]
        assert all(y.min() < at < y.max() for y, at in zip(drawn, lanes, strict=True))

    def test_curves_strokes_and_marks_all_lie_within_the_limits(self, cells):
        ax = voltage(cells)
        low, high = ax.get_ylim()
        drawn = [line.get_ydata() for line in ax.get_lines()]
        drawn += [segment[:, 1] for each in ax.collections for segment in each.get_segments()]
        assert low < min(np.min(y) for y in drawn) and max(np.max(y) for y in drawn) < high
        [burst] = [line for line in ax.get_lines() if line.get_marker() == "v"]
        top = max(segment[1, 1] for each in ax.collections for segment in each.get_segments())
        assert burst.get_xdata().tolist() == [108.0] and top < burst.get_ydata()[0]

    def test_each_spike_rises_from_the_voltage_to_one_height(self, cells):
        ax = voltage(cells, ids=[0])
        (strokes,) = ax.collections
        segments = np.array(strokes.get_segments())
        assert segments[:, 0, 0].tolist() == [100.0, 108.0]
        assert np.all(segments[:, 0, 1] < segments[:, 1, 1])
        assert np.ptp(segments[:, 1, 1]) == 0
        trace = cells.trace("pyramidal", "V_s")
        # The higher of two samples 0.5 ms apart, on a wave that moves by less than 0.17 mV a ms.
        curve = np.interp(100.0, trace.times, trace.values[:, 0])
        assert segments[0, 0, 1] == pytest.approx(curve, abs=0.1)

    def test_a_view_and_a_variable_choose(self, cells):
        ax = voltage(cells, view("pyramidal", 4, 9), variables="V_d")
        assert [text.get_text() for text in ax.texts] == ["pyramidal 4", "pyramidal 9"]
        assert sum(line.get_label() == "V_d" for line in ax.get_lines()) == 2
        assert not any(line.get_label() == "V_s" for line in ax.get_lines())

    def test_another_variable_has_its_own_name_and_unit(self, cells):
        assert voltage(cells, variables="g_apical", ids=[0]).get_ylabel() == "g_apical (nS)"

    def test_six_neurons_are_drawn_of_many(self):
        trace = Trace(np.arange(10.0), np.zeros((10, 40)), np.arange(40), "mV")
        ax = voltage(make_run({"a": 40}, traces={("a", "V_m"): trace}))
        assert len(ax.texts) == 6

    def test_a_long_trace_is_thinned_and_keeps_its_extremes(self):
        values = np.random.default_rng(5).normal(-60, 3, (1_000_003, 1))
        trace = Trace(np.arange(values.size) * 0.1, values, np.array([0]), "mV")
        ax = voltage(make_run({"a": 1}, traces={("a", "V_m"): trace}, t_stop=1e5 + 1))
        drawn = ax.get_lines()[0].get_ydata()
        assert drawn.size < 20_000
        assert (drawn.min(), drawn.max()) == (values.min(), values.max())

    def test_thinning_keeps_samples_as_they_are_and_both_extremes_of_each_segment(self):
        values = np.random.default_rng(6).normal(-60, 3, (20_003, 1))
        times = np.arange(values.size) * 0.1
        ax = voltage(
            make_run({"a": 1}, traces={("a", "V_m"): Trace(times, values, np.array([0]), "mV")}, t_stop=2001.0)
        )
        x, y = ax.get_lines()[0].get_data()
        assert x.size < 11_000 and np.all(np.diff(x) > 0)
        assert np.array_equal(y, values[np.searchsorted(times, x), 0])
        stretch = 4  # 20,003 samples in 5,000 segments, and three more
        segments = values[:20_000, 0].reshape(-1, stretch)
        of = np.searchsorted(times, x)[:-3] // stretch
        assert np.array_equal(np.unique(of), np.arange(5000))
        assert np.array_equal([y[:-3][of == k].max() for k in range(0, 5000, 50)], segments[::50].max(1))
        assert np.array_equal([y[:-3][of == k].min() for k in range(0, 5000, 50)], segments[::50].min(1))
        assert np.array_equal(y[-3:], values[-3:, 0])

    def test_what_was_recorded_is_said(self, cells, two):
        with pytest.raises(DescriptionError, match="recorded traces: nothing"):
            voltage(two)
        with pytest.raises(DescriptionError, match=r"recorded traces: pyramidal \(V_d\), pyramidal \(V_s\)"):
            voltage(cells, "input")
        with pytest.raises(DescriptionError, match=r"V_m.*pyramidal \(V_d\)"):
            voltage(cells, "pyramidal", variables=["V_m"])
        with pytest.raises(DescriptionError, match="neuron 5 .* recorded neurons: 0, 4, 9"):
            voltage(cells, ids=[0, 5])
        with pytest.raises(DescriptionError, match="was not recorded from neurons 5; it was from 0, 4, 9"):
            voltage(cells, view("pyramidal", 5))

    def test_units_are_not_mixed(self, cells):
        with pytest.raises(DescriptionError, match="the same unit, got mV, nS"):
            voltage(cells, variables=["V_s", "g_apical"])

    def test_a_window_without_samples_or_length_is_refused(self, cells):
        with pytest.raises(DescriptionError, match="no sample"):
            voltage(cells, t_start=5000, t_stop=6000)
        with pytest.raises(ParameterError):
            voltage(cells, t_start=10, t_stop=5)

    def test_values_that_are_not_finite_are_no_voltage(self):
        trace = Trace(np.arange(10.0), np.full((10, 1), np.nan), np.array([0]), "mV")
        with pytest.raises(DescriptionError, match="finite"):
            voltage(make_run({"a": 1}, traces={("a", "V_m"): trace}))


class TestWeights:
    def test_the_histogram_holds_every_synapse(self, learnt):
        ax = weights(learnt, "a->b")
        assert ax.patches[0].get_data().values.sum() == 400
        assert ax.get_ylabel() == "synapses (of 400)"

    def test_the_unit_is_that_of_the_trace_unless_given(self, learnt):
        assert weights(learnt, "a->b").get_xlabel() == "weight (pA)"
        assert weights(learnt, "a->b", unit="nS").get_xlabel() == "weight (nS)"

    def test_the_course_is_the_mean_over_synapses(self, learnt):
        course = weights(learnt, "a->b").figure.axes[1]
        mean = next(line for line in course.get_lines() if line.get_label() == "mean")
        np.testing.assert_allclose(mean.get_ydata(), learnt.trace("a->b", "weight").values.mean(1))
        assert (course.get_xlabel(), course.get_ylabel()) == ("time (ms)", "weight (pA)")
        assert legend_texts(course) == ["mean", "5 to 95 %", "single synapse"]
        [band] = [each for each in course.collections if each.get_label() == "5 to 95 %"]
        low, high = np.percentile(learnt.trace("a->b", "weight").values, [5, 95], axis=1)
        edges = band.get_paths()[0].vertices[:, 1]
        assert (edges.min(), edges.max()) == (low.min(), high.max())

    def test_of_several_projections_each_has_a_row_with_its_own_histogram_and_its_own_course(self):
        zeros, times, names = np.zeros(5, np.int32), np.linspace(0, 1000, 20), ("one", "two", "three")
        final = {name: np.linspace(k, k + 1.0, 5) for k, name in enumerate(names)}
        courses = {name: Trace(times, np.tile(final[name], (20, 1)), np.arange(5), "pA") for name in names}
        run = make_run(
            {"a": 5, "b": 5},
            traces={(name, "weight"): courses[name] for name in names},
            synapses={name: Synapses(zeros, zeros, final[name], np.ones(5)) for name in names},
        )
        axes = weights(run).figure.axes
        assert [ax.get_subplotspec().colspan.start for ax in axes] == [0, 1] * 3
        for name, histogram, course in zip(names, axes[::2], axes[1::2], strict=True):
            assert histogram.get_title("left") == name
            edges = histogram.patches[0].get_data().edges
            assert (edges[0], edges[-1]) == (final[name][0], final[name][-1])
            mean = next(line for line in course.get_lines() if line.get_label() == "mean")
            np.testing.assert_allclose(mean.get_ydata(), final[name].mean())

    def test_without_a_trace_there_is_the_histogram_alone(self, learnt):
        learnt.trace_data.clear()
        ax = weights(learnt, "a->b")
        assert len(ax.figure.axes) == 1
        assert ax.get_xlabel() == "weight"

    def test_one_axes_gets_the_histogram_and_two_get_both(self, learnt):
        left, right = Figure().subplots(1, 2)
        assert weights(learnt, "a->b", ax=left) is left
        assert not right.lines
        weights(learnt, "a->b", ax=(left, right))
        assert right.lines

    def test_synapses_are_counted_in_whole_numbers(self):
        three = np.zeros(3, np.int32)
        run = make_run({"a": 1}, synapses={"p": Synapses(three, three, np.array([1.0, 2.0, 3.0]), np.ones(3))})
        ticks = weights(run, "p").get_yticks()
        assert ticks.tolist() == [round(tick) for tick in ticks]

    def test_equal_weights_are_one_bar_around_their_value(self):
        four = np.zeros(4, np.int32)
        run = make_run({"a": 2}, synapses={"p": Synapses(four, four, np.full(4, -3.0), np.ones(4))})
        counts, edges, _ = weights(run, "p").patches[0].get_data()
        assert counts.tolist() == [4]
        assert edges[0] < -3 < edges[1]

    @pytest.mark.parametrize(
        ("final", "reason"), [(np.zeros(0), "no synapses"), (np.array([1.0, np.nan]), "1 of 2 weights")]
    )
    def test_what_has_no_histogram_is_refused(self, final, reason):
        zeros = np.zeros(final.size, np.int32)
        run = make_run({"a": 2}, synapses={"p": Synapses(zeros, zeros, final, zeros)})
        with pytest.raises(DescriptionError, match=reason):
            weights(run, "p")

    def test_an_unknown_projection_is_said(self, learnt):
        with pytest.raises(DescriptionError, match="a->b"):
            weights(learnt, "b->a")


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_every_plot_saves_in_every_format(suffix, two, cells, learnt, tmp_path):
    for name, ax in [("r", raster(two, rates=True)), ("v", voltage(cells)), ("w", weights(learnt, "a->b"))]:
        save(ax.figure, tmp_path / f"{name}.{suffix}", dpi=72)
        assert (tmp_path / f"{name}.{suffix}").stat().st_size > 1000


def test_plotting_does_not_load_pyplot():
    code = "import sys, spikelearn.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_voltages_recorded_only_near_the_end_are_drawn_from_where_they_begin():
    times = np.arange(800.0, 1000.0)
    traces = {("a", "V_m"): Trace(times, np.sin(times)[:, None], np.array([0]), "mV")}
    spikes = {("a", "spike"): Spikes(np.array([100.0, 900.0]), np.array([0, 0], np.int32))}
    ax = voltage(make_run({"a": 1}, spikes, traces))
    assert ax.get_xlim() == (800.0, 1000.0)
    strokes = [segment for lines in ax.collections for segment in lines.get_segments()]
    assert [stroke[0, 0] for stroke in strokes] == [900.0]
    assert voltage(make_run({"a": 1}, spikes, traces), t_start=0.0).get_xlim() == (0.0, 1000.0)


def test_two_samples_near_the_end_are_enough_to_begin_there():
    traces = {("a", "V_m"): Trace(np.array([900.0, 1000.0]), np.array([[1.0], [2.0]]), np.array([0]), "mV")}
    assert voltage(make_run({"a": 1}, traces=traces)).get_xlim() == (900.0, 1000.0)


def test_of_several_curves_the_longest_says_when_recording_began():
    traces = {
        (name, "V_m"): Trace(times, np.sin(times)[:, None], np.array([0]), "mV")
        for name, times in (("a", np.arange(50.0, 60.0)), ("b", np.arange(50.0, 10_000.0)))
    }
    assert voltage(make_run({"a": 1, "b": 1}, traces=traces, t_stop=10_000.0)).get_xlim()[0] == 0.0


def test_voltages_recorded_from_the_first_step_are_drawn_from_the_start_however_many_samples_there_are():
    for times in (np.arange(1, 100_001) * 0.01, np.arange(1, 11) * 100.0):
        traces = {("a", "V_m"): Trace(times, np.sin(times)[:, None], np.array([0]), "mV")}
        assert voltage(make_run({"a": 1}, traces=traces)).get_xlim() == (0.0, 1000.0)


def test_the_unit_of_weights_that_were_not_recorded_is_that_of_the_projection():
    found = Synapses(np.zeros(3, np.int32), np.zeros(3, np.int32), np.arange(3.0), np.ones(3))
    run = make_run({"a": 1}, synapses={"a->b": found})
    assert weights(run, "a->b").get_xlabel() == "weight"
    run.projections["a->b"] = ProjectionInfo("a->b", "a", "b", "exc", "spike", 3, unit="pA")
    assert weights(run, "a->b").get_xlabel() == "weight (pA)"


def test_a_map_of_classes_has_a_square_for_each_answer_a_circle_for_each_mistake_and_its_outline():
    ax = Figure().subplots()
    grid, shades = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), ("#ff0000", "#0000ff")
    curves = np.zeros((5, 2)), np.ones((7, 2))
    class_map(ax, grid, np.array([0, 1, 1]), shades, 12.0, (np.array([[0.5, 0.5]]), np.array([0])), curves)
    squares, circles = ax.collections
    assert [to_rgb(colour) for colour in squares.get_facecolors()] == [(1, 0, 0), (0, 0, 1), (0, 0, 1)]
    assert np.array_equal(squares.get_offsets(), grid) and squares.get_sizes().tolist() == [144.0]
    assert [to_rgb(colour) for colour in circles.get_facecolors()] == [(1, 0, 0)]
    assert [len(line.get_xdata()) for line in ax.lines] == [5, 7]
    class_map(bare := Figure().subplots(), grid, np.array([0, 1, 1]), shades, 12.0)
    assert len(bare.collections) == 1 and not bare.lines
