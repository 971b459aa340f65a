"""Stochastic release beside a slow twin with the same random numbers, and beside its mean and variance."""

import math

import numpy as np
import pytest
from examples import many_numbers
from tolerances import EXACT, STAT

import spikelearn as sl
from spikelearn.errors import DescriptionError, ParameterError
from spikelearn.kernels.binomial import binomial
from spikelearn.kernels.random import noise_key, stream, uniform

DT = 0.5
TRAIN = np.array([5.0, 15.0, 18.0, 21.0, 60.0, 61.0, 150.0, 200.0])


def network(n, parameters, rule=None, threads=1, times=TRAIN, weight=1.0, delay=1.0, seed=3):
    net = sl.Network(dt=DT, seed=seed, threads=threads)
    source = net.population(1, sl.SpikeList(times), name="source")
    target = net.population(n, sl.Parrot(), name="target")
    made = net.connect(
        source, target, "ignored", rule, weight=weight, delay=delay, synapse=sl.StochasticRelease(**parameters),
        name="made",
    )  # fmt: skip
    net.record(target, "ignored")
    return net, made


def amplitudes(n, parameters, **how):
    """(spikes, n): what each synapse delivers at each spike."""
    net, _ = network(n, parameters, **how)
    found = net.run(TRAIN[-1] + 2.0).trace("target", "ignored").values
    return found[np.round((TRAIN + 1.0) / DT).astype(int) - 1]


def chosen(n, p, chance):
    """The binomial number of a chance, by adding up the probabilities of 0, 1, 2, ..., or of n, n - 1, ..."""
    q = min(p, 1.0 - p)
    total, k = 0.0, -1
    while total < chance and k < n:
        k += 1
        total += math.comb(n, k) * q**k * (1.0 - q) ** (n - k)
    return n - k if p > 0.5 else k


def one_by_one(number, key, seed, n, U, tau_rec, tau_fac):
    """What one synapse releases at each arrival of the train."""
    vesicles, u, last, found = n, U, -math.inf, []
    for at in np.round((TRAIN + 1.0) / DT).astype(int).tolist():
        interval = (at - last) * DT
        with np.errstate(over="ignore"):
            start, increment = map(np.uint64, stream(seed, key, at))
            chances = [uniform(start, increment, 2 * number + k) for k in (0, 1)]
        vesicles += chosen(n - vesicles, 1.0 - math.exp(-interval / tau_rec), chances[0])
        u = U + u * (1.0 - U) * math.exp(-interval / tau_fac)
        released = chosen(vesicles, u, chances[1])
        vesicles -= released
        found.append(released / n)
        last = at
    return found


@pytest.mark.parametrize("threads", [1, 3])
def test_each_synapse_is_its_slow_twin(threads):
    parameters = {"n": 4, "U": 0.4, "tau_rec": 50.0, "tau_fac": 80.0}
    found = amplitudes(9, parameters, threads=threads)
    net, made = network(9, parameters)
    wanted = np.transpose([one_by_one(k, noise_key(made.uid), 3, *parameters.values()) for k in range(9)])
    EXACT.check(found, wanted)
    assert len(np.unique(found)) == 5


@many_numbers
@pytest.mark.parametrize(
    "parameters",
    [
        {"n": 1, "U": 0.3, "tau_rec": 200.0, "tau_fac": 100.0},
        {"n": 5, "U": 0.5, "tau_rec": 800.0, "tau_fac": 10.0},
        {"n": 20, "U": 0.1, "tau_rec": 30.0, "tau_fac": 500.0},
    ],
)
def test_mean_and_variance_are_those_of_the_closed_form(parameters):
    many = 20_000
    found = amplitudes(many, parameters)
    deterministic = {name: value for name, value in parameters.items() if name != "n"}
    net = sl.Network(dt=DT)
    source, target = net.population(1, sl.SpikeList(TRAIN)), net.population(1, sl.Parrot(), name="target")
    net.connect(source, target, "ignored", delay=1.0, synapse=sl.TsodyksMarkram(**deterministic))
    net.record(target, "ignored")
    p = net.run(TRAIN[-1] + 2.0).trace("target", "ignored").values[np.round((TRAIN + 1.0) / DT).astype(int) - 1, 0]
    for mean, variance, each in zip(found.mean(axis=1), found.var(axis=1), p, strict=True):
        STAT(many, math.sqrt(each * (1.0 - each) / parameters["n"])).check(mean, each)
        # of a binomial number, of which the fourth moment is at most three times the square of the second and one more
        wanted = each * (1.0 - each) / parameters["n"]
        STAT(many, math.sqrt(3.0 * wanted**2 + wanted / parameters["n"] ** 2)).check(variance, wanted)
    assert np.ptp(p) > 0.02


@many_numbers
def test_successive_releases_are_correlated_by_depletion():
    """Of one site with U = 1 and slow recovery, no two spikes in a row release."""
    found = amplitudes(2_000, {"n": 1, "U": 1.0, "tau_rec": 1e6, "tau_fac": 1.0})
    EXACT.check(found[0], 1.0)
    assert found[1:].mean() < 0.01
    # of one site, E[k_1 k_2] = u_1 u_2 (1 - exp(-h/tau_rec))
    n, U, tau = 40_000, 0.5, 30.0
    k = amplitudes(n, {"n": 1, "U": U, "tau_rec": tau, "tau_fac": 1e-3})
    STAT(n, 0.5).check((k[0] * k[1]).mean(), U * U * (1.0 - math.exp(-10.0 / tau)))


@pytest.mark.parametrize("n", [0, 1, 3, 50, 1000])
@pytest.mark.parametrize("p", [0.0, 1e-12, 0.03, 0.5, 0.51, 0.97, 1.0])
def test_binomial_numbers(n, p):
    plain = getattr(binomial, "py_func", binomial)
    for chance in (1e-16, 0.01, 0.3, 0.5, 0.9, 0.999999, 1.0 - 1e-16):
        wanted = chosen(n, p, chance) if n < 1000 or p in (0.0, 1.0) else None
        found = plain(float(n), p, chance)
        assert 0 <= found <= n and found == int(found)
        if wanted is not None and chance < 0.9999999:
            assert found == wanted


@many_numbers
def test_binomial_numbers_have_their_distribution():
    plain, chances = getattr(binomial, "py_func", binomial), (np.arange(20_000) + 0.5) / 20_000
    for n, p in ((7, 0.3), (12, 0.8), (200, 0.45)):
        found = np.array([plain(float(n), p, chance) for chance in chances])
        # by inversion of equidistant chances: the mean is right to the width of one of them times n
        np.testing.assert_allclose(found.mean(), n * p, atol=n / 20_000 * 5)
        np.testing.assert_allclose(found.var(), n * p * (1 - p), rtol=0.01)


def test_parameters_of_each_synapse():
    U = np.linspace(0.1, 1.0, 8)
    found = amplitudes(8, {"n": 1000, "U": U[None, :], "tau_rec": 1e-3, "tau_fac": 1e-3})
    for column, each in zip(found.T, U, strict=True):
        STAT(1000, math.sqrt(each * (1 - each))).check(column[0], each)
    drawn = amplitudes(200, {"U": sl.Uniform(0.2, 0.4), "n": 10, "tau_rec": 1e-3, "tau_fac": 1e-3})
    STAT(200 * 8, 0.2).check(drawn.mean(), 0.3)


def test_threads_pieces_stepper_checkpoints_and_copies(tmp_path):
    def make(threads=1):
        net = sl.Network(dt=DT, seed=5, threads=threads)
        source = net.population(20, sl.Poisson(60.0), name="source")
        target = net.population(7, sl.LIF(), name="target")
        net.connect(
            source, target, "exc", sl.FixedProbability(0.6), weight=300.0, delay=sl.Uniform(0.5, 4.0),
            synapse=sl.StochasticRelease(n=3, U=sl.Uniform(0.2, 0.8)),
        )  # fmt: skip
        net.record(target, "V_m")
        return net

    whole = make().run(200.0).trace("target", "V_m").values
    assert np.ptp(whole) > 1.0
    EXACT.check(make(3).run(200.0).trace("target", "V_m").values, whole)
    EXACT.check(make().run(200.0, engine="stepper").trace("target", "V_m").values, whole)
    net = make()
    first = net.run(90.0)
    first.checkpoint(tmp_path / "half")
    EXACT.check(net.run(110.0).trace("target", "V_m").values, whole[180:])
    EXACT.check(sl.Network.restore(tmp_path / "half").run(110.0).trace("target", "V_m").values, whole[180:])
    net.reset()
    EXACT.check(net.run(200.0).trace("target", "V_m").values, whole)


def test_what_it_cannot_be_is_named():
    for wrong in ({"n": 0}, {"n": 2.5}, {"n": 1001}, {"U": 0.0}, {"U": 1.1}, {"tau_rec": 0.0}):
        with pytest.raises(ParameterError):
            sl.StochasticRelease(**wrong)
    net = sl.Network(dt=DT)
    source, target = net.population(2, sl.Poisson(20.0)), net.population(2, sl.LIF())
    with pytest.raises(DescriptionError, match="StochasticRelease releases at random"):
        net.connect(source, target, synapse=sl.StochasticRelease(), plasticity=sl.STDP(), weight=1.0)
    net.connect(source, target, synapse=sl.StochasticRelease(n=sl.Uniform(1, 3)), name="uneven")
    with pytest.raises(ParameterError, match="'uneven'.*whole number"):
        net.run(1.0)


@pytest.mark.parametrize("engine", ["events", "nest", "brian2"])
def test_engines_that_have_no_such_synapse_say_so(engine):
    if engine != "events":
        pytest.importorskip(engine)
    net = sl.Network(dt=DT)
    source, cells = net.population(1, sl.SpikeList(TRAIN)), net.population(2, sl.LIF())
    net.connect(source, cells, synapse=sl.StochasticRelease(), name="made")
    with pytest.raises(DescriptionError, match="made"):
        net.run(10.0, engine=engine)
