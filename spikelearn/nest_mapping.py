"""The counterpart of a model in NEST: data kept with its equations, in the model's own file.

A model without a counterpart cannot run on NEST and raises an error. Nothing here imports NEST.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


def _nothing_more(parameters: Any, dt: float) -> Mapping[str, Any]:
    return {}


def _nothing_taken(parameters: Any) -> Mapping[str, Any]:
    return {}


def _no_complaint(parameters: Any, dt: float) -> str | None:
    return None


@dataclass(frozen=True)
class NestPort:
    """Where the weights of a port go. receptor: NEST's receptor_type.

    factor: ratio of NEST's weight to ours, or a function of dt (ms) that returns it. sign: the required sign of NEST's
    weight (NEST often distinguishes ports by it), 0 if either is allowed. weightless: every spike counts, whatever its
    weight.
    """

    receptor: int = 0
    sign: int = 0
    factor: float | Callable[[float], float] = 1.0
    weightless: bool = False

    def scale(self, dt: float) -> float:
        return self.factor(dt) if callable(self.factor) else self.factor


@dataclass(frozen=True)
class NestNeuron:
    """A neuron model in NEST.

    model: NEST's name. parameters: our name -> NEST's name, if different; one that maps to "" is not passed on
        (`more` may convert it). variables: state variable -> NEST's name of the recordable, prefixed with a minus sign
        if NEST's has the opposite sign.
    ports: port -> NestPort. currents: port that takes continuous currents -> NEST's parameter of the constant current.
    start: state variable -> NEST's name, for those that can be initialized; the others start at 0 in both.
    alike: two of our parameters; if they are equal, the sign of a weight does not matter.
    more: function(parameters, dt) -> further NEST parameters; values may be arrays with one value per neuron.
    lists: those of them that are a list for each neuron: arrays whose last axis is that list.
    check: function(parameters, dt) -> what NEST cannot do with these parameters, or None.
    rest: values of NEST's state and parameters with which a neuron without a current does not fire; used before the
        network's time 0.
    """

    model: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=lambda: {"V_m": "V_m"})
    ports: Mapping[str, NestPort] = field(default_factory=lambda: {"exc": NestPort()})
    currents: Mapping[str, str] = field(default_factory=lambda: {"exc": "I_e"})
    start: Mapping[str, str] = field(default_factory=lambda: {"V_m": "V_m"})
    alike: tuple[str, str] | None = None
    more: Callable[[Any, float], Mapping[str, Any]] = _nothing_more
    lists: tuple[str, ...] = ()
    check: Callable[[Any, float], str | None] = _no_complaint
    rest: Callable[[Any], Mapping[str, Any]] = lambda p: {"V_m": p.V_reset, "E_L": p.V_reset}


@dataclass(frozen=True)
class NestSynapse:
    """A plasticity rule, or a synapse with memory, in NEST.

    model: NEST's name. parameters: our name -> NEST's name, if different; "" for one that is not passed on.
    of_target: our parameters that NEST stores in the target neuron -> their names there; the rules of all synapses of a
        neuron must then agree. weights: our parameters that are weights.
    must: our parameters that NEST lacks -> the value that NEST assumes.
    signed: NEST's limits are sizes of weights, which have the sign of its Wmax; see `values`.
    taken: function(parameters of the target) -> our parameters that NEST takes from there instead; they must agree.
    each: one of our parameters, if it must be set for each synapse: a synapse that also stores its initial weight
        reads it only when NEST sets a parameter of that individual synapse.
    more, check: as in NestNeuron.
    settles: the time constant of a trace that NEST starts as if an event had arrived at time 0; it is left to decay.
    dendritic: NEST treats the whole delay as dendritic, so ours must be; False if it makes no difference.
    """

    model: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    of_target: Mapping[str, str] = field(default_factory=dict)
    weights: tuple[str, ...] = ()
    must: Mapping[str, float] = field(default_factory=dict)
    taken: Callable[[Any], Mapping[str, Any]] = _nothing_taken
    more: Callable[[Any, float], Mapping[str, Any]] = _nothing_more
    check: Callable[[Any, float], str | None] = _no_complaint
    dendritic: bool = True
    settles: str = ""
    each: str = ""
    signed: bool = False

    def values(self, parameters: Any) -> dict[str, Any]:
        """Our parameters, negative weights described as NEST does: W_min is the limit near 0, W_max the far one."""
        values = parameters._asdict()
        if self.signed and values["W_max"] <= 0:
            values |= {"W_min": values["W_max"], "W_max": values["W_min"]}
            values |= {"w_0": -values["w_0"]} if "w_0" in values else {}
        return values


@dataclass(frozen=True)
class NestRule:
    """A connection rule in NEST. rule: NEST's name. numbers: our fields -> NEST's names."""

    rule: str
    numbers: Mapping[str, str] = field(default_factory=dict)
