"""Threshold unit without memory (McCulloch & Pitts 1943, Bull. Math. Biophys. 5:115).

In each step x = what arrives at port exc plus the current, 1 pA for 1; it fires if x >= theta.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import EXACT, Properties
from spikelearn.units import number


class McCullochPittsParameters(NamedTuple):
    theta: Annotated[number, "threshold of the input"] = 1.0


def _constants(p: McCullochPittsParameters, dt: float) -> dict[str, Any]:
    return {"theta": p.theta}


@scalar
def mcculloch_pitts_step(x, in_exc, I_exc, theta):
    x = in_exc + I_exc
    return x, np.uint8(x >= theta)


McCullochPitts = NeuronModel(
    "McCullochPitts",
    McCullochPittsParameters,
    _constants,
    mcculloch_pitts_step,
    state={"x": "1"},
    ports={"exc": "1"},
    currents=("exc",),
    initial=lambda p: {},
    margin="x - theta",
    properties=Properties(order=EXACT),
)
