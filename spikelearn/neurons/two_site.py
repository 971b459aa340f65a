"""Neurons with two sites of integration (Körding & König 2001, J. Comput. Neurosci. 11:207; Neural Comput. 13:2823).

Input to the basal dendrite drives the soma; input to the apical dendrite instructs learning and hardly drives the soma.

TwoSiteRate: values in place of spikes. In each step A = f(basal input), f(x) = 1/(1 + exp(-x)), and
D = f'(basal input) times apical input; for a cell that is taught, D also includes t - A, t its apical current. With a
longer time constant tau_m both follow these values, with f' = A (1 - A), so that circuits with loops settle. It emits
a `rate` in every step, an event that carries A upwards and D downwards (`net.connect(..., payload="A")`). A current of
1 pA is an input of 1.

TwoSite: a leaky integrate-and-fire soma as in LIFDelta, whose threshold is V_th + theta with theta' = theta_plus (S -
rate), S its spikes, so that its long-term rate is `rate`; and an apical dendrite U' = -U/tau_apical, where a weight is
a jump. A spike with U >= theta_apical triggers a calcium spike, a `plateau`; the state `calcium` is then 1, else 0.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.exponential import exponential
from spikelearn.neurons.membrane import leaky_membrane
from spikelearn.neurons.model import NeuronModel
from spikelearn.units import Hz, duration, ms, mV, number, pA, pF


class TwoSiteRateParameters(NamedTuple):
    teaching: Annotated[number, "1 if the cell is taught (error t - A), else 0"] = 0.0
    tau_m: Annotated[ms, "time constant with which A and D follow; so short that cells have no memory"] = 1e-3


def _rate_constants(p: TwoSiteRateParameters, dt: float) -> dict[str, Any]:
    return {"teaching": p.teaching, "kappa": np.exp(-dt / np.asarray(p.tau_m)) + 0.0}


@scalar
def two_site_rate_step(A, D, in_basal, in_apical, I_basal, I_apical, teaching, kappa):
    """By default input of this step takes effect in this step only."""
    A = kappa * A + (1.0 - kappa) / (1.0 + exponential(-(in_basal + I_basal)))
    D = kappa * D + (1.0 - kappa) * (A * (1.0 - A) * in_apical + teaching * (I_apical - A))
    return A, D, np.uint8(16)


TwoSiteRate = NeuronModel(
    "TwoSiteRate",
    TwoSiteRateParameters,
    _rate_constants,
    two_site_rate_step,
    state={"A": "1", "D": "1"},
    ports={"basal": "1", "apical": "1"},
    currents=("basal", "apical"),
    initial=lambda p: {"A": 0.5},
    kinds=("rate",),
    time_constants=lambda p: {},
)


class TwoSiteParameters(NamedTuple):
    E_L: Annotated[mV, "leak reversal potential"] = -70.0
    V_th: Annotated[mV, "threshold at rest"] = -55.0
    V_reset: Annotated[mV, "potential after a spike"] = -70.0
    C_m: Annotated[pF, "capacitance"] = 250.0
    tau_m: Annotated[ms, "membrane time constant"] = 10.0
    t_ref: Annotated[duration, "absolute refractory period"] = 2.0
    theta_plus: Annotated[mV, "step of the threshold at a spike"] = 0.0
    rate: Annotated[Hz, "rate at which the mean threshold is constant"] = 5.0
    tau_apical: Annotated[ms, "time constant of the apical dendrite"] = 20.0
    theta_apical: Annotated[mV, "apical depolarisation from which a spike triggers a calcium spike"] = 10.0
    I_e: Annotated[pA, "constant current"] = 0.0


def _constants(p: TwoSiteParameters, dt: float) -> dict[str, Any]:
    return {
        "theta_plus": p.theta_plus,
        "theta_minus": 1e-3 * dt * np.asarray(p.rate) * p.theta_plus,
        "P_apical": np.exp(-dt / np.asarray(p.tau_apical)) + 0.0,
        "theta_apical": p.theta_apical,
        **leaky_membrane(p, dt),
    }


@scalar
def two_site_step(
    V_m, refractory, theta, U, calcium, in_basal, in_apical, I_basal,
    theta_plus, theta_minus, P_apical, theta_apical, P_mm, P_mI, I_e, E_L, V_th, V_reset, n_ref,
):  # fmt: skip
    V = E_L + P_mm * (V_m - E_L) + P_mI * (I_basal + I_e) + in_basal
    held = refractory > 0.0
    V = V_m if held else V
    refractory = refractory - 1.0 if held else refractory
    theta = theta - theta_minus
    U = P_apical * U + in_apical
    fired = V >= V_th + theta
    plateau = fired and U >= theta_apical
    V = V_reset if fired else V
    refractory = n_ref if fired else refractory
    theta = theta + theta_plus if fired else theta
    calcium = 1.0 if plateau else 0.0
    return V, refractory, theta, U, calcium, np.uint8(fired) + np.uint8(2) * np.uint8(plateau)


TwoSite = NeuronModel(
    "TwoSite",
    TwoSiteParameters,
    _constants,
    two_site_step,
    state={"V_m": "mV", "refractory": "1", "theta": "mV", "U": "mV", "calcium": "1"},
    ports={"basal": "mV", "apical": "mV"},
    currents=("basal",),
    kinds=("spike", "plateau"),
    margin="V_m - (V_th + theta)",
)
