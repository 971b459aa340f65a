"""The standard synapses: each is PyNN's own, and says what it becomes in spikelearn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pyNN.standardmodels import synapses

from spikelearn.interop.pynn import simulator
from spikelearn.interop.pynn.cells import unchanged

Values = Mapping[str, np.ndarray]


class SynapseType:
    """What a standard synapse adds to PyNN's.

    plastic: whether its weights change while the network runs.
    """

    plastic = False

    def _get_minimum_delay(self) -> float:
        return simulator.state.default_delay

    def plasticity(self, values: Values, factor: float) -> Any:
        """Its plasticity rule. values: parameters of each synapse, in PyNN's units. factor: of a weight."""
        return None

    def short_term(self, values: Values, target: Values) -> Any:
        """Its short-term synapse. target: parameters of the target of each synapse."""
        return None

    def dendritic_steps(self, projection: Any) -> np.ndarray:
        """(n,), the part of each delay that is dendritic, in steps."""
        return np.zeros(len(projection), np.int64)

    def changed(self, group: Any, values: Values, names: set[str]) -> dict[str, Any]:
        """What to set of a group of synapses, other than weights and delays, if parameters of these names were set."""
        return {}


class StaticSynapse(SynapseType, synapses.StaticSynapse):
    __doc__ = synapses.StaticSynapse.__doc__
    translations = unchanged(synapses.StaticSynapse)
