"""The main job: digits are learned from dopamine, and not from dopamine that does not follow the answers."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from spikelearn.errors import ExperimentError
from spikelearn.experiments import Outcome, load_experiment, run_experiment, set_parameters
from spikelearn.io.run_file import load
from spikelearn.results.run import Run, Synapses

MODEL = load_experiment("digits")


def learned(quick, seed, **settings):
    return run_experiment(MODEL, set_parameters(MODEL, settings, quick), seed, progress=False)


def test_three_times_through_700_digits_teach_most_of_them_and_shuffled_reward_teaches_nothing(quick_form):
    """Quick form. The standard error of a figure is 0.02. Chance is 0.1."""
    metrics = quick_form[1].metrics
    assert metrics["test_accuracy"] >= 0.75
    assert metrics["shuffled_reward_accuracy"] < 0.25
    assert metrics["untrained_accuracy"] < 0.25
    assert metrics["logistic_regression_accuracy"] > 0.9


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


def test_a_folder_without_mnist_is_refused(tmp_path):
    with pytest.raises(ExperimentError, match="no file .*images-idx3-ubyte"):
        learned(True, 1, mnist=str(tmp_path))


def signalled(tmp_path, wait_for, *arguments):
    """Exit code and standard error of `spikelearn run`, sent Ctrl-C half a second after a line with `wait_for`."""
    command = [sys.executable, "-m", "spikelearn", "run", *arguments, "--out", str(tmp_path / "o")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stderr is not None
    lines = []
    with process:
        for line in process.stderr:
            lines.append(line)
            if wait_for in line:
                time.sleep(0.5)
                process.send_signal(signal.SIGINT)
        return process.wait(timeout=60), "".join(lines)


def test_after_ctrl_c_the_epochs_that_were_done_are_saved_and_reported(tmp_path):
    code, err = signalled(tmp_path, "epoch  0", "digits", "--quick")
    assert code == 130 and "Traceback" not in err, err
    assert "interrupted: epoch 1 of 3 will be finished first" in err and "epoch  2" not in err
    assert f"interrupted; saved in {tmp_path / 'o'}" in err
    metrics = json.loads((tmp_path / "o" / "metrics.json").read_text())
    assert metrics["epochs_done"] == 1 and metrics["test_accuracy"] > 0.25 > metrics["untrained_accuracy"]
    p = MODEL.parameters()
    run = load(tmp_path / "o" / "run.h5")
    assert run.interrupted and run.duration == 6 * (p.decide + p.learn + p.reward)
    assert {"digits.png", "raster.png", "voltage.png"} <= set(os.listdir(tmp_path / "o"))


@pytest.mark.parametrize("epochs", [1, 3, 14])
def test_the_figure_has_ticks_at_whole_epochs_only(epochs):
    parameters = set_parameters(MODEL, {"epochs": epochs, "cells": 1})
    synapses = Synapses(np.arange(64).repeat(10), np.tile(np.arange(10), 64), np.ones(640), np.ones(640))
    run = Run(0.5, 0.0, 1.0, 1, {}, {}, synapse_data={"pixels->pyramidal": synapses})
    data = {"course": np.linspace(0.1, 0.8, 2 * epochs + 2).reshape(-1, 2), "side": 8}
    outcome = Outcome(run, {"logistic_regression_accuracy": 0.9}, data)
    axes = MODEL.figure(parameters, outcome).axes[0]
    ticks = axes.get_xticks()
    assert len(ticks) >= 2 and all(float(tick).is_integer() for tick in ticks)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_held_out_digits_are_read_with_85_percent(seed):
    metrics = learned(False, seed).metrics
    assert metrics["test_accuracy"] >= 0.85, "0.90 is the median over seeds"
    assert metrics["shuffled_reward_accuracy"] < 0.2


def test_accuracies_are_the_shares_of_test_images_whose_label_is_answered(monkeypatch):
    model = sys.modules[load_experiment("digits").simulate.__module__]
    shown = []

    def answers(learner, p, images, seed):
        shown.append(images)
        labels = found.test_labels
        return np.where(np.arange(len(labels)) < 30 * (1 + learner.shuffled), labels, -1)

    found = model.sl.tasks.split(*model.sl.tasks.digits(""), 60, False)
    monkeypatch.setattr(model, "show", answers)
    metrics = learned(False, 1, images=60, epochs=1, decide=60.0, cells=2).metrics
    n = len(found.test_labels)
    assert (metrics["test_accuracy"], metrics["shuffled_reward_accuracy"]) == (30 / n, 60 / n)
    assert len(shown) == 4 and all(np.array_equal(images, found.test) for images in shown)
