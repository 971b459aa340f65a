"""Stochastic release of vesicles from n sites, with depression and facilitation.

Each of n sites holds a vesicle or none; v do. At a spike, `interval` after the last, each empty site has been refilled
with probability 1 - exp(-interval/tau_rec), then each vesicle is released with probability u, all independently:
v = v + Binomial(n - v, 1 - exp(-interval/tau_rec));  u = U + u (1 - U) exp(-interval/tau_fac);
k = Binomial(v, u);  v = v - k;  weight times k/n is delivered.
u is that of Tsodyks, Pawelzik & Markram 1998, as in TsodyksMarkram.

Fuhrmann, Segev, Markram & Tsodyks 2002 (J Neurophysiol 87:140); de la Rocha & Parga 2005 (J Neurosci 25:8416);
Barri, Wang, Hansel & Mongillo 2016 (eNeuro 3:2). Sites are independent, so that the number released at a spike is
binomial with n and p = u x, where x and u are those of TsodyksMarkram: the mean of what is delivered is that of
TsodyksMarkram, and its variance is p (1 - p) / n.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

from spikelearn.codegen.jit import scalar
from spikelearn.kernels.binomial import MOST_TRIALS, binomial
from spikelearn.synapses.model import SynapseModel
from spikelearn.synapses.short_term import decay
from spikelearn.units import ms, number


class StochasticReleaseParameters(NamedTuple):
    n: Annotated[number, "release sites, a whole number from 1 to 1,000"] = 5.0
    U: Annotated[number, "probability of release at rest"] = 0.5
    tau_rec: Annotated[ms, "refilling of empty sites"] = 800.0
    tau_fac: Annotated[ms, "decay of u; 0: depression alone"] = 10.0


@scalar
def release_vesicles(vesicles, u, interval, refilled, released_here, n, U, tau_rec, tau_fac):
    vesicles = min(vesicles, n)  # n may have been set to less since
    vesicles = vesicles + binomial(n - vesicles, -math.expm1(-interval / tau_rec), refilled)
    u = U + u * (1.0 - U) * math.exp(-interval / tau_fac)
    released = binomial(vesicles, u, released_here)
    return vesicles - released, u, released / n


def _check(p: Any) -> str | None:
    if not (1.0 <= p.n <= MOST_TRIALS and p.n == int(p.n)):
        return f"n is a number of release sites, expected a whole number from 1 to {MOST_TRIALS:,}, got {p.n:g}"
    if not 0.0 < p.U <= 1.0:
        return f"U is a probability of release, expected 0 < U <= 1, got {p.U:g}"
    return None


StochasticRelease = SynapseModel(
    "StochasticRelease",
    StochasticReleaseParameters,
    lambda p, dt: {"n": p.n, "U": p.U, "tau_rec": p.tau_rec, "tau_fac": decay(p.tau_fac)},
    release_vesicles,
    state=("vesicles", "u"),
    initial=lambda p: {"vesicles": p.n, "u": p.U},
    check=_check,
    random=("refilled", "released_here"),
)
