"""Targets of forced spikes for rules that read a state variable of their target, which a parrot does not have."""

from typing import NamedTuple

import numpy as np

import spikelearn as sl

TURN = 0.377
"""What the variable that is read grows by in a step; it turns at 1, so that steps near each other differ."""


class Parameters(NamedTuple):
    pass


def turning(step):
    """The value at the end of a step."""
    value = 0.0
    for _ in range(step):
        value = (value + TURN) % 1.0
    return value


def repeat(received, ignored, z, in_exc, in_ignored):
    z = z + TURN
    return in_exc, in_ignored, z - 1.0 if z >= 1.0 else z, np.uint8(in_exc > 0.0)


TurningParrot = sl.NeuronModel(
    "TurningParrot", Parameters, lambda p, dt: {}, repeat, state={"received": "1", "ignored": "1", "z": "1"},
    ports={"exc": "1", "ignored": "1"}, initial=lambda p: {},
)  # fmt: skip


def parrot_for(rule):
    """A parrot that has what a rule reads of its target."""
    assert rule.reads in ((), ("z",))
    return TurningParrot() if rule.reads else sl.Parrot()
