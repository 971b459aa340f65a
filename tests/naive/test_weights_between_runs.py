"""Weights set between two runs, against references whose synapses are simply given others: all else goes on."""

import numpy as np
import pytest
from naive import test_signals as signals
from naive.comparison import TOLERANCE, compare, setting
from naive.step_by_step import Modulated, ModulatedWithRise, PairSTDP

import spikelearn as sl

STDP = {"lambda_": 0.03, "alpha": 1.1, "tau_plus": 15.0, "tau_minus": 30.0, "mu_plus": 1.0, "mu_minus": 0.5}
DOPAMINE = {
    "A_plus": 40.0, "A_minus": 2.5, "tau_plus": 15.0, "tau_minus": 30.0, "tau_c": 60.0, "b": 0.1, "W_max": 100.0,
}  # fmt: skip
RISE = {"tau_rise": 8.0}
GIVEN = np.random.default_rng(8).uniform(5.0, 95.0, 14)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("rule", "reference_class", "parameters"),
    [
        (lambda m: sl.STDP(**STDP), PairSTDP, STDP),
        (lambda m: sl.DopamineSTDP(m, **DOPAMINE), Modulated, DOPAMINE),
        (lambda m: sl.DopamineSTDP(m, **DOPAMINE | {"tau_c": 3.0}), Modulated, DOPAMINE | {"tau_c": 3.0}),
        (lambda m: sl.DopamineSTDP(m, **DOPAMINE | RISE), ModulatedWithRise, DOPAMINE | RISE),
    ],
    ids=["STDP", "DopamineSTDP", "DopamineSTDP whose origin moves", "DopamineSTDP that rises"],
)
def test_traces_and_eligibilities_act_on_weights_that_were_set(rule, reference_class, parameters, seed):
    final, reference, *_ = compare(rule, reference_class, parameters, 0, seed, halfway=GIVEN)
    TOLERANCE.check(final, reference.weights)
    assert np.abs(final - GIVEN).max() > 1.0


@pytest.mark.parametrize("name", ["Clopath", "Hidden", *signals.RULES])
def test_signals_act_on_weights_that_were_set(name):
    """Those of a rule whose weights learn beyond their limits, too: the weight that learns is the one that was set."""
    found, given = signals.scene(13), GIVEN / 40.0
    limits = {"W_min": 0.1, "W_max": 2.4} if name == "Hidden" else {}
    rules = {"Clopath": lambda m: sl.Clopath(**signals.CLOPATH), "Hidden": lambda m: signals.Hidden(**limits)}
    run, _, projection, target = signals.engine(found, rules.get(name) or signals.rule_of(name), halfway=given)
    final = run.weights(projection)
    if name == "Clopath":
        reference = signals.clopath_reference(found)
    else:
        reference = signals.two_traces("Plain" if limits else name, found, hidden=bool(limits), **limits)
    reference.run(found.pre, signals.STEPS, setting(reference, given, signals.STEPS // 2))
    sent = reference.inputs(signals.N_POST, signals.STEPS)
    signals.TOLERANCE.check(run.trace(target, "ignored").values, sent, "weights sent")
    signals.TOLERANCE.check(final, reference.weights)
    assert np.abs(final - given).max() > 0.1
