"""Instruction events: short form always, all seeds with `-m slow`."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import METHOD

from spikelearn.experiments import load_experiment, metrics_table, run_experiment, set_parameters

MODEL = load_experiment("instruction_events")


def by_the_equations(p, dt=20.0):
    """(active, inactive) weights at the end, by Euler steps of the differential equations as they are written."""
    m = protein = tag = active = inactive = 0.0
    for step in range(round(p.duration / dt)):
        t = step * dt
        m += p.cargo if t == p.t_cargo else 0.0
        act = p.activity_start <= t < p.activity_stop
        read = 1e-3 * p.k_active * m if act else 0.0
        took = 1e-3 * p.depression * protein
        inactive -= took * dt
        active -= took * (1.0 - tag) * dt
        tag += dt * ((1.0 - tag) / p.tau_up * act - tag / p.tau_tag)
        m, protein = m - dt * (m / p.tau_message + read), protein + dt * (read - protein / p.tau_p)
    return np.exp(active), np.exp(inactive)


def test_weights_are_those_of_the_differential_equations(quick_form):
    """Euler's steps of 20 ms, where 0.02/s and 1/10 s are the fastest rates, are off by 1e-3; so is one packet, and so
    are the target's first spike after its input begins and the end of `act`, up to a second late."""
    parameters, outcome = quick_form
    measured = [outcome.metrics[name] for name in ("weight_active", "weight_inactive")]
    METHOD(1, 1.0, 5e-3).check(measured, by_the_equations(parameters))


@pytest.mark.parametrize("name", MODEL.published)
def test_quick_form_meets_every_bar(quick_form, name):
    assert MODEL.published[name].agrees(quick_form[1].metrics[name])


def test_the_target_fires_only_while_its_sources_are_active_and_never_for_an_instruction(quick_form):
    p, outcome = quick_form
    for name, run in outcome.data["runs"].items():
        times = run.spikes("target").times
        assert (len(times) > 1000) == (name not in ("cargo only", "neither"))
        assert np.all((times > p.activity_start) & (times < p.activity_stop + 100.0))


def test_the_sender_fires_as_often_without_a_burst_but_sends_nothing(quick_form):
    for name, run in quick_form[1].data["runs"].items():
        assert len(run.spikes("sender").times) == 8
        assert (len(run.spikes("sender", "instruction").times) > 0) == (name not in ("activity only", "neither"))


def test_without_tags_active_synapses_lose_as_much_as_inactive_ones(quick_form):
    weights = quick_form[1].data["weights"]
    assert np.ptp(weights["tags off"]) < 1e-6
    assert np.ptp(weights["both"]) > 0.3


def test_the_figure_and_the_metrics_are_as_recorded(quick_form, as_recorded):
    as_recorded(*quick_form)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_full_form_meets_every_bar(seed):
    outcome = run_experiment(MODEL, set_parameters(MODEL), seed=seed, progress=False)
    assert all(row.agrees for row in metrics_table(MODEL, outcome.metrics) if row.published is not None)
