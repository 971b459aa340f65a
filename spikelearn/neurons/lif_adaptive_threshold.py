"""Leaky integrate-and-fire neurons whose threshold jumps at each spike and decays with two time constants, exactly.

tau_m dV_m/dt = -(V_m - E_L) + tau_m I / C_m. The neuron spikes when V_m >= V_th + theta_1 + theta_2; then
theta_k += alpha_k, and between spikes theta_k decays with tau_k. MAT2 is the multi-timescale adaptive threshold model
of Kobayashi, Tsubo & Shinomoto 2009, NEST's mat2_psc_exp: a spike does not change V_m. LIFAdaptiveThreshold sets V_m to
V_reset and holds it there for t_ref.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.nest_mapping import NestNeuron, NestPort
from spikelearn.neurons.membrane import current_propagator, leaky_membrane, refractory_steps, reset_below_threshold
from spikelearn.neurons.model import NeuronModel
from spikelearn.neurons.properties import EXACT, Properties
from spikelearn.units import duration, ms, mV, pA, pF


class MAT2Parameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -70.0
    V_th: Annotated[mV, "threshold of a neuron that has not fired; NEST's omega"] = -51.0
    C_m: Annotated[pF, "capacitance"] = 100.0
    tau_m: Annotated[ms, "membrane time constant"] = 5.0
    t_ref: Annotated[duration, "time after a spike during which it does not fire; V_m is not held"] = 2.0
    alpha_1: Annotated[mV, "jump of the threshold's first part"] = 37.0
    alpha_2: Annotated[mV, "jump of its second part"] = 2.0
    tau_1: Annotated[ms, "time constant of the first part"] = 10.0
    tau_2: Annotated[ms, "time constant of the second part"] = 200.0
    tau_syn_exc: Annotated[ms, "time constant of currents through port exc"] = 1.0
    tau_syn_inh: Annotated[ms, "time constant of currents through port inh"] = 3.0
    I_e: Annotated[pA, "constant current"] = 0.0


class LIFAdaptiveThresholdParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -70.0
    V_th: Annotated[mV, "threshold of a neuron that has not fired"] = -55.0
    V_reset: Annotated[mV, "potential after a spike"] = -70.0
    C_m: Annotated[pF, "capacitance"] = 250.0
    tau_m: Annotated[ms, "membrane time constant"] = 10.0
    t_ref: Annotated[duration, "absolute refractory period"] = 2.0
    alpha_1: Annotated[mV, "jump of the threshold's first part"] = 5.0
    alpha_2: Annotated[mV, "jump of its second part"] = 0.0
    tau_1: Annotated[ms, "time constant of the first part"] = 100.0
    tau_2: Annotated[ms, "time constant of the second part"] = 1000.0
    tau_syn_exc: Annotated[ms, "time constant of currents through port exc"] = 2.0
    tau_syn_inh: Annotated[ms, "time constant of currents through port inh"] = 2.0
    I_e: Annotated[pA, "constant current"] = 0.0


def _linear(p: Any, dt: float) -> dict[str, Any]:
    return {
        "P_exc": np.exp(-dt / np.asarray(p.tau_syn_exc)) + 0.0,
        "P_inh": np.exp(-dt / np.asarray(p.tau_syn_inh)) + 0.0,
        "P_mexc": current_propagator(p.tau_m, p.tau_syn_exc, p.C_m, dt),
        "P_minh": current_propagator(p.tau_m, p.tau_syn_inh, p.C_m, dt),
        "P_1": np.exp(-dt / np.asarray(p.tau_1)) + 0.0,
        "P_2": np.exp(-dt / np.asarray(p.tau_2)) + 0.0,
        "alpha_1": p.alpha_1,
        "alpha_2": p.alpha_2,
    }


def _mat2_constants(p: MAT2Parameters, dt: float) -> dict[str, Any]:
    tau_m = np.asarray(p.tau_m, float)
    return _linear(p, dt) | {
        "P_mm": np.exp(-dt / tau_m) + 0.0,
        "P_mI": -np.expm1(-dt / tau_m) * tau_m / p.C_m,
        "I_e": p.I_e,
        "E_L": p.E_L,
        "V_th": p.V_th,
        "n_ref": refractory_steps(p.t_ref, dt),
    }


def _adaptive_threshold_constants(p: LIFAdaptiveThresholdParameters, dt: float) -> dict[str, Any]:
    return _linear(p, dt) | leaky_membrane(p, dt)


@scalar
def mat2_step(
    V_m, refractory, theta_1, theta_2, I_syn_exc, I_syn_inh, in_exc, in_inh, I_exc,
    P_exc, P_inh, P_mexc, P_minh, P_1, P_2, alpha_1, alpha_2, P_mm, P_mI, I_e, E_L, V_th, n_ref,
):  # fmt: skip
    V = E_L + P_mm * (V_m - E_L) + P_mexc * I_syn_exc + P_minh * I_syn_inh + P_mI * (I_exc + I_e)
    theta_1 = P_1 * theta_1
    theta_2 = P_2 * theta_2
    silent = refractory > 0.0
    refractory = refractory - 1.0 if silent else refractory
    I_syn_exc = P_exc * I_syn_exc + in_exc
    I_syn_inh = P_inh * I_syn_inh + in_inh
    fired = V >= V_th + theta_1 + theta_2 and not silent
    theta_1 = theta_1 + alpha_1 if fired else theta_1
    theta_2 = theta_2 + alpha_2 if fired else theta_2
    refractory = n_ref if fired else refractory
    return V, refractory, theta_1, theta_2, I_syn_exc, I_syn_inh, np.uint8(fired)


@scalar
def lif_adaptive_threshold_step(
    V_m, refractory, theta_1, theta_2, I_syn_exc, I_syn_inh, in_exc, in_inh, I_exc,
    P_exc, P_inh, P_mexc, P_minh, P_1, P_2, alpha_1, alpha_2, P_mm, P_mI, I_e, E_L, V_th, V_reset, n_ref,
):  # fmt: skip
    V = E_L + P_mm * (V_m - E_L) + P_mexc * I_syn_exc + P_minh * I_syn_inh + P_mI * (I_exc + I_e)
    theta_1 = P_1 * theta_1
    theta_2 = P_2 * theta_2
    held = refractory > 0.0
    V = V_m if held else V
    refractory = refractory - 1.0 if held else refractory
    I_syn_exc = P_exc * I_syn_exc + in_exc
    I_syn_inh = P_inh * I_syn_inh + in_inh
    fired = V >= V_th + theta_1 + theta_2 and not held
    V = V_reset if fired else V
    theta_1 = theta_1 + alpha_1 if fired else theta_1
    theta_2 = theta_2 + alpha_2 if fired else theta_2
    refractory = n_ref if fired else refractory
    return V, refractory, theta_1, theta_2, I_syn_exc, I_syn_inh, np.uint8(fired)


_STATE = {"V_m": "mV", "refractory": "1", "theta_1": "mV", "theta_2": "mV", "I_syn_exc": "pA", "I_syn_inh": "pA"}
_EQUATIONS = """
dV_m/dt = -(V_m - E_L) / tau_m + (I_syn_exc + I_syn_inh + I_e) / C_m : volt{flag}
dtheta_1/dt = -theta_1 / tau_1 : volt
dtheta_2/dt = -theta_2 / tau_2 : volt
dI_syn_exc/dt = -I_syn_exc / tau_syn_exc : amp
dI_syn_inh/dt = -I_syn_inh / tau_syn_inh : amp
"""

MAT2 = NeuronModel(
    "MAT2",
    MAT2Parameters,
    _mat2_constants,
    mat2_step,
    state=_STATE,
    ports={"exc": "pA", "inh": "pA"},
    currents=("exc",),
    equations=_EQUATIONS.format(flag=""),
    threshold="V_m >= V_th + theta_1 + theta_2",
    reset="theta_1 += alpha_1; theta_2 += alpha_2",
    added_to={"exc": "I_syn_exc", "inh": "I_syn_inh"},
    arrivals={"exc": "I_syn_exc", "inh": "I_syn_inh"},
    method="exact",
    nest=NestNeuron(
        "mat2_psc_exp",
        {"V_th": "omega", "tau_syn_exc": "tau_syn_ex", "tau_syn_inh": "tau_syn_in"},
        ports={"exc": NestPort(sign=1), "inh": NestPort(sign=-1)},
        alike=("tau_syn_exc", "tau_syn_inh"),
        rest=lambda p: {"V_m": p.E_L, "omega": np.asarray(p.V_th) * 0.0 + 1e6},
    ),
    margin="V_m - (V_th + theta_1 + theta_2)",
    properties=Properties(order=EXACT),
)

LIFAdaptiveThreshold = NeuronModel(
    "LIFAdaptiveThreshold",
    LIFAdaptiveThresholdParameters,
    _adaptive_threshold_constants,
    lif_adaptive_threshold_step,
    state=_STATE,
    ports={"exc": "pA", "inh": "pA"},
    currents=("exc",),
    equations=_EQUATIONS.format(flag=" (unless refractory)"),
    threshold="V_m >= V_th + theta_1 + theta_2",
    reset="V_m = V_reset; theta_1 += alpha_1; theta_2 += alpha_2",
    added_to={"exc": "I_syn_exc", "inh": "I_syn_inh"},
    arrivals={"exc": "I_syn_exc", "inh": "I_syn_inh"},
    method="exact",
    check=reset_below_threshold,
    margin="V_m - (V_th + theta_1 + theta_2)",
    properties=Properties(order=EXACT),
)
