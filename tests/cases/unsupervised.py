"""Units and rules of networks that learn without a teacher, beside their equations in a loop."""

from __future__ import annotations

import numpy as np
from given_spikes import coincident_trains, one_synapse
from tolerances import STAT, ULP

import spikelearn as sl
from cases.case import Case

DT, STEPS = 1.0, 200
GRADED = {"on": "rate", "payload": "y", "delay": DT}


def _linear():
    """Activities of cells that integrate and inhibit each other, and of a leaky one, while all weights learn."""
    generator = np.random.default_rng(1)
    drive = generator.normal(0.0, 1.0, (STEPS, 3))
    W, M, V = generator.normal(0.0, 0.7, (3, 2)), np.eye(2) + 0.2, generator.normal(0.0, 1.0, (3, 1))
    net = sl.Network(dt=DT)
    inputs = net.population(3, sl.LinearRate(), name="inputs")
    cells = net.population(2, sl.LinearRate(tau=2.0, leak=0.0), name="cells")
    leaky = net.population(1, sl.LinearRate(tau=3.0, leak=0.5), name="leaky")
    net.drive(inputs, sl.StepCurrent(DT * np.arange(STEPS), drive), "exc")
    matching, nonlinear = (sl.SimilarityMatching(eta=0.01), sl.NonlinearHebb(eta=0.05, theta=0.2))
    learning = [
        net.connect(inputs, cells, "exc", weight=W, plasticity=matching, **GRADED),
        net.connect(cells, cells, "inh", weight=M, plasticity=matching, **GRADED),
        net.connect(inputs, leaky, "exc", weight=V, plasticity=nonlinear, **GRADED),
    ]
    for each in (cells, leaky):
        net.record(each, "y")
    run = net.run(STEPS * DT)
    measured = [run.trace(each, "y").values.ravel() for each in (cells, leaky)]
    measured += [run.synapses(each).matrix(w.shape).ravel() for each, w in zip(learning, (W, M, V), strict=True)]

    sent, y, u = np.zeros((STEPS + 1, 3)), np.zeros(2), np.zeros(1)
    sent[1:] = drive
    activities = []
    keep = np.exp(-0.5 / 3.0)
    for x in sent[:-1]:  # what arrives in a step was sent in the one before
        before = y
        y = y + 0.5 * (x @ W - before @ M)
        u = keep * u + (1.0 - keep) / 0.5 * (x @ V)
        W = W + 0.01 * (np.outer(x, y) - W)
        M = M + 0.01 * (np.outer(before, y) - M)
        V = V + 0.05 * np.maximum(u - 0.2, 0.0) ** 2 * (x[:, None] - u * V)
        activities.append((y, u))
    expected = [np.stack(each).ravel() for each in zip(*activities, strict=True)]
    return np.concatenate(measured), np.concatenate([*expected, W.ravel(), M.ravel(), V.ravel()])


def _saturating():
    """Activities of five units that are connected at random and driven."""
    generator = np.random.default_rng(7)
    drive, W = generator.normal(0.0, 1.0, (STEPS, 5)), generator.normal(0.0, 1.0, (5, 5))
    net = sl.Network(dt=DT)
    tau = np.array([0.0, 3.0, 3.0, 10.0, 10.0])
    cells = net.population(5, sl.TanhRate(tau=tau), name="cells", initial={"x": 0.5})
    net.drive(cells, sl.StepCurrent(DT * np.arange(STEPS), drive), "exc")
    net.connect(cells, cells, "exc", weight=W, on="rate", payload="r", delay=DT)
    net.record(cells, "r")
    keep = np.exp(-np.divide(DT, tau, out=np.full(5, np.inf), where=tau > 0.0))
    x, r, expected = np.full(5, 0.5), np.zeros(5), []
    for current in drive:
        x = keep * x + (1.0 - keep) * (r @ W + current)
        r = np.tanh(x)
        expected.append(r)
    return net.run(STEPS * DT).trace(cells, "r").values, expected


def _machine(steps):
    """The run of three units below and two above, which are awake, asleep, or neither in turn; and what drove them."""
    generator = np.random.default_rng(2)
    up, down = generator.normal(0.0, 1.0, (3, 2)), generator.normal(0.0, 1.0, (2, 3))
    keep = np.zeros((3, 2))
    net = sl.Network(dt=DT, seed=5)
    low, high = (net.population(n, sl.HelmholtzUnit(), name=name) for n, name in ((3, "low"), (2, "high")))
    times, given = DT * np.arange(steps), {}
    for units in (low, high):
        mode = generator.integers(0, 3, steps)
        given[units] = {"wake": mode == 1, "sleep": mode == 2, "basal": None, "apical": None}
        for port, on in given[units].items():
            values = generator.normal(0.0, 1.0, (steps, units.size)) if on is None else on.astype(float)[:, None]
            given[units][port] = np.broadcast_to(values, (steps, units.size)).copy()
            net.drive(units, sl.StepCurrent(times, given[units][port]), port)
    state = {"on": "rate", "payload": "z", "delay": DT}
    learning = [
        net.connect(low, high, "basal", weight=up, plasticity=sl.SleepLearning(eta=0.05), **state),
        net.connect(high, low, "apical", weight=down, plasticity=sl.WakeLearning(eta=0.1), **state),
        net.connect(low, high, "basal", weight=keep, plasticity=sl.ActivityHomeostasis(eta=0.02, share=0.3), **state),
    ]
    for units in (low, high):
        net.record(units, ["z", "p_basal", "p_apical"])
    return net.run(steps * DT), low, high, given, learning, (up, down, keep)


def _helmholtz():
    """Probabilities in each step, kept states, and weights; the states that were drawn are taken over."""
    run, low, high, given, learning, (up, down, keep) = _machine(STEPS)
    z = {units: run.trace(units, "z").values for units in (low, high)}
    measured, expected = [], []
    for step in range(STEPS):
        sent = {units: z[units][step - 1] if step else np.zeros(units.size) for units in z}
        p_high = 1.0 / (1.0 + np.exp(-(sent[low] @ (up + keep) + given[high]["basal"][step])))
        p_low = 1.0 / (1.0 + np.exp(-(sent[high] @ down + given[low]["apical"][step])))
        expected += [p_high, p_low]
        measured += [run.trace(high, "p_basal").values[step], run.trace(low, "p_apical").values[step]]
        for units in z:
            drawn = (given[units]["wake"][step] + given[units]["sleep"][step]) > 0
            measured.append(np.where(drawn, 0.0, z[units][step]))
            expected.append(np.where(drawn, 0.0, sent[units]))
        up = up + 0.05 * np.outer(sent[low], z[high][step] - p_high)
        down = down + 0.1 * np.outer(sent[high], z[low][step] - p_low)
        keep = keep + 0.02 * np.outer(sent[low], 0.3 - z[high][step])
    measured += [run.synapses(each).matrix(w.shape).ravel() for each, w in zip(learning, (up, down, keep), strict=True)]
    return np.concatenate(measured), np.concatenate([*expected, up.ravel(), down.ravel(), keep.ravel()])


def _expectation_maximization():
    """What a synapse sends at each arrival, with many spikes of its target in the same step or next to it."""
    generator, eta, c, window = np.random.default_rng(3), 0.05, 20.0, 10.0
    pre, post = coincident_trains(150, 1, 5000, generator)
    found = one_synapse(
        pre * 0.1, post * 0.1, lambda _: sl.ExpectationMaximization(eta=eta, c=c, window=window), weight=1.0
    )
    weight, last, sent, arrivals = 1.0, -np.inf, [], set((pre + 1).tolist())
    for step in range(1, max(arrivals) + 1):
        if step in arrivals:
            sent.append(weight)
            last = step
        if step in post:
            active = (step - last) * 0.1 <= window + 1e-9
            weight = min(max(weight + (eta * (c * np.exp(-weight) - 1.0) if active else -eta), 0.0), 10.0)
    assert np.ptp(sent) > 0.5
    return np.append(found.sent, found.final), np.append(sent, weight)


DRAWN = 20_000


def _draws():
    """How much more often units were drawn to be on than they should, awake and asleep."""
    run, low, high, given, *_ = _machine(DRAWN)
    found = []
    for mode, p in (("wake", "p_basal"), ("sleep", "p_apical")):
        each = [(run.trace(u, "z").values - run.trace(u, p).values)[given[u][mode] > 0] for u in (low, high)]
        found.append(np.concatenate(each).mean())
    return found, [0.0, 0.0]


CASES: tuple[Case, ...] = (
    Case(
        "LinearRate, SimilarityMatching, NonlinearHebb", "3 activities while 13 weights learn, 200 steps",
        "the same step by step", ULP(100_000, 10.0), "ULP(100,000)", _linear,
    ),
    # errors of one step grow by less than a factor 1.1 a step, up to where they are forgotten
    Case(
        "TanhRate", "activities of 5 units, 200 steps", "the same step by step", ULP(100_000, 1.0), "ULP(100,000)",
        _saturating,
    ),
    # as in the tests of signal rules: integrals are up to exp(8) times as large as what they differ by
    Case(
        "HelmholtzUnit, WakeLearning, SleepLearning, ActivityHomeostasis",
        "probabilities, states and weights of five units, 200 steps",
        "the same step by step", ULP(4_500_000, 10.0), "ULP(4,500,000)", _helmholtz,
    ),
    # 225 times what was rounded before, times less than 1, plus an exponential
    Case(
        "ExpectationMaximization", "weights sent at 150 arrivals, and the last one", "its equation spike by spike",
        ULP(1_000, 10.0), "ULP(1,000)", _expectation_maximization,
    ),
    # of five units in a third of the steps, each 0 or 1
    Case(
        "HelmholtzUnit", "states drawn, less their probabilities, 20,000 steps, seed 5", "closed form: 0",
        STAT(5 * DRAWN // 3, 0.5), "STAT(33,000)", _draws,
    ),
)  # fmt: skip
