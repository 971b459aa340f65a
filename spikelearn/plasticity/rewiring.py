"""Structural plasticity: weak synapses move to other targets (Kappel et al. 2015; Bellec et al. 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spikelearn.units import Quantity


@dataclass(frozen=True)
class Rewiring:
    """Weak synapses move to a new random target (Kappel et al. 2015; Bellec et al. 2018).

    A synapse keeps its source and its delay and starts anew: with `weight`, without eligibility or memory of its own.
    Autapses are avoided if the connection rule does. It is added to a projection by Network.homeostasis.

    below: weight at or below which a synapse moves, in the unit of the port.
    weight: of a synapse that has moved, in the unit of the port.
    every: ms from one time to the next.
    probability: of moving, for each synapse that could.
    multapses: whether it may move to a target that its source has already.
    """

    below: Quantity
    weight: Quantity
    every: Quantity
    probability: float = 1.0
    multapses: bool = True

    indivisible: ClassVar[bool] = True
