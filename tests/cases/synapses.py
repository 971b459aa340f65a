"""Synapses with short-term plasticity beside NEST, and beside the recurrences of the papers, written down once more."""

from __future__ import annotations

import functools
import math

import numpy as np
from given_spikes import steps_of
from oracles import nest_oracle
from tolerances import NINE_DIGITS, STAT, ULP

import spikelearn as sl
from cases.case import Case

TRAIN = np.array([10.0, 20.0, 22.5, 25.0, 50.0, 300.0, 310.0, 2000.0])


def amplitudes(synapse, times, weight=3.0, delay=1.0):
    """What each spike of a train delivers."""
    net = sl.Network(dt=0.1)
    source = net.population(1, sl.SpikeList(times))
    target = net.population(1, sl.Parrot())
    net.connect(source, target, "ignored", weight=weight, delay=delay, synapse=synapse)
    net.record(target, "ignored")
    received = net.run(times[-1] + delay + 0.1).trace(target, "ignored").values[:, 0]
    if np.count_nonzero(received) != len(times):
        raise ValueError(f"{np.count_nonzero(received)} of {len(times)} spikes delivered something")
    return received[steps_of(times + delay, 0.1) - 1]


def random_train(seed):
    """60 spikes within 800 ms."""
    return np.sort(np.random.default_rng(seed).choice(np.arange(2, 8000), 60, replace=False)) * 0.1


def _tsodyks2(times, U, tau_rec, tau_fac):
    x, u, expected = 1.0, U, [U]
    for h in np.diff(times):
        x, u = 1 + (x - x * u - 1) * math.exp(-h / tau_rec), U + u * (1 - U) * math.exp(-h / tau_fac)
        expected.append(x * u)
    return expected


def _relaxed(value, rest, time, tau, pieces=50):
    """value -> rest with tau over a time, in many small exact pieces: the slow way."""
    for _ in range(pieces):
        value = rest + (value - rest) * math.exp(-time / pieces / tau)
    return value


def _relaxing_to_U(times, U, tau_D, tau_F, f=None):
    """f: facilitation after the release; None for Mongillo's, by U before it."""
    x, u, expected, last = 1.0, U, [], times[0]
    for t in times:
        x, u = _relaxed(x, 1.0, t - last, tau_D), _relaxed(u, U, t - last, tau_F)
        u += U * (1 - u) if f is None else 0.0
        expected.append(u * x)
        x -= u * x
        u += 0.0 if f is None else f * (1 - u)
        last = t
    return expected


def _from_nest(name, model, nest_model, times, parameters, start):
    def compare():
        return (
            amplitudes(model(**parameters), times),
            nest_oracle.short_term(nest_model, times, parameters | start, weight=3.0),
        )

    numbers = ", ".join(f"{key} {value:g}" for key, value in parameters.items())
    what = f"amplitudes of {name} spikes, {numbers}"
    return Case(model.name, what, f"NEST live: {nest_model}", NINE_DIGITS, "1e-9 relative", compare)


def _from_recurrence(name, model, times, parameters, recurrence, operations):
    def compare():
        return amplitudes(model(**parameters), times, weight=1.0), recurrence(times, **parameters)

    what = f"amplitudes of {name} spikes"
    return Case(model.name, what, "recurrence of the paper", ULP(operations), f"ULP({operations})", compare)


_MANY = 20_000


_OF_MANY = {"U": 0.4, "tau_rec": 100.0, "tau_fac": 50.0}
_SOON = np.minimum(TRAIN, 700.0)
"""A train after whose last pause synapses have recovered, too."""


@functools.cache
def _released_by_many():
    """What each of many synapses releases at each spike, (8, _MANY)."""
    net = sl.Network(dt=0.5, seed=1)
    source, target = net.population(1, sl.SpikeList(_SOON)), net.population(_MANY, sl.Parrot(), name="target")
    net.connect(source, target, "ignored", delay=1.0, synapse=sl.StochasticRelease(n=5, **_OF_MANY))
    net.record(target, "ignored")
    return net.run(_SOON[-1] + 1.5).trace(target, "ignored").values[steps_of(_SOON + 1.0, 0.5) - 1]


def _of_many(what, deterministic):
    """The mean or the variance of what many synapses release, and that of a binomial number of the same mean."""
    return getattr(np, what)(_released_by_many(), axis=1), deterministic(np.array(_tsodyks2(_SOON, **_OF_MANY)))


def _stochastic(what, deviation, deterministic):
    return Case(
        "StochasticRelease", f"{what} of what {_MANY:,} synapses with 5 sites release at 8 spikes, seed 1",
        "closed form: binomial, TsodyksMarkram", STAT(_MANY, deviation), f"STAT({_MANY:,})",
        lambda: _of_many(what, deterministic),
    )  # fmt: skip


TRAINS = (("8 hand-made", TRAIN), ("60 random (seed 1)", random_train(1)))
CASES: tuple[Case, ...] = (
    *(
        _from_nest(name, sl.TsodyksMarkram, "tsodyks2_synapse", times, parameters, {"u": parameters["U"], "x": 1.0})
        for name, times in TRAINS
        for parameters in (
            {"U": 0.4, "tau_rec": 100.0, "tau_fac": 50.0},
            {"U": 0.1, "tau_rec": 800.0, "tau_fac": 1000.0},
            {"U": 0.9, "tau_rec": 5.0, "tau_fac": 0.0},
        )
    ),
    *(
        _from_nest(name, sl.TsodyksUzielMarkram, "tsodyks_synapse", times, parameters, {})
        for name, times in TRAINS
        for parameters in (
            {"U": 0.5, "tau_psc": 3.0, "tau_rec": 800.0, "tau_fac": 0.0},
            {"U": 0.04, "tau_psc": 7.0, "tau_rec": 100.0, "tau_fac": 1000.0},
        )
    ),
    *(
        case
        for name, times in TRAINS
        for case in (
            _from_recurrence(
                name, sl.TsodyksMarkram, times, {"U": 0.4, "tau_rec": 100.0, "tau_fac": 50.0}, _tsodyks2, 1000
            ),
            _from_recurrence(
                name, sl.Mongillo, times, {"U": 0.19, "tau_D": 200.0, "tau_F": 1500.0}, _relaxing_to_U, 5000
            ),
            _from_recurrence(
                name, sl.ReleaseFirst, times, {"U": 0.02, "f": 0.1, "tau_D": 100.0, "tau_F": 80.0}, _relaxing_to_U, 5000
            ),
        )
    ),
    _stochastic("mean", 0.5 / math.sqrt(5.0), lambda p: p),
    # the fourth moment of a binomial number is at most three times the square of the second, and one more
    _stochastic("var", math.sqrt(3.0 * 0.05**2 + 0.05 / 25.0), lambda p: p * (1.0 - p) / 5.0),
)
