"""Rules side by side: angles, the table, the command line."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from spikelearn.models.credit_assignment import option
from tolerances import METHOD

import spikelearn as sl
from spikelearn.cli import main
from spikelearn.errors import ExperimentError, ParameterError, SpikelearnError
from spikelearn.experiments import load_experiment, run_experiment, set_parameters
from spikelearn.learning.assessment import angles_of, assess, samples_to
from spikelearn.learning.comparison import COLUMNS, Comparison, compare
from spikelearn.learning.comparison_report import angles_table, needs_table, write_figures
from spikelearn.learning.examples import examples_of
from spikelearn.learning.rules import KNOWN, RULES, learner_for
from spikelearn.learning.tuned import MNIST, MNIST_LINEAR, YIN_YANG
from spikelearn.plots.comparison import (
    accuracy_beside_controls,
    accuracy_by_events,
    accuracy_by_samples,
    rules_beside_controls,
)

X, Y = sl.tasks.yin_yang(40, 3)


@pytest.mark.parametrize("rule", ["fa", "dfa", "brainprop"])
def test_the_output_layer_follows_the_gradient_and_the_hidden_layer_does_not(rule):
    """The output's rule is the gradient itself, but for what the last steps of a presentation still owe."""
    what_is_no_gradient = {"forgetting": 0.0} if rule == "brainprop" else {}
    learner = learner_for(rule, hidden=(10,), bias=False, **what_is_no_gradient).prepare(X, Y)
    hidden, output = angles_of(learner, X, Y)
    assert output.averaged < 1.0
    assert 40.0 < hidden.single < 130.0


def test_feedback_becomes_that_of_the_output_if_both_forget_what_they_were():
    found = {}
    for forgetting in (0.0, 1.0):
        learner = learner_for("brainprop", hidden=(10,), bias=False, forgetting=forgetting, exploration_decay=1.0)
        for _ in range(40):
            learner.partial_fit(X, Y)
        forward, back = learner.coefs_[-1].T, learner.circuit_.weights(learner.circuit_.feedback[0])
        found[forgetting] = np.sum(forward * back) / np.linalg.norm(forward) / np.linalg.norm(back)
    assert found[0.0] < 0.8 and found[1.0] > 0.95


@pytest.mark.parametrize("learner", [sl.learning.FeedbackAlignment, sl.learning.BrainProp])
def test_with_feedback_like_the_forward_weights_hidden_layers_nearly_follow_the_gradient(learner):
    """Not quite: errors come a step late, and without the filter of the readout cells."""
    hidden, output = angles_of(learner(hidden=(30,), bias=False, seed=101, feedback="tied").prepare(X, Y), X, Y)
    assert hidden.single < 5.0 and output.averaged < 2.0


def test_what_a_presentation_changes_at_a_tiny_rate_is_what_it_changes_at_any_small_one():
    learner = learner_for("fa", hidden=(10,), bias=False).prepare(X, Y)
    from spikelearn.learning.raw_updates import raw_updates

    tiny, small = raw_updates(learner, X, Y), raw_updates(learner, X, Y, slowed=1e-5)
    for one, other in zip(tiny, small, strict=True):
        METHOD(1.0, 1e-3).check(one, other)
    assert np.abs(tiny[0]).max() > 1e-3


def test_updates_leave_the_learner_as_it_was():
    learner = learner_for("fa", hidden=(6,), bias=False).partial_fit(X, Y)
    before = learner.coefs_
    learner.updates(X, Y)
    for one, other in zip(before, learner.coefs_, strict=True):
        np.testing.assert_array_equal(one, other)


def test_backpropagation_learns_faster_than_frozen_hidden_cells_do():
    examples = examples_of("yin_yang", validation=True).first(1000, 300)
    given = {**examples.learner, "seed": 101}
    course = assess(learner_for("bptt", **given), examples, 3)
    frozen = assess(learner_for("bptt", control="frozen", **given), examples, 3)
    assert course[-1].accuracy > frozen[-1].accuracy + 0.03
    assert course[0].samples == 0 and course[-1].samples == 3000
    assert samples_to(course, 0.5) <= 3000.0 and np.isnan(samples_to(course, 1.1))


def test_a_comparison_has_a_row_for_each_rule_and_seed_and_goes_on(tmp_path, capsys):
    out = tmp_path / "comparison"
    arguments = ["compare", "--task", "xor", "--quick", "--seeds", "1", "--out", str(out), "--json", "--workers", "1",
                 "--set", "examples=20", "epochs=1", "--rules"]  # fmt: skip
    assert main([*arguments, "fa"]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert tuple(row) == COLUMNS and row["rule"] == "fa" and len(row["angle_deg"]) == 2
    assert 0.0 <= row["shuffled_accuracy"] <= 1.0 and 0.0 <= row["linear_accuracy"] <= 0.75
    assert main([*arguments, "dfa"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [each["rule"] for each in rows] == ["fa", "dfa"] and rows[0] == row
    with open(out / "comparison.csv", encoding="utf-8") as file:
        assert [each["rule"] for each in csv.DictReader(file)] == ["fa", "dfa"]
    assert "| xor | fa | 1 |" in (out / "comparison.md").read_text(encoding="utf-8")
    pictures = {"xor_rules.png", "xor_accuracy.png", "xor_angle.png", "xor_events.png", "what_must_be_known.png"}
    assert {each.name for each in out.glob("*.png")} == pictures


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rules": ["backprop"]}, "rule: there is no 'backprop'.*there are: bptt"),
        ({"task": "go"}, "task: expected any of xor"),
        ({"controls": ["ice"]}, "controls: expected any of frozen"),
        ({"seeds": 0}, "seeds"),
        ({"task": "pixels", "rules": ["fa", "koerding_koenig"]}, "of sequences, which koerding_koenig cannot learn"),
        ({"task": "mnist"}, "task mnist: expected the folder of the MNIST files"),
    ],
)
def test_wrong_comparisons_are_refused_before_anything_is_computed(tmp_path, wrong, message):
    with pytest.raises(ParameterError, match=message):
        compare(tmp_path / "out", **wrong)
    assert not (tmp_path / "out").exists()


def test_linear_controls_were_tuned_wherever_their_rules_were():
    assert all("linear" in of_rule for of_rule in YIN_YANG.values())
    assert set(MNIST) <= set(MNIST_LINEAR)
    rule, linear = (learner_for("brainprop", "mnist", control) for control in ("none", "linear"))
    assert linear.hidden == ()
    assert linear.learning_rate == MNIST_LINEAR["brainprop"][:2] != rule.learning_rate


def test_mnist_without_its_files_is_refused_before_anything_is_computed(tmp_path):
    with pytest.raises(ExperimentError, match="no file .*images"):
        compare(tmp_path / "out", "mnist", ["fa"], settings={"mnist": str(tmp_path)})
    assert not (tmp_path / "out").exists()


def test_all_rules_of_a_task_of_sequences_are_those_that_learn_them(tmp_path, monkeypatch):
    asked = []

    def run(model, out, design, **options):
        asked.extend(row["rule"] for row in design.rows)
        raise KeyboardInterrupt

    monkeypatch.setattr("spikelearn.learning.comparison.sweep.run", run)
    for task in ("pixels", "xor"):
        with pytest.raises(KeyboardInterrupt):
            compare(tmp_path, task, seeds=1, controls=())
    able = [rule for rule, learner in RULES.items() if learner.sequences]
    assert "eprop" in able and "ep" not in able
    assert asked == [*able, *RULES]


def test_every_rule_says_what_a_synapse_must_know():
    for learner in RULES.values():
        assert any(learner.locality)


def test_rules_beside_the_others_are_compared_by_name():
    """Models of examples and labels, and features that are found without labels."""
    beside = set(KNOWN) - set(RULES)
    assert {"ecd", "wake_sleep", "oja", "similarity_matching", "hebb_nonlinear", "autoencoder"} == beside
    table = needs_table(sorted(beside))
    for rule in beside:
        assert type(learner_for(rule, "digits")) is type(KNOWN[rule]) and f"| {rule} |" in table


def test_there_is_no_figure_of_angles_where_none_was_measured(tmp_path):
    row = dict.fromkeys(COLUMNS) | {"rule": "rstdp", "task": "xor", "seed": 1}
    course = {"test_accuracy": {0: 0.5, 1: 0.75}, "samples": {0: 0, 1: 200}}
    comparison = Comparison([row], [course])
    assert [path.name for path in write_figures(comparison, tmp_path)] == ["xor_rules.png", "xor_accuracy.png"]
    assert angles_table(comparison) == ""


def test_rules_stand_in_the_order_of_their_accuracy_and_samples_only_where_all_seeds_got_there():
    rows = [
        dict.fromkeys(COLUMNS) | {"rule": rule, "task": "xor", "seed": seed, "test_accuracy": accuracy,
                                  "frozen_accuracy": 0.5, "samples_to_90": samples}
        for rule, accuracy, samples in (("fa", 0.8, None), ("bptt", 0.95, 400.0)) for seed in (1, 2)
    ]  # fmt: skip
    accuracy, samples, events = rules_beside_controls(rows)
    assert [each.get_text() for each in accuracy.get_yticklabels()] == ["bptt", "fa"]
    large = [line for line in samples.get_lines() if len(line.get_xdata()) == 1]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in large] == [(400.0, 0)]
    assert not events.get_lines()
    columns = accuracy_beside_controls(rows)
    assert [each.get_text() for each in columns.get_xticklabels()] == ["bptt", "fa"]
    large = [line for line in columns.get_lines() if line.get_marker() == "o" and line.get_markersize() == 5.0]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in large if len(line.get_xdata())] == [
        (0, pytest.approx(0.95)), (1, pytest.approx(0.8)),
    ]  # fmt: skip


def test_accuracy_is_drawn_against_all_synaptic_events_until_then():
    course = {"test_accuracy": {0: 0.5, 1: 0.75}, "samples": {0: 0, 1: 200}}
    [ax] = accuracy_by_events({"fa": [course], "bptt": [course]}, {"fa": 30.0})
    [line] = ax.get_lines()
    assert line.get_label() == "fa" and line.get_xdata().tolist() == [6000.0]  # a logarithmic axis has no 0


def test_the_table_of_angles_has_means_over_seeds_at_each_epoch():
    rows = [dict.fromkeys(COLUMNS) | {"rule": "fa", "task": "xor", "seed": seed} for seed in (1, 2)]
    values = {"single": 80, "error": 2, "averaged": 60}
    courses = [{f"{name}.layer_1": {0: each + k, 5: each} for name, each in values.items()} for k in (0, 1)]
    assert angles_table(Comparison(rows, courses)).splitlines() == [
        "| rule | epoch 0 | epoch 5 |",
        "|---|---|---|",
        "| fa | 80.5 ± 2.5; 60.5 | 80.0 ± 2.0; 60.0 |",
    ]


def test_each_rule_is_drawn_once_with_its_name_at_most_six_to_a_panel_the_others_without_a_name():
    course = {"test_accuracy": {0: 0.5, 1: 0.75}, "samples": {0: 0, 1: 200}}
    rules = [f"rule {k}" for k in range(14)]
    axes = accuracy_by_samples({rule: [course, course] for rule in rules})
    named = [[line.get_label() for line in ax.get_lines() if not line.get_label().startswith("_")] for ax in axes]
    assert [name for panel in named for name in panel] == rules and [len(panel) for panel in named] == [6, 6, 2]
    assert [len(ax.get_lines()) for ax in axes] == [14, 14, 14]


def test_an_option_is_a_flag_a_number_or_a_word():
    texts = ("direct=False", "bias=true", "steps=60", "spread=0.5", "feedback=tied")
    assert [option(text)[1] for text in texts] == [False, True, 60, 0.5, "tied"]


@pytest.mark.parametrize(("n", "shape"), [(1, (1, 1)), (7, (1, 2)), (14, (1, 3)), (20, (2, 3)), (40, (3, 3))])
def test_panels_of_six_rules_fill_rows_of_three_and_those_without_a_rule_are_empty(n, shape):
    course = {"test_accuracy": {0: 0.5, 1: 0.75}, "samples": {0: 0, 1: 200}}
    axes = accuracy_by_samples({f"rule {k}": [course] for k in range(n)})
    assert len(axes) == -(-n // 6)
    assert axes[0].get_subplotspec().get_geometry()[:2] == shape
    assert [ax.axison for ax in axes[0].figure.axes] == [True] * len(axes) + [False] * (np.prod(shape) - len(axes))


def test_presentations_are_printed_in_thousands_and_drawn_where_they_are():
    course = {"test_accuracy": {0: 0.5, 1: 0.75, 2: 0.9}, "samples": {0: 0, 1: 500, 2: 12_000}}
    [ax] = accuracy_by_samples({"fa": [course]})
    [line] = ax.get_lines()
    assert line.get_xdata().tolist() == [0.0, 500.0, 12_000.0] and line.get_ydata().tolist() == [0.5, 0.75, 0.9]
    assert [ax.xaxis.get_major_formatter()(x) for x in line.get_xdata()] == ["0", "0.5", "12"]
    assert ax.figure.get_supxlabel() == "thousands of presentations"


@pytest.mark.parametrize("upright", [False, True])
def test_rules_and_controls_have_the_looks_that_the_legend_names(upright):
    values = {"test_accuracy": 0.8, "frozen_accuracy": 0.5, "linear_accuracy": 0.6, "shuffled_accuracy": 0.3}
    rows = [dict.fromkeys(COLUMNS) | {"rule": "fa", "task": "xor", "seed": seed, **values} for seed in (1, 2)]
    ax = accuracy_beside_controls(rows) if upright else rules_beside_controls(rows)[0]
    [legend] = ax.figure.legends
    drawn = [line for line in ax.get_lines() if len(line.get_xdata())]
    named = {"the rule": 0.8, "frozen": 0.5, "linear": 0.6, "shuffled": 0.3}
    assert [text.get_text() for text in legend.get_texts()] == list(named)
    for handle in legend.legend_handles:
        alike = [line for line in drawn if line.get_marker() == handle.get_marker()]
        at = {value for line in alike for value in (line.get_ydata() if upright else line.get_xdata())}
        assert sorted(at) == pytest.approx([named[handle.get_label()]] * len(at))
        for line in alike:
            assert line.get_markeredgecolor() == handle.get_markeredgecolor()
            assert line.get_markerfacecolor() == handle.get_markerfacecolor()


@pytest.mark.parametrize(
    ("options", "message"),
    [("steeps=3", "options: fa has no steeps; it has bias, control"), ("steps", "options: expected NAME=VALUE"),
     ("=3", "options: expected NAME=VALUE"), ("steps=many", "steps"), ("direct=0", "direct: expected True or False"),
     ("control=frozen", "options: set the parameter control instead of control"),
     ("seed=3", "options: set the parameter learner_seed instead of seed")],
)  # fmt: skip
def test_parameters_that_a_learner_does_not_have_are_refused_with_those_that_it_has(options, message):
    model = load_experiment("credit_assignment")
    with pytest.raises(SpikelearnError, match=message):
        run_experiment(model, set_parameters(model, {"task": "xor", "options": options}, quick=True), seed=1)
