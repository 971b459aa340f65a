"""Settings that a model cannot have are refused by name, up to their limits, and at the limits it has them."""

import re

import pytest

from spikelearn.errors import ExperimentError
from spikelearn.experiments import list_experiments, load_experiment, set_parameters

LIMITS = [
    # model, settings at the limit, settings just beyond it, what the error says
    ("adaptive_nodes", {"pairs": 1, "trials": 1, "events": 1, "event_cells": 1}, {"pairs": 0}, "pairs: expected at"),
    ("adaptive_nodes", {}, {"trials": 0}, "trials: expected at least 1, got 0"),
    ("adaptive_nodes", {}, {"events": 0}, "events: expected at least 1, got 0"),
    ("adaptive_nodes", {}, {"event_cells": 0}, "event_cells: expected at least 1, got 0"),
    ("adaptive_nodes", {"lag_step": 5.0, "lag_reach": 5.0}, {"lag_step": 5.1, "lag_reach": 5.0}, "lags: expected"),
    ("adaptive_nodes", {}, {"pair_lag": 0.0}, "lags: expected 0 < pair_lag"),
    ("adaptive_nodes", {}, {"pair_lag": 1e6}, "lags: expected 0 < pair_lag"),
    ("adaptive_nodes", {}, {"lag_step": 0.0}, "lags: expected"),
    ("adaptive_nodes", {}, {"strengths": "1"}, "strengths: expected"),
    ("bac_firing", {"lag_first": 0.0, "lag_last": 0.0}, {"lag_first": 0.1}, "lags: expected lag_first <= 0"),
    ("bac_firing", {}, {"lag_last": -0.1, "lag_first": -1.0}, "lags: expected lag_first <= 0"),
    ("bac_firing", {}, {"lag_step": 0.0}, "lags: expected lag_first <= 0"),
    ("bac_firing", {"gain_soma": "0,1"}, {"gain_soma": "1,1"}, "at least two different currents"),
    ("bac_firing", {"gain_dendrite": "0,1"}, {"gain_dendrite": "1"}, "at least two different currents"),
    ("bac_firing", {}, {"soma_duration": 0.0}, "soma_duration: expected more than 0 ms"),
    ("bac_firing", {}, {"dendrite_rise": 0.0}, "dendrite_rise: expected more than 0 ms"),
    ("bac_firing", {}, {"dendrite_decay": 0.0}, "dendrite_decay: expected more than 0 ms"),
    ("bac_firing", {}, {"gain_duration": 0.0}, "gain_duration: expected more than 0 ms"),
    ("basal_ganglia_gate", {"trials": 8, "learned_trials": 8}, {"trials": 7}, "expected at least 8"),
    ("basal_ganglia_gate", {}, {"learned_trials": 7}, "expected at least 8"),
    ("burst_multiplexing", {"duration": 200.0}, {"duration": 199.0}, "at least one cycle of 200 ms, got 199 ms"),
    ("burst_multiplexing", {"sweep_currents": "0,1"}, {"sweep_currents": "0"}, "sweep_currents: expected at least two"),
    ("burstprop_pairing", {"burst_probabilities": "0,0.99"}, {"burst_probabilities": "0,1"}, "0 to less than 1"),
    ("burstprop_pairing", {}, {"burst_probabilities": "0.1,0.1"}, "at least two, in rising order"),
    ("burstprop_pairing", {}, {"burst_probabilities": "0.1"}, "at least two, in rising order"),
    ("burstprop_pairing", {"rates": "29.9"}, {"rates": "30"}, "rates: expected more than 0 and less than 30"),
    ("burstprop_pairing", {}, {"rates": "0"}, "rates: expected more than 0 and less than 30"),
    ("burstprop_xor", {"cells": 1, "epochs": 1, "tests": 1}, {"cells": 0}, "cells, epochs and tests: expected at"),
    ("burstprop_xor", {}, {"epochs": 0}, "cells, epochs and tests: expected at least 1"),
    ("burstprop_xor", {}, {"tests": 0}, "cells, epochs and tests: expected at least 1"),
    ("clopath_receptive_fields", {"size": 6, "patches": 5, "cells": 1}, {"size": 5}, "size of at least 6 pixels"),
    ("clopath_receptive_fields", {}, {"patches": 4}, "5 patches"),
    ("clopath_receptive_fields", {}, {"cells": 0}, "1 cell"),
    ("echo_state", {"size": 10, "samples": 10, "predictions": 2, "duration": 1000.0}, {"size": 9}, "10 units or more"),
    ("echo_state", {}, {"samples": 9}, "10 samples or more"),
    ("echo_state", {}, {"predictions": 1}, "2 predictions or more"),
    ("echo_state", {}, {"duration": 999.0}, "1000 ms or more"),
    ("force_2017", {}, {"size": 1}, "neurons or more"),
    ("force_2017", {}, {"tasks": "dance"}, "tasks among"),
    ("helmholtz_machine", {"checks": 1}, {"checks": 0}, "checks: expected from 1"),
    ("helmholtz_machine", {"examples": 50, "checks": 50}, {"examples": 49, "checks": 50}, "number of pictures, got 50"),
    ("helmholtz_machine", {}, {"control_examples": 49, "checks": 50}, "number of pictures, got 50"),
    ("hoerzer_2014", {"size": 10, "test": 2000.0, "frequency": 0.1}, {"size": 9}, "10 units or more"),
    ("hoerzer_2014", {}, {"test": 1999.0}, "a test of 2000 ms or more"),
    ("hoerzer_2014", {}, {"frequency": 0.0}, "a frequency above 0"),
    ("htm_segment", {}, {"active": "10"}, "active: expected at least two numbers"),
    ("htm_segment", {}, {"active": "0,10"}, "active: expected at least two numbers from 1 to n/2"),
    ("htm_segment", {}, {"s": 10_000}, "s: expected at most"),
    ("htm_segment", {}, {"thetas": "1,1000"}, "thetas: expected 1 to s"),
    ("htm_segment", {}, {"neuron_thetas": "0"}, "neuron_thetas: expected 1 to s"),
    ("htm_segment", {}, {"noise_thetas": "0"}, "noise_thetas: expected 1 to s"),
    ("htm_segment", {}, {"thetas": "1"}, "thetas: expected 1, the control, and theta"),
    (
        "htm_segment",
        {"t_plateau": 59.0, "interval": 60.0},
        {"t_plateau": 60.0, "interval": 60.0},
        "less than the interv",
    ),
    ("instruction_events", {"n_active": 1}, {"n_active": 0}, "n_active: expected from 1 to N - 1"),
    ("instruction_events", {"n_active": 9, "N": 10}, {"n_active": 10, "N": 10}, "to N - 1 = 9, got 10"),
    ("instruction_events", {}, {"activity_stop": 1e9}, "activity_stop <= duration"),
    ("instruction_events", {}, {"activity_start": 0.0}, "t_cargo < activity_start"),
    ("instrumental_2007", {"trials": 100}, {"trials": 80}, "a multiple of 20, at least 100, got 80"),
    ("instrumental_2007", {}, {"trials": 110}, "a multiple of 20, at least 100, got 110"),
    ("instrumental_2007", {"size": 150, "group": 40}, {"size": 150, "group": 41}, "three groups among the excitatory"),
    ("instrumental_2007", {}, {"group": 0}, "three groups among the excitatory neurons, got 0"),
    ("instrumental_2007", {"most_delay": 1}, {"most_delay": 0}, "most_delay: expected 1 ms to"),
    ("instrumental_2007", {"yoked": 1}, {"yoked": 0}, "yoked: expected at least 1, got 0"),
    ("liquid_state_machine", {"pairs": 3, "length": 0.1}, {"pairs": 2}, "at least 3 pairs"),
    ("liquid_state_machine", {}, {"length": 0.0}, "a length of more than 0"),
    ("mongillo_2008", {"size": 2000, "readouts": 1}, {"size": 1000}, "a size of 2000 or more in thousands"),
    ("mongillo_2008", {}, {"size": 2500}, "a size of 2000 or more in thousands"),
    ("mongillo_2008", {"readouts": 5}, {"readouts": 6}, "1 to 5 readouts"),
    ("mongillo_2008", {}, {"readouts": 0}, "1 to 5 readouts"),
    ("multi_threshold", {"arms": 2}, {"arms": 1}, "arms: expected 2, 3 or 4, got 1"),
    ("multi_threshold", {"arms": 4}, {"arms": 5}, "arms: expected 2, 3 or 4, got 5"),
    ("multi_threshold", {"trials": 4, "map_trials": 1}, {"trials": 3}, "expected at least 4 and 1"),
    ("multi_threshold", {}, {"map_trials": 0}, "expected at least 4 and 1"),
    ("multi_threshold", {}, {"duration": 1.0}, "duration: expected more than onset"),
    (
        "multi_threshold",
        {"map_step": 2.0, "map_highest": 2.0},
        {"map_step": 2.1, "map_highest": 2.0},
        "map_step: expec",
    ),
    ("multi_threshold", {}, {"map_step": 0.0}, "map_step: expected more than 0"),
    ("neural_sampling", {"steps": 1000, "finer": "1,1"}, {"steps": 999}, "steps: expected at least 1000, got 999"),
    ("neural_sampling", {}, {"finer": "1"}, "finer: expected at least two whole numbers"),
    ("neural_sampling", {}, {"finer": "0,1"}, "finer: expected at least two whole numbers"),
    ("ocular_dominance", {"cells": 1, "inputs": 2}, {"cells": 0}, "at least 1 cell"),
    ("ocular_dominance", {}, {"inputs": 0}, "an even number of inputs"),
    ("ocular_dominance", {}, {"inputs": 3}, "an even number of inputs"),
    ("partial_training", {"size": 10, "share": 1.0, "tests": 1}, {"size": 9}, "10 neurons or more"),
    ("partial_training", {}, {"share": 0.0}, "a share above 0 and at most 1"),
    ("partial_training", {}, {"share": 1.1}, "a share above 0 and at most 1"),
    ("partial_training", {"trials": 1, "readout_trials": 1}, {"trials": 0}, "1 trial or more of each kind"),
    ("partial_training", {}, {"readout_trials": 0}, "1 trial or more of each kind"),
    ("partial_training", {}, {"tests": 0}, "1 trial or more of each kind"),
    ("partial_training", {}, {"length": 1.0}, "ms after the cue"),
    ("pavlov_2007", {"stimuli": 3}, {"stimuli": 2}, "stimuli: expected at least 3, got 2"),
    ("pavlov_2007", {"size": 60, "group": 60}, {"size": 60, "group": 61}, "group: expected 1 to 60"),
    ("pavlov_2007", {"group": 1}, {"group": 0}, "group: expected 1 to"),
    ("pavlov_2007", {}, {"least_interval": 1e6}, "at most most_interval"),
    ("pavlov_2007", {}, {"least_interval": 0}, "least_interval: expected more than"),
    (
        "polychronization_2006",
        {"duration": 120_000.0},
        {"duration": 119_999.0},
        "duration: expected at least 120000 ms",
    ),
    ("polychronization_2006", {"most_delay": 10}, {"most_delay": 11}, "most_delay: expected a divisor of 100, got 11"),
    ("recurrent_recognition", {"read": 100.0, "shown": 100.0}, {"read": 50.0, "shown": 99.0}, "at least 100 ms"),
    ("recurrent_recognition", {}, {"read": 101.0, "shown": 100.0}, "read of at most that"),
    ("recurrent_recognition", {}, {"read": 0.0}, "shown, read: expected"),
    ("top_down_attention", {"counted": 0.1}, {"counted": 0.0}, "shown and counted: expected more than"),
    ("top_down_attention", {}, {"shown": 0.0}, "shown and counted: expected more than"),
    ("top_down_attention", {"soma": "1,2,3"}, {"soma": "1,2,2"}, "soma: expected at least three different currents"),
    ("urbanczik_senn", {"repeats": 1, "cells": 1}, {"repeats": 0}, "at least 1 repeat and 1 cell, got 0 and"),
    ("urbanczik_senn", {}, {"cells": 0}, "at least 1 repeat and 1 cell"),
    ("urbanczik_senn", {"g_exc_amplitude": 1.0, "g_exc_offset": 1.0}, {"g_exc_offset": 0.0}, "is never below 0"),
    ("wang_2002", {"trials": 1, "stimulus": 300.0, "before": 100.0}, {"trials": 0}, "expected trials"),
    ("wang_2002", {}, {"coherences": ""}, "expected trials, coherences"),
    ("wang_2002", {}, {"stimulus": 250.0}, "a stimulus of 300 ms or more"),
    ("wang_2002", {}, {"stimulus": 310.0}, "in multiples of 50 ms"),
    ("wang_2002", {}, {"before": 101.0}, "and 5 ms"),
    ("wta_hidden_markov", {"presentations": 20, "sequences": 20}, {"presentations": 19}, "expected at least 20"),
    ("wta_hidden_markov", {"tests": 20}, {"tests": 19}, "expected at least 20"),
    ("wta_hidden_markov", {}, {"sequences": 19}, "expected at least 20"),
    ("wta_hidden_markov", {}, {"shown": 0.0}, "shown: expected more than active"),
]


@pytest.mark.parametrize(("name", "possible", "impossible", "said"), LIMITS)
def test_what_is_just_possible_is_taken_and_what_is_beyond_is_refused(name, possible, impossible, said):
    model = load_experiment(name)
    set_parameters(model, possible)
    with pytest.raises(ExperimentError, match=re.escape(said)):
        set_parameters(model, impossible)


def test_every_model_that_refuses_settings_is_here():
    checks = {
        each.name for each in list_experiments() if "__post_init__" in vars(load_experiment(each.name).parameters)
    }
    # Refused by the learner that it makes: tests/unit/test_microcircuit_learner.py.
    assert checks - {"dendritic_microcircuit"} == {name for name, *_ in LIMITS}
