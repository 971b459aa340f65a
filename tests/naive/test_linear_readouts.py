"""Readouts against numpy: filters as sums over spikes, learning rules as formulas, regression as least squares."""

import numpy as np
import pytest
from tolerances import EXACT, ULP

import spikelearn as sl
from spikelearn.engine.lowering import readouts

DT, STEPS, N = 0.5, 240, 13
CLOSE = ULP(200_000, scale=1.0)
"""Sums over up to STEPS spikes and N neurons, in another order, and inverses of matrices whose condition number, below
1e4, multiplies the rounding; 4e-11 of a weight or error of about 1."""


def target_at(step, size):
    return [np.sin(0.07 * step + k) if (step // 25) % 4 != 3 else np.nan for k in range(size)]


def network(learning, size=2, threads=1, tau_rise=None, variable=None, target="samples", **more):
    """Poisson neurons with a readout of some of them; the target is missing in every fourth 25 steps."""
    net = sl.Network(dt=DT, seed=5, threads=threads)
    source = net.population(20, sl.Poisson(rate=150.0), name="source")
    cells = net.population(20, sl.LIF(I_e=400.0), name="cells", initial={"V_m": sl.Uniform(-70, -56)})
    net.connect(source, cells, weight=sl.Uniform(0, 300))
    read = (cells if variable else source)[np.arange(N) + 3]
    samples = np.array([target_at(step, size) for step in range(STEPS + 1)])
    if target == "signal":
        wanted = net.signal("wanted", size)
        net.on_step(copy_row, samples, wanted.values)
        samples = wanted
    weights = np.random.default_rng(2).normal(0.0, 1e-3, (N, size))
    z = net.readout(
        read, size, tau=8.0, tau_rise=tau_rise, variable=variable, weights=weights, learning=learning, target=samples,
        name="z", **more,
    )  # fmt: skip
    net.record(source)
    net.record(z, ["value", "error", "rates", "target", "weight"])
    return net


def copy_row(step, samples, values):
    values[:] = samples[step]


def filtered(run, tau=8.0, tau_rise=0.0):
    """(STEPS, N): the sum over all spikes so far, from the definition."""
    times, ids = run.spikes("source")
    rates = np.zeros((STEPS, N))
    for step in range(1, STEPS + 1):
        for time, neuron in zip(times, ids - 3, strict=True):
            if 0 <= neuron < N and time <= step * DT + 1e-9:
                s = step * DT - time
                kernel = np.exp(-s / tau) - (np.exp(-s / tau_rise) if tau_rise else 0.0)
                rates[step - 1, neuron] += 1e3 * kernel / (tau - tau_rise)
    return rates


def learned(rates, learning, size, plastic=None):
    """What a readout with these rates does: values, errors, and the weights after each step."""
    every, start = round((learning.every or DT) / DT), round(learning.start / DT)
    stop = STEPS if learning.stop is None else round(learning.stop / DT)
    plastic = np.ones((N, size), bool) if plastic is None else plastic
    first = w = np.random.default_rng(2).normal(0.0, 1e-3, (N, size))
    P = [getattr(learning, "P0", 1.0) * np.eye(plastic[:, k].sum()) for k in range(size)]
    values, errors, weights, samples = [], [], [], []
    for step, r in enumerate(rates, 1):
        target = np.array(target_at(step, size))
        z = w.T @ r
        e = z - target
        if start < step <= stop and (step - start) % every == 0 and not np.isnan(e).any():
            w = w.copy()
            for k in range(size):
                at = plastic[:, k]
                if isinstance(learning, sl.DeltaRule):
                    w[at, k] -= learning.eta * e[k] * r[at]
                elif isinstance(learning, sl.RecursiveLeastSquares):
                    Pr = P[k] @ r[at]
                    P[k] = P[k] - np.outer(Pr, Pr) / (1.0 + r[at] @ Pr)
                    w[at, k] -= P[k] @ r[at] * e[k]
            samples.append((r, target))
        values.append(z)
        errors.append(e)
        weights.append(w.ravel())
    if isinstance(learning, sl.Ridge):
        X, D = (np.array(each) for each in zip(*samples, strict=True))
        w = first.copy()
        for k in range(size):
            at = plastic[:, k]
            rows = np.vstack([X[:, at], np.eye(at.sum()) / np.sqrt(learning.P0)])
            rest = np.concatenate([D[:, k] - X @ first[:, k], np.zeros(at.sum())])
            w[at, k] += np.linalg.lstsq(rows, rest, rcond=None)[0]
    return np.array(values), np.array(errors), np.array(weights), w


SOME = np.random.default_rng(4).random((N, 2)) < 0.6
RULES = [
    pytest.param(sl.DeltaRule(eta=1e-5), id="delta"),
    pytest.param(sl.DeltaRule(eta=1e-5, every=2.0, start=10.0, stop=90.0), id="delta at times"),
    pytest.param(sl.RecursiveLeastSquares(P0=1e-4), id="least squares"),
    pytest.param(sl.RecursiveLeastSquares(P0=1e-2, every=1.5, start=10.0, stop=90.0), id="least squares at times"),
    pytest.param(sl.Ridge(P0=1e-4), id="ridge"),
    pytest.param(sl.Ridge(P0=1e-2, every=1.5, start=10.0, stop=90.0), id="ridge at times"),
]


@pytest.mark.parametrize("plastic", [None, SOME], ids=["all", "some"])
@pytest.mark.parametrize("learning", RULES)
def test_a_readout_learns_as_its_formula_says(learning, plastic):
    net = network(learning, plastic=plastic)
    run = net.run(STEPS * DT)
    rates = filtered(run)
    CLOSE.check(run.trace("z", "rates").values, rates)
    values, errors, weights, final = learned(rates, learning, 2, plastic)
    CLOSE.check(run.trace("z", "value").values, values)
    CLOSE.check(run.trace("z", "error").values, errors)
    CLOSE.check(run.trace("z", "weight").values, weights)
    CLOSE.check(net.weights(net.signals["z"]), final)
    assert np.abs(final - np.random.default_rng(2).normal(0.0, 1e-3, (N, 2))).max() > 1e-4


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_filter_that_rises_is_the_difference_of_two_exponentials_of_unit_area(size):
    run = network(sl.DeltaRule(eta=1e-6), size, tau_rise=3.0).run(STEPS * DT)
    rates = filtered(run, tau_rise=3.0)
    CLOSE.check(run.trace("z", "rates").values, rates)
    CLOSE.check(run.trace("z", "value").values, learned(rates, sl.DeltaRule(eta=1e-6), size)[0])
    assert abs(np.mean(rates[STEPS // 2 :]) / 150.0 - 1.0) < 0.2  # 150 Hz, up to the noise of 13 Poisson neurons


@pytest.mark.parametrize("learning", RULES)
def test_a_state_variable_is_read_as_it_is(learning):
    net = network(learning, variable="V_m")
    net.record(net.populations["cells"], "V_m")
    run = net.run(STEPS * DT)
    EXACT.check(run.trace("z", "rates").values, run.trace("cells", "V_m").values[:, 3 : 3 + N])


@pytest.mark.parametrize("learning", [sl.RecursiveLeastSquares(P0=1e-2), sl.Ridge(P0=1e-2)])
def test_a_target_may_be_a_signal_that_an_earlier_callback_writes(learning):
    one, other = network(learning).run(STEPS * DT), network(learning, target="signal").run(STEPS * DT)
    for variable in ("value", "error", "target", "weight"):
        EXACT.check(one.trace("z", variable).values, other.trace("z", variable).values)


@pytest.mark.parametrize("P0", [1e-5, 1e-3, 1e-1])
def test_recursive_least_squares_ends_where_regression_does(P0):
    """Both minimise sum e^2 + |w - w_0|^2 / P0. The normal equations lose digits with their condition number, at most
    1 + P0 sum |r|^2, which is 2e6 here for P0 = 0.1: 1e-16 times that times a few, of weights near 0.01."""
    found = []
    for rule in (sl.RecursiveLeastSquares, sl.Ridge):
        net = network(rule(P0=P0, every=1.0))
        net.run(STEPS * DT)
        found.append(net.weights(net.signals["z"]))
    ULP(5_000_000, scale=0.01).check(*found)


def test_learning_is_the_same_however_often_what_is_subtracted_is_put_together(monkeypatch):
    found = []
    for vectors in (1, 2, 9, 16, 31, 500):
        monkeypatch.setattr(readouts, "VECTORS", vectors)
        net = network(sl.RecursiveLeastSquares(P0=1e-2))
        net.run(STEPS * DT)
        found.append(net.weights(net.signals["z"]))
    for each in found[1:]:
        CLOSE.check(each, found[0])


def test_the_blocks_of_a_large_matrix_are_all_subtracted():
    """More neurons than a block and a tile have, and not a multiple of either."""
    net = sl.Network(dt=1.0, seed=1)
    cells = net.population(301, sl.Poisson(rate=50.0))
    target = np.sin(np.arange(101) / 10.0)
    ends = []
    for rule in (sl.RecursiveLeastSquares, sl.Ridge):
        ends.append(net.readout(cells, learning=rule(P0=1e-4), target=target, name=rule.__name__))
    net.run(100.0)
    ULP(1_000_000, scale=0.01).check(net.weights(ends[0]), net.weights(ends[1]))


def test_a_feed_is_the_current_of_the_step_before_and_adds_to_all_others():
    """Against the same current given as a list, in place of the readout: V_m is the same to the last bit but for the
    order in which currents are added."""
    gains = np.linspace(-50.0, 50.0, 8)

    def with_feed(source):
        net = sl.Network(dt=DT, seed=3)
        cells = net.population(8, sl.LIF(I_e=350.0), name="cells", initial={"V_m": sl.Uniform(-70, -56)})
        net.drive(cells, sl.NoiseCurrent(std=100.0))
        if source is None:
            z = net.readout(cells[:5], 2, tau=10.0, weights=np.linspace(-0.02, 0.05, 10).reshape(5, 2), name="z")
            net.feed(z, cells, weights=np.stack([gains, gains[::-1]]))
            net.feed(z, cells[2:4], weights=100.0)
            net.record(z)
        else:
            before = np.vstack([np.zeros((1, 2)), source])[:-1]
            current = before @ np.stack([gains, gains[::-1]])
            current[:, 2:4] += 100.0 * before.sum(axis=1, keepdims=True)
            net.drive(cells, sl.StepCurrent(np.arange(len(current)) * DT, current))
        net.record(cells, ["spikes", "V_m"])
        return net.run(100.0)

    closed = with_feed(None)
    z = closed.trace("z", "value").values
    assert z[-1].max() > 1.0 and len(closed.spikes("cells").ids) > 20
    opened = with_feed(z)
    EXACT.check(opened.spikes("cells").times, closed.spikes("cells").times)
    ULP(1000, scale=100.0).check(opened.trace("cells", "V_m").values, closed.trace("cells", "V_m").values)
