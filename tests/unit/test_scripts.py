"""The scripts: each of the three uses, and the studies in small, run as they stand and leave what they say."""

import ast
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from scripts import mutate
from spikelearn import sweep
from spikelearn.codegen.jit import JIT_DISABLED
from spikelearn.experiments import load_experiment
from spikelearn.io import load

compiled = pytest.mark.skipif(JIT_DISABLED, reason="networks of this size take minutes in plain Python")
SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def script(name):
    spec = importlib.util.spec_from_file_location(f"{name}_script", SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def model_script(name):
    """A script that is a model file too."""
    return sys.modules[load_experiment(SCRIPTS / f"{name}.py").simulate.__module__]


@compiled
def test_simulate_keeps_a_run_and_draws_it(tmp_path, capsys):
    script("simulate").main(["--duration", "100", "--out", str(tmp_path)])
    run = load(tmp_path / "run.h5")
    assert run.t_stop == 100.0 and len(run.spikes("excitatory").times) > 100
    assert {path.name for path in tmp_path.iterdir()} == {"run.h5", "raster.png", "voltage.png"}
    assert "inhibitory: " in capsys.readouterr().out


@compiled
def test_sweep_measures_with_its_own_function_and_plot_draws_its_store(tmp_path, capsys):
    arguments = ["--workers", "1", "--duration", "120", "--out", str(tmp_path)]
    script("sweep").main(arguments)
    assert "36 points, 36 computed now" in capsys.readouterr().out
    table = sweep.read_table(tmp_path).to_pydict()
    rates = {
        g: np.mean([r for r, each in zip(table["rate"], table["g"], strict=True) if each == g]) for g in (4.5, 7.0)
    }
    assert rates[4.5] > 1.5 * rates[7.0] > 0  # inhibition holds the rate down
    script("sweep").main(arguments)
    assert "36 points, 0 computed now" in capsys.readouterr().out
    script("plot").main([str(tmp_path)])
    assert {path.stem for path in tmp_path.glob("*.png")} == {"heat_map", "lines", "raster"}


@compiled
def test_the_diagram_of_brunel_is_computed_and_drawn(tmp_path, capsys):
    script("brunel_diagram").main(["--quick", "--workers", "1", "--out", str(tmp_path)])
    assert "6 points, 6 computed now" in capsys.readouterr().out
    assert (tmp_path / "brunel_phase_diagram.png").stat().st_size > 10_000
    assert (tmp_path / "brunel_four_states.png").stat().st_size > 10_000


@compiled
def test_the_sensitivity_of_burst_coding_is_computed_and_drawn(tmp_path, capsys):
    model_script("burst_coding_sensitivity").main(["--quick", "--workers", "1", "--out", str(tmp_path)])
    assert "16 points, 16 computed now" in capsys.readouterr().out
    assert len((tmp_path / "burst_coding_sensitivity.csv").read_text().splitlines()) == 17
    assert (tmp_path / "burst_coding_sensitivity.png").stat().st_size > 10_000


def test_rank_correlations_find_what_depends_and_shuffles_do_not():
    study = model_script("burst_coding_sensitivity")
    rng = np.random.default_rng(1)
    columns = {name: rng.random(128) for name in (*study.VARIED, *study.METRICS)}
    columns["mean_event_rate"] = np.exp(5.0 * columns["b"])
    found, chance = study.rank_correlations(columns), study.by_chance(columns)
    assert found[list(study.METRICS).index("mean_event_rate"), study.VARIED.index("b")] == pytest.approx(1.0)
    # The largest of 30 independent ones of 128 points, each with a deviation of 1 / sqrt(127).
    assert 2.5 < chance * 127**0.5 < 4.0


@pytest.mark.parametrize(
    ("measured", "state"),
    [
        ((0.0, None, None, None), "silent"),
        ((333.0, 0.01, 1.4, 665.0), "SR"),
        ((180.0, 0.13, 0.35, 665.0), "AR"),
        ((38.0, 0.41, 0.59, 125.0), "AI"),
        ((59.0, 0.83, 0.94, 175.0), "SI fast"),
        ((6.0, 0.40, 1.9, 25.0), "SI slow"),
        ((0.5, float("nan"), 0.1, 20.0), "AI"),
    ],
)
def test_states_are_told_apart_by_rate_cv_modulation_and_frequency(measured, state):
    assert script("brunel_diagram").state_of(*measured) == state


@compiled
def test_rules_and_controls_are_tuned_on_as_many_settings_and_none_of_the_seeds_that_are_compared(tmp_path, capsys):
    tune = script("tune_learners")
    arguments = ["--rules", "fa", "--task", "xor", "--settings", "2", "--controls", "none", "frozen", "--workers", "1"]
    assert tune.main([*arguments, "--out", str(tmp_path)]) == 0
    _, _, with_rule, with_frozen = capsys.readouterr().out.splitlines()
    assert with_rule.startswith("| fa | none | 2 | ") and with_frozen.startswith("| fa | frozen | 2 | ")
    points = sweep.read_table(tmp_path).to_pylist()
    assert {point["learner_seed"] for point in points} == {101, 102} and len(points) == 8
    assert all(point["validation"] for point in points if "validation" in point)
    assert tune.settings_of("fa", "xor", "none", 3)[:2] == tune.settings_of("fa", "xor", "none", 2)
    assert tune.main(["--rules", "backprop", "--out", str(tmp_path)]) == 1
    assert "there is no 'backprop'" in capsys.readouterr().err


@compiled
def test_networks_with_and_without_learned_delays_are_compared(capsys):
    script("learned_delays").main(["--quick"])
    header, _, *rows = capsys.readouterr().out.splitlines()
    assert header == "| | seed 1 | mean |" and len(rows) == 5
    assert all(0.0 <= float(row.split("|")[2]) <= 1.0 for row in rows)


@compiled
def test_estimates_by_perturbation_obey_their_laws(tmp_path, capsys):
    laws = script("perturbation_laws")
    laws.main(["--quick", "--out", str(tmp_path)])
    assert "Slope of log time against log D" in capsys.readouterr().out
    assert (tmp_path / "perturbation_laws.png").stat().st_size > 10_000
    D, (one, many) = laws.cosines("weight", 4, (1, 16), 1024)
    # Of 1,024 independent estimates the mean part along the gradient has an error of (D + 1)^0.5 / 32: 18 %, of which
    # the square has twice as much.
    assert D == 32 and one == pytest.approx(1 / 34, rel=0.8) and many == pytest.approx(16 / 49, rel=0.8)
    assert one < 0.1 < many  # averages are better
    D, time = laws.falls_in("node", 16, 4)
    assert D == 16 and time / laws.INPUTS == pytest.approx(18, rel=0.3)  # 64 independent outputs x inputs and more


@compiled
def test_a_bias_of_two_percent_is_found_between_two_sets_of_seeds(tmp_path, capsys):
    compare = script("compare_distributions")
    files = [str(tmp_path / name) for name in ("one", "other", "biased")]
    for k, file in enumerate(files[:2]):
        compare.main(["run", file, "--seeds", str(1 + 10 * k), str(8 + 10 * k), "--only", "inputs"])
    records = [json.loads(line) for line in Path(files[1]).read_text().splitlines()]
    biased = [json.dumps(each | {"strongly_mean": 1.02 * each["strongly_mean"]}) for each in records]
    Path(files[2]).write_text("\n".join(biased))
    first = []
    for other in files[1:]:
        compare.main(["compare", files[0], other])
        first.append(capsys.readouterr().out.splitlines()[0])
    assert float(first[0].split()[-1]) > 0.05
    assert "strongly_mean" in first[1] and float(first[1].split()[-1]) < 0.01


def test_a_slip_changes_one_word_of_code_and_none_of_annotations_messages_or_strings():
    text = (
        "def f(x: int | None = 2) -> int | str:\n"
        "    if not x < 1 and x > 0:\n"
        "        raise ValueError('1 + 1', 3 - 2)\n"
        "    x += min(x, 5)  # é\n"
        "    return 'é', x * -7\n"
    )
    found = mutate.slips_of("f.py", text)
    assert sorted((slip.line, slip.old, slip.new) for slip in found) == [
        (1, "2", "4"), (2, "0", "1"), (2, "1", "2"), (2, "<", "<="), (2, ">", ">="), (2, "and", "or"), (2, "not ", ""),
        (4, "+=", "-="), (4, "5", "10"), (4, "min", "max"), (5, "*", "/"), (5, "-", ""), (5, "7", "14"),
    ]  # fmt: skip
    for slip in found:
        changed = slip.applied_to(text)
        ast.parse(changed)
        assert len(changed) == len(text) + len(slip.new) - len(slip.old)


def test_the_report_counts_slips_by_area_without_those_that_have_no_effect():
    row = {"area": "rules", "path": "a.py", "line": 1, "start": 0, "old": "+", "new": "-"}
    rows = [row | {"verdict": "noticed"}, row | {"line": 2, "verdict": "survived"}, row | {"verdict": "too long"}]
    text = mutate.report([*rows, row | {"line": 3, "verdict": "survived"}], ["a.py:3:0"])
    assert "| rules | 4 | 2 | 1 | 1 | 67% |" in text
    assert "`a.py:3:0`: `+` to `-` (without effect)" in text
