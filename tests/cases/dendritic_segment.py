"""A dendritic segment beside a count of its active synapses, Brian2, and the hypergeometric distribution."""

from __future__ import annotations

import numpy as np
from given_spikes import steps_of
from tolerances import EXACT, STAT

import spikelearn as sl
from cases.case import Case
from spikelearn.experiments import load_experiment

N, ACTIVE, SYNAPSES, THETA, SEGMENTS, PATTERNS, INTERVAL = 60, 12, 8, 3, 50, 80, 40.0


def _shown(seed):
    """Whether each random pattern made a plateau of each segment, and how many of its synapses were active."""
    generator = np.random.default_rng(seed)
    active = np.array([generator.permutation(N) < ACTIVE for _ in range(PATTERNS)])
    net = sl.Network(dt=1.0, seed=seed)
    shown, ids = np.nonzero(active)
    cells = net.population(N, sl.SpikeList(INTERVAL * (shown + 1.0), ids))
    segments = net.population(SEGMENTS, sl.DendriticSegment(theta=THETA))
    chosen = net.connect(cells, segments, rule=sl.FixedInDegree(SYNAPSES, multapses=False), weight=1.0, delay=1.0)
    net.record(segments, ["plateaus", "spikes"])
    run = net.run(INTERVAL * (PATTERNS + 1.0))
    times, of = run.spikes(segments, "plateau")
    EXACT.check(run.spikes(segments).times, times)
    answered = np.zeros((PATTERNS, SEGMENTS), bool)
    answered[(times // INTERVAL).astype(int) - 1, of] = True
    connected = np.zeros((N, SEGMENTS))
    synapses = run.synapses(chosen)
    connected[synapses.pre, synapses.post] = 1.0
    return answered, active @ connected


def _count():
    answered, number = _shown(1)
    assert 100 < answered.sum() < answered.size - 100
    return answered, number >= THETA


def _hypergeometric():
    answered = np.concatenate([_shown(seed)[0] for seed in range(2, 12)])
    probability = load_experiment("htm_segment").simulate.__globals__["overlap_probability"]
    return answered.mean(), probability(N, SYNAPSES, ACTIVE, THETA)


def _spikes(engine):
    """A segment that gets Poisson spikes at 2,000 Hz, for 500 ms."""
    net = sl.Network(dt=0.1, seed=3)
    segment = net.population(5, sl.DendriticSegment(theta=6.0, t_ref=7.0))
    net.connect(net.population(20, sl.Poisson(100.0)), segment, rule=sl.FixedProbability(0.9), weight=1.0, delay=0.1)
    net.record(segment)
    found = net.run(500.0, engine=engine).spikes(segment)
    assert len(found.times) > 50
    return np.stack([steps_of(found.times, 0.1), found.ids])


CASES: tuple[Case, ...] = (
    Case(
        "DendriticSegment", "plateaus of 50 segments, 80 random patterns, seed 1", "active synapses, counted",
        EXACT, "EXACT", _count,
    ),
    Case(
        "DendriticSegment", "spikes of 5 segments under Poisson input, seed 3", "Brian2 live: its equations",
        EXACT, "EXACT", lambda: (_spikes("compiled"), _spikes("brian2")),
    ),
    # pattern and segment are drawn apart, so any two of the 40,000 are independent
    Case(
        "DendriticSegment", "share of patterns that are answered, 50 segments, 80 patterns, seeds 2 to 11",
        "closed form: Hawkins & Ahmad 2016, Eq. 1", STAT(40_000, 0.5), "STAT(40,000)", _hypergeometric,
    ),
)  # fmt: skip
