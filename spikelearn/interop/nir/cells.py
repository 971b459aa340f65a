"""The nodes of NIR that are neurons, and the populations that they are.

NIR is in seconds and has no other units: tau is 1000 times as many ms here, other numbers are mV, pA and so on as they
stand. A neuron of NIR fires if v > v_threshold, one of spikelearn if V_m >= V_th, so V_th is the next double after
v_threshold, which is the same for all doubles. A spike is an input of 1 for one step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.errors import DescriptionError, SpikelearnError
from spikelearn.interop.nir.graph import array, kind_of
from spikelearn.neurons import LIF, CubaLI, CubaLIF, LIFDelta, McCullochPitts, Neuron
from spikelearn.neurons.linear_rate import LinearRate

NEVER = 1e18
"""ms, the time constant of a membrane that does not leak."""

NO_MEMORY = 1.0 / 800.0
"""In steps of dt: a time constant after which nothing is left, as exp(-800) is 0."""


@dataclass(frozen=True)
class Cell:
    """neuron: what a node becomes. initial: values of its state. per_weight: what a weight of 1 at its input is in the
    unit of its port. per_current: the same for a current. constant: a current that it always gets. carries: the
    variable that its events carry, "" for spikes."""

    neuron: Neuron
    per_weight: Any
    per_current: Any = 1.0
    constant: Any = 0.0
    initial: Any = None
    carries: str = ""


def cell_of(node: Any, size: int, dt: float, euler: bool, where: str) -> Cell:
    """The population of `size` neurons that a node is, at a step of dt ms. Raises DescriptionError."""
    names = [n for n in NAMES[kind_of(node)] if getattr(node, n) is not None]
    values = {name: array(node, name, where).ravel() for name in names}
    values.setdefault("v_reset", np.zeros(1))
    for name, each in values.items():
        if each.size not in (1, size):
            raise DescriptionError(f"{where}: expected 1 or {size} numbers as {name}, got {each.size}")
        if name == "r" and kind_of(node) in ("LIF", "IF") and not np.all(each > 0.0):
            raise DescriptionError(
                f"{where}: expected r above 0, got {each.min():g}; a Scale before the node can be 0 or negative"
            )
    for name in ("tau", "tau_mem", "tau_syn"):
        if name in values:
            values[name] = _time_constant(values[name], dt, euler, f"{where}: {name}")
    try:
        return _MAKE[kind_of(node)]({name: one_or_all(each) for name, each in values.items()}, dt, euler)
    except SpikelearnError as error:
        raise DescriptionError(f"{where}: {error}") from None


def _time_constant(seconds: np.ndarray, dt: float, euler: bool, what: str) -> np.ndarray:
    """ms; with Euler's method, of the exact decay that is 1 - dt/tau in a step."""
    tau = 1e3 * seconds
    if np.any(tau <= 0.0):
        raise DescriptionError(f"{what} must be more than 0 s, got {seconds.min():g} s")
    if not euler:
        return tau
    steps = dt / tau
    if np.any(steps > 1.0 + 1e-6):
        raise DescriptionError(
            f'{what}: method="euler" needs a step of at most {seconds.min():g} s, got dt = {dt:g} ms; give the dt that '
            'the graph was made for, or use method="exact"'
        )
    with np.errstate(divide="ignore"):
        decayed = dt / np.maximum(-np.log1p(-np.minimum(steps, 1.0)), 1e-300)
    return np.where(steps > 1.0 - 1e-9, NO_MEMORY * dt, decayed)


def one_or_all(values: np.ndarray) -> Any:
    """The number that all are, or all."""
    return float(values.flat[0]) if values.size and np.all(values == values.flat[0]) else values


def above(threshold: Any) -> Any:
    """The next double: v > threshold is v >= above(threshold)."""
    return np.nextafter(threshold, np.inf) * 1.0


def below(threshold: Any) -> Any:
    return np.nextafter(threshold, -np.inf) * 1.0


def _firing(n: dict[str, Any]) -> dict[str, Any]:
    return {"V_th": above(n["v_threshold"]), "V_reset": n["v_reset"]}


def _delta(neuron: Neuron, dt: float) -> Cell:
    """A neuron that arrivals move at once: as far as a current of 1 moves it within a step."""
    return Cell(neuron, per_weight=neuron.model.constants(neuron.parameters, dt)["P_mI"])


def _lif(n: dict[str, Any], dt: float, euler: bool) -> Cell:
    membrane = {"tau_m": n["tau"], "C_m": n["tau"] / n["r"], "E_L": n["v_leak"]}
    return _delta(LIFDelta(**membrane, **_firing(n), t_ref=0.0), dt)


def _if(n: dict[str, Any], dt: float, euler: bool) -> Cell:
    return _delta(LIFDelta(tau_m=NEVER, C_m=1e3 / n["r"], E_L=0.0, **_firing(n), t_ref=0.0), dt)


def _li(n: dict[str, Any], dt: float, euler: bool) -> Cell:
    leak, rest = n["v_leak"], {"y": n["v_leak"]}
    return Cell(LinearRate(tau=n["tau"]), n["r"], n["r"], constant=leak, initial=rest, carries="y")


def _integrator(n: dict[str, Any], dt: float, euler: bool) -> Cell:
    return Cell(LinearRate(tau=1e3, leak=0.0), n["r"], n["r"], carries="y")


def _cuba(n: dict[str, Any], euler: bool) -> dict[str, Any]:
    return {
        "tau_m": n["tau_mem"], "tau_syn": n["tau_syn"], "R": n["r"], "E_L": n["v_leak"], "w_in": n["w_in"],
        "sequential": float(euler),
    }  # fmt: skip


def _cuba_lif(n: dict[str, Any], dt: float, euler: bool) -> Cell:
    return Cell(CubaLIF(**_cuba(n, euler), **_firing(n)), 1.0)


def _cuba_li(n: dict[str, Any], dt: float, euler: bool) -> Cell:
    return Cell(CubaLI(**_cuba(n, euler)), 1.0, carries="V_m")


def _threshold(n: dict[str, Any], dt: float, euler: bool) -> Cell:
    return Cell(McCullochPitts(theta=above(n["threshold"])), 1.0)


NAMES: dict[str, tuple[str, ...]] = {
    "LIF": ("tau", "r", "v_leak", "v_threshold", "v_reset"),
    "IF": ("r", "v_threshold", "v_reset"),
    "CubaLIF": ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset", "w_in"),
    "CubaLI": ("tau_syn", "tau_mem", "r", "v_leak", "w_in"),
    "LI": ("tau", "r", "v_leak"),
    "I": ("r",),
    "Threshold": ("threshold",),
}
"""The values of each node."""

_MAKE: dict[str, Callable[[dict[str, Any], float, bool], Cell]] = {
    "LIF": _lif,
    "IF": _if,
    "CubaLIF": _cuba_lif,
    "CubaLI": _cuba_li,
    "LI": _li,
    "I": _integrator,
    "Threshold": _threshold,
}

SUM = Cell(LinearRate(), 1.0, carries="y")
"""What an Output is that no neuron feeds alone: the sum of what arrives in a step."""


# The other way


def seconds(tau: Any, dt: float, euler: bool) -> np.ndarray:
    """The tau of a node from that of a neuron: the other way of `_time_constant`."""
    return dt / -np.expm1(-dt / np.asarray(tau)) / 1e3 if euler else np.asarray(tau) / 1e3


def values_of(kind: str, neuron: Neuron, dt: float, euler: bool) -> dict[str, Any]:
    """The values of the node of this kind that a neuron is: the other way of `cell_of`."""
    p = neuron.parameters
    if kind == "Threshold":
        return {"threshold": below(p.theta)}
    if kind == "I":
        return {"r": 1.0}
    found: dict[str, Any] = {}
    if kind in ("LIF", "IF", "CubaLIF"):
        found |= {"v_threshold": below(p.V_th), "v_reset": p.V_reset}
    if kind == "IF":
        return found | {"r": 1e3 / np.asarray(p.C_m)}
    if kind == "LI":
        return found | {"tau": seconds(p.tau, dt, euler), "r": 1.0, "v_leak": 0.0}
    found |= {"v_leak": p.E_L, "r": p.R if hasattr(p, "R") else np.asarray(p.tau_m) / p.C_m}
    if kind == "LIF":
        return found | {"tau": seconds(p.tau_m, dt, euler)}
    tau_syn = p.tau_syn if hasattr(p, "tau_syn") else p.tau_syn_exc
    taus = {"tau_mem": seconds(p.tau_m, dt, euler), "tau_syn": seconds(tau_syn, dt, euler)}
    return found | taus | {"w_in": getattr(p, "w_in", 1.0)}


SAID = ("E_L", "V_th", "V_reset", "C_m", "R", "tau_m", "tau_syn", "tau_syn_exc", "tau_syn_inh", "w_in", "tau", "theta")
"""Parameters of neurons that `values_of` reads."""


def native_kind(neuron: Neuron, where: str) -> str:
    """The kind of node that a neuron is. Raises DescriptionError if NIR has none, or not this of its parameters."""
    model, p = neuron.model, neuron.parameters
    if neuron.timed:
        raise DescriptionError(f"{where}: {neuron.timed[0][0]} changes in time, which NIR cannot say")
    if model is LIFDelta or model is LIF:
        if np.any(np.asarray(p.t_ref) != 0.0):
            raise DescriptionError(f"{where}: t_ref is {p.t_ref} ms; NIR has no refractory period: expected 0")
    if model is LIFDelta:
        if not np.all(np.asarray(p.tau_m) >= NEVER):
            return "LIF"
        if np.any(np.asarray(p.E_L) != 0.0):
            raise DescriptionError(f"{where}: E_L is {p.E_L} mV; an IF of NIR starts at 0")
        return "IF"
    if model is LIF:
        if not np.array_equal(p.tau_syn_exc, p.tau_syn_inh):
            raise DescriptionError(f"{where}: expected tau_syn_exc = tau_syn_inh; a CubaLIF of NIR has one current")
        if np.any(np.asarray(p.I_e) != 0.0):
            raise DescriptionError(f"{where}: I_e is {p.I_e} pA; all input to a CubaLIF of NIR is filtered: expected 0")
        return "CubaLIF"
    if model is CubaLIF or model is CubaLI:
        return model.name
    if model is McCullochPitts:
        return "Threshold"
    if model is LinearRate and np.all(np.asarray(p.leak) == 0.0) and np.all(np.asarray(p.tau) == 1e3):
        return "I"
    if model is LinearRate and np.all(np.asarray(p.leak) == 1.0) and np.all(np.asarray(p.tau) > 0.0):
        return "LI"
    raise DescriptionError(
        f"{where} is of {model.name} neurons with {p}; NIR has LIFDelta, LIF, CubaLIF, CubaLI, McCullochPitts, and "
        "LinearRate with tau > 0 and leak = 1, or tau = 1000 and leak = 0"
    )
