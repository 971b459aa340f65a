"""Trials in which what a projection learns has factors: one that falls from trial to trial, another, 0, and 1."""

import numpy as np

import spikelearn as sl

STEPS_OF_PHASES = 25, 14, 6, 5


def factor(step):
    """The factor of a step."""
    trial, rest = divmod(step - 1, sum(STEPS_OF_PHASES))
    phase = int(np.searchsorted(np.cumsum(STEPS_OF_PHASES), rest, side="right"))
    return (2.0 * 0.7**trial, 0.3, 0.0, 1.0)[phase]


def trials(projection, dt, steps):
    n = steps // sum(STEPS_OF_PHASES)
    plastic = {projection: 2.0 * 0.7 ** np.arange(n)}, {projection: 0.3}, {}, [projection]
    return sl.Trials([sl.Phase(s * dt, plastic=p) for s, p in zip(STEPS_OF_PHASES, plastic, strict=True)], n)
