"""e-prop for neurons whose thresholds adapt on two time scales (ours, after Bellec et al. 2020, Nat. Commun. 11:3625).

As EProp, for LIFTwoAdaptations: the threshold is A = V_th + beta_1 a_1 + beta_2 a_2, and a synapse has an eligibility
for each adaptation. A spike adds to both as much as it is owed to the weight, so that in each step

    e = psi (eps_v - beta_1 eps_1 - beta_2 eps_2),
    eps_k <- rho_k eps_k + e,       rho_k = exp(-dt/tau_k),  k = 1, 2,
    e_bar <- kappa e_bar + e,       kappa = exp(-dt/tau_out),
    w' = -eta L e_bar.

With one adaptation the second line is that of EProp, psi eps_v + (rho - beta psi) eps_a. The eligibility of an input
lasts as long as the slower of both.
"""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.step_rule import StepRule
from spikelearn.units import ms, number, weight


class EPropTwoAdaptationsParameters(NamedTuple):
    eta: Annotated[number, "learning rate, per ms"] = 1e-3
    beta_1: Annotated[number, "by how much a fast adaptation of 1 raises the threshold"] = 0.1
    beta_2: Annotated[number, "by how much a slow adaptation of 1 raises the threshold"] = 0.1
    tau_m: Annotated[ms, "time constant of the target's potential"] = 20.0
    tau_1: Annotated[ms, "time constant of its fast adaptation"] = 200.0
    tau_2: Annotated[ms, "time constant of its slow adaptation"] = 2000.0
    tau_out: Annotated[ms, "time constant of the readout"] = 20.0
    W_min: Annotated[weight, "smallest weight"] = -10.0
    W_max: Annotated[weight, "largest weight"] = 10.0


def constants(p: EPropTwoAdaptationsParameters, dt: float) -> dict[str, float]:
    return {
        "rate": p.eta * dt,
        "beta_1": p.beta_1,
        "beta_2": p.beta_2,
        "rho_1": math.exp(-dt / p.tau_1),
        "rho_2": math.exp(-dt / p.tau_2),
        "kappa": math.exp(-dt / p.tau_out),
    }


@scalar
def step(weight, eps_1, eps_2, e_bar, eps_v, psi, L, rate, beta_1, beta_2, rho_1, rho_2, kappa):
    e = psi * (eps_v - beta_1 * eps_1 - beta_2 * eps_2)
    eps_1 = rho_1 * eps_1 + e
    eps_2 = rho_2 * eps_2 + e
    e_bar = kappa * e_bar + e
    return weight - rate * L * e_bar, eps_1, eps_2, e_bar


EPropTwoAdaptations = StepRule(
    "EPropTwoAdaptations",
    EPropTwoAdaptationsParameters,
    step,
    constants,
    pre=(Trace("eps_v", "tau_m"),),
    reads={"psi": "psi", "L": "apical"},
    state=("eps_1", "eps_2", "e_bar"),
    state_goes_on=True,
    equations="""
    e = psi*(eps_v - beta_1*eps_1 - beta_2*eps_2)
    eps_1 = exp(-dt/tau_1)*eps_1 + e
    eps_2 = exp(-dt/tau_2)*eps_2 + e
    e_bar = exp(-dt/tau_out)*e_bar + e
    w = clip(w - eta*dt*L*e_bar, W_min, W_max)
    """,
)
