"""Pair STDP with nearest neighbours: the three schemes of Morrison, Diesmann & Gerstner 2008, Fig. 7.

NearestSTDP (symmetric): each arrival pairs with the last post event, each post event with the last arrival. NEST's
stdp_nn_symm_synapse.
PreCentredSTDP (presynaptic centred): each arrival pairs with the last post event before it and the first one after it.
NEST's stdp_nn_pre_centered_synapse.
ReducedSTDP (reduced symmetric): only neighbours pair, an arrival with the post event just before or just after it, if
no other event of the synapse lies in between. NEST's stdp_nn_restr_synapse.

The weight dependence is that of STDP. NEST's first and third rules assume an arrival at time 0; these do not.
"""

from __future__ import annotations

from dataclasses import replace

from spikelearn.codegen.jit import scalar
from spikelearn.nest_mapping import NestSynapse
from spikelearn.plasticity.rule import PlasticityRule, Trace
from spikelearn.plasticity.stdp import (
    STDP,
    STDPParameters,
    additive_in,
    check_one_sign,
    on_post,
    on_pre,
    stdp_constants,
)


def _nest(model: str, settles: str = "") -> NestSynapse:
    assert STDP.nest is not None
    return replace(STDP.nest, model=model, settles=settles)


NearestSTDP = PlasticityRule(
    "NearestSTDP",
    STDPParameters,
    pre=(Trace("K_plus", "tau_plus", jump="set"),),
    post=(Trace("K_minus", "tau_minus", jump="set"),),
    on_pre=on_pre,
    on_post=on_post,
    constants=stdp_constants,
    check=check_one_sign,
    additive_in=additive_in,
    equations=STDP.equations,
    pre_statements=STDP.pre_statements.replace("K_plus += 1", "K_plus = 1"),
    post_statements=STDP.post_statements.replace("K_minus += 1", "K_minus = 1"),
    nest=_nest("stdp_nn_symm_synapse", "tau_plus"),
)


@scalar
def centred_on_pre(weight, waiting, K_last, K_minus, lambda_, alpha, mu_plus, mu_minus, W_norm):
    weight = on_pre(weight, K_last, K_minus, lambda_, alpha, mu_plus, mu_minus, W_norm)
    return weight, waiting * K_last + 1.0


@scalar
def centred_on_post(weight, waiting, K_last, K_minus, lambda_, alpha, mu_plus, mu_minus, W_norm):
    return on_post(weight, waiting * K_last, K_minus, lambda_, alpha, mu_plus, mu_minus, W_norm), 0.0


PreCentredSTDP = PlasticityRule(
    "PreCentredSTDP",
    STDPParameters,
    pre=(Trace("K_last", "tau_plus", jump="set"),),  # what is left of the last arrival
    post=(Trace("K_minus", "tau_minus", jump="set"),),
    on_pre=centred_on_pre,
    on_post=centred_on_post,
    constants=stdp_constants,
    check=check_one_sign,
    state=("waiting",),  # the trace, at the last arrival, of arrivals not yet followed by a post event
    state_goes_on=True,
    equations=STDP.equations,
    pre_statements=STDP.pre_statements,
    post_statements=STDP.post_statements.replace("K_minus += 1", "K_minus = 1\nK_plus = 0"),
    nest=_nest("stdp_nn_pre_centered_synapse"),
)


@scalar
def reduced_on_pre(weight, fired, K_plus, K_minus, lambda_, alpha, mu_plus, mu_minus, W_norm):
    if fired > 0.0:
        weight = on_pre(weight, K_plus, K_minus, lambda_, alpha, mu_plus, mu_minus, W_norm)
    return weight, 0.0


@scalar
def reduced_on_post(weight, fired, K_plus, K_minus, lambda_, alpha, mu_plus, mu_minus, W_norm):
    if fired == 0.0:
        weight = on_post(weight, K_plus, K_minus, lambda_, alpha, mu_plus, mu_minus, W_norm)
    return weight, 1.0


ReducedSTDP = PlasticityRule(
    "ReducedSTDP",
    STDPParameters,
    pre=(Trace("K_plus", "tau_plus", jump="set"),),
    post=(Trace("K_minus", "tau_minus", jump="set"),),
    on_pre=reduced_on_pre,
    on_post=reduced_on_post,
    constants=stdp_constants,
    check=check_one_sign,
    state=("fired",),  # 1 if there was a post event since the last arrival, else 0
    state_goes_on=True,
    equations=STDP.equations + "fired : 1\n",
    pre_statements="""
w = clip(w - fired*W_norm*alpha*lambda_*(w/W_norm)**mu_minus*K_minus, W_min, W_max)
K_plus = 1
fired = 0
""",
    post_statements="""
w = clip(w + (1 - fired)*W_norm*lambda_*(1 - w/W_norm)**mu_plus*K_plus, W_min, W_max)
K_minus = 1
fired = 1
""",
    nest=_nest("stdp_nn_restr_synapse", "tau_plus"),
)
