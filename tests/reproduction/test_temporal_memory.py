"""Bouhadjar et al. (2022): plateaus predict what comes next from what came before, and replay it."""

import functools

import numpy as np
import pytest

from spikelearn.experiments import load_experiment, set_parameters

MODEL = load_experiment("temporal_memory")


@functools.cache
def outcome(quick, seed=1):
    return MODEL.simulate(set_parameters(MODEL, quick=quick), seed, progress=False)


def test_set_one_is_predicted_within_40_episodes_by_few_cells_in_each_context():
    """Quick form: set I alone. ten seeds gave 18 to 28 episodes, and 0.12 to 0.14 of the cells."""
    metrics = outcome(True).metrics
    for name in ("set1_episodes_to_zero", "set1_final_error", "active_fraction"):
        assert MODEL.published[name].agrees(metrics[name]), (name, metrics[name])
    assert metrics["active_fraction_untrained"] == 1.0


def test_the_same_symbol_has_other_cells_in_each_context():
    """B is shown after AD and after FD; the cells that fire then have little in common once the error is zero."""
    first = outcome(True).data["set1"]
    task, spikes = first.memory.task, first.run.spikes("cells")
    fired = []
    for onset in task.onsets[-1, :, 2]:
        near = (spikes.times >= onset) & (spikes.times < onset + 20.0)
        fired.append(set(np.unique(spikes.ids[near]).tolist()))
    assert all(len(cells) >= 10 for cells in fired)
    assert len(fired[0] & fired[1]) <= 0.3 * min(len(cells) for cells in fired)


@pytest.mark.parametrize("control", ["error_without_dendritic_spikes", "error_frozen", "error_shuffled"])
def test_control_nothing_is_predicted(control):
    name = f"control_{control}"
    assert MODEL.published[name].agrees(outcome(True).metrics[name]), outcome(True).metrics[name]


def test_the_first_element_brings_on_the_others_if_cells_are_depolarised_and_have_learned():
    found = outcome(True)
    assert found.data["replays"][0].replayed == ("ADBE", "FDBC")
    assert found.metrics["control_replay_frozen"] == found.metrics["control_replay_without_depolarisation"] == 0.0


def test_the_figure_and_the_metrics_are_as_recorded(as_recorded):
    as_recorded(set_parameters(MODEL, quick=True), outcome(True))


@pytest.mark.slow
def test_full_form_both_sets_reach_their_bars_in_five_seeds():
    metrics = [outcome(False, seed).metrics for seed in range(1, 6)]
    assert all(each["set1_final_error"] == 0.0 and each["set1_episodes_to_zero"] <= 40 for each in metrics)
    assert np.median([each["set2_final_error"] for each in metrics]) == 0.0
    assert np.median([each["replay_correct"] for each in metrics]) >= 0.9
