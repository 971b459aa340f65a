"""Structural plasticity: weak synapses move to other targets (Kappel et al. 2015; Bellec et al. 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spikelearn.units import Quantity


@dataclass(frozen=True)
class Rewiring:
    """Weak synapses move to a new random target (Kappel et al. 2015; Bellec et al. 2018).

    A synapse keeps its source and its delay and is reset: to `weight`, without eligibility or other state. Autapses are
    avoided if the connection rule avoids them. It is added to a projection by Network.homeostasis.

    below: weight at or below which a synapse moves, in the unit of the port.
    weight: of a synapse that has moved, in the unit of the port.
    every: interval between moves, ms.
    probability: of moving, for each eligible synapse.
    multapses: whether it may move to a target that its source is already connected to.

    >>> net = Network(seed=1)
    >>> inputs, cells = net.population(10, Poisson(10.0)), net.population(5, LIF())
    >>> rule = STDP(W_max=100.0)
    >>> learned = net.connect(inputs, cells, rule=FixedProbability(0.5), weight=50.0, plasticity=rule)
    >>> net.homeostasis(learned, Rewiring(below=1.0, weight=20.0, every=100.0))
    """

    below: Quantity
    weight: Quantity
    every: Quantity
    probability: float = 1.0
    multapses: bool = True

    indivisible: ClassVar[bool] = True
    moves_synapses: ClassVar[bool] = True
