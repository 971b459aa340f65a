"""A neuron that has the state variables which a rule reads of its target, where no model of the library has them."""

import functools
import math
from typing import NamedTuple

import numpy as np

import spikelearn as sl
from spikelearn.codegen.functions import function_from
from spikelearn.units import mV


class ReadParameters(NamedTuple):
    E_L: mV = -70.0
    V_th: mV = -60.0


def constants(p, dt):
    return {"E_L": p.E_L, "V_th": p.V_th, "decay": math.exp(-dt / 10.0)}


@functools.cache
def cell_with(variables):
    """A leaky integrator whose further variables follow its potential, between 0.1 and 0.9, each in its own way."""
    variables = ["V_m", *(v for v in dict.fromkeys(variables) if v != "V_m")]
    inside = ", ".join(variables)
    lines = "\n".join(f"    {v} = 0.5 + 0.4 * math.sin({k} + 0.2 * V_m)" for k, v in enumerate(variables) if k)
    text = f"""
def step({inside}, in_exc, I_exc, E_L, V_th, decay):
    V_m = E_L + (V_m - E_L) * decay + in_exc + 0.01 * I_exc
    fired = V_m >= V_th
    V_m = E_L if fired else V_m
{lines}
    return {inside}, np.uint8(fired)
"""
    return sl.NeuronModel(
        f"Cell with {inside}", ReadParameters, constants, function_from(text, "step", {"math": math, "np": np}),
        state={**dict.fromkeys(variables, "1"), "V_m": "mV"}, ports={"exc": "mV"}, currents=("exc",),
    )  # fmt: skip
