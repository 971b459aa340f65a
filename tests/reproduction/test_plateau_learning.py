"""Plateau learning: hidden cells learn from the change of their plateaus, and nothing without feedback."""

import functools
import os
import sys

import numpy as np
import pytest
from tolerances import EXACT, METHOD, ULP

from spikelearn.experiments import load_experiment

EXPERIMENT = load_experiment("plateau_learning")
MODEL = sys.modules[EXPERIMENT.simulate.__module__]


@functools.cache
def quick():
    parameters = MODEL.Parameters(**MODEL.QUICK)
    return parameters, MODEL.simulate(parameters, 1, progress=False)


def test_in_the_quick_form_digits_are_read_and_hidden_weights_move_nearer_to_backpropagation_than_by_chance():
    """100 hidden cells, four times through the digits. The standard error of a share of 360 images is 0.015."""
    metrics = quick()[1].metrics
    assert metrics["test_accuracy"] >= 0.88
    assert metrics["test_accuracy"] >= metrics["no_feedback_accuracy"] + 0.1
    assert metrics["update_angle_deg"] < 85.0 < metrics["shuffled_update_angle_deg"] < 95.0
    assert metrics["update_angle_deg"] < metrics["first_update_angle_deg"]
    ULP(4).check(metrics["gain"], metrics["test_accuracy"] - metrics["no_hidden_accuracy"])


def test_the_figure_shows_both_phases_every_learner_and_every_angle(as_recorded):
    parameters, outcome = quick()
    figure = as_recorded(parameters, outcome, EXPERIMENT)
    figure.canvas.draw()
    apical, course, angles = figure.axes
    assert len(apical.lines) == 4 + 1 and apical.lines[0].get_xdata()[-1] == parameters.forward + parameters.target
    assert len(course.lines) == 2 * 3 and len(course.lines[0].get_xdata()) == outcome.metrics["epochs"] == 4
    assert len(angles.lines) == 1 + 2 and len(angles.lines[1].get_xdata()) == 4


def small(**changed):
    return MODEL.Parameters(**{"hidden": (30,), "images": 40, "shown": 40, "probes": 1, "batch": 40} | changed)


def after_learning(p, rate=1.0):
    """Wiring before and after 40 images."""
    images = MODEL.load_images(p)
    first = MODEL.first_wiring(p, images.train, np.random.default_rng(1))
    net = MODEL.build(p, first, 1, p.average, rate)
    run, _ = MODEL.show(p, net, images.train, images.train_labels)
    return first, MODEL.wiring_of(net, run, first.feedback), run


def test_a_wiring_that_nothing_changed_is_read_back_bit_for_bit():
    first, last, _ = after_learning(small(), rate=0.0)
    for one, other in zip(first.weights + first.biases, last.weights + last.biases, strict=True):
        EXACT.check(other, one)


def test_cells_whose_feedback_is_silent_make_the_same_plateau_twice_so_their_synapses_do_not_move():
    """Feedback of a weight so small that the engine has it but that it moves nothing: learning is on."""
    first, last, _ = after_learning(small(feedback=1e-300))
    EXACT.check(last.weights[0], first.weights[0])
    EXACT.check(last.biases[0], first.biases[0])
    assert np.ptp(last.weights[1] - first.weights[1]) > 0.01
    first, last, _ = after_learning(small())
    assert np.ptp(last.weights[0] - first.weights[0]) > 0.01


def test_each_image_makes_two_plateaus_in_every_hidden_cell_at_the_ends_of_both_phases():
    p = small()
    images = MODEL.load_images(p)
    run = MODEL.sample(p, MODEL.first_wiring(p, images.train, np.random.default_rng(1)), images, 1, None)
    times = run.spikes("hidden 1", "plateau").times
    ends = np.cumsum(np.tile([p.forward, p.target], MODEL.SHOWN_AT_THE_END))
    EXACT.check(np.unique(times), ends)
    assert len(times) == 30 * len(ends)


def test_backpropagation_is_the_slope_of_the_loss():
    """Each layer's against differences of the loss, whose error goes with the square of the step."""
    p = small(hidden=(7, 5), images=12)
    images = MODEL.load_images(p)
    wiring = MODEL.first_wiring(p, images.train, np.random.default_rng(2))
    shown, labels = images.train, images.train_labels

    def rates(weights):
        found = [MODEL.MAX_RATE * shown]
        for each, biases in zip(weights, wiring.biases, strict=True):
            found.append(MODEL.MAX_RATE / (1.0 + np.exp(-MODEL.k * (found[-1] @ each + biases))))
        return found[-1]

    V_basal = np.log(rates(wiring.weights) / (MODEL.MAX_RATE - rates(wiring.weights))) / MODEL.k
    teacher = np.where(labels[:, None] == np.arange(10), 8.0, -8.0)
    wanted = MODEL.MAX_RATE / (1.0 + np.exp(-(0.6 * V_basal + teacher) / 1.7))
    found = MODEL.backpropagated(wiring, shown, labels)
    step = 1e-3
    bright = int(shown.sum(axis=0).argmax())
    for layer, (i, j) in ((0, (bright, 3)), (0, (bright, 6)), (1, (2, 4)), (1, (6, 0))):
        losses = []
        for sign in (1.0, -1.0):
            weights = [each.copy() for each in wiring.weights]
            weights[layer][i, j] += sign * step
            losses.append(0.5 * np.sum((wanted - rates(weights)) ** 2))
        slope = (losses[1] - losses[0]) / (2.0 * step)
        assert abs(found[layer][i, j]) > 0.0
        METHOD(2, step, 1.0 * np.abs(found[layer]).max()).check(found[layer][i, j], slope)


def test_two_hidden_layers_learn_both():
    first, last, _ = after_learning(small(hidden=(20, 15)))
    assert all(np.ptp(b - a) > 0.01 for a, b in zip(first.weights, last.weights, strict=True))


def agrees_with_the_bar(parameters, seed):
    metrics = MODEL.simulate(parameters, seed, progress=False).metrics
    for name, published in MODEL.PUBLISHED.items():
        assert published.agrees(metrics[name]), f"{name} = {metrics[name]}"
    assert metrics["test_accuracy"] > metrics["no_feedback_accuracy"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_with_a_hidden_layer_two_points_more_of_the_uci_digits_are_read(seed):
    agrees_with_the_bar(MODEL.Parameters(), seed)


@pytest.mark.slow
@pytest.mark.skipif(
    not os.environ.get("SPIKELEARN_MNIST"), reason="SPIKELEARN_MNIST names no folder with MNIST's files"
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_with_a_hidden_layer_two_points_more_of_mnist_are_read(seed):
    agrees_with_the_bar(MODEL.Parameters(mnist=os.environ["SPIKELEARN_MNIST"]), seed)
