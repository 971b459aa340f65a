"""R-STDP: what the order of spikes would change is kept at each synapse until there is a reward, or is not.

Florian 2007, Neural Comput. 19:1468; Izhikevich 2007, Cereb. Cortex 17:2443; Frémaux, Sprekeler & Gerstner 2010, J.
Neurosci. 30:13326. Hidden cells fire by chance, with probability p = 1/(1 + exp(-(V_m - V_th)/Delta_V)) in a step. The
eligibility of a synapse onto one grows by

    K_plus at each spike of the target    and    -A_minus K_minus at each arrival,

K_plus and K_minus traces of arrivals and of spikes of the target. It is compared with that of another try
(`RewardPairs`), so that what STDP does on average, whatever is rewarded, cancels. Readout cells do not spike, and learn
as in `Reinforce`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.description.population import Modulator
from spikelearn.learning.divergence import LARGEST_WEIGHT
from spikelearn.learning.layers import TAU_M
from spikelearn.learning.reward_pairs import RewardPairs
from spikelearn.plasticity.rule import Plasticity, Trace
from spikelearn.plasticity.signal_rule import SignalRule
from spikelearn.units import ms, number, weight


class SignedSTDPParameters(NamedTuple):
    eta: Annotated[number, "learning rate"] = 0.01
    depression: Annotated[number, "A_minus tau_minus / (A_plus tau_plus)"] = 0.5
    tau_plus: Annotated[ms, "time constant of the trace of arrivals"] = TAU_M
    tau_minus: Annotated[ms, "time constant of the trace of spikes of the target"] = 20.0
    tau_c: Annotated[ms, "time constant of the eligibility: long, so that it is kept until the release"] = 1e15
    b: Annotated[number, "concentration at which the weight does not change"] = 0.0
    W_min: Annotated[weight, "smallest weight"] = -LARGEST_WEIGHT
    W_max: Annotated[weight, "largest weight"] = LARGEST_WEIGHT


def _constants(p: SignedSTDPParameters, dt: float) -> dict[str, float]:
    A_plus = p.eta * -np.expm1(-dt / p.tau_plus)
    A_minus = A_plus * p.depression * p.tau_plus / p.tau_minus
    return {"A_plus": A_plus, "A_minus": A_minus, "kept": float(np.exp(-dt / p.tau_minus))}


@scalar
def _trace_of_spikes(sign, K_minus, event, A_plus, A_minus, kept):  # type: ignore[no-untyped-def]
    return (kept * K_minus + event,)


@scalar
def _at_spike(sign, K_minus, event, A_plus, A_minus, kept):  # type: ignore[no-untyped-def]
    return sign * A_plus * event


@scalar
def _at_arrival(K_plus, sign, K_minus, A_plus, A_minus, kept):  # type: ignore[no-untyped-def]
    return -sign * A_minus * K_minus


SignedSTDP = SignalRule(
    "SignedSTDP", SignedSTDPParameters, pre=(Trace("K_plus", "tau_plus"),), reads=("sign",), state={"K_minus": ""},
    advance=_trace_of_spikes, signal=_at_spike, on_pre=_at_arrival, seen=("sign", "K_minus"), constants=_constants,
    modulated=True,
)  # fmt: skip
"""Reward-modulated STDP of all pairs, to whose eligibility is added what STDP asks for times the target's `sign`."""


@dataclass(eq=False, repr=False)
class RewardModulatedSTDP(RewardPairs):
    """R-STDP, each try compared with another of the same stimulus.

    depression: A_minus tau_minus / (A_plus tau_plus). tau_minus: of the trace of spikes of the target, ms.
    """

    learning_rate: float | tuple[float, float] = (2.0, 0.15)
    encoding: str = "regular"
    depression: float = 0.5
    tau_minus: float = 20.0

    def hidden_rule(self, reward: Modulator, eta: float) -> Plasticity:
        return SignedSTDP(reward, eta=eta, depression=self.depression, tau_minus=self.tau_minus)
