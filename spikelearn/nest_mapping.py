"""What a model is called in NEST: data that stands beside its equations, in the model's own file.

A model without a twin cannot run on NEST, and says so. Nothing here imports NEST.
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

    factor: NEST's weight over ours, or a function of dt (ms) that gives it. sign: the sign that NEST's weight must have
    (NEST often tells ports apart by it), 0 if either will do. weightless: every spike counts, whatever its weight.
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

    model: its name there. parameters: ours -> NEST's name, where it is another; one that maps to "" is not handed over
        (`more` may make of it what NEST wants). variables: state variable -> NEST's name of what is recorded, with a
        minus sign before it where NEST's has the other sign.
    ports: port -> NestPort. currents: port that takes continuous currents -> NEST's parameter of the constant current.
    start: state variable -> NEST's name, of what can be set at the start; the others start at 0 there and here.
    alike: two of our parameters; where they are equal the sign of a weight does not matter.
    more: function(parameters, dt) -> further parameters of NEST; values may be arrays, one for each neuron.
    lists: those of them that are a list in each neuron: arrays whose last axis is that list.
    check: function(parameters, dt) -> what NEST cannot do with these parameters, or None.
    rest: values of NEST's state and parameters with which a neuron without a current does not fire; for what passes
        before the network's time 0.
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

    model: its name there. parameters: ours -> NEST's name, where it is another; "" for one that is not handed over.
    of_target: our parameters that NEST keeps in the target neuron -> their names there; all rules that a neuron's
        synapses have must then agree. weights: our parameters that are weights.
    must: our parameters that NEST lacks -> the value that it takes them to have.
    taken: function(parameters of the target) -> our parameters that NEST takes from there instead; they must agree.
    each: one of our parameters, if it must be given with each synapse: a synapse that also keeps the weight it began
        with takes it from there only when NEST sets a parameter of that very synapse.
    more, check: as in NestNeuron.
    settles: the time constant of a trace that NEST starts as if something had come at time 0; it is left to decay.
    dendritic: NEST takes the whole delay for dendritic, so ours must be; False if it makes no difference.
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


@dataclass(frozen=True)
class NestRule:
    """A connection rule in NEST. rule: its name there. numbers: fields of ours -> NEST's names."""

    rule: str
    numbers: Mapping[str, str] = field(default_factory=dict)
