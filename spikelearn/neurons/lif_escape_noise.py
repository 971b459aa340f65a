"""Leaky integrate-and-fire neuron with delta input and escape noise (Gerstner & Kistler 2002, section 5.3).

tau_m dV_m/dt = -(V_m - E_L) + tau_m I / C_m, exactly. There is no sharp threshold: the neuron fires with the hazard
rho = rho_0 exp((V_m - V_th) / Delta_V), so in each step with probability 1 - exp(-rho dt), rho being that at the end of
the step. As Delta_V goes to 0 it becomes LIFDelta. With t_ref = 0 it is NEST's pp_psc_delta with dead_time = 0.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.neurons.membrane import leaky_membrane
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import EXACT, Properties
from spikelearn.units import Hz, duration, ms, mV, pA, pF


class EscapeNoiseLIFParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -70.0
    V_th: Annotated[mV, "potential at which the hazard is rho_0"] = -50.0
    V_reset: Annotated[mV, "potential after a spike"] = -70.0
    C_m: Annotated[pF, "capacitance"] = 250.0
    tau_m: Annotated[ms, "membrane time constant"] = 10.0
    t_ref: Annotated[duration, "absolute refractory period"] = 2.0
    rho_0: Annotated[Hz, "hazard at V_th"] = 1000.0
    Delta_V: Annotated[mV, "width of the hazard"] = 1.0
    I_e: Annotated[pA, "constant current"] = 0.0


def _constants(p: EscapeNoiseLIFParameters, dt: float) -> dict[str, Any]:
    return {"rho_0_dt": np.asarray(p.rho_0) * 1e-3 * dt, "Delta_V": p.Delta_V, **leaky_membrane(p, dt)}


@scalar
def event_probability(x):
    """1 - exp(-x), the probability of at least one event when x are expected."""
    return x - 0.5 * x * x if x < 1e-5 else 1.0 - exponential(-x)


@scalar
def escape_probability(distance, width, rate_dt):
    """1 - exp(-rho dt) at a distance above threshold. rate_dt: the hazard at threshold times dt."""
    return event_probability(rate_dt * exponential(distance / width))


@scalar
def escape_noise_lif_step(
    V_m, refractory, in_exc, I_exc, uniform,
    rho_0_dt, Delta_V, P_mm, P_mI, I_e, E_L, V_th, V_reset, n_ref,
):  # fmt: skip
    V = E_L + P_mm * (V_m - E_L) + P_mI * (I_exc + I_e) + in_exc
    held = refractory > 0.0
    V = V_m if held else V
    refractory = refractory - 1.0 if held else refractory
    fired = uniform < escape_probability(V - V_th, Delta_V, rho_0_dt) and not held
    V = V_reset if fired else V
    refractory = n_ref if fired else refractory
    return V, refractory, np.uint8(fired)


def hazard_not_negative(name: str, value: Any) -> str | None:
    """An error message if a rate is negative, else None."""
    return f"{name} must be at least 0 Hz, got {value} Hz" if np.any(np.asarray(value) < 0) else None


EscapeNoiseLIF = NeuronModel(
    "EscapeNoiseLIF",
    EscapeNoiseLIFParameters,
    _constants,
    escape_noise_lif_step,
    state={"V_m": "mV", "refractory": "1"},
    ports={"exc": "mV"},
    currents=("exc",),
    random=("uniform",),
    equations="dV_m/dt = (-(V_m - E_L) + tau_m * I_e / C_m) / tau_m : volt (unless refractory)",
    threshold="rand() < -expm1(-rho_0 * exp((V_m - V_th) / Delta_V) * dt)",
    reset="V_m = V_reset",
    arrivals={"exc": "V_m"},
    method="exact",
    check=lambda p: hazard_not_negative("rho_0", p.rho_0),
    properties=Properties(order=EXACT),
)
