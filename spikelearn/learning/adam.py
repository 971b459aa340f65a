"""Adam: gradient descent with a step for each weight (Kingma & Ba 2015, ICLR, algorithm 1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


@dataclass
class Adam:
    """The moments of the gradients so far. first, second: an array for each array of weights."""

    steps: int = 0
    first: list[np.ndarray] = field(default_factory=list)
    second: list[np.ndarray] = field(default_factory=list)

    def move(self, weights: Sequence[np.ndarray], gradients: Sequence[np.ndarray], rates: Sequence[float]) -> None:
        """Change all weights in place by one step. rates: the learning rate of each array."""
        if not self.steps:
            self.first, self.second = ([np.zeros_like(each) for each in weights] for _ in range(2))
        self.steps += 1
        for k, gradient in enumerate(gradients):
            self.first[k] += (1.0 - BETA_1) * (gradient - self.first[k])
            self.second[k] += (1.0 - BETA_2) * (gradient**2 - self.second[k])
            mean, square = self.first[k] / (1.0 - BETA_1**self.steps), self.second[k] / (1.0 - BETA_2**self.steps)
            weights[k][...] -= rates[k] * mean / (np.sqrt(square) + EPSILON)
