"""Short-term plasticity in three published forms. u: share that is released; x: what is there to release.

TsodyksMarkram: Tsodyks, Pawelzik & Markram 1998 as in NEST's tsodyks2_synapse; between spikes u relaxes to 0.
Mongillo: Mongillo, Barak & Tsodyks 2008; u relaxes to U and jumps before the release.
ReleaseFirst: Costa, Sjostrom & van Rossum 2013 as used by Naud & Sprekeler 2018; u relaxes to U and jumps by
f (1 - u) after the release, which takes the old u and x.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from spikelearn._jit import scalar
from spikelearn.nest_twin import NestSynapse
from spikelearn.synapses.model import SynapseModel
from spikelearn.units import ms, number


class TsodyksMarkramParameters(NamedTuple):
    U: number = 0.5  # release at rest
    tau_rec: ms = 800.0  # recovery of x
    tau_fac: ms = 10.0  # decay of u


class MongilloParameters(NamedTuple):
    U: number = 0.19  # release at rest
    tau_D: ms = 200.0  # recovery of x
    tau_F: ms = 1500.0  # decay of u to U


class ReleaseFirstParameters(NamedTuple):
    U: number = 0.02  # release at rest
    f: number = 0.1  # facilitation at a spike
    tau_D: ms = 100.0  # recovery of x
    tau_F: ms = 100.0  # decay of u to U


def _check(p: Any) -> str | None:
    if not 0.0 < p.U <= 1.0:
        return f"U is a share of what is available, expected 0 < U <= 1, got {p.U:g}"
    return None


def _at_rest(p: Any) -> dict[str, float]:
    return {"x": 1.0, "u": p.U}


@scalar
def release_tsodyks_markram(x, u, interval, U, tau_rec, tau_fac):
    x = 1.0 + (x - x * u - 1.0) * math.exp(-interval / tau_rec)
    u = U + u * (1.0 - U) * math.exp(-interval / tau_fac)
    return x, u, x * u


@scalar
def release_mongillo(x, u, interval, U, tau_D, tau_F):
    u = U + (u - U) * math.exp(-interval / tau_F)
    x = 1.0 + (x - 1.0) * math.exp(-interval / tau_D)
    u = u + U * (1.0 - u)
    released = x * u
    return x - released, u, released


@scalar
def release_first(x, u, interval, U, f, tau_D, tau_F):
    u = U + (u - U) * math.exp(-interval / tau_F)
    x = 1.0 + (x - 1.0) * math.exp(-interval / tau_D)
    released = x * u
    return x - released, u + f * (1.0 - u), released


TsodyksMarkram = SynapseModel(
    "TsodyksMarkram",
    TsodyksMarkramParameters,
    lambda p, dt: {"U": p.U, "tau_rec": p.tau_rec, "tau_fac": p.tau_fac},
    release_tsodyks_markram,
    state=("x", "u"),
    initial=_at_rest,
    check=_check,
    statements="""
    x = 1 + (x - x * u - 1) * exp(-interval / tau_rec)
    u = U + u * (1 - U) * exp(-interval / tau_fac)
    released = x * u
    """,
    nest=NestSynapse("tsodyks2_synapse", more=lambda p, dt: {"u": p.U, "x": 1.0}, dendritic=False),
)

Mongillo = SynapseModel(
    "Mongillo",
    MongilloParameters,
    lambda p, dt: {"U": p.U, "tau_D": p.tau_D, "tau_F": p.tau_F},
    release_mongillo,
    state=("x", "u"),
    initial=_at_rest,
    check=_check,
    statements="""
    u = U + (u - U) * exp(-interval / tau_F)
    x = 1 + (x - 1) * exp(-interval / tau_D)
    u = u + U * (1 - u)
    released = x * u
    x = x - released
    """,
)

ReleaseFirst = SynapseModel(
    "ReleaseFirst",
    ReleaseFirstParameters,
    lambda p, dt: {"U": p.U, "f": p.f, "tau_D": p.tau_D, "tau_F": p.tau_F},
    release_first,
    state=("x", "u"),
    initial=_at_rest,
    check=_check,
    statements="""
    u = U + (u - U) * exp(-interval / tau_F)
    x = 1 + (x - 1) * exp(-interval / tau_D)
    released = x * u
    x = x - released
    u = u + f * (1 - u)
    """,
)
