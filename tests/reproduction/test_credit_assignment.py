"""A rule of credit assignment as a model, and with a shuffled teacher: short form. Tables of all rules: docs."""

from spikelearn.experiments import load_experiment, run_experiment, set_parameters

MODEL = load_experiment("credit_assignment")


def test_in_the_short_form_feedback_alignment_learns_and_its_hidden_changes_turn_to_the_gradient(quick_form):
    metrics = quick_form[1].metrics
    assert metrics["test_accuracy"] == metrics["test_accuracy.epoch_2"] > 0.6 > 0.5 > metrics["test_accuracy.epoch_0"]
    assert metrics["single.layer_1.epoch_2"] < 75.0 < 85.0 < metrics["single.layer_1.epoch_0"]
    assert metrics["single.layer_2.epoch_2"] < 0.1
    assert [metrics[f"samples.epoch_{epoch}"] for epoch in (0, 1, 2)] == [0, 500, 1000]


def test_with_a_shuffled_teacher_it_learns_nothing():
    parameters = set_parameters(MODEL, {"control": "shuffled_teacher"}, quick=True)
    assert run_experiment(MODEL, parameters, seed=1, progress=False).metrics["test_accuracy"] < 0.55


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)
