"""Which rule is it: short form always, the whole with `-m slow`."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from spikelearn.experiments import load_experiment, metrics_table, run_experiment, set_parameters

MODEL = load_experiment("which_rule")
FUNCTIONS = sys.modules[MODEL.simulate.__module__]


def network(rule, rate, seed, task="yin_yang", shows=0.0):
    """A network whose observables say `shows` about its rule."""
    generator = np.random.default_rng([len(rule), int(10 * rate), seed, len(task)])
    of_rule = np.random.default_rng(len(rule)).normal(size=(4, 8))
    seen = shows * of_rule + generator.normal(size=(4, 8))
    return FUNCTIONS.Observed(rule, task, 30, rate, seed, seen, seen, np.zeros(4))


def networks(shows):
    return [
        network(rule, rate, seed, task, shows)
        for rule in ("a", "bb", "ccc") for rate in (0.5, 2.0) for seed in range(6) for task in ("yin_yang", "digits")
    ]  # fmt: skip


@pytest.fixture(scope="module")
def quick():
    few = {"rules": ("fa", "brainprop"), "moments": 3, "examples": 100, "probed": 20}
    parameters = set_parameters(MODEL, few, quick=True)
    return parameters, run_experiment(MODEL, parameters, seed=1, progress=False)


def test_the_short_form_observes_every_network_at_every_moment(quick, as_recorded):
    p, outcome = quick
    seen = outcome.data["networks"]
    assert len(seen) == outcome.metrics["networks"] == 2 * 2 * 1 * 2 * 2
    for each in seen:
        assert each.of_all.shape == each.of_few.shape == (3, 8) and np.isfinite(each.of_all).all()
        assert each.of_all[0, -1] == 0.0  # nothing has changed before learning
    as_recorded(p, outcome).canvas.draw()


def test_with_a_seed_all_rules_begin_with_the_same_network(quick):
    seen = quick[1].data["networks"]
    first = {(each.task, each.width, each.seed): [] for each in seen}
    for each in seen:
        first[each.task, each.width, each.seed].append(each.of_all[0])
    assert all(np.array_equal(each[0], other) for each in first.values() for other in each)


def test_a_rule_that_shows_is_told_and_one_that_does_not_is_not():
    chance = 1.0 / 3.0
    for shows, low, high in ((3.0, 0.95, 1.0), (0.0, chance - 0.2, chance + 0.2)):
        seen = networks(shows)
        found = FUNCTIONS.tell(seen, [each.of_all for each in seen], FUNCTIONS.by_rate_and_seed(seen), 100, 1)
        assert low <= found.accuracy <= high


def test_shuffled_labels_tell_nothing():
    seen = networks(3.0)
    folds = FUNCTIONS.by_rate_and_seed(seen)
    found = FUNCTIONS.tell(seen, [each.of_all for each in seen], folds, 100, 1, shuffles=5)
    assert found.accuracy < 0.55  # three standard deviations of 72 answers at chance are 0.17


def test_no_network_is_held_out_whose_rate_seed_or_task_was_learned_from():
    seen = networks(0.0)
    for learned, held_out in FUNCTIONS.by_rate_and_seed(seen):
        for name in ("rate", "seed"):
            of_learned, of_others = ({getattr(seen[k], name) for k in np.flatnonzero(m)} for m in (learned, held_out))
            assert of_learned and of_others and not of_learned & of_others
    held = np.sum([held_out for _, held_out in FUNCTIONS.by_rate_and_seed(seen)], axis=0)
    assert np.all(held == 1)
    for learned, held_out in FUNCTIONS.by_task(seen):
        assert {seen[k].task for k in np.flatnonzero(learned)}.isdisjoint(
            {seen[k].task for k in np.flatnonzero(held_out)}
        )


@pytest.mark.slow
def test_full_form_meets_every_bar():
    outcome = run_experiment(MODEL, set_parameters(MODEL), seed=1, progress=False)
    assert all(row.agrees for row in metrics_table(MODEL, outcome.metrics) if row.published is not None)
