"""Spike response neuron with escape noise, SRM0 (Gerstner & Kistler 2002, sections 4.2 and 5.3).

V_m = E_L + h + eta, h' = -h/tau_m + I/C_m, a weight is a jump of h; eta jumps by -eta_0 at a spike and decays with
tau_eta. The neuron fires with the hazard rho = rho_0 exp((V_m - V_th)/Delta_V), so in a step with probability
1 - exp(-rho dt), rho at the end of the step. Unlike a reset, a spike does not erase earlier input: V_m is linear in the
weights whatever the neuron did, which makes the gradient of its likelihood exact (PolicyGradient).
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.neurons.lif_escape_noise import event_probability, hazard_not_negative
from spikelearn.neurons.membrane import refractory_steps
from spikelearn.neurons.model import NeuronModel
from spikelearn.units import Hz, duration, ms, mV, pA, pF

_LARGEST_EXPONENT = 600.0


class SRM0Parameters(NamedTuple):
    E_L: Annotated[mV, "potential without input"] = -70.0
    V_th: Annotated[mV, "potential at which the hazard is rho_0"] = -50.0
    C_m: Annotated[pF, "capacitance"] = 250.0
    tau_m: Annotated[ms, "membrane time constant"] = 10.0
    eta_0: Annotated[mV, "step down of the potential at a spike"] = 15.0
    tau_eta: Annotated[ms, "time constant of its recovery"] = 10.0
    t_ref: Annotated[duration, "absolute refractory period, in which the hazard is 0"] = 0.0
    rho_0: Annotated[Hz, "hazard at V_th"] = 1000.0
    Delta_V: Annotated[mV, "width of the hazard"] = 1.0
    I_e: Annotated[pA, "constant current"] = 0.0


def _constants(p: SRM0Parameters, dt: float) -> dict[str, Any]:
    tau_m = np.asarray(p.tau_m, float)
    return {
        "E_L": p.E_L,
        "V_th": p.V_th,
        "P_mm": np.exp(-dt / tau_m) + 0.0,
        "P_mI": -np.expm1(-dt / tau_m) * tau_m / p.C_m,
        "eta_0": p.eta_0,
        "P_eta": np.exp(-dt / np.asarray(p.tau_eta)) + 0.0,
        "n_ref": refractory_steps(p.t_ref, dt),
        "rho_0": p.rho_0,
        "Delta_V": p.Delta_V,
        "I_e": p.I_e,
        "dt": dt,
    }


@scalar
def srm0_step(
    V_m, h, eta, rho, refractory, in_exc, I_exc, uniform,
    E_L, V_th, P_mm, P_mI, eta_0, P_eta, n_ref, rho_0, Delta_V, I_e, dt,
):  # fmt: skip
    """Exact. V_m and rho are those from which the spike of this step was drawn."""
    h = P_mm * h + P_mI * (I_exc + I_e) + in_exc
    eta = P_eta * eta
    V_m = E_L + h + eta
    held = refractory > 0.0
    rho = rho_0 * exponential(min((V_m - V_th) / Delta_V, _LARGEST_EXPONENT))
    rho = 0.0 if held else rho
    refractory = refractory - 1.0 if held else refractory
    fired = uniform < event_probability(1e-3 * rho * dt)
    eta = eta - eta_0 if fired else eta
    refractory = n_ref if fired else refractory
    return V_m, h, eta, rho, refractory, np.uint8(fired)


SRM0 = NeuronModel(
    "SRM0",
    SRM0Parameters,
    _constants,
    srm0_step,
    state={"V_m": "mV", "h": "mV", "eta": "mV", "rho": "Hz", "refractory": "1"},
    ports={"exc": "mV"},
    currents=("exc",),
    random=("uniform",),
    check=lambda p: hazard_not_negative("rho_0", p.rho_0),
)
