"""Leaky integrate-and-fire neurons with any number of named receptors, each with its own kinetics.

The model is written for the receptors that are asked for: ports, state, parameters, equations, and the text of the step
function. Current-based ones are integrated exactly (Rotter & Diesmann 1999), as NEST's iaf_psc_exp_multisynapse and
iaf_psc_alpha_multisynapse; of conductance-based ones the conductances are exact and the potential is of second order
(NEST: gif_cond_exp_multisynapse, aeif_cond_alpha_multisynapse, aeif_cond_beta_multisynapse without spike mechanism).
"""

from __future__ import annotations

import functools
import keyword
import math
import textwrap
from collections import namedtuple
from collections.abc import Mapping
from typing import Any

import numpy as np

from spikelearn.codegen.functions import function_from
from spikelearn.errors import DescriptionError
from spikelearn.kernels.exponential import exponential
from spikelearn.neurons.lif import LIFDeltaParameters
from spikelearn.neurons.lif_conductance import LIFConductanceParameters
from spikelearn.neurons.membrane import alpha_propagator, current_propagator, refractory_steps, reset_below_threshold
from spikelearn.neurons.model import NeuronModel
from spikelearn.parameters import suggest
from spikelearn.units import ms, mV

KINETICS = ("exponential", "alpha", "beta")


def lif_with_receptors(
    receptors: Mapping[str, str], conductance: bool = False, name: str = "LIFReceptors"
) -> NeuronModel:
    """A LIF with these receptors, one port each: receptor -> kinetics.

    "exponential" (parameter tau_syn_<receptor>, ms), "alpha" (tau_syn_<receptor>) or "beta" (tau_rise_<receptor> and
    tau_decay_<receptor>; conductances only). A weight is the peak of what it causes: pA, or with conductance=True nS;
    then each receptor needs a reversal potential E_<receptor> (mV) as well. The other parameters are those of LIF or
    LIFConductance. The same receptors give the same model. Raises DescriptionError.

    >>> model = lif_with_receptors({"ampa": "exponential", "gaba_b": "alpha"}, conductance=True)
    >>> cells = net.population(100, model(E_ampa=0, E_gaba_b=-95, tau_syn_ampa=2, tau_syn_gaba_b=80))
    """
    if not isinstance(receptors, Mapping) or not receptors:
        raise DescriptionError(f"{name}: expected receptors such as {{'ampa': 'exponential'}}, got {receptors!r}")
    for receptor, kinetics in receptors.items():
        if not isinstance(receptor, str) or not receptor.isidentifier() or keyword.iskeyword(receptor):
            raise DescriptionError(f"{name}: {receptor!r} cannot be the name of a receptor")
        known = KINETICS if conductance else KINETICS[:2]
        if kinetics not in known:
            raise DescriptionError(
                f"{name}: kinetics of receptor {receptor!r} are {' or '.join(known)}"
                f"{'' if conductance else ', where it is a current'}, got {kinetics!r}{suggest(kinetics, known)}"
            )
    return _model(tuple(receptors.items()), bool(conductance), name)


@functools.cache
def _model(receptors: tuple[tuple[str, str], ...], conductance: bool, name: str) -> NeuronModel:
    taus = [
        f"{tau}_{receptor}"
        for receptor, kinetics in receptors
        for tau in (("tau_rise", "tau_decay") if kinetics == "beta" else ("tau_syn",))
    ]
    defaults = {tau: 20.0 if tau.startswith("tau_decay") else 2.0 for tau in taus}
    reversals = {f"E_{receptor}": math.nan for receptor, _ in receptors} if conductance else {}
    Parameters = _parameters(LIFConductanceParameters if conductance else LIFDeltaParameters, defaults, reversals, name)
    x = "g" if conductance else "I_syn"
    unit = "nS" if conductance else "pA"
    state = {"V_m": "mV", "refractory": "1"}
    for receptor, kinetics in receptors:
        state[f"{x}_{receptor}"] = unit
        if kinetics != "exponential":
            state[f"d{x}_{receptor}"] = unit
    constants = functools.partial(_conductance_constants if conductance else _current_constants, receptors)
    names = list(constants(Parameters(), 0.1))
    text = _step_text(name, receptors, x, list(state), names, conductance)
    return NeuronModel(
        name,
        Parameters,
        constants,
        function_from(text, "step", {"exponential": exponential, "np": np}),
        state=state,
        ports={receptor: unit for receptor, _ in receptors},
        currents=(receptors[0][0],),
        equations=_equations(receptors, x, conductance),
        threshold="V_m >= V_th",
        reset="V_m = V_reset",
        arrivals={receptor: _arrival(receptor, kinetics, x) for receptor, kinetics in receptors},
        method="rk4" if conductance else "exact",
        check=reset_below_threshold,
    )


def _parameters(base: Any, taus: dict[str, float], reversals: dict[str, float], name: str) -> Any:
    """A NamedTuple with the membrane's parameters of `base`, and those of the receptors."""
    own = {field: value for field, value in base._field_defaults.items() if not field.endswith(("_exc", "_inh"))}
    clash = sorted(set(own) & {*taus, *reversals})
    if clash:
        raise DescriptionError(f"{name}: a receptor cannot be called {clash[0].removeprefix('E_')!r}")
    values = {**own, **taus, **reversals}
    declaration = namedtuple(f"{name}Parameters", list(values), defaults=list(values.values()))  # type: ignore[misc]
    kept = {field: base.__annotations__[field] for field in own}
    declaration.__annotations__ = {**kept, **dict.fromkeys(taus, ms), **dict.fromkeys(reversals, mV)}
    declaration.__module__ = base.__module__
    return declaration


def _current_constants(receptors: tuple[tuple[str, str], ...], p: Any, dt: float) -> dict[str, Any]:
    constants: dict[str, Any] = {}
    for receptor, kinetics in receptors:
        tau = np.asarray(getattr(p, f"tau_syn_{receptor}"), float)
        constants[f"P_{receptor}"] = np.exp(-dt / tau) + 0.0
        constants[f"P_m{receptor}"] = current_propagator(p.tau_m, tau, p.C_m, dt)
        if kinetics == "alpha":
            constants[f"P_md{receptor}"] = alpha_propagator(p.tau_m, tau, p.C_m, dt)
            constants[f"cross_{receptor}"] = dt * constants[f"P_{receptor}"]
            constants[f"rise_{receptor}"] = math.e / tau
    tau_m = np.asarray(p.tau_m, float)
    membrane = {"P_mm": np.exp(-dt / tau_m) + 0.0, "P_mI": -np.expm1(-dt / tau_m) * tau_m / p.C_m}
    return {**constants, **membrane, **_common(p, dt)}


def _conductance_constants(receptors: tuple[tuple[str, str], ...], p: Any, dt: float) -> dict[str, Any]:
    constants: dict[str, Any] = {}
    for receptor, kinetics in receptors:
        if kinetics == "beta":
            rise, tau = (np.asarray(getattr(p, f"{tau}_{receptor}"), float) for tau in ("tau_rise", "tau_decay"))
        else:
            rise = tau = np.asarray(getattr(p, f"tau_syn_{receptor}"), float)
        constants[f"half_{receptor}"] = np.exp(-0.5 * dt / tau) + 0.0
        if kinetics != "exponential":
            constants[f"half_d{receptor}"] = np.exp(-0.5 * dt / rise) + 0.0
            constants[f"cross_{receptor}"] = current_propagator(tau, rise, 1.0, 0.5 * dt)
            constants[f"rise_{receptor}"] = _beta_rise(rise, tau)
        constants[f"E_{receptor}"] = getattr(p, f"E_{receptor}")
    return {**constants, "dt_C": dt / np.asarray(p.C_m), "g_L": p.g_L, **_common(p, dt)}


def _common(p: Any, dt: float) -> dict[str, Any]:
    own = {field: getattr(p, field) for field in ("I_e", "E_L", "V_th", "V_reset")}
    return {**own, "n_ref": refractory_steps(p.t_ref, dt)}


def _beta_rise(tau_rise: Any, tau_decay: Any) -> Any:
    """The jump of h that makes 1 the peak of g in g' = -g/tau_decay + h, h' = -h/tau_rise; e/tau where both agree.

    g = (exp(-t/tau_decay) - exp(-t/tau_rise)) / d, with d = 1/tau_rise - 1/tau_decay, is largest at
    t = ln(tau_decay/tau_rise) / d.
    """
    d = 1.0 / tau_rise - 1.0 / tau_decay
    same = np.abs(d) * tau_decay < 1e-9
    safe = np.where(same, 1.0, d)
    t_peak = np.where(same, tau_decay, np.log1p(tau_decay * np.where(same, 0.0, d)) / safe)
    area = np.where(same, t_peak, -np.expm1(-t_peak * safe) / safe)
    return np.exp(t_peak / tau_decay) / area


def _step_text(
    name: str, receptors: tuple[tuple[str, str], ...], x: str, state: list[str], constants: list[str], conductance: bool
) -> str:
    arguments = [*state, *(f"in_{receptor}" for receptor, _ in receptors), f"I_{receptors[0][0]}", *constants]
    signature = textwrap.wrap(", ".join(arguments), 116, initial_indent="    ", subsequent_indent="    ")
    lines = ["def step(", *signature, "):", f'    """One step of {name}; see spikelearn.neurons.receptors."""']
    currents = f"I_{receptors[0][0]} + I_e"
    if conductance:
        lines += [line for receptor in receptors for line in _half_step(*receptor)]
        lines += [
            f"    g = g_L{''.join(f' + g_{receptor}' for receptor, _ in receptors)}",
            f"    V_inf = (g_L * E_L{''.join(f' + g_{r} * E_{r}' for r, _ in receptors)} + {currents}) / g",
            "    V = V_inf + (V_m - V_inf) * exponential(-dt_C * g)",
        ]
    else:
        lines.append(f"    V = E_L + P_mm * (V_m - E_L) + P_mI * ({currents})")
        for receptor, kinetics in receptors:
            lines.append(f"    V += P_m{receptor} * {x}_{receptor}")
            if kinetics == "alpha":
                lines.append(f"    V += P_md{receptor} * d{x}_{receptor}")
    lines += [
        "    held = refractory > 0.0",
        "    V = V_m if held else V",
        "    refractory = refractory - 1.0 if held else refractory",
    ]
    for receptor, kinetics in receptors:
        if conductance:
            lines += _half_step(receptor, kinetics)
        elif kinetics == "alpha":
            lines += [
                f"    {x}_{receptor} = P_{receptor} * {x}_{receptor} + cross_{receptor} * d{x}_{receptor}",
                f"    d{x}_{receptor} = P_{receptor} * d{x}_{receptor}",
            ]
        else:
            lines.append(f"    {x}_{receptor} = P_{receptor} * {x}_{receptor}")
        if kinetics == "exponential":
            lines.append(f"    {x}_{receptor} += in_{receptor}")
        else:
            lines.append(f"    d{x}_{receptor} += rise_{receptor} * in_{receptor}")
    lines += [
        "    fired = V >= V_th",
        "    V = V_reset if fired else V",
        "    refractory = n_ref if fired else refractory",
        f"    return V, {', '.join(state[1:])}, np.uint8(fired)",
    ]
    return "\n".join(lines) + "\n"


def _half_step(receptor: str, kinetics: str) -> list[str]:
    if kinetics == "exponential":
        return [f"    g_{receptor} = half_{receptor} * g_{receptor}"]
    return [
        f"    g_{receptor} = half_{receptor} * g_{receptor} + cross_{receptor} * dg_{receptor}",
        f"    dg_{receptor} = half_d{receptor} * dg_{receptor}",
    ]


def _equations(receptors: tuple[tuple[str, str], ...], x: str, conductance: bool) -> str:
    if conductance:
        flows = "".join(f" + g_{r} * (E_{r} - V_m)" for r, _ in receptors)
        lines = [f"dV_m/dt = (g_L * (E_L - V_m){flows} + I_e) / C_m : volt (unless refractory)"]
    else:
        flows = " + ".join(f"I_syn_{r}" for r, _ in receptors)
        lines = [f"dV_m/dt = -(V_m - E_L) / tau_m + ({flows} + I_e) / C_m : volt (unless refractory)"]
    unit = "siemens" if conductance else "amp"
    for r, kinetics in receptors:
        decay, rise = (f"tau_decay_{r}", f"tau_rise_{r}") if kinetics == "beta" else (f"tau_syn_{r}", f"tau_syn_{r}")
        if kinetics == "exponential":
            lines.append(f"d{x}_{r}/dt = -{x}_{r} / {decay} : {unit}")
        else:
            lines.append(f"d{x}_{r}/dt = d{x}_{r} - {x}_{r} / {decay} : {unit}")
            lines.append(f"dd{x}_{r}/dt = -d{x}_{r} / {rise} : {unit}/second")
    return "\n".join(lines)


def _arrival(receptor: str, kinetics: str, x: str) -> str:
    if kinetics == "exponential":
        return f"{x}_{receptor}"
    if kinetics == "alpha":
        return f"d{x}_{receptor} += e / tau_syn_{receptor} * weight"
    rise, decay = f"tau_rise_{receptor}", f"tau_decay_{receptor}"
    peak = f"({decay} / {rise}) ** ({rise} / ({decay} - {rise}))"
    return f"d{x}_{receptor} += {peak} / {rise} * weight"
