"""The model of feedback weights in short; what is measured with it is in docs/results/feedback_weights.md."""

import pytest

from spikelearn.experiments import load_experiment, run_experiment, set_parameters

MODEL = load_experiment("feedback_weights")


def quick(feedback):
    p = set_parameters(MODEL, {"feedback": feedback}, quick=True)
    return p, run_experiment(MODEL, p, seed=1, progress=False)


def test_a_mirror_brings_feedback_near_to_the_forward_weights_and_without_feedback_there_is_no_angle(tmp_path):
    p, mirrored = quick("weight_mirror")
    MODEL.figure(p, mirrored).savefig(tmp_path / "figure.png", dpi=50)
    fixed, ablated = quick("fixed")[1].metrics, quick("ablated")[1].metrics
    assert mirrored.metrics["feedback_angle"] < 45.0 < fixed["feedback_angle"]
    assert mirrored.metrics["update_angle"] < fixed["update_angle"]
    assert ablated["feedback_angle"] is None


@pytest.mark.parametrize("feedback", ["tied", "fixed"])
def test_tied_weights_are_at_no_angle_and_fixed_ones_at_some(feedback):
    angle = quick(feedback)[1].metrics["feedback_angle"]
    assert angle == pytest.approx(0.0, abs=1e-4) if feedback == "tied" else angle > 45.0
