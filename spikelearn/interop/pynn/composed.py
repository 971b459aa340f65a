"""Point neurons that a script composes of a membrane and of receptors."""

from __future__ import annotations

import functools
from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pyNN.errors import InvalidParameterValueError, NoModelAvailableError
from pyNN.parameters import ParameterSpace
from pyNN.standardmodels import cells, receptors

from spikelearn import neurons
from spikelearn.interop.pynn.cells import ADAPTATION, LEAK, MEMBRANE, Cell, Given, Values, own_of
from spikelearn.interop.pynn.values import unchanged
from spikelearn.neurons import NeuronModel

if TYPE_CHECKING:
    from spikelearn.interop.pynn.populations import Population

__all__ = [
    "AdExp", "AlphaPSR", "BetaPSR", "CondAlphaPostSynapticResponse", "CondBetaPostSynapticResponse",
    "CondExpPostSynapticResponse", "CurrExpPostSynapticResponse", "ExpPSR", "LIF", "PointNeuron",
]  # fmt: skip


class LIF(cells.LIF):
    __doc__ = cells.LIF.__doc__
    translations = unchanged(cells.LIF)
    variables: ClassVar[dict[str, tuple[str, float]]] = {"v": ("V_m", 1.0)}

    @staticmethod
    def membrane(conductances: bool) -> tuple[NeuronModel, dict[str, Given]]:
        """The membrane for such receptors, and its parameters."""
        if conductances:
            return neurons.LIFConductance, {**MEMBRANE, **LEAK}
        return neurons.LIF, {**MEMBRANE, "tau_m": "tau_m"}


class AdExp(cells.AdExp):
    __doc__ = cells.AdExp.__doc__
    translations = unchanged(cells.AdExp)
    variables: ClassVar[dict[str, tuple[str, float]]] = {"v": ("V_m", 1.0), "w": ("w", 1e3)}

    @staticmethod
    def membrane(conductances: bool) -> tuple[NeuronModel, dict[str, Given]]:
        return neurons.AdEx, {**MEMBRANE, **LEAK, **ADAPTATION}


class CurrExpPostSynapticResponse(receptors.CurrExpPostSynapticResponse):
    __doc__ = receptors.CurrExpPostSynapticResponse.__doc__
    translations = unchanged(receptors.CurrExpPostSynapticResponse)
    recordable = ("isyn",)
    model = neurons.ExponentialCurrent
    names: ClassVar[dict[str, str]] = {"tau_syn": "tau_syn"}


class CondExpPostSynapticResponse(receptors.CondExpPostSynapticResponse):
    __doc__ = receptors.CondExpPostSynapticResponse.__doc__
    translations = unchanged(receptors.CondExpPostSynapticResponse)
    recordable = ("gsyn",)
    model = neurons.ExponentialConductance
    names: ClassVar[dict[str, str]] = {"E": "e_syn", "tau_syn": "tau_syn"}


class CondAlphaPostSynapticResponse(receptors.CondAlphaPostSynapticResponse):
    __doc__ = receptors.CondAlphaPostSynapticResponse.__doc__
    translations = unchanged(receptors.CondAlphaPostSynapticResponse)
    recordable = ("gsyn",)
    model = neurons.AlphaConductance
    names: ClassVar[dict[str, str]] = {"E": "e_syn", "tau_syn": "tau_syn"}


class CondBetaPostSynapticResponse(receptors.CondBetaPostSynapticResponse):
    __doc__ = receptors.CondBetaPostSynapticResponse.__doc__
    translations = unchanged(receptors.CondBetaPostSynapticResponse)
    recordable = ("gsyn",)
    model = neurons.BetaConductance
    names: ClassVar[dict[str, str]] = {"E": "e_syn", "tau_rise": "tau_rise", "tau_decay": "tau_decay"}


ExpPSR = CondExpPostSynapticResponse
AlphaPSR = CondAlphaPostSynapticResponse
BetaPSR = CondBetaPostSynapticResponse


@functools.cache
def _composed(membrane: NeuronModel, kinds: tuple[tuple[str, Any], ...]) -> NeuronModel:
    """A membrane with receptors, whose parameters are those of the model, so that equal kinds are compiled once."""
    given = {name: kind(E=0.0) if kind.conductance else kind() for name, kind in kinds}
    return membrane.with_receptors(name=f"PointNeuron{membrane.name}", **given)


class PointNeuron(Cell, cells.PointNeuron):
    """A membrane, sim.LIF or sim.AdExp, with any number of receptors, each with a name: see PyNN's documentation.

    Receptors may be of different kinds; names are those of Python variables.
    """

    def __init__(self, neuron: Any, **post_synaptic_receptors: Any) -> None:
        for name, each in post_synaptic_receptors.items():
            if not hasattr(each, "names") or not hasattr(neuron, "membrane"):
                raise NoModelAvailableError(f"PointNeuron: spikelearn has no {type(neuron).__name__} with {each!r}")
            if not name.isidentifier():
                raise InvalidParameterValueError(f"PointNeuron: expected a name for a receptor, got {name!r}")
        super().__init__(neuron, **post_synaptic_receptors)
        conductances = any(each.conductance_based for each in post_synaptic_receptors.values())
        membrane, own = neuron.membrane(conductances)
        self.model = _composed(membrane, tuple((name, post_synaptic_receptors[name].model) for name in self._order()))
        self.given = own | {
            f"{ours}_{name}": f"{name}.{theirs}"
            for name, each in post_synaptic_receptors.items()
            for ours, theirs in each.names.items()
        }
        self.ports = {name: (name, 1e3) for name in post_synaptic_receptors}
        self.variables = neuron.variables | {
            f"{name}.{each.recordable[0]}": (f"{'g' if each.conductance_based else 'I_syn'}_{name}", 1e3)
            for name, each in post_synaptic_receptors.items()
        }

    def _order(self) -> list[str]:
        return sorted(self.post_synaptic_receptors)

    @property
    def recordable(self) -> list[str]:
        return ["spikes", *self.variables]

    @property
    def native_parameters(self) -> ParameterSpace:
        found = {name: deepcopy(value) for name, value in self.neuron.parameter_space.items()}
        for receptor, each in self.post_synaptic_receptors.items():
            found |= {f"{receptor}.{name}": deepcopy(value) for name, value in each.parameter_space.items()}
        return ParameterSpace({name: value for name, value in found.items() if not name.endswith(".locations")})

    @property
    def default_parameters(self) -> dict[str, Any]:
        """Those of the membrane, and those of receptors as `receptor.parameter`."""
        found = dict(self.neuron.default_parameters)
        for name, each in self.post_synaptic_receptors.items():
            found |= {f"{name}.{own}": value for own, value in each.default_parameters.items() if own != "locations"}
        return found

    def get_parameter_names(self) -> list[str]:
        return list(self.default_parameters)

    def has_parameter(self, name: str) -> bool:
        return name in self.default_parameters

    def get_schema(self) -> dict[str, Any]:
        return {}

    def get_native_names(self, *names: str) -> list[str]:
        return list(names) or self.get_parameter_names()

    def translate(self, parameters: ParameterSpace, copy: bool = True) -> ParameterSpace:
        return deepcopy(parameters)

    def reverse_translate(self, native_parameters: ParameterSpace) -> ParameterSpace:
        return native_parameters

    def own(self, parameters: Values) -> dict[str, Any]:
        return {name: own_of(each, parameters) for name, each in self.given.items()}

    def of(self, population: Population) -> Any:
        return self.model(**self.own(population.parameters))

    def tau_syn(self, receptor: str, population: Any, which: np.ndarray) -> np.ndarray:
        decay = "tau_decay" if f"{receptor}.tau_decay" in population.parameters else "tau_syn"
        return np.asarray(population.parameters[f"{receptor}.{decay}"][which], float)
