"""An actor and a critic in a grid: the world by itself, the short form always, full with -m slow."""

from __future__ import annotations

import numpy as np
import pytest

from spikelearn.experiments import load_experiment, run_experiment, set_parameters
from spikelearn.models import td_grid

MODEL = load_experiment("td_grid")


def wandering(votes, milliseconds):
    """States of the world, one a millisecond, of an agent whose actor always fires so many spikes for each action."""
    p = set_parameters(MODEL)
    constants = td_grid.World(
        10.0, 2.0, 3.0, 4.0, p.patience, p.tau_kappa, p.nu_kappa, p.place_rate, p.place_width, p.actor_rate, 7.0
    )
    state = np.zeros(td_grid.CONSTANTS + len(constants))
    state[td_grid.CLOCK], state[td_grid.CONSTANTS :] = 10.0, constants
    seen = []
    for n in range(milliseconds):
        td_grid.act(state, n, np.array(votes))
        seen.append(state.copy())
    return np.array(seen)


def test_the_agent_takes_the_way_with_most_spikes_until_the_wall():
    states = wandering([1, 0, 0, 0], 400)
    assert set(states[states[:, td_grid.TRIAL] == 0][-20:, td_grid.X]) == {4.0}
    moving = states[states[:, td_grid.MODE] == td_grid.MOVES]
    assert np.all(np.diff(moving[:, td_grid.AT_X])[np.diff(moving[:, td_grid.STEPS]) == 0] >= 0)


def test_trials_that_find_the_goal_need_their_distance_and_others_end_with_the_patience():
    p = set_parameters(MODEL)
    steps, optimal = td_grid.steps_of_trials(p, wandering([1, 0, 0, 0], 40_000))
    assert len(steps) > 40 and optimal.min() == 1.0 and optimal.max() == 4.0
    found = steps < p.patience
    assert 0.02 < found.mean() < 0.4  # two of 24 cells lie in line with the goal, on its left
    assert np.array_equal(steps[found], optimal[found])


def test_a_reward_has_an_integral_of_one():
    states = wandering([1, 0, 0, 0], 20_000)
    given = np.array([td_grid.reward(state) for state in states])
    found = np.diff(states[:, td_grid.SLOW]) > 0.5
    assert found.sum() > 0
    # 0.02: sums of 1 ms steps in place of integrals, and the last rewards may not have arrived in full
    assert abs(given.sum() * 1e-3 / found.sum() - 1.0) < 0.02 + 1.0 / found.sum()


def test_short_form_counts_trials_of_both_networks(quick_form):
    outcome = quick_form[1]
    assert set(MODEL.published) <= set(outcome.metrics)
    assert outcome.metrics["trials"] >= 1 and outcome.metrics["control_trials"] >= 1
    assert all(np.all(found.steps >= found.optimal) for found in outcome.data["found"].values())


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_actor_that_learns_takes_far_fewer_steps_than_one_that_does_not(seed):
    metrics = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False).metrics
    assert metrics["steps_over_optimal"] < 3.0
    assert MODEL.published["control_steps_over_optimal"].agrees(metrics["control_steps_over_optimal"])
