"""Leaky integrators whose input is filtered by one synaptic current, in the words of NIR (Pedersen et al. 2024, Nat.
Commun. 15:8122, table 1): CubaLIF, which fires, and CubaLI, whose potential is read.

    tau_syn dI_syn/dt = -I_syn + w_in S,    tau_m dV_m/dt = E_L - V_m + R I_syn

S is what arrives at port exc plus the currents. It is held for a step: what arrives at the end of a step was there
throughout it, so that V_m answers in the step of the arrival. In LIF, an arrival moves I_syn at the end of the step,
and V_m from the next one on. With sequential = 0 a step is exact for such input; with 1, V_m takes the I_syn of the end
of a step throughout it, as programs do that compute one variable after the other. CubaLI emits a `rate` in every step,
an event that can carry its potential: `net.connect(readout, cells, on="rate", payload="V_m")`.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.membrane import current_propagator, decay, reset_below_threshold
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import EXACT, Properties
from spikelearn.units import ms, mV, number, pA, unit_named

Gohm = Annotated[float, unit_named("Gohm")]


class CubaLIParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -70.0
    R: Annotated[Gohm, "resistance"] = 0.04
    tau_m: Annotated[ms, "membrane time constant"] = 10.0
    tau_syn: Annotated[ms, "time constant of the synaptic current"] = 2.0
    w_in: Annotated[number, "weight of the input"] = 1.0
    I_e: Annotated[pA, "constant part of the input"] = 0.0
    sequential: Annotated[number, "1 if V_m takes I_syn as it is at the end of the step; 0: exact"] = 0.0


class CubaLIFParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -70.0
    V_th: Annotated[mV, "threshold"] = -55.0
    V_reset: Annotated[mV, "potential after a spike"] = -70.0
    R: Annotated[Gohm, "resistance"] = 0.04
    tau_m: Annotated[ms, "membrane time constant"] = 10.0
    tau_syn: Annotated[ms, "time constant of the synaptic current"] = 2.0
    w_in: Annotated[number, "weight of the input"] = 1.0
    I_e: Annotated[pA, "constant part of the input"] = 0.0
    sequential: Annotated[number, "1 if V_m takes I_syn as it is at the end of the step; 0: exact"] = 0.0


def _integrator(p: Any, dt: float) -> dict[str, Any]:
    """P_xy: y at the start of a step, or held during it, to x at its end; S: the input."""
    P_mm, P_ss = decay(p.tau_m, dt), decay(p.tau_syn, dt)
    exact = current_propagator(p.tau_m, p.tau_syn, p.tau_m, dt)
    share = np.where(np.asarray(p.sequential) > 0.0, (1.0 - P_mm) * P_ss, exact)
    return {
        "E_L": p.E_L,
        "P_mm": P_mm,
        "P_ms": p.R * share,
        "P_mS": p.R * (-np.expm1(-dt / np.asarray(p.tau_m)) - share) * p.w_in,
        "P_ss": P_ss,
        "P_sS": -np.expm1(-dt / np.asarray(p.tau_syn)) * p.w_in,
        "I_e": p.I_e,
    }


def _check_sequential(p: Any) -> str | None:
    if np.any((np.asarray(p.sequential) != 0.0) & (np.asarray(p.sequential) != 1.0)):
        return f"sequential must be 0 or 1, got {p.sequential}"
    return None


@scalar
def _advanced(V_m, I_syn, S, E_L, P_mm, P_ms, P_mS, P_ss, P_sS):
    return E_L + P_mm * (V_m - E_L) + P_ms * I_syn + P_mS * S, P_ss * I_syn + P_sS * S


@scalar
def cuba_li_step(V_m, I_syn, in_exc, I_exc, E_L, P_mm, P_ms, P_mS, P_ss, P_sS, I_e):
    V, I_syn = _advanced(V_m, I_syn, in_exc + I_exc + I_e, E_L, P_mm, P_ms, P_mS, P_ss, P_sS)
    return V, I_syn, np.uint8(16)


@scalar
def cuba_lif_step(V_m, I_syn, in_exc, I_exc, E_L, P_mm, P_ms, P_mS, P_ss, P_sS, I_e, V_th, V_reset):
    V, I_syn = _advanced(V_m, I_syn, in_exc + I_exc + I_e, E_L, P_mm, P_ms, P_mS, P_ss, P_sS)
    fired = V >= V_th
    return V_reset if fired else V, I_syn, np.uint8(fired)


@scalar
def cuba_lif_margin(V_m, I_syn, in_exc, I_exc, E_L, P_mm, P_ms, P_mS, P_ss, P_sS, I_e, V_th, V_reset):
    V, _ = _advanced(V_m, I_syn, in_exc + I_exc + I_e, E_L, P_mm, P_ms, P_mS, P_ss, P_sS)
    return V - V_th


CubaLI = NeuronModel(
    "CubaLI",
    CubaLIParameters,
    _integrator,
    cuba_li_step,
    state={"V_m": "mV", "I_syn": "pA"},
    ports={"exc": "pA"},
    currents=("exc",),
    kinds=("rate",),
    check=_check_sequential,
    properties=Properties(order=EXACT),
)

CubaLIF = NeuronModel(
    "CubaLIF",
    CubaLIFParameters,
    lambda p, dt: _integrator(p, dt) | {"V_th": p.V_th, "V_reset": p.V_reset},
    cuba_lif_step,
    state={"V_m": "mV", "I_syn": "pA"},
    ports={"exc": "pA"},
    currents=("exc",),
    check=lambda p: _check_sequential(p) or reset_below_threshold(p),
    margin=cuba_lif_margin,
    properties=Properties(order=EXACT, firing={"w_in": 20.0}),
)
