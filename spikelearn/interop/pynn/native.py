"""Neuron models, rules and synapses of spikelearn in scripts for PyNN, by their own names and in their own units."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, ClassVar

import numpy as np
from pyNN.models import BaseCellType, BaseSynapseType
from pyNN.parameters import ParameterSpace

from spikelearn import neurons, plasticity, synapses
from spikelearn.errors import DescriptionError
from spikelearn.interop.pynn import simulator
from spikelearn.interop.pynn.cells import Cell, Values
from spikelearn.interop.pynn.synapses import SynapseType
from spikelearn.interop.pynn.values import alike
from spikelearn.network import Network
from spikelearn.neurons import NeuronModel
from spikelearn.parameters import suggest
from spikelearn.synapses import SynapseModel

__all__ = ["Modulator", "native_cell_type", "native_synapse_type"]


def _found(model: Any, what: str) -> Any:
    """A model of spikelearn that may be given by its name."""
    if not isinstance(model, str):
        return model
    places = (neurons, plasticity, synapses)
    for place in places:
        if model in place.__all__:
            return getattr(place, model)
    known = [name for place in places for name in place.__all__]
    raise DescriptionError(f"{what}: spikelearn has no model {model!r}{suggest(model, known)}")


class Modulator:
    """A modulator such as dopamine, which rules of spikelearn need and PyNN has no word for.

    tau: ms, with which its concentration decays.

    >>> import spikelearn.pynn as sim
    >>> rank = sim.setup(timestep=0.1)
    >>> reward_cells = sim.Population(5, sim.SpikeSourcePoisson(rate=20.0))
    >>> dopamine = sim.Modulator(tau=200.0)
    >>> DopamineSTDP = sim.native_synapse_type("DopamineSTDP")
    >>> synapse = DopamineSTDP(modulator=dopamine, weight=50.0, W_max=100.0)
    >>> dopamine.released_by(reward_cells, amount=0.1)
    """

    def __init__(self, tau: float = 200.0, label: str = "dopamine") -> None:
        self.tau, self.label = tau, label
        self._released: list[tuple[Any, Any]] = []
        self._sources: list[tuple[Any, float, float | None]] = []
        self.forget()
        simulator.state.modulators.append(self)

    def forget(self) -> None:
        """Begin anew in a network that is still to be built."""
        self.made: Any = None
        self._taken = 0, 0

    def release(self, times: Any, amounts: Any = 1.0) -> None:
        """Release amounts at times in ms."""
        self._released.append((times, amounts))

    def released_by(self, population: Any, amount: float = 1.0, delay: float | None = None) -> None:
        """Let each spike of a population or view release an amount, after a delay in ms."""
        self._sources.append((population, amount, simulator.state.default_delay if delay is None else delay))

    @property
    def level(self) -> float:
        """Its concentration now."""
        built = simulator.state.built
        return 0.0 if built is None or self.made is None else float(built.net.get(self.made, "level"))

    def add(self, net: Network) -> None:
        """Add it to a network that has no population yet."""
        if self.made is None:
            self.made = net.modulator(name=self.label, tau=self.tau)

    def take_up(self, net: Network, neurons: Any) -> None:
        """Add what is new in how it is released."""
        released, sources = self._taken
        for times, amounts in self._released[released:]:
            net.release(self.made, times, amounts)
        for population, amount, delay in self._sources[sources:]:
            net.connect(neurons[population.whole][population.indices], self.made, weight=amount, delay=delay)
        self._taken = len(self._released), len(self._sources)


class NativeCellType(Cell, BaseCellType):
    """A neuron model of spikelearn. Parameters, state variables and ports have its names and units."""

    @property
    def native_parameters(self) -> ParameterSpace:
        return deepcopy(self.parameter_space)

    def own(self, parameters: Values) -> dict[str, Any]:
        return {name: alike(values) for name, values in parameters.items()}


class NativeSynapseType(SynapseType, BaseSynapseType):
    """A rule or a synapse of spikelearn. Weights and parameters have its units: pA or nS, not nA or uS."""

    model: Any
    parameter_checks: ClassVar[dict[str, Any]] = {}

    def __init__(self, **parameters: Any) -> None:
        self.modulator = parameters.pop("modulator", None)
        modulated = self.plastic and bool(self.model.takes_first)
        if modulated != isinstance(self.modulator, Modulator):
            wanted = "modulator=sim.Modulator(...)" if modulated else "no modulator"
            raise DescriptionError(f"{self.model.name}: expected {wanted}, got {self.modulator!r}")
        super().__init__(**parameters)

    def get_schema(self) -> dict[str, Any]:
        return dict.fromkeys(self.default_parameters, float)

    @property
    def native_parameters(self) -> ParameterSpace:
        return deepcopy(self.parameter_space)

    def get_native_names(self, *names: str) -> tuple[str, ...]:
        return names

    def weights(self, values: Values, factor: float) -> np.ndarray:
        return values["weight"]

    def own_factor(self, factor: float) -> float:
        return 1.0

    def _own(self, values: Values) -> dict[str, Any]:
        return {name: alike(values[name]) for name in self.model.Parameters._fields}

    def rule_parameters(self, values: Values, factor: float) -> dict[str, Any]:
        return self._own(values) if self.plastic else {}

    def synapse_parameters(self, values: Values, tau_syn: np.ndarray) -> dict[str, Any]:
        return {} if self.plastic else self._own(values)

    def plasticity(self, parameters: dict[str, Any]) -> Any:
        first = [] if self.modulator is None else [self.modulator.made]
        return self.model(*first, **parameters) if self.plastic else None

    def short_term(self, parameters: dict[str, Any]) -> Any:
        return None if self.plastic else self.model(**parameters)

    def dendritic_steps(self, projection: Any) -> np.ndarray:
        if not self.plastic:
            return super().dendritic_steps(projection)
        steps = np.rint(projection.delays() / simulator.state.dt)
        return np.rint(projection.current("dendritic_delay_fraction") * steps).astype(np.int64)


def native_cell_type(model: Any) -> type[NativeCellType]:
    """A cell type that is a neuron model of spikelearn, given itself or by its name.

    >>> import spikelearn.pynn as sim
    >>> rank = sim.setup(timestep=0.1)
    >>> AdEx = sim.native_cell_type("AdEx")
    >>> cells = sim.Population(10, AdEx(C_m=200.0, a=2.0))
    >>> float(cells.get("a"))
    2.0

    Standard synapses to it have weights in nA or uS if its port is a current or a conductance, else in its unit.
    """
    model = _found(model, "native_cell_type")
    if not isinstance(model, NeuronModel):
        raise DescriptionError(f"native_cell_type: expected a neuron model such as sl.AdEx or its name, got {model!r}")
    units = {name: "dimensionless" if unit == "1" else unit for name, unit in model.state.items()}
    spikes = ["spikes"] if "spike" in model.kinds else []
    return type(
        model.name,
        (NativeCellType,),
        {
            "__doc__": model.__doc__,
            "model": model,
            "default_parameters": {k: float(v) for k, v in model.Parameters()._asdict().items()},
            "default_initial_values": {},
            "receptor_types": list(model.ports),
            "recordable": [*spikes, *model.state],
            "units": units,
            "injectable": bool(model.currents),
            "conductance_based": next(iter(model.ports.values()), "") == "nS",
            "variables": {name: (name, 1.0) for name in model.state},
            "ports": {name: (name, 1e3 if unit in ("pA", "nS") else 1.0) for name, unit in model.ports.items()},
            "given": {},
        },
    )


def native_synapse_type(model: Any) -> type[NativeSynapseType]:
    """A synapse type that is a plasticity rule or a short-term synapse of spikelearn, given itself or by its name.

    >>> import spikelearn.pynn as sim
    >>> rank = sim.setup(timestep=0.1)
    >>> LIF, Triplet = sim.native_cell_type("LIF"), sim.native_synapse_type("TripletSTDP")
    >>> a, b = sim.Population(4, sim.SpikeSourcePoisson(rate=20.0)), sim.Population(5, LIF())
    >>> made = sim.Projection(a, b, sim.AllToAllConnector(), Triplet(weight=50.0, W_max=100.0))
    >>> len(made)
    20

    Its weights are in the unit of the port. Delays are axonal; rules have a `dendritic_delay_fraction`. Rules with a
    modulator take one: see Modulator.
    """
    model = _found(model, "native_synapse_type")
    plastic = hasattr(model, "learns_by")
    if not plastic and not isinstance(model, SynapseModel):
        raise DescriptionError(f"native_synapse_type: expected a rule or a synapse of spikelearn, got {model!r}")
    own = {name: float(value) for name, value in model.Parameters()._asdict().items()}
    shared = tuple(name for name in own if plastic and _is_shared(model, name))
    fraction = {"dendritic_delay_fraction": 0.0} if plastic else {}
    return type(
        model.name,
        (NativeSynapseType,),
        {
            "__doc__": model.__doc__,
            "model": model,
            "plastic": plastic,
            "shared": shared,
            "default_parameters": {"weight": 0.0, "delay": None, **fraction, **own},
        },
    )


def _is_shared(rule: Any, name: str) -> bool:
    """Whether all synapses of a projection have one value of a parameter."""
    reason = getattr(rule, "why_not_of_each", None)
    return True if reason is None else bool(reason(name))
