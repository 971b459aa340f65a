"""e-prop with nested time scales: cells whose thresholds adapt both fast and slowly.

Ours, in the place that nested memory cells have among recurrent networks with gates: as `EligibilityPropagation`
(Bellec et al. 2020, Nature Communications 11:3625), but each cell that adapts is a LIFTwoAdaptations, and the rule of
its synapses EPropTwoAdaptations, with an eligibility for each adaptation. What was just shown is kept in the fast ones,
and what came long before it in the slow ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.learning.divergence import LARGEST_WEIGHT
from spikelearn.learning.eprop import GAMMA, EligibilityPropagation
from spikelearn.learning.layers import TAU_M
from spikelearn.neurons import LIFTwoAdaptations
from spikelearn.plasticity import EPropTwoAdaptations


@dataclass(eq=False, repr=False)
class NestedEligibilityPropagation(EligibilityPropagation):
    """e-prop for cells with two adaptations. beta, tau_a: of the fast one. beta_slow, tau_slow: of the slow one."""

    beta_slow: float = 0.1
    tau_slow: float = 2000.0

    def cells(self, adapts: np.ndarray) -> Any:
        fast: dict[str, Any] = {"tau_1": self.tau_a, "beta_1": self.beta * adapts}
        slow: dict[str, Any] = {"tau_2": self.tau_slow, "beta_2": self.beta_slow * adapts}
        return LIFTwoAdaptations(tau_m=TAU_M, gamma=GAMMA, **fast, **slow)

    def rule(self, eta: float, adapts: float) -> Any:
        fast = {"tau_1": self.tau_a, "beta_1": self.beta * adapts}
        slow = {"tau_2": self.tau_slow, "beta_2": self.beta_slow * adapts}
        return EPropTwoAdaptations(
            eta=eta, tau_m=TAU_M, tau_out=TAU_M, W_min=-LARGEST_WEIGHT, W_max=LARGEST_WEIGHT, **fast, **slow
        )
