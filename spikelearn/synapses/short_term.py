"""Short-term plasticity in four published forms. u: fraction released; x: available resources.

TsodyksMarkram: Tsodyks, Pawelzik & Markram 1998 as in NEST's tsodyks2_synapse; between spikes u relaxes to 0.
TsodyksUzielMarkram: Tsodyks, Uziel & Markram 2000 as in NEST's tsodyks_synapse; released resources stay active (y) for
tau_psc before they recover, u is 0 at rest and jumps before the release.
Mongillo: Mongillo, Barak & Tsodyks 2008; u relaxes to U and jumps before the release.
ReleaseFirst: Costa, Sjostrom & van Rossum 2013 as used by Naud & Sprekeler 2018; u relaxes to U and jumps by
f (1 - u) after the release, which uses the old u and x.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, NamedTuple

import numpy as np

from spikelearn.codegen.jit import scalar
from spikelearn.nest_mapping import NestSynapse
from spikelearn.synapses.model import SynapseModel
from spikelearn.units import ms, number

_AT_ONCE = 1e-6
"""ms: far below every step."""


class TsodyksMarkramParameters(NamedTuple):
    U: Annotated[number, "release at rest"] = 0.5
    tau_rec: Annotated[ms, "recovery of x"] = 800.0
    tau_fac: Annotated[ms, "decay of u; 0: depression alone"] = 10.0


class TsodyksUzielMarkramParameters(NamedTuple):
    U: Annotated[number, "release of a rested synapse"] = 0.5
    tau_psc: Annotated[ms, "decay of the active fraction"] = 3.0
    tau_rec: Annotated[ms, "recovery from inactivation"] = 800.0
    tau_fac: Annotated[ms, "decay of u; 0: depression alone"] = 10.0


class MongilloParameters(NamedTuple):
    U: Annotated[number, "release at rest"] = 0.19
    tau_D: Annotated[ms, "recovery of x"] = 200.0
    tau_F: Annotated[ms, "decay of u to U"] = 1500.0


class ReleaseFirstParameters(NamedTuple):
    U: Annotated[number, "release at rest"] = 0.02
    f: Annotated[number, "facilitation at a spike"] = 0.1
    tau_D: Annotated[ms, "recovery of x"] = 100.0
    tau_F: Annotated[ms, "decay of u to U"] = 100.0


def _check(p: Any) -> str | None:
    if not 0.0 < p.U <= 1.0:
        return f"U is a fraction of the available resources, expected 0 < U <= 1, got {p.U:g}"
    return None


def _check_uziel(p: TsodyksUzielMarkramParameters) -> str | None:
    if abs(p.tau_rec - p.tau_psc) < 1e-6 * p.tau_rec:
        return f"tau_psc and tau_rec must differ, got {p.tau_psc:g} and {p.tau_rec:g} ms"
    return _check(p)


def decay(tau: Any) -> Any:
    """A time constant that may be 0, as one by which can be divided: nothing is left in the next step."""
    return np.maximum(tau, _AT_ONCE)


def _uziel_constants(p: TsodyksUzielMarkramParameters, dt: float) -> dict[str, float]:
    gain = p.tau_rec / (p.tau_rec - p.tau_psc)
    return {"U": p.U, "tau_psc": p.tau_psc, "tau_rec": p.tau_rec, "tau_fac": decay(p.tau_fac), "gain": gain}


def _at_rest(p: Any) -> dict[str, float]:
    return {"x": 1.0, "u": p.U}


@scalar
def release_tsodyks_markram(x, u, interval, U, tau_rec, tau_fac):
    x = 1.0 + (x - x * u - 1.0) * math.exp(-interval / tau_rec)
    u = U + u * (1.0 - U) * math.exp(-interval / tau_fac)
    return x, u, x * u


@scalar
def between_tsodyks_markram(x, u, interval, U, tau_rec, tau_fac):
    return 1.0 + (x - x * u - 1.0) * math.exp(-interval / tau_rec), u * math.exp(-interval / tau_fac)


@scalar
def release_tsodyks_uziel_markram(x, y, u, interval, U, tau_psc, tau_rec, tau_fac, gain):
    """The paper's Eqs. 3 and 4, exact between spikes; z = 1 - x - y is inactive."""
    P_yy = math.exp(-interval / tau_psc)
    P_zz = math.exp(-interval / tau_rec)
    z = 1.0 - x - y
    recovered = y * (1.0 - P_yy - gain * (P_zz - P_yy)) + z * (1.0 - P_zz)
    u = u * math.exp(-interval / tau_fac)
    u = u + U * (1.0 - u)
    x = x + recovered
    released = x * u
    return x - released, y * P_yy + released, u, released


@scalar
def between_tsodyks_uziel_markram(x, y, u, interval, U, tau_psc, tau_rec, tau_fac, gain):
    P_yy = math.exp(-interval / tau_psc)
    P_zz = math.exp(-interval / tau_rec)
    z = 1.0 - x - y
    recovered = y * (1.0 - P_yy - gain * (P_zz - P_yy)) + z * (1.0 - P_zz)
    return x + recovered, y * P_yy, u * math.exp(-interval / tau_fac)


@scalar
def release_mongillo(x, u, interval, U, tau_D, tau_F):
    u = U + (u - U) * math.exp(-interval / tau_F)
    x = 1.0 + (x - 1.0) * math.exp(-interval / tau_D)
    u = u + U * (1.0 - u)
    released = x * u
    return x - released, u, released


@scalar
def between_mongillo(x, u, interval, U, tau_D, tau_F):
    return 1.0 + (x - 1.0) * math.exp(-interval / tau_D), U + (u - U) * math.exp(-interval / tau_F)


@scalar
def release_first(x, u, interval, U, f, tau_D, tau_F):
    u = U + (u - U) * math.exp(-interval / tau_F)
    x = 1.0 + (x - 1.0) * math.exp(-interval / tau_D)
    released = x * u
    return x - released, u + f * (1.0 - u), released


@scalar
def between_first(x, u, interval, U, f, tau_D, tau_F):
    return 1.0 + (x - 1.0) * math.exp(-interval / tau_D), U + (u - U) * math.exp(-interval / tau_F)


TsodyksMarkram = SynapseModel(
    "TsodyksMarkram",
    TsodyksMarkramParameters,
    lambda p, dt: {"U": p.U, "tau_rec": p.tau_rec, "tau_fac": decay(p.tau_fac)},
    release_tsodyks_markram,
    state=("x", "u"),
    initial=_at_rest,
    between=between_tsodyks_markram,
    check=_check,
    statements="""
    x = 1 + (x - x * u - 1) * exp(-interval / tau_rec)
    u = U + u * (1 - U) * exp(-interval / tau_fac)
    released = x * u
    """,
    nest=NestSynapse("tsodyks2_synapse", more=lambda p, dt: {"u": p.U, "x": 1.0}, dendritic=False),
)

TsodyksUzielMarkram = SynapseModel(
    "TsodyksUzielMarkram",
    TsodyksUzielMarkramParameters,
    _uziel_constants,
    release_tsodyks_uziel_markram,
    state=("x", "y", "u"),
    initial=lambda p: {"x": 1.0, "y": 0.0, "u": 0.0},
    between=between_tsodyks_uziel_markram,
    check=_check_uziel,
    statements="""
    P_yy = exp(-interval / tau_psc)
    P_zz = exp(-interval / tau_rec)
    x = x + y * (1 - P_yy - tau_rec / (tau_rec - tau_psc) * (P_zz - P_yy)) + (1 - x - y) * (1 - P_zz)
    u = u * exp(-interval / tau_fac)
    u = u + U * (1 - u)
    released = x * u
    x = x - released
    y = y * P_yy + released
    """,
    nest=NestSynapse("tsodyks_synapse", dendritic=False),
)

Mongillo = SynapseModel(
    "Mongillo",
    MongilloParameters,
    lambda p, dt: {"U": p.U, "tau_D": p.tau_D, "tau_F": p.tau_F},
    release_mongillo,
    state=("x", "u"),
    initial=_at_rest,
    between=between_mongillo,
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
    between=between_first,
    check=_check,
    statements="""
    u = U + (u - U) * exp(-interval / tau_F)
    x = 1 + (x - 1) * exp(-interval / tau_D)
    released = x * u
    x = x - released
    u = u + f * (1 - u)
    """,
)
