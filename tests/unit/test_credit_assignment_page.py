"""The page of results: what was asked for beside what was measured."""

from __future__ import annotations

import pyarrow as pa
import pytest

from scripts import credit_assignment as script
from scripts.credit_assignment import PARTS, keep, page, points_of, thresholds_table
from scripts.credit_assignment_thresholds import ACCURACY, measured_in, thresholds
from spikelearn.learning.comparison import COLUMNS, Comparison
from spikelearn.learning.rules import KNOWN, RULES


def comparison(rule="fa", accuracies=(0.95, 0.96, 0.97, 0.94, 0.9), frozen=0.8, angles=(50.0, 60.0, 55.0, 40.0, 45.0)):
    rows, courses = [], []
    for seed, (accuracy, angle) in enumerate(zip(accuracies, angles, strict=True), 1):
        rows.append(dict.fromkeys(COLUMNS) | {
            "rule": rule, "task": "yin_yang", "seed": seed, "test_accuracy": accuracy, "frozen_accuracy": frozen,
            "angle_deg": [] if angle is None else [angle, 0.0], "samples_to_90": 5000.0,
        })  # fmt: skip
        course = {"test_accuracy": {0: 0.3, 1: accuracy}, "samples": {0: 0, 1: 5000}}
        if angle is not None:
            course |= {f"{name}.layer_1": {0: 95.0, 1: angle} for name in ("single", "error", "averaged")}
        courses.append(course)
    return Comparison(rows, courses)


def verdicts(found):
    lines = thresholds_table({"yin_yang": found}, [found.rows[0]["rule"]]).splitlines()[2:]
    return {
        cells[2]: (cells[3], cells[4]) for cells in ([each.strip() for each in line.split("|")[1:]] for line in lines)
    }


def test_what_is_asked_for_stands_beside_what_was_measured():
    found = verdicts(comparison())
    assert found["accuracy 0.93"] == ("0.944 (smallest 0.900)", "met")
    assert found["frozen + 0.05 from 4 of 5 seeds"] == ("5 of 5, mean +0.144", "met")
    assert found["angle of hidden weights below 90 degrees by 3 standard errors"] == ("50.0 ± 3.5", "met")
    assert found["smallest angle at most 65 degrees"] == ("50.0", "met")


def test_what_is_missed_is_called_missed():
    found = verdicts(comparison(accuracies=(0.84, 0.8, 0.9, 0.95, 0.83), angles=(95.0, 80.0, 90.0, 99.0, 85.0)))
    assert found["accuracy 0.93"] == ("0.864 (smallest 0.800)", "missed")
    assert found["frozen + 0.05 from 4 of 5 seeds"] == ("2 of 5, mean +0.064", "missed")
    assert found["angle of hidden weights below 90 degrees by 3 standard errors"][1] == "missed"


def test_a_rule_without_a_loss_has_no_angle_to_miss():
    found = verdicts(comparison("plateau", angles=(None,) * 5))
    assert found["angle of hidden weights below 90 degrees by 3 standard errors"] == ("no loss, so no angle", "n/a")


def test_an_angle_of_one_seed_is_no_verdict():
    found = verdicts(comparison("erbp", angles=(50.0, None, None, None, None)))
    assert found["angle of hidden weights below 90 degrees by 3 standard errors"] == ("50.0, of one seed", "n/a")


def test_a_seed_that_failed_is_missed_not_left_out():
    found = comparison()
    found.rows[0]["test_accuracy"] = None
    [each] = [t for t in thresholds(["erbp"]) if t.rule == "erbp" and t.asked == "accuracy 0.93"]
    assert each.measure(measured_in(found, "fa")) == ("1 of 5 seeds failed", False)


def test_a_control_that_was_not_computed_or_not_for_all_seeds_meets_nothing():
    asked = "frozen + 0.05 from 4 of 5 seeds"
    assert verdicts(comparison(frozen=None))[asked] == ("not computed", "n/a")
    found = comparison()
    found.rows[0]["frozen_accuracy"] = None
    assert verdicts(found)[asked] == ("4 of 4, mean +0.142; others not computed", "n/a")


def test_a_seed_that_never_got_there_takes_infinitely_many_samples():
    reference, slow = comparison("bptt"), comparison("brainprop")
    slow.rows[0]["samples_to_90"] = None
    both = Comparison(reference.rows + slow.rows, reference.courses + slow.courses)
    [each] = [t for t in thresholds(["brainprop"]) if "3.5 times" in t.asked]
    assert each.measure(measured_in(both, "brainprop")) == ("inf", False)


def test_thresholds_are_of_rules_and_parts_that_there_are():
    assert set(ACCURACY) <= set(RULES)
    for each in thresholds(list(RULES)):
        assert each.part in PARTS and each.rule in RULES


def test_the_page_has_the_parts_that_were_computed_and_no_empty_columns():
    text = page({"yin_yang": comparison()})
    assert "## Yin-Yang, 4-30-3" in text and "## XOR" not in text
    assert "| task | rule | seeds | test accuracy | frozen | angle (deg) | samples to 90 % |" in text


@pytest.mark.parametrize("name", PARTS)
def test_every_rule_of_a_part_is_known(name):
    assert set(PARTS[name].rules or ()) <= set(KNOWN)


def point(rule, accuracy, seed=1, control="none"):
    return {
        "rule": rule, "task": "yin_yang", "control": control, "learner_seed": seed, "test_accuracy": accuracy,
        "test_accuracy.epoch_1": accuracy, "host": "here",
    }  # fmt: skip


def test_points_that_were_kept_stay_until_they_are_computed_again(tmp_path, monkeypatch):
    monkeypatch.setattr(script, "PAGE", tmp_path / "page.md")
    (tmp_path / script.FOLDER / "xor").mkdir(parents=True)
    before = [point("fa", 0.7), point("fa", 0.5, control="frozen"), point("bptt", 0.9), point("gone", 0.1)]
    keep("xor", before)
    assert [each["rule"] for each in points_of("xor", tmp_path / "nowhere")] == ["bptt", "fa", "fa"]
    assert "host" not in points_of("xor", tmp_path / "nowhere")[0]
    (tmp_path / "stores" / "xor").mkdir(parents=True)
    monkeypatch.setattr(
        "spikelearn.sweep.table.read_table", lambda store: pa.Table.from_pylist([point("fa", 0.8), point("dfa", 0.6)])
    )
    again = {(each["rule"], each["control"]): each["test_accuracy"] for each in points_of("xor", tmp_path / "stores")}
    assert again == {("bptt", "none"): 0.9, ("dfa", "none"): 0.6, ("fa", "none"): 0.8, ("fa", "frozen"): 0.5}


def test_only_points_that_are_not_kept_are_computed_if_missing_ones_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(script, "PAGE", tmp_path / "page.md")
    (tmp_path / script.FOLDER / "xor_400").mkdir(parents=True)
    keep("xor_400", [point("rstdp", 0.7, seed) for seed in range(1, 10)])
    asked = []
    monkeypatch.setattr("spikelearn.sweep.run", lambda model, store, design, **how: asked.extend(design.rows))
    for extra, n in (["--missing"], 1), ([], 10):
        asked.clear()
        options = script.options_of(["--compute", "--rules", "rstdp", "--controls", *extra])
        script.compute("xor_400", options)
        assert [row["learner_seed"] for row in asked] == list(range(11 - n, 11))
        assert {row["control"] for row in asked} == {"none"}
