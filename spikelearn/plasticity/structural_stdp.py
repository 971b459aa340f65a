"""Spike-timing-dependent structural plasticity of the spiking temporal memory (Bouhadjar et al. 2022).

The weight of a synapse is its permanence P, a measure of maturity. It transmits J_max if P exceeds P_theta and nothing
otherwise. Bouhadjar, Wouters, Diesmann & Tetzlaff 2022, PLoS Computational Biology 18:e1010233, Table 'Plasticity':

a spike of the target, a time Delta after the last arrival, dt_min < Delta < dt_max:
    P += P_max (lambda_plus x_pre + lambda_h (z_target - z)),
an arrival: P -= P_max lambda_minus,

x_pre the trace of arrivals, z the target's trace of dendritic spikes at the time of its spike (a state variable of the
neuron, as in LIFDendriticSpike), P_max = W_max. The second term drives each neuron towards z_target dendritic spikes:
one that predicts too rarely grows synapses, one that predicts too often loses them.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.plasticity.rule import PlasticityRule, Trace
from spikelearn.units import ms, number, weight


class StructuralSTDPParameters(NamedTuple):
    lambda_plus: Annotated[number, "potentiation rate"] = 0.08
    lambda_minus: Annotated[number, "depression rate"] = 0.0015
    lambda_h: Annotated[number, "rate of the homeostatic control"] = 0.014
    z_target: Annotated[number, "set point of that control, as a trace of dendritic spikes"] = 1.0
    tau_plus: Annotated[ms, "time constant of the trace of arrivals"] = 20.0
    dt_min: Annotated[ms, "a spike changes synapses whose last arrival was longer ago than this"] = 4.0
    dt_max: Annotated[ms, "and more recent than this"] = 80.0
    P_theta: Annotated[number, "permanence above which a synapse transmits"] = 10.0
    J_max: Annotated[weight, "what it transmits then"] = 12.98
    W_min: Annotated[weight, "smallest permanence"] = 0.0
    W_max: Annotated[weight, "largest permanence"] = 20.0


def constants(p: StructuralSTDPParameters, dt: float) -> dict[str, float]:
    return {
        "step_plus": p.W_max * p.lambda_plus,
        "step_minus": p.W_max * p.lambda_minus,
        "step_h": p.W_max * p.lambda_h,
        "z_target": p.z_target,
        "dt_min": p.dt_min,
        "dt_max": p.dt_max,
        "P_theta": p.P_theta,
        "J_max": p.J_max,
    }


@scalar
def on_pre(weight, x_pre, step_plus, step_minus, step_h, z_target, dt_min, dt_max, P_theta, J_max):
    return weight - step_minus


@scalar
def on_post(
    weight, x_pre, z, step_plus, step_minus, step_h, z_target, dt_min, dt_max, P_theta, J_max, since_pre
):  # fmt: skip
    paired = dt_min < since_pre and since_pre < dt_max
    return weight + (step_plus * x_pre + step_h * (z_target - z) if paired else 0.0)


@scalar
def transmits(weight, step_plus, step_minus, step_h, z_target, dt_min, dt_max, P_theta, J_max):
    return J_max if weight > P_theta else 0.0


StructuralSTDP = PlasticityRule(
    "StructuralSTDP",
    StructuralSTDPParameters,
    pre=(Trace("x_pre", "tau_plus"),),
    post=(),
    on_pre=on_pre,
    on_post=on_post,
    constants=constants,
    reads=("z",),
    transmits=transmits,
)
