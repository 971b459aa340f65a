"""Leaky integrate-and-fire neuron with currents that rise and decay exponentially, integrated exactly.

tau_m dV_m/dt = -(V_m - E_L) + tau_m I / C_m; each input adds k weight (exp(-t/tau_decay) - exp(-t/tau_rise)) to I, with
k chosen so that the weight is the peak current, as in NEST's beta functions (iaf_cond_beta). Rotter & Diesmann 1999;
the order within a step is that of LIF.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.neurons.lif import LIFAlpha
from spikelearn.neurons.membrane import (
    cascade_propagator,
    current_propagator,
    leaky_membrane,
    peak_factor,
    reset_below_threshold,
)
from spikelearn.neurons.properties import EXACT, Properties
from spikelearn.units import duration, ms, mV, pA, pF


class LIFDoubleExponentialParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -70.0
    V_th: Annotated[mV, "threshold"] = -55.0
    V_reset: Annotated[mV, "potential after a spike"] = -70.0
    C_m: Annotated[pF, "capacitance"] = 250.0
    tau_m: Annotated[ms, "membrane time constant"] = 10.0
    t_ref: Annotated[duration, "absolute refractory period"] = 2.0
    tau_rise_exc: Annotated[ms, "time constant with which currents through port exc rise"] = 0.5
    tau_decay_exc: Annotated[ms, "time constant with which they decay"] = 2.0
    tau_rise_inh: Annotated[ms, "time constant with which currents through port inh rise"] = 0.5
    tau_decay_inh: Annotated[ms, "time constant with which they decay"] = 5.0
    I_e: Annotated[pA, "constant current"] = 0.0


def _constants(p: LIFDoubleExponentialParameters, dt: float) -> dict[str, Any]:
    constants: dict[str, Any] = {}
    for port, rise, decay in (("exc", p.tau_rise_exc, p.tau_decay_exc), ("inh", p.tau_rise_inh, p.tau_decay_inh)):
        constants |= {
            f"P_rise_{port}": np.exp(-dt / np.asarray(rise)) + 0.0,
            f"P_decay_{port}": np.exp(-dt / np.asarray(decay)) + 0.0,
            f"P_Id_{port}": current_propagator(decay, rise, 1.0, dt),
            f"P_mI_{port}": current_propagator(p.tau_m, decay, p.C_m, dt),
            f"P_md_{port}": cascade_propagator(p.tau_m, decay, rise, dt) / p.C_m,
            f"factor_{port}": peak_factor(rise, decay),
        }
    return constants | leaky_membrane(p, dt)


@scalar
def lif_double_exponential_step(
    V_m, refractory, I_syn_exc, dI_syn_exc, I_syn_inh, dI_syn_inh, in_exc, in_inh, I_exc,
    P_rise_exc, P_decay_exc, P_Id_exc, P_mI_exc, P_md_exc, factor_exc,
    P_rise_inh, P_decay_inh, P_Id_inh, P_mI_inh, P_md_inh, factor_inh,
    P_mm, P_mI, I_e, E_L, V_th, V_reset, n_ref,
):  # fmt: skip
    V = E_L + P_mm * (V_m - E_L) + P_mI * (I_exc + I_e)
    V += P_mI_exc * I_syn_exc + P_md_exc * dI_syn_exc + P_mI_inh * I_syn_inh + P_md_inh * dI_syn_inh
    held = refractory > 0.0
    V = V_m if held else V
    refractory = refractory - 1.0 if held else refractory
    I_syn_exc = P_decay_exc * I_syn_exc + P_Id_exc * dI_syn_exc
    I_syn_inh = P_decay_inh * I_syn_inh + P_Id_inh * dI_syn_inh
    dI_syn_exc = P_rise_exc * dI_syn_exc + factor_exc * in_exc
    dI_syn_inh = P_rise_inh * dI_syn_inh + factor_inh * in_inh
    fired = V >= V_th
    V = V_reset if fired else V
    refractory = n_ref if fired else refractory
    return V, refractory, I_syn_exc, dI_syn_exc, I_syn_inh, dI_syn_inh, np.uint8(fired)


def _check(p: LIFDoubleExponentialParameters) -> str | None:
    for port, rise, decay in (("exc", p.tau_rise_exc, p.tau_decay_exc), ("inh", p.tau_rise_inh, p.tau_decay_inh)):
        if np.any(np.asarray(rise) > np.asarray(decay)):
            return (
                f"tau_rise_{port} must not exceed tau_decay_{port}, got tau_rise_{port} {rise} ms "
                f"and tau_decay_{port} {decay} ms"
            )
    return reset_below_threshold(p)


_FACTOR = "(tau_decay_{0} / tau_rise_{0})**(tau_decay_{0} / (tau_decay_{0} - tau_rise_{0})) / tau_decay_{0}"

LIFDoubleExponential = replace(
    LIFAlpha,
    name="LIFDoubleExponential",
    Parameters=LIFDoubleExponentialParameters,
    constants=_constants,
    step=lif_double_exponential_step,
    equations="""
    dV_m/dt = -(V_m - E_L) / tau_m + (I_syn_exc + I_syn_inh + I_e) / C_m : volt (unless refractory)
    dI_syn_exc/dt = dI_syn_exc - I_syn_exc / tau_decay_exc : amp
    ddI_syn_exc/dt = -dI_syn_exc / tau_rise_exc : amp/second
    dI_syn_inh/dt = dI_syn_inh - I_syn_inh / tau_decay_inh : amp
    ddI_syn_inh/dt = -dI_syn_inh / tau_rise_inh : amp/second
    """,
    arrivals={port: f"dI_syn_{port} += {_FACTOR.format(port)} * weight" for port in ("exc", "inh")},
    check=_check,
    nest=None,
    closed_form=None,
    properties=Properties(order=EXACT),
)
