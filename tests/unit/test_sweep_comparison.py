"""The comparison of sweeps: its three files run here in small, and the arithmetic of its table."""

import math

import numpy as np
import pytest
from tolerances import EXACT, ULP

from benchmarks import sweeps
from spikelearn.codegen.jit import JIT_DISABLED
from spikelearn.experiments import load_experiment, run_experiment, set_parameters

compiled = pytest.mark.skipif(JIT_DISABLED, reason="networks of this size take minutes in plain Python")
GRID = [(g, eta) for g in (4.5, 5.0, 6.0, 7.0, 8.0) for eta in (1.5, 2.0, 3.0, 4.0)]


def rates(share=0.0, seeds=5, scatter=0.01):
    rng = np.random.default_rng(1)
    return {point: list((1 + share) * 20.0 * (1 + scatter * rng.standard_normal(seeds))) for point in GRID}


def test_lines_of_code_are_those_that_say_something(tmp_path):
    path = tmp_path / "some.py"
    path.write_text(
        '"""What it is,\nin two lines."""\n\n# why\nx = 1  # so\n\ndef f():\n    """Given."""\n    return """a\nb"""\n'
    )
    EXACT.check(sweeps.code_lines(path), 4)


def test_simulators_with_the_same_rates_agree_and_one_that_is_off_by_a_tenth_does_not():
    allowed = sweeps.tolerance([rates(), rates(0.1)])
    # Five standard errors of a difference of two means of five, each with a deviation of 1 %, and 2 %. The deviation of
    # 100 rates is itself known to 8 %, and the two sets are not independent.
    assert abs(allowed - (0.02 + 5.0 * 0.01 * (2 / 5) ** 0.5)) < 0.25 * 0.032
    assert np.all(np.abs(sweeps.differences(rates(), rates(0.01))) < allowed)
    ULP(100).check(sweeps.differences(rates(), rates(0.1)), 0.1)
    assert math.isinf(sweeps.tolerance([rates(seeds=1), rates(seeds=1)]))


def test_a_further_point_takes_what_more_seeds_take_longer():
    seconds = {(name, seeds): [4.0 + 0.2 * 20 * seeds] * 3 for name in sweeps.FILES for seeds in (1, 5)}
    found = {name: rates() for name in sweeps.FILES} | {"brian2": rates(0.2)}
    text = sweeps.page(seconds, found, workers=2, load=0.1)
    row = next(line for line in text.splitlines() if line.startswith("| spikelearn |"))
    assert "| 400 (400 to 400) | 240 (240 to 240) | 200 | the reference |" in row
    assert text.count("agree:") == 1 and "DIFFER: +20.0 % on average, 20.0 % at most" in text


def test_a_table_of_rates_is_read_by_point(tmp_path):
    (tmp_path / "rates.csv").write_text("g,eta,seed,rate\n5.0,2.0,1,30.5\n5.0,2.0,2,31.5\n6.0,2.0,1,20.0\n")
    assert sweeps.rates_in(tmp_path) == {(5.0, 2.0): [30.5, 31.5], (6.0, 2.0): [20.0]}


@compiled
def test_the_networks_of_the_three_files_fire_alike(monkeypatch):
    nest = pytest.importorskip("nest")
    del nest
    import importlib.util

    spec = importlib.util.spec_from_file_location("in_nest", sweeps.FILES["nest"])
    in_nest = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(in_nest)
    model = load_experiment(sweeps.FILES["spikelearn"])
    point = {"g": 6.0, "eta": 2.0}
    chosen = set_parameters(model, point)
    ours = [run_experiment(model, chosen, seed, progress=False).metrics["rate"] for seed in (1, 2, 3)]
    theirs = [in_nest.simulate((6.0, 2.0, seed))[3] for seed in (1, 2, 3)]
    both = [{(6.0, 2.0): ours}, {(6.0, 2.0): theirs}]
    assert abs(np.mean(theirs) / np.mean(ours) - 1.0) <= sweeps.tolerance(both)
