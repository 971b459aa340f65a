"""What functions of analysis and plots are given: swapped, raw and foreign arguments are errors that name them."""

import inspect

import numpy as np
import pytest
import quantities
from tolerances import EXACT

import spikelearn as sl
from spikelearn import analysis, plots
from spikelearn.errors import SpikelearnError
from spikelearn.results.run import PopulationInfo, ProjectionInfo, Run, Spikes, Synapses, Trace

SPIKES = Spikes(np.array([1.0, 2.0, 3.0, 7.0]), np.array([0, 1, 0, 1]))
FUNCTIONS = {name: getattr(analysis, name) for name in analysis.__all__ if inspect.isfunction(getattr(analysis, name))}
BAD = [None, "x", object, [1.0, None], np.array([1j]), np.ma.array([1.0]), {}, SPIKES, [[1.0], [2.0, 3.0]], len]
RAGGED = BAD[-2]
OF_SPIKES = ("spikes", "bursts", "events")
"""Arguments that are spikes in any form, such as SPIKES or trains."""
GOOD = {
    "spikes": SPIKES, "n": 2, "t_start": 0.0, "t_stop": 10.0, "times": SPIKES.times, "ids": SPIKES.ids, "bin": 1.0,
    "edges": [1.0, 5.0, 10.0], "bursts": [1.0], "events": [1.0, 2.0, 3.0, 7.0], "window": 16.0, "a": [1.0, 2.0],
    "b": [2.0, 1.0],
    "x": [1.0, 2.0], "y": [1.0, 3.0], "joint": np.eye(2) / 2, "one": [np.ones(2)], "other": [np.ones(2)],
    "min_spikes": 3, "resolution": 5.0, "seed": 1, "population": 20, "marked": 5, "drawn": 4, "at_least": 1,
    "responses": np.eye(2), "labels": np.array([0, 1]), "n_classes": 2, "classes": np.array([0, 1]), "parts": 2,
    "learned": np.eye(2), "learned_labels": np.array([0, 1]), "tested": np.eye(2), "test_labels": np.array([0, 1]),
    "values": [1.0, 2.0, 3.0, 4.0], "part": [1.0, 2.0], "whole": [2.0, 0.0], "width": 2, "within": 3.0,
    "answers": np.array([0, 1]), "most": 0, "every": 1,
}  # fmt: skip


class Unreadable:
    """An object whose iteration raises an exception of its own."""

    def __iter__(self):
        raise RuntimeError("closed")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_argument_of_an_analysis_is_checked_by_name(name):
    parameters = inspect.signature(FUNCTIONS[name]).parameters
    good = {each: GOOD[each] for each in parameters}
    FUNCTIONS[name](**good)
    for each in parameters:
        for bad in BAD:
            if each in OF_SPIKES and (bad is SPIKES or bad is RAGGED):
                continue
            if each in ("one", "other") and not isinstance(bad, type(None) | str | type):
                continue
            with pytest.raises(SpikelearnError, match=f"{each} of {name}|^{name}: "):
                FUNCTIONS[name](**{**good, each: bad})


def test_swapped_and_raw_arguments_are_told_apart():
    for call, words in (
        (lambda: analysis.cv_isi(SPIKES.times), "spikes of cv_isi: expected spikes, as run.spikes"),
        (lambda: analysis.rate(2, SPIKES, 0, 10), "spikes of rate: expected spikes"),
        (lambda: analysis.running_mean(SPIKES, 2), "values of running_mean: expected an array, got spikes"),
        (lambda: analysis.binned_rate([0, 5], SPIKES.times, 2), "n of binned_rate: expected a whole number"),
        (lambda: analysis.rate(SPIKES, 2, "a", 10), "t_start of rate: expected a number"),
        (lambda: analysis.confusion(SPIKES.times, SPIKES.ids, 2), "confusion: its arguments do not fit together"),
        (lambda: analysis.synchrony({}, 0, 10), "spikes of synchrony"),
        (lambda: analysis.angle([[1.0]], Unreadable()), "other of angle: expected a list of arrays"),
        (lambda: analysis.angle([[1.0], ["x"]], [[1.0]]), "one of angle, index 0: expected a number"),
    ):
        with pytest.raises(SpikelearnError, match=words):
            call()


def test_times_with_units_are_converted():
    seconds = SPIKES.times * 1e-3 * quantities.s
    counted = analysis.counts(seconds, 0 * quantities.s, 0.01 * quantities.s, 5 * quantities.ms)
    EXACT.check(counted, analysis.counts(SPIKES.times, 0.0, 10.0, 5.0))
    with pytest.raises(SpikelearnError, match="spikes of counts: expected ms"):
        analysis.counts(SPIKES.times * quantities.mV, 0, 10, 1)


TRAINS = [np.array([1.0, 3.0]), np.array([2.0, 7.0])]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_spikes_arrays_and_trains_give_the_same(name):
    parameters = inspect.signature(FUNCTIONS[name]).parameters
    taken = {each: p.annotation for each, p in parameters.items() if p.annotation in ("SpikesLike", "TimesLike")}
    for each, kind in taken.items():
        others = {other: GOOD[other] for other in parameters if other != each}
        expected = FUNCTIONS[name](**others, **{each: SPIKES})
        forms = [TRAINS, [train.tolist() for train in TRAINS], [train * 1e-3 * quantities.s for train in TRAINS]]
        for form in [*forms, *([SPIKES.times, SPIKES.times.tolist()] if kind == "TimesLike" else [])]:
            np.testing.assert_equal(FUNCTIONS[name](**others, **{each: form}), expected)


def test_spikes_come_first_then_their_number_and_the_window():
    order = ("spikes", "n", "t_start", "t_stop")
    for function in FUNCTIONS.values():
        named = [each for each in inspect.signature(function).parameters if each in order]
        assert named == sorted(named, key=order.index)
        if named:
            assert list(inspect.signature(function).parameters)[: len(named)] == named


NAMES = ["cost_$x^{_$", "$", "$$", r"\$", "a$b", "_hidden", "x^{", "%d", r"\frac"]


def run_named(name):
    return Run(
        dt=0.1, t_start=0.0, t_stop=10.0, seed=1, populations={name: PopulationInfo(name, 2, "LIF", {})},
        projections={name: ProjectionInfo(name, name, name, "exc", "spike", 2, unit=name)},
        spike_data={(name, "spike"): SPIKES},
        trace_data={(name, "V_m"): Trace(np.arange(10.0), np.arange(20.0).reshape(10, 2), np.arange(2), "mV")},
        synapse_data={name: Synapses(np.arange(2), np.arange(2), np.arange(2.0), np.ones(2))},
    )  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_are_drawn_as_they_are(name):
    run = run_named(name)
    drawn = [plots.raster(run), plots.voltage(run), plots.weights(run, name)]
    drawn.append(plots.raster_grid([({name: 1.0}, run), ({name: 2.0}, run)], columns=name))
    drawn.append(plots.heat_map({name: ["a$", "b$", "a$", "b$"], "y": [1, 1, 2, 2], "m": [1, 2, 3, 4]}, name, "y", "m"))
    for ax in drawn:
        ax.figure.canvas.draw()
    assert drawn[0].get_yticklabels()[0].get_text().replace(r"\$", "$").startswith(name)


@pytest.mark.parametrize("plot", [plots.raster, plots.voltage])
def test_plots_say_what_they_cannot_draw(plot):
    run = run_named("cells")
    for call in (
        lambda: plot(None), lambda: plot(SPIKES), lambda: plot([run]), lambda: plot(run, 5), lambda: plot(run, [None]),
        lambda: plot(run, t_start="a"), lambda: plot(run, t_stop=float("nan")), lambda: plot(run, ax="axes"),
        lambda: plots.weights(run, 5), lambda: plots.weights(None, "cells"), lambda: plots.weights(run, "other"),
        lambda: plots.voltage(run, ids="x"), lambda: plots.voltage(run, variables=5),
        lambda: plots.raster(run, bin="x"), lambda: plots.raster(run, max_spikes=1.5),
        lambda: plots.raster(run, kinds=5), lambda: plots.raster_grid(5), lambda: plots.raster_grid([run]),
        lambda: plots.heat_map(None, "x", "y", "z"), lambda: plots.heat_map({}, 1, 2, 3),
    ):  # fmt: skip
        with pytest.raises(SpikelearnError):
            call()


def test_a_grid_of_rasters_shows_neurons_that_were_recorded():
    net = sl.Network(seed=1)
    cells = net.population(20, sl.LIF(I_e=500.0), name="cells")
    net.record(cells[5:9])
    ax = plots.raster_grid([({}, net.run(40.0))])
    assert ax.get_yticklabels()[0].get_text() == "cells\n4 of 20"


@pytest.mark.parametrize("joint", [[[-1.0, 2.0]], [[np.nan, 1.0]], [0.5, 0.5], []], ids=repr)
def test_information_is_that_of_probabilities(joint):
    with pytest.raises(SpikelearnError, match="joint must be an array"):
        analysis.mutual_information(joint)
