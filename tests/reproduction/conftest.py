"""The short form of the model of a file, run once for all its tests, and whether it is as it was recorded.

So is every network that a test builds, and what it runs: see networks_of_models.py.
"""

import json
import weakref
from pathlib import Path

import looks_of_figures
import networks_of_models
import pytest

import spikelearn as sl
from spikelearn.experiments import json_value, run_experiment, set_parameters

RECORDED = Path(__file__).resolve().parents[1] / "looks" / "metrics"
OF_THE_MACHINE = {"wall_s", "cpu_s", "real_time_factor", "learning_s_per_1000_images"}
BEYOND = 0.25
"""By what share of the largest a metric may be beyond the range of three seeds: another processor is another seed."""
RECORDS = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Each network that a test or its fixtures build must be as recorded: pytest --record-looks FILE records them.

    What is recorded is forgotten if the file is recorded as a whole.
    """
    if item.get_closest_marker("slow") or item.path.parent != Path(__file__).parent:
        return (yield)  # pytest calls this for tests of all folders
    config, recording = item.config, item.config.getoption("--record-looks")
    records = config.stash.setdefault(RECORDS, {})
    some = config.option.keyword or any("::" in each for each in config.args)
    if item.path not in records:
        anew = recording and not some
        records[item.path] = networks_of_models.Record() if anew else networks_of_models.read(item.path)
    record, runs, run = records[item.path], weakref.WeakKeyDictionary(), sl.Network.run

    def compared(net, duration=None, trials=None, *arguments, **named):
        runs[net] = runs.get(net, 0) + 1
        lines = networks_of_models.parts_of(net) if runs[net] == 1 else []
        lines += [networks_of_models.run_of(duration, trials)] if runs[net] <= networks_of_models.RUNS else []
        for line in lines:
            if recording:
                record.add(line)
            where = networks_of_models.path_of(item.path)
            assert line in record, f"not as recorded in {where}: {line}; see pytest --record-looks"
        return run(net, duration, trials, *arguments, **named)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sl.Network, "run", compared)
        result = yield
    if recording and record.lines:
        networks_of_models.write(item.path, record)
    return result


@pytest.fixture(scope="module")
def quick_form(request):
    """(parameters, outcome) of the short form, seed 1, of the module's MODEL."""
    model = request.module.MODEL
    parameters = set_parameters(model, quick=True)
    return parameters, run_experiment(model, parameters, seed=1, progress=False)


@pytest.fixture
def as_recorded(request):
    """A function of the short form: it draws the figure, and compares the metrics with those of seeds 1 to 3.

    pytest --record-looks records them. Whether they are right, other tests say: here, that nothing changed unseen. It
    returns the figure. model: by default the MODEL of the test's file.
    """

    def check(parameters, outcome, model=None):
        model = request.module.MODEL if model is None else model
        path = RECORDED / f"{model.name}.json"
        figure, found = model.figure(parameters, outcome), _numbers(outcome)
        if request.config.getoption("--record-looks"):
            others = [run_experiment(model, parameters, seed=seed, progress=False) for seed in (2, 3)]
            of_others = [model.figure(parameters, each) for each in others]
            request.node.stash[looks_of_figures.OF_OTHER_SEEDS] = {figure: of_others}
            seeds = [found, *map(_numbers, others)]
            ranges = {name: _range([each[name] for each in seeds]) for name in found}
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(ranges, indent=1) + "\n")
        recorded = json.loads(path.read_text())
        assert set(found) == set(recorded)
        for name, limits in recorded.items():
            if limits is not None:
                slack = BEYOND * max(map(abs, limits)) + 1e-9
                assert limits[0] - slack <= found[name] <= limits[1] + slack, f"{name}: {found[name]}, {limits}"
        return figure

    return check


def _numbers(outcome):
    return {name: json_value(value) for name, value in outcome.metrics.items() if name not in OF_THE_MACHINE}


def _range(values):
    """Smallest and largest; None if a seed has no number."""
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return None
    return [float(f"{f(values):.5g}") for f in (min, max)]
