"""e-prop for neurons with adaptive thresholds (Bellec et al. 2020, Nature Communications 11:3625).

The eligibility of a synapse is what the spikes of its target owe to its weight, along the target's own past: the
potential v = sum of eps_v w, and the adaptation a of the threshold A = V_th + beta a, which grows by 1 at a spike. With
psi, the pseudo-derivative of a spike by the potential, in each step

    e = psi (eps_v - beta eps_a),
    eps_a <- psi eps_v + (rho - beta psi) eps_a,    rho = exp(-dt/tau_a),
    e_bar <- kappa e_bar + e,                       kappa = exp(-dt/tau_out),
    w' = -eta L e_bar.

eps_v is the trace of arrivals with the time constant of the potential, e_bar passes the filter of the readout, and L is
the learning signal that the target receives: the sum of the errors, weighted. psi and L are state variables of the
target, psi and apical as in LIFSoftReset. With beta = 0 a neuron does not adapt. Without the recursion of eps_a, in
which psi is a factor, this would be a SignalRule.
"""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.plasticity.rule import Trace
from spikelearn.plasticity.step_rule import StepRule
from spikelearn.units import ms, number, weight


class EPropParameters(NamedTuple):
    eta: Annotated[number, "learning rate, per ms"] = 1e-3
    beta: Annotated[number, "by how much an adaptation of 1 raises the threshold"] = 0.1
    tau_m: Annotated[ms, "time constant of the target's potential"] = 20.0
    tau_a: Annotated[ms, "time constant of its adaptation"] = 200.0
    tau_out: Annotated[ms, "time constant of the readout"] = 20.0
    W_min: Annotated[weight, "smallest weight"] = -10.0
    W_max: Annotated[weight, "largest weight"] = 10.0


def constants(p: EPropParameters, dt: float) -> dict[str, float]:
    return {
        "rate": p.eta * dt,
        "beta": p.beta,
        "rho": math.exp(-dt / p.tau_a),
        "kappa": math.exp(-dt / p.tau_out),
    }


@scalar
def step(weight, eps_a, e_bar, eps_v, psi, L, rate, beta, rho, kappa):
    e = psi * (eps_v - beta * eps_a)
    eps_a = psi * eps_v + (rho - beta * psi) * eps_a
    e_bar = kappa * e_bar + e
    return weight - rate * L * e_bar, eps_a, e_bar


EProp = StepRule(
    "EProp",
    EPropParameters,
    step,
    constants,
    pre=(Trace("eps_v", "tau_m"),),
    reads={"psi": "psi", "L": "apical"},
    state=("eps_a", "e_bar"),
    state_goes_on=True,
    equations="""
    e = psi*(eps_v - beta*eps_a)
    eps_a = psi*eps_v + (exp(-dt/tau_a) - beta*psi)*eps_a
    e_bar = exp(-dt/tau_out)*e_bar + e
    w = clip(w - eta*dt*L*e_bar, W_min, W_max)
    """,
)
