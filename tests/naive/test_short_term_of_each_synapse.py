"""Short-term plasticity whose parameters differ among synapses, beside one recurrence for each of them."""

import math

import numpy as np
import pytest
from tolerances import EXACT, METHOD, ULP

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError, UnitError

DT = 0.5


def released(intervals, U, tau_D, tau_F):
    """What a synapse releases at each of its arrivals (Mongillo, Barak & Tsodyks 2008)."""
    x, u, found = 1.0, U, []
    for interval in intervals:
        x, u = 1.0 - (1.0 - x) * math.exp(-interval / tau_D), U + (u - U) * math.exp(-interval / tau_F)
        u += U * (1.0 - u)
        found.append(u * x)
        x -= u * x
    return found


def network(rule, parameters, n=(6, 5), delay=None, threads=1, seed=3):
    net = sl.Network(dt=DT, seed=seed, threads=threads)
    source = net.population(n[0], sl.Poisson(60.0), name="source")
    target = net.population(n[1], sl.Parrot(), name="target")
    net.connect(
        source, target, "ignored", rule, weight=sl.Uniform(1.0, 2.0), delay=sl.Uniform(0.5, 3.0) if delay is None else
        delay, synapse=sl.Mongillo(**parameters), name="made",
    )  # fmt: skip
    net.record(source)
    net.record(target, "ignored")
    return net


def expected(run, parameters_of):
    """(steps, targets): the sum over all synapses. parameters_of: function(number of the synapse, pre, post)."""
    times, ids = run.spikes("source")
    inputs = np.zeros((round(run.t_stop / DT), run.populations["target"].size))
    for k, (pre, post, weight, delay) in enumerate(zip(*run.synapses("made"), strict=True)):
        arrivals = times[ids == pre] + delay
        for at, part in zip(
            arrivals, released(np.diff(arrivals, prepend=-1e12), *parameters_of(k, pre, post)), strict=True
        ):
            if at <= run.t_stop:
                inputs[round(at / DT) - 1, post] += weight * part
    return inputs


@pytest.mark.parametrize("threads", [1, 3])
def test_arrays_of_pairs_of_neurons(threads):
    random = np.random.default_rng(1)
    given = {"U": random.uniform(0.1, 0.9, (6, 5)), "tau_D": random.uniform(50.0, 500.0, (6, 5)), "tau_F": 300.0}
    run = network(sl.AllToAll(), given, threads=threads).run(300.0)
    found = run.trace("target", "ignored").values
    wanted = expected(run, lambda k, pre, post: (given["U"][pre, post], given["tau_D"][pre, post], 300.0))
    assert np.count_nonzero(wanted) > 100
    # some thirty terms per sum, each of some ten operations and two exponentials per arrival before it
    ULP(1000, 10.0).check(found, wanted)


def test_arrays_with_one_value_for_each_synapse():
    pre, post = np.array([0, 3, 3, 1, 5]), np.array([4, 0, 1, 1, 2])
    U = np.linspace(0.1, 0.9, 5)
    run = network(sl.Pairs(pre, post), {"U": U}).run(300.0)
    ULP(1000, 10.0).check(
        run.trace("target", "ignored").values, expected(run, lambda k, pre, post: (U[k], 200.0, 1500.0))
    )


def test_equal_values_are_those_of_one_number():
    one = network(sl.FixedProbability(0.5), {"U": 0.3}).run(200.0)
    each = network(sl.FixedProbability(0.5), {"U": sl.Uniform(0.3, 0.3)}).run(200.0)
    EXACT.check(each.trace("target", "ignored").values, one.trace("target", "ignored").values)


@pytest.mark.parametrize("rule", [sl.FixedProbability(0.5), sl.FixedInDegree(3), sl.FixedOutDegree(2)])
def test_distributions_are_drawn_for_each_synapse_whatever_the_number_of_threads(rule):
    given = {"U": sl.Normal(0.5, 0.2, low=0.1, high=0.9), "tau_D": sl.Uniform(100.0, 500.0)}
    one, more, other = (
        network(rule, given, threads=threads, seed=seed).run(200.0).trace("target", "ignored").values
        for threads, seed in ((1, 3), (3, 3), (1, 4))
    )
    EXACT.check(one, more)
    assert not np.array_equal(one, other)


def test_a_distribution_is_what_first_spikes_release():
    net = sl.Network(dt=DT, seed=1)
    source, target = (
        net.population(4000, sl.SpikeList([1.0] * 4000, np.arange(4000))),
        net.population(4000, sl.Parrot()),
    )
    U = sl.Normal(0.5, 0.2, low=0.1, high=0.9)
    net.connect(source, target, "ignored", sl.OneToOne(), weight=1.0, synapse=sl.TsodyksMarkram(U=U))
    net.record(target, "ignored")
    first = net.run(2.0).trace(target, "ignored").values.sum(axis=0)
    assert 0.1 <= first.min() < 0.15 and 0.85 < first.max() <= 0.9
    # 4000 values of a truncated normal distribution: the mean is off by 0.2 / sqrt(4000) = 0.003
    assert abs(first.mean() - 0.5) < 0.01 and 0.15 < first.std() < 0.2


def test_the_steppers_runs_in_pieces_and_checkpoints_give_the_same_bits(tmp_path):
    given = {"U": sl.Uniform(0.2, 0.8)}
    whole = network(sl.FixedProbability(0.5), given).run(100.0).trace("target", "ignored").values
    stepped = network(sl.FixedProbability(0.5), given).run(100.0, engine="stepper").trace("target", "ignored").values
    net = network(sl.FixedProbability(0.5), given)
    first = net.run(40.0, checkpoint=tmp_path / "state.ckpt").trace("target", "ignored").values
    second = sl.Network.restore(tmp_path / "state.ckpt").run(60.0).trace("target", "ignored").values
    EXACT.check(stepped, whole)
    EXACT.check(np.concatenate([first, second]), whole)


def test_fresh_trials_rest_each_synapse():
    net = sl.Network(dt=DT, seed=1)
    cells = net.population(4, sl.LIF(I_e=np.linspace(400.0, 700.0, 4)))
    target = net.population(3, sl.Parrot(), name="target")
    net.connect(cells, target, "ignored", weight=1.0, synapse=sl.Mongillo(U=sl.Uniform(0.2, 0.8)))
    net.record(target, "ignored")
    run = net.run(trials=sl.Trials([sl.Phase(100.0, fresh=True)], n=2))
    found = run.trace(target, "ignored").values
    assert np.count_nonzero(found[:200]) > 10
    EXACT.check(found[:200], found[200:])


def test_a_model_from_equations_has_them_too():
    Facilitating = sl.SynapseModel.from_equations(
        "du/dt = -u/tau_fac : 1 (event-driven)", on_pre="u += U*(1 - u); released = u",
        parameters={"U": 0.1, "tau_fac": (500.0, "ms")},
    )  # fmt: skip
    net = sl.Network(dt=DT)
    source, target = (
        net.population(2, sl.SpikeList([1.0, 1.0, 21.0, 21.0], [0, 1, 0, 1])),
        net.population(2, sl.Parrot()),
    )
    tau_fac = np.array([20.0, 100.0])
    net.connect(source, target, "ignored", sl.OneToOne(), weight=1.0, synapse=Facilitating(U=0.5, tau_fac=tau_fac))
    net.record(target, "ignored")
    found = net.run(30.0).trace(target, "ignored").values
    u = 0.5 * np.exp(-20.0 / tau_fac)
    METHOD(1, DT, 1e-12).check(found[found.any(axis=1)], [[0.5, 0.5], u + 0.5 * (1 - u)])


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        ({"U": sl.Uniform(0.5, 1.5)}, ParameterError, "projection 'made': Mongillo: U is a fraction .* takes low= and"),
        ({"U": np.full((6, 5), 1.5)}, ParameterError, "projection 'made': Mongillo: U is a fraction"),
        ({"tau_D": sl.Normal(10.0, 20.0)}, ParameterError, "'made': tau_D of Mongillo: expected more than 0 ms"),
        ({"tau_D": np.full((6, 5), -1.0)}, ParameterError, "tau_D of Mongillo: expected more than 0 ms, got -1"),
        ({"U": np.full(5, 0.5)}, DescriptionError, r"U of Mongillo, .*'made': AllToAll needs .* \(6, 5\), got \(5,\)"),
        ({"U": sl.Uniform}, UnitError, "U of Mongillo"),
        ({"V": sl.Uniform(0.0, 1.0)}, ParameterError, "Mongillo has no parameter 'V'"),
    ],
)
def test_bad_values_are_refused(how, error, said):
    with pytest.raises(error, match=said):
        network(sl.AllToAll(), how).build()


def test_what_cannot_have_them_says_so():
    given = {"U": sl.Uniform(0.2, 0.8)}
    with pytest.raises(UnitError, match="tau_decay of NMDA"):
        sl.NMDA(tau_decay=sl.Uniform(50.0, 100.0))
    with pytest.raises(DescriptionError, match="'made': engine='events' has one state for all synapses"):
        network(sl.AllToAll(), given).run(10.0, engine="events")
    for engine, name in (("nest", "NEST"), ("brian2", "Brian2")):
        net = sl.Network(dt=0.1)
        source, cells = net.population(2, sl.Poisson(10.0)), net.population(2, sl.LIF())
        net.connect(source, cells, weight=1.0, synapse=sl.TsodyksMarkram(**given), name="made")
        with pytest.raises(DescriptionError, match=f"'made'.* cannot run on {name}: U of its synapses differs"):
            net.run(10.0, engine=engine)
    net = sl.Network()
    cells = net.population(2, sl.LIF())
    with pytest.raises(DescriptionError, match="U of Mongillo, .*: expected one number for all synapses"):
        net.connect(cells, cells, weight=1.0, synapse=sl.Mongillo(**given), plasticity=sl.STDP())
