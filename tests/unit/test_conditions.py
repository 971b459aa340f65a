"""Conditions and their costs: in order, until Ctrl-C, with nothing measured of what it ended."""

import pickle

import pytest

from spikelearn.experiments import (
    Cost,
    Interrupted,
    cost_at_once,
    cost_of,
    finished,
    report,
    run_conditions,
    total_cost,
)
from spikelearn.results.run import Run


def run(interrupted=False, events=3):
    return Run(0.1, 0.0, 50.0, 1, {}, {}, interrupted=interrupted, wall_s=2.0, synaptic_events=events)


def test_conditions_run_in_their_order_and_the_first_run_is_that_of_the_outcome():
    begun = []

    def condition(name):
        begun.append(name)
        return run(events=len(begun)), name.upper()

    done = run_conditions(**{name: (lambda name=name: condition(name)) for name in ("a", "control_a", "b")})
    assert begun == ["a", "control_a", "b"] and not done.interrupted
    outcome = done.outcome({"metric": 1.0}, more=7)
    assert outcome.data == {"a": "A", "control_a": "CONTROL_A", "b": "B", "more": 7}
    assert outcome.run.synaptic_events == 1 and [each.synaptic_events for each in outcome.other_runs] == [2, 3]


def test_a_condition_may_say_that_it_was_interrupted():
    done = run_conditions(a=lambda: (run(), 1), b=lambda: (finished(run(interrupted=True)), 2))
    assert done.interrupted and len(done.runs) == 2 and done.results == {"a": 1, "b": None}


@pytest.mark.parametrize("partial", [(), ("b",)])
def test_after_ctrl_c_nothing_is_begun_and_only_partial_results_count(partial):
    def never():
        raise AssertionError("begun after Ctrl-C")

    done = run_conditions(a=lambda: (run(), 1), b=lambda: (run(interrupted=True), 2), c=never, partial=partial)
    assert done.interrupted and len(done.runs) == 2
    assert done.results == {"a": 1, "b": 2 if partial else None, "c": None}


def test_a_run_that_ctrl_c_ended_is_not_finished():
    whole, ended = run(), run(interrupted=True)
    assert finished(whole) is whole
    with pytest.raises(KeyboardInterrupt) as raised:
        finished(ended)
    assert isinstance(raised.value, Interrupted) and raised.value.run is ended


def test_the_cost_of_a_run_counts_even_if_ctrl_c_ended_it():
    costs = []
    finished(run(events=1), costs)
    with pytest.raises(Interrupted):
        finished(run(events=2, interrupted=True), costs)
    assert [each.synaptic_events for each in costs] == [1, 2]


def test_costs_add_up():
    cost = cost_of(run()) + total_cost([run(events=1), run(events=2)])
    assert cost.metrics() == {"synaptic_events": 6, "wall_s": 6.0, "real_time_factor": 6.0 / 0.15}
    assert Cost().metrics()["real_time_factor"] is None
    assert pickle.loads(pickle.dumps(cost)) == cost


def test_what_runs_at_the_same_time_takes_as_long_as_the_longest():
    both = cost_at_once([Cost(3.0, 100.0, 5), Cost(4.0, 100.0, 6)])
    assert (both.wall_s, both.duration, both.synaptic_events) == (4.0, 200.0, 11)


def test_progress_is_reported_unless_it_is_switched_off(capsys):
    report("epoch 1")
    report("epoch 2", progress=False)
    assert capsys.readouterr().err == "epoch 1\n"
