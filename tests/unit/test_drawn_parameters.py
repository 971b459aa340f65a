"""Parameters of neurons that are given as distributions."""

import numpy as np
import pytest
from scipy import stats
from tolerances import EXACT, STAT

import spikelearn as sl
from spikelearn.errors import ParameterError, UnitError

DISTRIBUTIONS = [
    (sl.Uniform(2.0, 5.0), stats.uniform(2.0, 3.0).cdf),
    (sl.Normal(10.0, 4.0), stats.norm(10.0, 4.0).cdf),
    (sl.Normal(10.0, 4.0, low=8.0, high=16.0), stats.truncnorm(-0.5, 1.5, 10.0, 4.0).cdf),
    (sl.LogNormal(1.0, 0.5), stats.lognorm(0.5, scale=np.e).cdf),
    (sl.LogNormal(0.0, 1.0, low=1.0, high=np.e), lambda weight: stats.truncnorm(0.0, 1.0).cdf(np.log(weight))),
    (sl.Exponential(3.0), stats.expon(scale=3.0).cdf),
    (sl.Exponential(3.0, low=1.5, high=9.0), stats.truncexpon(2.5, 1.5, 3.0).cdf),
]


def driven(tau_m, engine="compiled", seed=3, threads=1, n=40):
    net = sl.Network(dt=0.1, seed=seed, threads=threads)
    cells = net.population(n, sl.LIF(tau_m=tau_m, I_e=450.0), name="cells")
    net.record(cells)
    return cells, net.run(200.0, engine=engine)


def test_a_distribution_is_the_array_that_is_drawn_from_it():
    cells, run = driven(sl.Normal(10.0, 2.0, low=1.0))
    tau_m = cells.model.parameters.tau_m
    assert tau_m.shape == (40,) and len(set(tau_m)) == 40
    _, of_array = driven(tau_m)
    for found, wanted in zip(run.spikes("cells"), of_array.spikes("cells"), strict=True):
        EXACT.check(found, wanted)
    assert len(set(np.bincount(run.spikes("cells").ids))) > 3


def test_it_has_the_mean_and_the_deviation_that_were_given():
    net = sl.Network(seed=5)
    n = 20_000
    cells = net.population(n, sl.LIF(tau_m=sl.Normal(10.0, 1.0), V_th=sl.Uniform(-55.0, -45.0)))
    STAT(n).check(cells.model.parameters.tau_m.mean(), 10.0)
    STAT(n, 10.0 / np.sqrt(12.0)).check(cells.model.parameters.V_th.mean(), -50.0)
    assert abs(np.corrcoef(cells.model.parameters.tau_m, cells.model.parameters.V_th)[0, 1]) < 5.0 / np.sqrt(n)


@pytest.mark.parametrize(("given", "cumulative"), DISTRIBUTIONS, ids=[str(given) for given, _ in DISTRIBUTIONS])
def test_weights_have_the_distribution_that_was_given_within_its_limits(given, cumulative):
    """Kolmogorov and Smirnov's test; by chance one seed in 10,000 would fail it."""
    net = sl.Network(seed=7)
    cells = net.population(300, sl.LIF(), name="cells")
    made = net.connect(cells, cells, weight=given)
    weight = net.run(0.0).synapses(made).weight
    assert len(weight) == 90_000
    assert stats.kstest(weight, cumulative).pvalue > 1e-4


def test_each_parameter_and_population_has_numbers_of_its_own():
    def drawn(seed, **more):
        net = sl.Network(seed=seed)
        return [net.population(5, sl.LIF(tau_m=sl.Normal(10, 1), **more)).model.parameters.tau_m for _ in range(2)]

    first, second = drawn(1)
    EXACT.check(drawn(1, C_m=sl.Uniform(200, 300))[0], first)
    assert not np.any(first == second) and not np.any(first == drawn(2)[0])


@pytest.mark.parametrize("engine", ["stepper", "events"])
def test_other_engines_of_the_house_take_what_was_drawn(engine):
    cells, run = driven(sl.Normal(10.0, 2.0, low=1.0), engine)
    _, of_array = driven(cells.model.parameters.tau_m, engine)
    for found, wanted in zip(run.spikes("cells"), of_array.spikes("cells"), strict=True):
        EXACT.check(found, wanted)


@pytest.mark.parametrize("engine", ["nest", "brian2"])
def test_other_simulators_take_what_was_drawn(engine):
    pytest.importorskip(engine)
    _, here = driven(sl.Normal(10.0, 2.0, low=1.0), n=10)
    _, there = driven(sl.Normal(10.0, 2.0, low=1.0), engine, n=10)
    counts = [np.bincount(run.spikes("cells").ids, minlength=10) for run in (here, there)]
    EXACT.check(counts[1], counts[0])
    assert len(set(counts[0])) > 2


def test_threads_and_models_from_equations_take_it():
    model = sl.NeuronModel.from_equations(
        "dV_m/dt = (E_L - V_m + R * I) / tau_m : volt", threshold="V_m > V_th", reset="V_m = E_L",
        ports={"exc": "V_m"}, currents={"exc": "I"}, name="drawn",
        parameters={"E_L": (-70, "mV"), "R": (100, "Mohm"), "tau_m": (10, "ms"), "V_th": (-55, "mV")},
    )  # fmt: skip
    runs = []
    for threads in (1, 2):
        net = sl.Network(dt=0.1, seed=2, threads=threads)
        cells = net.population(9, model(tau_m=sl.Uniform(5.0, 20.0), V_th=sl.Normal(-55.0, 1.0)), name="cells")
        net.drive(cells, sl.StepCurrent(0.0, 300.0))
        net.record(cells)
        runs.append(net.run(100.0))
    EXACT.check(runs[0].spikes("cells").times, runs[1].spikes("cells").times)
    assert len(set(np.bincount(runs[0].spikes("cells").ids, minlength=9))) > 2


def test_the_model_shows_the_distribution():
    net = sl.Network(seed=1)
    cells = net.population(3, sl.LIF(tau_m=sl.Normal(10, 1, low=2.0)))
    assert "tau_m=Normal(10, 1, low=2.0)" in repr(cells.model) and "tau_m=Normal(10, 1, low=2.0)" in repr(
        sl.LIF(tau_m=sl.Normal(10, 1, low=2.0))
    )


def test_what_was_drawn_can_be_read():
    net = sl.Network(seed=1)
    cells = net.population(6, sl.LIF(tau_m=sl.Normal(10, 1)))
    EXACT.check(net.get(cells, "tau_m"), cells.model.parameters.tau_m)
    EXACT.check(net.get(cells[[5, 1]], "tau_m"), net.get(cells, "tau_m")[[5, 1]])
    assert net.get(cells, "C_m") == 250.0


def test_values_that_the_model_does_not_accept_are_counted():
    net = sl.Network(seed=1)
    with pytest.raises(ParameterError, match=r"more than 0, but \d+ of 100 values drawn from Normal\(1, 1\) are not"):
        net.population(100, sl.LIF(tau_m=sl.Normal(1, 1)))
    with pytest.raises(ParameterError, match="V_reset from Normal"):
        net.population(100, sl.LIF(V_reset=sl.Normal(-50, 10)))
    assert not net.populations
    kept = net.population(100, sl.LIF(tau_m=sl.Normal(1, 1, low=0.5)))
    assert kept.model.parameters.tau_m.min() >= 0.5


def test_wrong_distributions_are_refused_at_once():
    with pytest.raises(ParameterError, match="tau_m of LIF"):
        sl.LIF(tau_m=sl.Normal(10, -1))
    with pytest.raises(UnitError, match="tau_m of LIF"):
        sl.LIF(tau_m=sl.Normal("10", 1))
    with pytest.raises(ParameterError, match="no parameter 'tau'"):
        sl.LIF(tau=sl.Normal(10, 1))


def test_it_is_in_checkpoints_and_copies(tmp_path):
    net = sl.Network(dt=0.1, seed=4)
    cells = net.population(20, sl.LIF(tau_m=sl.Normal(10, 2, low=1.0), I_e=450.0), name="cells")
    net.record(cells)
    first = net.run(50.0)
    first.checkpoint(tmp_path / "state")
    then = net.run(50.0)
    again = sl.Network.restore(tmp_path / "state").run(50.0)
    EXACT.check(again.spikes("cells").times, then.spikes("cells").times)
