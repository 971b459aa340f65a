"""NMDA receptors: a conductance that rises and decays exponentially, with the magnesium block of Jahr & Stevens 1990.

I = x (E - V) / (1 + [Mg]/3.57 exp(-0.062 V)). The block is instantaneous, and arrivals sum; the synapse NMDA() instead
has a gate for each source, which saturates.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.neurons.receptors.beta import BetaConductance, beta_constants
from spikelearn.units import ms, mV, number


class NMDAConductanceParameters(NamedTuple):
    E: Annotated[mV, "reversal potential"] = 0.0
    tau_rise: Annotated[ms, "time constant of the rise"] = 2.0
    tau_decay: Annotated[ms, "time constant of the decay"] = 100.0
    conc_Mg2: Annotated[number, "extracellular magnesium concentration, mM"] = 1.0


def _constants(p: Any, dt: float) -> dict[str, Any]:
    return {**beta_constants(p, dt), "E": p.E, "block": np.asarray(p.conc_Mg2) / 3.57}


@scalar
def unblocked(V, block):
    """The fraction of NMDA conductance not blocked by magnesium (Jahr & Stevens 1990); block: [Mg] / 3.57 mM."""
    return 1.0 / (1.0 + block * exponential(-0.062 * V))


NMDAConductance = replace(
    BetaConductance,
    name="NMDAConductance",
    Parameters=NMDAConductanceParameters,
    constants=_constants,
    current="x * (E - V) / (1 + conc_Mg2 / 3.57 * exp(-0.062 * V / mV))",
    open_fraction=unblocked,
    nest={},
)
