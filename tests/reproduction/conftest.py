"""The short form of the model of a file, run once for all its tests, and whether it is as it was recorded."""

import json
from pathlib import Path

import pytest

from spikelearn.experiments import json_value, run_experiment, set_parameters

RECORDED = Path(__file__).resolve().parents[1] / "looks" / "metrics"
OF_THE_MACHINE = {"wall_s", "cpu_s", "real_time_factor", "learning_s_per_1000_images"}
BEYOND = 0.25
"""By what share of the largest a metric may be beyond the range of three seeds: another processor is another seed."""


@pytest.fixture(scope="module")
def quick_form(request):
    """(parameters, outcome) of the short form, seed 1, of the module's MODEL."""
    model = request.module.MODEL
    parameters = set_parameters(model, quick=True)
    return parameters, run_experiment(model, parameters, seed=1, progress=False)


@pytest.fixture
def as_recorded(request):
    """A function of the short form: it draws the figure, and compares the metrics with those of seeds 1 to 3.

    pytest --record-looks records them. Whether they are right, other tests say: here, that nothing changed unseen.
    """
    model = request.module.MODEL
    path = RECORDED / f"{model.name}.json"

    def check(parameters, outcome):
        model.figure(parameters, outcome)
        found = _numbers(outcome)
        if request.config.getoption("--record-looks"):
            others = [run_experiment(model, parameters, seed=seed, progress=False) for seed in (2, 3)]
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

    return check


def _numbers(outcome):
    return {name: json_value(value) for name, value in outcome.metrics.items() if name not in OF_THE_MACHINE}


def _range(values):
    """Smallest and largest; None if a seed has no number."""
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return None
    return [float(f"{f(values):.5g}") for f in (min, max)]
