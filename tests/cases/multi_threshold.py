"""Neurons with a threshold for each arm, beside slow references, Brian2 and closed forms."""

from __future__ import annotations

import math

import numpy as np
from given_spikes import steps_of
from naive.threshold_arms import Arms
from tolerances import EXACT, STAT, ULP

import spikelearn as sl
from cases.case import Case

DT, STEPS, ARMS = 0.5, 4000, 3


def stimuli(seed, n=700, strengths=(-0.5, 1.6)):
    """{step: {arm: strength}}: one stimulus or more in a step, several arms in some."""
    generator = np.random.default_rng(seed)
    given = {}
    for step, arm in zip(generator.integers(2, STEPS, n), generator.integers(0, ARMS, n), strict=True):
        given.setdefault(int(step), {})[int(arm)] = float(generator.uniform(*strengths))
    return given


def ours(model, given, record, engine="compiled", dt=DT):
    """Spikes as (step, arm), from 0 on, and the last values of what is recorded."""
    net = sl.Network(dt=dt)
    cell = net.population(1, model, name="cell")
    for arm in range(ARMS):
        mine = [(step, strengths[arm]) for step, strengths in sorted(given.items()) if arm in strengths]
        times = np.array([(step - 1) * dt for step, _ in mine])
        source = net.population(len(mine), sl.SpikeList(times, np.arange(len(mine))))
        weights = np.array([strength for _, strength in mine])
        pairs = sl.Pairs(np.arange(len(mine)), np.zeros(len(mine), int))
        net.connect(source, cell, f"arm_{arm + 1}", pairs, weight=weights, delay=dt)
    net.record(cell, ["spikes", "arm", *record])
    run = net.run(STEPS * dt, engine=engine)
    steps = steps_of(run.spikes(cell).times, dt)
    arms = run.trace(cell, "arm").values[steps - 1, 0].astype(int) - 1
    return np.stack([steps, arms], axis=1), [run.trace(cell, name).values[:, 0] for name in record]


def _beside_twin(adaptive):
    """(spikes of ours, gains), (of the reference): 700 random stimuli to three arms, seed 3."""
    given = stimuli(3)
    noiseless = {"sigma_th": 0.0, "sigma_waveform": 0.0}
    names = [f"gain_{k + 1}" for k in range(ARMS)] if adaptive else []
    spikes, traces = ours(sl.multi_threshold(ARMS, adaptive)(**noiseless), given, names)
    reference = Arms(ARMS, DT, A_gain=0.05 if adaptive else None)
    reference.run(given, STEPS)
    assert len(reference.spikes) > 100 and {arm for _, arm in reference.spikes} == {0, 1, 2}
    gains = [values[-1] for values in traces]
    assert not adaptive or np.ptp(gains) > 0.05
    return (spikes, gains), (np.array(reference.spikes), reference.gains if adaptive else [])


def _beside_brian2():
    """Spikes, arms and the potential of the axon, of three arms without noise."""
    model = sl.multi_threshold(ARMS)(sigma_th=0.0, sigma_waveform=0.0)
    found = []
    for engine in ("compiled", sl.Brian2(method="exact")):
        spikes, _ = ours(model, stimuli(4), [], engine)
        found.append(spikes)
    assert len(found[0]) > 100
    return found


def _first_step(n=20_000, strength=1.03):
    """Share of cells that fire in the step of a hit; thresholds begin with the distribution that they keep."""
    net = sl.Network(dt=0.1, seed=7)
    model = sl.multi_threshold(1)(tau_m=0.21)
    cells = net.population(n, model, initial={"noise_1": sl.Normal(0.0, 0.05)})
    net.connect(net.population(1, sl.SpikeList([19.9])), cells, "arm_1", weight=strength, delay=0.1)
    net.record(cells)
    steps = steps_of(net.run(20.0).spikes(cells).times, 0.1)
    assert set(steps) == {200}
    return len(steps) / n, 0.5 * (1.0 + math.erf((strength - 1.0) / 0.05 / math.sqrt(2.0)))


def _waveform():
    """The axon's potential in the 5 ms after a spike through arm 2."""
    net = sl.Network(dt=0.05)
    cell = net.population(1, sl.MultiThreshold(sigma_waveform=0.0, amplitude_2=90.0, width_2=0.6))
    net.connect(net.population(1, sl.SpikeList([9.95])), cell, "arm_2", weight=2.0, delay=0.05)
    net.record(cell, ["spikes", "V_axon"])
    run = net.run(15.0)
    [spike] = run.spikes(cell).times
    trace = run.trace(cell, "V_axon")
    t = trace.times[trace.times > spike - 0.01] - spike
    return trace.values[-len(t) :, 0], 90.0 * t / 0.6 * np.exp(1.0 - t / 0.6)


def _gain_by_lag():
    """Change of a gain by one hit and one spike through the other arm, lags from -60 to 60 ms."""
    lags = np.arange(-60.0, 61.0)
    net = sl.Network(dt=DT)
    cells = net.population(len(lags), sl.AdaptiveMultiThreshold(sigma_th=0.0))
    for port, weight, times in (("arm_1", 0.5, np.full(len(lags), 100.0)), ("arm_2", 1.5, 100.0 + lags)):
        source = net.population(len(lags), sl.SpikeList(times, np.arange(len(lags))))
        net.connect(source, cells, port, sl.OneToOne(), weight=weight, delay=DT)
    net.record(cells, "gain_1")
    found = net.run(200.0).trace(cells, "gain_1").values[-1] - 1.0
    return found, np.where(lags >= 0, 0.05, -0.05) * np.exp(-np.abs(lags) / 15.0) * (np.abs(lags) <= 50.0)


CASES: tuple[Case, ...] = (
    Case(
        "MultiThreshold", "steps and arms of the spikes of three arms, 700 random stimuli, seed 3",
        "a loop in which every arm moves in every step", EXACT, "EXACT",
        lambda: tuple(of[0] for of in _beside_twin(False)),
    ),
    Case(
        "MultiThreshold", "steps and arms of the spikes of three arms, 700 random stimuli, seed 4",
        "Brian2 live: its equations", EXACT, "EXACT", _beside_brian2, slow=True,
    ),
    Case(
        "MultiThreshold", "share of 20,000 thresholds below a hit, seed 7", "closed form: the normal distribution",
        STAT(20_000, 0.5), "STAT(20,000)", _first_step,
    ),
    # each of 100 steps multiplies by an exponential that is right to 2 units in the last place
    Case(
        "MultiThreshold", "potential of the axon for 5 ms after a spike", "closed form: an alpha function",
        ULP(1000, 90.0), "ULP(1,000)", _waveform,
    ),
    Case(
        "AdaptiveMultiThreshold", "steps and arms of the spikes of three arms, 700 random stimuli, seed 3",
        "a loop that keeps the times of hits and spikes", EXACT, "EXACT",
        lambda: tuple(of[0] for of in _beside_twin(True)),
    ),
    # hundreds of changes, each by a trace that was multiplied by up to 100 times
    Case(
        "AdaptiveMultiThreshold", "gains of three arms after 700 random stimuli, seed 3",
        "a loop that keeps the times of hits and spikes", ULP(50_000, 1.0), "ULP(50,000)",
        lambda: tuple(of[1] for of in _beside_twin(True)),
    ),
    Case(
        "AdaptiveMultiThreshold", "change of a gain, lags from -60 to 60 ms", "closed form",
        ULP(1000, 1.0), "ULP(1,000)", _gain_by_lag,
    ),
)  # fmt: skip
