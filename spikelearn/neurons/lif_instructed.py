"""Leaky integrate-and-fire neuron that stores instructions and carries them out while it is active.

A hypothesis, consistent with Pastuzyn et al. 2018 (Cell 172:275) and Ashley et al. 2018 (Cell 172:262). Input through
the port `instruction` is added to m, a stored message that is read while the neuron is active:

    m' = -m/tau_message - k m,  p' = k m - p/tau_p,  k = k_active until t_active after a spike, else 0,

where p is the protein produced. Each time its integral has grown by `packet`, the neuron emits an `instruction` to its
own synapses: a rule that learns from this kind sees the integral of p in equal parts (InverseTagging). The membrane is
that of LIFDelta.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.membrane import leaky_membrane
from spikelearn.neurons.model import NeuronModel
from spikelearn.units import Hz, duration, ms, mV, pA, pF


class LIFInstructedParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -70.0
    V_th: Annotated[mV, "threshold"] = -55.0
    V_reset: Annotated[mV, "potential after a spike"] = -70.0
    C_m: Annotated[pF, "capacitance"] = 250.0
    tau_m: Annotated[ms, "membrane time constant"] = 10.0
    t_ref: Annotated[duration, "absolute refractory period"] = 2.0
    tau_message: Annotated[ms, "time constant with which an unread message decays"] = 3600e3
    k_active: Annotated[Hz, "rate at which a message is read while the neuron is active"] = 0.02
    tau_p: Annotated[ms, "time constant of the protein"] = 300e3
    t_active: Annotated[duration, "time after a spike during which the neuron is active"] = 1000.0
    packet: Annotated[ms, "integral of p between two instructions to its synapses"] = 100.0
    I_e: Annotated[pA, "constant current"] = 0.0


def _constants(p: LIFInstructedParameters, dt: float) -> dict[str, Any]:
    idle, protein = 1.0 / np.asarray(p.tau_message, float), 1.0 / np.asarray(p.tau_p, float)
    k = 1e-3 * np.asarray(p.k_active, float)
    return {
        "P_idle": np.exp(-dt * idle) + 0.0,
        "P_read": np.exp(-dt * (idle + k)) + 0.0,
        "P_p": np.exp(-dt * protein) + 0.0,
        "made": k * dt * np.exp(-dt * (idle + k)) * _mean_growth(dt * (idle + k - protein)),
        "n_active": np.floor(np.asarray(p.t_active) / dt + 0.5),
        "packet": p.packet,
        "half_dt": 0.5 * dt,
        **leaky_membrane(p, dt),
    }


def _mean_growth(x: Any) -> Any:
    """(exp(x) - 1) / x."""
    small = np.abs(x) < 1e-8
    safe = np.where(small, 1.0, x)
    return np.where(small, 1.0 + 0.5 * x, np.expm1(safe) / safe)


@scalar
def lif_instructed_step(
    V_m, refractory, m, p, active, waiting, in_exc, in_instruction, I_exc,
    P_idle, P_read, P_p, made, n_active, packet, half_dt, P_mm, P_mI, I_e, E_L, V_th, V_reset, n_ref,
):  # fmt: skip
    """Exact except for the integral of p (trapezoidal rule). active: steps for which the neuron remains active."""
    V = E_L + P_mm * (V_m - E_L) + P_mI * (I_exc + I_e) + in_exc
    held = refractory > 0.0
    V = V_m if held else V
    refractory = refractory - 1.0 if held else refractory
    fired = V >= V_th
    V = V_reset if fired else V
    refractory = n_ref if fired else refractory
    reading = active > 0.0
    p_new = P_p * p + (made if reading else 0.0) * m
    m = (P_read if reading else P_idle) * m + in_instruction
    waiting = waiting + half_dt * (p + p_new)
    due = waiting >= packet
    waiting = waiting - packet if due else waiting
    active = n_active if fired else (active - 1.0 if reading else 0.0)
    return V, refractory, m, p_new, active, waiting, np.uint8(fired) + np.uint8(32) * np.uint8(due)


LIFInstructed = NeuronModel(
    "LIFInstructed",
    LIFInstructedParameters,
    _constants,
    lif_instructed_step,
    state={"V_m": "mV", "refractory": "1", "m": "1", "p": "1", "active": "1", "waiting": "ms"},
    ports={"exc": "mV", "instruction": "1"},
    currents=("exc",),
    kinds=("spike", "instruction"),
    margin="V_m - V_th",
)
