"""What pictures show and say: each thing that a reader missed in them, or misread."""

from __future__ import annotations

import json

import numpy as np
import pyarrow
import pytest
from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn import cli, plots
from spikelearn.errors import DescriptionError, ParameterError, SpikelearnError
from spikelearn.io import load, save
from spikelearn.plots.style import DOTTED
from spikelearn.plots.sweeps import SHADES


def texts(ax) -> list[str]:
    return [each.get_text() for each in ax.texts]


def table(columns, **about):
    found = pyarrow.table(columns)
    parameters = [name for name in columns if name != "rate"]
    return found.replace_schema_metadata(
        {"spikelearn": json.dumps({"parameters": parameters, "metrics": ["rate"], **about})}
    )


@pytest.fixture(scope="module")
def run():
    net = sl.Network(dt=0.5, seed=1)
    inputs = net.population(20, sl.Poisson(rate=0.0), name="inputs")
    cells = net.population(10, sl.LIF(), name="cells")
    dopamine = net.modulator("dopamine", tau=50.0)
    for name in ("first", "second", "third"):
        net.connect(inputs, cells, "exc", weight=sl.Uniform(100.0, 300.0), delay=1.0, name=name)
    net.record(inputs)
    net.record(cells)
    net.record(cells[:2], "V_m")
    net.record(dopamine, "n", every=1.0)
    net.run(20_000.0, progress=False)
    rates = {inputs: np.full((4, 20), 50.0)}
    phases = [
        sl.Phase(50.0, rates=rates, name="shown"),
        sl.Phase(30.0, releases={dopamine: [1.0, 0.0, 1.0, 0.0]}, name="reward"),
    ]
    return net.run(trials=sl.Trials(phases, 4, labels=[7, 1, 0, 3]), progress=False)


def test_weights_of_all_projections_are_drawn_and_named(run, tmp_path, capsys):
    ax = plots.weights(run)
    assert [each.get_title("left") for each in ax.figure.axes] == ["first", "second", "third"]
    assert plots.weights(run, "second").get_title("left") == "second"
    assert len(plots.weights(run, ["third", "first"]).figure.axes) == 2
    save(run, tmp_path / "run.h5")
    assert cli.main(["plot", "weights", str(tmp_path)]) == 0
    assert cli.main(["plot", "weights", str(tmp_path), "--projection", "first"]) == 0
    assert cli.main(["plot", "weights", str(tmp_path), "--projection", "fist"]) == 2
    assert "did you mean 'first'" in capsys.readouterr().err


def test_a_raster_shows_trials_phases_and_rewards(run, tmp_path):
    save(run, tmp_path / "run.h5")
    for each in (run, load(tmp_path / "run.h5")):
        ax = plots.raster(each)
        assert texts(ax) == ["7", "1", "0", "3"]
        assert [text.get_text() for text in ax.get_legend().get_texts()] == ["reward", "dopamine"]
        stars = next(line for line in ax.lines if line.get_marker() == "*")
        assert np.allclose(stars.get_xdata(), 20_000.0 + np.array([50.0, 210.0]))
    marked = plots.raster(run, marks={"licks": [20_010.0, 99_999.0]})
    assert "licks" in [text.get_text() for text in marked.get_legend().get_texts()]
    with pytest.raises(SpikelearnError, match="marks of raster, 'licks': expected"):
        plots.raster(run, marks={"licks": "never"})


def test_rewards_are_seen_in_a_modulator_that_was_recorded():
    net = sl.Network(dt=1.0)
    net.record(net.population(1, sl.Poisson(10.0)))
    dopamine = net.modulator("dopamine", tau=50.0)
    net.release(dopamine, [100.0, 150.0, 300.0], [1.0, -0.5, 1.0])
    net.record(dopamine, "n", every=1.0)
    ax = plots.raster(net.run(400.0))
    up, down = (next(line for line in ax.lines if line.get_marker() == marker) for marker in "*v")
    assert up.get_xdata().tolist() == [100.0, 300.0] and down.get_xdata().tolist() == [150.0]


def test_labels_of_trials_are_as_many_as_trials():
    with pytest.raises(DescriptionError, match="labels of Trials: expected 2, one for each trial, got 3"):
        sl.Trials([sl.Phase(1.0)], 2, labels=[1, 2, 3])


def test_time_begins_where_a_late_window_does(run):
    ax = plots.raster(run)
    assert ax.get_xlabel() == "time after 20 s (ms)"
    ax.figure.canvas.draw()
    assert [tick.get_text() for tick in ax.get_xticklabels()][0] == "0"


def test_a_part_of_a_population_is_not_its_size(run):
    class Part:
        name, ids = "inputs", np.arange(5)

    assert plots.raster(run, Part()).get_yticklabels()[0].get_text() == "inputs\n5 of 20"
    assert plots.raster(run, "inputs").get_yticklabels()[0].get_text() == "inputs\nN = 20"


def test_spikes_over_a_voltage_are_said_to_be_drawn(run):
    ax = plots.voltage(run)
    assert "spike, drawn" in [text.get_text() for text in ax.get_legend().get_texts()]


def test_a_variable_without_a_unit_has_no_brackets():
    net = sl.Network()
    model = sl.NeuronModel.from_equations(
        "dv/dt = -v/tau : 1", ports={"exc": "v"}, parameters={"tau": (10.0, "ms")}, initial={"v": 1.0}
    )
    cells = net.population(1, model(), name="cells")
    net.record(cells, "v")
    assert plots.voltage(net.run(10.0), cells, "v").get_ylabel() == "v"


def test_thousands_of_bursts_take_the_place_of_their_spikes():
    net = sl.Network(dt=0.1, seed=1)
    cells = net.population(200, sl.Pyramidal(), name="cells")
    net.drive(cells, sl.PoissonInput(3000.0), port="soma", weight=70.0)
    net.drive(cells, sl.PoissonInput(3000.0), port="apical", weight=90.0)
    net.record(cells, ["spikes", "bursts"])
    many = net.run(2000.0)
    assert len(many.spikes(cells, "burst").times) > 3000
    spikes, bursts = (line for line in plots.raster(many).lines if len(line.get_xdata()) > 1000)
    assert bursts.get_markersize() == spikes.get_markersize() and bursts.get_marker() == spikes.get_marker()
    few = plots.raster(many, t_stop=20.0)
    assert "o" in [line.get_marker() for line in few.lines]


def test_a_figure_that_matplotlib_saves_is_sharp(run):
    assert plots.raster(run).figure.dpi == 200.0


def test_a_search_is_drawn_on_its_own_scale_with_its_best_point_and_target():
    g = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    linear = table({"g": g, "rate": g}, scales={"g": False}, objective={"targets": {"rate": 4.0}}, best={"g": 4.0})
    ax = plots.lines(linear, "g", "rate")
    assert ax.get_xscale() == "linear" and texts(ax) == ["target"]
    star = next(line for line in ax.lines if line.get_marker() == "*")
    assert (star.get_xdata()[0], star.get_ydata()[0]) == (4.0, 4.0)
    assert "star: the best point" in ax.get_title("left")
    evenly = np.arange(1.0, 6.0)
    assert plots.lines(table({"g": evenly, "rate": evenly}, scales={"g": True}), "g", "rate").get_xscale() == "log"
    assert plots.lines(table({"g": g, "rate": g}), "g", "rate").get_xscale() == "log"  # nothing is known


@pytest.mark.parametrize("best", [None, "lowest", "highest", "target"])
def test_the_best_point_is_marked_as_asked(best):
    x, y = np.repeat([1.0, 2.0, 3.0], 2), np.tile([1.0, 2.0], 3)
    data = table({"x": x, "y": y, "rate": x * y})
    ax = plots.heat_map(data, "x", "y", "rate", target=3.1, best=best)
    star = next(line for line in ax.lines if line.get_marker() == "*")
    expected = {"lowest": (1.0, 1.0), "highest": (3.0, 2.0)}.get(best, (3.0, 1.0))
    assert (star.get_xdata()[0], star.get_ydata()[0]) == expected
    assert "target" in texts(ax.figure.axes[1])
    drawn = plots.parallel_coordinates(data, ["x", "y"], "rate", target=3.1, best=best)
    assert any(line.get_label() == "best" for line in drawn.lines)
    with pytest.raises(ParameterError, match="best: expected 'lowest', 'highest'"):
        plots.heat_map(data, "x", "y", "rate", best="most")


def test_without_a_target_or_a_search_nothing_is_marked():
    x, y = np.repeat([1.0, 2.0, 3.0], 2), np.tile([1.0, 2.0], 3)
    ax = plots.heat_map(table({"x": x, "y": y, "rate": x * y}), "x", "y", "rate")
    assert not ax.lines and not ax.get_title("left")


def test_lines_can_be_read_on_white_and_have_the_colours_of_the_map():
    x, y = np.repeat([1.0, 2.0, 3.0], 2), np.tile([1.0, 2.0], 3)
    data = table({"x": x, "y": y, "rate": x * y})
    maps = [plots.heat_map(data, "x", "y", "rate"), plots.parallel_coordinates(data, ["x", "y"], "rate")]
    for ax in maps:
        assert next(each for each in ax.collections if each.get_array() is not None).cmap is SHADES
    linear = np.array(SHADES(1.0)[:3])
    luminance = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4) @ [
        0.2126,
        0.7152,
        0.0722,
    ]
    assert 1.05 / (luminance + 0.05) > 2.0  # contrast of the lightest with white, as WCAG defines it


def test_two_runs_have_no_confidence_band():
    x = np.repeat([1.0, 2.0, 3.0], 2)
    ax = plots.lines(table({"x": x, "rate": [1.0, 2.0, 2.0, 3.0, 3.0, 4.0]}), "x", "rate")
    assert ax.get_title("left") == "mean of 2 runs, too few for a confidence interval"
    assert np.diff(ax.get_ylim())[0] < 4.0


def test_a_network_draws_its_graph():
    net = sl.Network()
    with pytest.raises(DescriptionError, match="no populations"):
        net.plot()
    inputs = net.population(10, sl.Poisson(1.0), name="inputs")
    exc, inh = net.population(8, sl.LIF(), name="exc"), net.population(2, sl.LIF(), name="inh")
    dopamine = net.modulator("dopamine", tau=100.0)
    net.connect(inputs, exc, weight=5.0, plasticity=sl.DopamineSTDP(dopamine))
    net.connect(exc, inh, weight=5.0)
    net.connect(inh, exc, "inh", weight=-5.0)
    net.connect(exc, exc, weight=1.0)
    net.connect(exc, dopamine, weight=0.1)
    net.drive(exc, sl.PoissonInput(100.0), weight=1.0)
    ax = net.plot()
    ax.figure.canvas.draw()
    shown = texts(ax)
    assert {"inputs", "exc", "inh", "dopamine", "10 Poisson", "8 LIF", "drive"} <= set(shown)
    assert any("DopamineSTDP" in text and "80 \N{MULTIPLICATION SIGN} 5 pA" in text for text in shown)
    dotted = [arrow for arrow in ax.patches if arrow.get_linestyle() == DOTTED]
    assert len(dotted) == 1, "from dopamine to the projection that it modulates"
    assert plots.network(net).get_xlim() == ax.get_xlim()
    left, _ = Figure((9.0, 4.0), layout="constrained").subplots(1, 2)
    assert plots.network(net, ax=left) is left and sorted(texts(left)) == sorted(shown)
    alone = sl.Network()
    alone.population(1, sl.LIF(), name="a population with a long name")
    assert texts(alone.plot()) == ["a population with a long name", "1 LIF"]
    with pytest.raises(ParameterError, match="network: its arguments do not fit together"):
        plots.network(5)


def test_an_interactive_figure_has_all_spikes_and_traces(run, tmp_path):
    pytest.importorskip("plotly")
    figure = plots.interactive(run)
    names = [trace.name for trace in figure.data]
    assert names[:2] == ["spikes of inputs", "spikes of cells"] and "cells V_m 1" in names and "dopamine n 0" in names
    assert len(figure.data[0].x) == len(run.spikes("inputs").times)
    assert figure.layout.xaxis.range == (run.t_start, run.t_stop)
    some = plots.interactive(run, "inputs", max_spikes=10)
    assert "1 in" in some.data[0].name and len(some.data[0].x) <= 10
    figure.write_html(tmp_path / "run.html", include_plotlyjs=False)
    with pytest.raises(DescriptionError, match="no population 'other'"):
        plots.interactive(run, "other")
