"""Where a projection leads: neurons of a population, through one of its ports, or a modulator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spikelearn.description.population import Modulator, Population, View, segment, whole
from spikelearn.errors import DescriptionError
from spikelearn.neurons import Neuron


@dataclass(frozen=True, eq=False)
class Receiver:
    """The neurons `first` to `first + size - 1` of a population, or a modulator, which counts as one neuron.

    unit: of the weights that the port takes. positions: (size, dimensions) or None. period: (dimensions,) or None.
    """

    target: Population | Modulator
    first: int
    size: int
    port: str
    unit: str
    positions: np.ndarray | None = None
    period: np.ndarray | None = None

    def shared(self, source: Population, first: int, size: int) -> range:
        """The targets, counted from `first`, that are among these neurons of a source."""
        if source is not self.target:
            return range(0)
        low = max(first, self.first) - self.first
        high = min(first + size, self.first + self.size) - self.first
        return range(low, max(low, high))


def receiver_of(
    target: Population | View | Modulator, port: str | None, where: str, portless: bool = False
) -> Receiver:
    """The target of a projection. Raises DescriptionError if it accepts no input or has no such port.

    portless: whether its synapses bring no weight to a port, but have statements that may set variables.
    """
    if isinstance(target, Modulator):
        if port not in (None, "release"):
            raise DescriptionError(f"{where}: a modulator has no port {port!r}; leave it out")
        return Receiver(target, 0, 1, "release", "1")
    population = whole(target)
    first, size = segment(target, where)
    if portless:
        if port is not None:
            raise DescriptionError(f"{where}: synapses of statements need no port; expected none, got {port!r}")
        return Receiver(population, first, size, "", "1", target.positions, population.period)
    if not isinstance(population.model, Neuron):
        raise DescriptionError(f"{where}: population {population.name!r} ({population.model_name}) accepts no input")
    port = population.model.model.port(port, where)
    unit = population.model.model.ports[port]
    return Receiver(population, first, size, port, unit, target.positions, population.period)
