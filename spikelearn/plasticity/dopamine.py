"""Dopamine-modulated STDP (Izhikevich 2007), with the eligibility and its integral against dopamine in closed form.

c' = -c/tau_c + STDP;  w' = c (n - b), n the modulator's concentration. STDP: +A_plus K_plus at a post event,
-A_minus K_minus at an arrival. The same as NEST's stdp_dopamine_synapse (Potjans, Morrison & Diesmann 2010).
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.nest_mapping import NestSynapse
from spikelearn.plasticity.rule import PlasticityRule, Trace
from spikelearn.units import ms, number, weight


class DopamineSTDPParameters(NamedTuple):
    A_plus: Annotated[number, "step of the eligibility at a post event"] = 1.0
    A_minus: Annotated[number, "step down at an arrival"] = 1.5
    tau_plus: Annotated[ms, "time constant of the trace of arrivals"] = 20.0
    tau_minus: Annotated[ms, "time constant of the trace of post events"] = 20.0
    tau_c: Annotated[ms, "time constant of the eligibility"] = 1000.0
    tau_rise: Annotated[ms, "time constant with which it rises; 0: at once"] = 0.0
    b: Annotated[number, "concentration at which the weight does not change"] = 0.0
    W_min: Annotated[weight, "smallest weight"] = 0.0
    W_max: Annotated[weight, "largest weight"] = 200.0


def _constants(p: DopamineSTDPParameters, dt: float) -> dict[str, float]:
    return {"A_plus": p.A_plus, "A_minus": p.A_minus}


@scalar
def on_pre(K_plus, K_minus, A_plus, A_minus):
    return -A_minus * K_minus


@scalar
def on_post(K_plus, K_minus, A_plus, A_minus):
    return A_plus * K_plus


EQUATIONS = """
dw/dt = c*(n - b)/ms : 1 (clock-driven)
dc/dt = -c/tau_c : 1 (clock-driven)
dK_plus/dt = -K_plus/tau_plus : 1 (clock-driven)
dK_minus/dt = -K_minus/tau_minus : 1 (clock-driven)
"""
PRE_STATEMENTS = """
w = clip(w, W_min, W_max)
c -= A_minus*K_minus
"""
POST_STATEMENTS = """
w = clip(w, W_min, W_max)
c += A_plus*K_plus
"""

DopamineSTDP = PlasticityRule(
    "DopamineSTDP",
    DopamineSTDPParameters,
    pre=(Trace("K_plus", "tau_plus"),),
    post=(Trace("K_minus", "tau_minus"),),
    on_pre=on_pre,
    on_post=on_post,
    constants=_constants,
    modulated=True,
    equations=EQUATIONS,
    pre_statements=PRE_STATEMENTS + "K_plus += 1\n",
    post_statements=POST_STATEMENTS + "K_minus += 1\n",
    nest=NestSynapse(
        "stdp_dopamine_synapse",
        {"W_min": "Wmin", "W_max": "Wmax"},
        of_target={"tau_minus": "tau_minus"},
        must={"tau_rise": 0.0},
        weights=("W_min", "W_max"),
    ),
)

NearestDopamineSTDP = PlasticityRule(
    "NearestDopamineSTDP",
    DopamineSTDPParameters,
    pre=(Trace("K_plus", "tau_plus", jump="set"),),
    post=(Trace("K_minus", "tau_minus", jump="set"),),
    on_pre=on_pre,
    on_post=on_post,
    constants=_constants,
    modulated=True,
    equations=EQUATIONS,
    pre_statements=PRE_STATEMENTS + "K_plus = 1\n",
    post_statements=POST_STATEMENTS + "K_minus = 1\n",
)
