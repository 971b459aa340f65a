"""Neurons in NEST: whether NEST has the model, its parameters and the initial state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spikelearn.backends.unsupported import unsupported
from spikelearn.description.network_description import NetworkDescription
from spikelearn.description.population import Population
from spikelearn.nest_mapping import NestNeuron
from spikelearn.neurons import MODELS, Neuron

_AT_ONCE = 10_000
"""How many nodes are given parameters of their own at once."""


def is_neuron(population: Any) -> bool:
    return isinstance(population.model, Neuron)


def mapping_of(population: Population) -> NestNeuron:
    found: NestNeuron = population.model.model.nest
    return found


def check_neurons(d: NetworkDescription) -> None:
    """Raise DescriptionError for models, states and recordings that NEST does not support."""
    for population in d.populations:
        if not is_neuron(population):
            continue
        what = f"population {population.name!r} ({population.model_name})"
        if population.model.model.nest is None:
            known = ", ".join(model.name for model in MODELS if model.nest is not None)
            raise unsupported(what, "NEST", f"NEST has no such neuron; supported are {known}")
        if population.model.timed:
            raise unsupported(what, "NEST", f"its parameter {population.model.timed[0][0]} changes in time")
        complaint = mapping_of(population).check(population.model.parameters, d.dt)
        if complaint:
            raise unsupported(what, "NEST", complaint)
        for variable in population.initial:
            if variable not in mapping_of(population).start:
                settable = ", ".join(mapping_of(population).start) or "none"
                raise unsupported(
                    f"initial {variable} of {what}",
                    "NEST",
                    f"{mapping_of(population).model} can set: {settable}",
                )
    for recording in d.recordings:
        of, variable = recording.of, recording.variable
        if not isinstance(of, Population):
            continue
        what = f"recording of {of.name!r} ({of.model_name})"
        if recording.events and variable != "spike":
            raise unsupported(f"{what}: {variable!r}", "NEST", "NEST has no events other than spikes")
        if not recording.events and variable not in mapping_of(of).variables:
            known = ", ".join(mapping_of(of).variables) or "no variable"
            raise unsupported(f"{what}: {variable!r}", "NEST", f"{mapping_of(of).model} can record: {known}")
    for drive in d.drives:
        ports = mapping_of(drive.target).ports if drive.weight else mapping_of(drive.target).currents
        if drive.port not in ports:
            raise unsupported(
                f"drive of {drive.target.name!r}", "NEST", f"{mapping_of(drive.target).model} has no {drive.port!r}"
            )


def neuron_parameters(population: Population, dt: float) -> dict[str, Any]:
    """NEST parameter -> number, or list with one value per neuron."""
    names = mapping_of(population).parameters
    given = {names.get(name, name): value for name, value in population.model.parameters._asdict().items()}
    given.pop("", None)
    given |= mapping_of(population).more(population.model.parameters, dt)
    return {name: listed(value) for name, value in given.items()}


def settings(population: Population, values: Mapping[str, Any]) -> Any:
    """Parameters in NEST's format: a dict per neuron if some parameters are lists in each neuron."""
    lists = mapping_of(population).lists
    if not lists:
        return values
    size = population.size
    arrays = {name: np.asarray(value) for name, value in values.items()}
    spread = {
        name: np.broadcast_to(array, (size, array.shape[-1]) if name in lists else size).tolist()
        for name, array in arrays.items()
    }
    return [{name: each[k] for name, each in spread.items()} for k in range(size)]


def put(nodes: Any, values: Any) -> None:
    """Set parameters of nodes, a value for all of them or an array with one for each; or given as a dict for each node.

    NEST itself takes such arrays only where all nodes are in this process. They are set some at a time, as NEST makes
    a dictionary for each.
    """
    if not isinstance(values, Mapping):
        nodes.set(values)
        return
    arrays = {name: np.asarray(value) for name, value in values.items()}
    common = {name: listed(a.flat[0]) for name, a in arrays.items() if a.ndim == 0 or np.all(a == a[0])}
    if len(common) == len(arrays):
        if common:
            nodes.set(common)
        return
    for first in range(0, len(nodes), _AT_ONCE):
        some = nodes[first : min(first + _AT_ONCE, len(nodes))]
        own = {name: listed(a[first : first + _AT_ONCE]) for name, a in arrays.items() if name not in common}
        some.set([common | {name: each[k] for name, each in own.items()} for k in range(len(some))])


def starting_values(population: Population, state: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """NEST state variable -> list of initial values."""
    return {theirs: listed(state[ours]) for ours, theirs in mapping_of(population).start.items()}


def constant_currents(population: Population, dt: float) -> dict[str, np.ndarray]:
    """Port -> (size,) values of the constant current set by the neurons' parameters."""
    parameters = neuron_parameters(population, dt)
    return {
        port: np.broadcast_to(np.asarray(parameters.get(name, 0.0), float), population.size).copy()
        for port, name in mapping_of(population).currents.items()
    }


def alike(population: Population) -> bool:
    """Whether ports that NEST distinguishes by the sign of the weight have the same parameters here."""
    pair = mapping_of(population).alike
    if pair is None:
        return False
    first, second = (np.asarray(getattr(population.model.parameters, name)) for name in pair)
    return bool(np.all(first == second))


def listed(value: Any) -> Any:
    """The value in NEST's format: a list for an array, else a plain number."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def check_sign(population: Population, port: str, weights: np.ndarray, what: str) -> None:
    """Raise DescriptionError for (NEST) weights whose sign would select another port in NEST."""
    where = mapping_of(population).ports[port]
    if where.weightless and np.any(weights <= 0):
        raise unsupported(
            what, "NEST", f"{mapping_of(population).model} counts every spike, so weights must be above 0"
        )
    if where.sign and not alike(population) and np.any(weights * where.sign < 0):
        raise unsupported(
            what, "NEST",
            f"{mapping_of(population).model} distinguishes ports by the sign of the weight, and one through port "
            f"{port!r} has the other sign; use the other port, or give both the same time constant",
        )  # fmt: skip
