"""Parameters of rules that differ among synapses: each synapse is that of a network where all have its value."""

import numpy as np
import pytest
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.plasticity import RULES

DT, N, M = 0.5, 4, 3
RANDOM = np.random.default_rng(5)
PRE = [np.sort(RANDOM.choice(np.arange(2, 380), 25, replace=False)) * DT for _ in range(N)]
POST = [np.sort(RANDOM.choice(np.arange(2, 380), 25, replace=False)) * DT for _ in range(M)]


def trains(parts):
    return sl.SpikeList(np.concatenate(parts), np.repeat(np.arange(len(parts)), [len(part) for part in parts]))


def learned(rule, connection=None, weight=50.0, threads=1, engine="compiled", dendritic=None, modulated=False, parts=1):
    """The Synapses after 200 ms. rule: given the modulator."""
    net = sl.Network(dt=DT, seed=3, threads=threads)
    dopamine = net.modulator("dopamine", tau=30.0)
    if modulated:
        net.release(dopamine, [20.0, 90.0, 150.0], 0.05)
    source, target = net.population(N, trains(PRE)), net.population(M, sl.Parrot())
    force = net.population(M, trains(POST))
    net.connect(force, target, "exc", sl.OneToOne(), weight=1.0, delay=DT)
    made = net.connect(
        source, target, "ignored", connection, weight=weight, axonal_delay=1.0, dendritic_delay=dendritic,
        plasticity=rule(dopamine),
    )  # fmt: skip
    net.record(made, "weight", every=5.0)
    for _ in range(parts):
        run = net.run(200.0 / parts, engine=engine)
    return run.synapses(made), run.trace(made, "weight").values


CASES = {
    "lambda_": (sl.STDP, np.linspace(0.01, 0.1, N * M), {}),
    "alpha": (sl.STDP, np.linspace(0.5, 1.5, N * M), {"lambda_": 0.05}),
    "mu_plus": (sl.STDP, np.tile([0.0, 0.5, 1.0], N), {"lambda_": 0.05, "mu_minus": 0.0}),
    "additive": (sl.STDP, np.linspace(0.01, 0.1, N * M), {"mu_plus": 0.0, "mu_minus": 0.0}),
    "eta": (sl.InhibitorySTDP, np.linspace(0.1, 3.0, N * M), {}),
    "A_plus": (sl.DopamineSTDP, np.linspace(0.5, 5.0, N * M), {"tau_c": 40.0}),
}


def of(name, values):
    rule, _, others = CASES[name]
    parameter = "lambda_" if name == "additive" else name
    return lambda modulator: rule(*[modulator] * rule.modulated, **others, **{parameter: values})


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dendritic", [None, 1.5])
@pytest.mark.parametrize("threads, engine", [(1, "compiled"), (2, "compiled"), (1, "stepper")])
def test_each_synapse_learns_with_its_own_value(name, dendritic, threads, engine):
    rule, values, _ = CASES[name]
    how = {"dendritic": dendritic, "modulated": rule.modulated}
    found, trace = learned(of(name, values.reshape(N, M)), threads=threads, engine=engine, **how)
    for k in (0, 4, 7, 11):
        alone, alone_trace = learned(of(name, values[k]), **how)
        at = np.flatnonzero((found.pre * M + found.post) == k)[0]
        there = np.flatnonzero((alone.pre * M + alone.post) == k)[0]
        # with one value for all, an additive rule adds up what is between arrivals before it is taken from a synapse
        ULP(10_000, 100.0).check(found.weight[at], alone.weight[there])
        ULP(10_000, 100.0).check(trace[:, at], alone_trace[:, there])
    assert len(np.unique(np.round(found.weight, 6))) > M


def test_equal_values_are_those_of_one_number():
    one, _ = learned(lambda modulator: sl.STDP(lambda_=0.05))
    each, _ = learned(lambda modulator: sl.STDP(lambda_=np.full((N, M), 0.05)))
    EXACT.check(each.weight, one.weight)


def test_distributions_are_drawn_for_each_synapse():
    def rule(modulator):
        return sl.STDP(lambda_=sl.Uniform(0.01, 0.1), alpha=sl.Normal(1.0, 0.1))

    found, _ = learned(rule)
    EXACT.check(learned(rule, threads=2)[0].weight, found.weight)
    EXACT.check(learned(rule, parts=4)[0].weight, found.weight)
    assert len(np.unique(found.weight)) == N * M


def test_values_of_listed_pairs():
    values, pre, post = np.array([0.1, 0.02, 0.05]), [3, 0, 3], [1, 2, 0]
    found, _ = learned(lambda modulator: sl.STDP(lambda_=values), sl.Pairs(pre, post))
    for k in range(3):
        alone, _ = learned(lambda modulator, k=k: sl.STDP(lambda_=values[k]), sl.Pairs(pre, post))
        EXACT.check(found.weight[k], alone.weight[k])


def test_scalars_stay_scalars():
    """The kernel of a rule without such parameters has no array of constants among its arguments."""
    net = sl.Network(dt=DT)
    cells = net.population(2, sl.LIF())
    net.connect(cells, cells, plasticity=sl.STDP(), weight=1.0)
    [call] = [call for call in net.build().program.plans[0].calls() if call.label.startswith("deliver")]
    assert not any(name in call.arrays for name in ("lambda_", "synapse_lambda_", "alpha", "synapse_alpha"))


def test_it_is_in_checkpoints(tmp_path):
    net = sl.Network(dt=DT, seed=2)
    source, cells = net.population(20, sl.Poisson(50.0)), net.population(5, sl.LIF())
    made = net.connect(source, cells, "exc", weight=sl.Uniform(100, 300), plasticity=sl.STDP(
        lambda_=sl.Uniform(0.0, 0.2), W_max=400.0
    ))  # fmt: skip
    net.run(100.0).checkpoint(tmp_path / "state")
    then = net.run(100.0).weights(made)
    again = sl.Network.restore(tmp_path / "state")
    EXACT.check(again.run(100.0).weights(again.projections[made.name]), then)


def test_what_cannot_differ_is_named():
    for rule, parameter, message in (
        (sl.STDP, "tau_plus", "one of traces that synapses share"),
        (sl.STDP, "W_max", "the limits are those of all"),
        (sl.Clopath, "A_LTP", "Clopath learns from a signal"),
    ):
        with pytest.raises(ParameterError, match=f"{parameter} of .*expected one number for all synapses.*{message}"):
            rule(**{parameter: sl.Uniform(1.0, 2.0)})
    with pytest.raises(DescriptionError, match=r"lambda_ of STDP, projection .*\(4, 3\), got \(3, 4\)"):
        learned(lambda modulator: sl.STDP(lambda_=np.full((M, N), 0.1)))
    with pytest.raises(DescriptionError, match="lambda_ of STDP, projection .*not an array"):
        learned(lambda modulator: sl.STDP(lambda_=np.full(12, 0.1)), sl.FixedProbability(0.5))


@pytest.mark.parametrize("engine", ["nest", "brian2"])
def test_other_simulators_say_that_they_cannot(engine):
    pytest.importorskip(engine)
    with pytest.raises(DescriptionError, match="lambda_ of its synapses differs among them"):
        learned(lambda modulator: sl.STDP(lambda_=sl.Uniform(0.01, 0.1)), engine=engine)


def test_every_rule_takes_some():
    for rule in RULES:
        parameters = [name for name in rule.Parameters._fields if not rule.why_not_of_each(name)]
        assert parameters, rule.name
