"""Backpropagation through time for resonate-and-fire cells, whose frequencies and damping are learned as well.

Higuchi, Kairat, Bohte & Otte 2024 (ICML, PMLR 235): the hidden cells are `Resonator`s, with frequencies and damping
drawn at random, and the gradient by these is followed like that by the weights; here with a learning rate of its own,
and with the surrogate of `SurrogateBackpropagation`. The range of frequencies at first is that of the paper for
sequences of pixels, in steps of 1 ms: 0.15 to 0.5 rad / ms, so periods of 13 to 42 steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikelearn.description.population import Population
from spikelearn.errors import ParameterError
from spikelearn.learning.backpropagation import SurrogateBackpropagation
from spikelearn.learning.circuit import Circuit
from spikelearn.learning.layers import TAU_M
from spikelearn.neurons import Resonator
from spikelearn.neurons.resonator import LARGEST
from spikelearn.values import one_number


@dataclass(eq=False, repr=False)
class ResonatorBackpropagation(SurrogateBackpropagation):
    """Backpropagation through time with surrogate gradients, for resonate-and-fire cells.

    omega, damping: range of the angular frequencies, rad / ms, and of the damping, 1 / ms, of hidden cells at first.
    cell_rate: learning rate of both, 1 / ms; with 0 they stay. adaptive is 0: resonators have no such threshold; nor
    have they a tau_m, which stays as it is.
    """

    omega: tuple[float, float] = (0.15, 0.5)
    damping: tuple[float, float] = (0.001, 0.01)
    cell_rate: float = 0.001

    def build(self, sizes: Sequence[int]) -> Circuit:
        one_number(self.cell_rate, "1", "cell_rate", least=0.0)
        for name, most in (("omega", LARGEST), ("damping", np.inf)):
            low, high = getattr(self, name)
            if not 0.0 <= low <= high <= most:
                raise ParameterError(f"{name}: expected a range from 0 to {most:g}, got {getattr(self, name)!r}")
        if self.adaptive:
            raise ParameterError(f"adaptive: expected 0 for resonators, got {self.adaptive!r}")
        if self.tau_m != TAU_M:
            raise ParameterError(f"tau_m: resonators have damping instead, got {self.tau_m!r}")
        return super().build(sizes)

    def cells(self, n: int, generator: np.random.Generator) -> Any:
        omega, damping = (generator.uniform(*given, n) for given in (self.omega, self.damping))
        return Resonator(omega=omega, b_offset=damping)

    def learned_currents(self, hidden: Sequence[Population]) -> dict[tuple[Population, str], np.ndarray]:
        return {(layer, port): np.zeros(layer.size) for layer in hidden for port in ("frequency", "damping")}

    @property
    def rate_of_currents(self) -> float:
        return self.cell_rate
