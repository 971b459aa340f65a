"""Binary unit of a Helmholtz machine, with a recognition and a generative input (Hinton, Dayan, Frey & Neal 1995,
Science 268:1158).

Recognition weights arrive at the basal dendrite, generative ones at the apical dendrite. In each step both say with
what probability the unit should be on,

    p_basal = sigma(basal input),    p_apical = sigma(apical input),    sigma(x) = 1/(1 + exp(-x)).

The state z, 0 or 1, is drawn with p_basal in steps in which the unit is awake (a positive current of name `wake`), with
p_apical in those in which it is asleep (`sleep`), and otherwise stays as it is; what is learned from are z - p_apical
and z - p_basal. It emits a `rate` in every step, an event that can carry z: `net.connect(..., on="rate", payload="z")`.
Input takes effect in the step in which it arrives, and in this one only. A current of 1 pA is an input of 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.neurons.model import NeuronModel


class HelmholtzUnitParameters(NamedTuple):
    pass


@scalar
def helmholtz_unit_step(z, p_basal, p_apical, in_basal, in_apical, I_basal, I_apical, I_wake, I_sleep, uniform):
    p_basal = 1.0 / (1.0 + exponential(-(in_basal + I_basal)))
    p_apical = 1.0 / (1.0 + exponential(-(in_apical + I_apical)))
    p = p_basal if I_wake > 0.0 else p_apical
    drawn = 1.0 if uniform < p else 0.0
    z = drawn if I_wake > 0.0 or I_sleep > 0.0 else z
    return z, p_basal, p_apical, np.uint8(16)


HelmholtzUnit = NeuronModel(
    "HelmholtzUnit",
    HelmholtzUnitParameters,
    lambda p, dt: {},
    helmholtz_unit_step,
    state={"z": "1", "p_basal": "1", "p_apical": "1"},
    ports={"basal": "1", "apical": "1"},
    currents=("basal", "apical", "wake", "sleep"),
    random=("uniform",),
    initial=lambda p: {},
    kinds=("rate",),
)
