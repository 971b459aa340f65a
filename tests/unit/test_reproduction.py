"""Reproductions: what is measured is kept, once, and the page says what is in range and what is missing."""

import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from spikelearn import cli, experiments, version
from spikelearn.errors import ExperimentError
from spikelearn.sweep import Store, refereed_page, reproduction, reproduction_pages

WITHOUT_METRIC = {
    "control_agree_no_clamp", "control_agree_no_delay", "control_growing_share", "unpredicted_smaller_p",
    "control_change_payload_dropped", "lesion_stored", "control_index", "mixed_control_index", "shuffled.pixels",
    "shuffled.frequency",
}  # fmt: skip
"""Controls that are no form of one metric."""
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "reproduce.py"

MODEL = '''"""A coin: a model for tests."""

from dataclasses import dataclass

from matplotlib.figure import Figure

import spikelearn as sl
from spikelearn.experiments import Outcome, Published, parameter

SEEDS = 3
QUICK = {"duration": 5.0}
PUBLISHED = {"seed": Published("below 3", high=2.0, source="made up"), "never": Published("1", low=1.0)}
PUBLISHED["absent"] = Published("1", low=1.0)


@dataclass(frozen=True)
class Parameters:
    duration: float = parameter(10.0, "ms", "of the run")
    folder: str = parameter("", "", "a folder")
    unlucky: int = parameter(0, "", "the seed that fails")


def simulate(parameters, seed, sink=None, progress=None):
    if seed == parameters.unlucky:
        raise ValueError("out of luck")
    net = sl.Network(seed=seed)
    net.population(1, sl.Poisson(rate=10.0))
    run = net.run(parameters.duration, progress=False)
    return Outcome(run, {"seed": float(seed), "t_stop": run.t_stop, "never": None})


def figure(parameters, outcome):
    return Figure()
'''


WITH_FORM = MODEL.replace(
    "SEEDS = 3", 'SEEDS = (7, 9)\nFORMS = (Form({"unlucky": 8}, {"seed": Oracle(8, low=8.0)}),)'
).replace("import Outcome", "import Form, Oracle, Outcome")


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "coin.py"
    path.write_text(MODEL)
    return str(path)


def reproduced(model, folder, settings=None, seeds=None, quick=False):
    """(what was reported of each job in turn, errors, the page)."""
    reported = []
    jobs = list(reproduction.jobs_of([model], settings or {}, seeds, quick))
    errors = reproduction.reproduce(jobs, folder, 2, lambda job, found: reported.append((job.seed, found)))
    return reported, errors, reproduction_pages.page(jobs, folder, "command", "a machine")


def test_each_seed_is_measured_once_until_the_model_file_changes(model, tmp_path):
    first, errors, page = reproduced(model, tmp_path)
    assert not errors and sorted(seed for seed, _ in first) == [1, 2, 3]
    again, _, _ = reproduced(model, tmp_path)
    assert again == sorted(first, key=lambda each: each[0])
    Path(model).write_text(MODEL.replace("10.0, ", "20.0, "))
    changed, _, _ = reproduced(model, tmp_path)
    assert [found["metrics"]["t_stop"] for _, found in changed] == [20.0] * 3
    assert [found["metrics"]["t_stop"] for _, found in first] == [10.0] * 3
    assert "| seed | 2 | 1 | 3 | below 3 | published | made up | at most 2 | 2 of 3 |" in page
    assert "| never | none | none | none | 1 | published |  | at least 1 | 0 of 3 |" in page
    assert "| absent | none | none | none | 1 | published |  | at least 1 | not run |" in page
    assert (tmp_path / "gallery" / "coin.png").exists()
    assert "![coin](coin.png)" in reproduction_pages.gallery([], tmp_path)


def test_what_took_longest_the_last_time_begins_first_and_what_is_new_before_that(model, tmp_path):
    long, new = (shutil.copy(model, tmp_path / f"{name}.py") for name in ("long", "new"))
    for path, seconds in ((model, 1.0), (long, 9.0)):
        jobs = list(reproduction.jobs_of([str(path)], {}, [1], False))
        reproduction.reproduce(jobs, tmp_path, 1, lambda job, found: None)
        written = tmp_path / "results" / "measured" / f"{Path(path).stem}.json"
        content = json.loads(written.read_text())
        content["seeds"]["1"]["cpu_s"] = seconds
        written.write_text(json.dumps(content))
        Path(path).write_text(MODEL.replace("10.0, ", "20.0, "))
    shutil.rmtree(tmp_path / "results" / "store")
    began = []
    jobs = list(reproduction.jobs_of([model, str(long), str(new)], {}, [1], False))
    assert not reproduction.reproduce(jobs, tmp_path, 1, lambda job, found: began.append(Path(job.model).stem))
    assert began == ["new", "long", "coin"]


def test_what_is_computed_anew_begins_in_the_order_of_the_time_that_it_took(model, tmp_path):
    long = shutil.copy(model, tmp_path / "long.py")
    jobs = list(reproduction.jobs_of([model, str(long)], {}, [1], False))
    reproduction.reproduce(jobs, tmp_path, 1, lambda job, found: None)
    written = tmp_path / "results" / "measured" / "long.json"
    content = json.loads(written.read_text())
    content["seeds"]["1"]["cpu_s"] = 9.0
    written.write_text(json.dumps(content))
    shutil.rmtree(tmp_path / "results" / "store")
    found = []
    assert not reproduction.reproduce(jobs, tmp_path, 1, lambda job, each: found.append((job, each)), anew=True)
    assert [Path(job.model).stem for job, _ in found] == ["long", "coin"]
    assert all(each["cpu_s"] != 9.0 for _, each in found), "kept, not computed"


def test_a_result_of_another_version_is_reported_and_kept_and_the_seed_is_computed_anew(model, tmp_path, monkeypatch):
    reproduced(model, tmp_path, seeds=[1])
    monkeypatch.setattr(reproduction, "VERSION", "99.0")
    monkeypatch.setattr(version, "VERSION", "99.0")
    reported, errors, page = reproduced(model, tmp_path, seeds=[1])
    assert (
        not errors and "there is a result of spikelearn 0" in reported[0][1] and reported[1][1]["metrics"]["seed"] == 1
    )
    assert "Not measured" not in page
    with Store(tmp_path / "results" / "store" / "coin") as store:
        assert len(store.keys()) == 2
    monkeypatch.undo()
    assert [each["metrics"]["seed"] for _, each in reproduced(model, tmp_path, seeds=[1])[0]] == [1.0]


def test_a_result_of_other_code_is_computed_anew_and_each_carries_its_commit(model, tmp_path, monkeypatch):
    monkeypatch.setattr(reproduction, "code_digest", lambda: "before")
    (_, first), *_ = reproduced(model, tmp_path, seeds=[1])[0]
    monkeypatch.undo()
    jobs = list(reproduction.jobs_of([model], {}, [1], False))
    assert "- coin, seed 1" in reproduction_pages.page(jobs, tmp_path, "command", "a machine")
    reported, _, page = reproduced(model, tmp_path, seeds=[1])
    assert reported[-1][1]["key"] != first["key"]
    of = reported[-1][1]["versions"].get("commit")
    assert of == version.commit()
    assert f"on a machine, with spikelearn {version.VERSION} (commit {of or 'not known'})." in page


def test_a_result_of_another_commit_is_computed_anew_and_that_is_said_once(model, tmp_path, monkeypatch):
    monkeypatch.setattr(reproduction, "commit", lambda: "before")
    monkeypatch.setattr(version, "commit", lambda: "before")
    reproduced(model, tmp_path, seeds=[1, 2])
    assert [seed for seed, _ in reproduced(model, tmp_path, seeds=[1, 2])[0]] == [1, 2]
    monkeypatch.setattr(reproduction, "commit", lambda: "after")
    reported, _, _ = reproduced(model, tmp_path, seeds=[1, 2])
    assert [isinstance(found, str) for _, found in reported] == [True, False, False]


def test_the_digest_of_the_code_changes_with_any_source_file(tmp_path, monkeypatch):
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "one.py").write_text("a = 1\n")
    monkeypatch.setattr(version, "_PACKAGE", tmp_path)
    found = []
    for text in ("a = 1\n", "a = 2\n", "a = 1\n"):
        (tmp_path / "kernels" / "one.py").write_text(text)
        found.append(version.code_digest.__wrapped__())
    assert found[0] == found[2] != found[1]
    (tmp_path / "kernels" / "one.py").rename(tmp_path / "kernels" / "two.py")
    assert version.code_digest.__wrapped__() != found[0]


def test_the_commit_is_the_last_that_changed_what_is_measured(tmp_path, monkeypatch):
    def git(*words):
        done = subprocess.run(["git", "-C", tmp_path, *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def write(name, text):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)

    def commit():
        git("add", ".")
        git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "a")
        return git("rev-parse", "--short=9", "HEAD")

    monkeypatch.setattr(version, "_PACKAGE", tmp_path / "spikelearn")
    git("init", "-q")
    write("spikelearn/one.py", "a = 1\n")
    write("docs/page.md", "1\n")
    of = commit()
    found = version.commit.__wrapped__
    assert found() == of
    for name in ("docs/page.txt", "docs/below/page.txt", "tests/unit/test.py", "README.md", "spikelearn/README.md"):
        write(name, "2\n")
        assert commit() != of and found() == of
        write(name, "3\n")
        assert found() == of
    write("spikelearn/one.py", "a = 2\n")
    assert found() == f"{of}+"
    assert commit() == found() != of


def test_outside_a_checkout_no_commit_is_given(tmp_path, monkeypatch):
    monkeypatch.setattr(version, "_PACKAGE", tmp_path / "spikelearn")
    assert version.commit.__wrapped__() is None
    monkeypatch.setattr(version, "commit", lambda: None)
    assert "commit" not in version.versions()


def test_results_of_another_text_of_the_model_file_count_if_that_is_accepted(model, tmp_path):
    before, _, _ = reproduced(model, tmp_path, seeds=[1, 2])
    Path(model).write_text(MODEL.replace("A coin:", "Another coin:"))
    jobs = list(reproduction.jobs_of([model], {}, [1, 2], False))
    assert "- coin, seed 1" in reproduction_pages.page(jobs, tmp_path, "command", "a machine")
    reproduction.accept_changes(jobs, tmp_path)
    assert "Not measured" not in reproduction_pages.page(jobs, tmp_path, "command", "a machine")
    after, _, _ = reproduced(model, tmp_path, seeds=[1, 2])
    assert sorted(each["wall_s"] for _, each in after) == sorted(each["wall_s"] for _, each in before)


def test_what_goes_wrong_with_one_seed_is_reported_and_the_others_are_kept(model, tmp_path):
    reported, errors, page = reproduced(model, tmp_path, {"unlucky": "2", "folder": "/a/path/to/some"})
    [error] = errors
    assert error.startswith("coin, folder=some, unlucky=2, seed 2: simulate of ")
    assert error.endswith("ValueError: out of luck")
    assert len(reported) == 3
    assert "- coin, folder=some, unlucky=2, seed 2" in page.split("## Not measured")[1]
    assert "| seed | 2 | 1 | 3 | below 3 | published | made up | at most 2 | 1 of 2 |" in page
    # the page of other jobs has them too
    other = reproduction_pages.page([], tmp_path, "command", "a machine")
    assert "## coin, folder=some" in other and "--set folder=some" in page
    written = (tmp_path / "results" / "measured" / "coin+folder=some+unlucky=2.json").read_text()
    assert "/a/path" not in written + page + other


def test_the_quick_form_has_one_seed_and_settings_of_its_own(model, tmp_path):
    [(seed, found)], _, page = reproduced(model, tmp_path, quick=True)
    assert seed == 1 and found["metrics"]["t_stop"] == 5.0
    assert f"spikelearn run {model} --quick --seed N" in page


def test_damaged_measurements_and_unknown_models_and_settings_are_errors(model, tmp_path):
    with pytest.raises(ExperimentError, match="no model called 'nothing'"):
        list(reproduction.jobs_of(["nothing"], {}, None, False))
    with pytest.raises(ExperimentError, match="has no parameter 'colour'"):
        list(reproduction.jobs_of([model], {"colour": "red"}, None, False))
    (tmp_path / "results" / "measured").mkdir(parents=True)
    (tmp_path / "results" / "measured" / "coin.json").write_text("{")
    with pytest.raises(ExperimentError, match="coin.json: no measurements can be read .* remove the file"):
        reproduced(model, tmp_path)
    Path(model).write_text(MODEL.replace("SEEDS = 3", "SEEDS = '3'"))
    with pytest.raises(ExperimentError, match="`SEEDS` must be a whole number, or a tuple of them, got '3'"):
        list(reproduction.jobs_of([model], {}, None, False))


@pytest.mark.parametrize("seeds", [{"one": {"metrics": {}}}, {"1": []}, {"1": {"metrics": []}}, {"1": {}}])
def test_what_is_no_measurement_of_a_seed_is_an_error(tmp_path, seeds):
    (tmp_path / "results" / "measured").mkdir(parents=True)
    kept = {"model": "coin", "settings": {}, "quick": False, "seeds": {"2": {"metrics": {}}}}
    path = tmp_path / "results" / "measured" / "coin.json"
    path.write_text(json.dumps(kept))
    assert list(reproduction.read(tmp_path, "coin")) == ["2"]
    path.write_text(json.dumps(kept | {"seeds": kept["seeds"] | seeds}))
    with pytest.raises(
        ExperimentError, match=f"coin.json: .* numbers of seeds, each with its metrics, got '{[*seeds][0]}'"
    ):
        reproduction.read(tmp_path, "coin")


def test_results_are_written_to_a_folder_that_is_not_there(model, tmp_path):
    folder = tmp_path / "new" / "out"
    assert reproduced(model, folder, seeds=[1])[1] == []
    assert list(reproduction.read(folder, "coin")) == ["1"]


def test_the_script_measures_prints_and_measures_anew(model, tmp_path, capsys):
    spec = importlib.util.spec_from_file_location("reproduce_script", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    arguments = [model, "--seeds", "2", "--out", str(tmp_path), "--processes", "1"]
    assert script.main(arguments) == 0
    assert "## coin" in capsys.readouterr().out
    path = tmp_path / "results" / "measured" / "coin.json"
    kept = json.loads(path.read_text())
    kept["seeds"]["2"]["metrics"]["seed"] = 77.0
    path.write_text(json.dumps(kept))
    shutil.rmtree(tmp_path / "results" / "store")
    script.main(arguments)
    assert "| seed | 77 | 77 | 77 |" in capsys.readouterr().out
    script.main([*arguments, "--anew"])
    assert "| seed | 2 | 2 | 2 |" in capsys.readouterr().out
    assert script.main(["nothing", "--out", str(tmp_path)]) == 2


def test_the_gain_over_a_control_has_the_interval_of_a_paired_t_test():
    from scipy import stats

    metric, control = [0.9, 0.85, 0.95, 0.8], [0.5, 0.6, 0.4, 0.5]
    interval = stats.ttest_rel(metric, control).confidence_interval(0.95)
    assert refereed_page.gain(metric, control) == f"0.375 ({interval.low:.3g} to {interval.high:.3g})"
    assert refereed_page.gain([1.0, 1.0], [0.25, 0.25]) == "0.75"
    assert refereed_page.gain([1.0, None, 1.0], [0.25, 0.5, float("nan")]) == "0.75, 2 not measured"
    assert refereed_page.gain([None], [0.25]) == "not measured"


def test_the_page_of_claims_pairs_each_control_with_its_metric(tmp_path):
    path = tmp_path / "coin.py"
    controls = '"shuffled_seed": Control(0.0, source="a | b"), "t_stop": Control(1.0), "other": Control(0, of="seed")}'
    text = MODEL.replace('"never": Published("1", low=1.0)}', controls)
    text = text.replace("SEEDS = 3", 'SEEDS = 3\nTUNED = "luck"')
    text = text.replace("Outcome, Published", "Control, Outcome, Published")
    path.write_text(text.replace('"seed": float(seed), ', '"seed": seed**2, "shuffled_seed": seed, "other": 1, '))
    reproduced(str(path), tmp_path)
    page = refereed_page.refereed(list(reproduction.jobs_of([str(path)], {}, None, False)), tmp_path, "command")
    assert "## coin\n\nA coin: a model for tests.\n\nTuned: luck. Seeds 1, 2, 3." in page
    assert "| seed | 4 | shuffled_seed: a \\| b | 2 | 2.67 (-4.92 to 10.3) |" in page
    assert "| seed | 4 | other:  | 1 | 3.67 (-6.37 to 13.7) |" in page
    assert "|  |  | t_stop:  | 10 |  |" in page
    assert "## " not in refereed_page.refereed([], tmp_path / "empty", "command")


@pytest.mark.parametrize("name", [each.name for each in experiments.list_experiments()])
def test_every_control_of_a_model_is_one_of_a_metric_that_it_has(name):
    model = experiments.load_experiment(name)
    for control, metric in experiments.controlled_by(model.published, model.published).items():
        if control not in WITHOUT_METRIC:
            assert metric, f"{control} of {name}: give `of`"


def test_fresh_seeds_are_kept_apart_and_the_page_of_claims_says_how_many_are_in_range(model, tmp_path):
    path = Path(model)
    path.write_text(MODEL.replace("high=2.0", "high=33.0"))
    reproduced(model, tmp_path)
    jobs = list(reproduction.jobs_of([model], {}, None, False))
    assert "Fresh seeds: not measured." in refereed_page.refereed(jobs, tmp_path, "command")
    reproduced(model, tmp_path, seeds=reproduction.FRESH[:4])
    for written, seeds in (("coin", ["1", "2", "3"]), ("coin+fresh", ["31", "32", "33", "34"])):
        assert list(json.loads((tmp_path / "results" / "measured" / f"{written}.json").read_text())["seeds"]) == seeds
    assert [each.name for each in (tmp_path / "gallery").glob("*.png")] == ["coin.png"]
    assert "| seed | 2 | 1 | 3 |" in reproduction_pages.page(jobs, tmp_path, "command", "a machine")
    assert "Generated by `command`, with spikelearn" in reproduction_pages.page(jobs, tmp_path, "command")
    page = refereed_page.refereed(jobs, tmp_path, "command")
    assert "Seeds 1, 2, 3. Fresh seeds: 0 of 4 in range; not never (4 of 4); not seed (1 of 4)." in page
    assert (
        "Fresh seeds, 31, 32, 33, 34, 35, were" in page and "Of 4 such runs 0 have every metric in its range." in page
    )
    path.write_text(path.read_text().replace("A coin:", "Another coin:"))
    reproduction.accept_changes([*jobs, *reproduction.kept_jobs(tmp_path)], tmp_path)
    assert "0 of 4 in range" in refereed_page.refereed(jobs, tmp_path, "command")


def test_seeds_and_forms_of_a_model_are_its_own(model):
    Path(model).write_text(WITH_FORM)
    found = [(job.title, job.seed, job.first) for job in reproduction.jobs_of([model], {}, None, False)]
    both = [("coin", 7, True), ("coin", 9, False), ("coin, unlucky=8", 7, True), ("coin, unlucky=8", 9, False)]
    assert found == both
    assert [job.title for job in reproduction.jobs_of([model], {"unlucky": "2"}, [1], False)] == ["coin, unlucky=2"]
    assert [(job.title, job.seed) for job in reproduction.jobs_of([model], {}, None, True)] == [("coin", 7)]
    Path(model).write_text(MODEL.replace("SEEDS = 3", "FORMS = 3"))
    with pytest.raises(ExperimentError, match="`FORMS` must be a tuple of Form, got 3"):
        list(reproduction.jobs_of([model], {}, None, False))


def test_a_form_is_compared_with_what_is_expected_of_it(model, tmp_path, capsys):
    Path(model).write_text(WITH_FORM)
    _, _, page = reproduced(model, tmp_path)
    default, form = page.split("## coin")[1:]
    assert "| seed | 8 | 7 | 9 | below 3 | published | made up | at most 2 | 0 of 2 |" in default
    assert "absent" in default
    assert "| seed | 8 | 7 | 9 | 8 | oracle |  | at least 8 | 1 of 2 |" in form and "absent" not in form
    jobs = [*reproduction.jobs_of([model], {}, None, False)]
    reproduced(model, tmp_path, seeds=[31])
    claims = refereed_page.refereed(jobs, tmp_path, "command").split("## coin")[1:]
    assert "Fresh seeds: 0 of 1 in range; not" in claims[0] and "Fresh seeds: 1 of 1 in range." in claims[1]
    for settings, said in (("unlucky=8", []), ("unlucky=5", ["expected values are those of the default parameters"])):
        cli.main(["run", model, "--set", settings, "--seed", "9", "--out", str(tmp_path / settings)])
        assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("expected values")] == said


def test_a_form_with_a_setting_that_the_model_lacks_or_cannot_have_is_an_error_before_the_run(model, tmp_path, capsys):
    Path(model).write_text(WITH_FORM.replace('{"unlucky": 8}', '{"unlcky": 8}'))
    with pytest.raises(ExperimentError, match=r"`FORMS\[0\]` sets 'unlcky'.*'unlucky'.*; the parameters are: duration"):
        experiments.load_experiment(model)
    Path(model).write_text(WITH_FORM.replace('{"unlucky": 8}', '{"unlucky": "many"}'))
    assert cli.main(["run", model, "--out", str(tmp_path / "out")]) == 2
    assert "unlucky" in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_a_form_that_expects_what_is_no_expectation_is_an_error(model):
    Path(model).write_text(WITH_FORM.replace("Oracle(8, low=8.0)", "3"))
    wrong = r"`FORMS\[0\].published\['seed'\]` must be a Published, Oracle, Goal or Control, got int"
    with pytest.raises(ExperimentError, match=wrong):
        experiments.load_experiment(model)


def test_one_command_makes_the_results_of_all_models_but_those_with_a_script_of_their_own():
    jobs = list(reproduction.jobs_of([], {}, None, False))
    others = {each.name for each in experiments.list_experiments()} - {job.model for job in jobs}
    assert others == {"credit_assignment", "feedback_weights"}
    assert {"diehl_cook_2015", "diehl_cook_2015, silent=5.0"} <= {job.title for job in jobs}


def test_every_model_whose_results_are_published_says_what_was_tuned():
    loaded = [experiments.load_experiment(each.name) for each in experiments.list_experiments()]
    assert [each.name for each in loaded if each.seeds and not each.tuned] == []


def test_no_model_is_tuned_or_tested_with_the_fresh_seeds():
    """As far as `SEEDS` and `TUNED` say so."""
    for each in experiments.list_experiments():
        model = experiments.load_experiment(each.name)
        assert not set(model.seeds) & set(reproduction.FRESH), each.name
        tuned_with = set(map(int, re.findall(r"\b\d+\b", model.tuned.partition("seed")[2])))
        assert not tuned_with & set(reproduction.FRESH), each.name


def test_a_control_of_an_unknown_metric_and_tuning_that_is_no_text_are_errors(tmp_path):
    path = tmp_path / "coin.py"
    changed = MODEL.replace('"never": Published("1", low=1.0)', '"control": Control(1, of="sed")')
    path.write_text(changed.replace("Outcome, Pub", "Control, Outcome, Pub").replace("SEEDS = 3", "TUNED = 3"))
    wrong = r"`TUNED` must be text, got int; `PUBLISHED\['control'\]` controls 'sed'.*'seed'"
    with pytest.raises(ExperimentError, match=wrong):
        experiments.load_experiment(path)
